"""What was decided and sent: the orders, or why there are none. Pure."""

from typing import Final

from actors.audit.events import Event
from actors.audit.report_books import ladders
from actors.audit.report_facts import Fact, Leg
from actors.audit.report_figures import price, span
from actors.audit.report_html import Child, Html, tag
from actors.audit.report_orders import order_card
from actors.audit.report_parts import Column, chip, ref, section, table
from actors.audit.report_scene import BEFORE_NS
from actors.audit.report_story import about_decision
from actors.audit.report_timing import scales
from actors.audit.report_words import advanced_words, passed_words
from actors.messages.records import BookAt, PassedRow

QUOTE_COLUMNS: Final = (
    Column("Bid / ask of one YES contract"),
    Column(f"{BEFORE_NS // 1_000_000} ms before the frame", numeric=True),
    Column("At the decision", numeric=True),
    Column("+30 ms", numeric=True),
    Column("+100 ms", numeric=True),
    Column("+1,000 ms", numeric=True),
)


def decision_section(event: Event) -> Html:
    """Show each leg of the play: its order, or why it was not sent."""
    if event.entries:
        on = scales(event.entries)
        return section(
            "The orders",
            "Each leg of the play that was ready for this score, all on the same scales.",
            *(order_card(event, order, on) for order in event.entries),
            *(_passed(event, fact) for fact in event.passed),
        )
    said = about_decision(event)
    return section(
        "The decision",
        None,
        *(_passed(event, fact) for fact in event.passed),
        _not_a_trigger(event),
        tag("div", *(tag("p", each) for each in said), class_="said") if said else None,
        *_markets(event),
    )


def _passed(event: Event, fact: Fact[PassedRow]) -> Html:
    row = fact.record
    name = event.side_name(row.ticker) if row.ticker else "The whole play"
    leg = event.leg(row.ticker)
    after = span(event.since_ns(fact, row.decided_ns))
    return tag(
        "div",
        tag("header", tag("h3", name), chip("passed")),
        tag("p", f"Not sent: {passed_words(row)}. ", ref(fact.seq)),
        tag("p", f"Decided {after} after the frame was read. Code: {row.reason}.", class_="ids"),
        None if leg is None or not leg.books else ladders(leg.books),
        class_="card",
    )


def _not_a_trigger(event: Event) -> Html | None:
    fact = event.accepted
    if fact is None or event.won is not None or event.passed:
        return None
    return tag(
        "div",
        tag("header", tag("h3", "The race"), chip(event.verdict)),
        tag("p", f"Accepted, but no trigger: {advanced_words(fact.record)}. ", ref(fact.seq)),
        class_="card",
    )


def _markets(event: Event) -> list[Html]:
    known = [leg for leg in event.legs if leg.books]
    if not known:
        return []
    rows = [("", _quotes(event, leg)) for leg in known]
    folded = [
        tag(
            "details",
            tag("summary", f"The whole book of {event.side_name(leg.ticker)}"),
            ladders(leg.books),
        )
        for leg in known
        if any(book.bids or book.asks for book in leg.books)
    ]
    return [tag("div", table(QUOTE_COLUMNS, rows), *folded, class_="card")]


def _quotes(event: Event, leg: Leg) -> tuple[Child, ...]:
    before: Child = None
    if leg.quotes and leg.quotes[0].whole:
        before = f"{price(leg.quotes[0].bid_pips)} / {price(leg.quotes[0].ask_pips)}"
    return (
        event.side_name(leg.ticker),
        before,
        *(_best(leg.book(offset_ms)) for offset_ms in (0, 30, 100, 1_000)),
    )


def _best(book: BookAt | None) -> Child:
    if book is None:
        return None
    if not book.whole:
        return "not known"
    bid = price(book.bids[0][0] if book.bids else None)
    return f"{bid} / {price(book.asks[0][0] if book.asks else None)}"
