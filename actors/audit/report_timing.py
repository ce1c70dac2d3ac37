"""The timestamp chain of an order as a waterfall on two scales: ours and the venue's. Pure."""

from collections.abc import Sequence
from typing import Final

import attrs

from actors.audit.report_facts import Order
from actors.audit.report_figures import span
from actors.audit.report_html import Html, join, tag

_STEPS: Final = (1, 2, 2.5, 4, 5, 8, 10)


@attrs.frozen(kw_only=True)
class Phase:
    """One stretch of an order's way."""

    name: str
    from_ns: int
    """After the beginning of its scale."""
    to_ns: int


@attrs.frozen(kw_only=True)
class Scales:
    """How far the two axes reach; one pair for all orders that are to be compared."""

    ours_ns: int
    venue_ns: int


def scales(orders: Sequence[Order]) -> Scales:
    """Return axes on which every one of the orders has room."""
    ours = [phase.to_ns for order in orders for phase in our_phases(order)]
    venue = [phase.to_ns for order in orders for phase in venue_phases(order)]
    return Scales(
        ours_ns=_round_up(max(ours, default=0)), venue_ns=_round_up(max(venue, default=0))
    )


def our_phases(order: Order, *, is_first: bool = True) -> list[Phase]:
    """Return our own part: from the frame, or an exit's gate, to the kernel."""
    if order.dispatched is None:
        return []
    sent = order.dispatched.record
    points = [
        ("frame decoded", sent.decoded_ns),
        ("race judged", sent.judged_ns),
        ("at the gate" if is_first else "at the gate, after the leg before", sent.gated_ns),
        ("intent in the page cache", sent.intent_ns),
        ("bytes with the kernel", sent.sent_ns),
    ]
    if not sent.received_ns:
        return _phases(points[3:], sent.gated_ns)
    return _phases(points, sent.received_ns)


def venue_phases(order: Order) -> list[Phase]:
    """Return the venue's part: from the kernel to the end of its answer."""
    if order.dispatched is None:
        return []
    answer = order.answer
    if answer is None:
        return []
    points = [
        ("first byte of the answer", answer.first_byte_ns),
        ("whole answer", answer.done_ns),
    ]
    return _phases(points, order.dispatched.record.sent_ns)


def _phases(points: Sequence[tuple[str, int]], start_ns: int) -> list[Phase]:
    found, before = [], 0
    for name, at_ns in points:
        found.append(Phase(name=name, from_ns=before, to_ns=at_ns - start_ns))
        before = at_ns - start_ns
    return found


def waterfall(order: Order, on: Scales, *, is_first: bool) -> Html:
    """Show an order's way on both scales, side by side where there is room.

    ``is_first``: of the legs of its play; the others wait for the one before.
    """
    ours, venue = our_phases(order, is_first=is_first), venue_phases(order)
    from_what = "the gate" if order.wire_ns is None else "the frame being read"
    return tag(
        "div",
        tag(
            "div",
            tag("h4", f"Our part, from {from_what}"),
            _fall(ours, on.ours_ns, "fall") if ours else tag("p", "Not sent.", class_="soft"),
        ),
        tag(
            "div",
            tag("h4", "The venue's part and the network, from the send"),
            _fall(venue, on.venue_ns, "fall venue")
            if venue
            else tag("p", "No answer is on record.", class_="soft"),
        ),
        class_="two",
    )


def _fall(phases: Sequence[Phase], scale_ns: int, looks: str) -> Html:
    rows = [
        join(
            tag("span", phase.name),
            tag(
                "span",
                tag(
                    "i",
                    style=(
                        f"left:{_percent(phase.from_ns, scale_ns)};"
                        f"width:{_percent(phase.to_ns - phase.from_ns, scale_ns)}"
                    ),
                ),
                class_="bar",
            ),
            tag("span", span(phase.to_ns - phase.from_ns, signed=True), class_="v"),
            tag("span", span(phase.to_ns), class_="at"),
        )
        for phase in phases
    ]
    halves = ["0", _plain(scale_ns // 2), _plain(scale_ns)]
    axis = tag("span", *(tag("span", text) for text in halves), class_="axis")
    return tag("div", *rows, axis, class_=looks)


def _plain(ns: int) -> str:
    """Write a round interval without the zeros that measured ones show."""
    for unit_ns, unit in ((1_000_000_000, "s"), (1_000_000, "ms")):
        if ns >= unit_ns:
            return f"{ns / unit_ns:g} {unit}"
    return f"{ns / 1_000:g} \u00b5s"


def _percent(part_ns: int, scale_ns: int) -> str:
    return f"{100 * max(part_ns, 0) / scale_ns:.2f}%"


def _round_up(ns: int) -> int:
    """Return the next round number; its quarters are round too, or nearly."""
    power = 1_000
    while power * 10 < ns:
        power *= 10
    return next((int(power * step) for step in _STEPS if power * step >= ns), power * 10)
