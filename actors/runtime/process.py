"""Child processes: started in a session of their own, told to leave by closing their input.

They belong to the process, not to the tree of actors: Ctrl-C reaches the parent
alone, which then ends them in its own order (design section 3).
"""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import trio

LINE_MAX_BYTES: Final = 64 * 1024
LONGEST_LEAVE_S: Final = 20.0
"""To leave, be told to, and be killed: nothing outlives the last of these for long."""


class ChildFailed(Exception):
    """A child process that did not start, or did not say what it had to."""


@attrs.define(eq=False)
class ChildProcess:
    """One running child."""

    name: str
    _process: trio.Process

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        return await self._process.wait()

    async def first_line(self, within_s: float) -> dict[str, Any]:
        """Return the one JSON line that it prints when it is up.

        Raises:
            ChildFailed: It ended first, was silent for too long, or printed
                something else.
        """
        line = b""
        stdout = self._process.stdout
        assert stdout is not None
        with trio.move_on_after(within_s) as scope:
            while b"\n" not in line and len(line) < LINE_MAX_BYTES:
                data = await stdout.receive_some(LINE_MAX_BYTES)
                if not data:
                    break
                line += data
        if scope.cancelled_caught:
            raise ChildFailed(f"{self.name}: said nothing for {within_s:g} s")
        if b"\n" not in line:
            code = await self._process.wait() if len(line) < LINE_MAX_BYTES else None
            raise ChildFailed(f"{self.name}: ended before it was up (exit code {code})")
        return read_handshake(line.partition(b"\n")[0], self.name)

    async def leave(self, within_s: float = 5.0) -> None:
        """Close its input and wait for it; terminate it, then kill it, if it stays."""
        with trio.CancelScope(shield=True):
            if self._process.stdin is not None:
                await self._process.stdin.aclose()
            for insist in (self._process.terminate, self._process.kill):
                with trio.move_on_after(within_s):
                    await self._process.wait()
                    return
                insist()
            await self._process.wait()


def read_handshake(line: bytes, name: str) -> dict[str, Any]:
    """Read a handshake: one JSON object with ``"v": 1``.

    Raises:
        ChildFailed: It is something else.
    """
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ChildFailed(f"{name}: not a handshake: {line[:80]!r}") from error
    if not isinstance(said, dict) or said.get("v") != 1:
        raise ChildFailed(f"{name}: not a handshake of version 1: {line[:80]!r}")
    return said


@asynccontextmanager
async def child_process(
    name: str, arguments: Sequence[str], *, root: Path, log: Path
) -> AsyncIterator[ChildProcess]:
    """Run ``python -m …`` from the checkout while inside, and see it off on leaving.

    Args:
        name: For messages.
        arguments: Module and its arguments.
        root: The checkout, where ``-m`` finds the package.
        log: File that takes its standard error.
    """
    with log.open("ab") as stderr:
        process = await trio.lowlevel.open_process(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=root,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    child = ChildProcess(name, process)
    try:
        yield child
    finally:
        with trio.move_on_after(LONGEST_LEAVE_S, shield=True):
            await child.leave()
            if process.stdout is not None:
                await process.stdout.aclose()
