"""Compares journal and venue: before the first order may leave, meanwhile, and at the day's end.

At the start nothing is traded until both agree. While trading, a difference that lasts stops
entries and ends nothing: whoever owns the process decides when it may go. At the end the
venue's own statement, read over REST, is set against the ledger that the journal's fills
make; the difference is the figure that has to be 0 (design sections 10 and 11).
"""

from collections.abc import Callable
from typing import Final, NoReturn

import attrs
import trio

from actors.audit.drift import Running
from actors.audit.errors import NotReconciled
from actors.audit.evidence import Evidence, VenueWord, read_evidence
from actors.audit.findings import Phase
from actors.audit.statement import Opening, Statement, compare, opening_of
from actors.audit.venue_word import read_word
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.exchange.treasury import NOTHING_MOVED, Moves, moves
from actors.exchange.wire_orders import VenueSettlement
from actors.messages.codec import JournalCodec
from actors.messages.records import CashMoved, Reconciled, SettlementRow
from actors.messages.recovered import Recovered
from actors.messages.trading import FillSeen
from actors.model.fees import MemberClass
from actors.model.money import MicroDollars
from actors.model.orders import Ticker
from actors.model.positions import LedgerBroken
from actors.runtime.env import Env
from actors.runtime.frames import RecordCodec
from actors.runtime.health import Health
from actors.runtime.mailbox import Mailbox

START_S: Final = 10.0
"""How long the venue's reads may lag before a difference at the start is believed."""
END_S: Final = 5.0
HEARD_S: Final = 2.0
"""How long the auditor may take to write down what was posted before the end."""
PAUSE_S: Final = 0.5
"""Between readings: they cost tokens (reference ``kalshi.md`` section 6)."""
LISTEN_S: Final = 0.005
EVERY_S: Final = 30.0
"""Between two readings of a running process."""
AGAIN_S: Final = 1.0
"""The same while something differs."""
BELIEVE_S: Final = 10.0
"""How long the same difference must last: the venue's reads lag."""


@attrs.frozen(kw_only=True)
class Meanwhile:
    """What a running process knows of itself, for the readings between start and end."""

    owes: Callable[[], bool]
    """Whether an order of ours has no outcome yet: the books cannot agree then."""
    intended: Callable[[str], bool]
    """Whether an order of this client order id ever left."""
    heard: Callable[[str], bool]
    """Whether an execution of this trade id was taken in."""
    on_drift: Callable[[str], None]
    """Told once, with the first line of what differs."""
    on_settled: Callable[[Ticker, MicroDollars], None]
    """Told once of each market of ours that is settled, with what one YES contract paid."""
    every_s: float = EVERY_S
    believe_s: float = BELIEVE_S
    rests: Callable[[str], bool] = attrs.field(default=lambda _client_order_id: False)
    """Whether an order of that client id is an exit of ours that rests at the venue."""


@attrs.define(eq=False, kw_only=True)
class Reconciler:
    """Guards the start, and proves the end."""

    env: Env
    rest: Rest
    recovered: Recovered
    member: MemberClass
    to_auditor: Mailbox[object]
    on_clean: Callable[[], None]
    """Told once journal and venue agree: entries may open."""
    health: Health
    codec: RecordCodec = attrs.field(factory=JournalCodec)
    start_s: float = START_S
    end_s: float = END_S
    meanwhile: Meanwhile | None = None
    """``None`` reconciles at the start and at the end alone."""
    statement: Statement | None = attrs.field(init=False, default=None)
    """What the end came to; ``None`` before it, or where the venue could not be asked."""
    _begun: Evidence | None = attrs.field(init=False, default=None)
    """What the start had to go by."""
    _running: Running | None = attrs.field(init=False, default=None)
    _settled: set[str] = attrs.field(init=False, factory=set)
    """Markets whose settlement this process has put on record."""
    _traded: set[str] = attrs.field(init=False, factory=set)
    """Markets that we have traded."""
    _told: tuple[str, ...] = attrs.field(init=False, default=())
    """What the last drift was; a person who resumes with that has answered for it."""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Reconcile, report ready, look again now and then, and stay for the end.

        Where an earlier life of the actor has started clean, a later one goes on looking:
        what differs while the process trades never ends it from here.

        Raises:
            NotReconciled: Journal and venue still disagree after ``start_s``.
            VenueUnreachable: The venue could not be asked all that while.
            VenueRefused: It would not answer in all that while.
        """
        if self._running is None:
            await self._start()
        self.health.mark(self.env.now_ns())
        self.on_clean()
        task_status.started()
        self.health.rest()
        if self.meanwhile is not None:
            await self._watch(self.meanwhile)
        await trio.sleep_forever()

    async def drain(self) -> None:
        """Compare once more, now that nothing trades, and put it on record."""
        with trio.move_on_after(HEARD_S):
            while self.to_auditor.depth:  # noqa: ASYNC110 - the end of a day is worth no event
                await trio.sleep(LISTEN_S)
        give_up_s = trio.current_time() + self.end_s
        found: tuple[Evidence, VenueWord, Statement] | None = None
        why = ""
        while True:
            try:
                found = await self._compare_end()
            except (VenueUnreachable, VenueRefused) as error:
                why = f"the venue could not be asked: {error}"
            is_over = trio.current_time() >= give_up_s
            if found is not None and (is_over or found[2].clean):
                self.statement = found[2]
                self._put_on_record(*found)
                return
            if is_over:
                self._say("end", (why,), 0)
                return
            await trio.sleep(PAUSE_S)

    async def _watch(self, meanwhile: Meanwhile) -> NoReturn:
        """Read again and again, and tell of every difference that has lasted."""
        since_s: float | None = None
        before: tuple[str, ...] = ()
        while True:
            is_sure = since_s is None or before == self._told
            await trio.sleep(meanwhile.every_s if is_sure else AGAIN_S)
            lines = await self._look(meanwhile)
            self.health.mark(self.env.now_ns())
            self.health.rest()
            if lines is None:
                continue
            if not lines:
                since_s, self._told = None, ()
            elif since_s is None:
                since_s = trio.current_time()
            elif (
                lines == before != self._told
                and trio.current_time() - since_s >= meanwhile.believe_s
            ):
                self._told = lines
                self._say("running", lines, 0)
                meanwhile.on_drift(lines[0])
            before = lines

    async def _look(self, meanwhile: Meanwhile) -> tuple[str, ...] | None:
        """Return what differs now; ``None`` where that cannot be told."""
        running = self._running
        assert running is not None, "a clean start made it"
        if meanwhile.owes():
            return None
        try:
            word = await self._ask(running.since_s)
        except (VenueUnreachable, VenueRefused):
            return None
        if meanwhile.owes():
            return None
        lines = running.look(word)
        if running.differs(word) and await self._explain(running, word):
            lines = running.look(word)
        self._take_settlements(running.evidence, word, meanwhile)
        return lines

    async def _explain(self, running: Running, word: VenueWord) -> bool:
        """Put on record what the owner has moved meanwhile; return whether there was anything."""
        paid = running.explain(word, await self._moves() or NOTHING_MOVED)
        for each in paid:
            self.to_auditor.post(
                CashMoved(
                    exchange_index=each.exchange_index,
                    amount_micros=each.amount_micros,
                    reason=f"the venue's row {each.row_id}"[:100],
                    wall_ns=self.env.wall_ns(),
                )
            )
        return bool(paid)

    async def _moves(self) -> Moves | None:
        try:
            return await moves(self.rest)
        except (VenueUnreachable, VenueRefused):
            return None  # Nothing is explained, and what differs is drift.

    def _take_settlements(self, evidence: Evidence, word: VenueWord, meanwhile: Meanwhile) -> None:
        """Put on record, and tell of, what was settled of ours and nobody has told of yet."""
        self._traded.update(row.ticker for row in evidence.fills.values())
        self._traded.update(each.ticker for each in word.fills if meanwhile.heard(each.trade_id))
        for said in word.settlements:
            new = said.ticker not in evidence.settlements and said.ticker not in self._settled
            if said.ticker in self._traded and new:
                self._settled.add(said.ticker)
                self.to_auditor.post(_row(said, word.values[said.ticker]))
                meanwhile.on_settled(Ticker(said.ticker), word.values[said.ticker])

    async def _start(self) -> None:
        give_up_s = trio.current_time() + self.start_s
        before: Opening | None = None
        # Before the balance: what comes in between is in neither, and explains itself later.
        moved = None if self.meanwhile is None else await self._moves()
        while True:
            evidence = read_evidence(self.env.disk, self.recovered.folder, self.codec)
            is_over = trio.current_time() >= give_up_s
            try:
                word = await self._ask()
            except (VenueUnreachable, VenueRefused):
                # Too many requests are refused too, and a moment later they are not.
                if is_over:
                    raise
            else:
                lines, opening = self._compare_start(evidence, word)
                # An account with a past is taken over only once two readings agree on it.
                is_sure = opening is None or opening.history_ms == 0 or opening == before
                before = opening
                if not lines and is_sure:
                    self._say("start", (), word.balance_micros, evidence=evidence, opening=opening)
                    self._begun = evidence
                    if self.meanwhile is not None:
                        self._running = Running.begin(
                            evidence,
                            word,
                            self.member,
                            intended=self.meanwhile.intended,
                            heard=self.meanwhile.heard,
                            rests=self.meanwhile.rests,
                        )
                        self._running.know(moved)
                        # What was settled while nobody looked.
                        self._take_settlements(evidence, word, self.meanwhile)
                    return
                if is_over:
                    lines = lines or ("somebody else trades this account just now",)
                    self._say("start", lines, word.balance_micros, evidence=evidence)
                    raise NotReconciled(lines)
            await trio.sleep(PAUSE_S)

    def _compare_start(
        self, evidence: Evidence, word: VenueWord
    ) -> tuple[tuple[str, ...], Opening | None]:
        opening: Opening | None = None
        if evidence.opening is None:
            try:
                opening = _open(evidence, word, self.member)
            except LedgerBroken as error:
                return (f"the venue's own rows: {error}",), None
        return compare(evidence, word, self.member, phase="start").lines, opening

    async def _compare_end(self) -> tuple[Evidence, VenueWord, Statement]:
        word = await self._ask()
        evidence = read_evidence(self.env.disk, self.recovered.folder, self.codec)
        if evidence.opening is None and self._begun is not None:
            # The auditor has not written the opening down; it is no less true.
            evidence.begin(self._begun)
        return evidence, word, compare(evidence, word, self.member, phase="end")

    async def _ask(self, since_s: int | None = None) -> VenueWord:
        return await read_word(self.rest, self.env.wall_ns, since_s)

    def _put_on_record(self, evidence: Evidence, word: VenueWord, statement: Statement) -> None:
        client_ids = {each.order_id: each.client_order_id for each in word.orders}
        for fill in statement.late:
            self.to_auditor.post(
                FillSeen(
                    fill=fill.fill(),
                    client_order_id=client_ids.get(fill.order_id),
                    received_ns=self.env.now_ns(),
                    source="rest",
                )
            )
        ours: dict[Ticker, None] = dict.fromkeys(
            Ticker(row.ticker) for row in evidence.fills.values()
        )
        ours |= dict.fromkeys(fill.ticker for fill in statement.late)
        for said in word.settlements:
            if said.ticker in ours and said.ticker not in evidence.settlements:
                self.to_auditor.post(_row(said, statement.values[said.ticker]))
        self._say(
            "end",
            statement.lines,
            word.balance_micros,
            evidence=evidence,
            difference_micros=statement.total_micros,
        )

    def _say(
        self,
        phase: Phase,
        lines: tuple[str, ...],
        balance_micros: int,
        *,
        evidence: Evidence | None = None,
        opening: Opening | None = None,
        difference_micros: int = 0,
    ) -> None:
        cash = {} if opening is None else opening.cash
        self.to_auditor.post(
            Reconciled(
                phase=phase,
                clean=not lines,
                unresolved=0 if evidence is None else evidence.unresolved,
                statement_difference_micros=difference_micros,
                lines=list(lines),
                balance_micros=balance_micros,
                opening=[[shard, micros] for shard, micros in cash.items()],
                history_ms=0 if opening is None else opening.history_ms,
            )
        )


def _open(evidence: Evidence, word: VenueWord, member: MemberClass) -> Opening:
    """Begin a journal that was never reconciled with what the venue says now."""
    opening = opening_of(word, member)
    evidence.opening = opening.cash
    evidence.history_ms = opening.history_ms
    evidence.began_with_micros = word.balance_micros
    return opening


def _row(said: VenueSettlement, value_micros: MicroDollars) -> SettlementRow:
    return SettlementRow(
        ticker=said.ticker,
        result=said.result,
        yes_count_centi=said.yes_count_centi,
        no_count_centi=said.no_count_centi,
        value_micros=value_micros,
        revenue_micros=said.revenue_micros,
        fee_micros=said.fee_micros,
        settled_wall_ns=said.settled_wall_ns,
    )
