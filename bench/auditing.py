"""``python bench/auditing.py``: what writing everything down costs, by the processor's clock.

The real auditor and the real journal on the machine's disk, fed as the other actors feed
them. Only the words are made up: a *goal* is two orders, two feeds and two answers, which
become nineteen records; a *frame* is a report that says nothing new, which becomes two.
"""

import argparse
import gc
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import trio
from typing_extensions import override

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.audit.auditor import Auditor
from actors.messages.catalogue import EMPTY
from actors.messages.codec import JournalCodec
from actors.messages.feeds import FeedEvent
from actors.messages.market import BookDelta, BookSnapshot
from actors.messages.race import Judged, Trigger
from actors.messages.records import Intent, Segment
from actors.messages.trading import Accepted, OrderDone, Sent
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey, MatchId, Score
from actors.runtime.env import RealEnv
from actors.runtime.health import Health
from actors.runtime.journal import Journal
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from bench.figures import percentile
from bench.matches import BenchMatch

CODEC: Final = JournalCodec()
MATCHES: Final = 40
LEVELS: Final = 8
"""Of each side of each book, as quiet makers leave them."""
GOAL_GAP_S: Final = 0.004
GOALS: Final = 1_000
WARM_GOALS: Final = 100
COLD_GAP_S: Final = 0.03
COLD_APPENDS: Final = 500
BURST: Final = 5_000
LOAD_S: Final = 10.0
LOAD_STEP_S: Final = 0.005
LOAD_DELTAS: Final = 10
"""In each step: 2,000 a second."""
LOAD_FRAMES: Final = 5
RECORDS_OF_A_GOAL: Final = 19


@attrs.define(eq=False)
class Spent(trio.abc.Instrument):
    """Processor time of each task's steps, all together and of the longest."""

    cpu_ns: dict[str, int] = attrs.field(factory=dict)
    longest_ns: dict[str, int] = attrs.field(factory=dict)
    _step_cpu_ns: int = 0

    @override
    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._step_cpu_ns = time.thread_time_ns()

    @override
    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        cpu_ns = time.thread_time_ns() - self._step_cpu_ns
        name = task.name.rpartition(".")[0].rpartition(".")[2]
        self.cpu_ns[name] = self.cpu_ns.get(name, 0) + cpu_ns
        self.longest_ns[name] = max(self.longest_ns.get(name, 0), cpu_ns)

    def clear(self) -> None:
        """Begin anew."""
        self.cpu_ns.clear()
        self.longest_ns.clear()


@attrs.define(eq=False, kw_only=True)
class Desk:
    """The auditor at work, and what is posted to it."""

    env: RealEnv
    journal: Journal
    inbox: Mailbox[object]
    spent: Spent
    frame_no: int = 0
    goals: int = 0

    def market(self, leg: int) -> tuple[BenchMatch, Ticker]:
        """Return some leg of the match that scores next."""
        match = BenchMatch(self.goals % MATCHES)
        return match, Ticker(match.legs[leg][0])

    def report(self, feed: str, match: BenchMatch) -> FeedEvent:
        """Return what a feed says of the newest goal."""
        self.frame_no += 1
        now_ns = self.env.now_ns()
        count = self.goals // MATCHES % 198
        return FeedEvent(
            feed=feed,
            epoch=1,
            frame_no=self.frame_no,
            kind="snapshot",
            feed_match=match.provider_id,
            home_name=match.home,
            away_name=match.away,
            score=Score((count + 1) // 2, count // 2),
            period="1H",
            clock_s=1_421,
            received_ns=now_ns,
            received_wall_ns=self.env.wall_ns(),
            decoded_ns=now_ns,
            raw=match.frame(count).encode(),
        )

    def delta(self, number: int) -> BookDelta:
        """Return one change of one level."""
        market, back = divmod(number, 2)
        return BookDelta(
            ticker=Ticker(BenchMatch(market % MATCHES).legs[0][0]),
            side="bid",
            price_pips=Pips(5_000),
            change_centi=CentiContracts(100 if back else -100),
            sid=1,
            seq=number,
            venue_ts_ms=1_795_363_395_149,
            received_ns=self.env.now_ns(),
        )

    def frame(self) -> Judged:
        """Return a report that says nothing new."""
        report = self.report("bravo", BenchMatch(self.frame_no % MATCHES))
        return Judged(report=report, judgement="repeat", judged_ns=self.env.now_ns())

    def snapshots(self) -> Iterator[BookSnapshot]:
        """Yield the book of every market."""
        for number in range(MATCHES):
            for ticker, _ in BenchMatch(number).legs:
                yield BookSnapshot(
                    ticker=Ticker(ticker),
                    bids=_ladder(5_000, -100),
                    asks=_ladder(5_100, 100),
                    sid=1,
                    seq=1,
                    received_ns=self.env.now_ns(),
                )

    async def goal(self, gap_s: float) -> None:
        """Play one goal: won, sent twice, echoed, answered twice."""
        match, _ = self.market(0)
        report = self.report("alpha", match)
        key = GoalKey(MatchId(match.event_ticker), self.goals // MATCHES, "2-1")
        won = Trigger(
            key=key,
            scorer="home",
            score=Score(2, 1),
            report=report,
            fresh_feeds=2,
            judged_ns=self.env.now_ns(),
        )
        sents = [self._sent(won, leg) for leg in (0, 1)]
        self.journal.sync_soon()
        for sent in sents:
            self.inbox.post(sent)
        self.inbox.post(
            Judged(report=report, judgement="trigger", key=key, judged_ns=won.judged_ns)
        )
        await trio.sleep(gap_s / 4)
        self.inbox.post(
            Judged(
                report=self.report("bravo", match),
                judgement="echo",
                key=key,
                behind_ns=2_000_000,
                judged_ns=self.env.now_ns(),
            )
        )
        for sent in sents:
            self.inbox.post(_done(sent, self.env.now_ns()))
        self.goals += 1
        await trio.sleep(gap_s * 3 / 4)

    def _sent(self, won: Trigger, leg: int) -> Sent:
        _, ticker = self.market(leg)
        client_order_id = f"bench{self.goals:019d}{leg:02d}"
        intent = _intent(won, ticker, "ask" if leg else "bid", client_order_id)
        seq, now_ns = self.journal.append(intent), self.env.now_ns()
        return Sent(
            trigger=won,
            key=won.key,
            purpose="entry",
            connection=leg,
            client_order_id=client_order_id,
            ticker=ticker,
            side="ask" if leg else "bid",
            limit_pips=Pips(5_300),
            count_centi=CentiContracts(1_000),
            exchange_index=0,
            worst_micros=MicroDollars(5_300_000),
            intent_seq=seq,
            gated_ns=now_ns,
            intent_ns=now_ns,
            sent_ns=now_ns,
            unsent_bytes=0,
        )


def _ladder(best: int, step: int) -> tuple[tuple[Pips, CentiContracts], ...]:
    return tuple(
        (Pips(best + number * step), CentiContracts(25_000 + number)) for number in range(LEVELS)
    )


def _intent(won: Trigger, ticker: Ticker, side: Side, client_order_id: str) -> Intent:
    return Intent(
        client_order_id=client_order_id,
        purpose="entry",
        match=won.key.match,
        generation=won.key.generation,
        state=won.key.state,
        ticker=ticker,
        side=side,
        limit_pips=5_300,
        count_centi=1_000,
        exchange_index=0,
        worst_micros=5_300_000,
        feed=won.report.feed,
        epoch=1,
        frame_no=won.report.frame_no,
        exit_due_wall_ns=won.report.received_wall_ns + 90_000_000_000,
        exit_floor_pips=100,
        entry_client_order_id="",
        body=f'{{"ticker":"{ticker}","client_order_id":"{client_order_id}","side":"{side}",'
        '"count":"10.00","price":"0.5300","time_in_force":"immediate_or_cancel"}',
    )


def _done(sent: Sent, now_ns: int) -> OrderDone:
    taken = Accepted(
        order_id="00000000-0000-4000-8000-000000000000",
        fill_count_centi=CentiContracts(0),
        average_fill_price_micros=None,
        venue_ts_ms=1_795_363_395_149,
    )
    return OrderDone(sent=sent, outcome=taken, first_byte_ns=now_ns, done_ns=now_ns)


@asynccontextmanager
async def at_work(folder: str) -> AsyncIterator[Desk]:
    """Open a journal in ``folder`` and the auditor over it; every book is known."""
    env, inbox, spent = RealEnv(), Mailbox[object]("auditor", 65_536), Spent()

    def opening(previous_anchor: str) -> Segment:
        return Segment(
            run="bench",
            account="bench",
            environment="sim",
            mono_ns=env.now_ns(),
            wall_ns=env.wall_ns(),
            commit="",
            config_sha256="",
            lock_sha256="",
            previous_anchor=previous_anchor,
        )

    journal = Journal.open(
        env, f"{folder}/journal", CODEC, opening, anchor_file=f"{folder}/anchors.log"
    )
    auditor = Auditor(
        env=env,
        journal=journal,
        inbox=inbox,
        catalogue=Latest(EMPTY),
        member="direct",
        known_trades=(),
        on_line=lambda _: None,
        health=Health("auditor"),
    )
    desk = Desk(env=env, journal=journal, inbox=inbox, spent=spent)
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        await nursery.start(auditor.run)
        for snapshot in desk.snapshots():
            inbox.post(snapshot)
        await trio.sleep(0.1)
        yield desk
        nursery.cancel_scope.cancel()
    journal.close()


async def paced_goals() -> list[str]:
    """Goals some milliseconds apart: all that they cost, by who spent it."""
    with tempfile.TemporaryDirectory() as folder:
        async with at_work(folder) as desk:
            for _ in range(WARM_GOALS):
                await desk.goal(GOAL_GAP_S)
            await trio.sleep(1.5)
            first_seq = desk.journal.last_seq
            trio.lowlevel.add_instrument(desk.spent)
            loop_ns, all_ns = time.thread_time_ns(), time.process_time_ns()
            for _ in range(GOALS):
                await desk.goal(GOAL_GAP_S)
            await trio.sleep(1.5)
            loop_ns = time.thread_time_ns() - loop_ns
            all_ns = time.process_time_ns() - all_ns
            trio.lowlevel.remove_instrument(desk.spent)
            records = desk.journal.last_seq - first_seq
    spent = desk.spent.cpu_ns
    rows = {
        "auditor's steps": spent["Auditor"],
        "journal's steps": spent["Journal"],
        "threads (sync)": all_ns - loop_ns,
        "feeding it, the two intents included": sum(spent.values())
        - spent["Auditor"]
        - spent["Journal"],
        "the loop between steps": loop_ns - sum(spent.values()),
        "all": all_ns,
    }
    lines = [f"goals {GOAL_GAP_S * 1e3:g} ms apart, {records / GOALS:.2f} records each"]
    lines += [_line(name, f"{ns / GOALS / 1e3:.1f} us") for name, ns in rows.items()]
    longest = desk.spent.longest_ns["Auditor"]
    return [*lines, _line("auditor's longest step", f"{longest / 1e3:.0f} us")]


async def bursts() -> list[str]:
    """Many of one kind at once: the least that each costs."""
    lines = ["many at once"]
    with tempfile.TemporaryDirectory() as folder:
        async with at_work(folder) as desk:
            trio.lowlevel.add_instrument(desk.spent)
            makers: dict[str, Callable[[int], object]] = {
                "delta": desk.delta,
                "frame": lambda _: desk.frame(),
            }
            for name, make in makers.items():
                for item in [make(number) for number in range(BURST)]:
                    desk.inbox.post(item)
                desk.spent.clear()
                while desk.inbox.depth:  # noqa: ASYNC110 - each look lets the auditor work on
                    await trio.sleep(0.001)
                lines.append(_line(name, f"{desk.spent.cpu_ns['Auditor'] / BURST / 1e3:.1f} us"))
            trio.lowlevel.remove_instrument(desk.spent)
    return lines


async def steady_load() -> list[str]:
    """2,000 changes of books and 1,000 frames a second."""
    with tempfile.TemporaryDirectory() as folder:
        async with at_work(folder) as desk:
            trio.lowlevel.add_instrument(desk.spent)
            number, steps = 0, int(LOAD_S / LOAD_STEP_S)
            deepest = warm_kb = 0
            began_s = trio.current_time()
            for step in range(steps):
                deepest = max(deepest, desk.inbox.depth)
                for _ in range(LOAD_DELTAS):
                    desk.inbox.post(desk.delta(number))
                    number += 1
                for _ in range(LOAD_FRAMES):
                    desk.inbox.post(desk.frame())
                if step == steps // 2:
                    warm_kb = _memory_kb()
                await trio.sleep_until(began_s + (step + 1) * LOAD_STEP_S)
            took_ns = (trio.current_time() - began_s) * 1e9
            trio.lowlevel.remove_instrument(desk.spent)
    cpu_ns, longest = desk.spent.cpu_ns, desk.spent.longest_ns
    both = cpu_ns["Auditor"] + cpu_ns["Journal"]
    return [
        f"2,000 deltas and 1,000 frames a second, {LOAD_S:g} s",
        _line("auditor and journal, of one core", f"{both / took_ns:.1%}"),
        _line("auditor's longest step", f"{longest['Auditor'] / 1e3:.0f} us"),
        _line("journal's longest step", f"{longest['Journal'] / 1e3:.0f} us"),
        _line("most that waited", str(deepest)),
        _line("peak memory, second half over first", f"{_memory_kb() - warm_kb} KiB"),
    ]


async def ready_appends() -> list[str]:
    """One ready body: in a hot loop, and after 30 ms of nothing."""
    lines = ["append_ready"]
    with tempfile.TemporaryDirectory() as folder:
        async with at_work(folder) as desk:
            match, ticker = desk.market(0)
            report = desk.report("alpha", match)
            key = GoalKey(MatchId(match.event_ticker), 0, "2-1")
            won = Trigger(
                key=key,
                scorer="home",
                score=Score(2, 1),
                report=report,
                fresh_feeds=2,
                judged_ns=0,
            )
            ready = CODEC.encode(_intent(won, ticker, "bid", "b" * 26))

            def once() -> int:
                began_ns = time.monotonic_ns()
                desk.journal.append_ready(*ready)
                return time.monotonic_ns() - began_ns

            lines.append(_spread("hot", [once() for _ in range(BURST)]))
            cold: list[int] = []
            for _ in range(COLD_APPENDS):
                await trio.sleep(COLD_GAP_S)
                cold.append(once())
                desk.journal.sync_soon()
            lines.append(_spread("30 ms apart, each synced", cold))
    return lines


def _memory_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _spread(name: str, took_ns: Sequence[int]) -> str:
    ordered = sorted(took_ns)
    p50, p99 = percentile(ordered, 0.5), percentile(ordered, 0.99)
    return _line(name, f"p50 {p50 / 1e3:.1f} us, p99 {p99 / 1e3:.1f} us")


def _line(name: str, figure: str) -> str:
    return f"  {name:<40}{figure:>28}"


PARTS: Final = {
    "goals": paced_goals,
    "bursts": bursts,
    "load": steady_load,
    "appends": ready_appends,
}


def main() -> None:
    """Measure the parts that are asked for and print the table."""
    parser = argparse.ArgumentParser(description="what writing everything down costs")
    parser.add_argument("parts", nargs="*", help=f"of: {', '.join(PARTS)}; all if none is named")
    asked = parser.parse_args().parts or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {unknown[0]}")
    # As in the trading process once it is ready (design section 8).
    gc.freeze()
    gc.disable()
    for name in asked:
        for line in trio.run(PARTS[name]):
            print(line)


if __name__ == "__main__":
    main()
