"""HTTP for everything that is not an order: one origin a client, over ``env.dial``.

The only importer of httpx. TLS ends in the dial, so httpcore below it always
believes that it speaks plain HTTP; the Host header still names what was asked
for. httpcore loses pool slots when a request is cancelled (reference
``reliability.md`` section 0, finding 4): the pool here is never contended,
because we count the requests ourselves, and a client that failed or was
cancelled is used no more.
"""

import math
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import attrs
import httpcore
import httpx
import trio
from typing_extensions import override

from actors.runtime.env import Endpoint, Env
from actors.runtime.http_dial import DialBackend

Fields = Sequence[tuple[str, str]]
"""Headers or query fields, in order, names as often as they occur."""

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
CLOSE_S: Final = 1.0
"""How long closing connections may take. It waits for no peer."""
HTTPCORE_ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


class HttpFailed(Exception):
    """No whole answer came: not connected, cut off, too slow, or not HTTP as we take it.

    Says nothing about whether the request was acted on.
    """


class ResponseTooLarge(HttpFailed):
    """The body is longer than the client takes."""


@attrs.frozen(kw_only=True)
class HttpResponse:
    """A whole answer. Any status is one."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """In order, names in lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header called ``name`` (any case)."""
        return _header(self.headers, name)


class HttpStream:
    """An answer whose body is still coming, for pushed events."""

    def __init__(self, response: httpx.Response) -> None:
        """Wrap ``response``, whose head is here."""
        self.status = response.status_code
        self.headers = tuple((name.lower(), text) for name, text in response.headers.multi_items())
        """In order, names in lower case."""
        self._response = response
        self._chunks = response.aiter_raw()
        self._ended = False

    def header(self, name: str) -> str | None:
        """Return the first header called ``name`` (any case)."""
        return _header(self.headers, name)

    async def receive(self) -> bytes:
        """Return the next bytes as they come, nothing at the end.

        Raises:
            HttpFailed: The connection broke, or the framing is wrong.
        """
        whole = False
        chunk = b""
        try:
            with _told_as_failure("while its body came"):
                chunk = await anext(self._chunks, b"")
                whole = True
        finally:
            self._ended = not whole or not chunk
        return chunk

    async def leave(self) -> None:
        """Drop what has not come yet, and its connection with it.

        Pulled on a closed connection, the layers of generators below all end by
        themselves; abandoned, they would be left to the garbage collector.
        """
        with suppress(HttpFailed):
            if not self._ended:
                await self._response.extensions["network_stream"].aclose()
                while await self.receive():
                    pass


def client(
    env: Env,
    base_url: str,
    *,
    ca_file: str | None = None,
    timeout_s: float | None = 5.0,
    keepalive_expiry_s: float | None = None,
) -> httpx.AsyncClient:
    """Return an httpx client that reaches only ``base_url``'s origin, through ``env``.

    No redirects, no cookies, no proxies, no compression, no retries.

    Args:
        env: Whose ``dial`` to use.
        base_url: ``http`` or ``https``; a path in it is put before every request's.
        ca_file: Authority to trust instead of the system's.
        timeout_s: For each single step: connect, one read, one write; ``None`` for ever.
        keepalive_expiry_s: How long an idle connection is kept; ``None`` for as long
            as its peer keeps it, which needs no clock of httpcore's own.

    Raises:
        BadEndpoint: ``base_url`` is not one.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        transport=_Transport(env, base_url, Endpoint.parse(base_url, ca_file), keepalive_expiry_s),
        timeout=timeout_s,
        headers={"Accept-Encoding": "identity", "User-Agent": "touchline"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


class HttpClient(trio.abc.AsyncResource):
    """Requests to one origin, each answered whole, or failed, within its time.

    Any number of tasks may ask at once; beyond ``max_connections`` they wait for
    their turn, and the waiting counts. A stream keeps its turn until it is left.
    """

    def __init__(
        self,
        env: Env,
        base_url: str,
        *,
        ca_file: str | None = None,
        timeout_s: float = 5.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_connections: int = 8,
        keepalive_expiry_s: float | None = None,
    ) -> None:
        """Prepare; nothing is dialled before the first request.

        Args:
            env: Whose ``dial`` to use.
            base_url: ``http`` or ``https``; a path in it is put before every request's.
            ca_file: Authority to trust instead of the system's.
            timeout_s: For a whole request, from its turn in the queue to the last byte.
            max_body_bytes: Longer answers are refused.
            max_connections: How many requests may be under way at once.
            keepalive_expiry_s: See ``client``; what is raised, too.
        """
        self._new_client = partial(
            client,
            env,
            base_url,
            ca_file=ca_file,
            timeout_s=None,
            keepalive_expiry_s=keepalive_expiry_s,
        )
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._turns = trio.Semaphore(max_connections)
        self._closed = False
        self._pool = _Pool(self._new_client())

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Fields = (),
        headers: Fields = (),
        body: bytes = b"",
    ) -> HttpResponse:
        """Ask once and return the whole answer, whatever its status.

        Raises:
            ResponseTooLarge: The body is longer than this client takes.
            HttpFailed: No whole answer came in time. Nothing is tried again.
        """
        with self._in_time(method, path):
            async with self._exchange(method, path, query, headers, body) as stream:
                return HttpResponse(
                    status=stream.status, headers=stream.headers, body=await self._whole(stream)
                )

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        query: Fields = (),
        headers: Fields = (),
        body: bytes = b"",
    ) -> AsyncIterator[HttpStream]:
        """Ask once and hand over the answer while its body is still coming.

        The head must be here within ``timeout_s``. How long silence may last after
        that is the caller's to say. Leaving ends the connection.

        Raises:
            HttpFailed: No head came in time.
        """
        with self._in_time(method, path) as patience:
            async with self._exchange(method, path, query, headers, body) as stream:
                patience.deadline = math.inf
                yield stream

    @override
    async def aclose(self) -> None:
        """Close all connections; requests under way fail."""
        self._closed = True
        await self._pool.client.aclose()

    @contextmanager
    def _in_time(self, method: str, path: str) -> Iterator[trio.CancelScope]:
        try:
            with trio.fail_after(self._timeout_s) as patience:
                yield patience
        except trio.TooSlowError:
            what = f"{method} {path}: no whole answer within {self._timeout_s:g} s"
            raise HttpFailed(what) from None

    @asynccontextmanager
    async def _exchange(
        self, method: str, path: str, query: Fields, headers: Fields, body: bytes
    ) -> AsyncIterator[HttpStream]:
        """Ask, and lend out the answer. Only a client with which all went well is used again."""
        async with self._turns:
            if self._closed:
                raise trio.ClosedResourceError("this client was closed")
            pool = self._pool
            pool.users += 1
            sound = False
            try:
                with _told_as_failure(f"{method} {path}"):
                    request = pool.client.build_request(
                        method,
                        path,
                        params=list(query) or None,
                        headers=list(headers),
                        content=body or None,
                    )
                    response = await pool.client.send(request, stream=True)
                stream = HttpStream(response)
                try:
                    _refuse_compressed(stream)
                    yield stream
                finally:
                    with trio.move_on_after(CLOSE_S, shield=True):
                        await stream.leave()
                sound = True
            finally:
                pool.users -= 1
                with trio.move_on_after(CLOSE_S, shield=True):
                    await self._settle(pool, sound=sound)

    async def _settle(self, pool: "_Pool", *, sound: bool) -> None:
        """Put an unsound client aside, and close it once nobody uses it any more."""
        if not sound and pool is self._pool and not self._closed:
            self._pool = _Pool(self._new_client())
        if pool is not self._pool and pool.users == 0:
            await pool.client.aclose()

    async def _whole(self, stream: HttpStream) -> bytes:
        parts: list[bytes] = []
        size = 0
        while chunk := await stream.receive():
            size += len(chunk)
            if size > self._max_body_bytes:
                raise ResponseTooLarge(f"more than {self._max_body_bytes} bytes")
            parts.append(chunk)
        return b"".join(parts)


@attrs.define(eq=False)
class _Pool:
    """One httpx client, and how many requests are under way in it."""

    client: httpx.AsyncClient
    users: int = 0


class _Transport(httpx.AsyncBaseTransport):
    """Carries httpx's requests to one origin."""

    def __init__(
        self, env: Env, base_url: str, endpoint: Endpoint, keepalive: float | None
    ) -> None:
        self._origin = _origin(httpx.URL(base_url))
        self._endpoint = endpoint
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=None,
            keepalive_expiry=keepalive,
            network_backend=DialBackend(env, endpoint),
        )

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if _origin(request.url) != self._origin:
            raise httpx.UnsupportedProtocol(f"not at {self._endpoint.authority}: {request.url}")
        assert isinstance(request.stream, httpx.AsyncByteStream)
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=b"http",
                host=request.url.raw_host,
                port=self._endpoint.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _told_as_httpx():
            answer = await self._pool.handle_async_request(asked)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    @override
    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer
        self._chunks = answer.aiter_stream()

    @override
    def __aiter__(self) -> "_Body":
        return self

    async def __anext__(self) -> bytes:
        with _told_as_httpx():
            return await anext(self._chunks)

    @override
    async def aclose(self) -> None:
        await self._answer.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    wanted = name.lower()
    return next((text for found, text in headers if found == wanted), None)


def _refuse_compressed(stream: HttpStream) -> None:
    encoding = stream.header("content-encoding")
    if encoding not in {None, "", "identity"}:
        raise HttpFailed(f"answered in {encoding!r} although asked not to encode")


@contextmanager
def _told_as_failure(what: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
        raise HttpFailed(f"{what}: {type(error).__name__}: {error}") from error


@contextmanager
def _told_as_httpx() -> Iterator[None]:
    try:
        yield
    except HTTPCORE_ERRORS as error:
        # The two packages give their errors the same names.
        same: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise same(str(error)) from error
