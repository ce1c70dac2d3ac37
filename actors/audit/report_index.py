"""The index of a report: the day in figures, every event in one row, every feed in another. Pure."""

from typing import Final

from actors.audit.events import Day, Event
from actors.audit.report_figures import clock, count, date, minute, money, money_short, plural, span
from actors.audit.report_html import Child, Html, page, tag
from actors.audit.report_money import money_of
from actors.audit.report_parts import Column, chip, gain, number, section, table, tile, tiles, track
from actors.audit.report_style import STYLE
from actors.audit.report_svg import profit_curve
from actors.audit.report_words import file_stem
from actors.audit.summary import quantile

EVENT_COLUMNS: Final = (
    Column("#", numeric=True),
    Column("Time, UTC"),
    Column("Match"),
    Column("Score"),
    Column("Minute", numeric=True),
    Column("First"),
    Column("By", numeric=True),
    Column("Became"),
    Column("Filled", numeric=True),
    Column("To kernel", numeric=True),
    Column("To answer", numeric=True),
    Column("Profit", numeric=True),
)
FEED_COLUMNS: Final = (
    Column("Feed"),
    Column("Races won", numeric=True),
    Column(""),
    Column("Won by, median", numeric=True),
    Column("Behind, median", numeric=True),
    Column("Behind, worst", numeric=True),
    Column("Not shown", numeric=True),
    Column("Taken back", numeric=True),
)


def index_page(day: Day) -> str:
    """Return the index of a whole journal."""
    profits = [(event, money_of(event).profit_micros) for event in day.events if event.entries]
    known = [
        (f"{event.number} {event.key.state}", micros)
        for event, micros in profits
        if micros is not None
    ]
    curve = profit_curve(known)
    body: list[Child] = [
        tag(
            "nav",
            tag("span", "Touchline", class_="name"),
            tag("span", "race report"),
            _run_words(day),
        ),
        _hero(day),
        _tiles(day, [micros for _, micros in profits]),
        section(
            "Events", "Every score that was accepted, traded or not. Each has a page.", _events(day)
        )
        if day.events
        else section("Events", "No score was accepted in this journal."),
        section(
            "Profit over the day",
            "After fees, event by event, in the order of their goals.",
            tag("div", curve, class_="chart", style="margin-top:14px"),
        )
        if curve
        else None,
        section("Feeds", "Who was first, and how far the others were behind.", _feeds(day))
        if day.feeds
        else None,
        _truth(day),
        tag(
            "footer",
            tag(
                "p",
                f"{plural(day.last_seq, 'record')} in the journal. ",
                tag("code", "python -m actors verify --journal DIR"),
                " checks that none was changed since it was written.",
            ),
        ),
    ]
    return page("Race report", STYLE, [tag("main", *body)])


def _run_words(day: Day) -> Html | None:
    if not day.runs:
        return None
    first = day.runs[0].segment.record
    return tag(
        "span", f"{first.environment}, account {first.account}, {plural(len(day.runs), 'run')}"
    )


def _hero(day: Day) -> Html:
    traded = [event for event in day.events if event.entries]
    filled = [event for event in traded if event.verdict in {"filled", "part filled"}]
    when = ""
    if day.events:
        when = f"{date(day.events[0].received_wall_ns)}, {clock(day.events[0].received_wall_ns, millis=False)}"
        when += f" to {clock(day.events[-1].received_wall_ns, millis=False)} UTC"
    return tag(
        "header",
        tag(
            "div",
            tag(
                "h1",
                f"{plural(len(day.events), 'goal')}, {len(traded)} traded, {len(filled)} filled",
            ),
        ),
        tag("div", when, class_="when"),
        class_="hero",
    )


def _tiles(day: Day, profits: list[int | None]) -> Html:
    total = sum(each for each in profits if each is not None)
    fees = sum(money_of(event).fees_micros for event in day.events)
    shown = [
        tile(
            "Profit after fees",
            gain(total),
            f"{plural(sum(each is None for each in profits), 'event')} still open"
            if None in profits
            else "every event flat or settled",
        )
    ]
    shown.append(tile("Fees", money_short(fees), "entry and exit"))
    sent = [
        order.dispatched.record
        for event in day.events
        for order in event.entries
        if order.dispatched
    ]
    ours = [each.sent_ns - each.received_ns for each in sent if each.received_ns]
    if ours:
        shown.append(
            tile(
                "Frame to kernel, median",
                span(quantile(ours, 0.5)),
                f"p99 {span(quantile(ours, 0.99))}, {plural(len(ours), 'order')}",
            )
        )
    answers = [
        order.outcomes[0].record.done_ns - order.dispatched.record.sent_ns
        for event in day.events
        for order in event.entries
        if order.dispatched and order.outcomes and order.outcomes[0].record.done_ns
    ]
    if answers:
        shown.append(
            tile(
                "Send to answer, median",
                span(quantile(answers, 0.5)),
                f"p99 {span(quantile(answers, 0.99))}",
            )
        )
    if day.reconciled:
        last = day.reconciled[-1]
        shown.append(
            tile(
                "Difference to the venue",
                money(last.record.statement_difference_micros),
                "reconciled at the end" if last.record.phase == "end" else "at the start only",
            )
        )
    return tiles(*shown)


def _events(day: Day) -> Html:
    return table(EVENT_COLUMNS, [("", _event_cells(event)) for event in day.events])


def _event_cells(event: Event) -> tuple[Child, ...]:
    row = event.match
    name = event.key.match if row is None else row.record.title
    sent = [order.dispatched.record for order in event.entries if order.dispatched]
    ours = [each.sent_ns - each.received_ns for each in sent if each.received_ns]
    answers = [
        order.outcomes[0].record.done_ns - order.dispatched.record.received_ns
        for order in event.entries
        if order.dispatched
        and order.outcomes
        and order.outcomes[0].record.done_ns
        and order.dispatched.record.received_ns
    ]
    filled = None
    if event.entries:
        wanted = sum(order.intent.record.count_centi for order in event.entries)
        filled = f"{count(sum(order.filled_centi for order in event.entries))} of {count(wanted)}"
    return (
        event.number,
        clock(event.received_wall_ns),
        tag("a", name, href=f"{file_stem(event)}.html"),
        event.key.state.replace("-", "\u2013"),
        minute(event),
        event.feed,
        "" if event.margin_ns is None else span(event.margin_ns),
        [chip(event.verdict), " ", chip(event.ended) if event.ended else None],
        filled,
        span(max(ours)) if ours else None,
        span(max(answers)) if answers else None,
        gain(money_of(event).profit_micros) if event.fills else None,
    )


def _feeds(day: Day) -> Html:
    most = max((sum(event.feed == feed for event in day.events) for feed in day.feeds), default=0)
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for feed in day.feeds:
        won = [event for event in day.events if event.feed == feed]
        margins = [event.margin_ns for event in won if event.margin_ns is not None]
        shown = [each for event in day.events for each in event.race if each.feed == feed]
        lags = [
            each.behind_ns for each in shown if each.behind_ns is not None and each.behind_ns > 0
        ]
        rows.append(
            (
                "",
                (
                    feed,
                    len(won),
                    track(len(won) / most if most else 0, "ours"),
                    span(quantile(margins, 0.5)),
                    span(quantile(lags, 0.5)),
                    span(max(lags, default=None)),
                    sum(each.report is None for each in shown),
                    sum(bool(event.ended) for event in won),
                ),
            )
        )
    return table(FEED_COLUMNS, rows)


def _truth(day: Day) -> Html | None:
    if not day.reconciled:
        return None
    rows = [
        (
            "",
            (
                "At the start" if fact.record.phase == "start" else "At the end",
                chip("clean", "good") if fact.record.clean else chip("differs", "bad"),
                money(fact.record.statement_difference_micros),
                money(fact.record.balance_micros),
                [tag("div", line) for line in fact.record.lines],
                number(fact.seq),
            ),
        )
        for fact in day.reconciled
    ]
    heads = (
        Column("When"),
        Column("Found"),
        Column("Difference", numeric=True),
        Column("Cash at the venue", numeric=True),
        Column("What differs"),
        Column("Record"),
    )
    return section(
        "Our books against the venue's",
        "Journal and venue compared, to the micro-dollar.",
        table(heads, rows),
    )
