"""The page of one event: what was seen, decided, sent, answered and earned. Pure."""

from typing import Final

from actors.audit.events import Day, Event, Fact, Shown
from actors.audit.report_books import ladders
from actors.audit.report_figures import (
    clock,
    count,
    date,
    minute,
    money,
    money_short,
    period,
    plural,
    price,
    span,
)
from actors.audit.report_html import Child, Html, join, page, tag
from actors.audit.report_money import Money, Movement, money_of
from actors.audit.report_orders import order_card
from actors.audit.report_parts import Column, chip, gain, ref, section, table, tile, tiles
from actors.audit.report_record import record_sections
from actors.audit.report_style import STYLE
from actors.audit.report_svg import price_chart
from actors.audit.report_timing import scales
from actors.audit.report_words import HELD, file_stem, judged_words, lede, passed_words
from actors.messages.records import ExitHeldRow

RACE_COLUMNS: Final = (
    Column("Feed"),
    Column("Behind the winner", numeric=True),
    Column(""),
    Column("Frame read, UTC"),
    Column("Said"),
    Column("What the race made of it"),
    Column("Record"),
)
MONEY_COLUMNS: Final = (
    Column("What"),
    Column("Market"),
    Column("Contracts", numeric=True),
    Column("Average price", numeric=True),
    Column("Fee", numeric=True),
    Column("Cash", numeric=True),
    Column("Realised", numeric=True),
    Column("Left", numeric=True),
    Column("Records"),
)


def event_page(event: Event, day: Day) -> str:
    """Return the page of ``event``, which links its neighbours in ``day``."""
    books = money_of(event)
    body: list[Child] = [
        _nav(event, day),
        _hero(event, books),
        tag("p", *(f"{each} " for each in lede(event, books.profit_micros)), class_="lede"),
        _tiles(event, books),
        _race(event),
        _market(event),
        _orders(event),
        _exits(event),
        _money(event, books),
        *record_sections(event),
        _foot(event),
    ]
    row = event.match
    name = event.key.match if row is None else row.record.title
    return page(f"{name} {event.key.state}: {event.verdict}", STYLE, [tag("main", *body)])


def _nav(event: Event, day: Day) -> Html:
    place = event.number - 1
    before = day.events[place - 1] if place > 0 else None
    after = day.events[place + 1] if place + 1 < len(day.events) else None
    return tag(
        "nav",
        tag("a", "Touchline", class_="name", href="index.html"),
        tag("span", f"event {event.number} of {len(day.events)}"),
        tag("span", f"{event.run.segment.record.environment}, run {event.run.segment.record.run}"),
        tag(
            "span",
            None if before is None else tag("a", "\u2190 before", href=f"{file_stem(before)}.html"),
            tag("a", "all events", href="index.html"),
            None if after is None else tag("a", "next \u2192", href=f"{file_stem(after)}.html"),
            class_="right",
        ),
    )


def _hero(event: Event, books: Money) -> Html:
    row = event.match
    home, away = ("", "") if row is None else (row.record.home_name, row.record.away_name)
    score = event.key.state.replace("-", "\u2013")
    head = (
        tag("h1", f"{home} ", score, f" {away}") if home else tag("h1", event.key.match, " ", score)
    )
    chips = [chip(event.verdict)]
    if event.ended:
        chips.append(chip(event.ended))
    played = " ".join(part for part in (minute(event), period(event)) if part)
    told = [
        f"from {event.before.replace('-', chr(0x2013))}" if event.before else "",
        played,
        f"{date(event.received_wall_ns)} {clock(event.received_wall_ns)} UTC",
        f"{event.key.match}, generation {event.key.generation}",
    ]
    worth = None
    if event.entries:
        profit = books.profit_micros
        label = "profit after fees" if profit is not None else "position still open"
        worth = tag("div", tag("b", gain(profit)), tag("span", label), class_="worth")
    return tag(
        "header",
        tag("div", tag("div", *chips, class_="chips"), head),
        worth,
        tag("div", " \u00b7 ".join(part for part in told if part), class_="when"),
        class_="hero",
    )


def _tiles(event: Event, books: Money) -> Html:
    shown = [tile("First", event.feed or "unknown", _margin_words(event))]
    sent = [order.dispatched.record for order in event.entries if order.dispatched is not None]
    ours = [each.sent_ns - each.received_ns for each in sent if each.received_ns]
    if ours:
        many = f"{span(min(ours))} for the first" if len(ours) > 1 else None
        shown.append(tile("Frame to kernel", span(max(ours)), many))
    answers = [
        order.outcomes[0].record.done_ns - order.dispatched.record.sent_ns
        for order in event.entries
        if order.dispatched is not None and order.outcomes and order.outcomes[0].record.done_ns
    ]
    if answers:
        shown.append(tile("Send to answer", span(max(answers)), "network and venue"))
    if event.entries:
        wanted = sum(order.intent.record.count_centi for order in event.entries)
        filled = sum(order.filled_centi for order in event.entries)
        shown.append(
            tile(
                "Filled",
                count(filled),
                f"of {count(wanted)} in {plural(len(event.entries), 'order')}",
            )
        )
        shown.append(tile("Fees", money_short(books.fees_micros), "entry and exit"))
    return tiles(*shown)


def _margin_words(event: Event) -> str:
    if event.margin_ns is None:
        return "no other feed followed"
    return f"by {span(event.margin_ns)}"


def _race(event: Event) -> Html:
    most = max(
        (abs(each.behind_ns) for each in event.race if each.behind_ns is not None), default=0
    )
    rows = [_race_row(event, shown, most) for shown in event.race]
    rest = f" {plural(event.repeats, 'report')} only repeated it." if event.repeats else ""
    return section(
        "The race",
        f"When each feed first showed {event.key.state} in this generation of the match,"
        f" by the time its frame was read here.{rest}",
        table(RACE_COLUMNS, rows) if rows else None,
        _later(event),
    )


def _race_row(event: Event, shown: Shown, most: int) -> tuple[str, tuple[Child, ...]]:
    fact = shown.report
    if fact is None:
        last = shown.last
        said = (
            "said nothing of this match"
            if last is None
            else f"still {last.record.home}-{last.record.away} before the next score"
        )
        record = None if last is None else ref(last.seq)
        return ("", (shown.feed, "did not show it", None, None, said, None, record))
    report = fact.record
    first = shown.feed == event.feed
    behind: Child = "first" if first else span(shown.behind_ns, signed=True)
    bar = None
    if most and shown.behind_ns is not None:
        share = max(shown.behind_ns, 0) / most
        bar = tag(
            "div",
            tag("i", class_="ours" if first else None, style=f"width:{100 * share:.2f}%"),
            class_="track",
        )
    said = f"{report.home}-{report.away}"
    if report.period:
        said += f", {report.period}"
    cells: tuple[Child, ...] = (
        shown.feed,
        behind,
        bar,
        clock(event.run.wall_ns(report.received_ns)),
        said,
        judged_words(report),
        ref(*(each for each in (report.frame_seq, fact.seq) if each)),
    )
    return ("first" if first else "", cells)


def _later(event: Event) -> Html | None:
    told = [
        fact
        for fact in event.reports
        if fact.record.judgement in {"reversal", "conflict", "overturned", "phantom", "restored"}
    ]
    if not told:
        return None
    rows = [
        (
            "",
            (
                span(fact.record.judged_ns - event.received_ns, signed=True),
                fact.record.feed,
                f"{fact.record.home}-{fact.record.away}" if fact.record.home >= 0 else None,
                judged_words(fact.record),
                ref(fact.seq),
            ),
        )
        for fact in told
    ]
    heads = (
        Column("After the frame"),
        Column("Feed"),
        Column("Said"),
        Column("Judged"),
        Column("Record"),
    )
    return join(tag("h3", "What was said against it", style="margin-top:20px"), table(heads, rows))


def _market(event: Event) -> Html | None:
    seen = [leg for leg in event.legs if leg.quotes]
    if not seen:
        return None
    charts = [
        tag(
            "div",
            tag("h3", event.side_name(leg.ticker), tag("span", leg.short)),
            price_chart(event, leg),
            class_="chart",
        )
        for leg in seen
    ]
    key = tag(
        "p",
        tag("span", tag("b", class_="side-bid"), "best bid"),
        tag("span", tag("b", class_="side-ask"), "best ask"),
        tag("span", tag("b", class_="dot soft"), "public prints"),
        tag(
            "span",
            tag("b", class_="up", style="border-top-style:dashed"),
            "our limit, send to answer",
        ),
        tag("span", tag("b", class_="dot up"), "our fills"),
        class_="key",
    )
    return section(
        "The market around it",
        "Prices of one YES contract, rebuilt from the recorded stream."
        " The frame that won was read at the solid line.",
        tag("div", *charts, class_="charts", style="margin-top:14px"),
        key,
    )


def _orders(event: Event) -> Html | None:
    if not event.entries and not event.passed:
        return section("The decision", None, *_unsent_books(event)) if event.legs else None
    on = scales(event.entries)
    passed = [
        tag(
            "div",
            tag(
                "header",
                tag(
                    "h3",
                    event.side_name(fact.record.ticker) if fact.record.ticker else "The whole play",
                ),
                chip("passed"),
            ),
            tag("p", f"Not sent: {passed_words(fact.record)}. ", ref(fact.seq)),
            tag(
                "p",
                f"Decided {span(fact.record.decided_ns - event.received_ns)} after the frame was read."
                f" Code: {fact.record.reason}.",
                class_="ids",
            ),
            class_="card",
        )
        for fact in event.passed
    ]
    cards = [order_card(event, order, on) for order in event.entries]
    title = "The orders" if event.entries else "The decision"
    note = (
        "Each leg of the play that had been prepared for this score, with the same scales for all."
        if event.entries
        else None
    )
    unsent = [] if event.entries else _unsent_books(event)
    return section(title, note, *cards, *passed, *unsent)


def _unsent_books(event: Event) -> list[Html]:
    cards = []
    for leg in event.legs:
        if leg.books and any(book.bids or book.asks for book in leg.books):
            cards.append(
                tag(
                    "div",
                    tag("header", tag("h3", f"Book of {event.side_name(leg.ticker)}")),
                    tag("p", leg.ticker, class_="ids"),
                    ladders(leg.books),
                    class_="card",
                )
            )
    return cards


def _exits(event: Event) -> Html | None:
    filled = [order for order in event.entries if order.filled_centi]
    if not filled and not event.exits:
        return None
    on = scales(event.exits)
    plans = [
        tag(
            "li",
            f"{count(order.filled_centi)} of {event.side_name(order.intent.record.ticker)}: to be"
            f" {'sold' if order.intent.record.side == 'bid' else 'bought back'} from"
            f" {clock(order.intent.record.exit_due_wall_ns)} UTC,"
            f" {span(order.intent.record.exit_due_wall_ns - event.received_wall_ns, signed=True)}"
            f" after the frame; no worse than {price(order.intent.record.exit_floor_pips)}. ",
            ref(order.intent.seq),
        )
        for order in filled
    ]
    held = [_held(event, fact) for fact in event.held]
    return section(
        "The way out",
        "Every filled entry carries its exit plan from the moment of its intent.",
        tag("ul", *plans, style="margin:10px 0 0;padding-left:20px"),
        *(order_card(event, order, on) for order in event.exits),
        *held,
    )


def _held(event: Event, fact: Fact[ExitHeldRow]) -> Html:
    row = fact.record
    return tag(
        "div",
        tag(
            "p",
            f"{count(row.left_centi)} of {event.side_name(row.ticker)} were kept to settlement:"
            f" {HELD.get(row.reason, row.reason)}. ",
            ref(fact.seq),
        ),
        class_="said",
    )


def _money(event: Event, books: Money) -> Html | None:
    if not books.movements:
        return None
    rows: list[tuple[str, tuple[Child, ...]]] = [
        ("", _movement_cells(event, each)) for each in books.movements
    ]
    rows.append(
        (
            "total",
            (
                "Together",
                None,
                None,
                None,
                money(books.fees_micros),
                money(books.cash_micros, signed=True),
                money(books.realised_micros, signed=True),
                ", ".join(count(each) for each in books.open_centi.values()) or "flat",
                None,
            ),
        )
    )
    note = (
        "Positions are of YES contracts; below zero stands for NO. Cash has the fees in it,"
        " realised profit (by average cost) has not."
    )
    if books.open_centi:
        note += f" What is still open cost {money(books.basis_micros)}."
    return section("The money", note, table(MONEY_COLUMNS, rows))


def _movement_cells(event: Event, each: Movement) -> tuple[Child, ...]:
    if each.order is None:
        average = price(each.value_micros // 100)
        what = "settled"
    else:
        total = sum(fill.record.price_pips * fill.record.count_centi for fill in each.order.fills)
        exact, rest = divmod(total, abs(each.count_centi) or 1)
        average = price(exact) if not rest else f"{price(exact)}\u2026"
        verb = "bought" if each.count_centi > 0 else "sold"
        what = f"{each.what}: {verb}"
    shown = (
        ref(each.seqs[0])
        if len(each.seqs) == 1
        else join(ref(each.seqs[0]), "\u2026 ", ref(each.seqs[-1]))
    )
    return (
        what,
        event.side_name(each.ticker),
        f"{'+' if each.count_centi > 0 else chr(0x2212)}{count(abs(each.count_centi))}",
        average,
        money(each.fee_micros) if each.order is not None else None,
        money(each.cash_micros, signed=True),
        money(each.realised_micros, signed=True),
        count(each.left_centi),
        shown,
    )


def _foot(event: Event) -> Html:
    opened = event.run.segment.record
    return tag(
        "footer",
        tag(
            "p",
            "Every figure here comes from the journal records numbered beside it. ",
            tag("code", "python -m actors verify --journal DIR"),
            " checks that none of them was changed since it was written.",
        ),
        tag(
            "p",
            f"commit {opened.commit} \u00b7 configuration {opened.config_sha256[:16]}"
            f" \u00b7 dependencies {opened.lock_sha256[:16]}",
        ),
    )
