"""Each feed's part in a run's races: as values for the summary, and a line for people. Pure."""

from collections.abc import Iterable, Mapping

from actors.feeds.ledger import FeedLedger


def feed_figures(ledgers: Iterable[FeedLedger]) -> dict[str, Mapping[str, object]]:
    """Return every feed's record as plain values for the summary, by its name."""
    return {ledger.feed: _figures(ledger) for ledger in ledgers}


def feed_lines(ledgers: Iterable[FeedLedger]) -> list[str]:
    """Return a line for each feed: how often it was first, and by how much."""
    told = list(ledgers)
    width = max((len(ledger.feed) for ledger in told), default=0)
    return [_line(ledger, width) for ledger in told]


def _line(ledger: FeedLedger, width: int) -> str:
    margins = _pair(ledger.margin_ns(0.5), ledger.margin_ns(0.9))
    lags = _pair(ledger.lag_ns(0.5), ledger.lag_ns(0.9))
    line = (
        f"feed {ledger.feed.ljust(width)}  wins {ledger.wins:>4}, ahead by {margins};"
        f" behind by {lags}; covers {100 * ledger.coverage:.0f} %; phantoms {ledger.phantoms}"
    )
    if ledger.overturned:
        line += f"; taken back {ledger.overturned}"
    if ledger.unconfirmed:
        line += f"; unconfirmed at first {ledger.unconfirmed}"
    return f"{line}; quarantined" if ledger.quarantined else line


def _pair(half_ns: int | None, most_ns: int | None) -> str:
    if half_ns is None or most_ns is None:
        return "-"
    return f"{half_ns / 1e6:.0f} ms (p90 {most_ns / 1e6:.0f} ms)"


def _figures(ledger: FeedLedger) -> dict[str, object]:
    return {
        "wins": ledger.wins,
        "echoes": ledger.echoes,
        "overturned": ledger.overturned,
        "phantoms": ledger.phantoms,
        "unconfirmed": ledger.unconfirmed,
        "reversals": ledger.reversals,
        "coverage": round(ledger.coverage, 4),
        "lag_ms_p50": _ms(ledger.lag_ns(0.5)),
        "lag_ms_p90": _ms(ledger.lag_ns(0.9)),
        "margin_ms_p50": _ms(ledger.margin_ns(0.5)),
        "margin_ms_p90": _ms(ledger.margin_ns(0.9)),
    }


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1e6, 3)
