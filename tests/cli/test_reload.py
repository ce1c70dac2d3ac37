"""What SIGHUP does to a running tree: all of the new budgets, or none and a line."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import structlog

from actors.cli.reload import Reload
from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.config.load import load
from actors.messages.codec import JournalCodec
from actors.messages.records import TradingState
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.feedtiming import FIVE
from actors.sim.synthetic import synthetic_day

WORLD = {
    "rest": "http://127.0.0.1:1/trade-api/v2",
    "ws": "ws://127.0.0.1:1/trade-api/ws/v2",
    "ca_file": "",
    "key": {"id": "k", "pem_file": "k.pem"},
    "feeds": {name: {"url": "ws://127.0.0.1:1/ws"} for name in FIVE},
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    yield
    structlog.reset_defaults()


def running(
    folder: Path, look: Callable[[SeededDay, Reload, Callable[[str], None]], Awaitable[None]]
) -> SeededDay:
    """Start a tree from a profile in a file, and have a look at it while somebody edits that."""
    file = folder / "mine.toml"

    def write(text: str) -> None:
        file.write_text(f'extends = "sim"\n{text}')

    async def run() -> SeededDay:
        async with seeded_day(1, synthetic_day(1, 0.01)) as day:
            write('[limits]\nday_dollars = "5000"\n')
            reload = Reload(
                env=day.env,
                source=str(file),
                world=WORLD,
                credentials=folder,
                loaded=load(str(file), WORLD),
            )
            await look(day, reload, write)
            while day.tree.auditor.inbox.depth:
                word = day.tree.auditor.inbox.receive_nowait()
                if isinstance(word, TradingState):
                    # Nobody runs here who would write it down.
                    day.tree.journal.append(word)
        return day

    return run_seeded(1, run)


def test_tighter_budgets_are_in_force_at_once_and_on_record(tmp_path: Path) -> None:
    async def look(day: SeededDay, reload: Reload, write: Callable[[str], None]) -> None:
        day.tree.trading.desk.state.clear("boot")
        write('[limits]\nday_dollars = "900"\norder_contracts = 7\n')
        said = await reload(day.tree)

        trading = day.tree.trading
        assert said == "RELOAD order_contracts 400 -> 7, day_dollars 5000.00 -> 900.00"
        assert trading.desk.exposure.limits.day_micros == 900_000_000
        assert trading.desk.exposure.limits.order_count_centi == 700
        assert trading.fire.order_max_centi == trading.planner.terms.order_max_centi == 700
        assert await reload(day.tree) == "RELOAD nothing to change"

    day = running(tmp_path, look)
    reasons = [
        entry.record.reason
        for entry in read(day.env.disk, str(STATE.journal), JournalCodec())
        if isinstance(entry.record, TradingState)
    ]
    assert reasons[-1].startswith("limits: order_contracts 400 -> 7")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[limits]\nday_dollars = "lots"\n', "@ mine.toml.limits.day_dollars"),
        ("[limits]\nday_dollars = 900.0\n", "expected dollars in quotes"),
        ("[limits\n", "mine.toml: "),
        ('[gates]\ncollar = "0.01"\n', "only [limits] can change while it runs, and not gates"),
        ('[limits]\nday_dollars = "6000"\n', "wider limits wait for a halt: day_dollars"),
        ('[limits]\norder_dollars = "1"\nday_dollars = "99999"\n', "wait for a halt"),
        ('[limits]\nday_dollars = "100001"\n', "at most 100,000: 100,001 @ mine.toml.limits"),
    ],
)
def test_whatever_is_wrong_is_one_line_and_the_old_budgets_stay(
    tmp_path: Path, text: str, why: str
) -> None:
    async def look(day: SeededDay, reload: Reload, write: Callable[[str], None]) -> None:
        desk = day.tree.trading.desk
        desk.state.clear("boot")
        before = desk.exposure.limits
        write(text)
        said = await reload(day.tree)

        assert said.startswith("RELOAD refused, nothing is changed: ")
        assert why in said
        assert len(said.splitlines()) == 1
        assert desk.exposure.limits is before
        write('[limits]\nday_dollars = "5000"\n')
        assert await reload(day.tree) == "RELOAD nothing to change"

    running(tmp_path, look)


def test_a_halted_process_takes_wider_budgets_up_to_the_ceilings(tmp_path: Path) -> None:
    async def look(day: SeededDay, reload: Reload, write: Callable[[str], None]) -> None:
        desk = day.tree.trading.desk
        assert desk.state.value == "HALTED"
        write('[limits]\nday_dollars = "6000"\n')
        assert await reload(day.tree) == "RELOAD day_dollars 5000.00 -> 6000.00"
        write('[limits]\nday_dollars = "100001"\n')
        said = await reload(day.tree)

        assert "day_dollars must be above 0 and at most 100,000: 100,001 @ mine.toml" in said
        assert desk.exposure.limits.day_micros == 6_000_000_000

    running(tmp_path, look)
