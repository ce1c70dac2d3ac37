"""What we hold and what it brought: signed positions, their cash, and a ledger over markets.

The venue keeps one signed number per market (reference ``kalshi.md`` section 8).
Buying YES costs ``p``; selling YES that is held brings ``p``; selling beyond it buys
NO at ``1 - p``; and a YES against a NO is a pair, worth its dollar at once. A fill
that crosses zero does first the one and then the other.

Realised profit is by average cost: closing ``c`` of ``n`` contracts releases
``floor(basis x c / n)`` of what the position cost, the remainder stays with what is
left, and closing the last contract releases all. So nothing is lost to division, and
at every moment, to the micro-dollar,

    cash + basis of what is open = realised - fees - rounding.

Collateral that the venue returns early across the markets of one event is not modelled:
it moves cash in time, never in sum.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import attrs

from actors.model.money import (
    ONE_CONTRACT_CENTI,
    ONE_DOLLAR_MICROS,
    CentiContracts,
    MicroDollars,
    cost_micros,
    opposite_pips,
)
from actors.model.orders import Fill, Ticker, sign

_FLAT: Final = CentiContracts(0)
_NOTHING: Final = MicroDollars(0)


class LedgerBroken(ValueError):
    """Two reports that cannot both be true."""


class Booked(NamedTuple):
    """What a fill or a settlement did to a position."""

    position: "Position"
    realised_micros: MicroDollars
    """Profit made final by it, fees and rounding apart."""
    cash_micros: MicroDollars
    """What the balance moved by, fees and rounding included."""
    rounding_micros: MicroDollars = _NOTHING
    """What the floor to the account's grid kept of a settlement."""


@attrs.frozen(kw_only=True)
class Position:
    """One market's contracts and what they cost."""

    ticker: Ticker
    net_centi: CentiContracts = _FLAT
    """Above zero YES contracts, below zero NO contracts."""
    basis_micros: MicroDollars = _NOTHING
    """What the open contracts cost, fees apart; never negative."""

    def apply(self, fill: Fill) -> Booked:
        """Book one fill.

        Raises:
            LedgerBroken: Another market's fill, or one of nothing.
        """
        if fill.ticker != self.ticker or fill.count_centi <= 0:
            raise LedgerBroken(f"{fill.trade_id} is no fill of {self.ticker}")
        step, held = sign(fill.side), abs(self.net_centi)
        closing = min(fill.count_centi, held) if self.net_centi * step < 0 else 0
        # A bid buys YES and gives up NO, an ask buys NO and gives up YES.
        yes_pips, no_pips = fill.price_pips, opposite_pips(fill.price_pips)
        bought_pips, given_pips = (yes_pips, no_pips) if step > 0 else (no_pips, yes_pips)

        cost = cost_micros(bought_pips, CentiContracts(fill.count_centi - closing))
        proceeds = cost_micros(given_pips, CentiContracts(closing))
        released = self.basis_micros * closing // held if closing else 0
        return Booked(
            position=Position(
                ticker=self.ticker,
                net_centi=CentiContracts(self.net_centi + step * fill.count_centi),
                basis_micros=MicroDollars(self.basis_micros - released + cost),
            ),
            realised_micros=MicroDollars(proceeds - released),
            cash_micros=MicroDollars(proceeds - cost - fill.fee_micros),
        )

    def settle(self, value_micros: MicroDollars, *, grid_micros: MicroDollars) -> Booked:
        """Pay the position out: YES gets ``value_micros`` a contract, NO the rest of a dollar.

        A scalar value can owe less than a grid step; the exact amount is floored to a
        micro-dollar and then to the account's grid, and what the second floor keeps is
        rounding (design section 6).

        Raises:
            LedgerBroken: The value is not within a dollar.
        """
        if not 0 <= value_micros <= ONE_DOLLAR_MICROS:
            raise LedgerBroken(f"{self.ticker} cannot settle at {value_micros} micro-dollars")
        each = value_micros if self.net_centi > 0 else ONE_DOLLAR_MICROS - value_micros
        owed = each * abs(self.net_centi) // ONE_CONTRACT_CENTI
        rounding = owed % grid_micros
        return Booked(
            position=Position(ticker=self.ticker),
            realised_micros=MicroDollars(owed - self.basis_micros),
            cash_micros=MicroDollars(owed - rounding),
            rounding_micros=MicroDollars(rounding),
        )


@attrs.frozen(kw_only=True)
class Holding:
    """All that one market has done to the account."""

    position: Position
    exchange_index: int
    """The shard whose cash it moves."""
    cash_micros: MicroDollars = _NOTHING
    realised_micros: MicroDollars = _NOTHING
    fees_micros: MicroDollars = _NOTHING
    rounding_micros: MicroDollars = _NOTHING

    @property
    def profit_micros(self) -> MicroDollars:
        """Realised profit after fees and rounding."""
        return MicroDollars(self.realised_micros - self.fees_micros - self.rounding_micros)


class Ledger:
    """An account: cash by shard and holdings by market, moved by fills and settlements alone.

    Fills may come twice and in any order, before or after their market's settlement.
    """

    def __init__(self, opening: Mapping[int, MicroDollars], *, grid_micros: MicroDollars) -> None:
        """Start with ``opening`` cash by shard, on the account's balance grid."""
        self._cash = dict(opening)
        self._paid_in: int = sum(opening.values())
        self._grid_micros = grid_micros
        self._holdings: dict[Ticker, Holding] = {}
        self._fills: dict[str, Fill] = {}
        self._settled: dict[Ticker, MicroDollars] = {}

    def book(self, fill: Fill) -> Booked | None:
        """Book a fill, once; a fill of a settled market is paid out at once.

        Returns:
            What it did, or ``None`` if it was booked before.

        Raises:
            LedgerBroken: The trade id was booked with other particulars, the
                market has moved to another shard, or the fill makes no sense.
        """
        before = self._fills.get(fill.trade_id)
        if before is not None:
            if before != fill:
                raise LedgerBroken(f"trade {fill.trade_id} was reported in two ways")
            return None
        holding = self._holdings.get(fill.ticker)
        if holding is None:
            holding = Holding(
                position=Position(ticker=fill.ticker), exchange_index=fill.exchange_index
            )
        elif holding.exchange_index != fill.exchange_index:
            raise LedgerBroken(f"{fill.ticker} was on shard {holding.exchange_index}")
        booked = holding.position.apply(fill)
        self._fills[fill.trade_id] = fill
        self._move(holding, booked, fill.fee_micros)
        value = self._settled.get(fill.ticker)
        return booked if value is None else _both(booked, self._pay_out(fill.ticker, value))

    def settle(self, ticker: Ticker, value_micros: MicroDollars) -> Booked | None:
        """Settle one market at ``value_micros`` per YES contract, once.

        Returns:
            What it did, or ``None`` if it was settled before or never traded.

        Raises:
            LedgerBroken: It was settled at another value, or the value is not
                within a dollar.
        """
        before = self._settled.get(ticker)
        if before is not None:
            if before != value_micros:
                raise LedgerBroken(f"{ticker} settled at {before} and at {value_micros}")
            return None
        if not 0 <= value_micros <= ONE_DOLLAR_MICROS:
            raise LedgerBroken(f"{ticker} cannot settle at {value_micros} micro-dollars")
        self._settled[ticker] = value_micros
        return self._pay_out(ticker, value_micros) if ticker in self._holdings else None

    def deposit(self, exchange_index: int, amount_micros: MicroDollars) -> None:
        """Pay cash in to a shard, or out of it if negative; no profit either way."""
        self._add_cash(exchange_index, amount_micros)
        self._paid_in += amount_micros

    def transfer(self, source: int, destination: int, amount_micros: MicroDollars) -> None:
        """Move cash from one shard to another."""
        self._add_cash(source, -amount_micros)
        self._add_cash(destination, amount_micros)

    def cash_micros(self, exchange_index: int) -> MicroDollars:
        """Return the cash of one shard."""
        return self._cash.get(exchange_index, _NOTHING)

    def shards(self) -> tuple[int, ...]:
        """Return every shard that ever had a movement, in order."""
        return tuple(sorted(self._cash))

    def position(self, ticker: Ticker) -> Position:
        """Return what is held of one market; flat if it was never traded."""
        holding = self._holdings.get(ticker)
        return Position(ticker=ticker) if holding is None else holding.position

    def holding(self, ticker: Ticker) -> Holding | None:
        """Return all that one market did, or ``None`` if it was never traded."""
        return self._holdings.get(ticker)

    def holdings(self) -> Iterator[Holding]:
        """Yield every market ever traded, in order of first trade."""
        yield from self._holdings.values()

    @property
    def profit_micros(self) -> MicroDollars:
        """Change of cash over all shards, apart from what was paid in or out.

        What is open counts at nothing; once flat or settled this is the profit.
        """
        return MicroDollars(sum(self._cash.values()) - self._paid_in)

    @property
    def basis_micros(self) -> MicroDollars:
        """What everything open cost, fees apart."""
        return MicroDollars(sum(h.position.basis_micros for h in self._holdings.values()))

    def _pay_out(self, ticker: Ticker, value_micros: MicroDollars) -> Booked:
        holding = self._holdings[ticker]
        booked = holding.position.settle(value_micros, grid_micros=self._grid_micros)
        self._move(holding, booked, _NOTHING)
        return booked

    def _move(self, holding: Holding, booked: Booked, fee_micros: MicroDollars) -> None:
        self._add_cash(holding.exchange_index, booked.cash_micros)
        self._holdings[booked.position.ticker] = Holding(
            position=booked.position,
            exchange_index=holding.exchange_index,
            cash_micros=MicroDollars(holding.cash_micros + booked.cash_micros),
            realised_micros=MicroDollars(holding.realised_micros + booked.realised_micros),
            fees_micros=MicroDollars(holding.fees_micros + fee_micros),
            rounding_micros=MicroDollars(holding.rounding_micros + booked.rounding_micros),
        )

    def _add_cash(self, exchange_index: int, amount_micros: int) -> None:
        self._cash[exchange_index] = MicroDollars(
            self._cash.get(exchange_index, _NOTHING) + amount_micros
        )


def _both(first: Booked, second: Booked) -> Booked:
    return Booked(
        position=second.position,
        realised_micros=MicroDollars(first.realised_micros + second.realised_micros),
        cash_micros=MicroDollars(first.cash_micros + second.cash_micros),
        rounding_micros=MicroDollars(first.rounding_micros + second.rounding_micros),
    )
