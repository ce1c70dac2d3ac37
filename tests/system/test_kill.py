"""What is left of a trading process that is killed at work: everything."""

from pathlib import Path

from tests.system.kill_driver import drill, instants


async def test_a_killed_process_loses_nothing_and_trades_nothing_twice(tmp_path: Path) -> None:
    found = await drill(tmp_path, seed=3, kills=1)

    assert found.faults == []
    assert found.kills > 0
    assert found.entries > 0
    assert found.fills > 0


def test_a_drill_is_a_function_of_its_seed_and_begins_with_an_order() -> None:
    drawn = [instants(seed, 4) for seed in range(50)]

    assert drawn == [instants(seed, 4) for seed in range(50)]
    assert all(first.after == "entry" for first, *_ in drawn)
    assert {each.after for one in drawn for each in one} == {"entry", "exit", "start", "moment"}
