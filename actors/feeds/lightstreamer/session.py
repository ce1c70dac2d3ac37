"""A client's TLCP session: what it says, what it hears, and what outlives its connection.

No clock, no socket: moments come in as seconds, requests go out as values. A session
lives longer than a connection. Every data notification is counted, and after a drop the
server is asked to go on behind that count; what it repeats is dropped (reference feeds.md
section 2.3, ``spec/feeds/tlcp_vectors.json``).
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

import attrs

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer import requests
from actors.feeds.lightstreamer.causes import Cure, control_cause, session_cause
from actors.feeds.lightstreamer.lines import COUNTED, Line, LineReader, number, split
from actors.feeds.lightstreamer.requests import Account, Asked, Wanted
from actors.feeds.lightstreamer.values import Row, apply

GRACE_S: Final = 3.0
"""Silence beyond the server's keep-alive after which its stream is dead."""
UNTOLD_S: Final = 10.0
"""How long a stream may be silent before ``CONOK`` says what its keep-alive is."""
MOST_ITEMS: Final = 2_000


@attrs.frozen(kw_only=True)
class Update:
    """An item has these values now."""

    subscription: int
    item: int
    """From 1."""
    values: dict[str, str | None]
    """By the schema's names."""
    snapshot: bool
    """States how things stood, rather than that they changed."""


@attrs.frozen(kw_only=True)
class Lost:
    """The server left out ``count`` updates of an item: what we hold of it is in doubt."""

    subscription: int
    item: int
    count: int


@attrs.frozen(kw_only=True)
class Cleared:
    """An item has no values any more."""

    subscription: int
    item: int


@attrs.frozen
class Bound:
    """The stream of a session is open."""

    session: str
    how: Literal["new", "recovered", "looped"]
    """The last two go on where the stream ended, so that nothing is missing."""


@attrs.frozen
class Idle:
    """The server had nothing to say: all it had said before has arrived."""


@attrs.frozen
class Looped:
    """The stream is to be bound again: here on a WebSocket, on a new connection over HTTP."""

    after_ms: int


@attrs.frozen
class Behind:
    """The server's seconds since the stream was bound and ours: apart, we read too slowly."""

    server_s: int
    here_s: float


@attrs.frozen
class Ended:
    """There is no session any more."""

    cure: Cure
    why: str


Event = Update | Lost | Cleared | Bound | Idle | Looped | Behind | Ended

Stage = Literal["closed", "checking", "binding", "open", "ended"]


@attrs.define(eq=False, kw_only=True)
class _Subscription:
    wanted: Wanted
    items: int | None = None
    """``None`` until the server agreed."""
    rows: dict[int, Row] = attrs.field(factory=dict)
    complete: set[int] = attrs.field(factory=set)
    """Items whose snapshot has ended."""


class Session:
    """One client's session over any number of connections, one at a time."""

    def __init__(self, account: Account, wanted: Sequence[Wanted], *, over: str = "ws") -> None:
        """Begin with nothing; subscriptions are numbered from 1 in the order of ``wanted``.

        Args:
            account: Who asks.
            wanted: What to subscribe to, in every session anew.
            over: ``"ws"``, or ``"http"``: no ``wsok``, and controls name their session.
        """
        self.account = account
        """Who asks, from the next connection on."""
        self._wanted = tuple(wanted)
        self._over_ws = over == "ws"
        self._subscriptions: dict[int, _Subscription] = {}
        self._requests = 0
        self._reader = LineReader()
        self._out: list[Asked] = []
        self._heard_s = self._bound_s = 0.0
        self._said_s = -math.inf
        self._looping = self._recovering = False
        self._dropping = 0
        self._handlers = {
            "WSOK": self._checked,
            "CONOK": self._connected,
            "PROG": self._go_on_from,
            "PROBE": self._idle,
            "SYNC": self._compare,
            "LOOP": self._loop,
            "CONERR": self._refused,
            "END": self._refused,
            "REQERR": self._declined,
            "ERROR": self._misunderstood,
        }
        self.session = ""
        """The server's name for it; empty while there is none."""
        self.stage: Stage = "closed"
        self.count = 0
        """Data notifications that the session has brought."""
        self.keepalive_s: float | None = None
        """The server's word, once it has given it."""

    def open(self, now_s: float) -> None:
        """A connection is there: take the session up again, or begin one."""
        self._reader = LineReader()
        self._out.clear()
        self._heard_s = now_s
        self._dropping = 0
        self.keepalive_s = None
        self._looping = self._looping and bool(self.session)
        self._recovering = bool(self.session) and not self._looping
        self.stage = "binding"
        if self._over_ws:
            self.stage = "checking"
            self._out.append(requests.WSOK)
        self._out.append(
            requests.bind_session(
                self.session, self.account, self.count if self._recovering else None
            )
            if self.session
            else self._create()
        )

    def forget(self) -> None:
        """Give the session up: the next connection begins a new one."""
        self.session = ""

    def take(self) -> list[Asked]:
        """Return what is to be sent, in order, and hold it no longer."""
        out, self._out = self._out, []
        return out

    def feed(self, data: bytes | str, now_s: float) -> list[Event]:
        """Return what ``data`` says. Any cut of the stream gives the same.

        Raises:
            FeedGarbled: It is outside the protocol. The session is forgotten with it, because
                what it had said so far is in doubt.
        """
        self._heard_s = now_s
        events: list[Event] = []
        try:
            for line in self._reader.feed(data.encode() if isinstance(data, str) else data):
                if self.stage == "ended":
                    break
                self._hear(split(line), now_s, events)
        except (FeedGarbled, UnicodeEncodeError) as error:
            self.forget()
            raise FeedGarbled(str(error)) from None
        return events

    @property
    def dead_at_s(self) -> float:
        """When a silent stream is dead."""
        if self.keepalive_s is None:
            return self._heard_s + UNTOLD_S
        return self._heard_s + self.keepalive_s + GRACE_S

    @property
    def due_s(self) -> float:
        """When ``tick`` has something to say."""
        if not self.account.inactivity_ms or self.stage != "open":
            return math.inf
        return self._said_s + self.account.inactivity_ms / 2_000

    def tick(self, now_s: float) -> None:
        """Say that we are there, if that was promised and is due."""
        if now_s >= self.due_s:
            self._said_s = now_s
            self._control(requests.HEARTBEAT)

    def rows(self) -> list[Update]:
        """Return every item as it stands, as a snapshot."""
        return [
            self._update(number, item, row, snapshot=True)
            for number, subscription in self._subscriptions.items()
            for item, row in subscription.rows.items()
        ]

    def _create(self) -> Asked:
        self.session = ""
        self.count = 0
        self._subscriptions = {
            place: _Subscription(wanted=wanted) for place, wanted in enumerate(self._wanted, 1)
        }
        return requests.create_session(self.account)

    def _hear(self, line: Line, now_s: float, events: list[Event]) -> None:
        tag, said = line
        if tag in COUNTED:
            if self.stage != "open" or self._recovering:
                raise FeedGarbled(f"{tag} before the stream is open")
            if self._dropping:
                self._dropping -= 1
                return
            self.count += 1
            self._data(tag, said, events)
        elif tag in self._handlers:
            # Not so SERVNAME, CLIENTIP, CONS, REQOK, NOOP and what later versions say.
            self._handlers[tag](said, now_s, events)

    def _checked(self, _said: tuple[str, ...], _now_s: float, _events: list[Event]) -> None:
        if self.stage == "checking":
            self.stage = "binding"

    def _connected(self, said: tuple[str, ...], now_s: float, events: list[Event]) -> None:
        if self.stage != "binding":
            raise FeedGarbled("CONOK, and no session was asked for")
        session, _, keepalive_ms, _ = said
        if not session or (self.session and self.session != session):
            raise FeedGarbled(f"CONOK for another session: {session[:80]!a}")
        self.keepalive_s = max(number(keepalive_ms, "keep-alive"), 0) / 1e3
        self.stage = "open"
        self._bound_s = self._said_s = now_s
        if not self.session:
            self.session = session
            for place, subscription in self._subscriptions.items():
                self._requests += 1
                self._control(requests.subscribe(self._requests, place, subscription.wanted))
            events.append(Bound(session, "new"))
        elif not self._recovering:
            events.append(Bound(session, "looped"))
        self._looping = False

    def _go_on_from(self, said: tuple[str, ...], _now_s: float, events: list[Event]) -> None:
        progressive = number(said[0], "PROG")
        if self.stage != "open" or not self._recovering or not 0 <= progressive <= self.count:
            # Silent in the specification: what lies between is lost, as with code 4.
            self._end("anew", f"PROG {progressive} after {self.count} notifications", events)
            return
        self._recovering = False
        self._dropping = self.count - progressive
        events.append(Bound(self.session, "recovered"))

    def _idle(self, _said: tuple[str, ...], _now_s: float, events: list[Event]) -> None:
        events.append(Idle())

    def _compare(self, said: tuple[str, ...], now_s: float, events: list[Event]) -> None:
        events.append(Behind(number(said[0], "SYNC"), now_s - self._bound_s))

    def _loop(self, said: tuple[str, ...], _now_s: float, events: list[Event]) -> None:
        if self.stage != "open" or self._recovering:
            raise FeedGarbled("LOOP before the stream is open")
        self.stage = "binding"
        self._looping = True
        if self._over_ws:
            self._out.append(requests.bind_session(self.session, self.account, None))
        events.append(Looped(max(number(said[0], "LOOP"), 0)))

    def _refused(self, said: tuple[str, ...], _now_s: float, events: list[Event]) -> None:
        self._end(*session_cause(number(said[0], "session error"), said[1]), events)

    def _declined(self, said: tuple[str, ...], _now_s: float, events: list[Event]) -> None:
        why = control_cause(number(said[1], "request error"), said[2])
        self._end("later", f"request {said[0][:20]} refused: {why}", events)

    def _misunderstood(self, said: tuple[str, ...], _now_s: float, events: list[Event]) -> None:
        self._end("later", control_cause(number(said[0], "error"), said[1]), events)

    def _end(self, cure: Cure, why: str, events: list[Event]) -> None:
        self.forget()
        self.stage = "ended"
        events.append(Ended(cure, why))

    def _control(self, asked: Asked) -> None:
        # A WebSocket implies its session, a request of its own names it.
        named = () if self._over_ws else (("LS_session", self.session),)
        self._out.append(Asked(asked.name, (*asked.parameters, *named)))

    def _data(self, tag: str, said: tuple[str, ...], events: list[Event]) -> None:
        if tag in {"MSGDONE", "MSGFAIL"}:
            return
        place = number(said[0], "subscription")
        subscription = self._subscriptions.get(place)
        if subscription is None:
            raise FeedGarbled(f"{tag} for subscription {place}, which is none")
        if tag in {"SUBOK", "SUBCMD"}:
            self._subscribed(subscription, said)
        elif tag == "UNSUB":
            del self._subscriptions[place]
        elif tag != "CONF":
            item = number(said[1], "item")
            if subscription.items is None or not 1 <= item <= subscription.items:
                raise FeedGarbled(f"{tag} for item {item} of {subscription.items}")
            self._of_item(tag, (place, item), said, events)

    def _subscribed(self, subscription: _Subscription, said: tuple[str, ...]) -> None:
        items, width = number(said[1], "items"), number(said[2], "fields")
        if not 1 <= items <= MOST_ITEMS or width != len(subscription.wanted.schema):
            raise FeedGarbled(f"{items} items of {width} fields were not asked for")
        subscription.items = items

    def _of_item(
        self, tag: str, place: tuple[int, int], said: tuple[str, ...], events: list[Event]
    ) -> None:
        at, item = place
        subscription = self._subscriptions[at]
        match tag:
            case "U":
                before = subscription.rows.get(item)
                row = apply(said[2], before, len(subscription.wanted.schema))
                subscription.rows[item] = row
                snapshot = self._is_snapshot(subscription, item, first=before is None)
                events.append(self._update(at, item, row, snapshot=snapshot))
            case "EOS":
                subscription.complete.add(item)
            case "CS":
                subscription.rows.pop(item, None)
                events.append(Cleared(subscription=at, item=item))
            case _:
                count = number(said[2], "updates lost")
                events.append(Lost(subscription=at, item=item, count=count))

    @staticmethod
    def _is_snapshot(subscription: _Subscription, item: int, *, first: bool) -> bool:
        wanted = subscription.wanted
        if not wanted.snapshot or wanted.mode == "RAW":
            return False
        return first if wanted.mode == "MERGE" else item not in subscription.complete

    def _update(self, place: int, item: int, row: Row, *, snapshot: bool) -> Update:
        schema = self._subscriptions[place].wanted.schema
        values = dict(zip(schema, row, strict=True))
        return Update(subscription=place, item=item, values=values, snapshot=snapshot)
