"""How much may be at stake: the budgets, and the worst-case money that counts against them.

Three words. *Open* is what could still be lost: the reservation of an order whose
outcome is not known (an unknown one stays so until it is resolved), then the cost of
what it filled, until that position is closed or settled. *Market*, *match*, *shard*
and *account* budgets bound what is open. *Spent* is what was entered on a trading day at
its worst case, filled orders at their cost; closing a position does not give it back,
and the *day* budget bounds it. Worst cases come from ``FeeSchedule.worst_cost_micros``.
"""

from collections.abc import Callable, Container, Iterable
from typing import Final, Literal, TypeVar

import attrs

from actors.model.money import CentiContracts, MicroDollars
from actors.model.orders import Ticker
from actors.model.score import MatchId

ORDER_COUNT_CEILING_CENTI: Final = CentiContracts(2_500_000)
ORDER_NOTIONAL_CEILING_MICROS: Final = MicroDollars(5_000_000_000)
MARKET_CEILING_MICROS: Final = MicroDollars(10_000_000_000)
MATCH_CEILING_MICROS: Final = MicroDollars(20_000_000_000)
SHARD_CEILING_MICROS: Final = MicroDollars(50_000_000_000)
DAY_CEILING_MICROS: Final = MicroDollars(100_000_000_000)
ACCOUNT_CEILING_MICROS: Final = MicroDollars(50_000_000_000)
"""No profile may ask for more: a slip of a key in a file must not become a position."""

Breach = Literal[
    "duplicate_order",
    "order_count",
    "order_notional",
    "market_budget",
    "match_budget",
    "shard_budget",
    "day_budget",
    "account_budget",
]
"""Why an order may not be placed."""

_NOTHING: Final = MicroDollars(0)
_Key = TypeVar("_Key", Ticker, MatchId, int)
_Amount = TypeVar("_Amount", CentiContracts, MicroDollars)


class NotReserved(LookupError):
    """A word about an order that never reserved anything."""


def _up_to(ceiling: _Amount) -> Callable[[object, "attrs.Attribute[_Amount]", _Amount], None]:
    def check(_: object, attribute: "attrs.Attribute[_Amount]", value: _Amount) -> None:
        if not 0 < value <= ceiling:
            raise ValueError(f"{attribute.name} must be above 0 and at most {ceiling}: {value}")

    return check


@attrs.frozen(kw_only=True)
class Limits:
    """The budgets of one account. Each is above zero and at most its ceiling in this module."""

    order_count_centi: CentiContracts = attrs.field(validator=_up_to(ORDER_COUNT_CEILING_CENTI))
    """Contracts of one order."""
    order_notional_micros: MicroDollars = attrs.field(
        validator=_up_to(ORDER_NOTIONAL_CEILING_MICROS)
    )
    """Worst case of one order."""
    market_micros: MicroDollars = attrs.field(validator=_up_to(MARKET_CEILING_MICROS))
    """Open in one market."""
    match_micros: MicroDollars = attrs.field(validator=_up_to(MATCH_CEILING_MICROS))
    """Open in all markets of one match."""
    shard_micros: MicroDollars = attrs.field(validator=_up_to(SHARD_CEILING_MICROS))
    """Open in all markets of one shard of the exchange: what one of them that fails can hold."""
    day_micros: MicroDollars = attrs.field(validator=_up_to(DAY_CEILING_MICROS))
    """Spent in one trading day."""
    account_micros: MicroDollars = attrs.field(validator=_up_to(ACCOUNT_CEILING_MICROS))
    """Open in all."""

    def order_breach(
        self, *, count_centi: CentiContracts, worst_micros: MicroDollars
    ) -> Breach | None:
        """Say which limit of a single order this one would break, if any."""
        if count_centi > self.order_count_centi:
            return "order_count"
        return "order_notional" if worst_micros > self.order_notional_micros else None


@attrs.frozen(kw_only=True)
class Entry:
    """What one order has at stake; enough of them restore an ``Exposure``."""

    client_order_id: str
    ticker: Ticker
    match: MatchId
    day: str
    """The trading day in which it was reserved."""
    worst_micros: MicroDollars
    """What it can cost at most."""
    shard: int = 0
    """Where its market is traded."""
    filled_micros: MicroDollars | None = None
    """What it did cost, or ``None`` while the outcome is not known."""
    left_micros: MicroDollars | None = None
    """The most of the cost that can still be held, or ``None`` if nothing was released."""

    @property
    def spent_micros(self) -> MicroDollars:
        """What counts against the day."""
        return self.worst_micros if self.filled_micros is None else self.filled_micros

    @property
    def open_micros(self) -> MicroDollars:
        """What counts against market, match, shard and account."""
        if self.filled_micros is None or self.left_micros is None:
            return self.spent_micros
        return min(self.filled_micros, self.left_micros)


class Exposure:
    """The worst-case money of one account, order by order.

    Exits that only reduce reserve nothing and are not known here. Every method may be
    called again with the same arguments and then changes nothing.
    """

    def __init__(self, limits: Limits, *, day: str, entries: Iterable[Entry] = ()) -> None:
        """Start in trading day ``day`` with ``entries`` of before, as after a restart.

        They are taken as they are: past orders may exceed limits tightened since.
        """
        # May be replaced while trading; what is open already then counts against the new ones.
        self.limits = limits
        self._day = day
        self._entries: dict[str, Entry] = {}
        self._of_market: dict[Ticker, MicroDollars] = {}
        self._of_match: dict[MatchId, MicroDollars] = {}
        self._of_shard: dict[int, MicroDollars] = {}
        self._of_account = _NOTHING
        self._of_day = _NOTHING
        self._carried: set[MatchId] = set()
        """Matches that began before the day did and have not ended: their orders count in it."""
        for entry in entries:
            if entry.client_order_id in self._entries:
                raise ValueError(f"order {entry.client_order_id} comes twice")
            self._put(entry)

    def breach(  # noqa: PLR0911 - one for each budget, written out: it stands before an order
        self,
        client_order_id: str,
        *,
        ticker: Ticker,
        match: MatchId,
        worst_micros: MicroDollars,
        shard: int = 0,
    ) -> Breach | None:
        """Say which budget the order would break, or ``None`` if it may be reserved."""
        if client_order_id in self._entries:
            return "duplicate_order"
        limits = self.limits
        if worst_micros > limits.order_notional_micros:
            return "order_notional"
        if self._of_market.get(ticker, 0) + worst_micros > limits.market_micros:
            return "market_budget"
        if self._of_match.get(match, 0) + worst_micros > limits.match_micros:
            return "match_budget"
        if self._of_shard.get(shard, 0) + worst_micros > limits.shard_micros:
            return "shard_budget"
        if self._of_day + worst_micros > limits.day_micros:
            return "day_budget"
        if self._of_account + worst_micros > limits.account_micros:
            return "account_budget"
        return None

    def reserve(
        self,
        client_order_id: str,
        *,
        ticker: Ticker,
        match: MatchId,
        worst_micros: MicroDollars,
        shard: int = 0,
    ) -> Breach | None:
        """Set an order's worst case aside, before the order is sent.

        Returns:
            ``None`` if it was reserved, else why not; then nothing has changed.

        Raises:
            ValueError: The worst case is not above zero, so it is no worst case.
        """
        if worst_micros <= 0:
            raise ValueError(f"an order's worst case cannot be {worst_micros} micro-dollars")
        breach = self.breach(
            client_order_id, ticker=ticker, match=match, worst_micros=worst_micros, shard=shard
        )
        if breach is None:
            self._put(
                Entry(
                    client_order_id=client_order_id,
                    ticker=ticker,
                    match=match,
                    day=self._day,
                    worst_micros=worst_micros,
                    shard=shard,
                )
            )
        return breach

    def settle_outcome(self, client_order_id: str, filled_micros: MicroDollars) -> MicroDollars:
        """Replace a reservation by what the order cost, fees included; 0 if nothing filled.

        The last word counts, so a cost may be corrected. What it frees can be reserved
        again at once; a first word that is provisional must therefore be a bound, such
        as the worst case of what filled. For an unknown outcome do not call this, and
        the reservation stands.

        Returns:
            By how much the cost exceeds what was counted before: 0 unless the bound
            or the first word was wrong. It counts in full all the same, and may then
            exceed a budget.

        Raises:
            NotReserved: The order reserved nothing.
            ValueError: The cost is negative.
        """
        if filled_micros < 0:
            raise ValueError(f"an entry cannot cost {filled_micros} micro-dollars")
        entry = self._entry(client_order_id)
        self._put(attrs.evolve(entry, filled_micros=filled_micros))
        return MicroDollars(max(0, filled_micros - entry.spent_micros))

    def release_position(self, client_order_id: str, left_micros: MicroDollars = _NOTHING) -> None:
        """Note that of what an order filled only ``left_micros`` of cost is still held.

        Never raises what is open. A reservation whose outcome is unknown stays.

        Raises:
            NotReserved: The order reserved nothing.
            ValueError: ``left_micros`` is negative.
        """
        if left_micros < 0:
            raise ValueError(f"a position cannot have {left_micros} micro-dollars left")
        entry = self._entry(client_order_id)
        if entry.filled_micros is not None and left_micros < entry.open_micros:
            self._put(attrs.evolve(entry, left_micros=left_micros))

    def settle_market(self, ticker: Ticker) -> None:
        """Note that a market is settled: nothing that filled there is open any more.

        A reservation whose outcome is unknown stays until it is known, and then
        leaves nothing open either.
        """
        for entry in self.entries():
            if entry.ticker == ticker:
                self._put(attrs.evolve(entry, left_micros=_NOTHING))

    def roll_day(self, day: str, playing: Container[MatchId] = ()) -> None:
        """Begin trading day ``day``: nothing is spent in it yet; what is open stays open.

        What was spent on a match of ``playing``, which has not ended, is spent in the new
        day as well, until ``end_match``: a budget does not begin anew within a match.
        Orders with nothing open are forgotten once the day after theirs is over.
        """
        if day == self._day:
            return
        counted = {entry.match for entry in self._entries.values() if self._counts(entry)}
        self._carried = {match for match in counted if match in playing}
        ended, self._day = self._day, day
        self._entries = {
            entry.client_order_id: entry
            for entry in self._entries.values()
            if entry.day == ended or entry.open_micros or entry.match in self._carried
        }
        self._count_day()

    def carry(self, playing: Container[MatchId]) -> None:
        """After a restart: count what was spent before on matches that have not ended."""
        self._carried = {each.match for each in self._entries.values() if each.match in playing}
        self._count_day()

    def end_match(self, match: MatchId) -> None:
        """Note that a match has ended: what an earlier day spent on it counts no more."""
        if match in self._carried:
            self._carried.discard(match)
            self._count_day()

    def _counts(self, entry: Entry) -> bool:
        return entry.day == self._day or entry.match in self._carried

    def _count_day(self) -> None:
        spent = (each.spent_micros for each in self._entries.values() if self._counts(each))
        self._of_day = MicroDollars(sum(spent))

    @property
    def day(self) -> str:
        """The trading day that is being counted."""
        return self._day

    @property
    def spent_day_micros(self) -> MicroDollars:
        """What was entered this trading day."""
        return self._of_day

    @property
    def open_account_micros(self) -> MicroDollars:
        """What is open in all."""
        return self._of_account

    def open_market_micros(self, ticker: Ticker) -> MicroDollars:
        """Return what is open in one market."""
        return self._of_market.get(ticker, _NOTHING)

    def open_match_micros(self, match: MatchId) -> MicroDollars:
        """Return what is open in one match."""
        return self._of_match.get(match, _NOTHING)

    def open_shard_micros(self, shard: int) -> MicroDollars:
        """Return what is open in one shard."""
        return self._of_shard.get(shard, _NOTHING)

    def headroom_micros(self, ticker: Ticker, match: MatchId, shard: int = 0) -> MicroDollars:
        """Return the greatest worst case that one more order there could reserve now."""
        limits = self.limits
        return MicroDollars(
            max(
                0,
                min(
                    limits.order_notional_micros,
                    limits.market_micros - self.open_market_micros(ticker),
                    limits.match_micros - self.open_match_micros(match),
                    limits.shard_micros - self.open_shard_micros(shard),
                    limits.day_micros - self._of_day,
                    limits.account_micros - self._of_account,
                ),
            )
        )

    def entries(self) -> tuple[Entry, ...]:
        """Return every order remembered, in order of reservation; enough to restore this."""
        return tuple(self._entries.values())

    def _entry(self, client_order_id: str) -> Entry:
        entry = self._entries.get(client_order_id)
        if entry is None:
            raise NotReserved(client_order_id)
        return entry

    def _put(self, entry: Entry) -> None:
        before = self._entries.get(entry.client_order_id)
        self._entries[entry.client_order_id] = entry
        opened = entry.open_micros - (before.open_micros if before else 0)
        if self._counts(entry):
            spent = entry.spent_micros - (before.spent_micros if before else 0)
            self._of_day = MicroDollars(self._of_day + spent)
        self._of_account = MicroDollars(self._of_account + opened)
        _add(self._of_market, entry.ticker, opened)
        _add(self._of_match, entry.match, opened)
        _add(self._of_shard, entry.shard, opened)


def _add(totals: dict[_Key, MicroDollars], key: _Key, amount_micros: int) -> None:
    total = totals.pop(key, _NOTHING) + amount_micros
    if total:
        totals[key] = MicroDollars(total)
