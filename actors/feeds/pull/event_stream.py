"""WHATWG Server-Sent Events: bytes in, events out. Pure, and bounded in everything.

Source: HTML, section 9.2 (interpreting an event stream), as reference ``feeds.md``
section 2.4 and ``spec/feeds/sse_vectors.json`` tell it. What was begun and not ended by
a blank line when the stream stops is dropped, as the standard has it.
"""

from typing import Final

import msgspec

from actors.feeds.errors import FeedGarbled
from actors.feeds.pull.lines import LineReader

LARGEST_EVENT: Final = 64 * 1024
"""Characters of one event's data; more ends the connection."""
LONGEST_ID: Final = 1_024
"""Characters. A longer id would not fit a request's head, and is passed over."""
LONGEST_RETRY: Final = 9
"""Digits: eleven days in milliseconds."""

MESSAGE: Final = "message"
_BOM: Final = b"\xef\xbb\xbf"
_DIGITS: Final = frozenset("0123456789")


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event."""

    type: str
    data: str
    last_id: str
    """The stream's last id at that moment; empty while it gave none."""


class EventStream:
    """One response's body. ``last_id`` outlives it: hand it to the next one."""

    __slots__ = ("_data", "_first", "_lines", "_size", "_type", "last_id", "retry_ms")

    def __init__(self, last_id: str = "") -> None:
        """Begin a stream that resumes after ``last_id``."""
        self.last_id = last_id
        self.retry_ms: int | None = None
        """How long the server wants to be left alone after a loss, if it said."""
        self._lines = LineReader(lone_cr=True)
        self._first = True
        self._type = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Event | None]:
        """Take the next bytes and return what they complete.

        Returns:
            Events in their order. ``None`` stands for comments, of which those that
            follow each other are one: they only say that the server lives.

        Raises:
            FeedGarbled: A line or an event is longer than we take.
        """
        said: list[Event | None] = []
        for line in self._lines.feed(data):
            if self._first:
                self._first = False
                line = line.removeprefix(_BOM)  # noqa: PLW2901 - the mark is no part of the line
            if not line:
                if self._data or self._type:
                    self._dispatch(said)
            elif line.startswith(b":"):
                if not said or said[-1] is not None:
                    said.append(None)
            else:
                self._field(line)
        return said

    def _dispatch(self, said: list[Event | None]) -> None:
        data = "\n".join(self._data)
        # One empty `data` line is an empty buffer once its line feed is taken off; the
        # standard dispatches it all the same, because it looks before taking it off.
        if self._data:
            said.append(Event(self._type or MESSAGE, data, self.last_id))
        self._type, self._data, self._size = "", [], 0

    def _field(self, line: bytes) -> None:
        name, _, value = line.decode(errors="replace").partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._size += len(value) + 1
                if self._size > LARGEST_EVENT:
                    raise FeedGarbled(f"an event above {LARGEST_EVENT} characters: {line[:80]!a}")
                self._data.append(value)
            case "event":
                self._type = value
            case "id":
                if "\0" not in value and len(value) <= LONGEST_ID:
                    self.last_id = value
            case "retry":
                if 0 < len(value) <= LONGEST_RETRY and _DIGITS.issuperset(value):
                    self.retry_ms = int(value)
            case _:
                pass  # The standard passes over what it does not know.
