"""One law over everything that moves money: whatever is done, in whatever order, it stays whole."""

import random
from fractions import Fraction

from hypothesis import given, settings, strategies as st

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.sim.venue.accounts import Account, CreateOrder
from actors.sim.venue.amending import AmendOrder
from actors.sim.venue.listing import DECI_CENT, Verdict
from actors.sim.venue.order_groups import OrderGroup
from tests.sim.venue.hall import AWAY, EVENT, HOME, SERIES, Hall, market_terms, open_hall

TIE = Ticker(f"{EVENT}-TIE")
LEGS = (HOME, AWAY, TIE)
SIDES: tuple[Side, ...] = ("bid", "ask")
NAMES = ("us", "maker")


class Bustle:
    """Two members with two accounts each, doing anything at all."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.hall: Hall = open_hall(
            ranges=DECI_CENT, fee_type="quadratic_with_maker_fees", cash_micros=20_000_000
        )
        venue = self.hall.venue
        venue.list_market(market_terms(TIE, DECI_CENT, venue.now_us()))
        for name in NAMES:
            venue.treasury.divide(name)
            venue.treasury.move_between(
                name, source=0, target=1, shard=0, micros=5_000_000, client_id=""
            )
        group = venue.groups.create("us", subaccount=0, shard=0, limit_centi=500)
        assert isinstance(group, OrderGroup)
        self.group = group
        self.money = self.hall.money()

    def act(self) -> None:
        acts = (self.place, self.place, self.place, self.change, self.withdraw, self.move)
        self.rng.choice((*acts, self.switch, self.wait, self.regroup))()

    def place(self) -> None:
        rng, name = self.rng, self.rng.choice(NAMES)
        subaccount = rng.choice((0, 0, 1))
        grouped = name == "us" and subaccount == 0 and rng.random() < 0.5
        resting = rng.random() < 0.6
        self.hall.venue.create_order(
            name,
            CreateOrder(
                ticker=rng.choice(LEGS),
                side=rng.choice(SIDES),
                price_pips=Pips(rng.randrange(300, 700) * 10),
                count_centi=CentiContracts(rng.randrange(1, 400)),
                time_in_force="good_till_canceled" if resting else "immediate_or_cancel",
                self_trade=rng.choice(("taker_at_cross", "maker")),
                reduce_only=not resting and rng.random() < 0.3,
                subaccount=subaccount,
                order_group_id=self.group.group_id if grouped else "",
            ),
        )

    def change(self) -> None:
        rng, orders = self.rng, list(self.hall.venue.floor.orders.values())
        if not orders:
            return
        order = rng.choice(orders)
        if rng.random() < 0.3:
            self.hall.venue.amendments.decrease(
                order.account, order.order_id, order.request.subaccount, by_centi=50
            )
            return
        self.hall.venue.amendments.amend(
            order.account,
            AmendOrder(
                order_id=order.order_id,
                ticker=order.market.ticker,
                side=order.request.side,
                price_pips=Pips(rng.randrange(300, 700) * 10),
                count_centi=CentiContracts(order.filled_centi + rng.randrange(1, 400)),
                subaccount=order.request.subaccount,
            ),
        )

    def withdraw(self) -> None:
        if self.rng.random() < 0.2:
            self.hall.venue.cancel_all(self.rng.choice(NAMES), tail=True)

    def move(self) -> None:
        source = self.rng.choice((0, 1))
        self.hall.venue.treasury.move_between(
            self.rng.choice(NAMES),
            source=source,
            target=1 - source,
            shard=0,
            micros=self.rng.randrange(1, 300) * 10_000,
            client_id="",
        )

    def switch(self) -> None:
        rng, venue = self.rng, self.hall.venue
        if rng.random() < 0.7:
            enabled = rng.random() < 0.7
            venue.set_netting(rng.choice(NAMES), rng.choice((0, 1)), enabled=enabled)
        else:
            multiplier = Fraction(rng.randrange(5), 2)
            at_us = venue.now_us() + rng.randrange(5_000_000)
            venue.fees.plan_series(SERIES, at_us, "quadratic_with_maker_fees", multiplier)

    def wait(self) -> None:
        self.hall.clock.pass_s(self.rng.random() * 10)
        self.hall.venue.advance()

    def regroup(self) -> None:
        self.rng.choice((self.hall.venue.groups.reset, self.hall.venue.groups.trigger))(self.group)

    def parts(self) -> list[Account]:
        members = self.hall.venue.floor.accounts
        return [part for name in NAMES for part in members[name].parts()]

    def check(self) -> None:
        assert self.hall.money() == self.money
        for part in self.parts():
            assert part.cash(0) >= 0
            assert part.available(0) >= 0
        orders = self.hall.venue.floor.orders
        assert sum(len(each) for part in self.parts() for each in part.resting.values()) == len(
            orders
        )
        for order in orders.values():
            resting = order.market.book.resting(order.order_id)
            assert resting is not None
            assert resting.left_centi == order.remaining_centi > 0
            assert resting.price_pips == order.request.price_pips
        for ticker in LEGS:
            market = self.hall.venue.floor.market(ticker)
            held = [part.holding(ticker).yes_centi for part in self.parts()]
            assert sum(held) == 0
            assert market.open_interest_centi == sum(max(0, each) for each in held)
            bid, ask = market.best("bid"), market.best("ask")
            assert bid is None or ask is None or bid.price_pips < ask.price_pips


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), winner=st.sampled_from(LEGS), void=st.booleans())
def test_whatever_is_done_in_whatever_order_books_and_money_stay_whole(
    seed: int, winner: Ticker, *, void: bool
) -> None:
    bustle = Bustle(seed)
    for _ in range(60):
        bustle.act()
        bustle.check()

    for ticker in LEGS:
        verdict: Verdict = "scalar" if void else "yes" if ticker == winner else "no"
        bustle.hall.settle(ticker, verdict, 333_300 if void else None)
        assert bustle.hall.money() == bustle.money
    assert all(part.returned_micros == {} for part in bustle.parts())
    assert all(part.available(0) == part.cash(0) >= 0 for part in bustle.parts())
    assert bustle.hall.venue.floor.orders == {}
