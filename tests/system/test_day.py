"""A whole small day of real processes, the way a newcomer runs one: no world of one's own."""

import json
import re
from pathlib import Path

import trio

from actors.messages.records import Triggered
from tests.system.stage import SHOP, Trader, children, is_running, make, trader, until, verify

QUICK = ("--speed", "3000", "--min-gap", "0.7")
FIGURES = {
    "events",
    "triggers",
    "orders",
    "fills",
    "cancelled",
    "exits",
    "pnl_microdollars",
    "statement_difference_microdollars",
    "restarts",
    "feeds",
    "latency_us",
    "latency_ms_to_accepted",
}


async def test_a_day_is_traded_explained_and_proved(tmp_path: Path) -> None:
    async with trader(
        tmp_path, "--matchday", SHOP, *QUICK, profile=_unhurried(tmp_path)
    ) as running:
        # From its first moment: a day as quick as this one may be over before another has started.
        await until(lambda: _locked_by(running.state) == running.process.pid, "the lock")
        await _is_alone(running)
        await running.ready()
        (world,) = children(running.process.pid)
        assert await running.ended() == 0, running.errors

    assert running.errors == ""
    assert not is_running(world), "the world outlived its parent"
    # Not even while the pages were written, which can take longer than a loop may stall.
    assert "has not turned" not in (running.state / "touchline.log").read_text("utf-8")
    _judge_figures(running)
    _judge_lines(running)
    verified = await verify(running.state)
    assert verified.out.endswith("\nsound\n")
    assert (verified.code, verified.err) == (0, "")
    await _judge_pages(running)


def _unhurried(folder: Path) -> Path:
    """Write a profile whose loop may be held up by a busy machine, but not by pages."""
    make(folder)
    profile = folder / "unhurried.toml"
    profile.write_text('extends = "sim"\n[run]\nloop_stall_s = 20.0\n')
    return profile


def _locked_by(state: Path) -> int:
    lock = state / "lock"
    return int((lock.exists() and lock.read_text()) or 0)


async def _is_alone(running: Trader) -> None:
    """Nobody else gets into its state folder, and it takes no notice of who tries."""
    async with trader(running.folder / "other", state=running.state) as other:
        assert await other.ended() == 2

    assert other.errors == f"touchline: {running.state}: in use by process {running.process.pid}\n"
    assert running.process.returncode is None


def _judge_figures(running: Trader) -> None:
    day = running.summary
    triggered = running.journal.of(Triggered)

    assert day.keys() >= FIGURES
    assert day["statement_difference_microdollars"] == 0
    assert day["events"] == 3
    assert day["triggers"] == len(triggered) > 0
    assert day["fills"] + day["cancelled"] + day["rejected"] == day["orders"]
    assert (day["unknown"], day["restarts"]) == (0, 0)
    assert type(day["pnl_microdollars"]) is int
    assert day["feeds"].keys() == {"ws", "signalr", "lightstreamer", "sse", "poll"}
    for feed, figures in day["feeds"].items():
        assert figures["wins"] == sum(row.feed == feed for row in triggered)
    for name in ("latency_us", "latency_ms_to_accepted"):
        assert day[name].keys() >= {"p50", "p99"}
        assert (day[name]["p50"] is None) == (day["orders"] == 0)


def _judge_lines(running: Trader) -> None:
    """One line for each goal as it falls, and the table of the day."""
    goals = [line for line in running.output.splitlines() if " first by " in line]

    assert len(goals) == 3
    assert all(
        re.match(r"\d\d:\d\d:\d\d ENG \d-\d ARG  (ws|signalr|lightstreamer|sse|poll) ", line)
        for line in goals
    )
    assert "difference to the venue's statement: 0.000000" in running.output
    assert f"pages: {running.state / 'pages' / 'index.html'}" in running.output


async def _judge_pages(running: Trader) -> None:
    pages = trio.Path(running.state / "pages")
    index = await (pages / "index.html").read_text("utf-8")
    stems = {path.stem for path in await pages.iterdir()} - {"index"}

    assert len(stems) == 3
    for stem in stems:
        assert f"{stem}.html" in index
        assert (await (pages / f"{stem}.html").read_text("utf-8")).startswith("<!doctype html>")
        json.loads(await (pages / f"{stem}.json").read_text("utf-8"))
