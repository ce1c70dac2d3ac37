"""Charts drawn by hand: prices of a market around an event, and profit over a day. Pure."""

from collections.abc import Sequence
from typing import Final

import attrs

from actors.audit.events import Event
from actors.audit.report_facts import Leg, Order, Quote
from actors.audit.report_figures import count, money_short, price, span
from actors.audit.report_html import Html, tag
from actors.audit.report_scene import AFTER_NS, BEFORE_NS

WIDTH: Final = 360
HEIGHT: Final = 204
LEFT: Final = 44
RIGHT: Final = 6
TOP: Final = 32
BOTTOM: Final = 20
_MARKS_MS: Final = (250, 500, 750, 1_000)
_STEPS_PIPS: Final = (100, 200, 500, 1_000, 2_000, 2_500)
_LETTER: Final = 5.3
"""Width of one letter of a label, on average."""


@attrs.frozen(kw_only=True)
class _Frame:
    """Where time and price lie in one chart."""

    low_pips: int
    high_pips: int
    start_ns: int

    def x(self, at_ns: int) -> float:
        share = (at_ns - self.start_ns) / (BEFORE_NS + AFTER_NS)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(share, 0.0), 1.0)

    def y(self, pips: int) -> float:
        share = (pips - self.low_pips) / (self.high_pips - self.low_pips)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(share, 0.0), 1.0)


def price_chart(event: Event, leg: Leg) -> Html:
    """Show the best bid and ask of one market around the winning frame, and what we did."""
    orders = [
        order
        for order in event.entries
        if order.intent.record.ticker == leg.ticker and order.run is event.run
    ]
    frame = _frame(event, leg, orders)
    end_ns = event.received_ns + AFTER_NS
    return tag(
        "svg",
        *_grid(frame, event),
        *_blind(frame, leg.quotes, end_ns),
        *_marks(frame, event, orders),
        *_prints(frame, leg),
        *_steps(frame, leg.quotes, end_ns),
        *(piece for order in orders for piece in _ours(frame, order)),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"Best bid and ask of {leg.ticker} around the event",
    )


def _frame(event: Event, leg: Leg, orders: Sequence[Order]) -> _Frame:
    seen = [pips for quote in leg.quotes for pips in (quote.bid_pips, quote.ask_pips)]
    seen += [fact.record.price_pips for fact in leg.prints]
    for order in orders:
        seen += [fill.record.price_pips for fill in order.fills]
        seen.append(order.intent.record.limit_pips)
    known = [pips for pips in seen if pips is not None]
    low, high = min(known, default=0), max(known, default=10_000)
    pad = max(150, (high - low) // 12)
    return _Frame(
        low_pips=max(0, low - pad),
        high_pips=min(10_000, high + pad),
        start_ns=event.received_ns - BEFORE_NS,
    )


def _grid(frame: _Frame, event: Event) -> list[Html]:
    reach = frame.high_pips - frame.low_pips
    step = next((each for each in _STEPS_PIPS if reach / each <= 5), _STEPS_PIPS[-1])  # noqa: PLR2004 - lines that fit
    drawn: list[Html] = []
    for pips in range(-(-frame.low_pips // step) * step, frame.high_pips + 1, step):
        y = f"{frame.y(pips):.1f}"
        drawn.append(tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        label = f"{pips / 10_000:.2f}"
        drawn.append(
            tag("text", label, x=LEFT - 6, y=f"{frame.y(pips) + 3.5:.1f}", text_anchor="end")
        )
    for mark_ms in _MARKS_MS:
        x = f"{frame.x(event.received_ns + mark_ms * 1_000_000):.1f}"
        label = f"+{mark_ms} ms" if mark_ms < 1_000 else "+1 s"  # noqa: PLR2004 - a second
        drawn.append(tag("text", label, x=x, y=HEIGHT - 5, text_anchor="middle"))
    return drawn


def _marks(frame: _Frame, event: Event, orders: Sequence[Order]) -> list[Html]:
    """Mark the frame, the answers and the other feeds; a label is left out where it has no room."""
    marks = [(order.answer.done_ns, "answer") for order in orders if order.answer is not None]
    marks += [
        (event.received_ns + shown.behind_ns, shown.feed)
        for shown in event.race
        if shown.feed != event.feed and shown.behind_ns is not None
    ]
    bottom = HEIGHT - BOTTOM
    x = f"{frame.x(event.received_ns):.1f}"
    drawn = [
        tag("line", class_="frame", x1=x, x2=x, y1=TOP - 14, y2=bottom),
        tag("text", f"{event.feed}: frame read", class_="strong", x=x, y=TOP - 19),
    ]
    free = 0.0
    for at_ns, name in sorted(marks):
        after_ns = at_ns - event.received_ns
        if not -BEFORE_NS < after_ns < AFTER_NS:
            continue
        at = frame.x(at_ns)
        x, label = f"{at:.1f}", f"{name} {span(after_ns, signed=True)}"
        drawn.append(tag("line", class_="mark", x1=x, x2=x, y1=TOP - 4, y2=bottom))
        if at >= free and at + _LETTER * len(label) <= WIDTH:
            drawn.append(tag("text", label, class_="on", x=f"{at + 2:.1f}", y=TOP - 6))
            free = at + _LETTER * len(label) + 8
    return drawn


def _steps(frame: _Frame, quotes: Sequence[Quote], end_ns: int) -> list[Html]:
    drawn: list[Html] = []
    for side in ("bid", "ask"):
        path: list[str] = []
        pen_down = False
        for quote, until_ns in _spans(quotes, end_ns):
            pips = quote.bid_pips if side == "bid" else quote.ask_pips
            if pips is None or not quote.whole:
                pen_down = False
                continue
            x, y = frame.x(quote.at_ns), frame.y(pips)
            path.append(f"V{y:.1f}" if pen_down else f"M{x:.1f} {y:.1f}")
            path.append(f"H{frame.x(until_ns):.1f}")
            pen_down = True
        if path:
            drawn.append(tag("path", class_=side, d="".join(path)))
    return drawn


def _blind(frame: _Frame, quotes: Sequence[Quote], end_ns: int) -> list[Html]:
    drawn: list[Html] = []
    for quote, until_ns in _spans(quotes, end_ns):
        if not quote.whole:
            left, right = frame.x(quote.at_ns), frame.x(until_ns)
            drawn.append(
                tag(
                    "rect",
                    class_="blind",
                    x=f"{left:.1f}",
                    y=TOP,
                    width=f"{max(right - left, 0):.1f}",
                    height=HEIGHT - TOP - BOTTOM,
                )
            )
    return drawn


def _spans(quotes: Sequence[Quote], end_ns: int) -> list[tuple[Quote, int]]:
    ends = [quote.at_ns for quote in quotes[1:]] + [end_ns]
    return list(zip(quotes, ends, strict=bool(quotes)))


def _prints(frame: _Frame, leg: Leg) -> list[Html]:
    most = max((fact.record.count_centi for fact in leg.prints), default=1)
    return [
        tag(
            "circle",
            class_="print",
            cx=f"{frame.x(fact.record.received_ns):.1f}",
            cy=f"{frame.y(fact.record.price_pips):.1f}",
            r=f"{1.2 + 2.6 * (fact.record.count_centi / most) ** 0.5:.1f}",
        )
        for fact in leg.prints
    ]


def _ours(frame: _Frame, order: Order) -> list[Html]:
    intent = order.intent.record
    if order.dispatched is None:
        return []
    sent_ns = order.dispatched.record.sent_ns
    until_ns = sent_ns + (order.answer_ns or 0)
    left = frame.x(sent_ns)
    right = max(frame.x(until_ns), left + 14)
    y = f"{frame.y(intent.limit_pips):.1f}"
    drawn = [tag("line", class_="limitline", x1=f"{left:.1f}", x2=f"{right:.1f}", y1=y, y2=y)]
    counts: dict[int, int] = {}
    for fill in order.fills:
        counts[fill.record.price_pips] = (
            counts.get(fill.record.price_pips, 0) + fill.record.count_centi
        )
    drawn += [
        tag(
            "circle",
            tag("title", f"filled {count(centi)} at {price(pips)}"),
            class_="fill",
            cx=f"{frame.x(until_ns):.1f}",
            cy=f"{frame.y(pips):.1f}",
            r="3.6",
        )
        for pips, centi in sorted(counts.items())
    ]
    return drawn


def profit_curve(points: Sequence[tuple[str, int]]) -> Html | None:
    """Show profit adding up over a day's events; ``None`` for fewer than two."""
    if len(points) < 2:  # noqa: PLR2004 - one point is no curve
        return None
    width, height = 1040, 170
    sums, total = [0], 0
    for _, micros in points:
        total += micros
        sums.append(total)
    low, high = min(sums), max(sums)
    reach = (high - low) or 1
    left, right, top, bottom = 60, 10, 14, 18
    xs = [left + (width - left - right) * i / (len(sums) - 1) for i in range(len(sums))]
    ys = [height - bottom - (height - top - bottom) * (each - low) / reach for each in sums]
    zero = height - bottom - (height - top - bottom) * (0 - low) / reach
    line = "".join(
        f"M{x:.1f} {y:.1f}" if not i else f"H{x:.1f}V{y:.1f}"
        for i, (x, y) in enumerate(zip(xs, ys, strict=True))
    )
    area = f"{line}V{zero:.1f}H{xs[0]:.1f}Z"
    labels = [
        tag("text", money_short(value), x=left - 8, y=f"{y + 3.5:.1f}", text_anchor="end")
        for value, y in dict(zip((low, high, 0), (height - bottom, top, zero), strict=True)).items()
    ]
    return tag(
        "svg",
        tag("line", class_="zero", x1=left, x2=width - right, y1=f"{zero:.1f}", y2=f"{zero:.1f}"),
        tag("path", class_="area", d=area),
        tag("path", class_="curve", d=line),
        *(
            tag(
                "circle",
                tag("title", f"{name}: {money_short(micros, signed=True)}"),
                class_="fill",
                cx=f"{x:.1f}",
                cy=f"{y:.1f}",
                r="3.6",
            )
            for (name, micros), x, y in zip(points, xs[1:], ys[1:], strict=True)
        ),
        *labels,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label="Profit adding up over the day",
    )
