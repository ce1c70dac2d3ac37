"""Both ends of a hub connection: the handshake, the pings, and what a drop may cost."""

import contextlib
import json

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedGarbled
from actors.feeds.signalr.hub import Hub, HubClient, HubServer
from actors.feeds.signalr.records import (
    Ack,
    Close,
    Completion,
    Invocation,
    Ping,
    Record,
    Sequence,
    write,
    written,
)
from tests.shared import shared

VECTORS = json.loads(shared("spec", "feeds", "signalr_vectors.json").read_text("utf-8"))


def news(number: int) -> Invocation:
    return Invocation(target="feed", arguments=[number])


def carry(one: Hub, other: Hub, now_s: float) -> list[Record]:
    """Let ``other`` hear everything that ``one`` has to say."""
    return [record for text in one.take() for record in other.feed(text, now_s)]


def pair(*, stateful: bool = False) -> tuple[HubClient, HubServer]:
    client, server = HubClient(stateful=stateful), HubServer(stateful=stateful)
    server.open(0.0)
    client.open(0.0)
    carry(client, server, 0.0)
    carry(server, client, 0.0)
    assert client.stage == server.stage == "open"
    return client, server


def test_the_handshake_is_the_specifications() -> None:
    for stateful, name in ((False, "client_v1"), (True, "client_v2_stateful")):
        client = HubClient(stateful=stateful)
        client.open(0.0)
        assert client.take() == [VECTORS["handshake"][name]]
        client.feed(VECTORS["handshake"]["server_ok"], 0.0)
        # The official client's first word after it.
        assert client.take() == [write(Ping())]


def test_a_refused_handshake_says_why() -> None:
    client = HubClient()
    client.open(0.0)
    with pytest.raises(FeedGarbled, match="messagepack"):
        client.feed(VECTORS["handshake"]["server_err"], 0.0)
    server = HubServer(stateful=False)
    server.open(0.0)
    server.feed(written({"protocol": "messagepack", "version": 1}), 0.0)
    assert server.take() == [VECTORS["handshake"]["server_err"]]
    assert server.stage == "over"


def test_an_answer_and_the_first_records_may_share_a_frame() -> None:
    client = HubClient()
    client.open(0.0)

    assert client.feed(written({}) + write(news(1)) + write(Ping()), 0.0) == [news(1), Ping()]


def test_a_call_is_answered_by_its_id() -> None:
    client, server = pair()
    key = client.call("Subscribe", [["match"]], 1.0)
    calls = [one for one in carry(client, server, 1.0) if isinstance(one, Invocation)]
    assert [call.id for call in calls] == [key]

    server.answer(calls[0], {"match": {}}, 1.0)

    assert carry(server, client, 1.0) == [Completion(id=key, result={"match": {}}, has_result=True)]


def test_a_ping_is_due_fifteen_seconds_after_our_own_last_word() -> None:
    client, _ = pair()
    client.take()
    assert client.due_s == 15.0

    # What the peer says meanwhile changes nothing.
    client.feed(write(news(1)), 14.0)
    client.tick(14.9)
    assert client.take() == []
    client.tick(15.0)

    assert client.take() == [write(Ping())]
    assert client.due_s == 30.0


def test_a_silent_peer_is_dead_after_thirty_seconds() -> None:
    client, _ = pair()
    client.feed(write(Ping()), 7.0)
    assert client.dead_at_s == 37.0


def test_nothing_counts_after_a_close() -> None:
    client, _ = pair()
    close = Close(error="enough", allow_reconnect=True)
    assert client.feed(write(close) + write(news(1)), 1.0) == [close]
    assert client.stage == "over"


def test_a_resumed_connection_behaves_as_the_captured_one() -> None:
    client, server = pair(stateful=True)
    server.take()
    for number in range(1, 5):
        server.send(news(number), 1.0)
    sent = server.take()
    assert [client.feed(text, 1.0) for text in sent] == [[news(n)] for n in range(1, 5)]
    # The acknowledgement of three was heard, the fourth's was not.
    server.feed(write(Ack(3)), 1.5)
    server.send(news(5), 2.0)
    server.take()

    client.reopen(3.0)
    server.reopen(3.0)

    assert client.take() == [write(Sequence(1))]
    said = server.take()
    assert said == [write(Sequence(4)), write(news(4)), write(news(5))]
    assert client.feed("".join(said), 3.0) == [news(5)]
    client.tick(4.0)
    assert client.take() == [write(Ack(5))]


def test_acknowledgements_come_a_second_after_the_first_record_and_are_shared() -> None:
    client, _ = pair(stateful=True)
    client.take()
    client.feed(write(news(1)), 1.0)
    client.feed(write(news(2)) + write(news(3)), 1.9)
    assert client.due_s == 2.0

    client.tick(2.0)

    assert client.take() == [write(Ack(3))]
    assert client.due_s == 17.0


def test_nothing_counts_before_the_sequence() -> None:
    client, _ = pair(stateful=True)
    client.reopen(1.0)

    assert client.feed(write(news(1)) + write(Sequence(1)) + write(news(2)), 1.0) == [news(2)]


@pytest.mark.parametrize("number", [0, 3])
def test_a_sequence_that_leaves_a_hole_ends_the_connection(number: int) -> None:
    client, _ = pair(stateful=True)
    client.feed(write(news(1)), 0.5)
    client.reopen(1.0)
    with pytest.raises(FeedGarbled):
        client.feed(write(Sequence(number)), 1.0)
    assert client.stage == "over"


def test_a_peer_that_acknowledges_nothing_is_given_up() -> None:
    _, server = pair(stateful=True)
    big = Invocation(target="feed", arguments=["x" * 60_000])
    server.send(big, 1.0)
    with pytest.raises(FeedGarbled):
        server.send(big, 1.0)


@given(st.lists(st.sampled_from(["send", "lose", "drop", "ack"]), max_size=30))
def test_whatever_is_dropped_everything_arrives_once_and_in_order(acts: list[str]) -> None:
    client, server = pair(stateful=True)
    server.take()
    now_s, sent, heard = 1.0, 0, []
    for act in [*acts, "drop"]:
        now_s += 2.0
        if act == "ack":
            client.tick(now_s)
            carry(client, server, now_s)
            continue
        if act == "drop":
            client.reopen(now_s)
            server.reopen(now_s)
            carry(client, server, now_s)
        else:
            sent += 1
            server.send(news(sent), now_s)
        if act == "lose":
            server.take()
            client.reopen(now_s)
            server.reopen(now_s)
        heard += [one for one in carry(server, client, now_s) if isinstance(one, Invocation)]
    assert heard == [news(number) for number in range(1, sent + 1)]


@given(
    st.lists(
        st.sampled_from(
            [
                written({}),
                write(Ping()),
                write(news(1)),
                write(Sequence(1)),
                write(Ack(1)),
                write(Close()),
            ]
        )
        | st.text(max_size=5),
        max_size=12,
    ),
    st.booleans(),
)
def test_one_byte_at_a_time_says_what_all_at_once_says(
    said: list[str],
    stateful: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    stream = (written({}) + "".join(said)).encode()
    whole, single = HubClient(stateful=stateful), HubClient(stateful=stateful)
    told: dict[Hub, list[Record]] = {whole: [], single: []}
    for hub, pieces in ((whole, [stream]), (single, [bytes([byte]) for byte in stream])):
        hub.open(0.0)
        with contextlib.suppress(FeedGarbled):
            for piece in pieces:
                told[hub] += hub.feed(piece, 1.0)

    assert whole.stage == single.stage
    assert whole.take() == single.take()
    if whole.stage == "open":
        assert told[whole] == told[single]
