"""What makes a hub connection stateful: records are numbered, acknowledged and sent again.

Both ends do the same. The rule is the official client's code and not its document, which
says otherwise (reference feeds.md section 2.2): after a reconnect each side says the number
of the first record that it holds unacknowledged, or of its next one, and sends what it holds.
"""

from collections import deque
from typing import Final

import attrs

from actors.feeds.signalr.records import TRACKED, Ack, Record, Sequence

LARGEST_BUFFER: Final = 100_000
"""Bytes held unacknowledged."""
ACK_AFTER_S: Final = 1.0
"""From the first record that is owed an acknowledgement; what follows shares it."""


@attrs.frozen
class _Held:
    number: int
    text: str
    size: int


class Replay:
    """One end's numbers, over every connection that carries one hub connection."""

    def __init__(self) -> None:
        """Begin before the first record of either direction."""
        self._held: deque[_Held] = deque()
        self._size = 0
        self._sent = 0
        self._latest = 0
        """The last number that was taken in."""
        self._next = 1
        """The number of the next record that comes."""
        self._waiting = False
        self.ack_at_s: float | None = None
        """When an acknowledgement is due, if one is."""

    @property
    def is_full(self) -> bool:
        """Whether the peer leaves too much unacknowledged to go on."""
        return self._size > LARGEST_BUFFER

    def hold(self, text: str) -> None:
        """Number a tracked record that is being sent."""
        self._sent += 1
        size = len(text.encode())
        self._held.append(_Held(self._sent, text, size))
        self._size += size

    def resume(self) -> list[str | Sequence]:
        """A new connection carries on: return what it has to say first, in order."""
        self._waiting = True
        self.ack_at_s = None
        first = self._held[0].number if self._held else self._sent + 1
        return [Sequence(first), *(held.text for held in self._held)]

    def takes(self, record: Record, now_s: float) -> bool:
        """Return whether ``record`` counts, and is not one of those that come a second time.

        Raises:
            ValueError: The peer begins beyond what arrived: records are lost.
        """
        if isinstance(record, Sequence):
            self._begin_from(record.sequence)
        elif not self._waiting:
            if isinstance(record, TRACKED):
                return self._is_new(now_s)
            if not isinstance(record, Ack):
                return True
            self._release(record.sequence)
        return False

    def ack(self, now_s: float) -> Ack | None:
        """Return the acknowledgement that is due, once."""
        if self.ack_at_s is None or now_s < self.ack_at_s:
            return None
        self.ack_at_s = None
        return Ack(self._latest)

    def _release(self, number: int) -> None:
        while self._held and self._held[0].number <= number:
            self._size -= self._held.popleft().size

    def _begin_from(self, number: int) -> None:
        if not 1 <= number <= self._next:
            raise ValueError(f"sequence {number}, and {self._next} is next")
        self._next = number
        self._waiting = False

    def _is_new(self, now_s: float) -> bool:
        number = self._next
        self._next += 1
        if number < self._latest:
            return False
        if self.ack_at_s is None:
            self.ack_at_s = now_s + ACK_AFTER_S
        is_new = number > self._latest
        self._latest = number
        return is_new
