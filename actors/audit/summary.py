"""The day in a table and in one JSON object, from what was counted and reconciled. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from actors.audit.statement import Statement
from actors.audit.tally import Event, Order, Tally
from actors.model.money import CentiContracts, MicroDollars, centi_text, micros_text, pips_text

ROWS_MOST: Final = 500
"""Events that the table shows; a longer day shows its last ones."""

REASONS_SHOWN: Final = 12
"""Reasons that the table names, the most frequent first."""

_HEADS: Final = (
    "time",
    "match",
    "score",
    "first",
    "by",
    "order",
    "became",
    "wire",
    "answer",
    "P&L",
)
_RIGHT: Final = frozenset({"by", "wire", "answer", "P&L"})
_DAY_S: Final = 86_400


def day_table(tally: Tally, *, statement: Statement | None = None) -> list[str]:
    """Return the day's table: a row for each accepted score and leg, then the totals.

    Args:
        tally: What was counted.
        statement: What the end of the day was reconciled to, if it was.
    """
    events = list(tally.events.values())[-ROWS_MOST:]
    rows = [row for event in events for row in _rows(tally, event)]
    return [*_aligned((_HEADS, *rows)), "", *_totals(tally, statement)]


def summary_json(
    *,
    tally: Tally,
    statement: Statement | None,
    restarts: int,
    feeds: Mapping[str, Mapping[str, object]],
) -> dict[str, object]:
    """Return the run's figures as plain values for JSON.

    ``orders`` are entries, of which ``fills`` filled at least in part and
    ``cancelled`` were accepted and found nothing. ``latency_us`` is from the winning
    frame's last byte to the kernel, ``latency_ms_to_accepted`` from the same byte to
    the last of the venue's acceptance. P&L and difference are ``None`` where nothing
    was reconciled at the end.

    Args:
        tally: What was counted.
        statement: What the end of the day was reconciled to, if it was.
        restarts: Lives that actors have had beyond their first.
        feeds: Each feed's part in the races, by its name.
    """
    settled = tally.settled
    return {
        "events": tally.events_seen,
        "triggers": tally.triggers,
        "passed": tally.passed,
        "funnel": tally.funnel,
        "orders": tally.sent,
        "fills": settled.get("filled", 0),
        "cancelled": settled.get("cancelled", 0),
        "rejected": settled.get("rejected", 0),
        "unknown": settled.get("unknown", 0),
        "executions": tally.executions,
        "exits": tally.exits,
        "held_to_settlement": tally.held,
        "fees_microdollars": tally.fees_micros,
        "pnl_microdollars": None if statement is None else statement.profit_micros,
        "statement_difference_microdollars": None if statement is None else statement.total_micros,
        "statement_lines": [] if statement is None else list(statement.lines),
        "restarts": restarts,
        "feeds": {name: dict(figures) for name, figures in feeds.items()},
        "latency_us": _quantiles(tally.wire_us, 1),
        "latency_ms_to_accepted": _quantiles(tally.answer_us, 1_000),
    }


def quantile(samples: Iterable[int], share: float) -> int | None:
    """Return the nearest-rank ``share`` (0 to 1) of some samples; ``None`` of none."""
    ordered = sorted(samples)
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def clock_text(wall_ns: int) -> str:
    """Write the time of day, UTC: ``12:03:11``."""
    second = wall_ns // 1_000_000_000 % _DAY_S
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def order_text(order: Order) -> str:
    """Write what was ordered: ``bid 120.00 @ 0.5400 ENG``."""
    leg = order.ticker.rpartition("-")[2]
    return f"{order.side} {centi_text(order.count_centi)} @ {pips_text(order.limit_pips)} {leg}"


def became_text(order: Order) -> str:
    """Write what became of an order."""
    match order.standing:
        case "filled":
            return f"filled {centi_text(CentiContracts(order.filled_centi))}"
        case "cancelled":
            return "nothing left at the limit"
        case "sent":
            return "no answer yet"
        case _:
            return f"{order.standing}: {order.code}"


def millis_text(micros: int | None) -> str:
    """Write microseconds as milliseconds: ``0.31 ms``, or nothing."""
    return "" if micros is None else f"{micros / 1_000:.2f} ms"


def _rows(tally: Tally, event: Event) -> list[tuple[str, ...]]:
    margin = "" if event.margin_ns is None else f"{event.margin_ns / 1e6:.0f} ms"
    head = (
        clock_text(event.received_wall_ns),
        str(event.key.match),
        f"{event.key.state}" + (f" ({event.ended})" if event.ended else ""),
        event.feed,
        margin,
    )
    pnl = tally.pnl_micros(event.key)
    money = "open" if pnl is None else micros_text(pnl)
    if not event.orders:
        return [(*head, "", "; ".join(dict.fromkeys(event.passed)), "", "", "")]
    rows: list[tuple[str, ...]] = []
    for order in event.orders:
        first = head if not rows else ("",) * len(head)
        wire = "" if order.wire_us is None else f"{order.wire_us} us"
        answer = millis_text(order.answer_us)
        pnl_text = money if not rows else ""
        rows.append((*first, order_text(order), became_text(order), wire, answer, pnl_text))
    return rows


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return [
        "  ".join(
            cell.rjust(width) if head in _RIGHT else cell.ljust(width)
            for cell, width, head in zip(row, widths, _HEADS, strict=True)
        ).rstrip()
        for row in rows
    ]


def _totals(tally: Tally, statement: Statement | None) -> list[str]:
    settled = tally.settled
    wire = _quantiles(tally.wire_us, 1)
    answer = _quantiles(tally.answer_us, 1_000)
    lines = [
        (
            f"{tally.events_seen} goals, {tally.triggers} triggers, {tally.sent} orders:"
            f" {settled.get('filled', 0)} filled, {settled.get('cancelled', 0)} cancelled,"
            f" {settled.get('rejected', 0)} rejected, {settled.get('unknown', 0)} unknown;"
            f" {tally.exits} exits, {tally.held} held to settlement"
        ),
    ]
    if tally.refused:
        stopped = sorted(tally.refused.items(), key=lambda pair: (-pair[1], pair[0]))
        told = ", ".join(f"{reason} {count}" for reason, count in stopped[:REASONS_SHOWN])
        lines.append(f"{tally.passed} triggers and legs stopped: {told}")
    if tally.wire_us:
        lines.append(f"frame to wire: p50 {wire['p50']} us, p99 {wire['p99']} us")
    if tally.answer_us:
        lines.append(f"frame to accepted: p50 {answer['p50']} ms, p99 {answer['p99']} ms")
    if statement is None:
        lines.append("P&L: not reconciled with the venue")
        return lines
    fees = micros_text(MicroDollars(tally.fees_micros))
    lines.append(f"P&L {micros_text(statement.profit_micros)} after fees of {fees}")
    lines.append(f"difference to the venue's statement: {micros_text(statement.total_micros)}")
    lines += [f"  {line}" for line in statement.lines]
    return lines


def _quantiles(samples: Iterable[int], per_unit: int) -> dict[str, float | int | None]:
    ordered = sorted(samples)
    found: dict[str, float | int | None] = {}
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        value = quantile(ordered, share)
        found[name] = value if value is None or per_unit == 1 else round(value / per_unit, 3)
    return found
