"""What httpcore takes for the network: connections dialled through an ``Env``, TLS ended inside."""

import math
from collections.abc import Iterable

import httpcore
import trio
from typing_extensions import override

from actors.runtime.env import Endpoint, Env, Wire


class DialBackend(httpcore.AsyncNetworkBackend):
    """Dials through the Env. Whatever host httpcore asks for, there is one endpoint."""

    def __init__(self, env: Env, endpoint: Endpoint) -> None:
        """Dial ``endpoint`` and nothing else."""
        self._env = env
        self._endpoint = endpoint

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            with trio.fail_after(math.inf if timeout is None else timeout):
                return DialStream(await self._env.dial(self._endpoint))
        except trio.TooSlowError as error:
            raise httpcore.ConnectTimeout(f"{self._endpoint.authority} did not answer") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    @override
    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


class DialStream(httpcore.AsyncNetworkStream):
    """One connection, with httpcore's own time limits and errors."""

    def __init__(self, wire: Wire) -> None:
        """Take over ``wire``."""
        self._wire = wire

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            with trio.fail_after(math.inf if timeout is None else timeout):
                return bytes(await self._wire.receive_some(max_bytes))
        except trio.TooSlowError as error:
            raise httpcore.ReadTimeout("the answer stopped coming") from error
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.ReadError(str(error)) from error

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            with trio.fail_after(math.inf if timeout is None else timeout):
                await self._wire.send_all(buffer)
        except trio.TooSlowError as error:
            raise httpcore.WriteTimeout("the request is not being read") from error
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.WriteError(str(error)) from error

    @override
    async def aclose(self) -> None:
        await self._wire.aclose()

    @override
    def get_extra_info(self, info: str) -> bool | None:
        # The one question httpcore asks: has an idle connection been closed by its peer?
        return self._wire.has_unread() if info == "is_readable" else None
