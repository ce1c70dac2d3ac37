"""Laws of the sockets in the file system: who may ask, and what nonsense costs."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.runtime.unix import MAX_REQUEST_BYTES, BadSocket, ask, serve_lines


async def echo(request: Mapping[str, Any]) -> Mapping[str, Any]:
    await trio.lowlevel.checkpoint()
    return {"ok": True, "heard": dict(request)}


async def test_each_line_asked_is_answered_and_only_the_owner_may_ask(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_lines, str(path), echo)

        assert path.stat().st_mode & 0o777 == 0o600
        assert await ask(str(path), {"do": "it"}) == {"ok": True, "heard": {"do": "it"}}
        nursery.cancel_scope.cancel()

    assert not path.exists()


async def test_a_socket_that_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(BadSocket, match="refused"):
        await ask(str(path), {})

    async with trio.open_nursery() as nursery:
        await nursery.start(serve_lines, str(path), echo)
        assert (await ask(str(path), {}))["ok"]
        nursery.cancel_scope.cancel()


async def test_a_path_that_is_too_long_is_refused_in_one_line(tmp_path: Path) -> None:
    path = f"{tmp_path}/{'x' * 100}"

    with pytest.raises(BadSocket, match="longer than 100 bytes"):
        await serve_lines(path, echo)
    with pytest.raises(BadSocket, match="No such file"):
        await ask(str(tmp_path / "nobody"), {})


@pytest.mark.parametrize("line", [b"hello\n", b"[]\n", b"[" * 2_000 + b"\n", b"\xff\n", b"1\n"])
async def test_nonsense_is_answered_and_costs_its_client_alone(tmp_path: Path, line: bytes) -> None:
    path = str(tmp_path / "s")
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_lines, path, echo)
        client = await trio.open_unix_socket(path)
        async with client:
            with trio.fail_after(60):
                await client.send_all(line)
                assert b'"ok": false' in await client.receive_some(1_000)
        assert (await ask(path, {}))["ok"]
        nursery.cancel_scope.cancel()


async def test_a_line_without_end_is_cut_off(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_lines, path, echo)
        client = await trio.open_unix_socket(path)
        async with client:
            heard = b""
            with trio.fail_after(60), suppress(trio.BrokenResourceError):
                await client.send_all(b"x" * (MAX_REQUEST_BYTES + 1))
                heard = await client.receive_some(1)
            assert heard == b""
        assert (await ask(path, {}))["ok"]
        nursery.cancel_scope.cancel()
