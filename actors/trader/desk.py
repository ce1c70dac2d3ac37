"""What the trading actors share: the tree owns it, and it outlives each of them.

A crash of the planner or the executor loses none of it: plays, books, what is at
stake, which markets are frozen, which orders still owe us an answer.
"""

from collections.abc import Callable

import attrs

from actors.exchange.asking import TOO_MANY
from actors.exchange.clock import ClockOffset
from actors.exchange.orders import OrderPool
from actors.exchange.signing import HeaderRing
from actors.exchange.tokens import Budget
from actors.messages.catalogue import EMPTY, Catalogue
from actors.messages.race import Cause, MatchDoubt
from actors.messages.records_venue import DelayRow
from actors.messages.trading import Accepted, ExitPlan, OrderDone, Play, Purpose, Rejected, Sent
from actors.model.children import Children
from actors.model.limits import Exposure
from actors.model.losses import Losses, LossLimits, Mark
from actors.model.money import MicroDollars
from actors.model.orders import Fill, Side, Ticker
from actors.model.score import GoalKey, MatchId
from actors.model.throttle import Throttle
from actors.risk.gate import State
from actors.risk.ladder import Ladder
from actors.runtime.chime import Chime
from actors.runtime.latest import Latest
from actors.trader.books import Books
from actors.trader.delays import HOLDS_HALT, Delays, Holds
from actors.trader.entry_groups import EntryGroups


@attrs.frozen
class Standing:
    """One reason that speaks against trading."""

    name: str
    why: str
    since_ns: int
    halts: bool
    """Whether it stops entries; else it only reduces."""


@attrs.define(eq=False, kw_only=True)
class TradingState:
    """ACTIVE only while nothing speaks against it. Reasons are held by name.

    A reason halts, or it reduces; the gravest that stands is the state. Those of LASTING
    (``audit/recovery.py``) outlive the process, and a person takes them back; the others
    are cleared by whoever gave them, when their cause has gone.
    """

    on_change: Callable[[State, str], None]
    now_ns: Callable[[], int] = attrs.field(default=lambda: 0)
    _since_ns: dict[str, int] = attrs.field(init=False, factory=dict)
    """When each reason was given, on the clock of ``now_ns``."""
    _reasons: dict[str, str] = attrs.field(init=False, factory=dict)
    _reducing: set[str] = attrs.field(init=False, factory=set)
    """Names of the reasons that only reduce."""

    @property
    def value(self) -> State:
        """HALTED while any reason stands that halts, REDUCING while only lesser ones do."""
        if not self._reasons:
            return "ACTIVE"
        return "HALTED" if len(self._reasons) > len(self._reducing) else "REDUCING"

    def stands(self, name: str) -> bool:
        """Return whether a reason of that name speaks against trading."""
        return name in self._reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against trading, oldest first."""
        return tuple(f"{name}: {why}" for name, why in self._reasons.items())

    @property
    def standing(self) -> tuple["Standing", ...]:
        """The same, each with what is known of it."""
        return tuple(
            Standing(name, why, self._since_ns[name], name not in self._reducing)
            for name, why in self._reasons.items()
        )

    def halt(self, name: str, why: str) -> None:
        """Stop entries for a reason; saying it twice changes nothing."""
        if name not in self._reasons or name in self._reducing:
            self._reasons[name] = why
            self._since_ns.setdefault(name, self.now_ns())
            self._reducing.discard(name)
            self.on_change(self.value, f"{name}: {why}")

    def reduce(self, name: str, why: str) -> None:
        """Admit only what reduces, for a reason; one that halts already is no less."""
        if name not in self._reasons:
            self._reasons[name] = why
            self._since_ns[name] = self.now_ns()
            self._reducing.add(name)
            self.on_change(self.value, f"{name}: {why}")

    def clear(self, name: str) -> None:
        """Take one reason back; entries resume when none is left."""
        if self._reasons.pop(name, None) is not None:
            del self._since_ns[name]
            self._reducing.discard(name)
            self.on_change(self.value, f"cleared: {name}")


@attrs.define(eq=False)
class Inflight:
    """Orders that owe us an answer, by client order id."""

    ever: set[str] = attrs.field(init=False, factory=set)
    """Every order that this process ever counted on an answer to."""
    _orders: dict[str, Sent] = attrs.field(init=False, factory=dict)
    _emptied: Chime = attrs.field(init=False, factory=Chime)
    _answered: Chime = attrs.field(init=False, factory=Chime)
    _resting: set[str] = attrs.field(init=False, factory=set)
    """Those that the venue has accepted and that rest there."""
    _hushed: int = attrs.field(init=False, default=0)

    def add(self, sent: Sent) -> None:
        """Count on an answer to ``sent``."""
        self._orders[sent.client_order_id] = sent
        self.ever.add(sent.client_order_id)

    def remove(self, client_order_id: str) -> None:
        """The answer is there; an id that owed none is fine."""
        self._orders.pop(client_order_id, None)
        self._resting.discard(client_order_id)
        self._answered.ring()
        if not self._orders:
            self._emptied.ring()

    def rest(self, sent: Sent) -> None:
        """Its answer is there, its outcome is not: it rests at the venue."""
        self._resting.add(sent.client_order_id)

    def is_resting(self, client_order_id: str) -> bool:
        """Return whether that order is known to rest at the venue."""
        return client_order_id in self._resting

    @property
    def owes(self) -> bool:
        """Whether an answer is owed to any order; what rests has had its own."""
        return len(self._orders) > len(self._resting)

    @property
    def hushed(self) -> bool:
        """Whether somebody waits for quiet: what rests is withdrawn, and nothing more rests."""
        return self._hushed > 0

    def takes(self, ticker: Ticker) -> bool:
        """Return whether any order of a market is out."""
        return any(sent.ticker == ticker for sent in self._orders.values())

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._orders

    def of(self, purpose: Purpose) -> list[Sent]:
        """Return the entries, or the exits, that are still out."""
        return [sent for sent in self._orders.values() if sent.purpose == purpose]

    def closes(self, entry_client_order_id: str) -> bool:
        """Return whether an order that sells this entry's lot is out: nobody sends another."""
        return any(
            sent.entry_client_order_id == entry_client_order_id for sent in self._orders.values()
        )

    def crosses(self, ticker: Ticker, side: Side) -> bool:
        """Return whether an order is out that could trade with one on this side of a market.

        Nor may an entry go beside one that rests, on either side: what rests is no more than
        the position, and stays so only while nothing else moves that.
        """
        return any(
            sent.ticker == ticker and (sent.rests or sent.side != side)
            for sent in self._orders.values()
        )

    async def until_closed(self, entry_client_order_id: str) -> None:
        """Return once no order is out that sells this entry's lot."""
        while self.closes(entry_client_order_id):
            await self._answered.wait()

    async def quiet(self) -> None:
        """Return once nothing is owed; a drain waits for it."""
        self._hushed += 1
        try:
            while self._orders:
                await self._emptied.wait()
        finally:
            self._hushed -= 1


@attrs.frozen(kw_only=True)
class Descent:
    """Why a lot is sold ahead of its plan, and how far down."""

    episode: str
    ladder: Ladder
    keep_centi: int = 0
    """What is not to be sold of it."""


@attrs.define(eq=False, kw_only=True)
class OpenLot:
    """One entry's position on its way out."""

    plan: ExitPlan
    left_centi: int
    """Below zero where more was sold than its entry is known to have filled."""
    attempts: int = 0
    """Exit orders that have left for it, over restarts: each has an id of its own."""
    spared: int = 0
    """Those of them that the venue turned away unread, which say nothing about the market."""
    awaits_entry: bool = False
    """Whether nobody knows yet what its entry filled: it is covered, and leaves later."""
    descent: Descent | None = None
    rung: int = 0
    """Which order of the way down comes next."""
    rung_ns: int = 0
    """When the last of them left; 0 where the next has nothing to wait for."""
    rungs: int = 0
    """Orders of every way down that it was on, which its plan does not count as attempts."""
    episodes: int = 0
    """Ways down that it was on."""
    rested: bool = False
    """Whether this process has offered it in an order that rests: it does so once."""
    woken: Chime = attrs.field(factory=Chime)
    """Rings where it need not wait for its time any more."""


@attrs.define(eq=False, kw_only=True)
class Desk:
    """The trading actors' common state."""

    state: TradingState
    exposure: Exposure
    entries: OrderPool
    exits: OrderPool
    entry_headers: HeaderRing
    exit_headers: HeaderRing
    clock: ClockOffset = attrs.field(factory=ClockOffset)
    """The venue's clock, as far as it is known."""
    budget: Budget = attrs.field(factory=Budget)
    """What the venue's rate limits leave us."""
    throttle: Throttle = attrs.field(factory=Throttle)
    """How many entries have left of late."""
    children: Children = attrs.field(factory=Children)
    """What each goal has sent."""
    losses: Losses = attrs.field(factory=Losses)
    """What was lost; enough of it halts."""
    recesses: tuple[tuple[int, int], ...] = ()
    """Wall nanoseconds between which the exchange does not trade, those of the next days."""
    delays: Delays = attrs.field(factory=Delays)
    """How long the venue holds our orders."""
    holds: Holds = attrs.field(factory=Holds)
    """Which series' orders it holds for too long."""
    groups: EntryGroups = attrs.field(factory=EntryGroups)
    """The order groups that entries carry."""
    books: Books = attrs.field(factory=Books)
    plays: dict[GoalKey, Play] = attrs.field(factory=dict)
    """Written by the planner, read by the trigger; one play for each next score."""
    catalogue: Latest[Catalogue] = attrs.field(factory=lambda: Latest(EMPTY))
    traded: set[GoalKey] = attrs.field(factory=set)
    """Keys that an entry has left for; restored from the journal at start."""
    doubts: dict[MatchId, dict[tuple[Cause, GoalKey], None]] = attrs.field(factory=dict)
    """Keys in doubt and why, by match: entries of such a match are closed."""
    lots: dict[str, "OpenLot"] = attrs.field(factory=dict)
    """What is still to be sold, by the entry's client order id."""
    plans: dict[str, ExitPlan] = attrs.field(factory=dict)
    """How each entry's position is to be left, by the entry's client order id."""
    inflight: Inflight = attrs.field(factory=Inflight)
    held_centi: dict[Ticker, int] = attrs.field(factory=dict)
    """Signed position per market, as the venue's fills say."""
    seen_trades: set[str] = attrs.field(factory=set)
    """Trade ids of our fills that were taken in, whichever way they came."""
    _unknowns: dict[Ticker, dict[str, None]] = attrs.field(init=False, factory=dict)

    def hear_answer(self, done: OrderDone, probe_ns: int) -> DelayRow | None:
        """Learn what a response tells beside its outcome: the time, the limits, the delay.

        Args:
            done: An order whose response was read, or was not.
            probe_ns: What the way there and back on its connection took without an order.

        Returns:
            What to put on record of how long the venue held it.
        """
        sent, outcome, heard_ns = done.sent, done.outcome, done.first_byte_ns
        if isinstance(outcome, Rejected) and outcome.status == TOO_MANY:
            self.budget.refused("write", sent.exchange_index, done.done_ns)
        if isinstance(outcome, Rejected) and sent.purpose == "entry":
            self.groups.hear_refusal(
                sent.exchange_index, outcome.status, outcome.code, done.done_ns
            )
        if heard_ns is None or not isinstance(outcome, Accepted):
            return None
        self.clock.hear_answer(outcome.venue_ts_ms, sent_ns=sent.sent_ns, received_ns=heard_ns)
        match = self.catalogue.value.matches.get(sent.key.match)
        if match is None:
            return None
        answered_ns = heard_ns - sent.sent_ns
        is_live = match.stage == "LIVE"
        held = self.delays.hear(
            match.series, in_play=is_live, answered_ns=answered_ns, probe_ns=probe_ns
        )
        if held is None:
            return None
        if is_live:
            self._hear_hold(match.series, held.newest_ns[-1])
        return DelayRow(
            client_order_id=sent.client_order_id,
            series=held.series,
            in_play=held.in_play,
            held_ns=held.newest_ns[-1],
            orders=held.orders,
            p50_ns=held.p50_ns,
            p90_ns=held.p90_ns,
        )

    def _hear_hold(self, series: str, held_ns: int) -> None:
        """Close a series, or all, for orders that were held too long; open them again."""
        name, late = f"delay {series}", self.holds.hear(series, held_ns)
        if late is None:
            return
        why = f"{late} of the newest orders were held above {self.holds.most_ns // 1_000_000} ms"
        if late >= HOLDS_HALT:
            self.state.halt(name, why)
        elif not self.holds.closed(series):
            self.state.clear(name)

    def excuse_holds(self) -> None:
        """A person lets go on what the venue held for too long.

        With nothing left to sell there is no order that could show it to be quick again.
        """
        for series in self.holds.series():
            self.holds.forget(series)
            self.state.clear(f"delay {series}")

    def hear_fill(self, fill: Fill) -> None:
        """Count what an execution has won or lost; too great a loss halts."""
        self._excuse_losses()
        self._heed(self.losses.book(fill))

    def hear_settlement(self, ticker: Ticker, value_micros: MicroDollars) -> None:
        """Count what a market has paid, for each YES contract; too great a loss halts."""
        self._excuse_losses()
        self._heed(self.losses.settle(ticker, value_micros))

    def hear_mark(self, ticker: Ticker, mark: Mark) -> None:
        """Count what an open position has lost so far; too great a loss halts."""
        self._excuse_losses()
        self._heed(self.losses.mark(ticker, mark))

    def bound_losses(self, limits: LossLimits) -> None:
        """Go by other limits of loss from now on; one that is exceeded already halts."""
        self.losses.limits = limits
        self._heed(self.losses.breach)

    def _excuse_losses(self) -> None:
        if self.losses.breach is not None and not self.state.stands("loss"):
            # A person has looked at what was lost before, and has let it go on.
            self.losses.excuse()

    def _heed(self, loss: str | None) -> None:
        if loss is not None:
            self.state.halt("loss", loss)

    def hear_doubt(self, doubt: MatchDoubt) -> None:
        """Close a match for entries, or open it again once no key of it is in doubt."""
        match = MatchId(doubt.match)
        keys = self.doubts.setdefault(match, {})
        if doubt.in_doubt:
            keys[doubt.cause, doubt.key] = None
        else:
            keys.pop((doubt.cause, doubt.key), None)
        if not keys:
            del self.doubts[match]

    def is_frozen(self, ticker: Ticker) -> bool:
        """Return whether a market has an order of unknown outcome: no entries, exits only."""
        return ticker in self._unknowns

    def freeze(self, sent: Sent) -> None:
        """Close an order's market for entries until its outcome is known; twice is once."""
        self._unknowns.setdefault(sent.ticker, {})[sent.client_order_id] = None

    def thaw(self, sent: Sent) -> None:
        """An order's outcome is known: its market opens again if it was the last."""
        orders = self._unknowns.get(sent.ticker, {})
        orders.pop(sent.client_order_id, None)
        if not orders:
            self._unknowns.pop(sent.ticker, None)
