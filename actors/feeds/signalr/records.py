"""Hub records: JSON objects that end in 0x1E, as values and back.

Reference feeds.md section 2.2; ``spec/feeds/signalr_vectors.json``.
"""

from typing import Final

import attrs
import msgspec

from actors.feeds import strict_json
from actors.feeds.errors import FeedGarbled

END: Final = b"\x1e"
LARGEST_RECORD: Final = 512 * 1024
"""Bytes. The first answer to a subscription holds every topic whole."""


@attrs.frozen(kw_only=True)
class Invocation:
    """Call ``target`` over there; without an id nobody waits for the answer."""

    target: str
    arguments: list[object]
    id: str | None = None
    streams: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StreamItem:
    """One item of a stream."""

    id: str
    item: object


@attrs.frozen(kw_only=True)
class Completion:
    """A call is answered. One of the two at most is said."""

    id: str
    result: object = None
    has_result: bool = False
    """A call may be answered with null, or with nothing."""
    error: str | None = None


@attrs.frozen(kw_only=True)
class StreamInvocation:
    """Call ``target`` and send what it yields."""

    id: str
    target: str
    arguments: list[object]
    streams: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class CancelInvocation:
    """Stop a stream."""

    id: str


@attrs.frozen
class Ping:
    """A sign of life."""


@attrs.frozen(kw_only=True)
class Close:
    """The end, and whether to come back."""

    error: str | None = None
    allow_reconnect: bool = False


@attrs.frozen
class Ack:
    """Everything up to ``sequence`` has arrived."""

    sequence: int


@attrs.frozen
class Sequence:
    """After a reconnect: the next record that counts has this number."""

    sequence: int


@attrs.frozen
class Unknown:
    """A type of a later protocol: passed over."""

    type: int


Tracked = Invocation | StreamItem | Completion | StreamInvocation | CancelInvocation
"""What a stateful connection numbers, and sends again."""
Record = Tracked | Ping | Close | Ack | Sequence | Unknown

TRACKED: Final = (Invocation, StreamItem, Completion, StreamInvocation, CancelInvocation)


class RecordReader:
    """Cuts what arrives into records. The work is linear in the bytes, however they are cut."""

    __slots__ = ("_held", "_limit", "_searched")

    def __init__(self, limit: int = LARGEST_RECORD) -> None:
        """Take records of at most ``limit`` bytes."""
        self._held = bytearray()
        self._limit = limit
        self._searched = 0

    @property
    def holds(self) -> int:
        """Bytes of a record that has not ended."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the records that ``data`` completes, without their ends.

        Raises:
            FeedGarbled: A record is too long. The reader is of no use after that.
        """
        held = self._held
        held += data
        records: list[bytes] = []
        begins = 0
        while (ends := held.find(END, max(begins, self._searched))) >= 0:
            self._check(held, begins, ends)
            records.append(bytes(held[begins:ends]))
            begins = ends + 1
        del held[:begins]
        self._searched = len(held)
        self._check(held, 0, len(held))
        return records

    def _check(self, held: bytearray, begins: int, ends: int) -> None:
        if ends - begins > self._limit:
            shown = bytes(held[begins : begins + 80])
            raise FeedGarbled(f"a record of over {self._limit} bytes: {shown!a}")


def parsed(record: bytes) -> dict[str, object]:
    """Return the JSON object that a record is.

    Raises:
        FeedGarbled: It is none.
    """
    try:
        body = strict_json.read(record)
    except (ValueError, RecursionError) as error:
        raise FeedGarbled(f"{type(error).__name__}: {record[:80]!a}") from None
    if not isinstance(body, dict):
        raise FeedGarbled(f"not an object: {record[:80]!a}")
    return body


def written(body: object) -> str:
    """Return a JSON value as a record, its end included."""
    return (msgspec.json.encode(body) + END).decode()


def read(record: bytes) -> Record:
    """Read one record; properties that we do not know are passed over.

    Raises:
        FeedGarbled: It is none of the protocol.
    """
    said = parsed(record)
    kind = said.get("type")
    if type(kind) is not int:
        raise FeedGarbled(f"no type: {record[:80]!a}")
    try:
        return _read(kind, said)
    except (TypeError, ValueError) as error:
        raise FeedGarbled(f"{error}: {record[:80]!a}") from None


def _read(kind: int, said: dict[str, object]) -> Record:
    match kind:
        case 1:
            key = said.get("invocationId")
            return Invocation(
                target=_text(said, "target"),
                arguments=_list(said, "arguments"),
                id=None if key is None else _text(said, "invocationId"),
                streams=_texts(said, "streamIds"),
            )
        case 2:
            return StreamItem(id=_text(said, "invocationId"), item=said.get("item"))
        case 3:
            error = said.get("error")
            if error is not None and "result" in said:
                raise ValueError("both a result and an error")
            return Completion(
                id=_text(said, "invocationId"),
                result=said.get("result"),
                has_result="result" in said,
                error=None if error is None else _text(said, "error"),
            )
        case 4:
            return StreamInvocation(
                id=_text(said, "invocationId"),
                target=_text(said, "target"),
                arguments=_list(said, "arguments"),
                streams=_texts(said, "streamIds"),
            )
        case 5:
            return CancelInvocation(id=_text(said, "invocationId"))
        case _:
            return _read_control(kind, said)


def _read_control(kind: int, said: dict[str, object]) -> Record:
    match kind:
        case 6:
            return Ping()
        case 7:
            error = None if said.get("error") is None else _text(said, "error")
            return Close(error=error, allow_reconnect=said.get("allowReconnect") is True)
        case 8:
            return Ack(_number(said, "sequenceId"))
        case 9:
            return Sequence(_number(said, "sequenceId"))
        case _:
            return Unknown(kind)


def write(record: Record) -> str:
    """Return ``record`` as it stands on the wire, its end included."""
    body = {name: value for name, value in _body(record).items() if value is not None}
    if isinstance(record, Completion) and record.has_result and record.error is None:
        body["result"] = record.result
    return written(body)


def _body(record: Record) -> dict[str, object]:
    match record:
        case Invocation() | StreamInvocation():
            return {
                "type": 1 if isinstance(record, Invocation) else 4,
                "invocationId": record.id,
                "target": record.target,
                "arguments": record.arguments,
                "streamIds": record.streams or None,
            }
        case StreamItem(id=key, item=item):
            return {"type": 2, "invocationId": key, "item": item}
        case Completion():
            return {"type": 3, "invocationId": record.id, "error": record.error}
        case CancelInvocation(id=key):
            return {"type": 5, "invocationId": key}
        case _:
            return _control_body(record)


def _control_body(record: Ping | Close | Ack | Sequence | Unknown) -> dict[str, object]:
    match record:
        case Ping():
            return {"type": 6}
        case Close(error=error, allow_reconnect=again):
            return {"type": 7, "error": error, "allowReconnect": True if again else None}
        case Ack(sequence):
            return {"type": 8, "sequenceId": sequence}
        case Sequence(sequence):
            return {"type": 9, "sequenceId": sequence}
        case Unknown(kind):
            return {"type": kind}


def _text(said: dict[str, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _list(said: dict[str, object], name: str) -> list[object]:
    value = said.get(name)
    if not isinstance(value, list):
        raise TypeError(f"{name} is no list")
    return value


def _texts(said: dict[str, object], name: str) -> tuple[str, ...]:
    value = said.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(f"{name} is no list of texts")
    return tuple(value)


def _number(said: dict[str, object], name: str) -> int:
    value = said.get(name)
    if type(value) is not int or not 0 <= value < 2**53:
        raise TypeError(f"{name} is no number of a record")
    return value
