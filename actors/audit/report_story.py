"""An event told in sentences: what happened, and why an order did not fill. Pure.

Each sentence says only what records say. That others were first is said where public
prints with the venue's own times show it, and not because we came away empty.
"""

from typing import Final

import attrs

from actors.audit.events import Event
from actors.audit.report_facts import Order
from actors.audit.report_figures import clock, count, millis, money_short, price, span
from actors.audit.report_words import advanced_words, passed_words
from actors.messages.records import BookAt, TradeRow

_NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five")


def reachable(book: BookAt, order: Order) -> list[list[int]]:
    """Return the levels that the order could have taken from a book, best first."""
    intent = order.intent.record
    if intent.side == "bid":
        return [level for level in book.asks if level[0] <= intent.limit_pips]
    return [level for level in book.bids if level[0] >= intent.limit_pips]


@attrs.frozen(kw_only=True)
class Ahead:
    """What others took on our side between our frame and our order's arrival."""

    count_centi: int
    best_pips: int
    """Where they began, and"""
    worst_pips: int
    """how far they went."""
    first_ms: int
    """By how much the first of them was before us, on the venue's clock."""


def ahead(event: Event, order: Order) -> Ahead | None:
    """Return what others took before our order was there; ``None`` if no print shows any."""
    leg, there_ms = event.leg(order.intent.record.ticker), order.there_ms
    if leg is None or there_ms is None or order.intent.record.purpose == "exit":
        return None
    mine = {fact.record.trade_id for fact in event.fills}
    rivals: list[TradeRow] = [
        fact.record
        for fact in leg.prints
        if fact.record.received_ns >= event.received_ns
        and fact.record.venue_ts_ms < there_ms
        and fact.record.taker_side == order.intent.record.side
        and fact.record.trade_id not in mine
    ]
    if not rivals:
        return None
    prices = [row.price_pips for row in rivals]
    is_bid = order.intent.record.side == "bid"
    return Ahead(
        count_centi=sum(row.count_centi for row in rivals),
        best_pips=min(prices) if is_bid else max(prices),
        worst_pips=max(prices) if is_bid else min(prices),
        first_ms=there_ms - min(row.venue_ts_ms for row in rivals),
    )


def explanation(event: Event, order: Order) -> list[str]:
    """Explain an outcome that is not the ordinary whole fill."""
    standing, outcome = order.standing, order.outcome
    if standing == "rejected" and outcome is not None:
        return [f"The venue refused it: {outcome.code or 'no code'} (HTTP {outcome.status})."]
    if standing == "unknown":
        why = "" if outcome is None or not outcome.code else f" ({outcome.code})"
        return [f"No answer is on record{why}: what became of it is not known here."]
    if standing == "filled":
        return []
    return [*_before_the_send(order), *_rivals(event, order)]


def _before_the_send(order: Order) -> list[str]:
    book = order.book(0)
    if book is None:
        return []
    if not book.whole:
        return ["The book was not known for certain when the order left."]
    is_bid = order.intent.record.side == "bid"
    best, side = ("ask", book.asks) if is_bid else ("bid", book.bids)
    limit = price(order.intent.record.limit_pips)
    offered = sum(level[1] for level in reachable(book, order))
    if not side:
        return [f"Just before the send nobody showed {'an ask' if is_bid else 'a bid'}."]
    top = price(side[0][0])
    if not offered:
        beyond = "above" if is_bid else "below"
        said = (
            f"Just before the send the best {best} was already {top}, {beyond} our limit {limit}."
        )
        return [said]
    within = f"{count(offered)} contracts stood within our limit {limit}"
    said = f"Just before the send {within}; the best {best} was {top}."
    later = order.book(30)
    left = offered if later is None else sum(level[1] for level in reachable(later, order))
    if later is None or not later.whole or left >= offered:
        return [said]
    shown = f"{count(left)} were" if left else "none was"
    return [said, f"30 ms later {shown} left in the book as we saw it."]


def _rivals(event: Event, order: Order) -> list[str]:
    found = ahead(event, order)
    if found is None:
        return []
    verb = "bought" if order.intent.record.side == "bid" else "sold"
    first, last = price(found.best_pips), price(found.worst_pips)
    at = f"at {first}" if first == last else f"from {first} to {last}"
    took = f"Others {verb} {count(found.count_centi)} {at}"
    lead = millis(found.first_ms)
    return [
        f"{took} between the reading of our frame and our order's arrival;"  # noqa: ISC004 - one sentence
        f" by the venue's clock the first of them was {lead} before us."
    ]


def about_decision(event: Event) -> list[str]:
    """Say what the market had heard when nothing was sent."""
    first = [leg.book(0) for leg in event.legs]
    known = [book for book in first if book is not None and book.whole]
    said: list[str] = []
    if known and not any(book.bids or book.asks for book in known):
        said.append("When it was decided, nobody showed a price in any of its markets any more.")
    before = [
        fact.record
        for leg in event.legs
        for fact in leg.prints
        if fact.record.received_ns < event.received_ns
    ]
    if before:
        many = count(sum(row.count_centi for row in before))
        lead = span(event.received_ns - min(row.received_ns for row in before))
        said.append(
            f"Others had traded {many} contracts of this match since {lead} before the frame"
            " was read."
        )
    return said


def lede(event: Event, profit_micros: int | None) -> list[str]:
    """Tell the event in a few sentences."""
    said = [_race_words(event)]
    if event.entries:
        said += _order_words(event)
    elif event.passed:
        whys = dict.fromkeys(passed_words(fact.record) for fact in event.passed)
        said.append(f"Nothing was sent: {'; '.join(whys)}.")
    elif event.accepted is not None:
        said.append(f"It was accepted but not traded: {advanced_words(event.accepted.record)}.")
    if event.ended == "overturned":
        said.append("The score was taken back later.")
    elif event.ended == "phantom":
        said.append("No other feed was seen to confirm it: it was judged a phantom and taken back.")
    if event.fills:
        said.append(_money_words(profit_micros))
    return said


def _race_words(event: Event) -> str:
    at = f"{clock(event.received_wall_ns)} UTC"
    if not event.feed:
        return f"{event.key.state} was detected at {at}."
    margin = event.margin_ns
    if margin is None:
        return f"{event.feed} showed {event.key.state} at {at}; no other feed followed."
    second = next(each.feed for each in event.race if each.behind_ns == margin)
    return f"{event.feed} showed {event.key.state} at {at}, {span(margin)} before {second}."


def _order_words(event: Event) -> list[str]:
    many = len(event.entries)
    left = f"{_NUMBERS[many]} orders left" if many < len(_NUMBERS) else f"{many} orders left"
    left = "One order left" if many == 1 else left
    if event.wire_ns:
        last = "the last of them " if len(event.wire_ns) > 1 else ""
        left += f", {last}{span(max(event.wire_ns))} after the frame was read"
    wanted, filled = event.wanted_centi, event.filled_centi
    standing = {order.standing for order in event.entries}
    if filled:
        became = f"{count(filled)} of {count(wanted)} contracts were filled"
    elif standing == {"rejected"}:
        became = "the venue refused"
    elif "unknown" in standing:
        became = "what became of it is not known"
    else:
        became = "nothing was filled"
    return [f"{left}; {became}."]


def _money_words(profit_micros: int | None) -> str:
    if profit_micros is None:
        return "Part of the position is still open."
    if profit_micros == 0:
        return "The event came out even."
    verb = "made" if profit_micros > 0 else "lost"
    return f"It {verb} {money_short(abs(profit_micros))} after all fees."
