"""The only door out of a process: clocks, randomness, the network, the disk, threads.

Everything under ``actors/`` that needs one of these takes an ``Env``; a test
lists every use of ``time``, ``random``, ``os.urandom``, ``uuid``, ``to_thread``
and sockets, and allows this file alone. The machine itself is ``RealEnv`` below;
a seed is ``SeededEnv`` in ``memory.py``.
"""

import errno
import os
import random
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar, TypeVarTuple, Unpack
from urllib.parse import urlsplit

import attrs
import structlog
import trio

from actors.runtime import hands
from actors.runtime.disk import AppendFile, Disk, FileDisk
from actors.runtime.errors import reason
from actors.runtime.tls import TlsWire, proving, trusting
from actors.runtime.wire import SocketWire, Wire

__all__ = [
    "AppendFile",
    "BadEndpoint",
    "Disk",
    "Endpoint",
    "Env",
    "RealEnv",
    "Serve",
    "ServerTls",
    "Wire",
    "attend",
]

BACKLOG: Final = 1024
"""Connections the kernel keeps for a listener that has not come to them yet."""
HANDSHAKE_S: Final = 5.0
"""How long a client may take to agree on keys with us."""
EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
EXHAUSTED_PAUSE_S: Final = 0.1

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class BadEndpoint(ValueError):
    """A URL that names no host and port we could dial."""


@attrs.frozen
class Endpoint:
    """Where to connect to, and whether TLS ends there."""

    host: str
    port: int
    tls: bool = False
    ca_file: str | None = None
    """PEM file of the authority to trust instead of the system's; ``None`` for the system's."""

    @classmethod
    def parse(cls, url: str, ca_file: str | None = None) -> "Endpoint":
        """Read ``http``, ``https``, ``ws`` or ``wss`` URLs; path and query are not ours.

        Raises:
            BadEndpoint: Another scheme, no host, or no port number.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadEndpoint(f"not a URL: {url!r}: {error}") from error
        if parts.scheme not in {"http", "https", "ws", "wss"} or not parts.hostname:
            raise BadEndpoint(f"not an http(s) or ws(s) URL: {url!r}")
        tls = parts.scheme in {"https", "wss"}
        if port is None:
            port = 443 if tls else 80
        return cls(parts.hostname, port, tls, ca_file if tls else None)

    @property
    def authority(self) -> str:
        """``host:port``, as a Host header spells it; an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@attrs.frozen
class ServerTls:
    """What a listener proves itself with."""

    certificate_file: str
    """PEM: the certificate and its chain."""
    key_file: str


Serve = Callable[[trio.abc.Stream], Awaitable[None]]
"""What a listener does with one accepted connection; it closes the stream itself."""


class Env(Protocol):
    """What an actor may ask of the outside. One per process."""

    @property
    def disk(self) -> Disk:
        """The files."""
        ...

    def now_ns(self) -> int:
        """Monotonic nanoseconds, for intervals."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, for people and signatures only."""
        ...

    def rng(self, name: str) -> random.Random:
        """Return the one stream of random numbers called ``name``."""
        ...

    async def dial(self, endpoint: Endpoint) -> Wire:
        """Connect, TLS handshake included.

        Raises:
            OSError: Nobody answered, or the certificate is not to be trusted.
        """
        ...

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,
        *,
        tls: ServerTls | None = None,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve every connection to ``endpoint`` until cancelled.

        Reports the endpoint really bound (port 0 asks for a free one). A serve
        task that raises ends its own connection only.
        """
        ...

    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run ``fn`` off the loop: system calls, or one signature; never a computation."""
        ...


class RealEnv:
    """The machine: its clocks, its randomness, its TCP, its files and its threads."""

    def __init__(self, seed: int | None = None) -> None:
        """Open the door.

        Args:
            seed: Where every ``rng`` starts. ``None`` takes the kernel's word, so
                that no two processes draw the same jitter.
        """
        self._seed = int.from_bytes(os.urandom(16), "big") if seed is None else seed
        self._streams: dict[str, random.Random] = {}
        self._trust: dict[str | None, ssl.SSLContext] = {}
        self._disk = FileDisk()

    @property
    def disk(self) -> Disk:
        """The files."""
        return self._disk

    def now_ns(self) -> int:
        """Monotonic nanoseconds since the machine started.

        ``time.monotonic_ns`` and not ``perf_counter_ns``: its zero is the same in
        every process of one host, so that the stamps of trading, desk, world and
        bench can be laid side by side.
        """
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, for people and signatures only."""
        return time.time_ns()

    def rng(self, name: str) -> random.Random:
        """Return the one stream of random numbers called ``name``."""
        if name not in self._streams:
            self._streams[name] = random.Random(f"{self._seed}:{name}")  # noqa: S311 - no secret
        return self._streams[name]

    async def dial(self, endpoint: Endpoint) -> Wire:
        """Connect to the first address of the host that answers, TLS handshake included.

        How long that may take is the caller's cancel scope's to say.

        Raises:
            OSError: Nobody answered, or the certificate is not to be trusted.
        """
        context = self._trusting(endpoint.ca_file) if endpoint.tls else None
        try:
            stream = await trio.open_tcp_stream(endpoint.host, endpoint.port)
        except UnicodeError as error:
            raise OSError(f"not a host name: {endpoint.host!r}") from error
        raw = _own(stream.socket)
        if context is None:
            return SocketWire(raw)
        wire = TlsWire(raw, context, server_hostname=endpoint.host)
        shaken = False
        try:
            await wire.handshake()
            shaken = True
        except ssl.SSLCertVerificationError as error:
            why = f"{endpoint.authority}: certificate not trusted: {error.verify_message}"
            raise ConnectionError(why) from error
        except (ssl.SSLError, trio.BrokenResourceError) as error:
            why = f"{endpoint.authority}: TLS handshake failed: {error}"
            raise ConnectionError(why) from error
        finally:
            if not shaken:
                await trio.aclose_forcefully(wire)
        return wire

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,
        *,
        tls: ServerTls | None = None,
        max_connections: int = 1024,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve every connection to ``endpoint`` until cancelled.

        Reports the endpoint really bound (port 0 asks for a free one). A serve
        task that raises ends its own connection only. Connections beyond
        ``max_connections`` wait in the kernel's queue until one ends.

        Raises:
            OSError: The address is taken or not ours; certificate or key cannot be read.
        """
        context = None if tls is None else proving(tls.certificate_file, tls.key_file)
        room = trio.Semaphore(max_connections)
        async with await _bind(endpoint) as listener, trio.open_nursery() as nursery:
            port: int = listener.socket.getsockname()[1]
            task_status.started(attrs.evolve(endpoint, port=port, tls=context is not None))
            while True:
                await room.acquire()
                raw = await _accept(listener)
                nursery.start_soon(_welcome, raw, context, serve, room)

    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run ``fn`` in a thread: system calls, or one signature; never a computation.

        Once begun it is waited for, cancelled or not: what it did is then known.
        """
        return await hands.blocking(fn, *args)

    def _trusting(self, ca_file: str | None) -> ssl.SSLContext:
        """Return the one context for this authority; reading one takes milliseconds."""
        if ca_file not in self._trust:
            self._trust[ca_file] = trusting(ca_file)
        return self._trust[ca_file]


async def attend(serve: Serve, stream: trio.abc.Stream) -> None:
    """Serve one connection and close it; what goes wrong ends it and nothing else."""
    try:
        await serve(stream)
    except* (trio.BrokenResourceError, trio.ClosedResourceError) as group:
        log.debug("listener.client_gone", why=reason(group))
    except* Exception as group:
        log.exception("listener.serve_failed", why=reason(group), exc_info=group)
    finally:
        await trio.aclose_forcefully(stream)


def _own(connected: trio.socket.SocketType) -> socket.socket:
    """Take the socket out of trio's wrapper, so that it can also be written without waiting."""
    raw = socket.socket(fileno=connected.detach())
    raw.settimeout(0)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # An idle connection whose peer vanished is noticed within half a minute.
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return raw


async def _bind(endpoint: Endpoint) -> trio.SocketListener:
    found = await trio.socket.getaddrinfo(
        endpoint.host, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, address = found[0]
    listener = trio.socket.socket(family, kind, protocol)
    listening = False
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await listener.bind(address)
        listener.listen(BACKLOG)
        listening = True
    finally:
        if not listening:
            listener.close()
    return trio.SocketListener(listener)


async def _accept(listener: trio.SocketListener) -> socket.socket:
    """Take the next connection; while the machine is out of descriptors, let it wait."""
    while True:
        try:
            return _own((await listener.accept()).socket)
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            log.warning("listener.exhausted", why=str(error))
            await trio.sleep(EXHAUSTED_PAUSE_S)


async def _welcome(
    raw: socket.socket, context: ssl.SSLContext | None, serve: Serve, room: trio.Semaphore
) -> None:
    try:
        if context is None:
            await attend(serve, SocketWire(raw))
        else:
            await _shake_and_attend(serve, TlsWire(raw, context, server_side=True))
    finally:
        room.release()


async def _shake_and_attend(serve: Serve, wire: TlsWire) -> None:
    shaken = False
    try:
        with trio.move_on_after(HANDSHAKE_S):
            await wire.handshake()
            shaken = True
    except (ssl.SSLError, trio.BrokenResourceError) as error:
        log.debug("listener.handshake_failed", why=str(error))
    finally:
        if not shaken:
            await trio.aclose_forcefully(wire)
    if shaken:
        await attend(serve, wire)
