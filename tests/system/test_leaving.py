"""Ways in which a day is cut short: each one in order, with every order accounted for."""

import json
import os
import re
import signal
from pathlib import Path

import trio

from actors.messages.records import (
    Intent,
    OrderOutcome,
    PassedRow,
    TradingState,
    Triggered,
)
from tests.system.stage import (
    LASTING,
    SHOWER,
    Trader,
    bold,
    children,
    is_running,
    trader,
    unanswered,
    until,
    verify,
    world,
)

DRAIN_S = 20.0
SECRET = re.compile(r"PRIVATE KEY|KALSHI-ACCESS|signature", re.IGNORECASE)


async def test_signals_show_health_halt_entries_and_drain(tmp_path: Path) -> None:
    profile = bold(tmp_path)
    with profile.open("a") as file:
        # Sold six seconds after they were bought, so that a halt can come between.
        file.write("\n[exits]\nafter_match_s = 3600.0\n")
    arguments = ("--matchday", SHOWER, *LASTING)
    async with (
        world(tmp_path, *arguments) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=profile) as running,
    ):
        await running.ready()
        pem = await trio.Path(beside.handshake["key"]["pem_file"]).read_text()
        await _shows_health(running, pem)
        shown = running.mark()
        await running.sees(OrderOutcome, lambda row: row.fill_count_centi > 0, after=shown)
        await _halts_entries_only(running)
        asked_s = trio.current_time()
        running.send(signal.SIGTERM)
        assert await running.ended() == 0, running.errors
        assert trio.current_time() - asked_s < DRAIN_S + 30.0, "the pages included"

    assert running.errors == ""
    assert unanswered(running.journal.of(object)) == []
    assert running.summary["statement_difference_microdollars"] == 0
    assert (await verify(running.state)).code == 0


async def _shows_health(running: Trader, pem: str) -> None:
    """SIGUSR1 writes how everybody is; where it cannot, it costs nothing but a warning."""
    path = trio.Path(running.state / "health.json")
    await path.mkdir()
    running.send(signal.SIGUSR1)
    log = running.state / "touchline.log"
    await until(lambda: "health.not_written" in log.read_text(), "a warning")
    await path.rmdir()

    running.send(signal.SIGUSR1)
    await until((running.state / "health.json").exists, "health.json")
    text = await path.read_text()
    rows = {row["actor"]: row for row in json.loads(text)["actors"]}

    assert (await path.stat()).st_mode & 0o777 == 0o600
    assert rows["executor"]["state"] == rows["feed.ws"]["state"] == "up"
    assert not SECRET.search(text)
    secret = {line for line in pem.splitlines() if "KEY" not in line}
    assert not any(line in text for line in secret)


async def _halts_entries_only(running: Trader) -> None:
    """After SIGUSR2 the next goal sends nothing, and what was bought is sold all the same."""
    running.send(signal.SIGUSR2)
    await running.sees(TradingState, lambda row: row.reason == "operator: SIGUSR2")
    halted = running.mark()

    goal = await running.sees(Triggered, after=halted)
    passed = await running.sees(PassedRow, lambda row: row.state == goal.state, after=halted)
    # A goal that nobody wanted to trade is passed for that reason, halted or not.
    assert passed.reason in {"halted", "no_edge"}
    leaving = await running.sees(Intent, after=halted)
    assert leaving.purpose == "exit"
    await running.sees(
        OrderOutcome,
        lambda row: row.client_order_id == leaving.client_order_id and row.outcome == "accepted",
        after=halted,
    )
    assert {each.purpose for each in running.journal.seen[halted:] if isinstance(each, Intent)} == {
        "exit"
    }


async def test_ctrl_c_before_anything_is_at_stake_ends_it_at_once_and_quietly(
    tmp_path: Path,
) -> None:
    async with trader(tmp_path, "--matchday", SHOWER) as running:
        (beside,) = await until(lambda: children(running.process.pid), "a world that starts")
        running.send(signal.SIGINT)
        assert await running.ended() in {-signal.SIGINT, 0}
        await until(lambda: not is_running(beside), "the end of the world")

    assert running.errors == ""


async def test_the_end_of_the_world_halts_drains_and_says_so(tmp_path: Path) -> None:
    async with trader(
        tmp_path, "--matchday", SHOWER, "--speed", "3000", "--min-gap", "4", profile=bold(tmp_path)
    ) as running:
        await running.sees(OrderOutcome)
        (beside,) = children(running.process.pid)
        os.kill(beside, signal.SIGKILL)
        assert await running.ended() == 69

    assert running.errors == "touchline: world: ended unexpectedly (exit code -9)\n"
    halted = running.journal.of(TradingState)[-1]
    assert (halted.state, halted.reason) == ("HALTED", "world: the simulated world ended")
    assert running.summary["statement_difference_microdollars"] is None
    verified = await verify(running.state)
    assert (verified.code, verified.err) == (0, "")
