"""The frames of a WebSocket client (RFC 6455 section 5): bytes in, events out. Pure.

A provider's small messages come one to a frame and one frame to a read, so that case is
a few comparisons and one decode. Everything else is legal too and takes the longer
way: fragments, control frames between them, payloads that arrive in pieces. Of those
nothing is kept but the message so far, whose length is bounded, and the head of one frame.
"""

import codecs
from typing import Final, NamedTuple

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

FINAL: Final = 0x80
RESERVED: Final = 0x70
"""Bits that only an extension may set, and none is ever agreed upon."""
MASKED: Final = 0x80
WHOLE_TEXT: Final = FINAL | TEXT
LARGEST_CONTROL: Final = 125
"""The longest payload of a control frame, and the longest length that fits its own byte."""
TWO_BYTES: Final = 126
EIGHT_BYTES: Final = 127
LARGEST_LENGTH: Final = 2**63 - 1
FIXED_BYTES: Final = 2
"""What every head has; the length may take more."""
LONG: Final = 1 << 16
"""The shortest payload whose length takes eight bytes."""
CODE_BYTES: Final = 2
"""A close frame's payload begins with its code, if it has any."""
LARGEST_REASON: Final = LARGEST_CONTROL - CODE_BYTES

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
NO_STATUS: Final = 1005
"""The peer's close frame named no code."""
ABNORMAL: Final = 1006
"""The connection ended without a close frame."""
NOT_UTF8: Final = 1007
TOO_BIG: Final = 1009
UNSENDABLE: Final = frozenset({NO_STATUS, ABNORMAL, 1015})
"""Close codes that stand for what no frame said (section 7.4.1)."""

CLOSE_NAMES: Final = {
    1000: "NORMAL_CLOSURE",
    1001: "GOING_AWAY",
    1002: "PROTOCOL_ERROR",
    1003: "UNSUPPORTED_DATA",
    1005: "NO_STATUS_RCVD",
    1006: "ABNORMAL_CLOSURE",
    1007: "INVALID_FRAME_PAYLOAD_DATA",
    1008: "POLICY_VIOLATION",
    1009: "MESSAGE_TOO_BIG",
    1010: "MANDATORY_EXT",
    1011: "INTERNAL_ERROR",
    1012: "SERVICE_RESTART",
    1013: "TRY_AGAIN_LATER",
    1014: "BAD_GATEWAY",
}
"""The codes that are registered; 3000 to 4999 belong to whoever uses them."""
PRIVATE_CODES: Final = range(3000, 5000)


class Ping(NamedTuple):
    """The peer wants to know whether we are there."""

    payload: bytes


class Pong(NamedTuple):
    """The peer's answer to a ping, or a sign of life that nobody asked for."""

    payload: bytes


class Closed(NamedTuple):
    """The peer's goodbye. Nothing that follows it is read."""

    code: int
    """``NO_STATUS`` if it gave none."""
    reason: str


class Failed(NamedTuple):
    """The peer broke the rules, or our bound. Nothing that follows is read."""

    code: int
    """What our own goodbye has to say."""
    why: str


Control = Ping | Pong | Closed | Failed
Event = str | bytes | Control
"""``str`` is a message of text and ``bytes`` a binary one, whole."""
MESSAGE: Final = (str, bytes)
"""For ``isinstance``."""


class _Broken(Exception):
    """Raised and caught in here alone."""

    def __init__(self, why: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(why)
        self.failed = Failed(code, why)


class FrameReader:
    """What a server sends after its handshake, made into messages."""

    __slots__ = (
        "_final",
        "_head",
        "_kind",
        "_left",
        "_max_bytes",
        "_message",
        "_over",
        "_utf8",
    )

    def __init__(self, max_message_bytes: int) -> None:
        """Read messages of at most ``max_message_bytes`` bytes, text or binary."""
        self._max_bytes = max_message_bytes
        self._head = b""
        """The beginning of a frame whose length is not known yet, or of a control frame."""
        self._kind = 0
        """Opcode of the message that has begun and has not ended; 0 between messages."""
        self._message = bytearray()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        """Proves text as it comes, so that a message that is none fails at its bad byte."""
        self._left = 0
        """How much of a data frame's payload is still to come."""
        self._final = False
        """Whether that frame is the last of its message."""
        self._over = False

    def feed(self, data: bytes) -> list[Event]:
        """Return what ``data`` completes, in order. Any bytes may be fed; nothing is raised.

        After ``Closed`` or ``Failed``, which come last, there is nothing any more. The work
        is linear in ``data``, however the peer cuts its frames and its bytes.
        """
        events: list[Event] = []
        if self._over:
            return events
        try:
            if self._left:
                data = self._go_on(data, events)
            elif self._head:
                data = self._head + data
            self._head = self._walk(data, events)
        except _Broken as broken:
            events.append(broken.failed)
            self._over = True
        return events

    def _walk(self, data: bytes, events: list[Event]) -> bytes:
        """Read frame after frame; return the beginning of one that needs more bytes."""
        at, size = 0, len(data)
        while size - at >= FIXED_BYTES:
            first, length = data[at], data[at + 1]
            body = at + FIXED_BYTES
            if first != WHOLE_TEXT or length > TWO_BYTES or self._kind:
                self._check(first, length)
            if length >= TWO_BYTES:
                body += 2 if length == TWO_BYTES else 8
                if body > size:
                    break
                least = TWO_BYTES if length == TWO_BYTES else LONG
                length = _length(data[at + FIXED_BYTES : body], least)
            end = body + length
            opcode = first & 0x0F
            if opcode >= CLOSE:
                if end > size:
                    break
                events.append(self._control(opcode, data[body:end]))
                if self._over:
                    return b""
            else:
                if len(self._message) + length > self._max_bytes:
                    raise _Broken(f"a message of more than {self._max_bytes} bytes", TOO_BIG)
                if first & FINAL and end <= size and not self._kind:
                    whole = data[body:end]
                    events.append(_text(whole) if opcode == TEXT else whole)
                else:
                    self._begin(first, length, data[body:end], events)
            at = end
        return data[at:]

    def _check(self, first: int, second: int) -> None:
        """Refuse what no server may say at this place."""
        if first & RESERVED:
            raise _Broken("a reserved bit, and no extension was agreed upon")
        if second & MASKED:
            raise _Broken("a masked frame from a server")
        opcode = first & 0x0F
        if opcode >= CLOSE:
            _check_control(opcode, first, second)
        elif opcode == CONTINUATION:
            if not self._kind:
                raise _Broken("the rest of a message that never began")
        elif opcode > BINARY:
            raise _Broken(f"an unknown opcode {opcode:#x}")
        elif self._kind:
            raise _Broken("a new message before the end of the last")

    def _control(self, opcode: int, payload: bytes) -> Event:
        if opcode == PING:
            return Ping(payload)
        if opcode == PONG:
            return Pong(payload)
        closed = _closed(payload)
        self._over = True
        return closed

    def _begin(self, first: int, length: int, payload: bytes, events: list[Event]) -> None:
        """Take a frame that is not a whole message, or whose payload has not all come."""
        self._kind = self._kind or first & 0x0F
        self._final = bool(first & FINAL)
        self._left = length
        self._take(payload, events)

    def _go_on(self, data: bytes, events: list[Event]) -> bytes:
        """Take more of the payload under way; return what follows it."""
        part, rest = data[: self._left], data[self._left :]
        self._take(part, events)
        return rest

    def _take(self, part: bytes, events: list[Event]) -> None:
        self._left -= len(part)
        whole = self._final and not self._left
        if self._kind == TEXT:
            try:
                self._utf8.decode(part, whole)
            except UnicodeDecodeError as error:
                raise _Broken(f"not UTF-8: {error.reason}", NOT_UTF8) from None
        self._message += part
        if whole:
            message = bytes(self._message)
            events.append(message.decode() if self._kind == TEXT else message)
            self._message.clear()
            self._kind = 0


def client_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """Return one whole frame, masked as a client's must be (section 5.3).

    Args:
        opcode: Text, binary, or a control frame's.
        payload: At most 125 bytes in a control frame.
        mask: Four bytes, new for each frame.
    """
    size = len(payload)
    if size <= LARGEST_CONTROL:
        head = bytes((FINAL | opcode, MASKED | size))
    elif size < LONG:
        head = bytes((FINAL | opcode, MASKED | TWO_BYTES)) + size.to_bytes(2, "big")
    else:
        head = bytes((FINAL | opcode, MASKED | EIGHT_BYTES)) + size.to_bytes(8, "big")
    pattern = (mask * (size // 4 + 1))[:size]
    # Two long numbers are masked by one instruction a word; a loop would take a step a byte.
    masked = int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")
    return head + mask + masked.to_bytes(size, "little")


def close_payload(code: int, reason: str = "") -> bytes:
    """Return what a close frame carries; nothing where ``code`` is one that no frame may say."""
    if code in UNSENDABLE:
        return b""
    said = reason.encode()[:LARGEST_REASON]
    # A reason that is cut is cut between two characters.
    return code.to_bytes(CODE_BYTES, "big") + said.decode(errors="ignore").encode()


def describe(code: int, reason: str) -> str:
    """Say in one line how the connection was closed."""
    name = CLOSE_NAMES.get(code, "PRIVATE_CODE")
    return f"closed with {code} {name}" + (f": {reason}" if reason else "")


def _check_control(opcode: int, first: int, second: int) -> None:
    if opcode > PONG:
        raise _Broken(f"an unknown opcode {opcode:#x}")
    if not first & FINAL:
        raise _Broken("a control frame in fragments")
    if second > LARGEST_CONTROL:
        raise _Broken(f"a control frame of more than {LARGEST_CONTROL} bytes")


def _length(extended: bytes, least: int) -> int:
    """Read a length of two or eight bytes; one that a shorter form could say is an error."""
    length = int.from_bytes(extended, "big")
    if length > LARGEST_LENGTH:
        raise _Broken("a length with its highest bit set")
    if length < least:
        raise _Broken("a length in more bytes than it needs")
    return length


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise _Broken(f"not UTF-8: {error.reason}", NOT_UTF8) from None


def _closed(payload: bytes) -> Closed:
    if not payload:
        return Closed(NO_STATUS, "")
    if len(payload) < CODE_BYTES:
        raise _Broken("half a close code")
    code = int.from_bytes(payload[:CODE_BYTES], "big")
    if code in UNSENDABLE or (code not in CLOSE_NAMES and code not in PRIVATE_CODES):
        raise _Broken(f"a close code {code}, which nobody may send")
    return Closed(code, _text(payload[CODE_BYTES:]))
