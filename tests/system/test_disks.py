"""A disk that refuses the journal, in each of three ways, while orders are being sent."""

from pathlib import Path

import pytest

from actors.messages.records import Intent, OrderOutcome
from tests.system.stage import LASTING, SHOWER, bold, trader, verify, world
from tests.system.test_endings import stricken, strike


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("full", "File too large"),
        pytest.param("eio", "Input/output error", marks=pytest.mark.drill),
        pytest.param("readonly", "Bad file descriptor", marks=pytest.mark.drill),
    ],
)
async def test_a_disk_that_refuses_the_journal_halts_ends_by_74_and_no_order_leaves_after(
    tmp_path: Path, how: str, said: str
) -> None:
    async with (
        world(tmp_path, "--matchday", SHOWER, *LASTING) as beside,
        trader(
            tmp_path,
            "--world",
            str(beside.file),
            profile=bold(tmp_path),
            program=stricken(how),
        ) as running,
    ):
        await running.sees(OrderOutcome)
        await strike(running)
        assert await running.ended() == 74
        there = {order.client_order_id for order in await beside.orders()}

    assert running.errors.startswith("touchline: ")
    assert said in running.errors
    assert "Traceback" not in running.errors
    assert there <= {each.client_order_id for each in running.journal.of(Intent)}
    assert (await verify(running.state)).code == 0, "what was written before is whole"
