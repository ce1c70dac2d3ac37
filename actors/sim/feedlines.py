"""The connections to one provider, whatever its protocol: what can go wrong below it.

Each accepted stream is served through a ``Line``, so that a provider can vanish without
a goodbye, speak by drips or turn everybody away, and its protocol need not know.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import trio
from typing_extensions import override

from actors.runtime.lanes import MemoryWire
from actors.runtime.serve_http import ClientGone, put, read_away, take
from actors.runtime.wire import SocketWire

Serving = Callable[[trio.abc.Stream], Awaitable[None]]

DRIP_BYTES: Final = 16
"""What leaves at once while a provider is slow."""
ASKED_BYTES: Final = 16 * 1024
ASKED_S: Final = 5.0
GOODBYE_S: Final = 1.0


class Line(trio.abc.Stream):
    """One connection, which the provider may lose without anybody's notice."""

    def __init__(self, stream: trio.abc.Stream, lines: "Lines") -> None:
        """Be ``stream`` until a verb says otherwise."""
        self._stream = stream
        self._lines = lines
        self._reading = trio.CancelScope()
        self.is_lost = self.is_closed = self._is_reset = False
        self.found = trio.Event()
        """Set when a lost line may be closed."""

    @override
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self.is_lost:
            await trio.lowlevel.checkpoint()
            return
        if self._is_reset:
            raise trio.BrokenResourceError("connection reset")
        pause_s = self._lines.pause_s
        if not pause_s:
            await self._stream.send_all(data)
            return
        for start in range(0, len(data), DRIP_BYTES):
            await self._stream.send_all(data[start : start + DRIP_BYTES])
            await trio.sleep(pause_s)

    @override
    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    @override
    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if not (self.is_lost or self._is_reset):
            with trio.CancelScope() as self._reading:
                return await self._stream.receive_some(max_bytes)
        if self._is_reset:
            raise trio.BrokenResourceError("connection reset")
        await trio.sleep_forever()
        raise AssertionError

    @override
    async def aclose(self) -> None:
        # A lost line says nothing more, not even that it ends.
        if self.is_lost:
            await trio.lowlevel.checkpoint()
        else:
            self.is_closed = True
            await self._stream.aclose()

    def lose(self) -> None:
        """Let nothing pass any more, either way, and keep the connection as it is."""
        self.is_lost = True
        self._reading.cancel()

    def reset(self) -> None:
        """End the connection by a reset; whoever serves it finds it broken."""
        if isinstance(self._stream, MemoryWire | SocketWire):
            self._stream.reset()
        self._is_reset = True
        self._reading.cancel()


class Lines:
    """Every connection to one provider."""

    def __init__(self) -> None:
        """Begin with none, and with nothing wrong."""
        self._open: dict[int, Line] = {}
        self._accepted = 0
        self.pause_s = 0.0
        """Between two drips; 0 for whole writes."""
        self.status = 0
        """With which status everybody is turned away; 0 for not at all."""

    def around(self, serve: Serving) -> Serving:
        """Return what serves a connection by ``serve``, as far as nothing is wrong."""

        async def served(stream: trio.abc.Stream) -> None:
            if self.status:
                await self._turn_away(stream)
                return
            line = Line(stream, self)
            self._accepted += 1
            number = self._accepted
            self._open[number] = line
            try:
                await serve(line)
                if line.is_lost:
                    await line.found.wait()
            finally:
                del self._open[number]
                if not line.is_closed:
                    await trio.aclose_forcefully(stream)

        return served

    def lose(self) -> None:
        """Lose every connection; the other ends are not told."""
        for line in self._open.values():
            line.lose()

    def reset(self) -> None:
        """End every connection by a reset."""
        for line in self._open.values():
            line.reset()

    def mend(self) -> None:
        """End what is wrong; lost connections are closed."""
        self.pause_s, self.status = 0.0, 0
        for line in self._open.values():
            if line.is_lost:
                line.found.set()

    async def _turn_away(self, stream: trio.abc.Stream) -> None:
        head = (
            f"HTTP/1.1 {self.status} Turned away\r\nRetry-After: 1\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        asked = b""
        try:
            with trio.move_on_after(ASKED_S):
                while b"\r\n\r\n" not in asked and len(asked) < ASKED_BYTES:
                    data = await take(stream)
                    if not data:
                        return
                    asked += data
                await put(stream, head.encode(), ASKED_S)
                await read_away(stream, GOODBYE_S)
        except ClientGone:
            pass
        finally:
            await trio.aclose_forcefully(stream)
