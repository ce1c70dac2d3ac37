"""Laws of the bench's load: it is what it says, it scores no goal, and its books stay sane."""

import random
import socket
from collections import Counter
from collections.abc import Iterator

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.feeds.codecs import polymarket
from actors.model.book import Book
from actors.model.orders import Ticker
from actors.sim.control import CommandRefused
from actors.sim.venue.engine import Venue
from actors.sim.venue.events import BookChanged, VenueEvent
from bench import feedload
from bench.deltas import Deltas
from bench.feedload import FeedLoad, Standing
from bench.harness import FEEDS, PING, FeedLine, text_frame
from bench.load import Memory
from bench.matches import matches
from bench.steps import Recorded, spent
from bench.venue_process import open_venue

MATCHES = 6


@attrs.define(eq=False)
class Ear:
    """Takes what a load says, in place of a harness."""

    heard: list[tuple[str, bytes]] = attrs.field(factory=list)

    def say(self, name: str, frame: bytes) -> None:
        self.heard.append((name, frame))


@attrs.define(eq=False)
class Hand:
    """A clock that is moved by hand."""

    at_s: float = 100.0

    def now_s(self) -> float:
        return self.at_s


@pytest.fixture
def hand() -> Hand:
    return Hand()


def talker(hand: Hand, ear: Ear, standing: Standing) -> FeedLoad:
    load = FeedLoad(
        harness=ear,
        played=matches(MATCHES),
        standing=standing,
        per_s=1_000,
        now_s=hand.now_s,
    )
    load()
    load.running = True
    return load


def talk(hand: Hand, standing: Standing, seconds: float) -> Ear:
    ear = Ear()
    load = talker(hand, ear, standing)
    until_s = hand.at_s + seconds
    while hand.at_s < until_s:
        hand.at_s += min(load() + 1e-6, until_s - hand.at_s)
    return ear


def payload(frame: bytes) -> bytes:
    return frame[4:] if frame[1] == 126 else frame[2:]


def test_the_feeds_say_as_much_as_was_asked_for_and_each_its_share(hand: Hand) -> None:
    heard = talk(hand, Standing([0] * MATCHES), 2.0).heard
    count = Counter(name for name, _ in heard)

    assert len(heard) == pytest.approx(2_000, abs=2)
    assert set(count) == set(FEEDS)
    assert max(count.values()) - min(count.values()) <= 1


def test_every_frame_of_the_load_is_in_the_dialect_and_none_is_ahead(hand: Hand) -> None:
    goals = [3, 0, 4, 1, 7, 2]
    known = {match.provider_id: goals[match.number] for match in matches(MATCHES)}
    kinds: Counter[str] = Counter()
    for _, frame in talk(hand, Standing(goals), 3.0).heard:
        for said in polymarket.decode(payload(frame).decode()):
            ours = said.feed_match in known
            kinds["heartbeat" if said.kind == "heartbeat" else "state" if ours else "other"] += 1
            if ours and said.score is not None:
                assert said.score.home + said.score.away == known[str(said.feed_match)]

    total = sum(kinds.values())
    assert kinds["state"] / total == pytest.approx(0.7, abs=0.02)
    assert kinds["other"] / total == pytest.approx(0.2, abs=0.02)


def test_nobody_talks_about_a_match_in_which_a_goal_is_under_way(hand: Hand) -> None:
    standing = Standing([0] * MATCHES, under_way=2)
    silent = matches(MATCHES)[2].provider_id.encode()

    assert not any(silent in frame for _, frame in talk(hand, standing, 2.0).heard)


def test_what_could_not_be_said_in_time_is_not_said_all_at_once(hand: Hand) -> None:
    ear = Ear()
    load = talker(hand, ear, Standing([0] * MATCHES))
    load()
    hand.at_s += 60.0
    before = len(ear.heard)
    load()

    assert len(ear.heard) - before <= 1_000 * feedload.BEHIND_S + 1


@pytest.fixture
def pair() -> Iterator[tuple[FeedLine, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    theirs.settimeout(5)
    with ours, theirs:
        yield FeedLine(ours), theirs


def test_what_a_slow_reader_has_not_taken_waits_in_order(
    pair: tuple[FeedLine, socket.socket],
) -> None:
    line, theirs = pair
    frames = [text_frame(f"{number:06d}" * 100) for number in range(3_000)]
    for frame in frames:
        line.send(frame)
    assert line.waiting
    taken = bytearray()
    while len(taken) < sum(map(len, frames)):
        taken += theirs.recv(1 << 16)
        line.flush()

    assert taken == b"".join(frames)
    assert (line.frames, line.heartbeats) == (3_000, 0)


def test_heartbeats_are_counted_apart(pair: tuple[FeedLine, socket.socket]) -> None:
    line, _ = pair
    for frame in (PING, text_frame("{}"), PING):
        line.send(frame)

    assert (line.frames, line.heartbeats) == (3, 2)


@attrs.define(eq=False)
class Reader:
    """Keeps books by what the venue tells, as a client does."""

    books: dict[str, Book] = attrs.field(factory=dict)
    heard: int = 0

    def hear(self, event: VenueEvent) -> None:
        if isinstance(event, BookChanged) and event.ticker in self.books:
            self.heard += 1
            self.books[event.ticker].change(event.side, event.price_pips, event.change_centi)


async def test_books_follow_the_changes_that_are_told(autojump_clock: MockClock) -> None:
    listed = matches(MATCHES)
    tickers = [Ticker(ticker) for match in listed for ticker, _ in match.legs]
    venue = Venue(now_us=lambda: round(trio.current_time() * 1e6), rng=random.Random(1))
    open_venue(venue, listed)
    deltas, reader = Deltas(venue, tickers), Reader()
    for ticker in tickers:
        depth = venue.book(ticker)
        reader.books[ticker] = Book()
        bids, asks = (
            [(level.price_pips, level.count_centi) for level in side]
            for side in (depth.bids, depth.asks)
        )
        reader.books[ticker].replace(bids, asks)
    venue.listen(reader.hear)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deltas.run)
        await deltas.load({"do": "load", "per_s": 2_000})
        await trio.sleep(5)
        nursery.cancel_scope.cancel()

    assert reader.heard == deltas.sent == pytest.approx(10_000, rel=0.01)
    for ticker in tickers:
        depth, book = venue.book(ticker), reader.books[ticker]
        assert (book.bids(), book.asks()) == (depth.bids, depth.asks)
        assert depth.bids[0].price_pips < depth.asks[0].price_pips


@pytest.mark.parametrize("per_s", [-1, 1e9, "fast", None])
async def test_a_rate_that_is_none_is_refused(per_s: object) -> None:
    venue = Venue(now_us=lambda: 0, rng=random.Random(1))

    with pytest.raises(CommandRefused):
        await Deltas(venue, []).load({"per_s": per_s})


def test_steps_are_split_at_the_order_of_their_goal() -> None:
    recorded = Recorded(
        names=["arbiter", "auditor"],
        which=[1, 0, 1, 0, 1, 1],
        began_ns=[50, 110, 160, 310, 360, 500],
        took_ns=[7_000, 1_000, 2_000, 3_000, 4_000, 5_000],
    )
    rows = {row.name: row for row in spent(recorded, [(100, 150), (300, 350)])}

    assert (rows["arbiter"].before_us, rows["arbiter"].after_us) == (2.0, 0.0)
    # Before the first goal, and after the last one's order, nobody knows whose it is.
    assert (rows["auditor"].before_us, rows["auditor"].after_us) == (0.0, 1.0)
    assert rows["auditor"].steps == 0.5


def test_memory_that_grows_late_is_seen_and_a_start_is_forgiven() -> None:
    memory = Memory(pid=0)
    memory.samples = [(float(at_s), 100_000 - max(0, 60 - at_s) * 900) for at_s in range(0, 600, 2)]
    assert memory.slope_kib_a_minute(120.0) == pytest.approx(0.0)

    memory.samples = [(float(at_s), 100_000 + 50 * at_s) for at_s in range(0, 600, 2)]
    assert memory.slope_kib_a_minute(120.0) == pytest.approx(3_000.0)
