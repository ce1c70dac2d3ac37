"""What comes before a hub's socket: who may come in, where, and under which name.

Reference feeds.md section 2.2: negotiate versions 0 and 1, redirects, refusals, and the
classic server that is none of ours. Paths and bodies only; who sends them is the link.
"""

from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import attrs

from actors.feeds.errors import FeedGarbled, FeedUnreachable
from actors.feeds.signalr.records import parsed
from actors.runtime.secret import Secret, secret_of

MOST_REDIRECTS: Final = 100
LARGEST_ANSWER: Final = 64 * 1024


@attrs.frozen(kw_only=True)
class Granted:
    """The hub may be opened."""

    id: str
    """What the socket and every later one of the same connection is asked for with."""
    stateful: bool
    """Whether the server keeps the connection over a drop."""


@attrs.frozen(kw_only=True)
class Redirected:
    """Ask there instead."""

    url: str
    token: Secret = attrs.field(converter=secret_of)
    """The bearer for there; empty for the one we have."""


def read_answer(status: int, body: bytes) -> Granted | Redirected:
    """Read the answer to a negotiation.

    Raises:
        FeedUnreachable: The server wants none of us, or speaks no hub that we could.
    """
    if status != 200:  # noqa: PLR2004 - HTTP's own
        raise FeedUnreachable(f"negotiate answered with status {status}: {body[:80]!a}")
    if len(body) > LARGEST_ANSWER:
        raise FeedUnreachable(f"negotiate answered with {len(body)} bytes")
    try:
        said = parsed(body)
    except FeedGarbled as error:
        raise FeedUnreachable(f"negotiate: {error}") from None
    if "ProtocolVersion" in said:
        raise FeedUnreachable("a classic SignalR server: the transport is signalr_classic")
    if said.get("error"):
        raise FeedUnreachable(f"negotiate refused: {str(said['error'])[:120]!a}")
    url = said.get("url")
    if url is not None:
        return Redirected(url=_text(said, "url"), token=_text(said, "accessToken", ""))
    if not _offers_websockets(said.get("availableTransports")):
        raise FeedUnreachable("no WebSocket with text is offered")
    version = said.get("negotiateVersion", 0)
    key = _text(said, "connectionId" if version == 0 else "connectionToken")
    return Granted(id=key, stateful=said.get("useStatefulReconnect") is True)


def negotiate_url(base: str, *, stateful: bool) -> str:
    """Return where to ask for the hub at ``base``."""
    asked = {"negotiateVersion": "1"}
    if stateful:
        asked["useStatefulReconnect"] = "true"
    parts = urlsplit(base)
    path = parts.path.rstrip("/") + "/negotiate"
    return urlunsplit((_http(parts.scheme), parts.netloc, path, _query(parts.query, asked), ""))


def hub_url(base: str, key: str | None) -> str:
    """Return the socket of the hub at ``base``; without ``key`` nothing was negotiated."""
    parts = urlsplit(base)
    asked = {} if key is None else {"id": key}
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path, _query(parts.query, asked), ""))


def origin_and_target(url: str) -> tuple[str, str]:
    """Return ``url`` cut in two: the origin, and what is asked of it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", urlunsplit(("", "", parts.path, parts.query, ""))


def same_origin(one: str, other: str) -> bool:
    """Whether both are of one server, sockets and plain requests alike."""
    parts, others = urlsplit(one), urlsplit(other)
    return (_http(parts.scheme), parts.netloc) == (_http(others.scheme), others.netloc)


def _http(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _query(query: str, more: dict[str, str]) -> str:
    pairs = [*parse_qsl(query, keep_blank_values=True), *more.items()]
    return urlencode(pairs, quote_via=quote)


def _text(said: dict[str, object], name: str, default: str | None = None) -> str:
    value = said.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise FeedUnreachable(f"negotiate answered without {name}")
    return value


def _offers_websockets(offered: object) -> bool:
    if not isinstance(offered, list):
        return False
    for one in offered:
        if isinstance(one, dict) and one.get("transport") == "WebSockets":
            formats = one.get("transferFormats")
            return isinstance(formats, list) and "Text" in formats
    return False
