"""Lives one random history at the venue and holds everything to a second arithmetic."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker
from actors.model.positions import Ledger
from tests.sim.venue.bustle import EVENTS, LEGS, SHARDS, STEPS, Bustle
from tests.sim.venue.papers import Desk
from tests.sim.venue.second_ledger import CENT, CENTICENT, MICRO, Part

READER: Final = "us"
"""The member with a key, whose statement is read over REST."""


@attrs.frozen(kw_only=True)
class Lived:
    """What one history came to."""

    seed: int
    fills: int
    settlements: int
    returned: int
    """Accounts to which collateral came back early."""


def live(seed: int, steps: int = STEPS) -> Lived:
    """Live one history.

    Raises:
        AssertionError: Something was not whole, in its own words.
    """
    bustle = Bustle(seed)
    check(bustle)
    returned: set[tuple[Part, str]] = set()
    for _ in range(steps):
        bustle.act()
        check(bustle)
        returned |= {key for key, amount in bustle.ledger.returned.items() if amount}
    bustle.end()
    check(bustle)
    check_end(bustle)
    check_statement(bustle)
    return Lived(
        seed=seed,
        fills=sum(map(len, bustle.ledger.fills.values())) // 2,
        settlements=len(bustle.ledger.payments),
        returned=len(returned),
    )


def check(bustle: Bustle) -> None:
    """Hold books, cash, positions and the sum of all money to what was heard."""
    assert bustle.ledger.left_micros() == 0
    check_books(bustle)
    held = {key: int(row.held * 100) for key, row in bustle.ledger.rows.items() if row.held}
    for part in bustle.parts():
        _check_part(bustle, part, held)
    for ticker in LEGS:
        each = [centi for (_, name), centi in held.items() if name == ticker]
        assert sum(each) == 0, ticker
        open_centi = bustle.venue.floor.market(ticker).open_interest_centi
        assert open_centi == sum(max(0, centi) for centi in each), ticker
    resting = bustle.venue.floor.orders
    for order in bustle.heard.orders.values():
        assert order.filled_centi == bustle.ledger.filled.get(order.order_id, 0) * 100, order
        assert (order.status == "resting") == (order.order_id in resting), order


def _check_part(bustle: Bustle, part: Part, held: dict[tuple[Part, str], int]) -> None:
    account = bustle.venue.floor.account(part[0]).part(part[1])
    for shard in SHARDS:
        cash, there = bustle.ledger.cash[part, shard] * 1_000_000, account.cash(shard)
        assert there == cash, f"{part} shard {shard}: {cash - there}"
        free = account.available(shard)
        if account.membership == "direct":
            least = _least_needed(bustle, part, shard, held) if account.resting else 0
            assert 0 <= free <= there - least, f"{part} shard {shard}: {free} of {there} is free"
    for ticker in LEGS:
        holding = account.holdings.get(ticker)
        assert (holding.yes_centi if holding else 0) == held.get((part, ticker), 0), (part, ticker)


def check_books(bustle: Bustle) -> None:
    """The book is what its changes add up to and what its orders add up to, and not crossed."""
    for ticker in LEGS:
        heard, depth = bustle.heard.books[ticker], bustle.venue.book(ticker)
        sides: tuple[tuple[Side, Any], ...] = (("bid", depth.bids), ("ask", depth.asks))
        for side, levels in sides:
            shown = {level.price_pips: level.count_centi for level in levels}
            assert shown == heard[side], (ticker, side)
            summed: dict[int, int] = {}
            for order in bustle.venue.floor.orders.values():
                if (order.request.ticker, order.request.side) == (ticker, side):
                    price = order.request.price_pips
                    summed[price] = summed.get(price, 0) + order.remaining_centi
            assert summed == shown, (ticker, side)
        if heard["bid"] and heard["ask"]:
            assert max(heard["bid"]) < min(heard["ask"]), f"{ticker} is crossed"


def _least_needed(
    bustle: Bustle, part: Part, shard: int, holdings: dict[tuple[Part, str], int]
) -> int:
    """Micro-dollars that resting orders need at least: price times count beyond a position."""
    needed = 0
    for ticker in LEGS:
        if bustle.ledger.markets[ticker].shard != shard:
            continue
        held = holdings.get((part, ticker), 0)
        for side, cover in (("bid", -held), ("ask", held)):
            left = max(0, cover)
            orders = [
                (
                    each.price_pips if side == "bid" else 10_000 - each.price_pips,
                    each.remaining_centi,
                )
                for each in _resting(bustle, part, ticker)
                if each.side == side
            ]
            for price_pips, count_centi in sorted(orders, reverse=True):
                covered = min(count_centi, left)
                left -= covered
                needed += price_pips * (count_centi - covered)
    return needed


def _resting(bustle: Bustle, part: Part, ticker: Ticker) -> list[Any]:
    resting = bustle.venue.floor.account(part[0]).part(part[1]).resting.get(ticker, {})
    return [bustle.heard.orders[order_id] for order_id in resting]


def check_end(bustle: Bustle) -> None:
    """Nothing is held, owed or reserved once everything is settled."""
    floor, ledger = bustle.venue.floor, bustle.ledger
    assert not floor.orders
    assert set(ledger.settled) == set(LEGS)
    assert not any(ledger.returned.values())
    for name, number in bustle.parts():
        account = floor.account(name).part(number)
        assert account.returned_micros == {}
        assert all(account.available(shard) == account.cash(shard) for shard in SHARDS)
    house = (ledger.fees + ledger.residue) / MICRO
    assert floor.house_micros == house, f"the house has {floor.house_micros}, not {house}"


def _money(text: str) -> Fraction:
    return Fraction(Decimal(text))


def check_statement(bustle: Bustle) -> None:
    """What REST states is what the second ledger says, and what our own ledger makes of it."""
    desk, ledger = Desk(bustle.hall), bustle.ledger
    for number in (0, 1):
        part = (READER, number)
        fills = _all(desk, "fills", number)
        settlements = _all(desk, "settlements", number)
        _hold_fills(bustle, part, fills)
        _hold_settlements(bustle, part, settlements)
        breakdown = desk.get("/portfolio/balance", subaccount=str(number))["balance_breakdown"]
        stated = {row["exchange_index"]: _money(row["balance"]) for row in breakdown}
        for shard in SHARDS:
            assert stated.get(shard, 0) == ledger.cash[part, shard], (part, shard)
        for row in _all(desk, "positions", number, settlement_status="all"):
            own = ledger.rows[part, row["ticker"]]
            assert _money(row["fees_paid_dollars"]) == own.fees
            assert 0 <= own.realized - _money(row["realized_pnl_dollars"]) < MICRO, row
            assert Fraction(row["position_fp"]) == own.held == 0
        _hold_own_ledger(bustle, part, fills)


def _all(desk: Desk, what: str, number: int, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = {"subaccount": str(number), "limit": "1000", "cursor": cursor, **query}
        body = desk.get(f"/portfolio/{what}", **page)
        rows += body["market_positions" if what == "positions" else what]
        cursor = body["cursor"]
        if not cursor:
            return rows


def _hold_fills(bustle: Bustle, part: Part, rows: list[dict[str, Any]]) -> None:
    told = {each.trade_id: each for each in bustle.ledger.fills[part]}
    assert len(rows) == len(told) == len(bustle.ledger.fills[part])
    for row in rows:
        each = told[row["trade_id"]]
        assert _money(row["fee_cost"]) == each.fee_micros * MICRO, row
        assert _money(row["yes_price_dollars"]) == Fraction(each.price_pips, 10_000), row
        assert Fraction(row["count_fp"]) == Fraction(each.count_centi, 100), row
        assert (row["book_side"], row["is_taker"]) == (each.side, each.is_taker), row
        assert (row["ticker"], row["order_id"]) == (each.ticker, each.order_id), row


def _hold_settlements(bustle: Bustle, part: Part, rows: list[dict[str, Any]]) -> None:
    own = {ticker: each for (who, ticker), each in bustle.ledger.payments.items() if who == part}
    assert sorted(row["ticker"] for row in rows) == sorted(own)
    for row in rows:
        paid = own[row["ticker"]]
        assert Fraction(row["yes_count_fp"]) - Fraction(row["no_count_fp"]) == paid.held, row
        assert row["revenue"] == int(paid.payout / CENT), row
        assert row["value"] == int(paid.value / CENT), row
        assert _money(row["fee_cost"]) == paid.fees, row


def _hold_own_ledger(bustle: Bustle, part: Part, rows: list[dict[str, Any]]) -> None:
    """Our own ledger, from the statement's rows, moved the cash as the venue did.

    It knows of no collateral that comes back early: that moves cash in time, not in sum.
    """
    ledger = Ledger({0: MicroDollars(0), 1: MicroDollars(0)}, grid_micros=MicroDollars(100))
    for row in reversed(rows):
        ledger.book(
            Fill(
                trade_id=row["trade_id"],
                order_id=row["order_id"],
                ticker=Ticker(row["ticker"]),
                side=row["book_side"],
                price_pips=Pips(int(_money(row["yes_price_dollars"]) / CENTICENT)),
                count_centi=CentiContracts(int(Fraction(row["count_fp"]) * 100)),
                fee_micros=MicroDollars(int(_money(row["fee_cost"]) / MICRO)),
                is_taker=row["is_taker"],
                exchange_index=row["exchange_index"],
                venue_ts_ms=row["ts"] * 1000,
            )
        )
    for ticker, value in bustle.ledger.verdicts.items():
        ledger.settle(Ticker(ticker), MicroDollars(int(value / MICRO)))
    moved = bustle.ledger.moved(part)
    for event, legs in EVENTS.items():
        shard = bustle.ledger.markets[legs[0]].shard
        short = bustle.ledger.borne.get((part, event), Fraction(0)) / MICRO
        assert ledger.cash_micros(shard) + short == moved[shard] / MICRO, (part, shard)
