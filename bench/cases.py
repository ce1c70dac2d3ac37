"""How each case is started and ended: the real system with its venue, or one peer program."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from actors.config.load import load
from actors.exchange.signing import ORDERS_PATH
from actors.exchange.wire_orders import encode_order
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest, Ticker
from bench.harness import HOST, Harness
from bench.matches import matches

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
PROFILE: Final = HERE / "bench.toml"
STATE: Final = HERE / "build" / "state"
LIFE_S: Final = 600
"""No program of the bench outlives it, whatever becomes of the bench."""
VENUE_UP_S: Final = 20.0
UP_S: Final = 40.0
PEER_LEAVE_S: Final = 5.0
DRAIN_S: Final = 60.0
"""A page of every goal is written on the way out."""
USER_TICKS: Final = 11
"""Place of the time spent in user mode behind a process's name; the system's follows."""
ORDER_LINES: Final = 4
"""Order connections of the shipped profile: three for entries, one for exits."""


class DidNotRun(Exception):
    """A case that did not come up or did not last, and why."""


@contextmanager
def peer(command: Sequence[str], harness: Harness, folder: Path) -> Iterator[int]:
    """Run one peer against ``harness`` while inside; gives its process id.

    Raises:
        DidNotRun: It did not connect.
    """
    environment = {
        **os.environ,
        "FEED_PORT": str(harness.port("alpha")),
        "VENUE_PORT": str(harness.port("orders")),
        "CA": str(folder / "ca.pem"),
        "NODE_PATH": str(HERE / "build" / "node" / "node_modules"),
        "ORDER_HEAD": _head(harness.port("orders")),
        "ORDER_BODY": _body(),
    }
    log = folder / "peer.log"
    with log.open("wb") as output:
        program = subprocess.Popen(
            _bounded(command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(harness, program, lambda: harness.connected["alpha"] > 0, log)
            yield program.pid
        finally:
            _end(program, harness, PEER_LEAVE_S)


@contextmanager
def touchline(
    harness: Harness, folder: Path, state: Path, match_count: int, told: Callable[[str], None]
) -> Iterator[int]:
    """Run ``supervisor.py`` with the bench profile, and its venue, while inside.

    Gives its process id. Its state folder stays, without the pages that it writes of
    every goal when it leaves.

    Args:
        harness: Its feeds and its order entry.
        folder: Certificate and keys.
        state: Where it keeps its journal; made anew.
        match_count: How many matches the venue lists.
        told: Takes a line about how it ended, if it did not end well.

    Raises:
        DidNotRun: The venue or the system did not come up.
    """
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    with _venue(folder, state, match_count) as said:
        handshake = {**said, **_addresses(harness)}
        world = state / "handshake.json"
        world.write_text(json.dumps(handshake) + "\n", "utf-8")
        log = state / "supervisor.log"
        options = ["--profile", str(PROFILE), "--world", str(world), "--state", str(state)]
        with log.open("wb") as output:
            program = subprocess.Popen(
                _bounded([sys.executable, str(ROOT / "supervisor.py"), *options]),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            was_up = False
            try:
                _await(harness, program, lambda: _is_up(harness), log)
                was_up = True
                yield program.pid
            finally:
                code = _end(program, harness, DRAIN_S)
                shutil.rmtree(state / "pages", ignore_errors=True)
                if code and was_up:
                    told(f"touchline left with exit code {code}: {_last_line(log)}")


def cpu_ns(pid: int) -> int:
    """Return the processor time of a process and its children so far, to ten milliseconds."""
    ticks = 0
    for each in _family(pid):
        with suppress(OSError):
            # What stands in brackets is a name, and may hold anything.
            said = Path(f"/proc/{each}/stat").read_text("utf-8", "replace").rpartition(")")[2]
            user, system = said.split()[USER_TICKS : USER_TICKS + 2]
            ticks += int(user) + int(system)
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split():
            yield from _family(int(child))


def overrides() -> list[str]:
    """Return every key that the bench profile sets otherwise than the profile it extends."""
    words: dict[str, Any] = {
        "rest": "https://venue",
        "ws": "wss://venue",
        "ca_file": "ca.pem",
        "key": {"id": "id", "pem_file": "key.pem"},
        "feeds": {"alpha": {"url": "ws://alpha"}, "bravo": {"url": "ws://bravo"}},
        "orders": "https://harness",
    }
    ours, shipped = (
        dict(_flat(attrs.asdict(load(name, words).profile))) for name in (str(PROFILE), "sim")
    )
    keys = sorted({*ours, *shipped} - {"name"})
    return [
        f"{key}: {shipped.get(key)!r} -> {ours.get(key)!r}"
        for key in keys
        if ours.get(key) != shipped.get(key)
    ]


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{number}]")
    else:
        yield path, value


@contextmanager
def _venue(folder: Path, state: Path, match_count: int) -> Iterator[dict[str, Any]]:
    options = ["--folder", str(folder), "--matches", str(match_count)]
    with (state / "venue.log").open("wb") as output:
        program = subprocess.Popen(
            _bounded([sys.executable, str(HERE / "venue_process.py"), *options]),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            ready, _, _ = select.select([program.stdout], [], [], VENUE_UP_S)
            line = program.stdout.readline() if ready else b""
            if not line:
                raise DidNotRun(f"the venue did not come up: {_last_line(state / 'venue.log')}")
            said: dict[str, Any] = json.loads(line)
            yield said
        finally:
            program.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                program.wait(PEER_LEAVE_S)
            program.stdout.close()
            _end(program, None, PEER_LEAVE_S)


def _addresses(harness: Harness) -> Mapping[str, Any]:
    return {
        "orders": f"https://{HOST}:{harness.port('orders')}/trade-api/v2",
        "feeds": {
            name: {"url": f"ws://{HOST}:{harness.port(name)}/ws"} for name in ("alpha", "bravo")
        },
    }


def _is_up(harness: Harness) -> bool:
    there = harness.connected
    return there["orders"] >= ORDER_LINES and min(there["alpha"], there["bravo"]) > 0


def _await(
    harness: Harness, program: "subprocess.Popen[bytes]", up: Callable[[], bool], log: Path
) -> None:
    harness.attend(UP_S, lambda: up() or program.poll() is not None)
    if not up():
        left = program.poll()
        how = "did not connect" if left is None else f"ended with exit code {left}"
        raise DidNotRun(f"it {how}: {_last_line(log)}")


def _end(program: "subprocess.Popen[bytes]", harness: Harness | None, patience_s: float) -> int:
    """Ask a program to leave, serving it on its way; kill it if it stays; return its exit code."""
    for ask in (program.terminate, program.kill):
        if program.poll() is not None:
            break
        ask()
        until_s = time.monotonic() + patience_s
        while program.poll() is None and time.monotonic() < until_s:
            if harness is None:
                select.select([], [], [], 0.05)
            else:
                harness.attend(0.1)
    return program.wait()


def _bounded(command: Sequence[str]) -> list[str]:
    limit = shutil.which("timeout")
    return [*([limit, f"--kill-after={DRAIN_S + 15:g}", str(LIFE_S)] if limit else []), *command]


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _head(port: int) -> str:
    """Return the request's head as the system under test writes it, with a signature's length."""
    return (
        f"POST {ORDERS_PATH} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUser-Agent: peer\r\n"
        "Accept-Encoding: identity\r\nContent-Type: application/json\r\n"
        "KALSHI-ACCESS-KEY: 11111111-2222-4333-8444-555555555555\r\n"
        "KALSHI-ACCESS-TIMESTAMP: 1700000000000\r\n"
        f"KALSHI-ACCESS-SIGNATURE: {'s' * 344}\r\n"
    )


def _body() -> str:
    return encode_order(
        OrderRequest(
            client_order_id="a" * 26,
            ticker=Ticker(matches(1)[0].legs[0][0]),
            side="bid",
            price_pips=Pips(5_900),
            count_centi=CentiContracts(40_000),
        )
    )
