// The scenario through the client of oapi-codegen.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"example/carillon"
)

func check(ok bool, what string) {
	if !ok {
		log.Fatalf("failed: %s", what)
	}
}

func must[Value any](value Value, err error) Value {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func pointer[Value any](value Value) *Value { return &value }

func main() {
	channel := os.Getenv("CHANNEL")
	ctx := context.Background()
	bearer := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("CARILLON_TOKEN"))
		return nil
	}
	client := must(carillon.NewClientWithResponses(os.Getenv("CARILLON_URL"), carillon.WithRequestEditorFn(bearer)))

	text := must(client.PublishWithTextBodyWithResponse(ctx, channel, nil, `Grüße, "world"`)).JSON200
	check(text != nil && text.Channel == channel && text.Id != nil, "text")
	fmt.Println("text")

	params := &carillon.PublishParams{Event: pointer("price")}
	json := strings.NewReader(`{ "price": 42.50 }`)
	price := must(client.PublishWithBodyWithResponse(ctx, channel, params, "application/json", json)).JSON200
	check(price != nil && price.Id != nil, "json")
	fmt.Println("json")

	binary := []byte{0, 255, 128, 10, 34}
	published := must(client.PublishWithBodyWithResponse(
		ctx, channel, nil, "application/octet-stream", bytes.NewReader(binary))).JSON200
	check(published != nil && published.Id != nil, "bytes")
	fmt.Println("bytes")

	once := &carillon.PublishParams{IdempotencyKey: pointer("retry-1")}
	first := must(client.PublishWithTextBodyWithResponse(ctx, channel, once, "once")).JSON200
	again := must(client.PublishWithTextBodyWithResponse(ctx, channel, once, "once")).JSON200
	check(first.Replayed == nil && *again.Replayed && *first.Id == *again.Id, "retry")
	fmt.Println("retry")

	results := must(client.PublishBatchWithResponse(ctx, nil, carillon.Batch{Messages: []carillon.BatchMessage{
		{Channel: channel, Data: "from a batch"},
		{Channel: "no such name", Data: "nowhere"},
	}})).JSON200.Results
	check(len(results) == 2 && results[0].Type == nil && *results[0].Channel == channel, "batch")
	check(*results[1].Type == "urn:carillon:problem:invalid-channel" && *results[1].Status == 400, "batch")
	fmt.Println("batch")

	listeners := int64(0)
	channels := must(client.ListChannelsWithResponse(ctx, &carillon.ListChannelsParams{Counts: pointer(true)})).JSON200
	for _, listed := range channels.Channels {
		if listed.Channel == channel {
			listeners = *listed.Listeners
		}
	}
	check(listeners == 1, "list")
	fmt.Println("list")

	check(must(client.CountSubscribersWithResponse(ctx, channel)).JSON200.Listeners == 1, "counts")
	described := must(client.DescribeChannelWithResponse(ctx, channel)).JSON200
	check(described.History != nil && described.History.Length == 5, "counts")
	fmt.Println("counts")

	page := must(client.ReadMessagesWithResponse(ctx, channel, &carillon.ReadMessagesParams{
		Since: pointer("all"), Limit: pointer(int32(3)),
	})).JSON200
	check(page.More && page.Gap == nil && len(page.Messages) == 3, "page")
	check(page.Messages[0].Data == `Grüße, "world"` && page.Messages[1].Data == `{ "price": 42.50 }`, "page")
	check(*page.Messages[1].Event == "price" && *page.Messages[2].Encoding == "base64", "page")
	check(bytes.Equal(must(base64.StdEncoding.DecodeString(page.Messages[2].Data)), binary), "page")
	rest := must(client.ReadMessagesWithResponse(ctx, channel, &carillon.ReadMessagesParams{After: &page.Next})).JSON200
	check(!rest.More && len(rest.Messages) == 2 && rest.Messages[0].Data == "once", "page")
	fmt.Println("page")

	lost := &carillon.ReadMessagesParams{After: pointer("AAAAAAAAAA")}
	gap := must(client.ReadMessagesWithResponse(ctx, channel, lost)).JSON200.Gap
	check(gap != nil && gap.Reason == "cursor_unknown" && *gap.Channel == channel && !gap.To.IsZero(), "gap")
	fmt.Println("gap")

	ticket := must(client.CreateTicketWithResponse(ctx, carillon.TicketRequest{
		Channels: &[]string{channel},
		Rights:   &[]carillon.TicketRequestRights{carillon.Subscribe},
		Seconds:  pointer(int32(10)),
	})).JSON201
	check(ticket.Seconds == 10 && strings.Contains(*ticket.Urls.Events, ticket.Ticket), "ticket")
	fmt.Println("ticket")

	problem := must(client.ReadMessagesWithResponse(ctx, "without.history", nil)).ApplicationproblemJSON404
	check(problem != nil && problem.Type == "urn:carillon:problem:no-history" && problem.Detail != "", "problem")
	fmt.Println("problem")

	// The client without "WithResponses" leaves the answer open, so that it can be read as it arrives.
	stream := must(client.StreamChannel(ctx, channel, &carillon.StreamChannelParams{
		Since: pointer("all"), Limit: pointer(int32(1)),
	}))
	defer stream.Body.Close()
	check(strings.Contains(string(must(io.ReadAll(stream.Body))), "data: Grüße, \"world\"\n"), "stream")
	fmt.Println("stream")
}
