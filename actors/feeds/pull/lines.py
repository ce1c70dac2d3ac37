"""Cuts a byte stream into lines, however it arrives, and into no line longer than a bound. Pure."""

import re
from typing import Final

from actors.feeds.errors import FeedGarbled

LARGEST_LINE: Final = 64 * 1024
"""Bytes. A longer line ends the connection."""

_ENDS: Final = re.compile(rb"\r\n|\r|\n")


class LineReader:
    """Lines that end in LF, CR LF, or (for event streams) a lone CR.

    A line is there as soon as its end can be told: a CR that closes a piece ends its
    line at once, and an LF that opens the next piece is then part of the same end.
    """

    __slots__ = ("_after_cr", "_lone_cr", "_partial")

    def __init__(self, *, lone_cr: bool) -> None:
        """Make it; ``lone_cr`` says whether a CR alone ends a line."""
        self._lone_cr = lone_cr
        self._partial = bytearray()
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and return the lines that they complete, without their ends.

        Raises:
            FeedGarbled: A line is longer than ``LARGEST_LINE``.
        """
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if not data:
            return []
        pieces = _ENDS.split(data) if self._lone_cr else data.split(b"\n")
        self._after_cr = self._lone_cr and data.endswith(b"\r")
        self._partial += pieces[0]
        if len(pieces) > 1:
            pieces[0] = bytes(self._partial)
            self._partial = bytearray(pieces.pop())
        else:
            pieces = []
        if len(self._partial) > LARGEST_LINE or any(len(one) > LARGEST_LINE for one in pieces):
            longest = max([bytes(self._partial), *pieces], key=len)
            raise FeedGarbled(f"a line above {LARGEST_LINE} bytes: {longest[:80]!a}")
        if not self._lone_cr:
            pieces = [line.removesuffix(b"\r") for line in pieces]
        return pieces
