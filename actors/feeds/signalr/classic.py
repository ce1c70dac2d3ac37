"""The classic protocol, SignalR 2.x: frozen, and still spoken by servers that are.

Reference feeds.md section 2.2. A socket's messages are JSON objects without an end mark, one
a message. Every push carries a cursor, and a reconnect that names the last one goes on
behind it. No clock, no socket: what to ask for are paths, what is heard are values.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

import attrs
import msgspec

from actors.feeds.errors import FeedGarbled, FeedUnreachable
from actors.feeds.signalr.negotiation import Redirected
from actors.feeds.signalr.records import LARGEST_RECORD, parsed
from actors.runtime.secret import Secret, secret_of

PROTOCOL: Final = "2.1"
WARNED_AT: Final = 2 / 3
"""Share of the keep-alive bound after which a connection is slow; at the whole it is lost."""
CONNECT_S: Final = 10.0
"""For the first message, and for the answer to the first call."""
MOST_PUSHES: Final = 150
"""In one message, so that none holds the loop for long."""
LARGEST_CURSOR: Final = 4_096


@attrs.frozen(kw_only=True)
class Terms:
    """What the server grants, and its timers."""

    token: Secret = attrs.field(converter=secret_of)
    keepalive_s: float | None
    """Silence after which the connection is lost; ``None`` where the server sends no beats."""
    disconnect_s: float
    """How long a lost connection can be taken up again."""


@attrs.frozen
class Started:
    """The server has set the connection up: it wants ``start`` asked for now."""


@attrs.frozen(kw_only=True)
class Pushed:
    """The server calls a method here."""

    hub: str
    method: str
    arguments: list[object]


@attrs.frozen(kw_only=True)
class Answered:
    """A call is answered."""

    id: str
    result: object = None
    error: str | None = None


@attrs.frozen
class Progressed:
    """A call is under way."""

    id: str


@attrs.frozen
class Beat:
    """A sign of life."""


@attrs.frozen
class Reconnect:
    """The server asks to be dialled again, where the cursor stands."""


Event = Started | Pushed | Answered | Progressed | Beat | Reconnect


def read_terms(status: int, body: bytes) -> Terms | Redirected:
    """Read the answer to a classic negotiation.

    Raises:
        FeedUnreachable: There is nothing for us.
    """
    if status != 200:  # noqa: PLR2004 - HTTP's own
        raise FeedUnreachable(f"negotiate answered with status {status}: {body[:80]!a}")
    try:
        said = parsed(body)
        if said.get("RedirectUrl"):
            return Redirected(
                url=_bounded(said["RedirectUrl"], "redirect"),
                token=_bounded(said.get("AccessToken") or "", "access token"),
            )
    except (FeedGarbled, TypeError) as error:
        raise FeedUnreachable(f"negotiate: {error}") from None
    token = said.get("ConnectionToken")
    if not isinstance(token, str) or not token:
        raise FeedUnreachable("not a classic SignalR server")
    if said.get("TryWebSockets") is False:
        raise FeedUnreachable("no WebSocket is offered")
    return Terms(
        token=token,
        keepalive_s=_seconds(said.get("KeepAliveTimeout")),
        disconnect_s=_seconds(said.get("DisconnectTimeout")) or 30.0,
    )


class Classic:
    """One classic connection over any number of sockets, one at a time."""

    def __init__(self, hubs: Sequence[str]) -> None:
        """Begin unconnected, for ``hubs``."""
        self._hubs = tuple(hubs)
        self._calls = 0
        self._groups = ""
        self._started = False
        self.cursor = ""
        """The last push's place; empty before the first."""

    @property
    def negotiate(self) -> str:
        """What to GET first, below the base."""
        return "/negotiate?" + self._query(())

    def connect(self, token: str) -> str:
        """Return what to open as a socket: new, or from where the last one ended."""
        self._started = bool(self.cursor)
        asked = [("transport", "webSockets"), ("connectionToken", token)]
        if not self.cursor:
            return "/connect?" + self._query(asked)
        asked.append(("messageId", self.cursor))
        if self._groups:
            asked.append(("groupsToken", self._groups))
        return "/reconnect?" + self._query(asked)

    def start(self, token: str) -> str:
        """Return what to GET once the first message has come."""
        return "/start?" + self._query((("transport", "webSockets"), ("connectionToken", token)))

    def call(self, hub: str, method: str, arguments: list[object]) -> tuple[str, str]:
        """Return a call's id and its text."""
        key = str(self._calls)
        body = {"H": hub, "M": method, "A": arguments, "I": self._calls}
        self._calls += 1
        return key, msgspec.json.encode(body).decode()

    def feed(self, message: bytes | str) -> list[Event]:
        """Return what one whole message says.

        Raises:
            FeedGarbled: It is outside the protocol, or tells that the server ends it all.
        """
        data = message.encode(errors="replace") if isinstance(message, str) else message
        if len(data) > LARGEST_RECORD:
            raise FeedGarbled(f"a message of {len(data)} bytes: {data[:80]!a}")
        said = parsed(data)
        try:
            return self._read(said)
        except (TypeError, ValueError) as error:
            raise FeedGarbled(f"{error}: {data[:80]!a}") from None

    def _read(self, said: dict[str, object]) -> list[Event]:
        if "I" in said:
            return [_answer(said)]
        if "E" in said:
            raise ValueError(f"the server ends it: {str(said['E'])[:120]!a}")
        events: list[Event] = []
        cursor, groups, pushes = said.get("C"), said.get("G"), said.get("M", [])
        if cursor is not None:
            self.cursor = _bounded(cursor, "cursor")
        if groups is not None:
            self._groups = _bounded(groups, "groups")
        if not isinstance(pushes, list) or len(pushes) > MOST_PUSHES:
            raise TypeError(f"pushes are no list of at most {MOST_PUSHES}")
        if said.get("S") == 1 and not self._started:
            self._started = True
            events.append(Started())
        events.extend(_push(one) for one in pushes)
        if said.get("T") == 1:
            events.append(Reconnect())
        return events or [Beat()]

    def _query(self, more: Sequence[tuple[str, str]]) -> str:
        data = msgspec.json.encode([{"name": hub} for hub in self._hubs]).decode()
        pairs = (("clientProtocol", PROTOCOL), *more, ("connectionData", data))
        return urlencode(pairs, quote_via=quote)


def _answer(said: dict[str, object]) -> Event:
    key = said["I"]
    if not isinstance(key, str | int):
        raise TypeError("a call's id is no text")
    if "P" in said:
        return Progressed(str(key))
    error = said.get("E")
    return Answered(
        id=str(key), result=said.get("R"), error=None if error is None else str(error)[:200]
    )


def _push(said: object) -> Pushed:
    match said:
        case {"H": str(hub), "M": str(method), "A": list(arguments)}:
            return Pushed(hub=hub, method=method, arguments=arguments)
        case _:
            raise ValueError("not a push")


def read_started(status: int, body: bytes) -> None:
    """Read the answer to ``start``.

    Raises:
        FeedUnreachable: The server has not started.
    """
    try:
        started = status == 200 and parsed(body).get("Response") == "started"  # noqa: PLR2004 - HTTP's own
    except FeedGarbled:
        started = False
    if not started:
        raise FeedUnreachable(f"start answered with status {status}: {body[:80]!a}")


def _bounded(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > LARGEST_CURSOR:
        raise TypeError(f"{what} is no text of ours")
    return value


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6:  # noqa: PLR2004 - days
        return float(value)
    return None
