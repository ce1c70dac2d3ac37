"""The adversarial cases of reference ``feeds.md`` section 7 that a wire brings, at its core.

Each names its case; the cores' own tests hold the grammar behind it to its vectors.
"""

import json
import random

import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.feeds.arbiter import admission
from actors.feeds.codecs import polymarket
from actors.feeds.codecs.txline import TxLine
from actors.feeds.contest import Entrant
from actors.feeds.errors import FeedError, FeedGarbled, FeedLost, FeedStale
from actors.feeds.lightstreamer.requests import Account, Wanted
from actors.feeds.lightstreamer.session import Behind, Cleared, Ended, Looped, Lost, Session
from actors.feeds.pull.answers import Exchange, Head
from actors.feeds.pull.event_stream import EventStream
from actors.feeds.pull.polling import Polling
from actors.feeds.signalr.delta import Topics, merged
from actors.feeds.signalr.hub import HubClient, HubServer
from actors.feeds.signalr.records import Close, Invocation, Sequence, write
from actors.messages.feeds import FeedEvent, Kind
from actors.model.score import Score
from actors.runtime.errors import MailboxFull
from actors.runtime.mailbox import Mailbox
from actors.runtime.rfc6455 import Closed, Event, Failed, FrameReader, Ping
from tests.feeds.provider import GOAL, HANG_UP, Provider, feed_of
from tests.feeds.story import FIVE, MATCH, SECOND, Story, judgements, reasons

DATE = "Sun, 22 Nov 2026 20:00:00 GMT"


def poller() -> Polling:
    return Polling(every_s=1.0, rng=random.Random(1))


def head(status: int = 200, **headers: str) -> Head:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Head(status=status, headers=named)


def test_a13_a_stale_body_after_a_newer_one_is_neither_news_nor_life() -> None:
    polling = poller()

    assert polling.take(head(date=DATE, age="0"), b"1-0", 0.0) == "news"
    assert polling.take(head(date=DATE, age="60"), b"0-0", 1.0) == "stale"


def test_a13_ten_minutes_of_304_are_life_and_no_news() -> None:
    polling = poller()
    polling.take(head(etag='"1"'), b"1-0", 0.0)

    assert {polling.take(head(304), b"", float(at_s)) for at_s in range(1, 600)} == {"alive"}


def test_a13_a_body_that_differs_under_the_same_mark_is_news() -> None:
    polling = poller()
    polling.take(head(etag='"1"'), b"0-0", 0.0)

    assert polling.take(head(etag='"1"'), b"1-0", 1.0) == "news"


@pytest.mark.parametrize("frozen", FIVE)
def test_a14_a_feed_whose_data_froze_under_its_heartbeats_neither_wins_nor_counts(
    frozen: str,
) -> None:
    story = Story({name: Entrant(dead_after_ns=30 * SECOND) for name in (frozen, "zoe")})
    story.all_at("0-0")
    story.say("zoe", "1-0", 20)
    for at_s in range(21, 81, 5):
        story.beat(frozen, "zoe", at_s=at_s)

    story.say("zoe", "2-0", 82)
    late = story.say(frozen, "2-1", 83)

    assert story.sizes_pm == [1_000, 500], "nobody is left who could deny the second goal"
    assert reasons(late) == ["out of touch"]


async def test_a15_data_without_heartbeats_keep_a_connection(autojump_clock: MockClock) -> None:
    provider = Provider([[(10, GOAL)] * 6])

    with pytest.raises(FeedStale):
        await feed_of(provider, lambda _: None, dead_after_s=12).run()

    assert trio.current_time() == pytest.approx(60 + 12)


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (None, FeedStale),
        (FeedLost("the peer is gone"), FeedLost),
        (HANG_UP, FeedLost),
        (GOAL[:20], FeedGarbled),
    ],
    ids=["half open", "reset", "fin", "cut frame"],
)
async def test_a16_however_a_connection_ends_the_race_hears_of_it_at_once(
    autojump_clock: MockClock, end: str | FeedLost | None, error: type[FeedError]
) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(1, GOAL), *([] if end is None else [(1.0, end)])]])

    with pytest.raises(error):
        await feed_of(provider, told.append, dead_after_s=12).run()

    assert told[-1].kind == "closed"
    assert told[-1].received_ns == (13 if end is None else 2) * SECOND


def action(seq: int, ts_s: int, goals: tuple[int, int], what: str = "goal", **more: object) -> str:
    score = {
        f"Participant{number}": {"Total": {"Goals": scored}}
        for number, scored in enumerate(goals, 1)
    }
    body = {"FixtureId": 7, "Seq": seq, "Ts": 1_000 * ts_s, "Action": what, "StatusId": 2}
    return json.dumps({**body, "Participant1IsHome": True, "Score": score, **more})


def scores(dialect: TxLine, *frames: str) -> list[str]:
    """Return the scores that frames of an open stream tell of, each after the last."""
    told = [one.score.text for each in frames for one in dialect(each) if one.score is not None]
    return [text for at, text in enumerate(told) if at == 0 or text != told[at - 1]]


def test_a27_a_gap_a_reset_and_the_same_number_twice() -> None:
    dialect = TxLine()
    dialect.begin(1_000)

    assert scores(dialect, action(1, 1_010, (0, 0)), action(9, 1_020, (1, 0))) == ["0-0", "1-0"]
    assert scores(dialect, action(9, 1_020, (7, 7))) == [], "the same number says the same"
    assert scores(dialect, action(1, 1_030, (1, 1))) == ["1-1"], "a provider that started anew"


@pytest.mark.parametrize("stamp_ns", [None, -1, 1, 10**9, 4 * 10**18, 2**63 - 1])
def test_a28_a_providers_time_decides_nothing(stamp_ns: int | None) -> None:
    story = Story()
    story.all_at("0-0")

    assert judgements(story.say("ada", "1-0", 60, provider_ts_ns=stamp_ns)) == ["trigger"]


def test_a29_a_patch_before_its_state_waits_and_one_beside_its_array_is_refused() -> None:
    topics = Topics()
    assert not topics.patch("match", {"7": {"h": 1}})
    topics.snapshot({"match": {"7": {"h": 0, "a": 0}}})

    assert topics.state("match") == {"7": {"h": 1, "a": 0}}
    with pytest.raises(FeedGarbled):
        merged({"a": [1]}, {"a": {"5": 1}})


def test_a29_a_score_that_is_deleted_is_no_score() -> None:
    state = merged({"7": {"home_score": 1, "away_score": 0}}, {"7": {"_deleted": ["home_score"]}})

    assert state == {"7": {"away_score": 0}}


def hub(*, stateful: bool = False) -> HubClient:
    client, server = HubClient(stateful=stateful), HubServer(stateful=stateful)
    server.open(0.0)
    client.open(0.0)
    for one, other in ((client, server), (server, client)):
        for text in one.take():
            other.feed(text, 0.0)
    return client


def news(number: int) -> Invocation:
    return Invocation(target="feed", arguments=[number])


def test_a30_what_is_repeated_after_a_sequence_is_dropped_and_a_hole_ends_it() -> None:
    client = hub(stateful=True)
    client.feed(write(news(1)) + write(news(2)), 1.0)
    client.reopen(2.0)

    assert client.feed(write(Sequence(2)) + write(news(2)) + write(news(3)), 2.0) == [news(3)]
    client.reopen(3.0)
    with pytest.raises(FeedGarbled):
        client.feed(write(Sequence(9)), 3.0)


def test_a30_a_refused_handshake_a_close_for_good_and_an_endless_record() -> None:
    refused = HubClient()
    refused.open(0.0)
    with pytest.raises(FeedGarbled):
        refused.feed('{"error":"no"}\x1e', 0.0)

    closed = hub()
    last = Close(error="enough", allow_reconnect=False)
    assert closed.feed(write(last) + write(news(1)), 1.0) == [last]
    with pytest.raises(FeedGarbled):
        hub().feed("x" * 2_000_000, 1.0)


@given(cuts=st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_a30_records_that_are_split_oddly_are_the_same_records(cuts: list[int]) -> None:
    text, client, heard = write(news(1)) + write(news(2)), hub(), []
    for cut in [*cuts, len(text)]:
        heard += client.feed(text[:cut], 1.0)
        text = text[cut:]

    assert heard == [news(1), news(2)]


WANTED = Wanted(group="match.1", schema=("home", "h", "a"))
CONOK = "CONOK,S1,50000,5000,*\r\n"
STREAM = f"WSOK\r\n{CONOK}REQOK,1\r\nSUBOK,1,1,3\r\nCONF,1,unlimited,filtered\r\n"


def tlcp(*lines: str) -> Session:
    session = Session(Account(adapter_set="SPORTS"), [WANTED])
    session.open(0.0)
    session.feed("".join(lines), 0.0)
    session.take()
    return session


@pytest.mark.parametrize(
    "line",
    ["U,1,1,|1|", "U,1,1,Ajax|^9", "U,1,1,Ajax|^Ta|0"],
    ids=["unchanged at first", "overrun", "difference of nothing"],
)
def test_a31_an_update_that_leaves_a_row_in_doubt_ends_the_session(line: str) -> None:
    session = tlcp(STREAM)

    with pytest.raises(FeedGarbled):
        session.feed(line + "\r\n", 1.0)
    assert session.session == ""


def test_a31_what_was_lost_or_cleared_is_told() -> None:
    session = tlcp(STREAM, "U,1,1,Ajax|0|0\r\n")

    told = session.feed("OV,1,1,3\r\nSYNC,20\r\nCS,1,1\r\n", 1.0)

    assert [type(one) for one in told] == [Lost, Behind, Cleared]


def test_a31_a_recovery_from_less_repeats_and_one_from_more_begins_anew() -> None:
    goal = "U,1,1,Ajax|1|0\r\n"
    less, more = tlcp(STREAM, goal), tlcp(STREAM, goal)
    for session in (less, more):
        session.open(2.0)
        session.take()

    assert len(less.feed(f"WSOK\r\n{CONOK}PROG,2\r\n{goal}U,1,1,|2|\r\n", 2.0)) == 2
    (ended,) = more.feed(f"WSOK\r\n{CONOK}PROG,9\r\n", 2.0)
    assert isinstance(ended, Ended)
    assert ended.cure == "anew"


def test_a31_a_storm_of_loops_keeps_one_session_and_its_count() -> None:
    session = tlcp(STREAM, "U,1,1,Ajax|0|0\r\n")
    count = session.count

    for _ in range(200):
        assert session.feed("LOOP,0\r\n", 1.0) == [Looped(0)]
        session.take()
        session.feed(CONOK, 1.0)

    assert (session.session, session.count) == ("S1", count)


@pytest.mark.parametrize("line", ["END,48,over", "CONERR,1,no such user"])
def test_a31_an_end_and_a_refusal_are_told_and_nothing_after_them_counts(line: str) -> None:
    session = Session(Account(adapter_set="SPORTS"), [WANTED])
    session.open(0.0)
    session.feed("WSOK\r\n" + (CONOK if line.startswith("END") else ""), 0.0)

    (ended,) = session.feed(line + "\r\nU,1,1,a|1|0\r\n", 1.0)

    assert isinstance(ended, Ended)


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"\xef\xbb\xbfdata: 1-0\n\n", ["1-0"]),
        (b"data: 1-0\r\rdata: 2-0\r\r", ["1-0", "2-0"]),
        ("data: Curaçao\n\n".encode(), ["Curaçao"]),
        (b":\n\n:\n\ndata: 1-0\n\n", ["1-0"]),
        (b"retry: 0\ndata: 1-0\n\n", ["1-0"]),
        (b"<html><body>maintenance</body></html>\n\n", []),
    ],
    ids=["mark", "CR alone", "split text", "comments", "retry 0", "a page"],
)
def test_a32_an_event_stream_is_read_byte_by_byte_as_it_is_whole(
    stream: bytes, data: list[str]
) -> None:
    whole, bytewise = EventStream(), EventStream()

    assert [one.data for one in whole.feed(stream) if one is not None] == data
    told = [one for at in range(len(stream)) for one in bytewise.feed(stream[at : at + 1])]
    assert [one.data for one in told if one is not None] == data


def websocket(*frames: bytes, max_bytes: int = 200_000) -> list[Event]:
    reader = FrameReader(max_bytes)
    return [event for frame in frames for event in reader.feed(frame)]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([b"\x81\x02\xc3\x28"], 1007),
        ([b"\xc1\x00"], 1002),
        ([b"\x81\x81abcdx"], 1002),
        ([b"\x01\x7f" + (600_000).to_bytes(8, "big")], 1009),
    ],
    ids=["bad text", "reserved bit", "masked", "too long"],
)
def test_a33_what_no_server_may_send_ends_the_connection(frames: list[bytes], code: int) -> None:
    failed = websocket(*frames)[-1]

    assert isinstance(failed, Failed)
    assert failed.code == code


def test_a33_a_flood_of_pings_and_a_goodbye_are_told_as_they_are() -> None:
    told = websocket(b"\x89\x00" * 5_000, b"\x88\x02\x03\xf4")

    assert told[:-1] == [Ping(b"")] * 5_000
    assert isinstance(told[-1], Closed)
    assert told[-1].code == 1012


def test_a33_a_megabyte_in_fragments_fails_at_its_bound_and_not_after_it() -> None:
    piece = b"x" * 60_000
    frames = [b"\x01\x7e\xea\x60" + piece, *[b"\x00\x7e\xea\x60" + piece] * 16]

    failed = websocket(*frames)[-1]

    assert isinstance(failed, Failed)
    assert failed.code == 1009


def test_a34_a_busy_server_is_left_alone_until_the_date_that_it_names() -> None:
    polling = poller()

    retry_after = "Sun, 22 Nov 2026 20:00:09 GMT"
    assert polling.take(head(429, retry_after=retry_after, date=DATE), b"", 0.0) == "failed"
    assert 9.0 <= polling.next_s <= 10.0
    for _ in range(500):
        assert polling.take(head(503), b"", 100.0) == "failed"
    assert polling.next_s <= 140.0
    assert polling.take(head(302, location="https://login/"), b"", 200.0) != "news"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    ],
    ids=["packed", "endless"],
)
def test_a34_a_packed_or_endless_answer_ends_the_connection(answer: bytes) -> None:
    with pytest.raises(FeedGarbled):
        read_all(answer)


def read_all(answer: bytes) -> None:
    exchange = Exchange()
    exchange.ask("h", "/", [])
    exchange.feed(answer)
    while exchange.next():
        pass


def test_a37_a_virtual_fixture_is_no_match() -> None:
    dialect = TxLine()
    dialect.begin(1_000)

    assert scores(dialect, action(1, 1_010, (0, 0), VirtualFixture=True)) == []


def saying(kind: Kind) -> FeedEvent:
    return FeedEvent(
        feed="ada",
        epoch=1,
        frame_no=1,
        kind=kind,
        feed_match="1",
        score=Score(1, 0) if kind in {"score", "snapshot"} else None,
        received_ns=0,
        received_wall_ns=0,
        decoded_ns=0,
    )


def test_a38_an_arbiter_that_is_behind_misses_clocks_and_never_a_score() -> None:
    inbox = Mailbox[FeedEvent]("arbiter", 64)
    admit = admission(inbox)

    for _ in range(500):
        admit(saying("clock"))
        admit(saying("heartbeat"))
    told = [saying(kind) for kind in ("score", "retraction", "snapshot", "review", "closed") * 6]
    for one in told:
        admit(one)

    waiting = [inbox.receive_nowait() for _ in range(inbox.depth)]
    assert [one for one in waiting if one.kind not in {"clock", "heartbeat"}] == told
    assert len(waiting) == 32 + len(told)


def test_a38_a_score_for_which_there_is_no_room_is_a_fault_and_not_a_loss() -> None:
    inbox = Mailbox[FeedEvent]("arbiter", 4)
    admit = admission(inbox)
    for _ in range(4):
        admit(saying("score"))

    with pytest.raises(MailboxFull):
        admit(saying("score"))


@pytest.mark.parametrize(
    "score",
    ['"1.0-0"', "NaN", "-1", '"-1-0"', '"99-"', '"1-0-0"', "1.5", "[1,0]", '"\u0661-\u0660"'],
)
def test_a39_a_score_that_is_none_never_becomes_one(score: str) -> None:
    frame = f'{{"gameId":1,"score":{score},"period":"1H","live":true,"ended":false}}'

    try:
        said = polymarket.decode(frame)
    except FeedGarbled:
        return
    assert all(one.score is None for one in said)


@pytest.mark.parametrize("order", [FIVE, tuple(reversed(FIVE))])
def test_a39_a_score_that_no_match_reaches_in_one_step_is_not_traded(
    order: tuple[str, ...],
) -> None:
    story = Story()
    story.all_at("0-0")

    story.say(order[0], "99-0", 60)
    story.wait_until(80)

    assert story.triggers == []
    assert story.race.standing(MATCH) is not None
    assert story.standing == (1, "0-0")
