"""The scenario through the Python client of openapi-generator."""
import base64
import os

import carillon

CHANNEL = os.environ["CHANNEL"]
BINARY = bytes([0, 255, 128, 10, 34])

configuration = carillon.Configuration(host=os.environ["CARILLON_URL"], access_token=os.environ["CARILLON_TOKEN"])
with carillon.ApiClient(configuration) as client:
    publishing = carillon.PublishApi(client)
    history = carillon.HistoryApi(client)
    introspection = carillon.IntrospectionApi(client)

    text = publishing.publish(CHANNEL, body='Grüße, "world"')
    assert text.channel == CHANNEL and text.id is not None
    print("text")

    # The generator takes text only: JSON is sent as text, and bytes through a batch as base64.
    assert publishing.publish(CHANNEL, event="price", body='{ "price": 42.50 }').id is not None
    print("json")

    message = carillon.BatchMessage(channel=CHANNEL, data=base64.b64encode(BINARY).decode(), encoding="base64")
    [result] = publishing.publish_batch(carillon.Batch(messages=[message])).results
    assert result.type is None and result.id is not None
    print("bytes")

    first = publishing.publish(CHANNEL, idempotency_key="retry-1", body="once")
    again = publishing.publish(CHANNEL, idempotency_key="retry-1", body="once")
    assert not first.replayed and again.replayed and again.id == first.id
    print("retry")

    batch = carillon.Batch(messages=[
        carillon.BatchMessage(channel=CHANNEL, data="from a batch"),
        carillon.BatchMessage(channel="no such name", data="nowhere"),
    ])
    good, bad = publishing.publish_batch(batch).results
    assert good.type is None and good.channel == CHANNEL
    assert bad.type == "urn:carillon:problem:invalid-channel" and bad.status == 400 and bad.channel is None
    print("batch")

    listed = {channel.channel: channel for channel in introspection.list_channels(counts=True).channels}
    assert listed[CHANNEL].listeners == 1
    print("list")

    counts = introspection.count_subscribers(CHANNEL)
    assert counts.listeners == 1 and counts.subscribers is not None
    described = introspection.describe_channel(CHANNEL)
    assert described.history is not None and described.history.length == 5
    print("counts")

    page = history.read_messages(CHANNEL, since="all", limit=3)
    assert page.more and page.gap is None
    assert [each.data for each in page.messages[:2]] == ['Grüße, "world"', '{ "price": 42.50 }']
    assert page.messages[1].event == "price"
    assert page.messages[2].encoding == "base64" and base64.b64decode(page.messages[2].data) == BINARY
    rest = history.read_messages(CHANNEL, after=page.next)
    assert [each.data for each in rest.messages] == ["once", "from a batch"] and not rest.more
    print("page")

    lost = history.read_messages(CHANNEL, after="AAAAAAAAAA")
    assert lost.gap is not None and lost.gap.reason == "cursor_unknown" and lost.gap.channel == CHANNEL
    assert lost.gap.to.tzinfo is not None
    print("gap")

    ticket = carillon.AccessApi(client).create_ticket(
        carillon.TicketRequest(channels=[CHANNEL], rights=["subscribe"], seconds=10)
    )
    assert ticket.seconds == 10 and ticket.urls.events is not None and ticket.ticket in ticket.urls.events
    print("ticket")

    try:
        history.read_messages("without.history")
        raise AssertionError("expected a problem")
    except carillon.exceptions.NotFoundException as error:
        assert isinstance(error.data, carillon.Problem)
        assert error.data.type == "urn:carillon:problem:no-history" and error.data.detail
    newer = carillon.Published.from_json('{"channel":"news","receivers":1,"of_a_newer_gateway":true}')
    assert newer is not None and newer.receivers == 1
    print("problem")

    # The generator asks for NDJSON, one of the two media types of a stream; each line is an envelope.
    with carillon.StreamApi(client).stream_channel_without_preload_content(CHANNEL, since="all", limit=2) as stream:
        lines = [line for line in stream.data.decode().splitlines() if line]
    envelopes = [carillon.Envelope.from_json(line) for line in lines]
    assert [each.data for each in envelopes if each] == ['Grüße, "world"', '{ "price": 42.50 }']
    print("stream")
