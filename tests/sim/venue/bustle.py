"""A random history of everything that can happen at the venue, and what it is heard to do."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

import attrs

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.amending import AmendOrder
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.events import BookChanged, Filled, MarketStepped, OrderChanged, VenueEvent
from actors.sim.venue.fees import FeeRule
from actors.sim.venue.listing import DECI_CENT, LINEAR_CENT, EventTerms, GridRange, Verdict
from actors.sim.venue.order_entry import Created
from actors.sim.venue.order_groups import OrderGroup
from actors.sim.venue.refusals import Refused
from actors.sim.venue.treasury import SubaccountTransfer, Transfer
from actors.sim.venue.views import OrderView
from tests.sim.venue.hall import (
    AWAY,
    EVENT,
    HOME,
    SECOND,
    SERIES,
    START_US,
    market_terms,
    open_hall,
)
from tests.sim.venue.second_ledger import (
    CENT,
    CENTICENT,
    Listed,
    Part,
    SecondLedger,
    Tariff,
    Tariffs,
)

OTHER: Final = f"{SERIES}-26JUN16BRAARG"
"""An event on another shard, whose markets do not exclude each other."""
EVENTS: Final = {
    EVENT: (HOME, AWAY, Ticker(f"{EVENT}-TIE")),
    OTHER: (Ticker(f"{OTHER}-BRA"), Ticker(f"{OTHER}-ARG")),
}
LEGS: Final = tuple(leg for legs in EVENTS.values() for leg in legs)
MEMBERS: Final = {"us": CENTICENT, "maker": CENTICENT, "rival": CENTICENT, "broker": CENT}
SHARDS: Final = (0, 1)
TYPES: Final = ("quadratic", "quadratic_with_maker_fees", "quadratic_with_combo_maker_fees")
FORCES: Final[tuple[TimeInForce, ...]] = (
    "good_till_canceled",
    "immediate_or_cancel",
    "fill_or_kill",
)
STEPS: Final = 50


@attrs.define
class Heard:
    """What the venue told: books from their changes, orders as last seen."""

    ledger: SecondLedger
    books: dict[str, dict[Side, dict[int, int]]] = attrs.field(
        factory=lambda: defaultdict(lambda: {"bid": {}, "ask": {}})
    )
    orders: dict[str, OrderView] = attrs.field(factory=dict)
    fills: list[Filled] = attrs.field(factory=list)
    """Of the act that goes on."""

    def __call__(self, event: VenueEvent) -> None:
        match event:
            case Filled():
                self.ledger.fill(event)
                self.fills.append(event)
            case BookChanged():
                levels = self.books[event.ticker][event.side]
                left = levels.pop(event.price_pips, 0) + event.change_centi
                assert left >= 0, event
                if left:
                    levels[event.price_pips] = left
            case OrderChanged():
                self.orders[event.order.order_id] = event.order
                self._hold_to_limit(event.order)
            case MarketStepped(step="settled"):
                self.ledger.settle(event.ticker)
            case _:
                pass

    def _hold_to_limit(self, order: OrderView) -> None:
        for each in self.fills:
            if each.order_id == order.order_id:
                over = each.price_pips - order.price_pips
                assert (over if order.side == "bid" else -over) <= 0, (each, order)


class Bustle:
    """Four members with two accounts each, doing anything at all to five markets."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(f"history {seed}")
        self.doubts = random.Random(f"doubts {seed}")
        ranges: tuple[GridRange, ...] = rng.choice((LINEAR_CENT, DECI_CENT))
        fee_type, multiplier = (
            rng.choice(TYPES),
            Fraction(rng.choice((1, 1, 1, 0, 2)), rng.choice((1, 2))),
        )
        self.hall = open_hall(
            ranges=ranges,
            fee_type=fee_type,
            multiplier=multiplier,
            cash_micros=20_000_000,
            seed=seed,
        )
        self.venue = venue = self.hall.venue
        self.ledger = SecondLedger(
            tariffs=Tariffs(announced=[Tariff(SERIES, 0, fee_type, multiplier)]),
            markets={
                leg: Listed(
                    series=SERIES, event=event, shard=int(event == OTHER), exclusive=event == EVENT
                )
                for event, legs in EVENTS.items()
                for leg in legs
            },
            grids=MEMBERS,
        )
        self.heard = Heard(self.ledger)
        self._list_rest(ranges)
        self._seat()
        self.groups = [self._group(part) for part in (("us", 0), ("us", 1), ("rival", 0))]
        self.crossing: dict[
            str, tuple[Transfer, list[tuple[tuple[int, int], tuple[int, int]]]]
        ] = {}
        self.step = 0
        self.price_range = rng.choice(((300, 360), (10, 50), (940, 990), (480, 520), (1, 999)))
        venue.listen(self.heard)

    def _list_rest(self, ranges: tuple[GridRange, ...]) -> None:
        rng, venue = self.rng, self.venue
        venue.list_event(
            EventTerms(
                event_ticker=OTHER,
                series_ticker=SERIES,
                title="BRA v ARG",
                sub_title="Jun 16",
                mutually_exclusive=False,
                exchange_index=1,
            )
        )
        if rng.random() < 0.25:
            turn_us = START_US + rng.randrange(60) * SECOND
            venue.fees.follow((FeeRule(0, 100), FeeRule(turn_us, 1)))
            self.ledger.tariffs.texts = [(0, CENTICENT), (turn_us, CENTICENT / 100)]
        waived_us = START_US + 20 * SECOND if rng.random() < 0.2 else None
        for event, legs in EVENTS.items():
            for leg in legs:
                if leg in venue.floor.markets:
                    continue
                terms = market_terms(leg, ranges)
                venue.list_market(
                    attrs.evolve(terms, event_ticker=event, fee_waiver_until_us=waived_us)
                )
                if waived_us is not None:
                    self.ledger.tariffs.waived_until_us[leg] = waived_us

    def _seat(self) -> None:
        venue = self.venue
        venue.open_account("rival", {0: 40_000_000}, on_record=True)
        venue.open_account("broker", {0: 60_000_000}, on_record=True, membership="intermediated")
        for name in MEMBERS:
            self.ledger.pay_in((name, 0), 0, Fraction(venue.floor.account(name).cash(0), 1_000_000))
            self._fund(name, 1, 20_000_000)
            venue.treasury.divide(name)
            self._between(name, 0, 1, 0, 5_000_000)
            if self.rng.random() < 0.6:
                self._switch((name, 0), enabled=True)

    def _group(self, part: Part) -> OrderGroup:
        name, number = part
        made = self.venue.groups.create(
            name, subaccount=number, shard=0, limit_centi=self.rng.choice((200, 500, 2_000))
        )
        assert isinstance(made, OrderGroup)
        return made

    def act(self) -> None:
        """Do one thing, and hold what came of it to the ledger."""
        self.step += 1
        self.heard.fills.clear()
        self.venue.advance()
        acts: dict[Callable[[], None], int] = {
            self.trade: 30,
            self.amend: 3,
            self.decrease: 2,
            self.cancel: 2,
            self.cancel_all: 1,
            self.between: 1,
            self.across: 1,
            self.fund: 1,
            self.switch: 2,
            self.announce: 1,
            self.wait: 3,
            self.regroup: 1,
            self.pause: 1,
            self.end_leg: 1,
        }
        self.rng.choices([*acts], [*acts.values()])[0]()
        self.settle_up()

    def settle_up(self) -> None:
        """Book what is not told but follows: steps of transfers, collateral that comes back."""
        for key, (transfer, steps) in list(self.crossing.items()):
            while len(steps) > len(transfer.steps):
                source, target = steps.pop(0)
                self._carry(transfer.account, source, target, transfer.amount_micros)
            if transfer.stopped or not steps:
                del self.crossing[key]
        self.ledger.return_collateral()

    def _carry(
        self, name: str, source: tuple[int, int], target: tuple[int, int], micros: int
    ) -> None:
        amount = Fraction(micros, 1_000_000)
        self.ledger.move(((name, source[0]), source[1]), ((name, target[0]), target[1]), amount)

    def _price(self) -> Pips:
        low, high = self.price_range
        return Pips(self.rng.randrange(low, high) * 10)

    def trade(self) -> None:
        """A few orders at once, so that some meet."""
        for _ in range(self.rng.randrange(1, 5)):
            self.heard.fills.clear()
            self.place()
            self.settle_up()

    def _limit(self, ticker: Ticker, side: Side) -> Pips:
        """Return a price: often the best there is to take, else any."""
        there = self.heard.books[ticker]["ask" if side == "bid" else "bid"]
        if there and self.rng.random() < 0.5:
            return Pips((min if side == "bid" else max)(there))
        price = self._price()
        if not self.venue.floor.market(ticker).takes_price(price) and self.rng.random() < 0.95:
            price = Pips(price - price % 100 or 100)
        return price

    def place(self) -> None:
        rng, name = self.rng, self.rng.choice([*MEMBERS])
        ticker = rng.choices(LEGS, (4, 4, 3, 2, 1))[0]
        force = rng.choices(FORCES, (6, 4, 1))[0]
        part = (name, rng.choice((0, 0, 1)))
        resting = force == "good_till_canceled"
        group = next(
            (each for each in self.groups if (each.account, each.subaccount) == part), None
        )
        expires_us = self.hall.clock.now_us + rng.randrange(1, 30) * SECOND
        # Some are rather for NO: what they hold in several markets brings collateral back.
        side: Side = "ask" if rng.random() < (0.7 if name in {"us", "broker"} else 0.35) else "bid"
        request = CreateOrder(
            ticker=ticker,
            side=side,
            price_pips=self._limit(ticker, side),
            count_centi=CentiContracts(
                rng.choice((rng.randrange(1, 400), 100 * rng.randrange(1, 9)))
            ),
            time_in_force=force,
            self_trade=rng.choice(("taker_at_cross", "maker")),
            client_order_id=f"order-{rng.randrange(500)}" if rng.random() < 0.5 else "",
            post_only=resting and rng.random() < 0.2,
            reduce_only=not resting and rng.random() < 0.2,
            cancel_on_pause=rng.random() < 0.3,
            expires_us=expires_us if resting and rng.random() < 0.2 else None,
            subaccount=part[1],
            order_group_id=group.group_id if group and rng.random() < 0.5 else "",
        )
        before = self.ledger.rows[part, ticker].held
        outcome = self.venue.create_order(name, request)
        self._judge_order(request, outcome, before, self.ledger.rows[part, ticker].held)

    def _judge_order(
        self, request: CreateOrder, outcome: Created | Refused, before: Fraction, after: Fraction
    ) -> None:
        if isinstance(outcome, Refused):
            assert not self.heard.fills, (request, outcome)
            return
        # A maker of the same account may have given way; nothing else of it can have traded.
        filled = self.ledger.filled[outcome.order_id]
        assert filled * 100 == outcome.fill_count_centi, (request, outcome)
        assert before + (filled if request.side == "bid" else -filled) == after
        if request.time_in_force != "good_till_canceled":
            assert outcome.remaining_centi == 0, (request, outcome)
        if request.post_only:
            assert not filled, (request, outcome)
        if request.reduce_only:
            assert abs(after) <= abs(before), (request, outcome)
            assert before * after >= 0, (request, outcome)

    def _some_order(self) -> OrderView | None:
        resting = [*self.venue.floor.orders]
        return self.heard.orders[self.rng.choice(resting)] if resting else None

    def _owner(self, order: OrderView) -> str:
        return self.venue.floor.orders[order.order_id].account

    def amend(self) -> None:
        order = self._some_order()
        if order is None:
            return
        rng = self.rng
        smaller = CentiContracts(order.filled_centi + max(1, order.remaining_centi // 2))
        self.venue.amendments.amend(
            self._owner(order),
            AmendOrder(
                order_id=order.order_id,
                ticker=order.ticker,
                side=order.side,
                price_pips=rng.choice((self._price(), Pips(order.price_pips))),
                count_centi=rng.choice(
                    (smaller, CentiContracts(order.filled_centi + rng.randrange(1, 500)))
                ),
                expires_us=rng.choice((None, None, 0, self.hall.clock.now_us + 9 * SECOND)),
                subaccount=order.subaccount,
            ),
        )

    def decrease(self) -> None:
        order = self._some_order()
        if order is None:
            return
        where = (self._owner(order), order.order_id, order.subaccount)
        if self.rng.random() < 0.5:
            self.venue.amendments.decrease(*where, by_centi=self.rng.randrange(1, 200))
        else:
            self.venue.amendments.decrease(*where, to_centi=self.rng.randrange(100))

    def cancel(self) -> None:
        order = self._some_order()
        if order is not None:
            self.venue.cancel_order(self._owner(order), order.order_id)

    def cancel_all(self) -> None:
        name = self.rng.choice([*MEMBERS])
        self.venue.cancel_all(name, self.rng.choice((None, 0, 1)), tail=self.rng.random() < 0.5)

    def _between(self, name: str, source: int, target: int, shard: int, micros: int) -> None:
        moved = self.venue.treasury.move_between(
            name, source=source, target=target, shard=shard, micros=micros, client_id=""
        )
        if isinstance(moved, SubaccountTransfer):
            self._carry(name, (source, shard), (target, shard), micros)

    def between(self) -> None:
        name, source = self.rng.choice([*MEMBERS]), self.rng.choice((0, 1))
        micros = self.rng.randrange(1, 300) * 10_000
        self._between(name, source, 1 - source, self.rng.choice(SHARDS), micros)

    def across(self) -> None:
        rng, name = self.rng, self.rng.choice([*MEMBERS])
        source, target = (rng.choice((0, 1)), 0), (rng.choice((0, 1)), 1)
        if rng.random() < 0.5:
            source, target = target, source
        micros = rng.randrange(1, 300) * 10_000
        moved = self.venue.treasury.move_across(
            name, source=source, target=target, micros=micros, client_id=""
        )
        if isinstance(moved, Transfer):
            self.crossing[moved.transfer_id] = (moved, [*moved.steps])

    def _fund(self, name: str, shard: int, micros: int) -> None:
        try:
            self.venue.treasury.fund(name, shard, micros)
        except BadTerms:
            return
        self.ledger.pay_in((name, 0), shard, Fraction(micros, 1_000_000))

    def fund(self) -> None:
        micros = self.rng.randrange(-800, 400) * 10_000
        self._fund(self.rng.choice([*MEMBERS]), self.rng.choice(SHARDS), micros)

    def switch(self) -> None:
        part = (self.rng.choice([*MEMBERS]), self.rng.choice((0, 1)))
        self._switch(part, enabled=self.rng.random() < 0.7)

    def _switch(self, part: Part, *, enabled: bool) -> None:
        (self.ledger.netting.add if enabled else self.ledger.netting.discard)(part)
        self.venue.set_netting(*part, enabled=enabled)

    def announce(self) -> None:
        rng = self.rng
        at_us = self.hall.clock.now_us + rng.randrange(5) * SECOND
        multiplier = Fraction(rng.randrange(5), 2)
        if rng.random() < 0.5:
            fee_type = rng.choice(TYPES)
            self.venue.fees.plan_series(SERIES, at_us, fee_type, multiplier)
            told = Tariff(SERIES, at_us, fee_type, multiplier)
        else:
            event = rng.choice([*EVENTS])
            told = Tariff(event, at_us, rng.choice((None, *TYPES)), rng.choice((None, multiplier)))
            self.venue.fees.plan_event(event, at_us, told.fee_type, told.multiplier)
        self.ledger.tariffs.announced.append(told)
        self.venue.advance()

    def wait(self) -> None:
        self.hall.clock.pass_s(self.rng.random() * 10)
        self.venue.advance()

    def regroup(self) -> None:
        rng, groups = self.rng, self.venue.groups
        place = rng.randrange(len(self.groups))
        group = self.groups[place]
        match rng.randrange(4):
            case 0:
                groups.trigger(group)
            case 1:
                groups.set_limit(group, rng.randrange(1, 1_000))
            case 2:
                groups.delete(group)
                self.groups[place] = self._group((group.account, group.subaccount))
            case _:
                groups.reset(group)

    def pause(self) -> None:
        rng, venue, ticker = self.rng, self.venue, self.rng.choice(LEGS)
        status = venue.market(ticker).status
        if rng.random() < 0.3:
            trading, exchange = rng.choice(((False, True), (False, False)))
            venue.pause_exchange(trading_active=trading, exchange_active=exchange)
            self.place()
            self.cancel()
            venue.pause_exchange()
        elif status == "active":
            venue.halt_market(ticker)
            self.place()
            venue.resume_market(ticker)

    def end_leg(self) -> None:
        """Settle one market while the rest of its event trades on: it is out, or void."""
        if self.step < STEPS // 2 or self.rng.random() < 0.5:
            return
        ticker = self.rng.choice(LEGS)
        if self.venue.market(ticker).status == "active":
            self._end([ticker], {ticker: self.rng.choice((Fraction(0), self._odd_value()))})

    def end(self) -> None:
        """Settle whatever is left, event by event, in any order."""
        for event in self.rng.sample([*EVENTS], len(EVENTS)):
            legs = [leg for leg in EVENTS[event] if leg not in self.ledger.verdicts]
            winner = self.rng.choice([*legs, None])
            values = {leg: Fraction(int(leg == winner)) for leg in legs}
            if self.rng.random() < 0.3:
                values = {leg: self._odd_value() for leg in legs}
            self._end(self.rng.sample(legs, len(legs)), values)

    def _odd_value(self) -> Fraction:
        return Fraction(self.rng.choice((333_300, 500_000, 123_457, 1, 999_999)), 1_000_000)

    def _end(self, legs: list[Ticker], values: dict[Ticker, Fraction]) -> None:
        venue = self.venue
        for leg in legs:
            venue.close_market(leg)
        for leg in legs:
            self.ledger.decide(leg, values[leg])
            venue.determine(leg, *_verdict(values[leg]))
        if self.doubts.random() < 0.4:
            self._contest(legs)
        self.hall.clock.pass_s(0.5)
        venue.advance()
        self.settle_up()

    def _contest(self, legs: list[Ticker]) -> None:
        """Dispute some results; while they are, the rest is paid out and they are not."""
        doubts, venue = self.doubts, self.venue
        self.hall.clock.pass_s(doubts.choice((0.0, 0.2, 0.4)))
        disputed = [leg for leg in legs if doubts.random() < 0.6]
        for leg in disputed:
            venue.dispute(leg)
        self.hall.clock.pass_s(0.7)
        venue.advance()
        assert {leg for leg in legs if venue.market(leg).status == "disputed"} == {*disputed}
        assert self.ledger.settled.isdisjoint(disputed)
        for leg in disputed:
            if doubts.random() < 0.4:
                venue.uphold(leg)
                continue
            event = EVENTS[self.ledger.markets[leg].event]
            others = [self.ledger.verdicts.get(each) for each in event if each != leg]
            values = (Fraction(0), Fraction(1, 2), Fraction(333_300, 1_000_000), Fraction(1))
            # Of a market that ends YES while others trade on, more would come back: not here.
            value = doubts.choice(values[: 3 if 1 in others or None in others else 4])
            self.ledger.decide(leg, value)
            venue.amend_result(leg, *_verdict(value))

    def parts(self) -> Iterator[Part]:
        for name in MEMBERS:
            yield from ((name, 0), (name, 1))


def _verdict(value: Fraction) -> tuple[Verdict, int | None]:
    if value in {0, 1}:
        return ("yes" if value else "no"), None
    return "scalar", int(value * 1_000_000)
