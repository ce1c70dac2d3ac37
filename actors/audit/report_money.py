"""What an event cost and brought: its own orders' fills, and what was settled. Pure."""

import attrs

from actors.audit.events import Event
from actors.audit.report_facts import Order
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Ticker
from actors.model.positions import Booked, Position

_EXACT = MicroDollars(1)
"""The floor to the account's grid is of a market's whole position, never of one event's."""


@attrs.frozen(kw_only=True)
class Movement:
    """One order's executions, or a settlement, as the event's own books take it."""

    what: str
    """``entry``, ``exit`` or ``settled``."""
    ticker: str
    order: Order | None
    count_centi: int
    """Signed: how the YES position moved."""
    value_micros: int
    """Of a settlement: what a YES contract paid."""
    cash_micros: int
    """Fees included."""
    fee_micros: int
    realised_micros: int
    """Fees apart."""
    left_centi: int
    """The YES position after it; below zero NO."""
    seqs: tuple[int, ...]


@attrs.frozen(kw_only=True)
class Money:
    """The event's books. Average cost, as ``model/positions.py``."""

    movements: tuple[Movement, ...]
    cash_micros: int
    fees_micros: int
    realised_micros: int
    basis_micros: int
    """What is still open cost, fees apart."""
    open_centi: dict[str, int]
    """Signed, by market; only what is not flat."""

    @property
    def so_far_micros(self) -> int:
        """Profit made final so far, after every fee paid so far."""
        return self.realised_micros - self.fees_micros

    @property
    def profit_micros(self) -> int | None:
        """Profit after fees; ``None`` while something is open."""
        return None if self.open_centi else self.cash_micros


def money_of(event: Event) -> Money:
    """Return the event's books, from the journal's fills and settlements."""
    positions: dict[str, Position] = {}
    movements: list[Movement] = []
    orders = sorted(event.orders, key=lambda order: order.fills[0].seq if order.fills else 0)
    for order in orders:
        if order.fills:
            movement, position = _executed(order, positions)
            positions[movement.ticker] = position
            movements.append(movement)
    for fact in event.settlements:
        row = fact.record
        held = positions.get(row.ticker)
        if held is not None and held.net_centi:
            booked = held.settle(MicroDollars(row.value_micros), grid_micros=_EXACT)
            positions[row.ticker] = booked.position
            movements.append(
                Movement(
                    what="settled",
                    ticker=row.ticker,
                    order=None,
                    count_centi=-held.net_centi,
                    value_micros=row.value_micros,
                    cash_micros=booked.cash_micros,
                    fee_micros=0,
                    realised_micros=booked.realised_micros,
                    left_centi=0,
                    seqs=(fact.seq,),
                )
            )
    return Money(
        movements=tuple(movements),
        cash_micros=sum(each.cash_micros for each in movements),
        fees_micros=sum(each.fee_micros for each in movements),
        realised_micros=sum(each.realised_micros for each in movements),
        basis_micros=sum(each.basis_micros for each in positions.values()),
        open_centi={name: each.net_centi for name, each in positions.items() if each.net_centi},
    )


def _executed(order: Order, positions: dict[str, Position]) -> tuple[Movement, Position]:
    ticker = order.intent.record.ticker
    before = positions.get(ticker, Position(ticker=Ticker(ticker)))
    position, booked = before, list[Booked]()
    for fact in order.fills:
        row = fact.record
        step = position.apply(
            Fill(
                trade_id=row.trade_id,
                order_id=row.order_id,
                ticker=Ticker(ticker),
                side="bid" if row.side == "bid" else "ask",
                price_pips=Pips(row.price_pips),
                count_centi=CentiContracts(row.count_centi),
                fee_micros=MicroDollars(row.fee_micros),
                is_taker=row.is_taker,
                exchange_index=row.exchange_index,
                venue_ts_ms=row.venue_ts_ms,
            )
        )
        booked.append(step)
        position = step.position
    movement = Movement(
        what=order.intent.record.purpose,
        ticker=ticker,
        order=order,
        count_centi=position.net_centi - before.net_centi,
        value_micros=0,
        cash_micros=sum(step.cash_micros for step in booked),
        fee_micros=order.fee_micros,
        realised_micros=sum(step.realised_micros for step in booked),
        left_centi=position.net_centi,
        seqs=tuple(fact.seq for fact in order.fills),
    )
    return movement, position
