"""A real run that crashes, dumps and fails in every way never shows its key or a signature."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from actors.messages.records import ActorRow, OrderOutcome
from tests.system.stage import LASTING, SHOWER, Trader, bold, program, trader, until, world
from tests.system.test_endings import stricken, strike


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file that the run has left, but for the world's own, which hold the key."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_relative_to(folder / "world"):
            yield path, path.read_bytes()


async def provoked(running: Trader) -> str:
    """Have it say all that it knows; return a signature that it made meanwhile."""
    await running.sees(OrderOutcome)
    await strike(running)
    await running.sees(ActorRow, lambda row: row.actor == "indiscreet" and row.event == "failed")
    signature = await trio.Path(running.state / "canary").read_text()
    await trio.Path(running.state / "canary").unlink()
    running.send(signal.SIGHUP)
    await until(lambda: "RELOAD" in running.output, "what came of the reload")
    running.send(signal.SIGUSR1)
    await until((running.state / "health.json").exists, "health.json")
    running.send(signal.SIGQUIT)
    await until(lambda: "most recent call first" in running.errors, "every thread's stack")
    return signature


@pytest.mark.drill
async def test_a_key_and_its_signatures_are_nowhere_in_what_a_run_leaves(tmp_path: Path) -> None:
    async with (
        world(tmp_path, "--matchday", SHOWER, *LASTING) as beside,
        trader(
            tmp_path,
            "--world",
            str(beside.file),
            profile=bold(tmp_path),
            program=stricken("indiscreet"),
        ) as running,
    ):
        pem = await trio.Path(beside.handshake["key"]["pem_file"]).read_text()
        signature = await provoked(running)
        limits = await trio.Path(f"/proc/{running.process.pid}/limits").read_text()
        running.send(signal.SIGABRT)
        assert await running.ended() == -signal.SIGABRT

    (cores,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert cores.split()[4:6] == ["0", "0"]
    pages = running.state / "pages"
    said = await program(
        sys.executable, *("-m", "actors", "report"), "--journal", running.state / "journal",
        "--out", pages,
    )  # fmt: skip
    assert said.code == 0
    canaries = [line for line in pem.splitlines() if "-----" not in line]
    assert canaries
    assert len(signature) > 80
    canaries += [signature, "swordfish-of-a-feed"]
    seen = dict(written(tmp_path))
    assert {path.name for path in seen} >= {"touchline.log", "health.json", "stderr", "index.html"}
    for path, data in seen.items():
        for canary in canaries:
            assert canary.encode() not in data, path
        assert b"PRIVATE KEY" not in data, path
    assert b"indiscreet" in seen[running.state / "touchline.log"], "and yet it did say something"
    assert b"[redacted]" in seen[running.state / "touchline.log"]
    assert "[redacted]" in next(
        row.reason for row in running.journal.of(ActorRow) if row.actor == "indiscreet"
        and row.event == "failed"
    )  # fmt: skip
