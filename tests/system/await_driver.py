"""Kills each core actor at each of its awaits, and proves that nothing is lost or repeated.

Run as ``python tests/system/await_driver.py [--seed N] [--sample N | --all] [--jobs N]`` from
the checkout. The whole system lives one short day from a seed, its world included, and the
awaits of every core actor are counted. Then the same day is lived again
for each of them: the actor's task, or one of those below it, wakes from exactly that await
with an exception. The same seed is the same day up to there, so every await is met.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs
import structlog
import trio
from outcome import Error, Value
from typing_extensions import override

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.config.profile import Profile
from actors.messages.codec import JournalCodec
from actors.messages.records import Intent, OrderOutcome, Report
from actors.model.money import MicroDollars, Pips
from actors.runtime import checkout
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.runtime.verify import verify
from actors.sim.synthetic import synthetic_day
from actors.sim.world import TRADER
from tests.system.stage import ROOT, traded_twice, unanswered

HOURS: Final = 0.002
ORDERS: Final = 5
"""A day is over once so many orders have left and everything bought is sold again."""
SEED: Final = 4
VICTIMS: Final = (
    "journal",
    "auditor",
    "signer",
    "reconciler",
    "market_data",
    "exits",
    "catalogue",
    "executor",
    "planner",
    "arbiter",
)
LONGEST_S: Final = 600.0
"""Simulated time after which a day that has not ended will never do."""
QUIET: Final = frozenset({"executor", "planner", "signer", "exits"})
"""Whose end no feed may feel."""
SAMPLE: Final = 40
"""Awaits of one actor in a sample, if not said."""
TELL_EACH: Final = 200
"""Days after which the count is told."""


class Struck(Exception):
    """What an actor wakes with."""


def _strike() -> NoReturn:
    raise Struck


@attrs.frozen(order=True)
class Await:
    """An actor's ``step``-th await of the day, counted from 1."""

    actor: str
    step: int


@attrs.define(eq=False)
class Blade(trio.abc.Instrument):
    """Counts the awaits of the victims' tasks, and strikes once where it is told to."""

    target: Await | None
    steps: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(VICTIMS, 0))
    struck_at: list[str] = attrs.field(factory=list)
    """Where the struck task was, innermost frame last; empty while nothing was struck."""
    _whose: dict[trio.lowlevel.Task, str] = attrs.field(factory=dict)

    @override
    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        above = task.parent_nursery
        owner = None if above is None else self._whose.get(above.parent_task)
        if owner is None and task.name in VICTIMS:
            owner = task.name
        if owner is not None:
            self._whose[task] = owner

    @override
    def task_exited(self, task: trio.lowlevel.Task) -> None:
        self._whose.pop(task, None)

    @override
    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        owner = self._whose.get(task)
        if owner is None or not _can_be_struck(task):
            return
        self.steps[owner] += 1
        if self.target == Await(owner, self.steps[owner]):
            self.struck_at = [
                f"{frame.f_code.co_name}:{line}" for frame, line in task.iter_await_frames()
            ]
            _wake_with_struck(task)


def _can_be_struck(task: Any) -> bool:  # noqa: ANN401 - what trio keeps of a task is private
    """Return whether an await can end in an exception: not with a cancellation on its way."""
    # One that only let others run is scheduled already, to wake with nothing in hand.
    return task._abort_func is not None or task._next_send == Value(None)  # noqa: SLF001 - trio has no public way to see it


def _wake_with_struck(task: Any) -> None:  # noqa: ANN401 - the same
    """Have a task wake from its await with an exception, as trio itself would do it.

    One that waits is taken out of whatever it waits in by its own abort function, so that
    no item is lost and nothing wakes it twice. One that only let others run wakes with the
    exception in place of nothing.
    """
    if task._abort_func is not None:  # noqa: SLF001 - trio has no public way to do it
        task._attempt_abort(_strike)  # noqa: SLF001 - the same
    else:
        task._next_send = Error(Struck())  # noqa: SLF001 - the same


def keen(profile: Profile) -> Profile:
    """Ask for no margin but for a loss, and sell soon: something to lose in every goal."""
    plays = attrs.evolve(
        profile.plays,
        margin=Pips(-5_000),
        play_dollars=MicroDollars(40_000_000),
        price_age_s=1.0,
    )
    exits = attrs.evolve(profile.exits, after_match_s=3.0)
    return attrs.evolve(profile, plays=plays, exits=exits)


@attrs.define(kw_only=True)
class Lived:
    """What a day came to."""

    steps: Mapping[str, int]
    struck_at: Sequence[str]
    entries: int
    exits: int
    fills: int
    opened: int
    """Feed connections."""
    restarts: int
    simulated_s: float
    faults: list[str]


async def _live(seed: int, hours: float, target: Await | None) -> Lived:
    blade = Blade(target)
    trio.lowlevel.add_instrument(blade)
    ended = ""
    async with seeded_day(seed, synthetic_day(seed, hours), change=keen) as day:
        tree = day.tree
        async with trio.open_nursery() as nursery:

            async def end() -> None:
                await _enough(day)
                tree.root.stop()

            nursery.start_soon(end)
            with trio.move_on_after(LONGEST_S) as patience:
                try:
                    await tree.root.run()
                except Exception as error:  # noqa: BLE001 - whatever ends the tree is a finding
                    ended = f"the tree ended: {error!r}"
            if patience.cancelled_caught:
                ended = f"not over after {LONGEST_S:g} s"
            nursery.cancel_scope.cancel()
    trio.lowlevel.remove_instrument(blade)
    return _judged(day, blade, ended)


async def _enough(day: SeededDay) -> None:
    """Return once some goals were traded, and what was bought for them is sold again."""
    desk, tally = day.tree.trading.desk, day.tree.auditor.tally
    while tally.sent < ORDERS or desk.lots or desk.inflight.of("entry"):  # noqa: ASYNC110 - on a clock that jumps
        await trio.sleep(0.25)


def _judged(day: SeededDay, blade: Blade, ended: str) -> Lived:
    tree, disk = day.tree, day.env.disk
    folder, codec = str(STATE.journal), JournalCodec()
    records = [entry.record for entry in read(disk, folder, codec)]
    intents = [each for each in records if isinstance(each, Intent)]
    opened = sum(isinstance(each, Report) and each.kind == "opened" for each in records)
    faults = [ended] if ended else []
    faults += traded_twice(records)
    faults += [f"order {each} has no outcome" for each in unanswered(records)]
    statement = tree.reconciler.statement
    if statement is None or statement.total_micros or statement.lines:
        faults.append(f"statement: {None if statement is None else statement.lines}")
    faults += verify(disk, folder, codec, anchor_file=str(STATE.anchors)).problems
    view = day.world.venue.floor.account(TRADER).view
    there = [] if view is None else [order.client_order_id for order in view.orders.values()]
    meant = {each.client_order_id for each in intents}
    faults += [f"order {each} twice at the venue" for each in there if there.count(each) > 1]
    faults += [f"order {each} without an intent" for each in there if each not in meant]
    desk = tree.trading.desk
    if desk.lots or desk.state.reasons or desk.inflight.of("entry") or desk.inflight.of("exit"):
        faults.append(f"left over: {list(desk.lots)} {desk.state.reasons}")
    return Lived(
        steps=dict(blade.steps),
        struck_at=blade.struck_at,
        entries=sum(each.purpose == "entry" for each in intents),
        exits=sum(each.purpose != "entry" for each in intents),
        fills=sum(isinstance(each, OrderOutcome) and each.fill_count_centi > 0 for each in records),
        opened=opened,
        restarts=tree.roster.restarts,
        simulated_s=trio.current_time(),
        faults=faults,
    )


def live(seed: int, hours: float, target: Await | None) -> Lived:
    """Live one day, with one blow or none."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    return run_seeded(seed, _live, seed, hours, target)


def strike(seed: int, hours: float, target: Await, opened: int) -> Lived:
    """Live one day with one blow, and judge what only a blow can do wrong."""
    lived = live(seed, hours, target)
    if not lived.struck_at:
        lived.faults.append("the await was never met")
    if target.actor in QUIET and lived.opened != opened:
        lived.faults.append(f"{lived.opened} feed connections instead of {opened}")
    return lived


def awaits(steps: Mapping[str, int], each: int | None) -> list[Await]:
    """Choose the awaits to strike: all, or ``each`` of every actor, evenly spread over its day."""
    chosen: list[Await] = []
    for actor, total in steps.items():
        if each is None or total <= each:
            chosen += [Await(actor, step) for step in range(1, total + 1)]
        else:
            spread = {1 + number * (total - 1) // (each - 1) for number in range(each)}
            chosen += [Await(actor, step) for step in sorted(spread)]
    return chosen


def strike_all(
    chosen: Iterable[Await], *, seed: int, opened: int, jobs: int
) -> Iterator[tuple[Await, Lived]]:
    """Strike at every await, several days at a time; yield each with what came of it."""
    targets = list(chosen)
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        lived = pool.map(
            strike,
            *zip(*((seed, HOURS, target, opened) for target in targets), strict=True),
            chunksize=4,
        )
        yield from zip(targets, lived, strict=True)


def main() -> int:
    """Strike wherever it was asked for; 0 if no blow did any harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the day ({SEED})")
    parser.add_argument("--sample", type=int, default=SAMPLE, metavar="N", help="awaits an actor")
    parser.add_argument("--all", action="store_true", help="every await of the day")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    whole = live(chosen.seed, HOURS, None)
    if whole.faults:
        print(f"without a blow: {whole.faults}")
        return 1
    targets = awaits(whole.steps, None if chosen.all else max(2, chosen.sample))
    total = sum(whole.steps.values())
    began_s = time.monotonic()
    told = dict.fromkeys(VICTIMS, 0)
    print(f"{len(targets)} of {total} awaits, a day each", flush=True)
    unharmed = restarted = 0
    for target, lived in strike_all(
        targets, seed=chosen.seed, opened=whole.opened, jobs=chosen.jobs
    ):
        told[target.actor] += 1
        restarted += lived.restarts > 0
        unharmed += not lived.faults
        done = sum(told.values())
        if done % TELL_EACH == 0:
            print(
                f"{time.monotonic() - began_s:5.0f} s  {done} of {len(targets)} struck,"
                f" {done - unharmed} harmed",
                flush=True,
            )
        if lived.faults:
            where = " > ".join(lived.struck_at[-3:])
            print(f"{target.actor} {target.step} at {where}: {lived.faults}", flush=True)
    for actor, count in told.items():
        print(f"{actor}: {count} of {whole.steps[actor]} awaits")
    print(
        f"{len(targets)} of {total} awaits of {len(VICTIMS)} actors struck in "
        f"{time.monotonic() - began_s:.0f} s; {restarted} times the tree started it again, "
        f"otherwise it was stopping; {unharmed} days unharmed"
    )
    if chosen.proof is not None:
        _append_proof(chosen.proof, chosen, (len(targets), total, unharmed))
    return 0 if unharmed == len(targets) else 1


def _append_proof(path: Path, chosen: argparse.Namespace, came_to: tuple[int, int, int]) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    struck, total, unharmed = came_to
    how = "--all" if chosen.all else f"--sample {chosen.sample}"
    line = {
        "target": "prove-awaits",
        "commit": checkout.commit(ROOT),
        "command": f"python tests/system/await_driver.py --seed {chosen.seed} {how}",
        "n": struck,
        "figure": unharmed,
        "bar": struck,
        "what": f"awaits of {len(VICTIMS)} core actors, of {total} in the day, at which the actor "
        "was killed and after which nothing was lost or traded twice",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
