"""Whether our books and the venue's part while we trade: the running reconciliation. Pure.

It begins where a clean start ends, with the ledger that the start made, and books from then
on what the venue says has happened. Every execution must be of an order of ours and must
have been heard of; no order may rest; positions and the cash of every shard must come to
what the ledger says. What the owner paid in meanwhile, took out or moved between shards is
no drift where the venue's own rows of it come to the difference exactly.
"""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from actors.audit.evidence import Evidence, VenueWord
from actors.audit.findings import BALANCE_STEP_MICROS, Findings, created_ms
from actors.audit.paid import Paid, banked, row_ids, transferred
from actors.audit.statement import ledger_at_start
from actors.exchange.treasury import Moves
from actors.model.fees import MemberClass
from actors.model.money import MicroDollars
from actors.model.positions import Ledger, LedgerBroken

SLACK_S: Final = 300
"""How far back each reading asks: what the venue shows late is not missed."""


@attrs.define(eq=False, kw_only=True)
class Running:
    """The books of a running process, as the venue's rows move them."""

    evidence: Evidence
    """What the start went by."""
    member: MemberClass
    intended: Callable[[str], bool]
    """Whether an order of this client order id ever left this process."""
    heard: Callable[[str], bool]
    """Whether an execution of this trade id was taken in."""
    rests: Callable[[str], bool] = attrs.field(default=lambda _client_order_id: False)
    """Whether an order of this client order id is an exit of ours that rests."""
    _ledger: Ledger = attrs.field(init=False)
    _old: set[str] = attrs.field(init=False)
    """Trade ids that the start knew of."""
    _ours: set[str] = attrs.field(init=False)
    """The venue's ids of our orders."""
    _since_ms: int = attrs.field(init=False)
    _paid: set[str] | None = attrs.field(init=False, default=None)
    """Rows of the owner's money that are in the ledger; ``None`` where they could not be read
    when it began: then nothing explains a difference."""

    @classmethod
    def begin(
        cls,
        evidence: Evidence,
        word: VenueWord,
        member: MemberClass,
        *,
        intended: Callable[[str], bool],
        heard: Callable[[str], bool],
        rests: Callable[[str], bool] = lambda _client_order_id: False,
    ) -> "Running":
        """Begin with a start that was clean.

        Raises:
            LedgerBroken: It was not.
        """
        running = cls(evidence=evidence, member=member, intended=intended, heard=heard, rests=rests)
        running._ledger = ledger_at_start(evidence, word, member)
        running._old = {each.trade_id for each in word.fills} | set(evidence.fills)
        running._ours = {each.order_id for each in evidence.outcomes.values()}
        running._since_ms = word.at_ms
        return running

    @property
    def since_s(self) -> int:
        """From when on the next reading is asked for."""
        return self._since_ms // 1_000 - SLACK_S

    def know(self, moves: Moves | None) -> None:
        """Take what the owner had moved before the start, which the ledger begins with."""
        self._paid = None if moves is None else set(row_ids(moves))

    def differs(self, word: VenueWord) -> bool:
        """Return whether the cash of a shard is not what the ledger says."""
        return any(abs(each) >= BALANCE_STEP_MICROS for each in self._apart(word).values())

    def explain(self, word: VenueWord, moves: Moves) -> tuple[Paid, ...]:
        """Book what the owner has moved since; return what is new of it."""
        if self._paid is None:
            return ()
        found = list(transferred(moves, self._paid))
        self._book(found)
        more = banked(moves, self._paid, self._apart(word))
        self._book(more)
        return (*found, *more)

    def _book(self, paid: Sequence[Paid]) -> None:
        assert self._paid is not None, "nothing is explained without it"
        for each in paid:
            self._paid.add(each.row_id)
            self._ledger.deposit(each.exchange_index, MicroDollars(each.amount_micros))

    def _apart(self, word: VenueWord) -> dict[int, int]:
        shards = sorted({*self._ledger.shards(), *word.cash})
        return {
            shard: word.cash.get(shard, 0) - self._ledger.cash_micros(shard) for shard in shards
        }

    def look(self, word: VenueWord) -> tuple[str, ...]:
        """Take in one reading; return a line for everything that differs."""
        found = Findings(self.evidence, word, self.member)
        self._look_at_orders(word, found)
        try:
            for fill in word.fills:
                self._ledger.book(fill.fill())
            for said in word.settlements:
                self._ledger.settle(said.ticker, word.values[said.ticker])
        except LedgerBroken as error:
            found.say(f"the venue's own rows: {error}")
        found.positions(self._ledger)
        found.cash(self._ledger)
        if not found.lines:
            self._since_ms = word.at_ms
        return tuple(found.lines)

    def _look_at_orders(self, word: VenueWord, found: Findings) -> None:
        history_ms = self.evidence.history_ms
        for order in word.orders:
            name = f"order {order.client_order_id or order.order_id} on {order.ticker}"
            if order.status == "resting" and not self.rests(order.client_order_id):
                found.say(f"{name}: it rests at the venue; ours never do")
            ours = order.client_order_id
            if ours in self.evidence.intents or self.intended(ours):
                self._ours.add(order.order_id)
            elif created_ms(order) > history_ms and order.order_id not in self.evidence.taken_over:
                found.say(f"{name}: nobody intended it")
        for fill in word.fills:
            if fill.trade_id in self._old or fill.venue_ts_ms <= history_ms:
                continue
            name = f"fill {fill.trade_id} in {fill.ticker}"
            if fill.order_id not in self._ours:
                found.say(f"{name}: at the venue, and of no order of ours")
            elif not self.heard(fill.trade_id):
                found.say(f"{name}: at the venue, and never heard of")
