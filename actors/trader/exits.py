"""The exits: every filled entry is sold again when its plan says so.

Exits have their own connection and header sets and outlive the executor. They are
immediate-or-cancel, reduce-only and carry no order group; to them only the
controls of ``gate.reduction`` apply, so that in every trading state an exit still
leaves. A plan that cannot finish holds to settlement, and says so.

A goal that hurts a lot sells of it at once, from the trigger, and a reversal from the race's
word (``reversals.py``); the order in flight then keeps these hands off the lot until its
response, which is read here, says what is left. A lot whose goal was taken back goes down
its ladder and not by its plan.
"""

from collections.abc import Container
from typing import Final

import attrs
import trio

from actors.config.exits import Exits as Settings
from actors.exchange.orders import OrderConnection, OrderPool
from actors.exchange.outcome import UNREAD
from actors.exchange.rest import Rest
from actors.exchange.signing import HeaderRing
from actors.messages.trading import (
    Accepted,
    ExitHeld,
    ExitPlan,
    Lot,
    OrderDone,
    Rejected,
    Sent,
    ToExits,
    Uncovered,
    Unknown,
)
from actors.model.money import CentiContracts
from actors.model.orders import opposite
from actors.risk import gate
from actors.risk.closures import Closure, brought_forward
from actors.runtime.env import Env
from actors.runtime.mailbox import Mailbox
from actors.trader.desk import Desk, OpenLot
from actors.trader.executor import answer
from actors.trader.resolver import Resolver
from actors.trader.resting import AHEAD_NS, is_called_back, offer_of
from actors.trader.selling import Offer, Seller
from actors.trader.venue_word import outlast_pause, said_centi

OVER: Final = frozenset({"market_closed", "MARKET_INACTIVE", "market_inactive"})
"""Refusals after which no later attempt can do better: the market has ended."""
PAUSED: Final = frozenset({"trading_is_paused", "exchange_is_paused"})
"""Refusals that time alone cures."""
FLOOR: Final = "floor"
"""Why a lot is held that nobody would buy at its ladder's last price."""
WATCH_S: Final = 0.05
"""Between two looks at the book of a lot that may be left before it is due."""
UNSENT: Final = frozenset({"no_connection", "no_signature", "repeat", ""})
"""Why an order did not leave that time alone cures."""
AGAIN_S: Final = 0.02
"""Between two tries of an order that could not leave, on the way down."""
UNREAD_MOST: Final = 500
"""Of one lot: by then whoever turns us away will not stop."""


@attrs.define(eq=False, kw_only=True)
class Exits:
    """Sells what entries left us holding."""

    env: Env
    desk: Desk
    pool: OrderPool
    headers: HeaderRing
    inbox: Mailbox[ToExits]
    """Lots to sell, and what was sold of one by a goal or a reversal."""
    to_auditor: Mailbox[object]
    resolver: Resolver
    rest: Rest
    settings: Settings
    seller: Seller
    response_s: float

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; lots that an earlier life left open are taken up again.

        Raises:
            JournalFailed: An exit could not be written down, and so did not leave.
        """
        async with trio.open_nursery() as nursery:
            orphans = {sent.client_order_id: sent for sent in self.desk.inflight.of("exit")}
            for orphan in orphans.values():
                # Nobody reads that connection's response any more: here, before it can
                # carry another order of ours.
                self.pool.discard(orphan.connection, "exits restarted")
                self.desk.freeze(orphan)
            for lot in list(self.desk.lots.values()):
                if lot.awaits_entry:
                    nursery.start_soon(self._cover, lot)
                else:
                    nursery.start_soon(self._leave, lot, orphans)
            task_status.started()
            while True:
                news = await self.inbox.receive()
                if isinstance(news, Sent):
                    # One that still waited in the mailbox at the restart is asked after.
                    owed = news.client_order_id in self.desk.inflight
                    if owed and news.client_order_id not in orphans:
                        nursery.start_soon(self._see_through, news)
                    continue
                if isinstance(news, Uncovered):
                    nursery.start_soon(self._cover, self.desk.lots[news.entry_client_order_id])
                    continue
                lot_now = self._take_in(news)
                if lot_now is not None:
                    nursery.start_soon(self._leave, lot_now, orphans)

    def _take_in(self, news: Lot) -> OpenLot | None:
        """Return the lot that an entry's outcome makes, or that has waited for it."""
        entry = news.plan.entry_client_order_id
        lot = self.desk.lots.get(entry)
        if lot is None:
            if news.count_centi <= 0:
                return None
            lot = self.desk.lots[entry] = OpenLot(plan=news.plan, left_centi=news.count_centi)
            return lot
        if not lot.awaits_entry:
            return None
        # What was sent for it before anybody knew its size may have come too early: again.
        lot.awaits_entry, lot.rung, lot.rung_ns = False, 0, 0
        lot.left_centi += news.count_centi
        return lot

    async def _leave(self, lot: OpenLot, orphans: Container[str]) -> None:
        await self._settle_orphans(lot, orphans)
        entry, word = lot.plan.entry_client_order_id, ""
        while not word:
            await self.desk.inflight.until_closed(entry)
            if lot.left_centi <= 0:
                break
            word = await (self._go_down(lot) if lot.descent else self._keep_to_plan(lot))
        self._finish(lot, word)

    async def _keep_to_plan(self, lot: OpenLot) -> str:
        """Sell a lot once it is due.

        Returns:
            Why nothing more of it can be sold; nothing where none is left, or where it
            is to be sold in another way.
        """
        entry, word = lot.plan.entry_client_order_id, ""
        while lot.descent is None and lot.left_centi > 0:
            wait_s = self._wait_ns(lot.plan) / 1e9
            if wait_s > 0 and not self._is_touched(lot):
                offer = offer_of(self.env, self.seller, lot, round(wait_s * 1e9))
                if offer is not None and await self._rest(lot, offer):
                    continue
                watched = lot.plan.take_pips or lot.plan.stop_pips
                await _doze(lot, min(wait_s, WATCH_S) if watched else wait_s)
                await self.desk.inflight.until_closed(entry)
                continue
            if lot.attempts - lot.spared - lot.rungs >= self.settings.attempts:
                return word or "attempts"
            word = await self._attempt(lot)
            await self.desk.inflight.until_closed(entry)
            if word in OVER:
                return word
            if lot.left_centi > 0:
                await _doze(lot, self.settings.retry_s)
            if word in PAUSED:
                await outlast_pause(self.rest, lot.plan, self.settings.retry_s)
        return ""

    def _wait_ns(self, plan: ExitPlan) -> int:
        """Return how long a sale has time: to its plan's end, or to before the recess it is in.

        Reckoned anew at each look, because the exchange may name its recesses late; who
        hears of them wakes the lots.
        """
        wait_ns = plan.due_ns - self.env.now_ns()
        if not self.desk.recesses:
            return wait_ns
        wall_ns = self.env.wall_ns()
        known = [Closure(begins, ends) for begins, ends in self.desk.recesses]
        margin_ns = round(self.settings.recess_margin_s * 1e9)
        return brought_forward(wall_ns + wait_ns, known, margin_ns) - wall_ns

    def _is_touched(self, lot: OpenLot) -> bool:
        """Return whether the book shows a price at which a lot is to be left before it is due.

        Half of its attempts are kept for its time: a book that shows a price and gives none
        must not use them up.
        """
        plan = lot.plan
        if not (plan.take_pips or plan.stop_pips):
            return False
        book = self.desk.books.quotable(plan.ticker, self.env.now_ns())
        side = opposite(plan.entry_side)
        best = self.desk.books.best_opposite_pips(plan.ticker, side)
        tried = lot.attempts - lot.spared - lot.rungs
        return (
            book is not None
            and best is not None
            and tried < self.settings.attempts // 2
            and plan.is_touched(best)
        )

    async def _rest(self, lot: OpenLot, offer: Offer) -> bool:
        """Offer a lot where its profit is; return whether that was sent, once its end is proved.

        Until then no other order of ours trades in that market: it makes way first.
        """
        connection = self.pool.take_free()
        headers = None if connection is None else self.headers.take(self.env.now_ns())
        if connection is None or headers is None:
            return False
        sent = self.seller.send(lot, offer.count_centi, connection, headers, offer)
        lot.rested = True
        done = await answer(connection, sent, self.response_s)
        taken = done.outcome
        if not isinstance(taken, Accepted) or taken.fill_count_centi >= sent.count_centi:
            await self._account(lot, done, connection)
            return True
        row = self.desk.hear_answer(done, connection.probe_ns)
        if row is not None:
            self.to_auditor.post(row)
        self.desk.inflight.rest(sent)
        rest_centi = self.seller.owned_centi(sent.ticker, sent.side) - sent.count_centi
        while not (
            is_called_back(self.seller, lot, sent, rest_centi)
            or self._wait_ns(lot.plan) <= AHEAD_NS
            or self._is_touched(lot)
        ):
            await _doze(lot, WATCH_S)
        self._book(lot, await self.resolver.withdraw(sent, taken.order_id))
        return True

    async def _go_down(self, lot: OpenLot) -> str:
        """Sell a lot down its ladder; return as ``_keep_to_plan`` does."""
        descent, entry = lot.descent, lot.plan.entry_client_order_id
        while descent is not None and lot.descent is descent:
            if lot.left_centi <= descent.keep_centi:
                self.seller.end(lot, "sold")
                return ""
            rungs = descent.ladder.rungs
            if lot.rung >= len(rungs):
                self.seller.end(lot, FLOOR)
                # What a review halves goes on by its plan; what fell is worth what it pays.
                return "" if descent.keep_centi else FLOOR
            due_ns = lot.rung_ns + rungs[lot.rung].wait_ns if lot.rung_ns else 0
            wait_s = (due_ns - self.env.now_ns()) / 1e9
            if wait_s > 0:
                await _doze(lot, wait_s)
                continue
            before = lot.rung
            word = await self._attempt(lot)
            await self.desk.inflight.until_closed(entry)
            if word in OVER:
                self.seller.end(lot, word)
                return word
            if word in PAUSED:
                await outlast_pause(self.rest, lot.plan, self.settings.retry_s)
                lot.rung = min(lot.rung, before)
            elif lot.rung == before and lot.left_centi > 0:
                await trio.sleep(AGAIN_S if word in UNSENT else self.settings.retry_s)
        return ""

    def _finish(self, lot: OpenLot, why: str) -> None:
        entry = lot.plan.entry_client_order_id
        if self.desk.lots.get(entry) is not lot:
            return  # A goal has sold it, and whoever saw to that has finished it.
        self.seller.end(lot, "sold" if lot.left_centi <= 0 else why)
        self.seller.pass_on(lot)
        del self.desk.lots[entry]
        self.desk.plans.pop(entry, None)
        if lot.left_centi <= 0:
            # What was sold binds no budget any more; the day has spent it all the same.
            self.desk.exposure.release_position(entry)
        else:
            self.to_auditor.post(
                ExitHeld(
                    plan=lot.plan,
                    left_centi=CentiContracts(lot.left_centi),
                    reason=why,
                    held_ns=self.env.now_ns(),
                )
            )

    async def _see_through(self, sent: Sent) -> None:
        """Read the response to what a goal or a reversal sold of a lot, and book it."""
        lot = self.desk.lots[sent.entry_client_order_id]
        connection = self.pool.connections[sent.connection]
        done = await answer(connection, sent, self.response_s)
        await self._account(lot, done, connection)
        if lot.left_centi <= 0 and not lot.awaits_entry:
            self._finish(lot, "")

    async def _cover(self, lot: OpenLot) -> None:
        """Sell what an entry that is out may fill at the worst, once there is a line for it."""
        while self.seller.uncovered_centi(lot):
            connection = await self.pool.take()
            count = self.seller.uncovered_centi(lot)
            headers = self.headers.take(self.env.now_ns()) if count else None
            if headers is not None:
                await self._see_through(self.seller.send(lot, count, connection, headers))
            await trio.sleep(AGAIN_S)

    async def _account(
        self, lot: OpenLot, done: OrderDone, connection: OrderConnection
    ) -> OrderDone:
        """Book an order's outcome, asked for where the response did not say."""
        row = self.desk.hear_answer(done, connection.probe_ns)
        if row is not None:
            self.to_auditor.post(row)
        # Who was turned away at the door has learnt nothing of the market, and tries again.
        is_unread = isinstance(done.outcome, Rejected) and done.outcome.status in UNREAD
        if is_unread and lot.spared < UNREAD_MOST:
            lot.spared += 1
            if lot.descent is not None and lot.rung > 0:
                lot.rung, lot.rungs = lot.rung - 1, lot.rungs - 1
        if isinstance(done.outcome, Unknown):
            self.desk.freeze(done.sent)
            self.to_auditor.post(done)
            done = await self.resolver.resolve(done.sent)
        self._book(lot, done)
        return done

    async def _settle_orphans(self, lot: OpenLot, orphans: Container[str]) -> None:
        """Ask after exit orders of this lot that an earlier life of the actor left unanswered."""
        for sent in self.desk.inflight.of("exit"):
            own = sent.entry_client_order_id == lot.plan.entry_client_order_id
            if own and sent.client_order_id in orphans:
                self._book(lot, await self.resolver.resolve(sent))

    async def _attempt(self, lot: OpenLot) -> str:
        """Send one exit order and see it through.

        Returns:
            A word for why nothing more was sold: a refusal's code, a control's
            reason, or nothing where the order did its work.
        """
        plan, side = lot.plan, opposite(lot.plan.entry_side)
        self.seller.offset(lot)
        if lot.left_centi <= 0:
            return ""
        # On its way down it asks nobody: its entry's own answer says what there is to sell.
        said: int | None = lot.left_centi if lot.descent else 0
        if not lot.descent and self.seller.owned_centi(plan.ticker, side) < lot.left_centi:
            said = await said_centi(self.rest, plan, self.response_s)
        connection: OrderConnection | None = None
        with trio.move_on_after(self.response_s):
            connection = await self.pool.take()
        if connection is None:
            return "no_connection"
        # Nothing may run from here until the order is sent: the connection is not ours.
        if self.desk.inflight.closes(plan.entry_client_order_id):
            return "repeat"
        owned = max(said or 0, self.seller.owned_centi(plan.ticker, side))
        keep = 0 if lot.descent is None else lot.descent.keep_centi
        count = CentiContracts(min(lot.left_centi - keep, owned))
        no = gate.reduction(
            side=side,
            limit_pips=self.seller.limit_pips(lot, side),
            floor_pips=self.seller.floor_pips(lot),
            count_centi=count,
            held_centi=owned if side == "ask" else -owned,
            already_sent=False,
        )
        if no is not None:
            # Counted on the venue's word alone: what others have closed never comes back,
            # but what we could not hear of may be there.
            lot.attempts += said is not None
            return no
        headers = self.headers.take(self.env.now_ns())
        if headers is None:
            return "no_signature"
        sent = self.seller.send(lot, count, connection, headers)
        done = await answer(connection, sent, self.response_s)
        done = await self._account(lot, done, connection)
        return done.outcome.code if isinstance(done.outcome, Rejected) else ""

    def _book(self, lot: OpenLot, done: OrderDone) -> None:
        self.desk.inflight.remove(done.sent.client_order_id)
        self.desk.thaw(done.sent)
        if isinstance(done.outcome, Accepted):
            lot.left_centi -= done.outcome.fill_count_centi
        self.to_auditor.post(done)


async def _doze(lot: OpenLot, wait_s: float) -> None:
    """Wait, unless something else is to be done with a lot before that."""
    with trio.move_on_after(wait_s):
        await lot.woken.wait()
