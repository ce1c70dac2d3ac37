"""TLCP's lines: bytes of any cut into lines, and a line into its tag and arguments.

Reference feeds.md section 2.3. Over WebSocket a message holds whole lines; over HTTP the
answer is one stream of them. Both end a line with CR LF and are read by the same reader.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from actors.feeds.errors import FeedGarbled

LARGEST_LINE: Final = 16 * 1024
"""Bytes, its end not counted. TLCP names no bound; a score's line has a hundred."""

ARITY: Final = {
    "WSOK": 0,
    "CONOK": 4,
    "CONERR": 2,
    "REQOK": 1,
    "REQERR": 3,
    "ERROR": 2,
    "SERVNAME": 1,
    "CLIENTIP": 1,
    "CONS": 1,
    "SYNC": 1,
    "PROG": 1,
    "PROBE": 0,
    "LOOP": 1,
    "END": 2,
    "U": 3,
    "SUBOK": 3,
    "SUBCMD": 5,
    "UNSUB": 1,
    "EOS": 2,
    "CS": 2,
    "OV": 3,
    "CONF": 3,
    "MSGDONE": 3,
    "MSGFAIL": 4,
}
"""How many arguments each tag has. Other tags, ``NOOP`` among them, are passed over."""

COUNTED: Final = frozenset(
    {"U", "SUBOK", "SUBCMD", "UNSUB", "EOS", "CS", "OV", "CONF", "MSGDONE", "MSGFAIL"}
)
"""Data notifications: what a recovery counts."""

_OPTIONAL: Final = frozenset({"REQOK"})
"""Tags that may come without arguments: a heartbeat's answer names no request."""


class Line(NamedTuple):
    """One line of the server's."""

    tag: str
    arguments: tuple[str, ...]
    """Percent-decoded, but for the values of a ``U``, which have a grammar of their own."""

    @property
    def known(self) -> bool:
        """Whether the tag is one of ours; the others are passed over."""
        return self.tag in ARITY


class LineReader:
    """Cuts what arrives into lines. The work is linear in the bytes, however they are cut."""

    __slots__ = ("_held", "_limit", "_searched")

    def __init__(self, limit: int = LARGEST_LINE) -> None:
        """Take lines of at most ``limit`` bytes."""
        self._held = bytearray()
        self._limit = limit
        self._searched = 0

    @property
    def holds(self) -> int:
        """Bytes of a line that has not ended."""
        return len(self._held)

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that ``data`` completes, without their ends.

        Raises:
            FeedGarbled: A line is too long or no UTF-8. The reader is of no use after that.
        """
        held = self._held
        held += data
        lines: list[str] = []
        begins = 0
        while (ends := held.find(b"\r\n", max(begins, self._searched))) >= 0:
            lines.append(self._text(held, begins, ends))
            begins = ends + 2
        del held[:begins]
        # The last byte may be the CR whose LF is still to come.
        self._searched = max(len(held) - 1, 0)
        if len(held) > self._limit + 1:
            self._text(held, 0, len(held))
        return lines

    def _text(self, held: bytearray, begins: int, ends: int) -> str:
        if ends - begins > self._limit:
            shown = bytes(held[begins : begins + 80])
            raise FeedGarbled(f"a line of over {self._limit} bytes: {shown!a}")
        try:
            return held[begins:ends].decode()
        except UnicodeDecodeError:
            shown = bytes(held[begins : begins + 80])
            raise FeedGarbled(f"not UTF-8: {shown!a}") from None


def split(line: str) -> Line:
    """Take one line apart: only the last argument may hold commas of its own.

    Raises:
        FeedGarbled: The tag has not all its arguments.
    """
    tag, comma, rest = line.partition(",")
    arity = ARITY.get(tag)
    if arity is None:
        return Line(tag, ())
    arguments = rest.split(",", arity - 1) if comma and arity else []
    if len(arguments) != arity and not (tag in _OPTIONAL and not arguments):
        raise FeedGarbled(f"{tag} has {arity} arguments: {line[:80]!a}")
    if "%" in rest and tag != "U":
        arguments = [decoded(argument) for argument in arguments]
    return Line(tag, tuple(arguments))


def join(tag: str, *arguments: str | int) -> str:
    """Return the line, its end included. Servers write with it; the values of a ``U`` are as given.

    Commas are encoded everywhere, which every reader undoes.
    """
    if tag != "U":
        arguments = tuple(quote(str(argument), safe=" :;/*.-_[]()!?=") for argument in arguments)
    return ",".join((tag, *map(str, arguments))) + "\r\n"


def number(text: str, what: str) -> int:
    """Return a decimal that TLCP writes, sign allowed.

    Raises:
        FeedGarbled: It is none, or has more than 18 digits.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):  # noqa: PLR2004 - a 64-bit number's digits
        raise FeedGarbled(f"{what} is no number: {text[:80]!a}")
    return int(text)


def decoded(text: str) -> str:
    """Undo percent-encoding.

    Raises:
        FeedGarbled: What comes out is no UTF-8.
    """
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        raise FeedGarbled(f"no UTF-8 behind its percent signs: {text[:80]!a}") from None


def fields(names_and_values: Iterable[tuple[str, str]]) -> str:
    """Return the parameters of a request in their order, values encoded as TLCP wants them."""
    return "&".join(f"{name}={_encoded(value)}" for name, value in names_and_values)


def _encoded(value: str) -> str:
    return quote(value, safe=" ,.:;/*-_()[]!?^~'@$").replace(" ", "%20")
