"""The executor: owns every response. What the trigger sent, it sees through to an outcome.

An order's outcome is a value: accepted, rejected, or unknown. Unknown holds its
budget and freezes its market for entries until the resolver has asked the venue;
a POST is never sent twice. The executor's restart loses nothing: the tree keeps
what is in flight, and whatever lost its reader is unknown until it was asked for.
"""

from typing import Final

import attrs
import trio

from actors.exchange.errors import ResponseLost
from actors.exchange.orders import (
    OrderAccepted,
    OrderConnection,
    OrderPool,
    OrderRefused,
    OrderUnknown,
    interpret,
)
from actors.messages.trading import (
    Accepted,
    Lot,
    OrderDone,
    Outcome,
    Rejected,
    Sent,
    ToExits,
    Unknown,
)
from actors.model.money import CentiContracts, MicroDollars
from actors.runtime.env import Env
from actors.runtime.mailbox import Mailbox
from actors.trader.desk import Desk
from actors.trader.resolver import Resolver

BALANCE_STEP_MICROS: Final = 10_000
"""The coarsest grid that a member's balance is kept on: one cent."""


async def answer(connection: OrderConnection, sent: Sent, response_s: float) -> OrderDone:
    """Finish sending, read the one response and say what it means.

    Shielded and bounded: a send that is cancelled midway destroys its connection
    (design section 2.7), and a response that nobody reads is an unknown order.
    """
    with trio.CancelScope(shield=True, deadline=trio.current_time() + response_s + 1):
        try:
            if sent.unsent_bytes:
                await connection.flush(response_s)
            response = await connection.response(response_s)
        except ResponseLost as lost:
            done_ns = connection.env.now_ns()
            return OrderDone(
                sent=sent, outcome=Unknown(reason=str(lost)), first_byte_ns=None, done_ns=done_ns
            )
        return OrderDone(
            sent=sent,
            outcome=outcome(interpret(response, sent.client_order_id)),
            first_byte_ns=response.first_byte_ns,
            done_ns=response.last_byte_ns,
        )
    done_ns = connection.env.now_ns()
    return OrderDone(
        sent=sent, outcome=Unknown(reason="deadline"), first_byte_ns=None, done_ns=done_ns
    )


def outcome(word: OrderAccepted | OrderRefused | OrderUnknown) -> Outcome:
    """Say in our words what the exchange layer read."""
    match word:
        case OrderAccepted():
            return Accepted(
                order_id=word.order_id,
                fill_count_centi=word.fill_count_centi,
                average_fill_price_micros=word.average_fill_price_micros,
                venue_ts_ms=word.ts_ms,
            )
        case OrderRefused():
            return Rejected(status=word.status, code=word.code)
        case OrderUnknown():
            return Unknown(reason=word.reason)


@attrs.define(eq=False, kw_only=True)
class Executor:
    """Waits for the responses to entries and passes on what they left us with."""

    env: Env
    desk: Desk
    pool: OrderPool
    inbox: Mailbox[Sent]
    to_exits: Mailbox[ToExits]
    to_auditor: Mailbox[object]
    resolver: Resolver
    response_s: float

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled."""
        async with trio.open_nursery() as nursery:
            orphans = {sent.client_order_id: sent for sent in self.desk.inflight.of("entry")}
            for orphan in orphans.values():
                nursery.start_soon(self._settle, self._lost(orphan, "executor restarted"))
            task_status.started()
            while True:
                sent = await self.inbox.receive()
                owed = sent.client_order_id in self.desk.inflight
                # One that still waited in the mailbox at the restart is an orphan, or was.
                if owed and sent.client_order_id not in orphans:
                    nursery.start_soon(self._see_through, sent)

    def _lost(self, sent: Sent, reason: str) -> OrderDone:
        # Nobody reads that connection's response any more, so it can carry no other order.
        self.pool.discard(sent.connection, reason)
        self.desk.freeze(sent)
        return OrderDone(
            sent=sent,
            outcome=Unknown(reason=reason),
            first_byte_ns=None,
            done_ns=self.env.now_ns(),
        )

    async def _see_through(self, sent: Sent) -> None:
        connection = self.pool.connections[sent.connection]
        done = await answer(connection, sent, self.response_s)
        self._hear(done, connection)
        await self._settle(done)

    def _hear(self, done: OrderDone, connection: OrderConnection) -> None:
        row = self.desk.hear_answer(done, connection.probe_ns)
        if row is not None:
            self.to_auditor.post(row)

    async def _settle(self, done: OrderDone) -> None:
        desk, sent = self.desk, done.sent
        if isinstance(done.outcome, Unknown):
            desk.freeze(sent)
            self.to_auditor.post(done)
            done = await self.resolver.resolve(sent)
            desk.thaw(sent)
        self._book(done)

    def _book(self, done: OrderDone) -> None:
        """Book an outcome that is known: what it cost at most, and what is to be sold."""
        desk, sent = self.desk, done.sent
        filled = CentiContracts(0)
        if isinstance(done.outcome, Accepted):
            filled = done.outcome.fill_count_centi
        desk.exposure.settle_outcome(sent.client_order_id, most_paid_micros(sent, filled))
        desk.inflight.remove(sent.client_order_id)
        self.to_auditor.post(done)
        plan = desk.plans.get(sent.client_order_id)
        if plan is not None and (filled > 0 or sent.client_order_id in desk.lots):
            # A lot that was covered before its entry's outcome was known is told of nothing, too.
            self.to_exits.post(Lot(plan=plan, count_centi=filled))
        else:
            desk.plans.pop(sent.client_order_id, None)


def most_paid_micros(sent: Sent, filled: CentiContracts) -> MicroDollars:
    """Bound what a partial fill cost: its share of the worst case, and one step of rounding."""
    if filled == 0:
        return MicroDollars(0)
    share = -(-sent.worst_micros * filled // sent.count_centi)
    return MicroDollars(min(sent.worst_micros, share + BALANCE_STEP_MICROS))
