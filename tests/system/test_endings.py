"""Each way in which the process ends itself: its exit code, its lines, and what is on record."""

from pathlib import Path

import trio

from actors.messages.codec import JournalCodec
from actors.messages.records import ActorRow, Reconciled, Segment, TradingState
from actors.runtime.env import RealEnv
from actors.runtime.journal import Journal
from tests.system.stage import Trader, make, trader, verify, world

HELD = ("--hold",)


def stricken(how: str) -> tuple[str, ...]:
    return ("tests/system/stricken.py", how)


async def strike(running: Trader) -> None:
    """Have the child do what it is there for."""
    await running.sees(ActorRow, lambda row: row.event == "started" and row.actor == "feeds")
    await trio.Path(running.state / "strike").touch()


def short(folder: Path) -> Path:
    """Write a profile whose end may take a moment only."""
    make(folder)
    profile = folder / "short.toml"
    profile.write_text('extends = "sim"\n[run]\ndrain_s = 1.0\nloop_stall_s = 0.3\n')
    return profile


async def test_an_actor_beyond_restarting_halts_stops_in_order_and_exits_70(tmp_path: Path) -> None:
    async with (
        world(tmp_path, *HELD) as beside,
        trader(tmp_path, "--world", str(beside.file), program=stricken("martyr")) as running,
    ):
        await strike(running)
        assert await running.ended() == 70

    why = "martyr: more than 2 restarts in 60 s: ValueError: no good"
    assert running.errors == f"touchline: Escalated: {why}\n"
    assert f"ALARM  martyr is given up: {why}" in running.output
    rows = running.journal.of(object)
    halted = next(row for row in rows if isinstance(row, TradingState) and "escal" in row.reason)
    assert (halted.state, halted.reason) == ("HALTED", f"escalated: martyr: {why}")
    after = rows[rows.index(halted) :]
    stopped = [row.actor for row in after if isinstance(row, ActorRow) and row.event == "stopped"]
    assert stopped.index("feeds") < stopped.index("core") < stopped.index("market_data")
    assert stopped.index("market_data") < stopped.index("reconciler")
    assert (await verify(running.state)).code == 0


async def test_the_halt_is_on_record_even_where_the_auditor_is_what_failed(tmp_path: Path) -> None:
    async with (
        world(tmp_path, *HELD) as beside,
        trader(tmp_path, "--world", str(beside.file), program=stricken("poison")) as running,
    ):
        await strike(running)
        assert await running.ended() == 70

    assert "UnknownWord: object is nothing that the journal keeps" in running.errors
    halted = running.journal.of(TradingState)[-1]
    assert halted.state == "HALTED"
    assert halted.reason.startswith("escalated: auditor: more than 5 restarts in 60 s: ")
    assert halted.reason.endswith(" words of others are not written)")
    assert (await verify(running.state)).code == 0


async def test_a_child_that_ignores_its_end_is_named_and_the_rest_is_stopped(
    tmp_path: Path,
) -> None:
    async with (
        world(tmp_path, *HELD) as beside,
        trader(tmp_path, "--world", str(beside.file), program=stricken("stubborn")) as running,
    ):
        await running.ready()
        await running.sees(ActorRow, lambda row: row.event == "started" and row.actor == "stubborn")
        running.process.terminate()
        assert await running.ended() == 70

    assert running.errors == "touchline: not stopping: stubborn\n"
    rows = running.journal.of(ActorRow)
    assert [row.actor for row in rows if row.event == "stuck"] == ["stubborn"]
    stopped = {row.actor for row in rows if row.event == "stopped"}
    assert {"feeds", "core", "exits", "market_data", "signer", "reconciler"} <= stopped
    said = await verify(running.state)
    assert (said.code, said.err) == (0, ""), "the journal is closed before"


async def test_a_loop_that_hangs_on_the_way_out_is_ended_at_the_hard_deadline(
    tmp_path: Path,
) -> None:
    profile = short(tmp_path)
    async with (
        world(tmp_path, *HELD) as beside,
        trader(
            tmp_path,
            "--world",
            str(beside.file),
            profile=profile,
            program=stricken("blocking"),
        ) as running,
    ):
        await running.ready()
        await running.sees(ActorRow, lambda row: row.event == "started" and row.actor == "blocking")
        running.process.terminate()
        assert await running.ended() == 70

    assert running.errors == "touchline: not stopped after 9 s: ended\n"
    log = (running.state / "touchline.log").read_text()
    assert "touchline: the loop has not turned for" in log
    assert "in hang_for" in log
    assert (await verify(running.state)).code == 0


def begun_with_other_money(state: Path) -> None:
    """Leave a journal that says of the account what the venue will not."""
    env, folder = RealEnv(), state / "journal"
    make(folder)

    def first(previous: str) -> Segment:
        return Segment(
            run="a",
            account="trader",
            environment="sim",
            mono_ns=env.now_ns(),
            wall_ns=env.wall_ns(),
            commit="",
            config_sha256="",
            lock_sha256="",
            previous_anchor=previous,
        )

    anchors = str(state / "anchors.log")
    journal = Journal.open(env, str(folder), JournalCodec(), first, anchor_file=anchors)
    journal.append(
        Reconciled(
            phase="start",
            clean=True,
            unresolved=0,
            statement_difference_micros=0,
            lines=[],
            balance_micros=1_000_000,
            opening=[[0, 1_000_000]],
            history_ms=0,
        )
    )
    journal.close()


async def test_books_that_do_not_agree_with_the_venue_s_are_75(tmp_path: Path) -> None:
    begun_with_other_money(tmp_path / "state")
    async with (
        world(tmp_path, *HELD) as beside,
        trader(tmp_path, "--world", str(beside.file)) as running,
    ):
        assert await running.ended() == 75

    lines = running.errors.splitlines()
    assert lines[0] == "touchline: journal and venue disagree; nothing is traded"
    assert len(lines) > 1
    assert "Traceback" not in running.errors
