"""The venue's books and prints. Market data to planner and auditor."""

from typing import Literal

import attrs

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker


@attrs.frozen(kw_only=True)
class BookSnapshot:
    """The whole of one market's book, replacing what was known."""

    ticker: Ticker
    bids: tuple[tuple[Pips, CentiContracts], ...]
    """YES bids, best first."""
    asks: tuple[tuple[Pips, CentiContracts], ...]
    """YES asks (NO bids at one minus the price), best first."""
    sid: int
    seq: int
    received_ns: int


@attrs.frozen(kw_only=True)
class BookDelta:
    """One level changed by ``change_centi``."""

    ticker: Ticker
    side: Side
    price_pips: Pips
    """On the YES book, whichever leg the venue named."""
    change_centi: CentiContracts
    sid: int
    seq: int
    venue_ts_ms: int
    received_ns: int


@attrs.frozen(kw_only=True)
class BookLost:
    """A book may be wrong until its next snapshot: a gap, or the connection ended."""

    ticker: Ticker
    reason: Literal["gap", "clock", "disconnected", "unsubscribed", "broken", "crossed", "mismatch"]
    """``broken``: a change that it cannot have; ``crossed`` for too long; ``mismatch``: the
    venue's REST interface shows another."""
    received_ns: int


@attrs.frozen(kw_only=True)
class TradeSeen:
    """A public print."""

    trade_id: str
    ticker: Ticker
    price_pips: Pips
    count_centi: CentiContracts
    taker_side: Side
    venue_ts_ms: int
    received_ns: int


BookChange = BookSnapshot | BookDelta | BookLost
