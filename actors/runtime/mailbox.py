"""A bounded queue in front of an actor, owned by the tree, with a stated rule for being full."""

from collections.abc import Callable
from typing import Generic, Literal, Self, TypeVar

import attrs
import trio

from actors.runtime.errors import MailboxFull

T = TypeVar("T")

Overflow = Literal["fail", "drop_oldest", "drop_newest"]
"""What a full mailbox does with one more item.

``fail`` refuses it loudly: a mailbox that must never fill, such as the one for
goals. ``drop_oldest`` keeps the newest, where a later item says more than an
earlier one. ``drop_newest`` keeps what is there, for guests such as the desk.
"""


@attrs.frozen(kw_only=True)
class MailboxCounts:
    """What health shows of one mailbox."""

    capacity: int
    depth: int
    """Items not yet taken; one that its reader is just waking up for still counts."""
    peak: int
    """The largest ``depth`` so far."""
    posted: int
    """Items offered, the dropped ones included."""
    dropped: int


class Mailbox(Generic[T]):
    """Any number of actors post, one actor receives, and both may die and come back.

    The tree makes it and holds both ends, so that a crash on either side loses
    no item but the one in hand. Posting is synchronous and never a checkpoint:
    between an actor's stamp and its post nothing else can run.
    """

    def __init__(self, name: str, capacity: int, overflow: Overflow = "fail") -> None:
        """Open a mailbox for at most ``capacity`` items.

        Raises:
            ValueError: No room for even one item.
        """
        if capacity < 1:
            raise ValueError(f"{name}: a mailbox holds at least one item, not {capacity}")
        self.name = name
        self.capacity = capacity
        self.overflow = overflow
        self.posted = self.dropped = self.peak = self._taken = 0
        self._into, self._from = trio.open_memory_channel[T](capacity)
        self._closed = False
        self._awaited: trio.Event | None = None
        self._attendant: Callable[[], None] | None = None

    def post(self, item: T) -> None:
        """Leave ``item`` for the reader, at once.

        Raises:
            MailboxFull: No room, and the rule is ``fail``. The item is not kept.
            trio.ClosedResourceError: The tree has closed the mailbox.
        """
        try:
            self._into.send_nowait(item)
        except trio.WouldBlock:
            self._overflow(item)
        self.posted += 1
        depth = self.posted - self.dropped - self._taken
        self.peak = max(self.peak, depth)
        if self._attendant is not None:
            self._attendant()
            if not self.depth:
                return
        if self._awaited is not None:
            self._awaited.set()
            self._awaited = None

    def _overflow(self, item: T) -> None:
        if self.overflow == "fail":
            raise MailboxFull(f"{self.name}: {self.capacity} items wait already") from None
        if self.overflow == "drop_oldest":
            self._from.receive_nowait()
            self._into.send_nowait(item)
        self.dropped += 1

    async def arrival(self, attendant: Callable[[], None] | None = None) -> None:
        """Wait until an item is there, and leave it there; for the mailbox's one reader.

        A reader that gathers items before it works on them has none in hand meanwhile,
        so that whatever ends it loses none.

        Args:
            attendant: Called while the reader waits, within each post: for a reader to whom
                the way through the scheduler is too long. It takes what it deals with, and
                what it leaves ends the wait. It may not raise: it stands in the poster's
                step, whose business its failure is not.

        Raises:
            trio.EndOfChannel: The tree has closed the mailbox and nothing is left.
        """
        if self.depth:
            await trio.lowlevel.checkpoint()
        self._attendant = attendant
        try:
            while not self.depth:
                if self._closed:
                    raise trio.EndOfChannel
                self._awaited = trio.Event()
                await self._awaited.wait()
        finally:
            self._attendant = None

    async def receive(self) -> T:
        """Return the next item, waiting for one if need be.

        Raises:
            trio.EndOfChannel: The tree has closed the mailbox and nothing is left.
        """
        item = await self._from.receive()
        self._taken += 1
        return item

    def receive_nowait(self) -> T:
        """Return the next item if there is one.

        Raises:
            trio.WouldBlock: Nothing waits.
            trio.EndOfChannel: The tree has closed the mailbox and nothing is left.
        """
        item = self._from.receive_nowait()
        self._taken += 1
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        try:
            return await self.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    @property
    def depth(self) -> int:
        """How many items are not yet taken."""
        return self.posted - self.dropped - self._taken

    @property
    def taken(self) -> int:
        """How many items its reader has taken so far."""
        return self._taken

    def counts(self) -> MailboxCounts:
        """Return the figures that health shows."""
        return MailboxCounts(
            capacity=self.capacity,
            depth=self.depth,
            peak=self.peak,
            posted=self.posted,
            dropped=self.dropped,
        )

    def close(self) -> None:
        """Take no more; the reader gets what is left, then the end. For the tree alone."""
        self._into.close()
        self._closed = True
        if self._awaited is not None:
            self._awaited.set()
