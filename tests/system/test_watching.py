"""A process that hangs is found out, and one that runs can be looked at and told what to do."""

import io
import json
import signal
import socket
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import trio

from actors.cli.tools import main
from actors.messages.records import ActorRow, TradingState
from tests.system.stage import Said, Trader, program, trader, until, world
from tests.system.test_endings import HELD, short, stricken, strike

WATCHDOG_S = 1.0


async def ctl(running: Trader, *line: str) -> Said:
    """Ask it as the tool does, without a process for each word."""
    out, err = io.StringIO(), io.StringIO()

    def ask() -> int:
        with redirect_stdout(out), redirect_stderr(err):
            return main(["ctl", *line, "--state", str(running.state)])

    code = await trio.to_thread.run_sync(ask)
    return Said(code=code, out=out.getvalue(), err=err.getvalue())


async def test_a_loop_that_hangs_shows_where_in_the_log_and_goes_on(tmp_path: Path) -> None:
    profile = short(tmp_path)
    async with (
        world(tmp_path, *HELD) as beside,
        trader(
            tmp_path,
            "--world",
            str(beside.file),
            profile=profile,
            program=stricken("hanging"),
        ) as running,
    ):
        log = running.state / "touchline.log"
        await strike(running)
        await until(lambda: "in hang_for" in log.read_text(), "the stack of the hung loop")
        assert "touchline: the loop has not turned for" in log.read_text()

        running.send(signal.SIGQUIT)
        await until(lambda: "most recent call first" in running.errors, "every thread's stack")
        running.send(signal.SIGTERM)
        assert await running.ended() == 0


async def test_the_watchdog_is_fed_until_an_actor_hangs_and_systemd_is_told_which(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notify"
    environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(0)

        def hears(what: bytes) -> bool:
            try:
                while True:
                    heard.append(systemd.recv(1_000))
            except BlockingIOError:
                return any(what in said for said in heard)

        async with (
            world(tmp_path, *HELD) as beside,
            trader(
                tmp_path,
                "--world",
                str(beside.file),
                program=stricken("deaf"),
                environ=environ,
            ) as running,
        ):
            await until(lambda: hears(b"READY=1"), "ready")
            heard.clear()
            await until(lambda: hears(b"WATCHDOG=1"), "the watchdog is fed")
            await strike(running)
            await until(lambda: hears(b"STATUS=no progress: deaf"), "its name")
            heard.clear()

            said = json.loads((await ctl(running, "health", "--json")).out)
            assert said["health"]["late"] == ["deaf"], "the loop turns, and can say so"
            hears(b"")
            assert heard == [], "and systemd is no longer told that all is well"
            running.send(signal.SIGTERM)
            assert await running.ended() == 0
            assert hears(b"STOPPING=1")


async def test_a_running_process_shows_its_health_and_its_tree(tmp_path: Path) -> None:
    # A short name: a socket's path has little room.
    runtime = Path(tempfile.mkdtemp(prefix="tl"))
    environ = {"RUNTIME_DIRECTORY": str(runtime)}
    async with (
        world(tmp_path, *HELD) as beside,
        trader(tmp_path, "--world", str(beside.file), environ=environ) as running,
    ):
        await running.ready()
        pem = await trio.Path(beside.handshake["key"]["pem_file"]).read_text()
        line = ("-m", "actors", "ctl", "health", "--json", "--state", str(running.state))
        told = await program(sys.executable, *line)
        health = json.loads(told.out)["health"]
        shown = (await ctl(running, "health")).out
        tree = (await ctl(running, "tree")).out.splitlines()
        running.send(signal.SIGUSR1)
        await until((runtime / "health.json").exists, "health.json")
        dumped = json.loads((runtime / "health.json").read_text())
        running.send(signal.SIGTERM)
        assert await running.ended() == 0

    assert not (runtime / "control.sock").exists(), "taken away at the end"
    await trio.Path(runtime / "health.json").unlink()
    await trio.Path(runtime).rmdir()
    rows = {row["actor"]: row for row in health["actors"]}
    assert {row["state"] for row in rows.values()} == {"up"}
    assert any(frame.endswith(" _judge_until_due") for frame in rows["arbiter"]["stack"])
    assert rows["arbiter"]["mailboxes"]["arbiter"]["capacity"] == 1_024
    trading = health["trading"]
    assert (trading["state"], trading["reasons"], trading["series_closed"]) == ("ACTIVE", [], [])
    assert trading["halts"] == []
    assert [(group["shard"], group["state"]) for group in trading["groups"]] == [(0, "open")]
    assert health["journal"]["last_seq"] > 0
    assert health["journal"]["healthy"] is True
    assert health["connections"]["entries"] == 3
    assert health["late"] == []
    assert health.keys() == dumped.keys()
    secret = {line for line in pem.splitlines() if "KEY" not in line}
    for text in (told.out, shown, json.dumps(dumped)):
        assert "KALSHI-ACCESS" not in text
        assert not any(line in text for line in secret)
    assert "ACTIVE" in shown
    assert tree[0].startswith("root  one-for-one")
    assert any("core" in line and "rest-for-one" in line for line in tree)
    assert any("│  ├─ executor" in line and "up" in line for line in tree)
    assert any("└─ feed.poll" in line for line in tree)


async def test_an_operator_s_halt_outlives_the_process_and_is_resumed_by_its_token(
    tmp_path: Path,
) -> None:
    # Where XDG names no place, a temporary one is made; the way there is in the state folder.
    environ = {"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": ""}
    state = tmp_path / "state"
    async with world(tmp_path, *HELD) as beside:
        first = trader(tmp_path / "one", "--world", str(beside.file), state=state, environ=environ)
        async with first as running:
            await running.ready()
            assert (await ctl(running, "resume", "0000")).lines == [
                "touchline: ctl resume: nothing stands that a person has to take back"
            ]
            halted = (await ctl(running, "halt")).out
            assert halted.startswith("HALTED (operator: ctl); to resume: ctl resume ")
            assert (await ctl(running, "halt")).out == halted, "said twice it is one halt"
            assert (await ctl(running, "drain")).out == "draining\n"
            assert await running.ended() == 0
            assert not await trio.Path(state / "control.sock").is_symlink()
            gone = await ctl(running, "health")
            assert (gone.code, gone.lines) == (2, [f"touchline: {state}: nobody runs there"])

        second = trader(tmp_path / "two", "--world", str(beside.file), state=state, environ=environ)
        async with second as running:
            await running.ready()
            said = json.loads((await ctl(running, "health", "--json")).out)["health"]["trading"]
            assert said["reasons"] == ["operator: ctl"]
            wrong = await ctl(running, "resume", "0")
            assert wrong.lines == ["touchline: ctl resume: not this halt's token; health shows it"]
            assert (await ctl(running, "resume", said["resume_token"])).out == "ACTIVE\n"
            await running.sees(TradingState, lambda row: row.reason == "cleared: operator")
            running.send(signal.SIGTERM)
            assert await running.ended() == 0

    failed = [row for row in running.journal.of(ActorRow) if row.event == "failed"]
    assert failed == []
