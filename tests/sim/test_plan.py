"""Laws of the plan and of the tape: the same from the same seed, and what then happens."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.model.money import CentiContracts, Pips
from actors.runtime.env import RealEnv
from actors.sim.crew import Habits
from actors.sim.matchday import matchday
from actors.sim.plan import plan
from actors.sim.reviews import Doubts, doubted_day
from actors.sim.script import day_script
from actors.sim.tape import record
from actors.sim.timetable import Pace, Timetable, lay_out
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.faults import FaultPlan, RequestFaults, StreamFaults
from actors.sim.venue.order_entry import Created
from actors.sim.world import TRADER
from tests.sim.pitch import PENALTY, TWO, world_of

ROOT = Path(__file__).parent.parent.parent
ALWAYS = Doubts(reviewed=1.0, overturned=1.0, phantom=1.0)
STORMY = FaultPlan(orders=RequestFaults(lost=0.01), stream=StreamFaults(command_timeout=0.01))
DONE = {"pull": "pulled", "quote": "quoted", "take": "took", "hear": "heard"}
SECONDS_H = 8 / 3600


def day() -> Timetable:
    return lay_out(doubted_day(day_script(matchday(PENALTY), 5), ALWAYS), Pace())


def planned(faults: FaultPlan = STORMY) -> list[dict[str, Any]]:
    written = plan(day(), habits=Habits(), feeds=TWO, faults=faults)
    return [msgspec.json.decode(line) for line in written.splitlines()]


def test_the_same_seed_is_the_same_plan_and_the_same_tape_in_every_process(tmp_path: Path) -> None:
    program = (
        "import hashlib, sys; from pathlib import Path; from tests.sim.test_plan import *\n"
        "said = plan(day(), habits=Habits(), feeds=TWO, faults=STORMY)\n"
        "record(sys.argv[1], disk=RealEnv().disk, seed=7, hours=SECONDS_H)\n"
        "said += Path(sys.argv[1]).read_bytes()\n"
        "print(len(said), hashlib.sha256(said).hexdigest())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / hash_seed)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout.splitlines()[-1]
        for hash_seed in ("1", "2")
    ]

    assert said[0] == said[1]
    assert int(said[0].split()[0]) > 10_000


def occasion(line: dict[str, Any]) -> str:
    """The name under which a line of the truth was drawn; nothing where nobody reacts."""
    number = line.get("goal_no")
    names = {
        "goal": f"goal-{number}" if line.get("counts") else "",
        "reversal": f"overturn-{number}",
        "review": f"review-{number}-{line.get('word')}",
        "penalty": f"penalty-{number}",
    }
    return names.get(line["kind"], "")


@pytest.mark.parametrize("trades", [False, True])
async def test_what_happens_is_what_was_planned_whether_a_client_trades_or_not(
    *, trades: bool, autojump_clock: trio.testing.MockClock
) -> None:
    lines = planned()
    acts = {
        (act["occasion"], act["who"], DONE[act["does"]]): act
        for act in lines
        if act["kind"] == "act"
    }
    reports = {
        (act["feed"], act["of"], round(act["happened_s"], 3)): act["at_s"]
        for act in lines
        if act["kind"] == "report"
    }
    got: list[int] = []
    async with world_of(day(), truth_file="/world/truth", start_delay_s=0.0) as on:
        venue, ticker = on.world.venue, on.world.stadiums[0].tickers["away"]

        def buy() -> None:
            best = venue.book(ticker).asks[0]
            taken = venue.create_order(
                TRADER,
                CreateOrder(
                    ticker=ticker,
                    side="bid",
                    price_pips=Pips(best.price_pips),
                    count_centi=CentiContracts(5_000),
                ),
            )
            assert isinstance(taken, Created)
            got.append(taken.fill_count_centi)

        if trades:
            on.world.agenda.at(on.world.stadiums[0].timetable.kickoff_s + 1, buy)
        await on.world.over.wait()
        await trio.sleep(5)
        on.world.truth.close()
        written = on.env.disk.read("/world/truth")
    assert (len(got) == 1 and got[0] > 0) is trades

    seen = set()
    for line in map(msgspec.json.decode, written.splitlines()):
        for move in line.get("moves", ()) if occasion(line) else ():
            key = (occasion(line), move["who"], move["did"])
            act = acts[key]
            seen.add(key)
            assert move["after_ms"] == pytest.approx(act["after_ms"], abs=0.002)
            assert move["wanted_centi"] == 100 * act.get("contracts", 0)
        for feed, told in line.get("feeds", {}).items():
            of = {"reversal": "overturn"}.get(line["kind"], line["kind"])
            due_s = reports[feed, of, round(line["at_s"], 3)]
            assert line["at_s"] + told["after_ms"] / 1e3 == pytest.approx(due_s, abs=0.001)
    races = {key for key in acts if not key[0].startswith("card")}
    # Whoever hears of something newer meanwhile lets the older thing be.
    assert len(seen) > 0.8 * len(races)


def test_faults_are_named_by_what_they_meet() -> None:
    faults = [line for line in planned() if line["kind"] == "fault"]

    assert {line["of"] for line in faults} == {"order", "command"}
    assert not [line for line in planned(FaultPlan()) if line["kind"] == "fault"]


def test_a_tape_is_there_once_it_is_whole_and_tells_of_everything(tmp_path: Path) -> None:
    path, heard = tmp_path / "tape", list[float]()
    (tmp_path / "tape.new").write_bytes(b"half of an older one\n")

    lines = record(
        str(path),
        disk=RealEnv().disk,
        seed=1,
        hours=70 / 3600,
        progress=lambda at_s, _: heard.append(at_s),
    )

    told = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert [line["n"] for line in told] == list(range(1, lines + 1))
    assert [line["kind"] for line in (told[0], told[-1])] == ["tape", "end"]
    assert {line["kind"] for line in told} >= {
        "event",
        "market",
        "book",
        "trade",
        "fill",
        "whistle",
        "goal",
        "truth_goal",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["tape"]
    assert heard == [pytest.approx(60.0)]
