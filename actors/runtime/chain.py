"""The hash chain over the journal's frames, and its copy outside the segments. Pure.

``h = SHA256(previous h, bytes of every frame since)``, where the frames since
begin with the frame of the previous anchor itself; before the first anchor the
previous hash is empty. A chain alone shows neither truncation nor a rewrite of
everything; the lines kept outside do (reference ``reliability.md`` section 5.3).
"""

import hashlib
import re
from typing import Final

import attrs

_LINE: Final = re.compile(rb"(\d{1,19}) (\d{1,19}) (\d{1,19}) ([0-9a-f]{64})\Z")
SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")


class Chain:
    """The hash of what was written since the last anchor."""

    __slots__ = ("_running", "head")

    def __init__(self, head: str = "") -> None:
        """Begin after an anchor whose hash in hex is ``head``; empty before the first."""
        self.head = head
        self._running = hashlib.sha256(bytes.fromhex(head))

    def update(self, data: bytes | memoryview) -> None:
        """Add the bytes of whole frames, in their order."""
        self._running.update(data)

    def seal(self) -> str:
        """Return the hash in hex and go on from it."""
        self.head = self._running.hexdigest()
        self._running = hashlib.sha256(bytes.fromhex(self.head))
        return self.head


@attrs.frozen
class AnchorLine:
    """One anchor as the file outside the segments keeps it."""

    seq: int
    """The anchor's own number."""
    first_seq: int
    last_seq: int
    sha256: str

    def text(self) -> bytes:
        """Return the line: four fields and a newline."""
        return f"{self.seq} {self.first_seq} {self.last_seq} {self.sha256}\n".encode()


def whole_lines(data: bytes) -> int:
    """Return how many first bytes of an anchor file are whole lines; the rest was torn off."""
    return data.rfind(b"\n") + 1


def read_lines(data: bytes) -> list[AnchorLine | int]:
    """Read an anchor file; a line that is none is there as its number, from 1."""
    lines: list[AnchorLine | int] = []
    for number, line in enumerate(data[: whole_lines(data)].splitlines(), 1):
        match = _LINE.match(line)
        if match is None:
            lines.append(number)
        else:
            seq, first_seq, last_seq, sha256 = match.groups()
            lines.append(AnchorLine(int(seq), int(first_seq), int(last_seq), sha256.decode()))
    return lines
