"""Books around an order as ladders side by side, our limit drawn in. Pure."""

from collections.abc import Sequence
from typing import Final

from actors.audit.report_facts import Order
from actors.audit.report_figures import count, price
from actors.audit.report_html import Html, tag
from actors.audit.report_story import reachable
from actors.messages.records import BookAt

DEPTH: Final = 5
"""Levels of each side that a ladder shows."""


def order_ladders(order: Order) -> Html | None:
    """Show the books at each instant around an order; ``None`` if none is on record."""
    books = sorted((fact.record for fact in order.books), key=lambda book: book.offset_ms)
    if not books:
        return None
    return ladders(books, order)


def ladders(books: Sequence[BookAt], order: Order | None = None) -> Html:
    """Show books side by side, their bars on one scale."""
    most = max(
        (level[1] for book in books for side in (book.bids, book.asks) for level in side[:DEPTH]),
        default=1,
    )
    return tag("div", *(_ladder(book, order, most) for book in books), class_="ladders")


def _ladder(book: BookAt, order: Order | None, most: int) -> Html:
    within = None if order is None else reachable(book, order)
    rows: list[Html] = []
    asks = list(reversed(book.asks[:DEPTH]))
    bids = book.bids[:DEPTH]
    if len(book.asks) > DEPTH:
        rows.append(_more(len(book.asks) - DEPTH, "ask"))
    reach = {level[0] for level in within or ()}
    rows += [_rung("ask", level, most, reach) for level in asks]
    if not asks:
        rows.append(tag("div", "no asks", class_="none"))
    rows.append(tag("div", class_="gap"))
    if not bids:
        rows.append(tag("div", "no bids", class_="none"))
    rows += [_rung("bid", level, most, reach) for level in bids]
    if len(book.bids) > DEPTH:
        rows.append(_more(len(book.bids) - DEPTH, "bid"))
    if order is not None:
        rows.insert(_limit_place(book, order, rows_before=len(book.asks) > DEPTH), _limit(order))
    when = "just before the send" if book.offset_ms == 0 else f"+{book.offset_ms:,} ms"
    if order is None and book.offset_ms == 0:
        when = "at the decision"
    beside = "not whole" if not book.whole else ""
    if within is not None and book.whole:
        beside = f"{count(sum(level[1] for level in within))} in reach"
    head = tag("div", tag("b", when), tag("span", beside), class_="head")
    return tag("div", head, *rows, class_="ladder")


def _limit_place(book: BookAt, order: Order, *, rows_before: bool) -> int:
    """Return before which row the limit stands: rows go from dear to cheap."""
    limit = order.intent.record.limit_pips
    asks, bids = book.asks[:DEPTH], book.bids[:DEPTH]
    # A bid takes what is at its limit or below, an ask what is at it or above.
    if order.intent.record.side == "bid":
        above_asks = sum(level[0] > limit for level in asks)
        above_bids = sum(level[0] > limit for level in bids)
    else:
        above_asks = sum(level[0] >= limit for level in asks)
        above_bids = sum(level[0] >= limit for level in bids)
    place = int(rows_before) + above_asks
    if above_asks == len(asks):
        # Past the asks, and past the word for their absence and the gap.
        passed_gap = above_bids > 0 or order.intent.record.side == "ask"
        place += (1 if not asks else 0) + (1 if passed_gap else 0) + above_bids
        if passed_gap and not bids:
            place += 1
    return place


def _rung(side: str, level: Sequence[int], most: int, reach: set[int]) -> Html:
    width = f"width:{100 * level[1] / most:.1f}%"
    return tag(
        "div",
        tag("span", price(level[0]), class_="p"),
        tag("span", tag("i", style=width), tag("span", count(level[1])), class_="q"),
        class_=f"rung {side}" + (" reach" if level[0] in reach else ""),
    )


def _more(levels: int, side: str) -> Html:
    return tag(
        "div",
        tag("span", class_="p"),
        tag("span", tag("span", f"{levels} more {side}s" if levels > 1 else f"1 more {side}")),
        class_="rung more",
    )


def _limit(order: Order) -> Html:
    return tag("div", f"limit {price(order.intent.record.limit_pips)}", class_="limit")
