import carillon.ApiClient;
import carillon.ApiException;
import carillon.api.*;
import carillon.model.*;
import java.util.Base64;
import java.util.List;

/** The scenario through the Java client of openapi-generator that uses OkHttp and Gson. */
class Scenario {
  public static void main(String[] arguments) throws Exception {
    String channel = System.getenv("CHANNEL");
    ApiClient client = new ApiClient();
    client.setBasePath(System.getenv("CARILLON_URL"));
    client.setBearerToken(System.getenv("CARILLON_TOKEN"));
    PublishApi publishing = new PublishApi(client);
    HistoryApi history = new HistoryApi(client);
    IntrospectionApi introspection = new IntrospectionApi(client);

    Published text = publishing.publish(channel, null, null, "Grüße, \"world\"");
    check(text.getChannel().equals(channel) && text.getId() != null, "text");
    System.out.println("text");

    // The generator takes text only: JSON is sent as text, and bytes through a batch as base64.
    check(publishing.publish(channel, "price", null, "{ \"price\": 42.50 }").getId() != null, "json");
    System.out.println("json");

    String binary = Base64.getEncoder().encodeToString(new byte[] {0, -1, -128, 10, 34});
    BatchMessage bytes = new BatchMessage().channel(channel).data(binary).encoding(BatchMessage.EncodingEnum.BASE64);
    BatchResult result = publishing.publishBatch(new Batch().addMessagesItem(bytes), null).getResults().get(0);
    check(result.getType() == null && result.getId() != null, "bytes");
    System.out.println("bytes");

    Published first = publishing.publish(channel, null, "retry-1", "once");
    Published again = publishing.publish(channel, null, "retry-1", "once");
    check(first.getReplayed() == null && again.getReplayed() && again.getId().equals(first.getId()), "retry");
    System.out.println("retry");

    Batch batch = new Batch()
        .addMessagesItem(new BatchMessage().channel(channel).data("from a batch"))
        .addMessagesItem(new BatchMessage().channel("no such name").data("nowhere"));
    List<BatchResult> results = publishing.publishBatch(batch, null).getResults();
    check(results.get(0).getType() == null && results.get(0).getChannel().equals(channel), "batch");
    check(results.get(1).getType().equals("urn:carillon:problem:invalid-channel"), "batch");
    check(results.get(1).getStatus() == 400 && results.get(1).getChannel() == null, "batch");
    System.out.println("batch");

    ChannelPage channels = introspection.listChannels(null, null, null, true);
    check(channels.getChannels().stream()
        .anyMatch(listed -> listed.getChannel().equals(channel) && listed.getListeners() == 1), "list");
    System.out.println("list");

    check(introspection.countSubscribers(channel).getListeners() == 1, "counts");
    check(introspection.describeChannel(channel).getHistory().getLength() == 5, "counts");
    System.out.println("counts");

    MessagePage page = history.readMessages(channel, null, null, "all", null, 3, null);
    List<StoredMessage> messages = page.getMessages();
    check(page.getMore() && page.getGap() == null && messages.size() == 3, "page");
    check(messages.get(0).getData().equals("Grüße, \"world\""), "page");
    check(messages.get(1).getData().equals("{ \"price\": 42.50 }") && messages.get(1).getEvent().equals("price"), "page");
    check(messages.get(2).getEncoding().equals("base64") && messages.get(2).getData().equals(binary), "page");
    MessagePage rest = history.readMessages(channel, page.getNext(), null, null, null, null, null);
    check(!rest.getMore() && rest.getMessages().size() == 2, "page");
    System.out.println("page");

    Gap gap = history.readMessages(channel, "AAAAAAAAAA", null, null, null, null, null).getGap();
    check(gap.getReason().equals("cursor_unknown") && gap.getChannel().equals(channel) && gap.getTo() != null, "gap");
    System.out.println("gap");

    Ticket ticket = new AccessApi(client).createTicket(
        new TicketRequest().addChannelsItem(channel).addRightsItem(TicketRequest.RightsEnum.SUBSCRIBE).seconds(10));
    check(ticket.getSeconds() == 10 && ticket.getUrls().getEvents().contains(ticket.getTicket()), "ticket");
    System.out.println("ticket");

    try {
      history.readMessages("without.history", null, null, null, null, null, null);
      check(false, "problem");
    } catch (ApiException failure) {
      Problem problem = Problem.fromJson(failure.getResponseBody());
      check(failure.getCode() == 404 && problem.getType().equals("urn:carillon:problem:no-history"), "problem");
    }
    String answer = "{\"channel\":\"news\",\"receivers\":1,\"of_a_newer_gateway\":true}";
    check(Published.fromJson(answer).getReceivers() == 1, "newer");
    System.out.println("problem");

    String stream = new StreamApi(client).streamChannel(channel, null, null, 1, null, null, null, null, "all", null);
    check(stream.contains("Grüße, "), stream);
    System.out.println("stream");
  }

  static void check(boolean ok, String what) {
    if (!ok) throw new AssertionError("failed: " + what);
  }
}
