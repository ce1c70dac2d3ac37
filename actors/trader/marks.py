"""What our open positions could be sold for now, look by look: the loss that nobody has made yet.

A position is worth what the bids of its own side would pay for all of it at this moment, level
by level, after the venue's fee: what nobody bids for is worth nothing. A book that may not be
quoted says nothing, and the last mark stands. Makers leave a book for a moment after each
goal, and a halt for a loss takes a person to lift; so a mark is the best of the last looks:
a fall counts when it has lasted through all of them.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from actors.messages.catalogue import Market
from actors.messages.records_money import MarkRow
from actors.model.book import Book
from actors.model.fees import FeeSchedule, FeeUnknown, MemberClass
from actors.model.losses import Mark
from actors.model.money import CentiContracts, MicroDollars, cost_micros, opposite_pips
from actors.model.orders import Ticker
from actors.model.positions import Position
from actors.runtime.env import Env
from actors.trader.desk import Desk
from actors.trader.pricing import fees_of

LOOKS: Final = 3
"""Looks at a book, a second apart, through which a fall must last."""


def worth_micros(book: Book, net_centi: int, fees: FeeSchedule | None) -> MicroDollars:
    """Return what selling all of a position at once would bring, after fees.

    Args:
        book: Of its market.
        net_centi: Above zero YES contracts, which meet the bids; below zero NO, which meet
            the asks.
        fees: What taking costs; ``None`` where no formula is known.
    """
    left, brought = abs(net_centi), 0
    for level in book.bids() if net_centi > 0 else book.asks():
        if not left:
            break
        count = CentiContracts(min(left, level.count_centi))
        price = level.price_pips if net_centi > 0 else opposite_pips(level.price_pips)
        fee = 0
        if fees is not None:
            fee = fees.trade_fee_micros(level.price_pips, count, is_taker=True)
        brought += max(0, cost_micros(price, count) - fee)
        left -= count
    return MicroDollars(brought)


@attrs.define(eq=False, kw_only=True)
class Marks:
    """Looks at the book of each open position, and tells the desk what it has lost so far."""

    env: Env
    desk: Desk
    member: MemberClass
    to_auditor: Callable[[object], None]
    _looks: dict[Ticker, deque[Mark]] = attrs.field(init=False, factory=dict)

    def look(self) -> None:
        """Mark everything that is open; too great a loss halts. Never waits."""
        positions = self.desk.losses.positions()
        if not positions and not self._looks:
            return
        now_ns = self.env.now_ns()
        markets = self._markets() if positions else {}
        self._looks = {
            each.ticker: self._looks.get(each.ticker) or deque(maxlen=LOOKS) for each in positions
        }
        for position in positions:
            book = self.desk.books.quotable(position.ticker, now_ns)
            market = markets.get(position.ticker)
            if book is not None and market is not None:
                self._mark(position, book, self._fees(market), now_ns)

    def _mark(self, position: Position, book: Book, fees: FeeSchedule | None, now_ns: int) -> None:
        looks, net = self._looks[position.ticker], position.net_centi
        looks.append(Mark(net, worth_micros(book, net, fees), now_ns))
        seen = [each.worth_of(position) for each in looks]
        whole = [worth for worth in seen if worth is not None]
        if len(whole) < LOOKS:
            return  # It is new, or was turned round: until then it is worth what it cost.
        mark, last = Mark(net, max(whole), now_ns), self.desk.losses.marked(position.ticker)
        if last is None or (last.net_centi, last.worth_micros) != (net, mark.worth_micros):
            # Before the halt that may follow: whoever lifts it has looked at this mark.
            self.to_auditor(
                MarkRow(
                    ticker=position.ticker,
                    net_centi=net,
                    basis_micros=position.basis_micros,
                    worth_micros=mark.worth_micros,
                    at_ns=now_ns,
                )
            )
        self.desk.hear_mark(position.ticker, mark)

    def _markets(self) -> Mapping[Ticker, Market]:
        matches = self.desk.catalogue.value.matches.values()
        return {market.ticker: market for match in matches for market in match.markets}

    def _fees(self, market: Market) -> FeeSchedule | None:
        try:
            return fees_of(market, self.member, self.env.wall_ns() // 1_000_000)
        except FeeUnknown:
            return None  # A collapse must be seen all the same.
