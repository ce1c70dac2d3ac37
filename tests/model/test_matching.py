"""The engine is held against a plain list of orders that is sorted anew for every match."""

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from actors.model.book import Book, Level
from actors.model.matching import Incoming, PriceTimeBook, Result, Taken, take
from actors.model.money import CentiContracts, Pips, cost_micros
from actors.model.orders import Side, TimeInForce, opposite
from tests.strategies import books, centi_contracts, incomings, pips, sides


@attrs.define
class Order:
    order_id: str
    owner: str
    side: Side
    price: int
    left: int


class Oracle:
    """The rules of the venue, written as slowly and plainly as can be."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def opposing(self, incoming: Incoming) -> list[Order]:
        bid = incoming.side == "bid"
        limit = incoming.price_pips
        found = [
            order
            for order in self.orders
            if order.side != incoming.side
            and (order.price <= limit if bid else order.price >= limit)
        ]
        return sorted(found, key=lambda order: order.price if bid else -order.price)

    def may_fill(self, incoming: Incoming, wanted: int) -> bool:
        met: list[Order] = []
        for order in self.opposing(incoming):
            if sum(before.left for before in met) < wanted:
                met.append(order)
        meets_itself = any(order.owner == incoming.owner for order in met)
        return meets_itself or sum(order.left for order in met) >= wanted

    def submit(self, incoming: Incoming) -> tuple[list[tuple[str, int, int]], int, str | None]:
        """Return executions (maker, price, count), what came to rest, and why it was killed."""
        left = int(incoming.count_centi)
        if incoming.reduce_cap_centi is not None:
            left = min(left, incoming.reduce_cap_centi)
        if left == 0:
            return [], 0, "reduce_only"
        if incoming.post_only and self.opposing(incoming):
            return [], 0, "post_only_cross"
        if incoming.time_in_force == "fill_or_kill" and not self.may_fill(incoming, left):
            return [], 0, "fill_or_kill"
        executions: list[tuple[str, int, int]] = []
        while left and (opposing := self.opposing(incoming)):
            maker = opposing[0]
            if maker.owner == incoming.owner:
                if incoming.self_trade == "taker_at_cross":
                    return executions, 0, "self_trade"
                self.orders.remove(maker)
                continue
            count = min(left, maker.left)
            executions.append((maker.order_id, maker.price, count))
            left -= count
            maker.left -= count
            self.orders = [order for order in self.orders if order.left]
        if left and incoming.time_in_force == "good_till_canceled":
            self.orders.append(
                Order(incoming.order_id, incoming.owner, incoming.side, incoming.price_pips, left)
            )
            return executions, left, None
        return executions, 0, None

    def levels(self, side: Side) -> tuple[Level, ...]:
        totals: dict[int, int] = {}
        for order in self.orders:
            if order.side == side:
                totals[order.price] = totals.get(order.price, 0) + order.left
        return tuple(
            Level(Pips(price), CentiContracts(totals[price]))
            for price in sorted(totals, reverse=side == "bid")
        )


Cut = tuple[str, int]
"""Cancel or decrease; the number picks the order, and says what is to be left of it."""

cuts = st.tuples(st.sampled_from(("cancel", "decrease")), st.integers(0, 400))
histories = st.lists(st.one_of(incomings(), incomings(), cuts), min_size=15, max_size=60)


def order(
    order_id: str,
    side: Side,
    price: int,
    count: int,
    *,
    owner: str = "them",
    time_in_force: TimeInForce = "good_till_canceled",
    **more: object,
) -> Incoming:
    return Incoming(
        order_id=order_id,
        owner=owner,
        side=side,
        price_pips=Pips(price),
        count_centi=CentiContracts(count),
        time_in_force=time_in_force,
        **more,  # type: ignore[arg-type]  # each caller passes the field's own type
    )


def named(history: list[Incoming]) -> list[Incoming]:
    return [attrs.evolve(one, order_id=f"order-{number}") for number, one in enumerate(history)]


def traded(result: Result) -> list[tuple[str, int, int]]:
    return [(e.maker_order_id, e.price_pips, e.count_centi) for e in result.executions]


@settings(deadline=None)
@given(histories)
def test_every_history_matches_as_the_plain_rules_say(history: list[Incoming | Cut]) -> None:
    engine, oracle, seen = PriceTimeBook(), Oracle(), Book()
    for number, step in enumerate(history):
        if isinstance(step, Incoming):
            incoming = attrs.evolve(step, order_id=f"order-{number}")
            result = engine.submit(incoming)
            assert (traded(result), result.rested_centi, result.killed) == oracle.submit(incoming)
            for side, price, change in result.changes:
                seen.change(side, price, change)
        elif oracle.orders:
            pick = oracle.orders[step[1] % len(oracle.orders)]
            if step[0] == "cancel":
                gone = engine.cancel(pick.order_id)
                assert gone is not None
                assert gone.left_centi == pick.left
                by, pick.left = pick.left, 0
            else:
                cut = engine.decrease(pick.order_id, CentiContracts(step[1]))
                by = max(0, pick.left - step[1])
                assert cut == by
                pick.left -= by
            seen.change(pick.side, Pips(pick.price), CentiContracts(-by))
            oracle.orders = [order for order in oracle.orders if order.left]
        assert engine.levels("bid") == oracle.levels("bid") == seen.bids()
        assert engine.levels("ask") == oracle.levels("ask") == seen.asks()
        assert not seen.is_crossed


@settings(deadline=None)
@given(st.lists(incomings(), min_size=5, max_size=25))
def test_no_contract_is_made_or_lost(history: list[Incoming]) -> None:
    engine = PriceTimeBook()
    for incoming in named(history):
        result = engine.submit(incoming)

        total = result.executed_centi + result.rested_centi + result.cancelled_centi
        assert total == incoming.count_centi
        resting = engine.resting(incoming.order_id)
        assert (resting.left_centi if resting else 0) == result.rested_centi


@settings(deadline=None)
@given(st.lists(incomings(), min_size=5, max_size=25))
def test_a_taker_never_trades_beyond_its_limit_its_cap_or_with_itself(
    history: list[Incoming],
) -> None:
    engine = PriceTimeBook()
    for incoming in named(history):
        result = engine.submit(incoming)

        for execution in result.executions:
            better = incoming.price_pips - execution.price_pips
            assert better >= 0 if incoming.side == "bid" else better <= 0
            assert execution.maker_owner != incoming.owner
        if incoming.reduce_cap_centi is not None:
            assert result.executed_centi <= incoming.reduce_cap_centi
        assert result.rested_centi == 0 or incoming.time_in_force == "good_till_canceled"


@settings(deadline=None)
@given(st.lists(incomings(owners=("them", "other")), max_size=25), sides, pips, centi_contracts)
def test_an_order_takes_from_the_engine_what_the_depth_walk_promises(
    history: list[Incoming], side: Side, limit: Pips, count: CentiContracts
) -> None:
    engine = PriceTimeBook()
    for incoming in named(history):
        engine.submit(incoming)
    promised = take(engine.levels(opposite(side)), side=side, limit_pips=limit, count_centi=count)

    result = engine.submit(
        order("ours", side, limit, count, owner="us", time_in_force="immediate_or_cancel")
    )

    assert result.executed_centi == promised.count_centi
    assert sum(e.price_pips * e.count_centi for e in result.executions) == promised.cost_micros


@given(books(), sides, pips, centi_contracts)
def test_a_walk_takes_all_that_is_within_reach_and_wanted(
    book: Book, side: Side, limit: Pips, count: CentiContracts
) -> None:
    every_level = book.asks() if side == "bid" else book.bids()
    reachable = [
        level
        for level in every_level
        if (level.price_pips <= limit if side == "bid" else level.price_pips >= limit)
    ]

    taken = take(every_level, side=side, limit_pips=limit, count_centi=count)

    assert taken == take(reachable, side=side, limit_pips=limit, count_centi=count)
    assert taken.count_centi == min(count, sum(level.count_centi for level in reachable))
    assert taken.cost_micros == sum(cost_micros(p.price_pips, p.count_centi) for p in taken.parts)
    assert [p.price_pips for p in taken.parts] == [
        level.price_pips for level in reachable[: len(taken.parts)]
    ]
    assert all(part.count_centi > 0 for part in taken.parts)
    assert taken.last_pips == (taken.parts[-1].price_pips if taken.parts else None)


def test_a_walk_of_an_empty_book_takes_nothing() -> None:
    assert take((), side="bid", limit_pips=Pips(9_900), count_centi=CentiContracts(100)) == Taken(
        count_centi=CentiContracts(0),
        cost_micros=cost_micros(Pips(1), CentiContracts(0)),
        last_pips=None,
        parts=(),
    )


def test_the_taker_gets_the_makers_prices_best_first_and_eldest_first() -> None:
    engine = PriceTimeBook()
    for order_id, price in [("late-and-dear", 5_200), ("first", 5_100), ("second", 5_100)]:
        engine.submit(order(order_id, "ask", price, 100))

    result = engine.submit(
        order("taker", "bid", 9_900, 250, owner="us", time_in_force="immediate_or_cancel")
    )

    assert traded(result) == [
        ("first", 5_100, 100),
        ("second", 5_100, 100),
        ("late-and-dear", 5_200, 50),
    ]
    assert result.executions[-1].maker_left_centi == 50
    assert result.changes == (("ask", 5_100, -100), ("ask", 5_100, -100), ("ask", 5_200, -50))


def test_what_a_decrease_leaves_keeps_its_place_in_the_queue() -> None:
    engine = PriceTimeBook()
    engine.submit(order("elder", "ask", 5_000, 300))
    engine.submit(order("younger", "ask", 5_000, 300))

    assert engine.decrease("elder", CentiContracts(100)) == 200
    assert [resting.order_id for resting in engine.orders("ask")] == ["elder", "younger"]


def test_a_decrease_never_makes_an_order_larger() -> None:
    engine = PriceTimeBook()
    engine.submit(order("one", "ask", 5_000, 300))

    assert engine.decrease("one", CentiContracts(400)) == 0
    assert engine.levels("ask") == (Level(Pips(5_000), CentiContracts(300)),)


def test_a_decrease_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot leave -1"):
        PriceTimeBook().decrease("one", CentiContracts(-1))


def test_an_order_that_does_not_rest_cannot_be_cancelled_or_decreased() -> None:
    engine = PriceTimeBook()

    assert engine.cancel("none") is None
    assert engine.decrease("none", CentiContracts(1)) is None


def test_fill_or_kill_trades_whole_or_not_at_all() -> None:
    engine = PriceTimeBook()
    engine.submit(order("maker", "ask", 5_000, 100))

    killed = engine.submit(
        order("too-much", "bid", 5_000, 101, owner="us", time_in_force="fill_or_kill")
    )
    filled = engine.submit(
        order("just", "bid", 5_000, 100, owner="us", time_in_force="fill_or_kill")
    )

    assert (killed.killed, killed.executed_centi, killed.changes) == ("fill_or_kill", 0, ())
    assert (filled.killed, filled.executed_centi) == (None, 100)


def test_fill_or_kill_that_meets_its_owners_order_degrades_to_immediate_or_cancel() -> None:
    engine = PriceTimeBook()
    engine.submit(order("theirs", "ask", 5_000, 100))
    engine.submit(order("ours", "ask", 5_100, 100, owner="us"))

    result = engine.submit(
        order("taker", "bid", 5_200, 500, owner="us", time_in_force="fill_or_kill")
    )

    assert result.executed_centi == 100
    assert result.killed == "self_trade"
    assert engine.resting("ours") is not None


def test_a_taker_stopped_at_its_owners_order_keeps_its_fills_and_does_not_rest() -> None:
    engine = PriceTimeBook()
    engine.submit(order("theirs", "ask", 5_000, 100))
    engine.submit(order("ours", "ask", 5_100, 100, owner="us"))

    result = engine.submit(order("taker", "bid", 5_200, 500, owner="us"))

    assert (result.executed_centi, result.rested_centi, result.cancelled_centi) == (100, 0, 400)
    assert result.killed == "self_trade"
    assert engine.levels("bid") == ()


def test_with_maker_prevention_what_rests_gives_way_and_the_taker_goes_on() -> None:
    engine = PriceTimeBook()
    engine.submit(order("ours", "ask", 5_000, 100, owner="us"))
    engine.submit(order("theirs", "ask", 5_100, 100))

    result = engine.submit(order("taker", "bid", 5_100, 150, owner="us", self_trade="maker"))

    assert [gone.order_id for gone in result.self_cancelled] == ["ours"]
    assert traded(result) == [("theirs", 5_100, 100)]
    assert result.rested_centi == 50


def test_a_post_only_order_that_would_take_does_nothing() -> None:
    engine = PriceTimeBook()
    engine.submit(order("maker", "ask", 5_000, 100))

    result = engine.submit(order("shy", "bid", 5_000, 100, owner="us", post_only=True))

    assert (result.killed, result.cancelled_centi, result.changes) == ("post_only_cross", 100, ())


def test_a_reduce_only_order_with_nothing_to_reduce_is_killed() -> None:
    engine = PriceTimeBook()
    engine.submit(order("maker", "bid", 5_000, 100))

    result = engine.submit(
        order("exit", "ask", 5_000, 100, owner="us", reduce_cap_centi=CentiContracts(0))
    )

    assert (result.killed, result.executed_centi) == ("reduce_only", 0)


def test_an_order_id_can_rest_only_once() -> None:
    engine = PriceTimeBook()
    engine.submit(order("one", "bid", 5_000, 100))

    with pytest.raises(ValueError, match="rests already"):
        engine.submit(order("one", "bid", 4_900, 100))


@pytest.mark.parametrize(("price", "count"), [(0, 100), (10_000, 100), (5_000, 0), (5_000, -1)])
def test_an_order_off_the_scale_or_of_nothing_cannot_be_made(price: int, count: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        order("bad", "bid", price, count)
