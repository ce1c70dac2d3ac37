"""What each feed did in a day's races: as plain values, and as the table that is printed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from actors.feeds.ledger import FeedLedger

_HEADS: Final = {
    "wins": "wins",
    "margin_ms_p50": "by p50",
    "margin_ms_p90": "p90",
    "lag_ms_p50": "behind p50",
    "lag_ms_p90": "p90",
    "echoes": "echoes",
    "coverage": "coverage",
    "phantoms": "phantoms",
    "reversals": "reversals",
}
"""Each figure's column. Times are milliseconds: ahead of the second, behind the first."""


def feed_figures(ledgers: Iterable[FeedLedger]) -> dict[str, dict[str, object]]:
    """Return each feed's record as plain values, by the feed's name."""
    return {
        ledger.feed: {
            "wins": ledger.wins,
            "echoes": ledger.echoes,
            "phantoms": ledger.phantoms,
            "reversals": ledger.reversals,
            "coverage": round(ledger.coverage, 4),
            "lag_ms_p50": _ms(ledger.lag_ns(0.5)),
            "lag_ms_p90": _ms(ledger.lag_ns(0.9)),
            "margin_ms_p50": _ms(ledger.margin_ns(0.5)),
            "margin_ms_p90": _ms(ledger.margin_ns(0.9)),
        }
        for ledger in ledgers
    }


def feed_table(figures: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return one line a feed under a line of heads, from what ``feed_figures`` returned."""
    rows = [("feed", *_HEADS.values())]
    rows += [(name, *(_cell(each[key]) for key in _HEADS)) for name, each in figures.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join((name.strip().ljust(widths[0]), *numbers))


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.1f}" if value > 1 else f"{value:.2f}"
        case _:
            return str(value)


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1e6, 3)
