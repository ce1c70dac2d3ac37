"""How an order that leaves a position is made and sent: by plan, by a goal, or by a reversal.

Everything here is done in one step of the loop, so that whoever hears of a reversal can
sell at once, whatever the exits are doing: the intent into the journal, the bytes to the
kernel, and then the word to everybody else.
"""

from collections.abc import Callable

import attrs
import trio

from actors.config.exits import Exits as Settings
from actors.config.review import Review
from actors.exchange.orders import OrderConnection
from actors.exchange.signing import HeaderRing, HeaderSet
from actors.messages.catalogue import Market
from actors.messages.records import Intent
from actors.messages.records_review import EpisodeRow, NettedRow
from actors.messages.trading import ExitPlan, Sent
from actors.model.grid import at_least, at_most
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Side, Ticker, client_order_id, opposite, sign
from actors.risk import gate
from actors.risk.ladder import ladder
from actors.runtime.env import Env
from actors.runtime.errors import JournalFailed
from actors.runtime.journal import Journal
from actors.runtime.mailbox import Mailbox
from actors.trader.desk import Descent, Desk, OpenLot
from actors.trader.plays import Encode


@attrs.frozen(kw_only=True)
class Offer:
    """Of an order that rests: how much, where, and until which wall second."""

    count_centi: CentiContracts
    limit_pips: Pips
    expires_s: int


@attrs.define(eq=False, kw_only=True)
class Seller:
    """Makes and sends what leaves a position. Owned by the tree; it never waits."""

    env: Env
    journal: Journal
    desk: Desk
    headers: HeaderRing
    to_auditor: Mailbox[object]
    settings: Settings
    review: Review
    account: str
    encode: Encode
    on_used: Callable[[], None]
    """Told after the bytes left that a header set is gone."""

    def owned_centi(self, ticker: Ticker, side: Side) -> int:
        """Return what an order on ``side`` could reduce, by the fills that we heard of."""
        return sign(opposite(side)) * self.desk.held_centi.get(ticker, 0)

    def market(self, plan: ExitPlan) -> Market | None:
        """Return what the catalogue says of a plan's market."""
        match = self.desk.catalogue.value.matches.get(plan.match)
        markets = () if match is None else match.markets
        return next((each for each in markets if each.ticker == plan.ticker), None)

    def floor_pips(self, lot: OpenLot) -> Pips:
        """Return the worst price that a lot may be left at now."""
        descent = lot.descent
        return lot.plan.floor_pips if descent is None else descent.ladder.floor_pips

    def limit_pips(self, lot: OpenLot, side: Side) -> Pips:
        """Return the limit of a lot's next order.

        On its way down that is the next rung. Else it is near the book where that is known,
        the plan's floor where it is not: a book that is being repaired is good for a first
        attempt, because most of the time it is whole again before the next; one that stays
        lost says nothing of today's prices.
        """
        plan, books, descent = lot.plan, self.desk.books, lot.descent
        market = self.market(plan)
        ranges = () if market is None else market.price_ranges
        if descent is not None:
            rungs = descent.ladder.rungs
            near = rungs[min(lot.rung, len(rungs) - 1)].limit_pips
            return (at_least if side == "ask" else at_most)(ranges, near) or near
        best: Pips | None = None
        if lot.attempts == 0 or books.whole(plan.ticker) is not None:
            best = books.best_opposite_pips(plan.ticker, side)
        if side == "ask":
            near = (
                plan.floor_pips
                if best is None
                else Pips(max(best - self.settings.slip, plan.floor_pips))
            )
            return at_least(ranges, near) or plan.floor_pips
        near = (
            plan.floor_pips
            if best is None
            else Pips(min(best + self.settings.slip, plan.floor_pips))
        )
        return at_most(ranges, near) or plan.floor_pips

    def bar(self, lot: OpenLot, count: int) -> gate.Reason | None:
        """Return why so much of a lot may not leave now; ``None`` if it may."""
        plan, side = lot.plan, opposite(lot.plan.entry_side)
        # What the fills have said so far is not all: the entry's own answer may be ahead of
        # them, and one that is in flight may fill whole. The order only reduces by itself.
        held = max(count, self.owned_centi(plan.ticker, side))
        return gate.reduction(
            side=side,
            limit_pips=self.limit_pips(lot, side),
            floor_pips=self.floor_pips(lot),
            count_centi=CentiContracts(count),
            held_centi=-sign(side) * held,
            already_sent=self.desk.inflight.closes(plan.entry_client_order_id),
        )

    def uncovered_centi(self, lot: OpenLot) -> CentiContracts:
        """Return what an entry that is out may fill, where its goal fell and nothing was sent."""
        if not lot.awaits_entry or lot.descent is None or lot.rung:
            return CentiContracts(0)
        entry = lot.plan.entry_client_order_id
        for sent in self.desk.inflight.of("entry"):
            if sent.client_order_id == entry and self.bar(lot, sent.count_centi) is None:
                return sent.count_centi
        return CentiContracts(0)

    def begin(self, lot: OpenLot, *, value_pips: Pips | None, keep_centi: int, why: str) -> None:
        """Set a lot on its way down, and write that into the journal.

        Args:
            lot: Held, or covered before its entry's outcome is known.
            value_pips: What a contract is worth once the goal has fallen; ``None`` where
                nobody can say, and the book's own price has to do.
            keep_centi: What is not to be sold.
            why: What the race said.

        Raises:
            JournalFailed: It could not be written down; the trading state says so.
        """
        plan, side = lot.plan, opposite(lot.plan.entry_side)
        if value_pips is None:
            value_pips = self.desk.books.best_opposite_pips(plan.ticker, side)
        if value_pips is None:
            # The floor is then that of the plan.
            depth = -sign(side) * self.review.liquidation_floor
            value_pips = Pips(plan.floor_pips + depth)
        market = self.market(plan)
        way = ladder(side, value_pips, self.review, () if market is None else market.price_ranges)
        number = lot.episodes + 1
        episode = f"{plan.entry_client_order_id}.{number}"
        row = EpisodeRow(
            episode=episode,
            entry_client_order_id=plan.entry_client_order_id,
            match=plan.key.match,
            generation=plan.key.generation,
            state=plan.key.state,
            ticker=plan.ticker,
            step="opened",
            reason=why,
            value_pips=value_pips,
            first_pips=way.rungs[0].limit_pips,
            floor_pips=way.floor_pips,
            keep_centi=keep_centi,
            left_centi=lot.left_centi,
            at_ns=self.env.now_ns(),
        )
        self._write(row)
        lot.episodes, lot.rung, lot.rung_ns = number, 0, 0
        lot.descent = Descent(episode=episode, ladder=way, keep_centi=keep_centi)
        lot.woken.ring()
        self.to_auditor.post(row)

    def end(self, lot: OpenLot, how: str) -> None:
        """A lot's way down is over; what is left of it has its plan again."""
        descent, plan = lot.descent, lot.plan
        if descent is None:
            return
        lot.descent = None
        lot.woken.ring()
        self.to_auditor.post(
            EpisodeRow(
                episode=descent.episode,
                entry_client_order_id=plan.entry_client_order_id,
                match=plan.key.match,
                generation=plan.key.generation,
                state=plan.key.state,
                ticker=plan.ticker,
                step="closed",
                reason=how,
                value_pips=descent.ladder.value_pips,
                first_pips=descent.ladder.rungs[0].limit_pips,
                floor_pips=descent.ladder.floor_pips,
                keep_centi=descent.keep_centi,
                left_centi=lot.left_centi,
                at_ns=self.env.now_ns(),
            )
        )

    def offset(self, lot: OpenLot) -> None:
        """Net a lot with those of its market that are against it.

        The venue keeps one signed position for each market: what one lot bought the other
        has sold, so that neither can be sold again.

        Raises:
            JournalFailed: It could not be written down.
        """
        for other in self.desk.lots.values():
            if lot.left_centi <= 0:
                return
            against = (
                other.plan.ticker == lot.plan.ticker
                and other.plan.entry_side != lot.plan.entry_side
            )
            busy = self.desk.inflight.closes(other.plan.entry_client_order_id)
            if against and other.left_centi > 0 and not busy:
                part = min(lot.left_centi, other.left_centi)
                self._net(lot, part, "opposite")
                self._net(other, part, "opposite")

    def pass_on(self, lot: OpenLot) -> None:
        """Take what was sold of a lot beyond what its entry filled from its market's others.

        Raises:
            JournalFailed: It could not be written down.
        """
        for other in self.desk.lots.values():
            if lot.left_centi >= 0:
                return
            alike = (other.plan.ticker, other.plan.entry_side) == (
                lot.plan.ticker,
                lot.plan.entry_side,
            )
            if alike and other is not lot and other.left_centi > 0:
                part = min(-lot.left_centi, other.left_centi)
                self._net(other, part, "worst_case")
                lot.left_centi += part

    def _net(self, lot: OpenLot, part_centi: int, why: str) -> None:
        self._write(
            NettedRow(
                entry_client_order_id=lot.plan.entry_client_order_id,
                ticker=lot.plan.ticker,
                count_centi=part_centi,
                reason=why,
                at_ns=self.env.now_ns(),
            )
        )
        lot.left_centi -= part_centi
        lot.woken.ring()

    def send(
        self,
        lot: OpenLot,
        count: CentiContracts,
        connection: OrderConnection,
        headers: HeaderSet,
        offer: Offer | None = None,
    ) -> Sent:
        """Send a lot's next order; its number, and its rung, are taken by then.

        Args:
            lot: Whose order.
            count: How much of it.
            connection: Free.
            headers: Unused.
            offer: Where and until when it is to rest; ``None`` is immediate-or-cancel.

        Raises:
            JournalFailed: Its intent could not be written down, and nothing left.
        """
        gated_ns = self.env.now_ns()
        plan, side = lot.plan, opposite(lot.plan.entry_side)
        limit = self.limit_pips(lot, side) if offer is None else offer.limit_pips
        request = self._request(lot, side, limit, count)
        if offer is not None:
            request = attrs.evolve(
                request,
                time_in_force="good_till_canceled",
                reduce_only=False,
                expires_s=offer.expires_s,
            )
        body, tail = self.encode(request)
        seq = self._write(_intent(plan, request, body, self.floor_pips(lot)))
        lot.attempts += 1
        intent_ns = self.env.now_ns()
        try:
            unsent = connection.send_now(headers, tail)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            unsent = len(tail)
        sent_ns = self.env.now_ns()
        self.desk.budget.take_order(plan.exchange_index, sent_ns)
        self.journal.sync_soon()
        if lot.descent is not None:
            lot.rung, lot.rungs, lot.rung_ns = lot.rung + 1, lot.rungs + 1, sent_ns
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
            rests=offer is not None,
        )
        self.desk.inflight.add(sent)
        self.on_used()
        self.to_auditor.post(sent)
        return sent

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
                attempt=lot.attempts + 1,
            ),
            ticker=plan.ticker,
            side=side,
            price_pips=limit,
            count_centi=count,
            reduce_only=True,
            exchange_index=plan.exchange_index,
        )

    def _write(self, record: object) -> int:
        try:
            return self.journal.append(record)
        except JournalFailed as error:
            self.desk.state.halt("journal", str(error))
            raise


def _intent(plan: ExitPlan, request: OrderRequest, body: str, floor_pips: Pips) -> Intent:
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
        exit_floor_pips=floor_pips,
        entry_client_order_id=plan.entry_client_order_id,
        body=body,
    )
