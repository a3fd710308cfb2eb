"""The scenario through the client of openapi-python-client."""
import base64
import io
import os

from carillon import AuthenticatedClient
from carillon.api.access import create_ticket
from carillon.api.history import read_messages
from carillon.api.introspection import count_subscribers, describe_channel, list_channels
from carillon.api.publish import publish, publish_batch
from carillon.api.stream import stream_channel
from carillon.models import (
    Batch,
    BatchMessage,
    BatchResults,
    ChannelCounts,
    ChannelInfo,
    ChannelPage,
    Gap,
    MessagePage,
    Problem,
    Published,
    Ticket,
    TicketRequest,
)
from carillon.models.ticket_request_rights_item import TicketRequestRightsItem
from carillon.types import File, Unset

CHANNEL = os.environ["CHANNEL"]
BINARY = bytes([0, 255, 128, 10, 34])


def body(message: str | bytes) -> File:
    """The generator takes bytes only."""
    return File(io.BytesIO(message.encode() if isinstance(message, str) else message))


with AuthenticatedClient(base_url=os.environ["CARILLON_URL"], token=os.environ["CARILLON_TOKEN"]) as client:
    text = publish.sync(CHANNEL, client=client, body=body('Grüße, "world"'))
    assert isinstance(text, Published) and text.channel == CHANNEL and text.id
    print("text")

    assert isinstance(publish.sync(CHANNEL, client=client, event="price", body=body('{ "price": 42.50 }')), Published)
    print("json")

    assert isinstance(publish.sync(CHANNEL, client=client, body=body(BINARY)), Published)
    print("bytes")

    first = publish.sync(CHANNEL, client=client, idempotency_key="retry-1", body=body("once"))
    again = publish.sync(CHANNEL, client=client, idempotency_key="retry-1", body=body("once"))
    assert isinstance(first, Published) and isinstance(again, Published)
    assert not first.replayed and again.replayed is True and again.id == first.id
    print("retry")

    batch = Batch(messages=[
        BatchMessage(channel=CHANNEL, data="from a batch"),
        BatchMessage(channel="no such name", data="nowhere"),
    ])
    results = publish_batch.sync(client=client, body=batch)
    assert isinstance(results, BatchResults)
    good, bad = results.results
    assert isinstance(good.type_, Unset) and good.channel == CHANNEL
    assert bad.type_ == "urn:carillon:problem:invalid-channel" and bad.status == 400
    print("batch")

    channels = list_channels.sync(client=client, counts=True)
    assert isinstance(channels, ChannelPage)
    listed = {channel.channel: channel for channel in channels.channels}
    assert listed[CHANNEL].listeners == 1
    print("list")

    counts = count_subscribers.sync(CHANNEL, client=client)
    assert isinstance(counts, ChannelCounts) and counts.listeners == 1
    described = describe_channel.sync(CHANNEL, client=client)
    assert isinstance(described, ChannelInfo)
    assert not isinstance(described.history, Unset) and described.history.length == 5
    print("counts")

    page = read_messages.sync(CHANNEL, client=client, since="all", limit=3)
    assert isinstance(page, MessagePage) and page.more and isinstance(page.gap, Unset)
    assert [each.data for each in page.messages[:2]] == ['Grüße, "world"', '{ "price": 42.50 }']
    assert page.messages[1].event == "price"
    assert page.messages[2].encoding == "base64" and base64.b64decode(page.messages[2].data) == BINARY
    rest = read_messages.sync(CHANNEL, client=client, after=page.next_)
    assert isinstance(rest, MessagePage) and not rest.more
    assert [each.data for each in rest.messages] == ["once", "from a batch"]
    print("page")

    lost = read_messages.sync(CHANNEL, client=client, after="AAAAAAAAAA")
    assert isinstance(lost, MessagePage) and isinstance(lost.gap, Gap)
    assert lost.gap.reason == "cursor_unknown" and lost.gap.channel == CHANNEL and lost.gap.to.tzinfo
    print("gap")

    request = TicketRequest(channels=[CHANNEL], rights=[TicketRequestRightsItem.SUBSCRIBE], seconds=10)
    ticket = create_ticket.sync(client=client, body=request)
    assert isinstance(ticket, Ticket) and ticket.seconds == 10
    assert not isinstance(ticket.urls.events, Unset) and ticket.ticket in ticket.urls.events
    print("ticket")

    problem = read_messages.sync("without.history", client=client)
    assert isinstance(problem, Problem)
    assert problem.type_ == "urn:carillon:problem:no-history" and problem.status == 404 and problem.detail
    assert Published.from_dict({"channel": "news", "receivers": 1, "of_a_newer_gateway": True}).receivers == 1
    print("problem")

    stream = stream_channel.sync(CHANNEL, client=client, since="all", limit=1)
    assert isinstance(stream, str) and 'data: Grüße, "world"\n' in stream
    print("stream")
