"""One HTTP connection of a feed: dials, follows what may be followed, and reads stamped bytes."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal, Protocol
from urllib.parse import urljoin, urlsplit

import attrs
import trio

from actors.feeds.errors import FeedGarbled, FeedLost, FeedUnreachable
from actors.feeds.pull.answers import Exchange, Head
from actors.runtime.env import BadEndpoint, Endpoint, Env, Wire
from actors.runtime.rfc6455_opening import host_of, resource_of
from actors.runtime.secret import Secret, revealed

READ_BYTES: Final = 8 * 1024
"""One read. Small, so that no read can hold more work than the loop has time for."""
BURST: Final = 32
"""Pieces of one read that are dealt with before others get their turn."""
MOST_REDIRECTS: Final = 3
UNAUTHORIZED: Final = 401
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
CONNECT_S: Final = 5.0
LARGEST_HEADER_FILE: Final = 16 * 1024

_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)

Headers = Sequence[tuple[str, str]]
Credentials = Sequence[tuple[str, Secret]]


class Bearer(Protocol):
    """Gives the bearer of one feed, and takes back one that was refused."""

    async def headers(self, env: Env, address: "Address") -> Credentials:
        """Return the header that shows it."""
        ...

    def refused(self) -> bool:
        """Forget it; return whether another may do better."""
        ...


@attrs.frozen(kw_only=True)
class Address:
    """Where a feed is, and with what it is asked."""

    url: str
    ca_file: str | None = None
    header_file: str = ""
    """File of ``Name: value`` lines, read anew for every connection; empty for none."""
    redirect_hosts: tuple[str, ...] = ()
    """Hosts besides the URL's own that a redirect may lead to, headers and all."""
    guest: "Bearer | None" = None
    """Who gives us a bearer, where the provider wants one that it hands out itself."""
    method: Literal["GET", "POST"] = "GET"
    connect_s: float = CONNECT_S
    """For the dial, TLS, the request and the head of the answer together, redirects included."""


class Pipe:
    """One open connection. One task uses it."""

    def __init__(self, env: Env, wire: Wire, own: Credentials) -> None:
        """Take over ``wire``; whoever opened it closes it. ``own`` goes with every request."""
        self._own = own
        self.exchange = Exchange()
        self.read_ns = self.read_wall_ns = 0
        self._wire = wire
        self._now_ns, self._wall_ns = env.now_ns, env.wall_ns
        self._pieces = 0

    async def ask(
        self,
        host: str,
        resource: str,
        headers: Headers,
        method: Literal["GET", "POST"] = "GET",
    ) -> Head:
        """Send a request, our credentials with it, and return the head of its answer.

        Raises:
            FeedError: There is none.
        """
        try:
            asked = [*revealed(self._own), *headers]
            request = self.exchange.ask(host, resource, asked, method)
        except ValueError as error:
            raise FeedUnreachable(str(error)) from error
        try:
            await self._wire.send_all(request)
        except _GONE as error:
            raise FeedLost("connection lost while asking") from error
        head = await self._next()
        assert isinstance(head, Head)
        return head

    async def piece(self) -> bytes:
        """Return the next piece of the body; empty at its end.

        There is no checkpoint between the read and the first ``BURST`` pieces of it.

        Raises:
            FeedError: The connection is over, or brings no HTTP.
        """
        piece = await self._next()
        assert isinstance(piece, bytes)
        return piece

    async def body(self, most: int) -> bytes:
        """Return the rest of the body, whole.

        Raises:
            FeedGarbled: It is longer than ``most`` bytes.
            FeedError: The connection is over, or brings no HTTP.
        """
        body = bytearray()
        while piece := await self.piece():
            body += piece
            if len(body) > most:
                raise FeedGarbled(f"a body above {most} bytes: {bytes(body[:80])!a}")
        return bytes(body)

    async def _next(self) -> Head | bytes:
        self._pieces += 1
        if self._pieces >= BURST:
            self._pieces = 0
            await trio.lowlevel.checkpoint()
        while True:
            found = self.exchange.next()
            if found is not None:
                return found
            try:
                data = await self._wire.receive_some(READ_BYTES)
            except _GONE:
                data = b""
            self._pieces = 0
            self.read_ns, self.read_wall_ns = self._now_ns(), self._wall_ns()
            self.exchange.feed(bytes(data))


@asynccontextmanager
async def open_pipe(
    env: Env, address: Address, headers: Callable[[], Headers]
) -> AsyncIterator[tuple[Pipe, Head, str]]:
    """Open ``address`` and close it again whatever happens inside.

    Redirects are followed to the URL's own host and to those named beside it, never
    from TLS to plain text.

    Yields:
        The connection, the head of the answer, and the URL that gave it.

    Raises:
        FeedUnreachable: There is no answer to be had, in time or at all.
        FeedError: There is one that is no HTTP.
    """
    wire: Wire | None = None
    opened: tuple[Pipe, Head, str] | None = None
    url = address.url
    try:
        with trio.move_on_after(address.connect_s):
            given = credentials(env, address.header_file)
            for _ in range(MOST_REDIRECTS + 1):
                own = [*given, *await _bearer(env, address)]
                endpoint = dialled(url, address)
                wire = await _dial(env, endpoint)
                pipe = Pipe(env, wire, own)
                head = await pipe.ask(
                    host_of(endpoint), resource_of(url), headers(), address.method
                )
                if head.status in REDIRECTS:
                    url = _followed(url, head, address)
                elif head.status != UNAUTHORIZED or not _again(address):
                    opened = pipe, head, url
                    break
                await trio.aclose_forcefully(wire)
            else:
                raise FeedUnreachable(f"{address.url}: more than {MOST_REDIRECTS} redirects")
        if opened is None:
            raise FeedUnreachable(f"{url}: no answer within {address.connect_s:g} s")
        yield opened
    finally:
        if wire is not None:
            await trio.aclose_forcefully(wire)


def credentials(env: Env, path: str) -> list[tuple[str, Secret]]:
    """Return the header lines that ``path`` holds; blank lines and ``#`` lines are passed over.

    Raises:
        FeedUnreachable: It cannot be read, or holds anything else. What it holds is not shown.
    """
    if not path:
        return []
    try:
        text = env.disk.read(path)[:LARGEST_HEADER_FILE].decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise FeedUnreachable(f"{path}: {type(error).__name__}") from error
    found: list[tuple[str, Secret]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or not value.strip():
            raise FeedUnreachable(f"{path}: line {number} is no header")
        found.append((name.strip(), Secret(value.strip())))
    return found


async def _bearer(env: Env, address: Address) -> Credentials:
    return () if address.guest is None else await address.guest.headers(env, address)


def _again(address: Address) -> bool:
    """Whether a refusal may be of a bearer that has had its day."""
    return address.guest is not None and address.guest.refused()


def dialled(url: str, address: Address) -> Endpoint:
    """Return whom to dial for ``url``.

    Raises:
        FeedUnreachable: It is no URL.
    """
    try:
        return Endpoint.parse(url, address.ca_file)
    except BadEndpoint as error:
        raise FeedUnreachable(str(error)) from error


async def _dial(env: Env, endpoint: Endpoint) -> Wire:
    try:
        return await env.dial(endpoint)
    except OSError as error:
        raise FeedUnreachable(f"{endpoint.authority}: {error}") from error


def _followed(url: str, head: Head, address: Address) -> str:
    """Return where ``head`` sends us."""
    try:
        there = urljoin(url, head.header("location"))
        parts, own = urlsplit(there), urlsplit(address.url)
    except ValueError as error:
        raise FeedUnreachable(f"{url}: redirected to no URL: {error}") from error
    if parts.scheme != own.scheme or parts.hostname not in {own.hostname, *address.redirect_hosts}:
        raise FeedUnreachable(f"{url}: redirected to {there[:80]!a}, which is not allowed")
    return there
