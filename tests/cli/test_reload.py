"""What SIGHUP does to a running tree: all of the new budgets, or none and a line."""

import copy
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import attrs
import pytest
import structlog

from actors.cli.reload import Reload
from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.config.load import load
from actors.config.profile import Profile
from actors.messages.codec import JournalCodec
from actors.messages.records import TradingState
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.feedtiming import FIVE
from actors.sim.synthetic import synthetic_day
from actors.trader.swaps import SWAPPED, changes

WORLD = {
    "rest": "http://127.0.0.1:1/trade-api/v2",
    "ws": "ws://127.0.0.1:1/trade-api/ws/v2",
    "ca_file": "",
    "key": {"id": "k", "pem_file": "k.pem"},
    "feeds": {name: {"url": "ws://127.0.0.1:1/ws"} for name in FIVE},
}

PROFILE = load("sim", WORLD).profile


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
        assert said == (
            "RELOAD limits.order_contracts 400 -> 7, limits.day_dollars 5000.00 -> 900.00"
        )
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
    assert reasons[-1].startswith("profile: limits.order_contracts 400 -> 7")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[limits]\nday_dollars = "lots"\n', "@ mine.toml.limits.day_dollars"),
        ("[limits]\nday_dollars = 900.0\n", "expected dollars in quotes"),
        ("[limits\n", "mine.toml: "),
        ("[orders]\nheader_sets = 9\n", "a restart is needed for orders.header_sets"),
        (
            "[risk]\ngroup_contracts = 7\ndisk_free_mib = 65\nrepeat_ms = 2000\n[run]\ndrain_s = 9",
            "a restart is needed for run.drain_s, risk.disk_free_mib, risk.group_contracts",
        ),
        ('[limits]\nday_dollars = "6000"\n', "waits for a halt: limits.day_dollars"),
        ("[risk]\nrepeat_ms = 999\n", "what lets more through waits for a halt: risk.repeat_ms"),
        ('[gates]\ncollar = "0.90"\n', "waits for a halt: gates.collar"),
        ("[throttle.sports.soccer]\norders_per_s = 1\n", "a halt: throttle.sports"),
        ("[review]\nany_price = true\n", "waits for a halt: review.any_price"),
        ('[limits]\norder_dollars = "1"\nday_dollars = "99999"\n', "waits for a halt"),
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
        assert await reload(day.tree) == "RELOAD limits.day_dollars 5000.00 -> 6000.00"
        write('[limits]\nday_dollars = "100001"\n')
        said = await reload(day.tree)

        assert "day_dollars must be above 0 and at most 100,000: 100,001 @ mine.toml" in said
        assert desk.exposure.limits.day_micros == 6_000_000_000

    running(tmp_path, look)


def test_every_figure_that_some_actor_goes_by_is_in_force_at_once(tmp_path: Path) -> None:
    text = """
[limits]
day_dollars = "5000"
[risk]
repeat_ms = 2000
journal_lag_ms = 500
delay_max_ms = 70
day_loss_dollars = "7"
[throttle]
orders_per_s = 2
[gates]
collar = "0.01"
book_age_ms = 900
[plays]
margin = "0.09"
[exits]
slip = "0.01"
take_profit = "0.11"
after_match_s = 7.0
[review]
on_open = "flatten"
[clock]
halt_ms = 90
[tokens]
exit_reserve = 60
[custody]
on_abandon = "flatten"
"""

    async def look(day: SeededDay, reload: Reload, write: Callable[[str], None]) -> None:
        trading = day.tree.trading
        desk, fire, terms = trading.desk, trading.fire, trading.planner.terms
        desk.state.clear("boot")
        write(text)
        said = await reload(day.tree)

        assert said.startswith("RELOAD gates.collar 0.1500 -> 0.0100, gates.book_age_ms ")
        assert said.endswith("risk.day_loss_dollars 5000.00 -> 7.00")
        assert (fire.terms.repeat_ns, fire.terms.journal_lag_ns) == (2_000_000_000, 500_000_000)
        assert desk.holds.most_ns == 70_000_000
        assert desk.losses.limits.day_micros == 7_000_000
        assert desk.throttle.pace.orders_per_s == 2
        terms = trading.planner.terms
        assert fire.gates.collar == terms.gates.collar == 100
        assert desk.books.old_ns == 900_000_000
        assert (terms.settings.margin, terms.take_profit) == (900, 1_100)
        assert trading.exits.settings.slip == trading.exits.seller.settings.slip == 100
        assert fire.exit_after_ns == 7_000_000_000 / trading.planner.speed
        assert trading.reversals.review.on_open == trading.exits.seller.review.on_open == "flatten"
        assert desk.clock.tolerance.halt_ns == 90_000_000
        assert desk.budget.exit_reserve == 60
        assert desk.state.value == "ACTIVE"
        assert await reload(day.tree) == "RELOAD nothing to change"

    running(tmp_path, look)


def test_a_limit_of_loss_that_is_exceeded_already_halts_at_once(tmp_path: Path) -> None:
    async def look(day: SeededDay, reload: Reload, write: Callable[[str], None]) -> None:
        desk = day.tree.trading.desk
        desk.state.clear("boot")
        desk.losses.day_micros = -8_000_000
        write('[limits]\nday_dollars = "5000"\n[risk]\nday_loss_dollars = "7"\n')
        await reload(day.tree)

        assert desk.state.stands("loss")

    running(tmp_path, look)


def test_every_key_of_the_profile_is_swapped_or_named() -> None:
    sections = {each.name: getattr(PROFILE, each.name) for each in attrs.fields(Profile)}

    for name, keys in SWAPPED.items():
        assert keys.keys() <= {each.name for each in attrs.fields(type(sections[name]))}, name
    for name, section in sections.items():
        other = object() if not attrs.has(type(section)) else None
        if other is not None:
            continue
        for key in attrs.fields(type(section)):
            changed = copy.copy(section)
            object.__setattr__(changed, key.name, object())
            after = copy.copy(PROFILE)
            object.__setattr__(after, name, changed)
            (change,) = changes(PROFILE, after)
            assert change.name == f"{name}.{key.name}"
            assert (change.way is None) == (key.name not in SWAPPED.get(name, {}))
