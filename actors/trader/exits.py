"""The exits: every filled entry is sold again when its plan says so.

Exits have their own connection and header sets and outlive the executor. They are
immediate-or-cancel, reduce-only and carry no order group; to them only the
controls of ``gate.reduction`` apply, so that in every trading state an exit still
leaves. A plan that cannot finish holds to settlement, and says so.

A goal that hurts a lot sells of it at once, from the trigger; the order in flight then
keeps these hands off the lot until its response, which is read here, says what is left.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import attrs
import trio

from actors.config.profile import Exits as Settings
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.orders import OrderConnection, OrderPool
from actors.exchange.outcome import UNREAD
from actors.exchange.rest import Rest
from actors.exchange.signing import HeaderRing, HeaderSet
from actors.messages.catalogue import Market
from actors.messages.records import Intent
from actors.messages.trading import (
    Accepted,
    ExitHeld,
    ExitPlan,
    Lot,
    OrderDone,
    Rejected,
    Sent,
    Unknown,
)
from actors.model.grid import at_least, at_most
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Side, Ticker, client_order_id, opposite, sign
from actors.risk import gate
from actors.runtime.env import Env
from actors.runtime.errors import JournalFailed
from actors.runtime.journal import Journal
from actors.runtime.mailbox import Mailbox
from actors.trader.desk import Desk, OpenLot
from actors.trader.executor import answer
from actors.trader.plays import Encode
from actors.trader.resolver import Resolver

OVER: Final = frozenset({"market_closed", "MARKET_INACTIVE", "market_inactive"})
"""Refusals after which no later attempt can do better: the market has ended."""
PAUSED: Final = frozenset({"trading_is_paused", "exchange_is_paused"})
"""Refusals that time alone cures."""
UNREAD_MOST: Final = 500
"""Of one lot: by then whoever turns us away will not stop."""


@attrs.define(eq=False, kw_only=True)
class Exits:
    """Sells what entries left us holding."""

    env: Env
    journal: Journal
    desk: Desk
    pool: OrderPool
    headers: HeaderRing
    inbox: Mailbox[Lot | Sent]
    """Lots to sell, and what the trigger has sold of one."""
    to_auditor: Mailbox[object]
    resolver: Resolver
    rest: Rest
    settings: Settings
    account: str
    encode: Encode
    response_s: float
    on_used: Callable[[], None]
    """Told after the bytes left that a header set is gone."""

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
                nursery.start_soon(self._leave, lot)
            task_status.started()
            while True:
                news = await self.inbox.receive()
                if isinstance(news, Sent):
                    # One that still waited in the mailbox at the restart is asked after.
                    owed = news.client_order_id in self.desk.inflight
                    if owed and news.client_order_id not in orphans:
                        nursery.start_soon(self._see_through, news)
                elif news.plan.entry_client_order_id not in self.desk.lots:
                    lot = OpenLot(plan=news.plan, left_centi=news.count_centi)
                    self.desk.lots[news.plan.entry_client_order_id] = lot
                    nursery.start_soon(self._leave, lot)

    async def _leave(self, lot: OpenLot) -> None:
        await self._settle_orphans(lot)
        entry = lot.plan.entry_client_order_id
        wait_s = (lot.plan.due_ns - self.env.now_ns()) / 1e9
        await trio.sleep(max(0.0, wait_s))
        word = ""
        await self.desk.inflight.until_closed(entry)
        while lot.left_centi > 0 and lot.attempts - lot.spared < self.settings.attempts:
            word = await self._attempt(lot)
            await self.desk.inflight.until_closed(entry)
            if word in OVER:
                break
            if lot.left_centi > 0:
                await trio.sleep(self.settings.retry_s)
            if word in PAUSED:
                await self._outlast_pause(lot.plan)
        self._finish(lot, word or "attempts")

    def _finish(self, lot: OpenLot, why: str) -> None:
        entry = lot.plan.entry_client_order_id
        if self.desk.lots.get(entry) is not lot:
            return  # A goal has sold it, and whoever saw to that has finished it.
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
        """Read the response to what the trigger sold of a lot, and book it."""
        lot = self.desk.lots[sent.entry_client_order_id]
        connection = self.pool.connections[sent.connection]
        done = await answer(connection, sent, self.response_s)
        await self._account(lot, done, connection)
        if lot.left_centi <= 0:
            self._finish(lot, "")

    async def _account(
        self, lot: OpenLot, done: OrderDone, connection: OrderConnection
    ) -> OrderDone:
        """Book an order's outcome, asked for where the response did not say."""
        row = self.desk.hear_answer(done, connection.probe_ns)
        if row is not None:
            self.to_auditor.post(row)
        # Who was turned away at the door has learnt nothing of the market, and tries again.
        is_unread = isinstance(done.outcome, Rejected) and done.outcome.status in UNREAD
        lot.spared += is_unread and lot.spared < UNREAD_MOST
        if isinstance(done.outcome, Unknown):
            self.desk.freeze(done.sent)
            self.to_auditor.post(done)
            done = await self.resolver.resolve(done.sent)
        self._book(lot, done)
        return done

    async def _settle_orphans(self, lot: OpenLot) -> None:
        """Ask after exit orders of this lot that an earlier life of the actor left unanswered."""
        for sent in self.desk.inflight.of("exit"):
            if sent.entry_client_order_id == lot.plan.entry_client_order_id:
                self._book(lot, await self.resolver.resolve(sent))

    async def _outlast_pause(self, plan: ExitPlan) -> None:
        """Wait until the market may take orders again: a question costs no attempt."""
        while True:
            with suppress(VenueRefused, VenueUnreachable):
                status = await self.rest.exchange_status()
                market = await self.rest.market(plan.ticker)
                if status.trades(plan.exchange_index) and market.status != "inactive":
                    return
            await trio.sleep(self.settings.retry_s)

    async def _attempt(self, lot: OpenLot) -> str:
        """Send one exit order and see it through.

        Returns:
            A word for why nothing more was sold: a refusal's code, a control's
            reason, or nothing where the order did its work.
        """
        plan, side = lot.plan, opposite(lot.plan.entry_side)
        said_centi = await self._said_centi(lot, side)
        connection: OrderConnection | None = None
        with trio.move_on_after(self.response_s):
            connection = await self.pool.take()
        if connection is None:
            return "no_connection"
        # Nothing may run from here until the order is sent: the connection is not ours.
        if self.desk.inflight.closes(plan.entry_client_order_id):
            return "repeat"
        owned = max(said_centi or 0, self._owned_centi(plan.ticker, side))
        count = CentiContracts(min(lot.left_centi, owned))
        limit = self._limit_pips(lot, side, self._market(plan.ticker))
        no = gate.reduction(
            side=side,
            limit_pips=limit,
            floor_pips=plan.floor_pips,
            count_centi=count,
            held_centi=owned if side == "ask" else -owned,
            already_sent=False,
        )
        if no is not None:
            # Counted on the venue's word alone: what others have closed never comes back,
            # but what we could not hear of may be there.
            lot.attempts += said_centi is not None
            return no
        headers = self.headers.take(self.env.now_ns())
        if headers is None:
            return "no_signature"
        lot.attempts += 1
        sent = self._send(plan, self._request(lot, side, limit, count), connection, headers)
        done = await answer(connection, sent, self.response_s)
        done = await self._account(lot, done, connection)
        return done.outcome.code if isinstance(done.outcome, Rejected) else ""

    def _owned_centi(self, ticker: Ticker, side: Side) -> int:
        """Return what an order on ``side`` could reduce, by the fills that we heard of."""
        return sign(opposite(side)) * self.desk.held_centi.get(ticker, 0)

    async def _said_centi(self, lot: OpenLot, side: Side) -> int | None:
        """Return what the venue says could be reduced; ``None`` where it does not answer.

        Asked only where we heard of less than the lot: fills come over the stream, which
        may be away, and an exit must not wait for it. The venue's word may be a moment
        old: that the order only reduces is its own promise.
        """
        ticker = lot.plan.ticker
        if self._owned_centi(ticker, side) >= lot.left_centi:
            return 0
        with suppress(VenueRefused, VenueUnreachable), trio.move_on_after(self.response_s):
            positions = await self.rest.positions(event_ticker=lot.plan.match)
            held = {each.ticker: each.position_centi for each in positions}
            return sign(opposite(side)) * held.get(ticker, 0)
        return None

    def _market(self, ticker: Ticker) -> Market | None:
        for match in self.desk.catalogue.value.matches.values():
            for market in match.markets:
                if market.ticker == ticker:
                    return market
        return None

    def _limit_pips(self, lot: OpenLot, side: Side, market: Market | None) -> Pips:
        """Return the limit: near the book where it is known, the plan's floor where it is not.

        A book that is being repaired is good for a first attempt: most of the time it is
        whole again before the next. One that stays lost says nothing of today's prices.
        """
        plan, books = lot.plan, self.desk.books
        best: Pips | None = None
        if lot.attempts == 0 or books.whole(plan.ticker) is not None:
            best = books.best_opposite_pips(plan.ticker, side)
        ranges = () if market is None else market.price_ranges
        if side == "ask":
            near = (
                plan.floor_pips if best is None else max(best - self.settings.slip, plan.floor_pips)
            )
            return at_least(ranges, near) or plan.floor_pips
        near = plan.floor_pips if best is None else min(best + self.settings.slip, plan.floor_pips)
        return at_most(ranges, near) or plan.floor_pips

    def _request(
        self, lot: OpenLot, side: Side, limit: Pips, count: CentiContracts
    ) -> OrderRequest:
        plan = lot.plan
        return OrderRequest(
            client_order_id=client_order_id(
                account=self.account,
                match=plan.key.match,
                generation=plan.key.generation,
                state=plan.key.state,
                ticker=plan.ticker,
                side=side,
                leg=0,
                attempt=lot.attempts,
            ),
            ticker=plan.ticker,
            side=side,
            price_pips=limit,
            count_centi=count,
            reduce_only=True,
            exchange_index=plan.exchange_index,
        )

    def _send(
        self,
        plan: ExitPlan,
        request: OrderRequest,
        connection: OrderConnection,
        headers: HeaderSet,
    ) -> Sent:
        gated_ns = self.env.now_ns()
        body, tail = self.encode(request)
        try:
            seq = self.journal.append(_intent(plan, request, body))
        except JournalFailed as error:
            self.desk.state.halt("journal", str(error))
            raise
        intent_ns = self.env.now_ns()
        try:
            unsent = connection.send_now(headers, tail)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            unsent = len(tail)
        sent_ns = self.env.now_ns()
        self.desk.budget.take_order(plan.exchange_index, sent_ns)
        self.journal.sync_soon()
        sent = Sent(
            trigger=None,
            key=plan.key,
            purpose="exit",
            entry_client_order_id=plan.entry_client_order_id,
            connection=connection.index,
            client_order_id=request.client_order_id,
            ticker=plan.ticker,
            side=request.side,
            limit_pips=request.price_pips,
            count_centi=request.count_centi,
            exchange_index=plan.exchange_index,
            worst_micros=MicroDollars(0),
            intent_seq=seq,
            gated_ns=gated_ns,
            intent_ns=intent_ns,
            sent_ns=sent_ns,
            unsent_bytes=unsent,
        )
        self.desk.inflight.add(sent)
        self.on_used()
        self.to_auditor.post(sent)
        return sent

    def _book(self, lot: OpenLot, done: OrderDone) -> None:
        self.desk.inflight.remove(done.sent.client_order_id)
        self.desk.thaw(done.sent)
        if isinstance(done.outcome, Accepted):
            lot.left_centi -= done.outcome.fill_count_centi
        self.to_auditor.post(done)


def _intent(plan: ExitPlan, request: OrderRequest, body: str) -> Intent:
    return Intent(
        client_order_id=request.client_order_id,
        purpose="exit",
        match=plan.key.match,
        generation=plan.key.generation,
        state=plan.key.state,
        ticker=plan.ticker,
        side=request.side,
        limit_pips=request.price_pips,
        count_centi=request.count_centi,
        exchange_index=plan.exchange_index,
        worst_micros=0,
        feed="",
        epoch=0,
        frame_no=0,
        exit_due_wall_ns=0,
        exit_floor_pips=plan.floor_pips,
        entry_client_order_id=plan.entry_client_order_id,
        body=body,
    )
