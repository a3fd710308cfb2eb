// The scenario through the Go client of openapi-generator.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"example/carillon"
)

func check(ok bool, what string) {
	if !ok {
		log.Fatalf("failed: %s", what)
	}
}

func must[Value, Other any](value Value, _ Other, err error) Value {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	channel := os.Getenv("CHANNEL")
	configuration := carillon.NewConfiguration()
	configuration.Servers[0].URL = os.Getenv("CARILLON_URL")
	client := carillon.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), carillon.ContextAccessToken, os.Getenv("CARILLON_TOKEN"))

	text := must(client.PublishAPI.Publish(ctx, channel).Body(`Grüße, "world"`).Execute())
	check(text.Channel == channel && text.GetId() != "", "text")
	fmt.Println("text")

	// A string in Go holds any bytes.
	price := must(client.PublishAPI.Publish(ctx, channel).Event("price").Body(`{ "price": 42.50 }`).Execute())
	check(price.HasId(), "json")
	fmt.Println("json")

	binary := string([]byte{0, 255, 128, 10, 34})
	check(must(client.PublishAPI.Publish(ctx, channel).Body(binary).Execute()).HasId(), "bytes")
	fmt.Println("bytes")

	first := must(client.PublishAPI.Publish(ctx, channel).IdempotencyKey("retry-1").Body("once").Execute())
	again := must(client.PublishAPI.Publish(ctx, channel).IdempotencyKey("retry-1").Body("once").Execute())
	check(!first.GetReplayed() && again.GetReplayed() && first.GetId() == again.GetId(), "retry")
	fmt.Println("retry")

	batch := carillon.NewBatch([]carillon.BatchMessage{
		*carillon.NewBatchMessage(channel, "from a batch"),
		*carillon.NewBatchMessage("no such name", "nowhere"),
	})
	results := must(client.PublishAPI.PublishBatch(ctx).Batch(*batch).Execute()).Results
	check(len(results) == 2 && !results[0].HasType() && results[0].GetChannel() == channel, "batch")
	check(results[1].GetType() == "urn:carillon:problem:invalid-channel" && results[1].GetStatus() == 400, "batch")
	fmt.Println("batch")

	listeners := int64(0)
	for _, listed := range must(client.IntrospectionAPI.ListChannels(ctx).Counts(true).Execute()).Channels {
		if listed.Channel == channel {
			listeners = listed.GetListeners()
		}
	}
	check(listeners == 1, "list")
	fmt.Println("list")

	check(must(client.IntrospectionAPI.CountSubscribers(ctx, channel).Execute()).Listeners == 1, "counts")
	described := must(client.IntrospectionAPI.DescribeChannel(ctx, channel).Execute())
	check(described.HasHistory() && described.History.Length == 5, "counts")
	fmt.Println("counts")

	page := must(client.HistoryAPI.ReadMessages(ctx, channel).Since("all").Limit(3).Execute())
	check(page.More && !page.HasGap() && len(page.Messages) == 3, "page")
	check(page.Messages[0].Data == `Grüße, "world"` && page.Messages[1].Data == `{ "price": 42.50 }`, "page")
	check(page.Messages[1].GetEvent() == "price" && page.Messages[2].GetEncoding() == "base64", "page")
	decoded, err := base64.StdEncoding.DecodeString(page.Messages[2].Data)
	check(err == nil && string(decoded) == binary, "page")
	rest := must(client.HistoryAPI.ReadMessages(ctx, channel).After(page.Next).Execute())
	check(!rest.More && len(rest.Messages) == 2 && rest.Messages[0].Data == "once", "page")
	fmt.Println("page")

	gap := must(client.HistoryAPI.ReadMessages(ctx, channel).After("AAAAAAAAAA").Execute()).GetGap()
	check(gap.Reason == "cursor_unknown" && gap.GetChannel() == channel && !gap.To.IsZero(), "gap")
	fmt.Println("gap")

	request := carillon.NewTicketRequest()
	request.SetChannels([]string{channel})
	request.SetRights([]string{"subscribe"})
	request.SetSeconds(10)
	ticket := must(client.AccessAPI.CreateTicket(ctx).TicketRequest(*request).Execute())
	check(ticket.Seconds == 10 && strings.Contains(ticket.Urls.GetEvents(), ticket.Ticket), "ticket")
	fmt.Println("ticket")

	_, _, err = client.HistoryAPI.ReadMessages(ctx, "without.history").Execute()
	var failure *carillon.GenericOpenAPIError
	check(errors.As(err, &failure), "problem")
	problem, ok := failure.Model().(carillon.Problem)
	check(ok && problem.Type == "urn:carillon:problem:no-history" && problem.Status == 404, "problem")
	newer := carillon.Published{}
	check(json.Unmarshal([]byte(`{"channel":"news","receivers":1,"of_a_newer_gateway":true}`), &newer) == nil, "newer")
	fmt.Println("problem")

	stream := must(client.StreamAPI.StreamChannel(ctx, channel).Since("all").Limit(1).Execute())
	check(strings.Contains(stream, `Grüße, `), stream)
	fmt.Println("stream")
}
