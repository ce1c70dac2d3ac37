"""What a running process answers over its control socket; the tree is real, its clock jumps."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
import structlog
import trio

from actors.cli.control import Control
from actors.cli.ctl import lines
from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.cli.standing import PERSON, who_clears
from actors.messages.codec import JournalCodec
from actors.messages.records import TradingState
from actors.model.losses import Mark
from actors.model.orders import Ticker
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.synthetic import synthetic_day

ROOT = Path(__file__).resolve().parents[2]
SEED = 1
HOURS = 0.01


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    yield
    structlog.reset_defaults()


def running(look: Callable[[SeededDay, Control], Awaitable[None]]) -> SeededDay:
    """Run a day until something of ours is open, and then have a look at it."""

    async def run() -> SeededDay:
        async with (
            seeded_day(SEED, synthetic_day(SEED, HOURS)) as day,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(day.tree.root.run)
            with trio.fail_after(HOURS * 3600 * 2):
                while not day.tree.trading.desk.held_centi:  # noqa: ASYNC110 - a clock that jumps
                    await trio.sleep(1.0)
            control = Control(tree=day.tree, env=day.env, stop=lambda _who: day.tree.root.stop())
            await look(day, control)
            day.tree.root.stop()
        return day

    return run_seeded(SEED, run)


def test_health_says_of_everybody_how_they_are_and_what_is_open() -> None:
    async def look(day: SeededDay, control: Control) -> None:
        health = json.loads(json.dumps(await control.health()))
        rows = {row["actor"]: row for row in health["actors"]}
        assert rows.keys() >= {"journal", "executor", "planner", "arbiter", "exits", "feed.ws"}
        assert {row["state"] for row in rows.values()} == {"up"}
        assert health["late"] == []
        desk = day.tree.trading.desk
        assert health["positions_centi"] == desk.held_centi
        assert health["budget_micros"]["spent_day"] == desk.exposure.spent_day_micros > 0
        assert health["journal"]["last_seq"] == day.tree.journal.last_seq
        assert "resume_token" not in health["trading"]
        text = "\n".join(lines("health", {"health": health}))
        for name in rows:
            assert name in text
        assert "KALSHI-ACCESS" not in json.dumps(health)

    running(look)


def test_a_position_says_what_it_cost_what_it_is_worth_and_when_that_was_seen() -> None:
    async def look(day: SeededDay, control: Control) -> None:
        desk = day.tree.trading.desk
        (held,) = desk.losses.positions()

        def told(health: dict[str, object]) -> str:
            said = "\n".join(lines("health", {"health": health}))
            return next(line for line in said.splitlines() if line.startswith("position "))

        cost = f"position {held.ticker} {held.net_centi / 100:.2f}"
        cost += f", cost ${held.basis_micros / 1e6:,.2f}"
        assert desk.losses.marked(held.ticker) is None, "it was opened a moment ago"
        assert told(await control.health()) == f"{cost}, its book has not said what it is worth"

        desk.hear_mark(held.ticker, Mark(held.net_centi, 1_500_000, day.env.now_ns()))
        await trio.sleep(0.5)
        seen = await control.health()
        assert seen["marks"] == [
            {
                "ticker": held.ticker,
                "net_centi": held.net_centi,
                "cost_micros": held.basis_micros,
                "worth_micros": 1_500_000,
                "age_ms": 500,
            }
        ]
        assert told(seen) == f"{cost}, worth $1.50 as seen 0.5 s ago"

        desk.hear_mark(held.ticker, Mark(held.net_centi, 1_500_000))
        before = await control.health()
        assert told(before) == f"{cost}, worth $1.50 as seen by an earlier process"

    running(look)


def test_the_tree_is_drawn_from_what_runs_with_states_and_restarts() -> None:
    async def look(_day: SeededDay, control: Control) -> None:
        tree = (await control.answer({"do": "tree"}))["tree"]
        assert tree[0] == "root  one-for-one, at most 10 restarts in 60 s"
        assert [line.replace("│", " ").split()[1] for line in tree[1:]] == [
            *(
                "journal",
                "console",
                "auditor",
                "signer",
                "clock",
                "limits",
                "reconciler",
                "market_data",
            ),
            *("entry_lines", "exit_lines", "exits", "catalogue", "comparison", "groups"),
            *("core", "executor", "planner", "arbiter"),
            *("feeds", "feed.ws", "feed.signalr", "feed.lightstreamer", "feed.sse", "feed.poll"),
            *("day", "registrar", "collector"),
        ]
        assert all(" up " in line and " 0 restarts" in line for line in tree[1:])
        assert "rest-for-one" in tree[15]

    running(look)


def test_a_halt_is_one_halt_and_is_taken_back_by_its_own_token_alone() -> None:
    async def look(day: SeededDay, control: Control) -> None:
        state = day.tree.trading.desk.state
        none = await control.answer({"do": "resume", "token": ""})
        assert none == {"ok": False, "error": "nothing stands that a person has to take back"}

        first = await control.answer({"do": "halt"})
        assert (first["state"], first["reasons"]) == ("HALTED", ["operator: ctl"])
        control.halt("SIGUSR2")
        assert await control.answer({"do": "halt"}) == first
        assert (await control.health())["trading"]["resume_token"] == first["resume_token"]
        state.halt("order x", "unknown for long")
        for wrong in ("", "x", None, 5):
            assert not (await control.answer({"do": "resume", "token": wrong}))["ok"]
        assert state.value == "HALTED"

        back = await control.answer({"do": "resume", "token": first["resume_token"]})
        assert back["ok"]
        assert back["reasons"] == ["order x: unknown for long"], "what others said still stands"

        holds = day.tree.trading.desk.holds
        for _ in range(2):
            holds.hear("SERIES", holds.most_ns + 1)
        held = await control.health()
        await control.answer({"do": "resume", "token": held["trading"]["resume_token"]})
        assert not holds.closed("SERIES"), "a series that was held for too long goes on as well"

        again = await control.answer({"do": "halt"})
        assert again["resume_token"] != first["resume_token"]

    day = running(look)
    rows = [
        entry.record.reason
        for entry in read(day.env.disk, str(STATE.journal), JournalCodec())
        if isinstance(entry.record, TradingState)
    ]
    assert rows[-4:] == [
        "operator: ctl",
        "order x: unknown for long",
        "cleared: operator",
        "operator: ctl",
    ]


def test_health_says_of_each_halt_since_when_it_stands_and_who_may_clear_it() -> None:
    async def look(day: SeededDay, control: Control) -> None:
        desk = day.tree.trading.desk
        with trio.fail_after(60.0):
            while not desk.groups.proved:  # noqa: ASYNC110 - a clock that jumps
                await trio.sleep(1.0)
        desk.state.halt("loss", "more than a day may lose")
        desk.state.reduce("delay CUP", "2 of the newest orders were held")
        (shard, group_id), *_ = desk.groups.proved.items()
        desk.groups.close(shard, "the stream said that it is triggered", day.env.now_ns())
        await trio.sleep(7.0)
        health = json.loads(json.dumps(await control.health()))

        trading = health["trading"]
        assert trading["halts"] == [
            {
                "name": "loss",
                "why": "more than a day may lose",
                "since_ms": 7_000,
                "halts": True,
                "clears": "a person: ctl resume TOKEN",
            },
            {
                "name": "delay CUP",
                "why": "2 of the newest orders were held",
                "since_ms": 7_000,
                "halts": False,
                "clears": "itself, once the venue is quick again; or a person: ctl resume TOKEN",
            },
        ]
        shown = next(row for row in trading["groups"] if row["shard"] == shard)
        assert (shown["id"], shown["state"]) == (group_id, "shut")
        assert shown["contracts"] == 50_000
        said = list(lines("health", {"health": health}))
        assert said[1] == (
            "halts for 7.0 s: loss: more than a day may lose; cleared by a person: ctl resume TOKEN"
        )
        assert said[3].startswith(
            f"order group of shard {shard}: {group_id}, 50000 contracts in 15 s, shut for 7.0 s:"
        )
        await control.answer({"do": "resume", "token": trading["resume_token"]})
        with trio.fail_after(60.0):
            while desk.groups.shut:  # noqa: ASYNC110 - a clock that jumps
                await trio.sleep(1.0)
        assert desk.groups.of(shard) == group_id

    running(look)


def test_each_halt_that_the_code_can_leave_has_somebody_who_clears_it() -> None:
    names = set()
    for path in (ROOT / "actors").rglob("*.py"):
        names |= set(re.findall(r'state\.(?:halt|reduce)\(\s*"(\w+)"', path.read_text("utf-8")))
    names |= {*PERSON, "escalated", "order x", "delay CUP"}

    assert len(names) > 8
    assert {name for name in names if who_clears(name) == "whoever gave it"} == set()


def test_a_look_that_fails_is_an_answer_and_ends_nothing() -> None:
    async def look(day: SeededDay, control: Control) -> None:
        desk = day.tree.trading.desk
        held, desk.held_centi = desk.held_centi, cast("dict[Ticker, int]", None)
        answer = await control.answer({"do": "health"})
        desk.held_centi = held
        assert not answer["ok"]
        assert answer["error"].startswith("AttributeError: ")
        assert (await control.answer({"do": "health"}))["ok"]

    running(look)


def test_drain_ends_it_and_nonsense_does_nothing() -> None:
    async def look(day: SeededDay, control: Control) -> None:
        for request in ({}, {"do": "flatten"}, {"do": 5}, {"do": ["halt"]}):
            assert not (await control.answer(request))["ok"]
        assert day.tree.trading.desk.state.value == "ACTIVE"
        assert await control.answer({"do": "drain"}) == {"ok": True}
        assert list(lines("drain", {"ok": True})) == ["draining"]

    running(look)
