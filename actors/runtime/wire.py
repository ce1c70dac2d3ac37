"""Byte streams over one TCP connection, plain or under TLS, that can also send without waiting.

trio's own streams can only be awaited, and its TLS stream is lost both ways when
a send is cancelled (reference ``reliability.md`` section 0, finding 3). Here every
byte that must leave stands in one ordered queue, ``_rest``, whoever put it there:
``send_now`` offers it to the kernel once, ``send_all`` and ``flush`` wait for it.
"""

import select
import struct
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import trio
from typing_extensions import override

RECEIVE_BYTES: Final = 64 * 1024
"""What one ``receive_some`` returns at most unless told otherwise."""

SHUT_WR: Final = 1
"""``socket.SHUT_WR``; this module is handed its sockets and imports none."""

SOL_SOCKET: Final = 1
SO_LINGER: Final = 13
AT_ONCE: Final = struct.pack("ii", 1, 0)
"""``SO_LINGER`` for no time at all: what is not yet sent is thrown away (Linux ``socket(7)``)."""

PIECE_BYTES: Final = 64 * 1024
"""How much of a long ``send_all`` is encoded at a time; bounds what a slow peer makes us hold."""


class Wire(trio.abc.Stream):
    """A byte stream that can also be written without waiting. TLS, if any, ends inside."""

    __slots__ = ()

    @abstractmethod
    def send_now(self, data: bytes) -> int:
        """Hand ``data`` to the kernel without ever waiting.

        Returns:
            How many encoded bytes the kernel did not take; they stay with the
            wire and ``flush`` writes them. 0 means all of it left.

        Raises:
            trio.BrokenResourceError: The connection is gone.
            trio.ClosedResourceError: We closed it ourselves.
            trio.BusyResourceError: Another task is inside ``send_all`` or ``flush``.
        """

    @abstractmethod
    async def flush(self) -> None:
        """Write what ``send_now`` left over. Cancelled midway, the wire is broken.

        Raises:
            trio.BrokenResourceError: The connection is gone.
        """

    def has_unread(self) -> bool:
        """Say whether bytes or an ending wait to be read; never waits, reads nothing.

        On a request-and-response connection nobody uses just now, the answer
        yes means that the peer has left, or is no longer to be understood.
        """
        return False


class Connected(Protocol):
    """A connected, non-blocking stream socket, as ``env.py`` opens it."""

    def send(self, data: bytes, /) -> int:
        """Hand over what the kernel has room for."""
        ...

    def recv(self, size: int, /) -> bytes:
        """Return what there is, at most ``size``; nothing means the peer ended."""
        ...

    def shutdown(self, how: int, /) -> None:
        """End one half of the connection."""
        ...

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None:
        """Set an option of the socket."""
        ...

    def fileno(self) -> int:
        """Return the descriptor; -1 once closed."""
        ...

    def close(self) -> None:
        """Give the descriptor back."""
        ...


class SocketWire(Wire, trio.abc.HalfCloseableStream):
    """One TCP connection in the clear.

    A send that fails or is cancelled midway breaks the sending half for good;
    what the peer said may still be read.
    """

    __slots__ = (
        "_closed",
        "_drained",
        "_fault",
        "_raw",
        "_receiving",
        "_rest",
        "_sending",
        "_unread",
    )

    def __init__(self, raw: Connected) -> None:
        """Take over ``raw``; closing the wire closes it."""
        self._raw = raw
        self._rest = b""
        self._sending = False
        self._receiving = False
        self._closed = False
        self._drained = False
        self._unread: select.poll | None = None
        self._fault: type[Exception] | None = None
        """What a send raises from now on; ``None`` while sending is possible."""

    @override
    def send_now(self, data: bytes) -> int:
        if self._sending or self._fault:
            self._refuse()
        return self._offer(data)

    @override
    async def flush(self) -> None:
        with self._sender():
            await trio.lowlevel.checkpoint_if_cancelled()
            await self._drain(b"")

    @override
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        with self._sender(), memoryview(data) as view:
            await trio.lowlevel.checkpoint_if_cancelled()
            for start in range(0, len(view) or 1, PIECE_BYTES):
                await self._drain(self._encode(bytes(view[start : start + PIECE_BYTES])))

    @override
    async def wait_send_all_might_not_block(self) -> None:
        with self._sender():
            await trio.lowlevel.checkpoint_if_cancelled()
            await trio.lowlevel.wait_writable(self._raw)

    @override
    async def send_eof(self) -> None:
        """Tell the peer that nothing more comes; reading goes on. Twice is once."""
        if self._fault is trio.ClosedResourceError and not self._closed:
            await trio.lowlevel.checkpoint()
            return
        with self._sender():
            await trio.lowlevel.checkpoint_if_cancelled()
            await self._drain(self._farewell())
            self._fault = trio.ClosedResourceError
            try:
                self._raw.shutdown(SHUT_WR)
            except OSError as error:
                raise self._break(error) from error

    @override
    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        limit = RECEIVE_BYTES if max_bytes is None else max_bytes
        if limit < 1:
            raise ValueError("max_bytes must be at least 1")
        if self._receiving:
            raise trio.BusyResourceError("another task is receiving from this wire")
        if self._closed:
            raise trio.ClosedResourceError("this wire was closed here")
        self._receiving = True
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
            return await self._receive(limit)
        finally:
            self._receiving = False

    @override
    async def aclose(self) -> None:
        if not self._closed:
            if not self._sending and not self._fault:
                with suppress(trio.BrokenResourceError):
                    self._offer(self._farewell())
            self._closed = True
            self._fault = trio.ClosedResourceError
            trio.lowlevel.notify_closing(self._raw)
            self._raw.close()
        await trio.lowlevel.checkpoint()

    @override
    def has_unread(self) -> bool:
        if self._closed:
            return False
        if self._unread is None:
            # Asked before every order: the object is half of the price.
            self._unread = select.poll()
            self._unread.register(self._raw.fileno(), select.POLLIN)
        return bool(self._unread.poll(0))

    def reset(self) -> None:
        """Have the peer see a reset when this wire is closed: for a server that misbehaves."""
        if not self._closed:
            self._raw.setsockopt(SOL_SOCKET, SO_LINGER, AT_ONCE)

    def _encode(self, data: bytes) -> bytes:
        """Return ``data`` as it goes over the socket."""
        return data

    async def _receive(self, limit: int) -> bytes:
        data, waited = await self._read(limit)
        if not waited:
            await trio.lowlevel.cancel_shielded_checkpoint()
        return data

    def _farewell(self) -> bytes:
        """Return what the peer is told before the sending half ends."""
        return b""

    def _refuse(self) -> None:
        if self._fault:
            raise self._fault("this wire can no longer send: closed here, or broken before")
        raise trio.BusyResourceError("another task is sending on this wire")

    def _break(self, error: OSError) -> trio.BrokenResourceError:
        """Give up sending, and return what to raise."""
        self._fault = self._fault or trio.BrokenResourceError
        return trio.BrokenResourceError(f"connection broken: {error}")

    @contextmanager
    def _sender(self) -> Iterator[None]:
        """Make the caller the only one who sends."""
        if self._sending or self._fault:
            self._refuse()
        self._sending = True
        try:
            yield
        finally:
            self._sending = False

    def _offer(self, encoded: bytes) -> int:
        """Give the kernel everything there is, once; return what it left."""
        everything = self._rest + encoded if self._rest else encoded
        try:
            sent = self._raw.send(everything)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise self._break(error) from error
        left = len(everything) - sent
        self._rest = everything[sent:] if left else b""
        return left

    async def _drain(self, encoded: bytes) -> None:
        """Write everything there is; anything less than that breaks the sending half."""
        self._rest += encoded
        waited = False
        try:
            while self._rest:
                try:
                    sent = self._raw.send(self._rest)
                except BlockingIOError:
                    waited = True
                    await trio.lowlevel.wait_writable(self._raw)
                except OSError as error:
                    raise self._break(error) from error
                else:
                    self._rest = self._rest[sent:]
        finally:
            if self._rest:
                self._fault = self._fault or trio.BrokenResourceError
        if not waited:
            await trio.lowlevel.cancel_shielded_checkpoint()

    async def _read(self, size: int) -> tuple[bytes, bool]:
        """Return the next bytes from the socket, and whether that took a wait."""
        # After a read that came short there is nothing left, nearly always: to wait at once
        # saves a system call between a frame and whoever waits for what it says.
        waited = self._drained
        if waited:
            await trio.lowlevel.wait_readable(self._raw)
        while True:
            try:
                data = self._raw.recv(size)
            except BlockingIOError:
                waited = True
                await trio.lowlevel.wait_readable(self._raw)
            except OSError as error:
                raise self._break(error) from error
            else:
                self._drained = 0 < len(data) < size
                return data, waited
