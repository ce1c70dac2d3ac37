"""One end of a hub connection: handshake, records, pings both ways, numbers if stateful.

No clock, no socket: moments come in as seconds, text goes out. Client and server are the
same after the handshake (reference feeds.md section 2.2). A stateful connection outlives
its sockets: ``reopen`` carries it on over the next one.
"""

import math
from typing import Final, Literal

from typing_extensions import override

from actors.feeds.errors import FeedGarbled
from actors.feeds.signalr.records import (
    TRACKED,
    Close,
    Completion,
    Invocation,
    Ping,
    Record,
    RecordReader,
    Unknown,
    parsed,
    read,
    write,
    written,
)
from actors.feeds.signalr.replay import Replay

PING_S: Final = 15.0
"""Since our own last record, whatever the peer says meanwhile."""
TIMEOUT_S: Final = 30.0
"""Since the peer's last record, of any type."""
HANDSHAKE_S: Final = 15.0

VERSIONS: Final = (1, 2)

Stage = Literal["closed", "shaking", "open", "over"]


class Hub:
    """What both ends do once the handshake is done."""

    def __init__(self, *, stateful: bool) -> None:
        """Begin unconnected."""
        self._reader = RecordReader()
        self._replay = Replay() if stateful else None
        self._out: list[str] = []
        self._heard_s = 0.0
        self._said_s = -math.inf
        self.stage: Stage = "closed"

    def reopen(self, now_s: float) -> None:
        """Carry a stateful connection on over a new socket; there is no second handshake."""
        assert self._replay is not None, "only a stateful connection outlives its socket"
        self._fresh(now_s)
        self.stage = "open"
        for one in self._replay.resume():
            self._say(one if isinstance(one, str) else write(one), now_s)

    def take(self) -> list[str]:
        """Return what is to be sent, in order, and hold it no longer."""
        out, self._out = self._out, []
        return out

    def send(self, record: Record, now_s: float) -> None:
        """Send one record.

        Raises:
            FeedGarbled: The peer acknowledges nothing, and no more can be held for it.
        """
        text = write(record)
        if self._replay is not None and isinstance(record, TRACKED):
            self._replay.hold(text)
            if self._replay.is_full:
                self.stage = "over"
                raise FeedGarbled("the peer acknowledges nothing")
        self._say(text, now_s)

    def feed(self, data: bytes | str, now_s: float) -> list[Record]:
        """Return the records that ``data`` brings and that count. Any cut gives the same.

        Raises:
            FeedGarbled: It is outside the protocol, and the connection over.
        """
        records: list[Record] = []
        try:
            for raw in self._reader.feed(data.encode() if isinstance(data, str) else data):
                if self.stage == "over":
                    break
                self._heard_s = now_s
                if self.stage == "shaking":
                    self._shaken(parsed(raw), now_s)
                else:
                    self._hear(read(raw), now_s, records)
        except (FeedGarbled, ValueError) as error:
            self.stage = "over"
            raise FeedGarbled(str(error)) from None
        return records

    @property
    def due_s(self) -> float:
        """When ``tick`` has something to say."""
        if self.stage != "open":
            return math.inf
        ping_s = self._said_s + PING_S
        acks = None if self._replay is None else self._replay.ack_at_s
        return ping_s if acks is None else min(ping_s, acks)

    @property
    def dead_at_s(self) -> float:
        """When a silent peer is dead."""
        return self._heard_s + (HANDSHAKE_S if self.stage == "shaking" else TIMEOUT_S)

    def tick(self, now_s: float) -> None:
        """Say what is due: an acknowledgement, a ping."""
        if self.stage != "open":
            return
        if self._replay is not None and (ack := self._replay.ack(now_s)) is not None:
            self._say(write(ack), now_s)
        if now_s >= self._said_s + PING_S:
            self._say(write(Ping()), now_s)

    def _fresh(self, now_s: float) -> None:
        self._reader = RecordReader()
        self._out.clear()
        self._heard_s = now_s

    def _say(self, text: str, now_s: float) -> None:
        self._said_s = now_s
        self._out.append(text)

    def _shaken(self, said: dict[str, object], now_s: float) -> None:
        raise NotImplementedError

    def _hear(self, record: Record, now_s: float, records: list[Record]) -> None:
        if self._replay is not None and not self._replay.takes(record, now_s):
            return
        if isinstance(record, Close):
            self.stage = "over"
        if not isinstance(record, Unknown):
            records.append(record)


class HubClient(Hub):
    """The client's end."""

    def __init__(self, *, stateful: bool = False) -> None:
        """Begin unconnected."""
        super().__init__(stateful=stateful)
        self._calls = 0
        self._version = 2 if stateful else 1

    def open(self, now_s: float) -> None:
        """A socket is there: shake hands."""
        self._fresh(now_s)
        self.stage = "shaking"
        # The stateful client says 2, whatever the document says of "always 1".
        self._say(written({"protocol": "json", "version": self._version}), now_s)

    def call(self, target: str, arguments: list[object], now_s: float) -> str:
        """Call ``target`` over there; return the id that its answer will have."""
        self._calls += 1
        key = str(self._calls)
        self.send(Invocation(target=target, arguments=arguments, id=key), now_s)
        return key

    @override
    def _shaken(self, said: dict[str, object], now_s: float) -> None:
        error = said.get("error")
        if error is not None:
            raise ValueError(f"handshake refused: {str(error)[:120]!a}")
        if "type" in said:
            raise ValueError("a record before the handshake's answer")
        self.stage = "open"
        self._say(write(Ping()), now_s)


class HubServer(Hub):
    """The server's end."""

    def open(self, now_s: float) -> None:
        """A socket is there: wait for the client's word."""
        self._fresh(now_s)
        self.stage = "shaking"

    def answer(self, call: Invocation, result: object, now_s: float) -> None:
        """Answer ``call``, if anybody waits for that."""
        if call.id is not None:
            self.send(Completion(id=call.id, result=result, has_result=True), now_s)

    @override
    def _shaken(self, said: dict[str, object], now_s: float) -> None:
        if said.get("protocol") != "json":
            name = str(said.get("protocol"))[:40]
            self._say(written({"error": f"Requested protocol '{name}' is not available."}), now_s)
            self.stage = "over"
        elif said.get("version") not in VERSIONS:
            self._say(written({"error": "This version is not spoken here."}), now_s)
            self.stage = "over"
        else:
            self._say(written({}), now_s)
            self.stage = "open"
