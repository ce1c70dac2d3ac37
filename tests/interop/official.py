"""An official client as a process of its own: what it prints, line by line, within bounds."""

import json
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import attrs
import pytest
import trio

from tests.interop.install import CLIENTS, JAVASCRIPT, PYTHON

LINE_S = 20.0
"""How long a client may take to say the next thing."""


@attrs.define(eq=False)
class Client:
    """One running client."""

    _process: trio.Process
    _held: bytes = b""

    async def hear(self) -> tuple[str, Any]:
        """Return the next thing that it says: what, and the words."""
        assert self._process.stdout is not None
        with trio.fail_after(LINE_S):
            while b"\n" not in self._held:
                data = await self._process.stdout.receive_some(65_536)
                assert data, "the client ended"
                self._held += data
        line, _, self._held = self._held.partition(b"\n")
        said = json.loads(line)
        return said["what"], said["said"]

    async def until(self, *wanted: str) -> Any:  # noqa: ANN401 - whatever JSON it says
        """Return what it says under one of ``wanted``, passing over the rest."""
        while True:
            what, said = await self.hear()
            if what in wanted:
                return said


@asynccontextmanager
async def running(command: Sequence[str]) -> AsyncIterator[Client]:
    """Run a client; it ends when its standard input does, or is made to."""
    process = await trio.lowlevel.open_process(command, stdin=PIPE, stdout=PIPE)
    try:
        yield Client(process)
        assert process.stdin is not None
        await process.stdin.aclose()
        with trio.move_on_after(5):
            await process.wait()
    finally:
        with trio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    await stream.aclose()


def javascript(url: str, mode: str) -> list[str]:
    """Return the command line of the JavaScript client; skips where it is not installed."""
    node = shutil.which("node")
    if node is None or not (JAVASCRIPT / "node_modules" / "@microsoft" / "signalr").is_dir():
        pytest.skip("NOT INSTALLED, SO NOT CHECKED AGAINST: npm's @microsoft/signalr: make interop")
    return [node, str(CLIENTS / "signalr.mjs"), str(JAVASCRIPT), url, mode]


def python(url: str) -> list[str]:
    """Return the command line of the Python client; skips where it is not installed."""
    interpreter = Path(PYTHON / "bin" / "python")
    found = sorted(PYTHON.glob("lib/python*/site-packages/lightstreamer"))
    if not interpreter.exists() or not found:
        why = "NOT INSTALLED, SO NOT CHECKED AGAINST: lightstreamer-client-lib: make interop"
        pytest.skip(f"{why} (Python {sys.version_info.major}.{sys.version_info.minor})")
    return [str(interpreter), str(CLIENTS / "lightstreamer_client.py"), url]
