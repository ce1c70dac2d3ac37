"""The page of one event: what was seen, decided, sent, answered and earned. Pure."""

from actors.audit.events import Day, Event
from actors.audit.report_balance import money_section
from actors.audit.report_decision import decision_section
from actors.audit.report_facts import Fact, Order
from actors.audit.report_figures import (
    clock,
    count,
    date,
    minute,
    money_short,
    period,
    plural,
    price,
    span,
)
from actors.audit.report_html import Child, Html, page, tag
from actors.audit.report_money import Money, money_of
from actors.audit.report_orders import exit_card
from actors.audit.report_parts import chip, gain, ref, section, tile, tiles
from actors.audit.report_race import race_section
from actors.audit.report_record import record_sections
from actors.audit.report_reversal import taken_back
from actors.audit.report_story import lede
from actors.audit.report_style import STYLE
from actors.audit.report_svg import price_chart
from actors.audit.report_timing import scales
from actors.audit.report_words import HELD, file_stem, score_text
from actors.messages.records import ExitHeldRow


def event_page(event: Event, day: Day) -> str:
    """Return the page of ``event``, which links its neighbours in ``day``."""
    books = money_of(event)
    body: list[Child] = [
        _nav(event, day),
        _hero(event, books),
        tag("p", *(f"{each} " for each in lede(event, books.profit_micros)), class_="lede"),
        _tiles(event, books),
        race_section(event),
        _market(event),
        decision_section(event),
        _exits(event),
        money_section(event, books),
        *record_sections(event),
        _foot(event),
    ]
    title = f"{event.title} {event.key.state}: {event.verdict}"
    return page(title, STYLE, [tag("main", *body)])


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
    score = score_text(event.key.state)
    head = tag("h1", f"{home} {score} {away}" if home else f"{event.key.match} {score}")
    chips = [chip(event.verdict)]
    if event.ended:
        chips.append(chip(event.ended))
    played = " ".join(part for part in (minute(event), period(event)) if part)
    told = [
        f"from {score_text(event.before)}" if event.before else "",
        played,
        f"{date(event.received_wall_ns)} {clock(event.received_wall_ns)} UTC",
        f"{event.key.match}, generation {event.key.generation}",
    ]
    worth = None
    if event.entries:
        label = "so far after fees; still open" if books.open_centi else "profit after fees"
        worth = tag("div", tag("b", gain(books.so_far_micros)), tag("span", label), class_="worth")
    return tag(
        "header",
        tag("div", tag("div", *chips, class_="chips"), head),
        worth,
        tag("div", " \u00b7 ".join(part for part in told if part), class_="when"),
        class_="hero",
    )


def _tiles(event: Event, books: Money) -> Html:
    shown = [tile("First", event.feed or "unknown", _margin_words(event))]
    if event.won is not None:
        many = plural(event.won.record.fresh_feeds, "fresh feed")
        shown.append(tile("Frame to judgement", span(event.judged_ns - event.received_ns), many))
        size_pm = event.won.record.size_pm
        if size_pm:
            shown.append(tile("Staked at most", f"{size_pm / 10:g} % of the play", _terms(event)))
    wire, answer = event.wire_ns, event.answer_ns
    if wire:
        fastest = f"{span(min(wire))} the fastest leg" if len(wire) > 1 else None
        shown.append(tile("Frame to kernel", span(max(wire)), fastest))
    if answer:
        shown.append(tile("Kernel to answer", span(max(answer)), "network and venue"))
    if event.entries:
        wanted = f"of {count(event.wanted_centi)} in {plural(len(event.entries), 'order')}"
        shown.append(tile("Filled", count(event.filled_centi), wanted))
        shown.append(tile("Fees", money_short(books.fees_micros), "entries and exits"))
    return tiles(*shown)


def _terms(event: Event) -> str | None:
    """Return why less than the play might be staked."""
    fact = event.accepted
    return None if fact is None else fact.record.reason.partition(",")[0] or None


def _margin_words(event: Event) -> str:
    if event.margin_ns is None:
        return "no other feed followed"
    return f"by {span(event.margin_ns)}"


def _market(event: Event) -> Html | None:
    seen = [leg for leg in event.legs if leg.prints or any(each.whole for each in leg.quotes)]
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
        " The winning frame was read at the solid line; a side without a line was empty.",
        tag("div", *charts, class_="charts", style="margin-top:14px"),
        key,
    )


def _exits(event: Event) -> Html | None:
    filled = [order for order in event.entries if order.filled_centi]
    if not filled and not event.exits:
        return None
    on = scales(event.exits)
    plans = [tag("li", _plan_words(event, order), ref(order.intent.seq)) for order in filled]
    held = [_held(event, fact) for fact in event.held]
    return section(
        "The way out",
        "Every filled entry carries its exit plan from the moment of its intent.",
        tag("ul", *plans, style="margin:10px 0 0;padding-left:20px"),
        *(tag("div", tag("p", *said), class_="said") for said in taken_back(event)),
        *(exit_card(event, order, on) for order in event.exits),
        *held,
    )


def _plan_words(event: Event, order: Order) -> str:
    intent = order.intent.record
    what = f"{count(order.filled_centi)} of {event.side_name(intent.ticker)}"
    verb = "sold" if intent.side == "bid" else "bought back"
    due = clock(intent.exit_due_wall_ns)
    after = span(intent.exit_due_wall_ns - event.received_wall_ns)
    floor = price(intent.exit_floor_pips)
    return f"{what}: to be {verb} from {due} UTC, {after} after the frame; no worse than {floor}. "


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
