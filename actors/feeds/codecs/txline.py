"""Dialect of the TxLINE scores stream: one action of one fixture an event, in either key style.

Sources: reference ``feeds.md`` sections 2.4 and 3; what an action means for its match is in
``txline_match``. A dialect with a memory, because an event may name only the participant
whose score changed, and because a resumed stream begins with history. One object serves
one feed over all its connections.

**History.** What is older than the connection (by the provider's own ``Date``, or up to the
first heartbeat where there is none) is told as replayed, and gathered: when the first live
event comes, each fixture is told as it stands, which is the connection's baseline. What is
asked for beside the stream (``event: snapshot``) is history too.
"""

from typing import Final

import attrs
import msgspec

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    ALIVE,
    json_array,
    json_object,
    refuse,
    split_event,
    text_of,
    whole,
)
from actors.feeds.codecs.txline_match import Fixture
from actors.feeds.codecs.txline_words import Action

MOST_FIXTURES: Final = 512
MOST_ACTIONS: Final = 100
"""Of one snapshot, the newest: it holds the last of each kind of one match."""
_HEARTBEAT: Final = [Decoded(kind="heartbeat")]


@attrs.define(eq=False)
class TxLine:
    """The dialect of one feed. Call it with each frame; tell it of each connection."""

    _fixtures: dict[str, Fixture] = attrs.field(init=False, factory=dict)
    _since_ms: int | None = attrs.field(init=False, default=None)
    _live: bool = attrs.field(init=False, default=False)

    def begin(self, provider_s: int | None) -> None:
        """Take note of a new connection, opened at ``provider_s`` by the provider's clock."""
        # A Date has whole seconds: what belongs to its own second may be history.
        self._since_ms = None if provider_s is None else 1_000 * (provider_s + 1)
        self._live = False
        for fixture in self._fixtures.values():
            fixture.baselined, fixture.held = False, None

    def __call__(self, frame: bytes | str) -> list[Decoded]:
        """Read one event.

        Raises:
            FeedGarbled: It is outside the dialect.
        """
        if frame in (ALIVE, b""):
            return _HEARTBEAT
        name, data = split_event(frame)
        try:
            match name:
                case "message":
                    return self._read(json_object(data)) or _HEARTBEAT
                case "heartbeat":
                    at_ms = whole(json_object(data), "Ts", "ts")
                    return [*self._caught_up(at_ms, is_heartbeat=True), *_HEARTBEAT]
                case "snapshot":
                    return self._remember(json_array(data)) or _HEARTBEAT
                case _:
                    return _HEARTBEAT
        except ValueError as error:
            refuse(str(error), frame)

    @property
    def in_play(self) -> list[str]:
        """The fixtures that have begun and not ended, as far as is known."""
        return [key for key, fixture in self._fixtures.items() if fixture.in_play]

    def _caught_up(self, at_ms: int | None, *, is_heartbeat: bool) -> list[Decoded]:
        """Note whether what comes now is live; return what history has left to be told."""
        since = self._since_ms
        if is_heartbeat and since is None:
            self._live = True
        is_live = self._live if since is None else at_ms is not None and at_ms >= since
        if not is_live:
            return []
        told = []
        for fixture in self._fixtures.values():
            if fixture.held is not None:
                told.append(fixture.held)
                fixture.baselined, fixture.held = True, None
        return told

    def _remember(self, actions: list[object]) -> list[Decoded]:
        """Take in what a request beside the stream has brought: all of it is history."""
        bodies = [body for body in actions if isinstance(body, dict)]
        bodies.sort(key=lambda body: whole(body, "Seq", "seq") or 0)
        return [one for body in bodies[-MOST_ACTIONS:] for one in self._read(body, is_history=True)]

    def _read(self, body: dict[str, object], *, is_history: bool = False) -> list[Decoded]:
        key = text_of(body, "FixtureId", "fixtureId")
        seq, ts_ms = whole(body, "Seq", "seq"), whole(body, "Ts", "ts")
        if key is None or seq is None or ts_ms is None:
            raise ValueError("an action without fixture, sequence or time")
        if body.get("VirtualFixture") is True or body.get("virtualFixture") is True:
            return []
        fixture = self._fixture(key)
        if seq <= fixture.seq and ts_ms <= fixture.ts_ms:
            return []
        fixture.seq, fixture.ts_ms = seq, ts_ms
        is_live = self._live if self._since_ms is None else ts_ms >= self._since_ms
        history = [] if is_history else self._caught_up(ts_ms, is_heartbeat=False)
        said = fixture.apply(Action.of(body, ts_ms))
        if is_live and not is_history:
            fixture.baselined = True
            return history + said
        # Of a match that this connection has spoken of already, history is no baseline.
        state = fixture.baseline(said[-1])
        fixture.held = msgspec.structs.replace(state, period=None) if fixture.baselined else state
        return [msgspec.structs.replace(one, replay=True) for one in said]

    def _fixture(self, key: str) -> Fixture:
        fixture = self._fixtures.pop(key, None) or Fixture(key)
        self._fixtures[key] = fixture
        if len(self._fixtures) > MOST_FIXTURES:
            del self._fixtures[next(iter(self._fixtures))]
        return fixture
