"""Signals at the real process: what each does, also with orders in flight and over a kill."""

import signal
from pathlib import Path

import pytest

from actors.messages.records import Intent, TradingState
from tests.system.stage import (
    LASTING,
    SHOWER,
    bold,
    make,
    traded_twice,
    trader,
    unanswered,
    until,
    world,
)

DRAIN_S = 20.0
PAGES_S = 8.0
"""What writing pages may take besides, on a busy machine."""


@pytest.mark.drill
async def test_a_drain_with_orders_in_flight_ends_in_time_with_every_outcome_known(
    tmp_path: Path,
) -> None:
    async with (
        world(tmp_path, "--matchday", SHOWER, *LASTING) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=bold(tmp_path)) as running,
    ):
        await running.sees(Intent)
        running.send(signal.SIGTERM)
        assert await running.ended(DRAIN_S + PAGES_S) == 0, running.errors
        resting = [order for order in await beside.orders() if order.status == "resting"]

    records = running.journal.of(object)
    assert running.errors == ""
    assert unanswered(records) == []
    assert not list(traded_twice(records))
    assert resting == []
    assert running.summary["statement_difference_microdollars"] == 0


@pytest.mark.drill
async def test_a_halt_by_signal_is_one_halt_outlives_a_kill_and_lets_budgets_be_raised(
    tmp_path: Path,
) -> None:
    make(tmp_path)
    profile, state = tmp_path / "mine.toml", tmp_path / "state"
    profile.write_text('extends = "sim"\n')
    async with world(tmp_path, "--hold") as beside:
        line = ("--world", str(beside.file))
        async with trader(tmp_path / "1", *line, profile=profile, state=state) as running:
            await running.ready()
            profile.write_text('extends = "sim"\n[limits]\nday_dollars = "6000"\n')
            running.send(signal.SIGHUP)
            refused = "RELOAD refused, nothing is changed: what lets more through waits"
            await until(lambda: refused in running.output, "a refusal")
            running.send(signal.SIGUSR2)
            await running.sees(TradingState, lambda row: row.reason == "operator: SIGUSR2")
            running.send(signal.SIGUSR2)
            running.send(signal.SIGHUP)
            done = "RELOAD limits.day_dollars 5000.00 -> 6000.00"
            await until(lambda: done in running.output, "the reload")
            await running.sees(TradingState, lambda row: row.reason.startswith("profile: "))
            running.send(signal.SIGKILL)
            await running.ended()
        halts = [row for row in running.journal.of(TradingState) if row.state == "HALTED"]
        assert [row.reason for row in halts].count("operator: SIGUSR2") == 1

        async with trader(tmp_path / "2", *line, profile=profile, state=state) as running:
            again = await running.sees(TradingState, lambda row: row.reason.startswith("operator"))
            await running.ready()
            assert (again.state, again.reason) == ("HALTED", "operator: SIGUSR2")
            running.send(signal.SIGTERM)
            assert await running.ended() == 0
    assert not [row for row in running.journal.of(TradingState) if row.state == "ACTIVE"][1:]
