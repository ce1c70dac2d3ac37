"""The index of a report: the day in figures, a row for each event, for each feed. Pure."""

from collections.abc import Sequence
from typing import Final

from actors.audit.events import Day, Event
from actors.audit.report_figures import clock, count, date, minute, money, money_short, plural, span
from actors.audit.report_html import Child, Html, page, tag
from actors.audit.report_money import Money, money_of
from actors.audit.report_parts import Column, chip, gain, number, section, table, tile, tiles, track
from actors.audit.report_style import STYLE
from actors.audit.report_svg import profit_curve
from actors.audit.report_words import file_stem, score_text
from actors.audit.summary import quantile
from actors.messages.records import TradingState
from actors.model.money import ONE_DOLLAR_PIPS, CentiContracts, cost_micros

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
    Column("Wins taken back", numeric=True),
)
TRUTH_COLUMNS: Final = (
    Column("When"),
    Column("Found"),
    Column("Difference", numeric=True),
    Column("Cash at the venue", numeric=True),
    Column("What differs"),
    Column("Record"),
)
INCIDENT_COLUMNS: Final = (
    Column("Time, UTC"),
    Column("Who"),
    Column("What"),
    Column("Why"),
    Column("Record"),
)


def index_page(day: Day) -> str:
    """Return the index of a whole journal."""
    books = [(event, money_of(event)) for event in day.events]
    body: list[Child] = [
        _nav(day),
        _hero(day),
        _tiles(day, [money for _, money in books]),
        _events(books),
        _profit(books),
        _feeds(day),
        _truth(day),
        _incidents(day),
        _foot(day),
    ]
    return page("Race report", STYLE, [tag("main", *body)])


def _nav(day: Day) -> Html:
    told = None
    if day.runs:
        opened = day.runs[0].segment.record
        runs = plural(len(day.runs), "run")
        told = tag("span", f"{opened.environment}, account {opened.account}, {runs}")
    return tag("nav", tag("span", "Touchline", class_="name"), tag("span", "race report"), told)


def _hero(day: Day) -> Html:
    traded = [event for event in day.events if event.entries]
    filled = sum(event.filled_centi > 0 for event in traded)
    when = None
    if day.events:
        first, last = day.events[0].received_wall_ns, day.events[-1].received_wall_ns
        when = f"{date(first)}, {clock(first, millis=False)} to {clock(last, millis=False)} UTC"
    goals = plural(len(day.events), "goal")
    return tag(
        "header",
        tag("div", tag("h1", f"{goals}, {len(traded)} traded, {filled} filled")),
        tag("div", when, class_="when"),
        class_="hero",
    )


def _tiles(day: Day, books: Sequence[Money]) -> Html:
    profit_micros, still_open = _profit_of(books)
    told = "every position flat or settled"
    if still_open:
        told = f"{plural(still_open, 'event')} still open, not counted"
    shown = [
        tile("Profit after fees", gain(profit_micros), told),
        tile("Fees", money_short(sum(each.fees_micros for each in books)), "entries and exits"),
    ]
    wire = [each for event in day.events for each in event.wire_ns]
    if wire:
        worst = f"p99 {span(quantile(wire, 0.99))} of {plural(len(wire), 'order')}"
        shown.append(tile("Frame to kernel, median", span(quantile(wire, 0.5)), worst))
    answer = [each for event in day.events for each in event.answer_ns]
    if answer:
        worst = f"p99 {span(quantile(answer, 0.99))}, network and venue"
        shown.append(tile("Kernel to answer, median", span(quantile(answer, 0.5)), worst))
    if day.reconciled:
        last = day.reconciled[-1].record
        when = "reconciled at the end" if last.phase == "end" else "at the start; the end is open"
        looks = None if last.clean else "down"
        difference = tag("span", money(last.statement_difference_micros), class_=looks)
        shown.append(tile("Difference to the venue", difference, when))
    return tiles(*shown)


def _profit_of(books: Sequence[Money]) -> tuple[int, int]:
    """Return the profit of what is closed, and how many events are not.

    Two events may hold against each other in one market: together they are flat, and
    the venue settles nothing. Then each pair of theirs is worth its dollar.
    """
    net: dict[str, int] = {}
    for each in books:
        for ticker, centi in each.open_centi.items():
            net[ticker] = net.get(ticker, 0) + centi
    still_open = [each for each in books if any(net[ticker] for ticker in each.open_centi)]
    closed = [each for each in books if each not in still_open]
    pairs_centi = sum(-centi for each in closed for centi in each.open_centi.values() if centi < 0)
    paid_micros = cost_micros(ONE_DOLLAR_PIPS, CentiContracts(pairs_centi))
    return sum(each.cash_micros for each in closed) + paid_micros, len(still_open)


def _events(books: Sequence[tuple[Event, Money]]) -> Html:
    if not books:
        return section("Events", "No score was accepted in this journal.")
    rows = [("", _event_cells(event, money)) for event, money in books]
    note = "Every score that was accepted, traded or not. To kernel is counted from the reading"
    note += " of the winning frame, to answer from the kernel; of several orders the slowest."
    return section("Events", note, table(EVENT_COLUMNS, rows))


def _event_cells(event: Event, books: Money) -> tuple[Child, ...]:
    filled = None
    if event.entries:
        filled = f"{count(event.filled_centi)} of {count(event.wanted_centi)}"
    return (
        event.number,
        clock(event.received_wall_ns),
        tag("a", event.title, href=f"{file_stem(event)}.html"),
        score_text(event.key.state),
        minute(event),
        event.feed,
        None if event.margin_ns is None else span(event.margin_ns),
        [chip(event.verdict), " ", chip(event.ended) if event.ended else None],
        filled,
        span(max(event.wire_ns)) if event.wire_ns else None,
        span(max(event.answer_ns)) if event.answer_ns else None,
        gain(books.profit_micros) if event.fills else None,
    )


def _profit(books: Sequence[tuple[Event, Money]]) -> Html | None:
    points = [
        (f"{event.number}: {event.title} {event.key.state}", money.profit_micros)
        for event, money in books
        if event.fills and money.profit_micros is not None
    ]
    curve = profit_curve(points)
    if curve is None:
        return None
    return section(
        "Profit over the day",
        "After fees, event by event in the order of their goals; open ones are left out.",
        tag("div", curve, class_="chart wide", style="margin-top:14px"),
    )


def _feeds(day: Day) -> Html | None:
    if not day.feeds:
        return None
    most = max(sum(event.feed == feed for event in day.events) for feed in day.feeds)
    rows = [("", _feed_cells(day, feed, most or 1)) for feed in day.feeds]
    return section(
        "Feeds", "Who was first, and how far behind the others were.", table(FEED_COLUMNS, rows)
    )


def _feed_cells(day: Day, feed: str, most: int) -> tuple[Child, ...]:
    won = [event for event in day.events if event.feed == feed]
    margins = [event.margin_ns for event in won if event.margin_ns is not None]
    shown = [each for event in day.events for each in event.race if each.feed == feed]
    lags = [each.behind_ns for each in shown if each.behind_ns is not None and each.behind_ns > 0]
    return (
        feed,
        len(won),
        track(len(won) / most, "ours"),
        span(quantile(margins, 0.5)),
        span(quantile(lags, 0.5)),
        span(max(lags, default=None)),
        sum(each.report is None for each in shown),
        sum(bool(event.ended) for event in won),
    )


def _truth(day: Day) -> Html | None:
    if not day.reconciled:
        return None
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for fact in day.reconciled:
        told = fact.record
        cells: tuple[Child, ...] = (
            {"start": "at the start", "running": "meanwhile"}.get(told.phase, "at the end"),
            chip("clean", "good") if told.clean else chip("differs", "bad"),
            money(told.statement_difference_micros),
            money(told.balance_micros),
            [tag("div", line) for line in told.lines],
            number(fact.seq),
        )
        rows.append(("", cells))
    return section(
        "Our books against the venue's",
        "Journal and venue compared: cash, every fee, every execution, every settlement.",
        table(TRUTH_COLUMNS, rows),
    )


def _incidents(day: Day) -> Html | None:
    if not day.incidents:
        return None
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for fact in day.incidents:
        row = fact.record
        who, what = (
            ("trading", row.state) if isinstance(row, TradingState) else (row.actor, row.event)
        )
        at = clock(day.runs[fact.run].wall_ns(row.at_ns))
        rows.append(("", (at, who, what, row.reason, number(fact.seq))))
    return section(
        "Trading state and incidents",
        "When trading was allowed, and every actor that failed, with what came of it.",
        table(INCIDENT_COLUMNS, rows),
    )


def _foot(day: Day) -> Html:
    return tag(
        "footer",
        tag(
            "p",
            f"From a journal of {plural(day.last_seq, 'record')}. ",
            tag("code", "python -m actors verify --journal DIR"),
            " checks that none of them was changed since it was written.",
        ),
    )
