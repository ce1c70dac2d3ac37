"""The venue's arithmetic a second time, from reference ``kalshi.md`` sections 7 and 8 alone.

In dollars and contracts as fractions, of what is told to listeners; nothing of the
venue's own fees, holdings, netting or collateral is imported. What it comes to is what
the venue must have done, to the micro-dollar.
"""

from collections import defaultdict
from fractions import Fraction
from math import floor

import attrs

from actors.sim.venue.events import Filled

Dollars = Fraction
Part = tuple[str, int]
"""A member and the number of one of its accounts."""

MICRO = Fraction(1, 1_000_000)
CENT = Fraction(1, 100)
CENTICENT = Fraction(1, 10_000)

TAKER = {
    "quadratic": Fraction("0.07"),
    "quadratic_with_maker_fees": Fraction("0.07"),
    "quadratic_with_combo_maker_fees": Fraction("0.07"),
}
MAKER = {
    "quadratic": Fraction(0),
    "quadratic_with_maker_fees": Fraction("0.0175"),
    "quadratic_with_combo_maker_fees": Fraction("0.035"),
}


def down(amount: Dollars, step: Dollars) -> Dollars:
    return floor(amount / step) * step


def up(amount: Dollars, step: Dollars) -> Dollars:
    return -down(-amount, step)


@attrs.frozen
class Tariff:
    """One announced structure, of a series or of an event."""

    name: str
    at_us: int
    fee_type: str | None
    multiplier: Fraction | None


@attrs.define
class Tariffs:
    """All that was ever announced about fees, in order of announcement."""

    announced: list[Tariff] = attrs.field(factory=list)
    texts: list[tuple[int, Dollars]] = attrs.field(factory=lambda: [(0, MICRO)])
    """From when a fill's fee is rounded up to what, oldest first."""
    waived_until_us: dict[str, int] = attrs.field(factory=dict)

    def last(self, name: str, now_us: int) -> Tariff | None:
        due = [each for each in self.announced if each.name == name and each.at_us <= now_us]
        # Of two for the same instant the later announcement stands: the sort is stable.
        return max(reversed(due), key=lambda each: each.at_us) if due else None

    def rate(self, series: str, event: str, now_us: int, *, is_taker: bool) -> Fraction:
        base, override = self.last(series, now_us), self.last(event, now_us)
        assert base is not None
        assert base.multiplier is not None
        fee_type = (override and override.fee_type) or base.fee_type
        assert fee_type is not None
        multiplier = base.multiplier
        if override is not None and override.multiplier is not None:
            multiplier = override.multiplier
        return (TAKER if is_taker else MAKER)[fee_type] * multiplier

    def rounded_up_to(self, now_us: int) -> Dollars:
        return [step for since_us, step in self.texts if since_us <= now_us][-1]


@attrs.frozen(kw_only=True)
class Listed:
    """What a market belongs to."""

    series: str
    event: str
    shard: int
    exclusive: bool


@attrs.define
class Row:
    """What one market was to one account."""

    held: Fraction = Fraction(0)
    """Contracts: plus is YES."""
    cost: Dollars = Fraction(0)
    realized: Dollars = Fraction(0)
    fees: Dollars = Fraction(0)

    def trade(self, sign: int, price: Dollars, count: Fraction) -> Dollars:
        """Book one fill; return the cash that it brings before fees."""
        # A bid pays for YES, an ask for NO; what pairs off is worth its dollar at once.
        paid = price if sign > 0 else 1 - price
        paired = min(count, max(Fraction(0), -sign * self.held))
        if paired:
            share = self.cost * paired / abs(self.held)
            self.realized += paired * (1 - paid) - share
            self.cost -= share
        self.cost += paid * (count - paired)
        self.held += sign * count
        return paired - paid * count


@attrs.frozen(kw_only=True)
class Payment:
    """One account's settlement of one market."""

    held: Fraction
    value: Dollars
    payout: Dollars
    fees: Dollars


@attrs.define
class SecondLedger:
    """Every account's cash, positions and fees, from fills and settlements alone."""

    tariffs: Tariffs
    markets: dict[str, Listed]
    grids: dict[str, Dollars]
    """By member: on what its cash moves."""
    cash: dict[tuple[Part, int], Dollars] = attrs.field(factory=lambda: defaultdict(Fraction))
    carried: dict[tuple[Part, int], Dollars] = attrs.field(factory=lambda: defaultdict(Fraction))
    """What of it was paid in or moved there."""
    rows: dict[tuple[Part, str], Row] = attrs.field(factory=lambda: defaultdict(Row))
    fees: Dollars = Fraction(0)
    """Taken by the house."""
    residue: Dollars = Fraction(0)
    """Left to the house when payouts were rounded down."""
    paid_in: Dollars = Fraction(0)
    fills: dict[Part, list[Filled]] = attrs.field(factory=lambda: defaultdict(list))
    payments: dict[tuple[Part, str], Payment] = attrs.field(factory=dict)
    filled: dict[str, Fraction] = attrs.field(factory=lambda: defaultdict(Fraction))
    """By order, contracts."""
    collected: dict[str, Dollars] = attrs.field(factory=lambda: defaultdict(Fraction))
    """By order: rounding that was taken and not given back."""
    netting: set[Part] = attrs.field(factory=set)
    returned: dict[tuple[Part, str], Dollars] = attrs.field(factory=lambda: defaultdict(Fraction))
    borne: dict[tuple[Part, str], Dollars] = attrs.field(factory=lambda: defaultdict(Fraction))
    """What came back and no payout covered."""
    verdicts: dict[str, Dollars] = attrs.field(factory=dict)
    """What YES is worth, of every market that was determined."""
    won: set[str] = attrs.field(factory=set)
    """Events of which one market ended YES."""
    settled: set[str] = attrs.field(factory=set)

    def moved(self, part: Part) -> dict[int, Dollars]:
        """By shard, the cash that fills and settlements alone have brought an account."""
        return {
            shard: amount - self.carried[part, shard]
            for (who, shard), amount in self.cash.items()
            if who == part
        }

    def pay_in(self, part: Part, shard: int, amount: Dollars) -> None:
        self.cash[part, shard] += amount
        self.carried[part, shard] += amount
        self.paid_in += amount

    def move(self, source: tuple[Part, int], target: tuple[Part, int], amount: Dollars) -> None:
        for place, signed in ((source, -amount), (target, amount)):
            self.cash[place] += signed
            self.carried[place] += signed

    def fill(self, told: Filled) -> None:
        """Book one side of an execution, and hold what the venue said of it against that."""
        part, listed = (told.account, told.subaccount), self.markets[told.ticker]
        price, count = Fraction(told.price_pips, 10_000), Fraction(told.count_centi, 100)
        row = self.rows[part, told.ticker]
        brought = row.trade(1 if told.side == "bid" else -1, price, count)
        fee = self._fee(told, listed, brought, price * (1 - price) * count)
        row.fees += fee
        self.fees += fee
        self.cash[part, listed.shard] += brought - fee
        self.filled[told.order_id] += count
        self.fills[part].append(told)
        assert told.fee_micros * MICRO == fee, f"fee {told.fee_micros} is not {fee / MICRO}: {told}"
        assert Fraction(told.post_position_centi, 100) == row.held, told
        assert told.exchange_index == listed.shard, told

    def _fee(self, told: Filled, listed: Listed, brought: Dollars, spread: Fraction) -> Dollars:
        rate = self.tariffs.rate(listed.series, listed.event, told.now_us, is_taker=told.is_taker)
        if told.now_us < self.tariffs.waived_until_us.get(told.ticker, 0):
            rate = Fraction(0)
        grid = self.grids[told.account]
        trade = up(rate * spread, self.tariffs.rounded_up_to(told.now_us))
        rounding = brought - trade - down(brought - trade, grid)
        collected = self.collected[told.order_id] + rounding
        rebate = down(min(collected, trade + rounding), grid)
        self.collected[told.order_id] = collected - rebate
        return trade + rounding - rebate

    def return_collateral(self) -> None:
        """Give back what is sure to whoever asked for it: the sum of NO less the largest."""
        events = sorted({each.event for each in self.markets.values() if each.exclusive})
        for part in sorted(self.netting):
            for event in events:
                sure = self.sure(part, event)
                more = max(Fraction(0), sure - self.returned[part, event])
                self.returned[part, event] += more
                shard = next(each.shard for each in self.markets.values() if each.event == event)
                self.cash[part, shard] += more

    def _no(self, part: Part, ticker: str) -> Fraction:
        row = self.rows.get((part, ticker))
        return -row.held if row is not None and row.held < 0 else Fraction(0)

    def sure(self, part: Part, event: str) -> Dollars:
        """What an event's NO contracts pay at least: at most one of its markets ends YES."""
        counts = [
            self._no(part, ticker)
            for ticker, listed in self.markets.items()
            if listed.event == event
            and ticker not in self.settled
            and self.verdicts.get(ticker) != 1
        ]
        whole = sum(counts, Fraction(0))
        return whole if event in self.won else whole - max(counts, default=Fraction(0))

    def decide(self, ticker: str, value: Dollars) -> None:
        """Write down how a market ended, or, of one that was not paid out, how it did after all."""
        self.verdicts[ticker] = value
        event = self.markets[ticker].event
        legs = (name for name, listed in self.markets.items() if listed.event == event)
        (self.won.add if any(self.verdicts.get(leg) == 1 for leg in legs) else self.won.discard)(
            event
        )

    def settle(self, ticker: str) -> None:
        """Pay everybody out: YES its value, NO the rest of the dollar, rounded to the grid."""
        listed, value = self.markets[ticker], self.verdicts[ticker]
        self.settled.add(ticker)
        for part in sorted(each for each, name in self.rows if name == ticker):
            row = self.rows[part, ticker]
            exact = abs(row.held) * (value if row.held > 0 else 1 - value)
            payout = down(exact, self.grids[part[0]])
            self.residue += exact - payout
            if row.held:
                self.payments[part, ticker] = Payment(
                    held=row.held, value=value, payout=payout, fees=row.fees
                )
            was_held = row.held != 0
            row.realized += payout - row.cost
            row.held = row.cost = Fraction(0)
            # Who held nothing is not settled with: what came back waits for another payout.
            taken = self._collect(part, listed.event, payout) if was_held else Fraction(0)
            self.cash[part, listed.shard] += payout - taken
        legs = [name for name, each in self.markets.items() if each.event == listed.event]
        if self.settled.issuperset(legs):
            for part, event in [key for key in self.returned if key[1] == listed.event]:
                self._bear((part, event))

    def _bear(self, key: tuple[Part, str]) -> None:
        """Leave to the house what came back and no payout will cover."""
        self.borne[key] += self.returned[key]
        self.residue -= self.returned.pop(key)

    def _collect(self, part: Part, event: str, payout: Dollars) -> Dollars:
        """Take back what had come back early and is sure no more, out of this payout."""
        key = (part, event)
        taken = max(Fraction(0), min(self.returned[key] - self.sure(part, event), payout))
        self.returned[key] -= taken
        nothing_left = not any(
            self._no(part, ticker)
            for ticker, listed in self.markets.items()
            if listed.event == event and self.verdicts.get(ticker) != 1
        )
        if nothing_left:
            # A void at odd values may pay less than was sure: the house bears it.
            self._bear(key)
        return taken

    def left_micros(self) -> int:
        """Cash, positions, fees, and what the house gave or kept, less what was paid in."""
        pairs = sum(max(Fraction(0), row.held) for row in self.rows.values())
        house = self.fees + self.residue - sum(self.returned.values())
        left = (sum(self.cash.values()) + pairs + house - self.paid_in) / MICRO
        assert left.denominator == 1
        return int(left)
