"""The shortest way to read a change of a book: one decoding, and amounts only if it is news.

Nearly every message of a busy stream is an ``orderbook_delta``, and beside a second
connection every other one of them is known already. So all of it is taken from the text at
once, the amounts still as text; what does not look exactly like a delta is left to
the reading that says what is wrong with it.
"""

from functools import lru_cache
from typing import Final

import msgspec

from actors.exchange import wire_stream as wire
from actors.exchange.errors import WireGarbled
from actors.exchange.stream_values import StreamDelta
from actors.model.money import BadAmount, parse_centi, parse_pips
from actors.model.orders import Ticker


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What stands in an ``orderbook_delta``; of any other message, as much as looks alike."""

    ticker: Ticker = msgspec.field(name="market_ticker", default=Ticker(""))
    clock: int | None = None
    price: str = msgspec.field(name="price_dollars", default="")
    change: str = msgspec.field(name="delta_fp", default="")
    side: str = ""
    ts_ms: int = 0
    client_order_id: str | None = None


class Lean(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A change with what is around it."""

    type: str
    id: int | None = None
    sid: int = -1
    seq: int = -1
    msg: Change


_lean: Final = msgspec.json.Decoder(Lean).decode
_change: Final = msgspec.json.Decoder(Change).decode
# A book names few prices and counts, over and over; looking up is cheaper than parsing.
_pips: Final = lru_cache(maxsize=20_000)(parse_pips)
_centi: Final = lru_cache(maxsize=20_000)(parse_centi)
_SIDES: Final = frozenset({"yes", "no"})


def read_lean(frame: str | bytes) -> Lean | None:
    """Return a change, or ``None`` where the message is another, or is not as it should be."""
    try:
        lean = _lean(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if lean.type != "orderbook_delta" or lean.id is not None:
        return None
    msg = lean.msg
    if lean.sid < 0 or lean.seq < 0 or msg.side not in _SIDES:
        return None
    return lean if msg.ticker and msg.price and msg.change else None


def read_change(data: msgspec.Raw) -> Change:
    """Read a change the long way, which names what is wrong.

    Raises:
        WireGarbled: It cannot be read.
    """
    wire.delta(data)
    return _change(data)


def book_delta(change: Change, sid: int, seq: int, received_ns: int) -> StreamDelta:
    """Return one change of one level, in our words.

    Raises:
        WireGarbled: An amount is none.
    """
    try:
        price_pips, change_centi = _pips(change.price), _centi(change.change)
    except BadAmount as error:
        raise WireGarbled(f"{error} in an orderbook_delta") from error
    return StreamDelta(
        ticker=change.ticker,
        side="bid" if change.side == "yes" else "ask",
        price_pips=price_pips,
        change_centi=change_centi,
        sid=sid,
        seq=seq,
        clock=change.clock,
        venue_ts_ms=change.ts_ms,
        client_order_id=change.client_order_id,
        received_ns=received_ns,
    )
