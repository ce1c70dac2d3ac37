"""A day at the venue: orders that really trade there, told to a real auditor as actors tell it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio

from actors.audit.auditor import Auditor
from actors.audit.errors import NotReconciled
from actors.audit.reconciler import Reconciler
from actors.audit.recovery import recover
from actors.audit.statement import Statement
from actors.messages.catalogue import Catalogue
from actors.messages.records import Intent, Reconciled, Segment
from actors.messages.recovered import Recovered
from actors.messages.trading import Accepted, FillSeen, OrderDone
from actors.model.fees import MemberClass
from actors.model.money import CentiContracts
from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey
from actors.runtime.disk import MemoryDisk
from actors.runtime.health import Health
from actors.runtime.journal import Journal
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.sim.venue.views import FillView
from tests.audit.counter import Counter
from tests.audit.words import KEY, MATCH, fill_of, frame, intent_of, sent_of, the_match, trigger
from tests.runtime.journals import ANCHORS, CODEC, FOLDER, entries, memory_disk, opening
from tests.sim.venue.hall import HOME, Clock, Hall, open_hall, order, quote


@attrs.define(eq=False, kw_only=True)
class Day:
    """One account's day. Make it with ``open_day`` inside a seeded clock."""

    env: SeededEnv
    disk: MemoryDisk
    hall: Hall
    counter: Counter
    journal: Journal
    auditor: Auditor
    inbox: Mailbox[object]
    recovered: Recovered
    lines: list[str]
    stop: trio.CancelScope
    """Ends the auditor's present life."""
    _goals: int = attrs.field(init=False, default=0)

    def records(self, *kinds: type) -> list[object]:
        """Return the journal's records of these kinds, oldest first."""
        return [each.record for each in entries(self.disk) if isinstance(each.record, kinds)]

    def goal(self) -> GoalKey:
        """Return the next key."""
        self._goals += 1
        return GoalKey(MATCH, 0, f"{self._goals}-0")

    def trade(
        self,
        side: Side,
        price_pips: int,
        count_centi: int,
        *,
        ticker: Ticker = HOME,
        key: GoalKey = KEY,
        entry: str = "",
        attempt: int = 0,
        tell_fills: bool = True,
        tell_outcome: bool = True,
    ) -> Intent:
        """Send one order as the trader does: intent, send, answer, fills from the stream."""
        intent = intent_of(
            side, price_pips, count_centi, ticker=ticker, key=key, entry=entry, attempt=attempt
        )
        seq = self.journal.append(intent)
        won = None if entry else trigger(key, frame(received_ns=self.env.now_ns() + 1))
        sent = sent_of(intent, seq, at_ns=self.env.now_ns() + 300_000, won=won)
        before = len(self.fills_at_venue())
        made = self.hall.create(
            "us",
            order(
                side,
                price_pips,
                count_centi,
                ticker=ticker,
                client_order_id=intent.client_order_id,
                reduce_only=bool(entry),
            ),
        )
        self.inbox.post(sent)
        if tell_outcome:
            self.inbox.post(
                OrderDone(
                    sent=sent,
                    outcome=Accepted(
                        order_id=made.order_id,
                        fill_count_centi=CentiContracts(made.fill_count_centi),
                        average_fill_price_micros=None,
                        venue_ts_ms=made.now_us // 1_000,
                    ),
                    first_byte_ns=sent.sent_ns + 29_000_000,
                    done_ns=sent.sent_ns + 29_400_000,
                )
            )
        if tell_fills:
            for view in self.fills_at_venue()[before:]:
                self.inbox.post(
                    FillSeen(
                        fill=fill_of(view),
                        client_order_id=intent.client_order_id,
                        received_ns=sent.sent_ns + 29_500_000,
                        source="stream",
                    )
                )
        return intent

    def fills_at_venue(self) -> list[FillView]:
        view = self.hall.venue.floor.account("us").view
        assert view is not None
        return view.fills

    def make(self, side: Side, price_pips: int, count_centi: int, ticker: Ticker = HOME) -> None:
        """Let somebody quote."""
        self.hall.create("maker", quote(side, price_pips, count_centi, ticker))

    def reconciler(self, *, member: MemberClass = "direct") -> Reconciler:
        return Reconciler(
            env=self.env,
            rest=self.counter.rest(),
            recovered=self.recovered,
            member=member,
            to_auditor=self.inbox,
            on_clean=lambda: self.lines.append("clean"),
            health=Health("reconciler"),
        )

    async def start(self) -> Reconciler:
        """Reconcile as at the start of a process.

        Raises:
            NotReconciled: Journal and venue disagree.
        """
        reconciler = self.reconciler()
        failure: NotReconciled | None = None
        async with trio.open_nursery() as nursery:

            async def serve(task_status: trio.TaskStatus[None]) -> None:
                nonlocal failure
                try:
                    await reconciler.run(task_status)
                except NotReconciled as error:
                    failure = error
                    task_status.started()

            await nursery.start(serve)
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return reconciler

    async def end(self) -> Statement | None:
        """Reconcile as at the end of a day."""
        reconciler = await self.start()
        await reconciler.drain()
        await self.auditor.drain()
        return reconciler.statement

    def last_reconciled(self) -> Reconciled:
        last = self.records(Reconciled)[-1]
        assert isinstance(last, Reconciled)
        return last


@asynccontextmanager
async def open_day(hall: Hall | None = None, disk: MemoryDisk | None = None) -> AsyncIterator[Day]:
    """Open the journal and the auditor, on a disk that may hold earlier days."""
    hall = hall or open_hall()
    disk = disk or memory_disk()
    assert isinstance(hall.clock, Clock)
    env = SeededEnv(0, MemoryNetwork(0), disk=disk, wall_start_ns=hall.clock.now_us * 1_000)
    recovered = recover(disk, FOLDER, CODEC)

    def first_record(previous_anchor: str) -> Segment:
        made = opening(previous_anchor)
        return attrs.evolve(made, mono_ns=env.now_ns(), wall_ns=env.wall_ns())

    journal = Journal.open(env, FOLDER, CODEC, first_record, anchor_file=ANCHORS)
    inbox: Mailbox[object] = Mailbox("auditor", 65_536)
    lines: list[str] = []
    auditor = Auditor(
        env=env,
        journal=journal,
        inbox=inbox,
        catalogue=Latest(Catalogue(matches={MATCH: the_match()}, read_ns=0)),
        member="direct",
        known_trades=recovered.trade_ids,
        on_line=lines.append,
        health=Health("auditor"),
    )
    inbox.post(the_match())
    stop = trio.CancelScope()

    async def live(task_status: trio.TaskStatus[None]) -> None:
        with stop:
            await auditor.run(task_status)

    async with trio.open_nursery() as nursery:
        await nursery.start(live)
        yield Day(
            env=env,
            disk=disk,
            hall=hall,
            counter=Counter(hall),
            journal=journal,
            auditor=auditor,
            inbox=inbox,
            recovered=recovered,
            lines=lines,
            stop=stop,
        )
        nursery.cancel_scope.cancel()
    journal.close()
