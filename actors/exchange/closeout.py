"""Leaving everything an account has at the venue, from outside, until the venue shows nothing.

Round after round: trigger the order groups, take out what rests, sell what is held, and
look again; cancel-all comes last, because for a minute it also takes what is new. Sales are
immediate-or-cancel and reduce-only and carry no group (a triggered one refuses them). No
order is sent twice: one whose outcome is not known is looked for first, and the next one
has another id and leaves only on a view of the account that is younger than the last.
Whatever comes late can then only reduce what is held. Design section 9.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.config.custody import Custody
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.estate import (
    Holding,
    Keep,
    Left,
    Outcome,
    Place,
    Sight,
    keep_nothing,
    sale_limit,
)
from actors.exchange.levers import AnyOrder, Levers
from actors.exchange.outcome import UNREAD, OrderAccepted, OrderRefused, OrderUnknown
from actors.model.money import CentiContracts, Pips, centi_text, pips_text
from actors.model.orders import OrderRequest, Ticker, client_order_id
from actors.runtime.env import Env

OVER: Final = frozenset({"canceled", "executed"})
"""States of an order that can fill no more."""
TRADING: Final = "active"
WAITING: Final = frozenset({"initialized", "inactive"})
"""States of a market that may trade again; in all others its result pays."""
CLEAN_LOOKS: Final = 2
"""In a row, before nothing is taken for nothing."""
BLIND_MS: Final = 15_000
"""After this a view counts although the venue does not say how old it is."""
HERE: Final = (VenueRefused, VenueUnreachable)
"""What any question may come to."""


@attrs.frozen(kw_only=True)
class _Owed:
    """An order whose outcome is not known."""

    client_order_id: str
    sent_ms: int


@attrs.define(eq=False, kw_only=True)
class Closeout:
    """Leaves everything. One life: make it anew for another run."""

    env: Env
    levers: Levers
    settings: Custody
    account: str
    say: Callable[[str], None]
    keep: Keep = keep_nothing
    _began_ms: int = attrs.field(init=False, default=0)
    _orders: int = attrs.field(init=False, default=0)
    _triggered: set[tuple[int, str]] = attrs.field(init=False, factory=set)
    _leaving: dict[str, tuple[AnyOrder, int]] = attrs.field(init=False, factory=dict)
    """Orders that we asked to cancel and have not seen gone, by id; and when we last asked."""
    _owed: dict[Place, _Owed] = attrs.field(init=False, factory=dict)
    _acted_ms: dict[Place, int] = attrs.field(init=False, factory=dict)
    _last_ms: int = attrs.field(init=False, default=0)
    """When we last changed anything."""
    _misses: dict[Place, int] = attrs.field(init=False, factory=dict)
    """Orders in a row that filled nothing."""
    _said: set[str] = attrs.field(init=False, factory=set)
    _subaccounts: tuple[int, ...] = attrs.field(init=False, default=())

    _as_of_ms: int | None = attrs.field(init=False, default=None)
    """Of the last look."""

    async def run(self) -> Outcome:
        """Leave everything; return what is left. No round begins after ``within_s``."""
        self._began_ms = self._wall_ms()
        until_s = trio.current_time() + self.settings.within_s
        clean, swept = 0, False
        outcome = Outcome(left=(), unseen="nothing was asked yet")
        while trio.current_time() < until_s:
            outcome = await self._round(outcome)
            if outcome.unseen or any(not each.final for each in outcome.left):
                clean = 0
            elif self._counts(self._as_of_ms, self._last_ms):
                clean += 1
            if clean >= CLEAN_LOOKS:
                if swept:
                    return outcome
                swept, clean = await self._sweep(), 0
            await trio.sleep(self.settings.pause_s)
        if not swept:
            await self._sweep()
        if outcome.unseen or any(not each.final for each in outcome.left):
            return outcome
        return attrs.evolve(outcome, unseen="it shows nothing younger than what was last done")

    async def look(self) -> Sight:
        """Look at the whole account, changing nothing.

        Raises:
            VenueRefused: The venue does not let us.
            VenueUnreachable: It does not answer.
        """
        as_of_ms = await self._as_of()
        await self._find_subaccounts()
        resting = await self.levers.resting()
        numbers = sorted({*self._subaccounts, *(each.subaccount for each in resting)})
        holdings = [
            Holding(
                subaccount=number,
                ticker=row.ticker,
                exchange_index=row.exchange_index,
                position_centi=row.position_centi,
                cost_micros=row.exposure_micros,
            )
            for number in numbers
            for row in await self.levers.held(number)
        ]
        tickers = sorted({each.ticker for each in holdings})
        markets = await self.levers.markets(tickers=tickers) if tickers else ()
        return Sight(
            as_of_ms=as_of_ms,
            resting=resting,
            holdings=tuple(holdings),
            markets={each.ticker: each for each in markets},
        )

    async def _as_of(self) -> int | None:
        try:
            return await self.levers.user_data_as_of_ms()
        except HERE:
            return None

    async def _find_subaccounts(self) -> None:
        try:
            self._subaccounts = await self.levers.subaccounts()
        except VenueRefused as error:
            if error.error.status in UNREAD:
                raise
            # A key that may trade need not see balances; its own account it does see.
            self._once(f"subaccounts are not shown ({error}): only the primary account is seen")
            self._subaccounts = self._subaccounts or (0,)

    async def _round(self, before: Outcome) -> Outcome:
        """Do once all that can be done now; return what is left."""
        try:
            waiting = await self._trigger_groups()
            sight = await self.look()
            self._as_of_ms = sight.as_of_ms
        except HERE as error:
            self._once(f"not seen: {error}")
            return attrs.evolve(before, unseen=str(error))
        left = [*waiting, *await self._take_out_all(sight), *await self._ask_after(sight)]
        try:
            kept = await self.keep(sight)
        except HERE as error:
            self._once(f"not known what is to be kept: {error}")
            return Outcome(left=tuple(left), unseen=str(error))
        owed = {each.place for each in left if each.what == "unknown order"}
        for each in sight.holdings:
            spare = abs(each.position_centi) - kept.get(each.place, 0)
            if spare <= 0:
                continue
            why, final = ("an order is not known yet", False)
            if each.place not in owed:
                why, final = await self._sell(each, CentiContracts(spare), sight)
            left.append(
                Left(what="position", place=each.place, count_centi=spare, why=why, final=final)
            )
        held = tuple(each for each in sight.holdings if kept.get(each.place, 0))
        return Outcome(left=tuple(left), kept=held)

    async def _trigger_groups(self) -> list[Left]:
        """Trigger every group once; one that is made later is found by a later round."""
        await self._find_subaccounts()
        waiting: list[Left] = []
        for number in self._subaccounts:
            for group in await self.levers.groups(number):
                name = (number, group.group_id)
                if name in self._triggered:
                    continue
                try:
                    await self.levers.trigger(group, number)
                except HERE as error:
                    # A trigger that was done and not heard of is harmless to repeat.
                    why = f"group {group.group_id} is not triggered: {error}"
                    self._once(why)
                    place = (number, Ticker(""))
                    waiting.append(Left(what="group", place=place, count_centi=0, why=why))
                    continue
                self._triggered.add(name)
                self._last_ms = self._wall_ms()
                self.say(f"triggered group {group.group_id} (shard {group.exchange_index})")
        return waiting

    async def _take_out_all(self, sight: Sight) -> list[Left]:
        """Cancel what rests, and hold each to be there until the venue shows it gone."""
        resting = {order.order_id: order for order in sight.resting}
        for order_id, (order, asked_ms) in list(self._leaving.items()):
            is_gone = order_id not in resting and self._counts(sight.as_of_ms, asked_ms)
            if is_gone and await self._is_over(order):
                del self._leaving[order_id]
                self.say(f"gone: order {order_id} in {order.ticker}")
        for order in sight.resting:
            try:
                await self.levers.take_out(order)
            except HERE as error:
                # Not even a 404 says that it is gone.
                self._once(f"order {order.order_id}: {error}")
            self._last_ms = self._wall_ms()
            self._leaving[order.order_id] = (order, self._last_ms)
        return [
            Left(
                what="order",
                place=(order.subaccount, order.ticker),
                count_centi=order.remaining_count_centi,
                why=f"order {order_id} is not shown as gone yet",
            )
            for order_id, (order, _) in self._leaving.items()
        ]

    async def _is_over(self, order: AnyOrder) -> bool:
        """Return whether the order itself says so, or is in no young list of what rests."""
        try:
            return (await self.levers.order(order.order_id)).status in OVER
        except VenueRefused as error:
            # The list is the venue's promise: what rests is always in it.
            return error.error.status == 404  # noqa: PLR2004 - the one that says "no such order"
        except VenueUnreachable:
            return False

    async def _ask_after(self, sight: Sight) -> list[Left]:
        """Look for orders whose response was lost; return those that are still not known."""
        unknown: list[Left] = []
        for place, owed in list(self._owed.items()):
            number, ticker = place
            try:
                order = await self.levers.found(owed.client_order_id, ticker=ticker)
            except HERE:
                order, absent = None, False
            else:
                absent = order is None and self._counts(sight.as_of_ms, owed.sent_ms)
            if absent or (order is not None and order.status in OVER):
                del self._owed[place]
                filled = "nothing" if order is None else centi_text(order.fill_count_centi)
                self.say(f"order {owed.client_order_id} in {ticker} is known: filled {filled}")
                # The positions of this look may be older than that.
                self._acted_ms[place] = self._last_ms = self._wall_ms()
                continue
            why = f"order {owed.client_order_id}: not known what became of it"
            unknown.append(
                Left(what="unknown order", place=(number, ticker), count_centi=0, why=why)
            )
        return unknown

    async def _sell(
        self, holding: Holding, count: CentiContracts, sight: Sight
    ) -> tuple[str, bool]:
        """Send one order for a position; return why it is still there, and if for good."""
        market = sight.markets.get(holding.ticker)
        if market is None:
            return "the venue does not list its market", False
        if market.status != TRADING:
            ended = market.status not in WAITING
            return f"its market is {market.status}" + (": the result pays" * ended), ended
        if not self._counts(sight.as_of_ms, self._acted_ms.get(holding.place, 0)):
            return "being sold", False
        try:
            book = await self.levers.orderbook(holding.ticker)
        except HERE as error:
            return f"its book is not shown: {error}", False
        misses = self._misses.get(holding.place, 0)
        limit = sale_limit(holding.side, book, market, self.settings, misses)
        if limit is None:
            why = f"nobody pays {pips_text(self.settings.floor)}, the floor"
            self._once(f"{holding.ticker}: {why}")
            return why, False
        return await self._place(holding, count, limit), False

    async def _place(self, holding: Holding, count: CentiContracts, limit: Pips) -> str:
        """Send it, and note what came of it; return that in words."""
        self._orders += 1
        order = OrderRequest(
            client_order_id=client_order_id(
                account=self.account,
                match="closeout",
                generation=holding.subaccount,
                state=str(self._began_ms),
                ticker=holding.ticker,
                side=holding.side,
                leg=0,
                attempt=self._orders,
            ),
            ticker=holding.ticker,
            side=holding.side,
            price_pips=limit,
            count_centi=count,
            reduce_only=True,
            exchange_index=holding.exchange_index,
        )
        answer = await self.levers.place(order, holding.subaccount)
        sent_ms = self._last_ms = self._acted_ms[holding.place] = self._wall_ms()
        what = f"{order.side} {centi_text(count)} {holding.ticker} at {pips_text(limit)}"
        match answer:
            case OrderAccepted(fill_count_centi=filled):
                misses = self._misses.get(holding.place, 0)
                self._misses[holding.place] = 0 if filled else misses + 1
                self.say(f"{what}: filled {centi_text(filled)}")
                return "being sold"
            case OrderRefused(status=status, code=code):
                self._once(f"{what}: refused, {status} {code}")
                return f"refused: {status} {code}"
            case OrderUnknown(reason=reason):
                self._owed[holding.place] = _Owed(
                    client_order_id=order.client_order_id, sent_ms=sent_ms
                )
                self.say(f"{what}: not known ({reason})")
                return "an order is not known yet"

    async def _sweep(self) -> bool:
        """Cancel all that rests, the last of all; return whether the venue took it."""
        try:
            await self.levers.cancel_all()
        except HERE as error:
            self._once(f"cancel-all: {error}")
            return False
        self._last_ms = self._wall_ms()
        self.say("cancelled all: what is placed within a minute may be cancelled as well")
        return True

    def _counts(self, as_of_ms: int | None, since_ms: int) -> bool:
        """Return whether a look includes what was done at ``since_ms`` by our clock."""
        if as_of_ms is not None and as_of_ms >= since_ms + self.settings.settle_s * 1_000:
            return True
        return self._wall_ms() >= since_ms + BLIND_MS

    def _wall_ms(self) -> int:
        return self.env.wall_ns() // 1_000_000

    def _once(self, text: str) -> None:
        """Say what may be said in every round, once."""
        if text not in self._said:
            self._said.add(text)
            self.say(text)
