"""What an order, a fill and a position are. Pure values.

The venue keeps one YES book per market (reference ``kalshi.md`` sections 3, 8):
``bid`` buys YES, ``ask`` sells YES, and selling YES while flat is buying NO at
one minus the price. A position is one signed number per market.
"""

import hashlib
from typing import Final, Literal, NewType

import attrs

from actors.model.money import CentiContracts, MicroDollars, Pips

Ticker = NewType("Ticker", str)
"""The venue's id of one market."""

Side = Literal["bid", "ask"]
"""Which side of the YES book an order is on."""

TimeInForce = Literal["immediate_or_cancel", "fill_or_kill", "good_till_canceled"]


def opposite(side: Side) -> Side:
    """Return the other side of the book."""
    return "ask" if side == "bid" else "bid"


def sign(side: Side) -> int:
    """Return the direction in which a fill on ``side`` moves the YES position."""
    return 1 if side == "bid" else -1


@attrs.frozen(kw_only=True)
class OrderRequest:
    """One order as we mean it, before any encoding. Prices are of the YES leg."""

    client_order_id: str
    ticker: Ticker
    side: Side
    price_pips: Pips
    count_centi: CentiContracts
    time_in_force: TimeInForce = "immediate_or_cancel"
    reduce_only: bool = False
    expires_s: int = 0
    """Wall second at which the venue ends an order that rests; 0 for one that does not."""
    exchange_index: int = 0
    """The market's shard; naming it spares the venue's auto-routing."""
    order_group_id: str = ""
    """The group that an entry counts in at the venue; empty for whatever removes risk."""


@attrs.frozen(kw_only=True)
class Fill:
    """One execution of our account, as the venue reports it."""

    trade_id: str
    order_id: str
    ticker: Ticker
    side: Side
    price_pips: Pips
    """Price of the YES leg."""
    count_centi: CentiContracts
    fee_micros: MicroDollars
    is_taker: bool
    exchange_index: int
    venue_ts_ms: int


def client_order_id(
    *,
    account: str,
    match: str,
    generation: int,
    state: str,
    ticker: Ticker,
    side: Side,
    leg: int,
    attempt: int,
) -> str:
    """Return the id that this order, and only this order, may ever carry.

    Deterministic, so that after a crash the venue's recent orders can be matched
    with intents, and so that the venue itself refuses a second entry for the same
    goal. First 26 characters of lower-case base32 of SHA-256 (design section 7).
    """
    text = "\x1f".join(
        (account, match, str(generation), state, ticker, side, str(leg), str(attempt))
    )
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:17], "big") >> 6
    return "".join([_PAIRS[bits >> shift & 0x3FF] for shift in _SHIFTS])


_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
"""RFC 4648 section 6, lower case."""
_PAIRS: Final = [one + other for one in _ALPHABET for other in _ALPHABET]
"""Two characters, ten bits, at a time: the library's encoder takes six times as long."""
_SHIFTS: Final = range(120, -1, -10)
"""Of 130 bits, 26 characters."""
