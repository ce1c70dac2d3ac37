"""Sockets in the file system, for whoever may open them: one JSON line asked, one answered.

They belong to the process and not to the tree: no seeded run has one.
"""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import trio

MAX_PATH_BYTES: Final = 100
"""Longest path of a socket: below what the system takes, the same wherever it is refused."""
MAX_REQUEST_BYTES: Final = 4 << 10
MAX_ANSWER_BYTES: Final = 4 << 20
IDLE_S: Final = 30.0
"""How long a client may take over one request, or over reading one answer."""
BACKLOG: Final = 4
CLIENTS_MOST: Final = 8
"""Connections at a time; the others wait in the kernel's queue."""

Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Answers one request."""


class BadSocket(Exception):
    """A socket that cannot be made, reached or understood. The message is one line."""


async def serve_lines(
    path: str,
    answer: Answer,
    *,
    mode: int = 0o600,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer whoever connects to ``path`` until cancelled; the socket is removed at the end.

    Args:
        path: Absolute. A socket that an earlier process left there is replaced.
        answer: Given each request's JSON object.
        mode: Who may connect. In force before anybody can.
        task_status: Told once it listens.

    Raises:
        BadSocket: The path is too long, or the system refused.
    """
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise BadSocket(f"{path}: longer than {MAX_PATH_BYTES} bytes")
    room = trio.Semaphore(CLIENTS_MOST)
    listener = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
    with listener:
        try:
            _remove(path)
            await listener.bind(path)
            # Nobody can connect before it listens, and by then the mode is right.
            os.chmod(path, mode)  # noqa: PTH101 - a name as the system takes it
            listener.listen(BACKLOG)
        except OSError as error:
            raise BadSocket(f"{path}: {error.strerror}") from error
        try:
            async with trio.open_nursery() as nursery:
                task_status.started()
                while True:
                    await room.acquire()
                    client, _ = await listener.accept()
                    nursery.start_soon(_attend, trio.SocketStream(client), answer, room)
        finally:
            _remove(path)


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108 - a name as the system takes it
    except FileNotFoundError:
        return


async def _attend(stream: trio.SocketStream, answer: Answer, room: trio.Semaphore) -> None:
    try:
        async with stream:
            while True:
                with trio.fail_after(IDLE_S):
                    line = await _line(stream, MAX_REQUEST_BYTES)
                if line is None:
                    return
                said = await _answered(line, answer)
                with trio.fail_after(IDLE_S):
                    await stream.send_all(json.dumps(said).encode() + b"\n")
    except (BadSocket, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
        # A client that went away, stopped reading or talks nonsense is no concern of ours.
        return
    finally:
        room.release()


async def _answered(line: bytes, answer: Answer) -> Mapping[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        return {"ok": False, "error": "a request is one JSON object on one line"}
    return await answer(request)


async def _line(stream: trio.SocketStream, longest: int) -> bytes | None:
    """Read to the next end of a line; ``None`` if the other side has ended before one.

    Raises:
        BadSocket: There is none in ``longest`` bytes, or more than the one line came.
    """
    data = b""
    while not data.endswith(b"\n"):
        more = await stream.receive_some(65_536)
        if not more:
            return None
        data += more
        if len(data) > longest:
            raise BadSocket(f"a line of more than {longest} bytes")
    return data


async def ask(path: str, request: Mapping[str, Any], within_s: float = 10.0) -> dict[str, Any]:
    """Ask one thing of whoever listens at ``path``.

    Raises:
        BadSocket: Nobody does, or did not answer in time, or not in JSON.
    """
    line = None
    try:
        with trio.fail_after(within_s):
            async with await _connected(path) as stream:
                await stream.send_all(json.dumps(request).encode() + b"\n")
                line = await _line(stream, MAX_ANSWER_BYTES)
    except (OSError, trio.BrokenResourceError) as error:
        raise BadSocket(f"{path}: {error.__cause__ or error}") from error
    except trio.TooSlowError as error:
        raise BadSocket(f"{path}: no answer within {within_s:g} s") from error
    try:
        said = json.loads(line or b"")
    except ValueError as error:
        raise BadSocket(f"{path}: it hung up") from error
    assert isinstance(said, dict), "we answer with objects"
    return said


async def _connected(path: str) -> trio.SocketStream:
    client = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
    connected = False
    try:
        await client.connect(path)
        connected = True
    finally:
        if not connected:
            client.close()
    return trio.SocketStream(client)
