"""One order on a page: its way there and back, the books around it, its fills. Pure."""

from collections.abc import Iterator
from typing import Final

from actors.audit.events import Event
from actors.audit.report_books import order_ladders
from actors.audit.report_facts import Order
from actors.audit.report_figures import average, clock, count, millis, money, plural, price, span
from actors.audit.report_html import Child, Html, tag
from actors.audit.report_parts import Column, chip, number, ref, refs, table
from actors.audit.report_story import ahead, explanation
from actors.audit.report_timing import Scales, waterfall
from actors.audit.report_words import order_words

PRINTS_MOST: Final = 40
"""Rows of public prints that one order shows."""

FILL_COLUMNS: Final = (
    Column("Trade"),
    Column("Contracts", numeric=True),
    Column("Price", numeric=True),
    Column("Fee", numeric=True),
    Column("Fee by our model", numeric=True),
    Column("Venue's time, UTC"),
    Column("Record"),
)
PRINT_COLUMNS: Final = (
    Column("Read after the frame", numeric=True),
    Column("Venue's time against our order", numeric=True),
    Column("Contracts", numeric=True),
    Column("Price", numeric=True),
    Column("Taker"),
    Column("Trade"),
    Column("Record"),
)


def order_card(event: Event, order: Order, on: Scales) -> Html:
    """Show everything about one entry."""
    head = tag("header", tag("h3", order_words(event, order)), chip(order.standing))
    return tag("div", head, *_inside(event, order, on), class_="card")


def exit_card(event: Event, order: Order, on: Scales) -> Html:
    """Show everything about one exit, folded under a line that says what became of it."""
    head = tag(
        "summary",
        tag("h3", order_words(event, order)),
        tag("span", _exit_figures(order), class_="soft"),
        chip(order.standing),
    )
    return tag("details", head, *_inside(event, order, on), class_="card")


def _exit_figures(order: Order) -> str:
    intent = order.intent.record
    sent_ns = order.intent.mono_ns
    if order.dispatched is not None:
        sent_ns = order.dispatched.record.sent_ns
    said = f"sent {clock(order.run.wall_ns(sent_ns))}"
    if order.filled_centi:
        said += f", {count(order.filled_centi)} of {count(intent.count_centi)} filled"
        if order.fills:
            said += f" at {average(order)}"
    return said


def _inside(event: Event, order: Order, on: Scales) -> Iterator[Child]:
    intent = order.intent.record
    yield tag(
        "p",
        f"{intent.side} on {intent.ticker} \u00b7 client order {order.name} \u00b7 ",
        f"worst case {money(intent.worst_micros)} \u00b7 " if intent.worst_micros else None,
        "intent ",
        ref(order.intent.seq),
        None if order.dispatched is None else ["sent ", ref(order.dispatched.seq)],
        ["answer ", refs(order.outcomes)] if order.outcomes else None,
        class_="ids",
    )
    said = explanation(event, order)
    if said:
        yield tag("div", *(tag("p", each) for each in said), class_="said")
    yield waterfall(order, on, is_first=order in event.entries[:1] or intent.purpose == "exit")
    yield _unsent(order)
    ladder = order_ladders(order)
    if ladder is not None:
        yield tag("h4", "The book of this market, and what was within our limit")
        yield ladder
    yield from _fills(order)
    yield _prints(event, order)
    yield tag(
        "details",
        tag("summary", "The request's body, byte for byte"),
        tag("pre", intent.body),
    )


def _unsent(order: Order) -> Html | None:
    if order.dispatched is None or not order.dispatched.record.unsent_bytes:
        return None
    many = plural(order.dispatched.record.unsent_bytes, "byte")
    return tag("p", f"The kernel did not take {many} at once; they followed.", class_="note")


def _fills(order: Order) -> list[Html]:
    if not order.fills:
        return []
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for fact in order.fills:
        row = fact.record
        model: Child = "same"
        if row.model_fee_micros != row.fee_micros:
            model = tag("span", money(row.model_fee_micros), class_="down")
        rows.append(
            (
                "",
                (
                    tag("span", row.trade_id, class_="mono"),
                    count(row.count_centi),
                    price(row.price_pips),
                    money(row.fee_micros),
                    model,
                    clock(row.venue_ts_ms * 1_000_000),
                    ref(fact.seq),
                ),
            )
        )
    told = sum(fact.record.count_centi for fact in order.fills)
    rows.append(
        (
            "total",
            (
                "Together",
                count(told),
                average(order),
                money(order.fee_micros),
                None,
                None,
                None,
            ),
        )
    )
    return [tag("h4", "Fills"), table(FILL_COLUMNS, rows)]


def _prints(event: Event, order: Order) -> Html | None:
    leg = event.leg(order.intent.record.ticker)
    if leg is None or not leg.prints or order.intent.record.purpose == "exit":
        return None
    mine = {fill.record.trade_id for each in event.orders for fill in each.fills}
    there_ms = order.there_ms
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for fact in leg.prints[:PRINTS_MOST]:
        row = fact.record
        against: Child = None
        if there_ms is not None:
            against = millis(row.venue_ts_ms - there_ms, signed=True)
        rows.append(
            (
                "ours" if row.trade_id in mine else "",
                (
                    span(event.since_ns(fact, row.received_ns), signed=True),
                    against,
                    count(row.count_centi),
                    price(row.price_pips),
                    tag(
                        "span",
                        "bought" if row.taker_side == "bid" else "sold",
                        class_=f"side-{'bid' if row.taker_side == 'bid' else 'ask'}",
                    ),
                    tag("span", row.trade_id, class_="mono"),
                    number(fact.seq),
                ),
            )
        )
    left = len(leg.prints) - PRINTS_MOST
    summary = f"{plural(len(leg.prints), 'public print')} of this market around the event"
    found = ahead(event, order)
    if found is not None:
        summary += f"; others took {count(found.count_centi)} before our order was there"
    return tag(
        "details",
        tag("summary", summary),
        table(PRINT_COLUMNS, rows),
        tag("p", f"{left} more are in the JSON file.", class_="note") if left > 0 else None,
    )
