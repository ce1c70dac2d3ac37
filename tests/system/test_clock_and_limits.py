"""Real processes against a venue whose clock is wrong, and one that turns us away in storms."""

from pathlib import Path

from actors.messages.records import OrderOutcome, PassedRow, Reconciled, TradingState, Triggered
from actors.messages.records_venue import ClockRow, DelayRow, LimitsRow, OddRow
from tests.system.stage import LASTING, QUICK, SHOWER, bold, entries, traded_twice, trader, world


def faults(folder: Path, text: str) -> str:
    """Write a plan of faults and return where it is."""
    path = folder / "faults.toml"
    path.write_text(text)
    return str(path)


async def test_a_clock_that_is_an_hour_off_is_one_line_and_exit_78(tmp_path: Path) -> None:
    plan = faults(tmp_path, "[clock]\nskew_ms = 3600000\n")
    async with (
        world(tmp_path, "--hold", "--faults", plan) as beside,
        trader(tmp_path, "--world", str(beside.file)) as running,
    ):
        assert await running.ended() == 78

    (line,) = running.errors.splitlines()
    assert line.startswith("touchline: the venue's clock is at least 3599.")
    assert "s ahead of ours" in line
    assert not entries(running.journal.look())


async def test_a_clock_that_is_off_by_seconds_stops_entries_and_says_so(tmp_path: Path) -> None:
    plan = faults(tmp_path, "[clock]\nskew_ms = 2500\n")
    async with (
        world(tmp_path, "--matchday", SHOWER, "--hold", "--faults", plan, *LASTING) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=bold(tmp_path)) as running,
    ):
        halted = await running.sees(TradingState, lambda row: row.reason.startswith("clock: "))
        await beside.ask("start")
        await running.sees(Triggered)
        passed = await running.sees(PassedRow, lambda row: row.reason == "clock")

    assert halted.state == "HALTED"
    assert passed.ticker
    running.journal.look()
    assert [row.verdict for row in running.journal.of(ClockRow)][-1] == "halt"
    assert not entries(running.journal.seen)
    assert "CLOCK  the venue's clock is at least " in running.output


async def test_storms_of_401_and_429_cost_races_and_nothing_else(tmp_path: Path) -> None:
    plan = faults(
        tmp_path,
        "".join(
            f'[[storms]]\nkind = "{kind}"\nat_s = {at_s}\nfor_s = 1.2\nevery_s = 9\n'
            for kind, at_s in (("rate_limited", 12), ("unauthorized", 15), ("expired", 18))
        ),
    )
    async with (
        world(tmp_path, "--matchday", SHOWER, "--faults", plan, *QUICK) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=bold(tmp_path)) as running,
    ):
        assert await running.ended(within_s=180.0) == 0

    rows = running.journal.look()
    assert not list(traded_twice(rows))
    (limits, *_) = running.journal.of(LimitsRow)
    assert limits.write_rate > 0
    assert running.journal.of(OddRow) == [], "nothing that our own venue says is new to us"
    last = running.journal.of(Reconciled)[-1]
    assert (last.phase, last.clean, last.statement_difference_micros) == ("end", True, 0)
    accepted = [row for row in running.journal.of(OrderOutcome) if row.outcome == "accepted"]
    assert accepted
    held = running.journal.of(DelayRow)
    assert {row.client_order_id for row in held} <= {row.client_order_id for row in accepted}
    assert held
