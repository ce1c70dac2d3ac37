"""Real processes: somebody sells what a trader holds; the next start says so, and how to go on."""

import sys
from pathlib import Path

import pytest

from actors.messages.records import FillRow, OrderOutcome, Reconciled
from actors.messages.records_owner import TakenOver
from actors.messages.records_venue import GroupRow
from tests.system.stage import (
    LASTING,
    SHOWER,
    bold,
    program,
    traded_twice,
    trader,
    until,
    verify,
    world,
)

PATIENT = "\n[exits]\nafter_match_s = 1000000.0   # nobody sells before somebody else does\n"


@pytest.mark.drill
async def test_what_flatten_sold_is_taken_over_and_its_shut_groups_wait_for_a_person(
    tmp_path: Path,
) -> None:
    profile, state = bold(tmp_path), tmp_path / "state"
    profile.write_text(profile.read_text() + PATIENT)
    tool = (sys.executable, "-m", "actors")
    async with world(tmp_path, "--matchday", SHOWER, *LASTING) as beside:
        line = ("--world", str(beside.file))
        where = ("--profile", profile, *line)
        async with trader(tmp_path / "1", *line, profile=profile, state=state) as running:
            await running.sees(
                OrderOutcome, lambda row: row.outcome == "accepted" and row.fill_count_centi > 0
            )
            await running.sees(FillRow)
            running.process.terminate()
            assert await running.ended() == 0, running.errors
        sold = await program(*tool, "flatten", *where, within_s=120.0)
        assert sold.code == 0, sold.out

        async with trader(tmp_path / "2", *line, profile=profile, state=state) as running:
            assert await running.ended() == 75
        first, *_, cure = running.errors.splitlines()
        assert first == "touchline: journal and venue disagree; nothing is traded"
        assert f"python -m actors takeover --profile {profile} --state {state}" in cure
        asked = ("takeover", *where, "--state", state)
        assert (await program(*tool, *asked)).code == 2, "nobody is here to confirm it"
        taken = await program(*tool, *asked, "--yes")
        assert taken.code == 0, taken.err
        assert taken.out.splitlines()[-1].startswith("taken over: ")

        async with trader(tmp_path / "3", *line, profile=profile, state=state) as running:
            await running.sees(Reconciled, lambda row: row.clean and row.phase == "start")
            await running.sees(GroupRow, lambda row: row.step == "shut")
            health = await program(*tool, "ctl", "health", "--state", state)
            token = health.out.partition("ctl resume ")[2].split()[0]
            assert "order group of shard 0: " in health.out
            assert "flatten or custody has shut it; cleared by a person" in health.out
            assert (await program(*tool, "ctl", "resume", token, "--state", state)).code == 0
            await running.sees(GroupRow, lambda row: row.step == "reset")
            running.process.terminate()
            assert await running.ended() == 0, running.errors
            await until(lambda: running.summary, "the summary")

    records = running.journal.of(object)
    assert running.summary["statement_difference_microdollars"] == 0
    assert len([row for row in records if isinstance(row, TakenOver)]) == 1
    assert not list(traded_twice(records))
    assert (await verify(state)).code == 0
