// Made from openapi.yaml by `npm run openapi`.
export interface paths {
    "/channels/{channel}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe a channel
         * @description The counts of the channel, and what its history keeps. Every valid name is a channel.
         */
        get: operations["describeChannel"];
        put?: never;
        /**
         * Publish a message
         * @description The body is the message, byte for byte, with any content type. `application/json` must be valid JSON and is passed on unchanged. An empty body is an empty message. Connected clients get it at once. Other clients can get it later if the channel has a history; then the answer has the `id` of the message. `receivers: 0` means that nothing was subscribed. With an `Idempotency-Key`, the message is published once, no matter how often the request is sent.
         */
        post: operations["publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channel}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream one channel
         * @description The stream opens when Redis has acknowledged the subscription. Messages that are published afterwards are delivered, or a `gap` event reports their loss. By default, each `data:` is the message itself, and `event:` is the event type of the publisher. Bytes that are not UTF-8 arrive as an `envelope` event. With `limit` and `timeout`, the stream ends by itself. On a channel with a history, each message has an `id:`. A client that reconnects with it (`Last-Event-ID`) gets the messages that it has missed.
         */
        get: operations["streamChannel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channel}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a channel's history
         * @description Pages of the history of the channel, oldest message first. `wait` makes it a long poll: if there is no message yet, it answers when the next one is published, or with an empty page when the time is over. `last=0` answers with an empty page and the current cursor.
         */
        get: operations["readMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channel}/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream one channel over a WebSocket
         * @description Each frame that the gateway sends is a message: text, or binary if the bytes are not UTF-8. Each frame that the client sends, text or binary, is published to the channel. A control event (`gap`, `error`) is a binary frame of valid UTF-8, which no message is: an envelope whose `event` names it. With `format=envelope`, the gateway sends envelopes as text. On a channel with a history, their `id` is what a client passes as `after` to resume.
         */
        get: operations["openChannelWebSocket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List channels
         * @description Channels that have a subscriber now, as `PUBSUB CHANNELS` in Redis lists them. Channels that only match a subscribed pattern are not listed.
         */
        get: operations["listChannels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channel}/subscribers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count the subscribers of a channel
         * @description Redis's own count of connections, and the number of clients on all gateways.
         */
        get: operations["countSubscribers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channel}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a channel's history
         * @description Deletes all messages of the history. The next message starts a new history, and connected clients get a `gap` with the reason `history_reset` before it. The answer is the same if there is nothing to delete.
         */
        delete: operations["deleteHistory"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish many messages
         * @description Publishes messages to many channels in one trip to Redis, in order. Each message has its own result: the answer of a single publish, or its problem. Only if Redis is unavailable and nothing was published, the whole answer is an error. An `Idempotency-Key` covers the whole batch, as if each message had its own key.
         */
        post: operations["publishBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream several channels and patterns
         * @description Each message arrives in an envelope that names its channel. A message that matches several of the channels and patterns arrives once. The `id:` of an event is a cursor over all channels that have a history; in NDJSON it is the member `cursor`.
         */
        get: operations["streamChannels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream many channels over one WebSocket
         * @description The client sends JSON text frames: `{"type":"subscribe","channel":"news","ref":1}` (or `"pattern":"chat:*"`), `unsubscribe`, `{"type":"publish","channel":"news","data":"hello"}`, `ping`. Each is answered by one frame with its `ref`: `subscribed` when the subscription is live, `unsubscribed`, `published` with `receivers`, `pong`, or `error` with a `problem`. Frames without a `type` are envelopes: messages, and `gap` events.
         */
        get: operations["openWebSocket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a ticket
         * @description A single-use ticket opens one stream, for `EventSource` and `WebSocket` in browsers, which cannot send an Authorization header. It has at most the rights of the caller, and ends with them. It is valid for at most 60 seconds and for one use, so its URL in a log is harmless. An `EventSource` that reconnects with the same URL is authenticated by a cookie that it got at the first use.
         */
        post: operations["createTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Liveness
         * @description The process is alive. It does not check Redis, because an outage of Redis is no reason to restart a gateway.
         */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readiness
         * @description Redis is connected, and the gateway is not draining. With `exclude=redis`, the gateway stays ready during an outage of Redis, once it has reached Redis. Use that for load balancers: an outage affects all gateways, and a balancer that removes all of them answers clients with errors instead of keeping their streams open.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics
         * @description Metrics in the text format of Prometheus. They cover all workers, no matter which one answers. `docs/operate.md` lists them.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document
         * @description The OpenAPI 3.1 description of the API, as JSON; `/openapi.yaml` is the same as YAML.
         */
        get: operations["getOpenapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/asyncapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The streams as a document
         * @description The AsyncAPI 3 description of the streams, as JSON: what comes and goes on each of them, frame by frame, with the control events.
         */
        get: operations["getAsyncapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run one command
         * @description One command of the pub/sub part of Upstash’s REST protocol.
         */
        post: operations["upstashCommand"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstash/pipeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run several commands
         * @description They run in order, each with a result or an error of its own.
         */
        post: operations["upstashPipeline"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstash/multi-exec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run several commands, or none
         * @description One invalid command discards all of them. It is not a `MULTI` of Redis: other messages may be published in between.
         */
        post: operations["upstashTransaction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An AsyncAPI document. */
        AsyncapiDocument: {
            [key: string]: unknown;
        };
        Batch: {
            messages: components["schemas"]["BatchMessage"][];
        };
        BatchMessage: {
            /** @example news */
            channel: string;
            /**
             * @description The message. A string is published as its text; any other JSON value as its JSON text, exactly as it was sent.
             * @example hello
             */
            data: unknown;
            /** @example price */
            event?: string;
            /**
             * @description The data is base64; its decoded bytes are published.
             * @enum {string}
             */
            encoding?: "base64";
            /**
             * @description Like the `Idempotency-Key` of a single publish. It takes precedence over that of the batch.
             * @example 8e03978e-40d5-43e8-bc93-6894a57f9324
             */
            idempotency_key?: string;
        };
        /** @description The answer of a single publish; with `type`, its problem. */
        BatchResult: {
            /** @example news */
            channel?: string;
            /**
             * Format: int64
             * @description Redis's own count of connections that got the message. 0 means that nothing was subscribed. In a Cluster with classic Pub/Sub it is the count of one node; other nodes may have more.
             * @example 1
             */
            receivers?: number;
            /**
             * @description Position of the message in the history of its channel. Absent if there is no history.
             * @example mVChq83vAQ
             */
            id?: string;
            /** @description `true` if the message was published before with this `Idempotency-Key`. Then this is the first answer again. */
            replayed?: boolean;
            /**
             * @description The type of the problem, for programs. docs/errors.md lists the types; newer gateways may have others.
             * @example urn:carillon:problem:invalid-channel
             */
            type?: string;
            /**
             * @description The type in words, the same for every occurrence.
             * @example Invalid channel name
             */
            title?: string;
            /**
             * Format: int32
             * @description The HTTP status.
             * @example 400
             */
            status?: number;
            /**
             * @description What went wrong this time, for people.
             * @example A channel name has 1 to 128 characters: letters, digits and . _ : -, starting with a letter or digit.
             */
            detail?: string;
        };
        /** @description The results, one for each message. */
        BatchResults: {
            /** @description One result or problem for each message, in their order. */
            results: components["schemas"]["BatchResult"][];
        };
        /** @description The current counts. */
        ChannelCounts: {
            /** @example news */
            channel: string;
            /**
             * Format: int64
             * @description `PUBSUB NUMSUB`: connections to Redis that are subscribed to the channel. A gateway is one connection, no matter how many clients it has.
             * @example 3
             */
            subscribers: number;
            /**
             * Format: int64
             * @description Clients on all gateways that are subscribed to the channel by its name or by a pattern. Native Redis subscribers are not counted.
             * @example 1204
             */
            listeners: number;
            /**
             * Format: int64
             * @description Gateways that are connected to Redis but did not answer in time, so `listeners` may be too low. Absent if all answered.
             * @example 1
             */
            unanswered?: number;
        };
        /** @description Absent if the channel has no history, or nothing was published yet. */
        ChannelHistory: {
            /**
             * @description Identifies this history. It changes when the history is deleted or lost.
             * @example a1b2c3d4e5f60718
             */
            epoch: string;
            /**
             * Format: int64
             * @description Messages that can be read.
             * @example 1000
             */
            length: number;
            /**
             * Format: int64
             * @description Memory that the messages use, as Redis reports it.
             * @example 183264
             */
            bytes: number;
            oldest?: components["schemas"]["HistoryEnd"];
            newest: components["schemas"]["HistoryEnd"];
        };
        /** @description The current state of the channel. */
        ChannelInfo: {
            /** @example news */
            channel: string;
            /**
             * Format: int64
             * @description `PUBSUB NUMSUB`: connections to Redis that are subscribed to the channel. A gateway is one connection, no matter how many clients it has.
             * @example 3
             */
            subscribers: number;
            /**
             * Format: int64
             * @description Clients on all gateways that are subscribed to the channel by its name or by a pattern. Native Redis subscribers are not counted.
             * @example 1204
             */
            listeners: number;
            /**
             * Format: int64
             * @description Gateways that are connected to Redis but did not answer in time, so `listeners` may be too low. Absent if all answered.
             * @example 1
             */
            unanswered?: number;
            history?: components["schemas"]["ChannelHistory"];
        };
        /** @description One page of channels. */
        ChannelPage: {
            /** @description Channels in alphabetical order. */
            channels: components["schemas"]["ListedChannel"][];
            /**
             * @description There are more channels: pass this as `after`.
             * @example news
             */
            next?: string;
            /**
             * Format: int64
             * @description Gateways that are connected to Redis but did not answer in time, so `listeners` may be too low. Absent if all answered.
             * @example 1
             */
            unanswered?: number;
        };
        /** @description A control event in an envelope. Publishers cannot use its name, so clients can trust it. */
        ControlEnvelope: {
            /**
             * @description The channel.
             * @example news
             */
            channel?: string;
            /**
             * @description The pattern.
             * @example chat:*
             */
            pattern?: string;
            /**
             * @description One of `gap`, `error`. A newer gateway may send others.
             * @example gap
             */
            event: string;
            /** @description JSON text: `Gap` or `StreamError`. */
            data: string;
        };
        /** @description A message with its metadata. */
        Envelope: {
            /**
             * @description The channel on which the message was published.
             * @example news
             */
            channel: string;
            /**
             * @description Position of the message in the history of its channel. Absent if there is no history, and for messages that were published by a Redis client.
             * @example mVChq83vAQ
             */
            id?: string;
            /**
             * @description The event type of the publisher.
             * @example price
             */
            event?: string;
            /**
             * @description The message; always a string.
             * @example hello
             */
            data: string;
            /**
             * @description `base64` if the bytes are not UTF-8: then the data is base64.
             * @example base64
             */
            encoding?: string;
        };
        /** @description The data of a `gap` event: between these times, messages on the channel or pattern may have been missed. */
        Gap: {
            /**
             * @description The channel.
             * @example news
             */
            channel?: string;
            /**
             * @description The pattern.
             * @example chat:*
             */
            pattern?: string;
            /**
             * Format: date-time
             * @description When the loss may have begun, RFC 3339. Absent if it began after the last message that the client has.
             */
            from?: string;
            /**
             * Format: date-time
             * @description From this time, every message arrives again.
             */
            to: string;
            /**
             * @description Why messages may be missing: `redis_connection_lost`, `redis_unavailable`, `redis_slot_moved`, `redis_node_lost`, `history_trimmed`, `history_reset`, `history_unavailable`, `cursor_unknown`, `no_history`, `replay_overflow`. A newer gateway may give others.
             * @example history_trimmed
             */
            reason: string;
        };
        /** @description The oldest message that can be read, or the newest, which may have expired. */
        HistoryEnd: {
            /** @example mVChq83vAQ */
            id: string;
            /**
             * Format: date-time
             * @description When the message was published, by the clock of Redis.
             */
            time: string;
        };
        ListedChannel: {
            /** @example news */
            channel: string;
            /**
             * Format: int64
             * @description `PUBSUB NUMSUB`: connections to Redis that are subscribed to the channel. A gateway is one connection, no matter how many clients it has.
             * @example 3
             */
            subscribers?: number;
            /**
             * Format: int64
             * @description Clients on all gateways that are subscribed to the channel by its name or by a pattern. Native Redis subscribers are not counted.
             * @example 1204
             */
            listeners?: number;
        };
        /** @description The process is alive. */
        Liveness: {
            /** @example ok */
            status: string;
        };
        /** @description Messages of the history. With a `gap`, messages may be missing before the first. */
        MessagePage: {
            /** @description Oldest first. */
            messages: components["schemas"]["StoredMessage"][];
            /**
             * @description Pass this as `after` to get the next messages.
             * @example mVChq83vAQ
             */
            next: string;
            /** @description There are more messages already. */
            more: boolean;
            gap?: components["schemas"]["Gap"];
        };
        /** @description The data of an `open` event, which `position=true` requests. */
        OpenData: {
            /**
             * @description Pass this as `after` to resume from here.
             * @example mVChq83vAQ
             */
            cursor: string;
        };
        /** @description The position of the stream, with `position=true`; on `/ws`, if `since` or `last` found nothing. */
        OpenEnvelope: {
            /** @description On `/ws` only: the channel of the cursor. */
            channel?: string;
            /**
             * @description Pass this as `after` to resume from here.
             * @example mVChq83vAQ
             */
            cursor: string;
            /**
             * @description Always `open`.
             * @example open
             */
            event: string;
            /** @description JSON text: `OpenData`. */
            data: string;
        };
        /** @description An OpenAPI document. */
        OpenapiDocument: {
            [key: string]: unknown;
        };
        /** @description Problem details, RFC 9457. The types are explained in docs/errors.md. */
        Problem: {
            /**
             * @description The type of the problem, for programs. docs/errors.md lists the types; newer gateways may have others.
             * @example urn:carillon:problem:invalid-channel
             */
            type: string;
            /**
             * @description The type in words, the same for every occurrence.
             * @example Invalid channel name
             */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             * @example 400
             */
            status: number;
            /**
             * @description What went wrong this time, for people.
             * @example A channel name has 1 to 128 characters: letters, digits and . _ : -, starting with a letter or digit.
             */
            detail: string;
        };
        /** @description Redis executed the publish once. */
        Published: {
            /** @example news */
            channel: string;
            /**
             * Format: int64
             * @description Redis's own count of connections that got the message. 0 means that nothing was subscribed. In a Cluster with classic Pub/Sub it is the count of one node; other nodes may have more.
             * @example 1
             */
            receivers: number;
            /**
             * @description Position of the message in the history of its channel. Absent if there is no history.
             * @example mVChq83vAQ
             */
            id?: string;
            /** @description `true` if the message was published before with this `Idempotency-Key`. Then this is the first answer again. */
            replayed?: boolean;
        };
        /** @description Send traffic. */
        Readiness: {
            /** @example ready */
            status: string;
            /**
             * @description `away`, during an outage of Redis with `exclude=redis`.
             * @example away
             */
            redis?: string;
        };
        /** @description A frame that answers a request on the multiplexed WebSocket, with its `ref`. */
        SessionAnswer: {
            /** @description One of `subscribed`, `unsubscribed`, `published`, `pong`, `error`. */
            type: string;
            ref?: string | number;
            id?: string;
            channel?: string;
            /**
             * @description The pattern.
             * @example chat:*
             */
            pattern?: string;
            /** Format: int64 */
            receivers?: number;
            replayed?: boolean;
            problem?: components["schemas"]["Problem"];
        };
        /** @description A frame that the client sends on the multiplexed WebSocket. */
        SessionRequest: {
            /** @description One of `subscribe`, `unsubscribe`, `publish`, `ping`. */
            type: string;
            ref?: string | number;
            channel?: string;
            pattern?: string;
            after?: string;
            since?: string;
            /** Format: int32 */
            last?: number;
            data?: string;
            event?: string;
            /** @enum {string} */
            encoding?: "base64";
            idempotency_key?: string;
        };
        /** @description A message of the history. */
        StoredMessage: {
            /** @example mVChq83vAQ */
            id: string;
            /**
             * Format: date-time
             * @description When the message was published, by the clock of Redis.
             */
            time: string;
            /** @example price */
            event?: string;
            /**
             * @description The message; always a string.
             * @example hello
             */
            data: string;
            /**
             * @description `base64` if the bytes are not UTF-8: then the data is base64.
             * @example base64
             */
            encoding?: string;
        };
        /** @description The data of an `error` event: a problem with a channel or pattern of the stream. */
        StreamError: {
            /**
             * @description The channel.
             * @example news
             */
            channel?: string;
            /**
             * @description The pattern.
             * @example chat:*
             */
            pattern?: string;
            /**
             * @description The type of the problem, for programs. docs/errors.md lists the types; newer gateways may have others.
             * @example urn:carillon:problem:invalid-channel
             */
            type: string;
            /**
             * @description The type in words, the same for every occurrence.
             * @example Invalid channel name
             */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             * @example 400
             */
            status: number;
            /**
             * @description What went wrong this time, for people.
             * @example A channel name has 1 to 128 characters: letters, digits and . _ : -, starting with a letter or digit.
             */
            detail: string;
        };
        /** @description A ticket. */
        Ticket: {
            /** @description Goes into the URL as `ticket`. It can be used once. */
            ticket: string;
            /**
             * Format: int32
             * @description How long the ticket is valid before its use.
             * @example 30
             */
            seconds: number;
            urls: components["schemas"]["TicketUrls"];
        };
        TicketRequest: {
            /**
             * @example [
             *       "news"
             *     ]
             */
            channels?: string[];
            /**
             * @example [
             *       "chat:*"
             *     ]
             */
            patterns?: string[];
            /**
             * @description The rights that the ticket grants; default: `subscribe`. `publish` is useful on a WebSocket.
             * @example [
             *       "subscribe"
             *     ]
             */
            rights?: ("subscribe" | "publish")[];
            /**
             * Format: int32
             * @description How long the ticket is valid before its use; default: 30.
             * @example 30
             */
            seconds?: number;
        };
        /** @description URLs with the ticket, as paths on the host of the gateway. Use one of them. They begin with the path prefix that a trusted proxy reports in `X-Forwarded-Prefix`. */
        TicketUrls: {
            /** @example /channels/news/events?ticket=… */
            events?: string;
            /** @example /channels/news/ws?ticket=… */
            ws: string;
        };
        /** @description Redis is unavailable. */
        UpstashError: {
            /**
             * @description An error in the form of Redis.
             * @example NOPERM No right to publish.
             */
            error: string;
        };
        /** @description The result or the error of one command of a pipeline. */
        UpstashItem: {
            /**
             * @description The reply of Redis, unless it failed.
             * @example 1
             */
            result?: unknown;
            /**
             * @description Why it failed.
             * @example ERR unknown command 'get'
             */
            error?: string;
        };
        /** @description The result of a command. */
        UpstashResult: {
            /**
             * @description The reply of Redis as JSON: a number, a text or a list.
             * @example 1
             */
            result: unknown;
        };
    };
    responses: {
        /** @description Headers too large (`headers-too-large`). */
        "headers-too-large": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Idempotency-Key in flight (`idempotency-key-in-flight`). */
        "idempotency-key-in-flight": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Idempotency-Key reused (`idempotency-key-reused`). */
        "idempotency-key-reused": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Internal error (`internal-error`). */
        "internal-error": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Message too large (`message-too-large`). */
        "message-too-large": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No history (`no-history`). */
        "no-history": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not ready (`not-ready`). */
        "not-ready": {
            headers: {
                /** @description Retry after this number of seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Origin refused (`origin-refused`). */
        "origin-refused": {
            headers: {
                /** @description RFC 6750. */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Outcome unknown (`outcome-unknown`). */
        "outcome-unknown": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Rate limited (`rate-limited`). */
        "rate-limited": {
            headers: {
                /** @description Retry after this number of seconds. */
                "Retry-After"?: number;
                /** @description The remaining quota. Absent if there is no rate limit. */
                RateLimit?: string;
                /** @description The rate limit. Absent if there is none. */
                "RateLimit-Policy"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request timeout (`request-timeout`). */
        "request-timeout": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No tickets here (`tickets-unavailable`). */
        "tickets-unavailable": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Token keys unavailable (`token-keys-unavailable`). */
        "token-keys-unavailable": {
            headers: {
                /** @description Retry after this number of seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many streams (`too-many-streams`). */
        "too-many-streams": {
            headers: {
                /** @description Retry after this number of seconds. */
                "Retry-After"?: number;
                /** @description The remaining quota. Absent if there is no rate limit. */
                RateLimit?: string;
                /** @description The rate limit. Absent if there is none. */
                "RateLimit-Policy"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported media type (`unsupported-media-type`). */
        "unsupported-media-type": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported transfer coding (`unsupported-transfer-coding`). */
        "unsupported-transfer-coding": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Upgrade required (`upgrade-required`). */
        "upgrade-required": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description URI too long (`uri-too-long`). */
        "uri-too-long": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Wrong key in Redis (`wrong-key-type`). */
        "wrong-key-type": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    describeChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current state of the channel. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelInfo"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            502: components["responses"]["wrong-key-type"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish: {
        parameters: {
            query?: {
                /**
                 * @description Event type that listeners see; visible ASCII, none of gap, envelope, open, error, end.
                 * @example price
                 */
                event?: string;
            };
            header?: {
                /**
                 * @description Makes retries safe: requests with the same key are executed once, and get the first answer again. The publisher chooses it, for example a UUID, with or without the quotes of the draft. It is remembered for `IDEMPOTENCY_SECONDS`, for each channel separately.
                 * @example "8e03978e-40d5-43e8-bc93-6894a57f9324"
                 */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        /** @description The message: any bytes of any type, or no bytes. */
        requestBody?: {
            content: {
                /** @example hello */
                "text/plain": string;
                "application/octet-stream": string;
                /** @example {"price":42} */
                "*/*": unknown;
            };
        };
        responses: {
            /** @description Redis executed the publish once. */
            200: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Published"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`); Invalid event type (`invalid-event-type`); Invalid JSON (`invalid-json`); Invalid Idempotency-Key (`invalid-idempotency-key`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`); Channel refused by Redis (`channel-refused`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            409: components["responses"]["idempotency-key-in-flight"];
            413: components["responses"]["message-too-large"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["idempotency-key-reused"];
            429: components["responses"]["rate-limited"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            /** @description Rejected by Redis (`broker-rejected`); Wrong key in Redis (`wrong-key-type`). */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Token keys unavailable (`token-keys-unavailable`); Overloaded (`overloaded`); Redis unavailable (`broker-unavailable`); Redis cannot write now (`write-refused`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["outcome-unknown"];
        };
    };
    streamChannel: {
        parameters: {
            query?: {
                /**
                 * @description Wrap each message as `{"channel","id"?,"event"?,"data","encoding"?}`.
                 * @example envelope
                 */
                format?: "envelope";
                /**
                 * @description A ticket of `POST /tickets`, for clients that cannot send a header.
                 * @example kagZGteQ.wjzBsWLUky8M1s7Ptokt28X58qN7qHle
                 */
                ticket?: string;
                /**
                 * @description End after this number of messages.
                 * @example 1
                 */
                limit?: number;
                /**
                 * @description End after this number of seconds.
                 * @example 30
                 */
                timeout?: number;
                /**
                 * @description Send the cursor in an `open` event when the stream opens, if a channel has a history. A client that is disconnected before its first message can resume from there.
                 * @example true
                 */
                position?: boolean;
                /**
                 * @description Resume after this message: its `id`, or a cursor over several channels. If it is no longer known, a `gap` reports the possible loss.
                 * @example eMpQ2pIcAQ
                 */
                after?: string;
                /**
                 * @description The same as `after`, for clients that cannot set the header `Last-Event-ID`.
                 * @example mVChq83vAQ
                 */
                last_event_id?: string;
                /**
                 * @description Start this long ago (`30s`, `10m`, `2h`, `7d`), at a time or date (RFC 3339; a date means midnight UTC), or with the whole history (`all`).
                 * @example 10m
                 */
                since?: string;
                /**
                 * @description Start with this many of the latest messages.
                 * @example 20
                 */
                last?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream. It stays open during an outage of Redis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example retry: 2000
                     *     event: price
                     *     data: 42
                     */
                    "text/event-stream": string;
                    /** @example {"channel":"news","event":"price","data":"42"} */
                    "application/x-ndjson": string;
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`); Channel refused by Redis (`channel-refused`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            /** @description Unsupported transfer coding (`unsupported-transfer-coding`); No streams here (`streams-unavailable`). */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readMessages: {
        parameters: {
            query?: {
                /**
                 * @description Resume after this message: its `id`, or a cursor over several channels. If it is no longer known, a `gap` reports the possible loss.
                 * @example eMpQ2pIcAQ
                 */
                after?: string;
                /**
                 * @description The same as `after`, for clients that cannot set the header `Last-Event-ID`.
                 * @example mVChq83vAQ
                 */
                last_event_id?: string;
                /**
                 * @description Start this long ago (`30s`, `10m`, `2h`, `7d`), at a time or date (RFC 3339; a date means midnight UTC), or with the whole history (`all`).
                 * @example 10m
                 */
                since?: string;
                /**
                 * @description Start with this many of the latest messages.
                 * @example 20
                 */
                last?: number;
                /**
                 * @description Maximum number of messages. A page has fewer if they are large.
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Maximum number of seconds to wait for the next message.
                 * @example 30
                 */
                wait?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Messages of the history. With a `gap`, messages may be missing before the first. */
            200: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`); Channel refused by Redis (`channel-refused`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: components["responses"]["no-history"];
            408: components["responses"]["request-timeout"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            429: components["responses"]["too-many-streams"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            502: components["responses"]["wrong-key-type"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`); Overloaded (`overloaded`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openChannelWebSocket: {
        parameters: {
            query?: {
                /**
                 * @description Wrap each message as `{"channel","id"?,"event"?,"data","encoding"?}`.
                 * @example envelope
                 */
                format?: "envelope";
                /**
                 * @description A ticket of `POST /tickets`, for clients that cannot send a header.
                 * @example kagZGteQ.wjzBsWLUky8M1s7Ptokt28X58qN7qHle
                 */
                ticket?: string;
                /**
                 * @description Send the cursor in an `open` event when the stream opens, if a channel has a history. A client that is disconnected before its first message can resume from there.
                 * @example true
                 */
                position?: boolean;
                /**
                 * @description Resume after this message: its `id`, or a cursor over several channels. If it is no longer known, a `gap` reports the possible loss.
                 * @example eMpQ2pIcAQ
                 */
                after?: string;
                /**
                 * @description The same as `after`, for clients that cannot set the header `Last-Event-ID`.
                 * @example mVChq83vAQ
                 */
                last_event_id?: string;
                /**
                 * @description Start this long ago (`30s`, `10m`, `2h`, `7d`), at a time or date (RFC 3339; a date means midnight UTC), or with the whole history (`all`).
                 * @example 10m
                 */
                since?: string;
                /**
                 * @description Start with this many of the latest messages.
                 * @example 20
                 */
                last?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The WebSocket is open, and Redis has acknowledged the subscription. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`); Channel refused by Redis (`channel-refused`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            426: components["responses"]["upgrade-required"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            /** @description Unsupported transfer coding (`unsupported-transfer-coding`); No streams here (`streams-unavailable`). */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listChannels: {
        parameters: {
            query?: {
                /**
                 * @description Redis glob for channel names: `*`, `?`, and classes such as `[abc]`, `[a-f]`, `[^a]`.
                 * @example chat:*
                 */
                pattern?: string;
                /**
                 * @description Only channels after this one: `next` of the previous page.
                 * @example news
                 */
                after?: string;
                /**
                 * @description Maximum number of channels on a page.
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Add `subscribers` and `listeners` to each channel.
                 * @example true
                 */
                counts?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of channels. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelPage"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid pattern (`invalid-pattern`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    countSubscribers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current counts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelCounts"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteHistory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.
                 * @example news
                 */
                channel: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history is empty. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            414: components["responses"]["uri-too-long"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publishBatch: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes retries safe: requests with the same key are executed once, and get the first answer again. The publisher chooses it, for example a UUID, with or without the quotes of the draft. It is remembered for `IDEMPOTENCY_SECONDS`, for each channel separately.
                 * @example "8e03978e-40d5-43e8-bc93-6894a57f9324"
                 */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The messages, or a single message without the array. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description The results, one for each message. */
            200: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchResults"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid JSON (`invalid-json`); Invalid Idempotency-Key (`invalid-idempotency-key`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            413: components["responses"]["message-too-large"];
            415: components["responses"]["unsupported-media-type"];
            429: components["responses"]["rate-limited"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Overloaded (`overloaded`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamChannels: {
        parameters: {
            query?: {
                /**
                 * @description Channels. Repeat the parameter for more.
                 * @example [
                 *       "news",
                 *       "sport"
                 *     ]
                 */
                channel?: string[];
                /**
                 * @description Patterns. Repeat the parameter for more.
                 * @example [
                 *       "chat:*"
                 *     ]
                 */
                pattern?: string[];
                /**
                 * @description A ticket of `POST /tickets`, for clients that cannot send a header.
                 * @example kagZGteQ.wjzBsWLUky8M1s7Ptokt28X58qN7qHle
                 */
                ticket?: string;
                /**
                 * @description End after this number of messages.
                 * @example 1
                 */
                limit?: number;
                /**
                 * @description End after this number of seconds.
                 * @example 30
                 */
                timeout?: number;
                /**
                 * @description Send the cursor in an `open` event when the stream opens, if a channel has a history. A client that is disconnected before its first message can resume from there.
                 * @example true
                 */
                position?: boolean;
                /**
                 * @description Resume after this message: its `id`, or a cursor over several channels. If it is no longer known, a `gap` reports the possible loss.
                 * @example eMpQ2pIcAQ
                 */
                after?: string;
                /**
                 * @description The same as `after`, for clients that cannot set the header `Last-Event-ID`.
                 * @example mVChq83vAQ
                 */
                last_event_id?: string;
                /**
                 * @description Start this long ago (`30s`, `10m`, `2h`, `7d`), at a time or date (RFC 3339; a date means midnight UTC), or with the whole history (`all`).
                 * @example 10m
                 */
                since?: string;
                /**
                 * @description Start with this many of the latest messages.
                 * @example 20
                 */
                last?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream of envelopes. It stays open during an outage of Redis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example retry: 2000
                     *     data: {"channel":"news","data":"hello"}
                     */
                    "text/event-stream": string;
                    /** @example {"channel":"news","event":"price","data":"42"} */
                    "application/x-ndjson": string;
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Invalid channel name (`invalid-channel`); Invalid pattern (`invalid-pattern`); Reserved channel name (`reserved-channel`); Too many subscriptions (`too-many-subscriptions`); No patterns here (`patterns-unavailable`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`); Channel refused by Redis (`channel-refused`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            /** @description Unsupported transfer coding (`unsupported-transfer-coding`); No streams here (`streams-unavailable`). */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openWebSocket: {
        parameters: {
            query?: {
                /**
                 * @description A ticket of `POST /tickets`, for clients that cannot send a header.
                 * @example kagZGteQ.wjzBsWLUky8M1s7Ptokt28X58qN7qHle
                 */
                ticket?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The WebSocket is open. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            426: components["responses"]["upgrade-required"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            /** @description Unsupported transfer coding (`unsupported-transfer-coding`); No streams here (`streams-unavailable`). */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Token keys unavailable (`token-keys-unavailable`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTicket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description What the ticket is for: at least one channel or pattern. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "channels": [
                 *         "news"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["TicketRequest"];
            };
        };
        responses: {
            /** @description A ticket. */
            201: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`); Too many subscriptions (`too-many-subscriptions`); Invalid JSON (`invalid-json`); Invalid channel name (`invalid-channel`); Invalid pattern (`invalid-pattern`); Reserved channel name (`reserved-channel`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: components["responses"]["tickets-unavailable"];
            408: components["responses"]["request-timeout"];
            413: components["responses"]["message-too-large"];
            415: components["responses"]["unsupported-media-type"];
            429: components["responses"]["rate-limited"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            /** @description Token keys unavailable (`token-keys-unavailable`); Overloaded (`overloaded`); Redis unavailable (`broker-unavailable`). */
            503: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is alive. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Liveness"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["origin-refused"];
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
        };
    };
    getReadiness: {
        parameters: {
            query?: {
                /**
                 * @description What need not be there.
                 * @example redis
                 */
                exclude?: "redis";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Send traffic. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            503: components["responses"]["not-ready"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics of this gateway with all its workers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example carillon_streams{transport="sse"} 3 */
                    "text/plain": string;
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            503: components["responses"]["token-keys-unavailable"];
        };
    };
    getOpenapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenapiDocument"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            503: components["responses"]["token-keys-unavailable"];
        };
    };
    getAsyncapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An AsyncAPI document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AsyncapiDocument"];
                };
            };
            /** @description Invalid request (`invalid-request`); Malformed URL (`bad-url`); Malformed credentials (`malformed-credentials`); Credentials in the URL (`credentials-in-url`); Too much to compare (`too-much-to-compare`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Credentials needed (`unauthenticated`); Credentials not valid (`invalid-credentials`). */
            401: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin refused (`origin-refused`); Not allowed (`forbidden`); No access rules (`no-access-rules`). */
            403: {
                headers: {
                    /** @description RFC 6750. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["request-timeout"];
            415: components["responses"]["unsupported-media-type"];
            431: components["responses"]["headers-too-large"];
            500: components["responses"]["internal-error"];
            501: components["responses"]["unsupported-transfer-coding"];
            503: components["responses"]["token-keys-unavailable"];
        };
    };
    upstashCommand: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `base64`: text in the answer is base64.
                 * @example base64
                 */
                "upstash-encoding"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The command. */
        requestBody: {
            content: {
                /**
                 * @example [
                 *       "PUBLISH",
                 *       "news",
                 *       "hello"
                 *     ]
                 */
                "application/json": unknown[];
            };
        };
        responses: {
            /** @description The result of a command. */
            200: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashResult"];
                };
            };
            /** @description The command is unknown or invalid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The token is missing or invalid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The token does not have the right. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The body is compressed, or its type is malformed. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The rate is used up. */
            429: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    /** @description The remaining quota. Absent if there is no rate limit. */
                    RateLimit?: string;
                    /** @description The rate limit. Absent if there is none. */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The gateway failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description Redis is unavailable. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
        };
    };
    upstashPipeline: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `base64`: text in the answer is base64.
                 * @example base64
                 */
                "upstash-encoding"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The commands. */
        requestBody: {
            content: {
                /**
                 * @example [
                 *       [
                 *         "PUBLISH",
                 *         "news",
                 *         "hello"
                 *       ],
                 *       [
                 *         "PUBLISH",
                 *         "sport",
                 *         "2:1"
                 *       ]
                 *     ]
                 */
                "application/json": unknown[][];
            };
        };
        responses: {
            /** @description In the order of the commands. */
            200: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashItem"][];
                };
            };
            /** @description The command is unknown or invalid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The token is missing or invalid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The token does not have the right. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The body is compressed, or its type is malformed. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The rate is used up. */
            429: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    /** @description The remaining quota. Absent if there is no rate limit. */
                    RateLimit?: string;
                    /** @description The rate limit. Absent if there is none. */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The gateway failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description Redis is unavailable. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
        };
    };
    upstashTransaction: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `base64`: text in the answer is base64.
                 * @example base64
                 */
                "upstash-encoding"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The commands. */
        requestBody: {
            content: {
                /**
                 * @example [
                 *       [
                 *         "PUBLISH",
                 *         "news",
                 *         "hello"
                 *       ],
                 *       [
                 *         "PUBLISH",
                 *         "sport",
                 *         "2:1"
                 *       ]
                 *     ]
                 */
                "application/json": unknown[][];
            };
        };
        responses: {
            /** @description In the order of the commands. */
            200: {
                headers: {
                    /**
                     * @description The remaining quota. Absent if there is no rate limit.
                     * @example "publish";r=99;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description The rate limit. Absent if there is none.
                     * @example "publish";q=100;w=1
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashItem"][];
                };
            };
            /** @description The command is unknown or invalid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The token is missing or invalid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The token does not have the right. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The body is compressed, or its type is malformed. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The rate is used up. */
            429: {
                headers: {
                    /** @description Retry after this number of seconds. */
                    "Retry-After"?: number;
                    /** @description The remaining quota. Absent if there is no rate limit. */
                    RateLimit?: string;
                    /** @description The rate limit. Absent if there is none. */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description The gateway failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
            /** @description Redis is unavailable. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstashError"];
                };
            };
        };
    };
}
