"""The other rows of the design's table, each with its bar: gate, journal, crash, restart, drain."""

import gc
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import structlog
import trio

import supervisor
from actors.cli.seeds import seeded_day
from actors.messages.codec import JournalCodec
from actors.messages.records import Intent, Segment
from actors.risk import gate
from actors.runtime.env import RealEnv
from actors.runtime.journal import Journal
from actors.runtime.memory import run_seeded
from actors.sim.synthetic import synthetic_day
from bench.cases import HERE, ROOT, DidNotRun
from bench.figures import percentile
from bench.matches import matches
from bench.reversals import reversals

GATE_BAR_US: Final = 50.0
GATE_CALLS: Final = 2_000
GATE_APART_S: Final = 0.002
GATE_SEED: Final = 1
GATE_HOURS: Final = 0.1
SEEDED_AIM: Final = 300.0
APPEND_BAR_US: Final = 60.0
APPEND_CALLS: Final = 200
APPEND_APART_S: Final = 0.030
REVERSAL_BAR_MS: Final = 50.0
OWN_BAR_MS: Final = 5.0
"""How much of that may be ours."""
RESTARTS: Final = ("--crashes", "500", "--lives", "2")
RESTARTS_S: Final = 180.0


@attrs.frozen(kw_only=True)
class Row:
    """One figure beside its bar."""

    what: str
    figure: float
    unit: str
    bar: float
    n: int
    note: str = ""
    at_least: bool = False
    """Whether more is better."""
    lost: int = 0
    """Of the n, those that cannot be said to be within it, whatever the percentile says."""

    @property
    def held(self) -> bool:
        """Whether the figure is within its bar, and nothing was lost."""
        if self.lost:
            return False
        return self.figure >= self.bar if self.at_least else self.figure <= self.bar

    def line(self) -> str:
        """Return it as a line of the table."""
        word = "held" if self.held else "MISSED"
        figure = f"{self.figure:.4g} {self.unit}"
        note = f"   {self.note}" if self.note else ""
        return (
            f"{self.what:<58}{figure:>14}  bar {self.bar:g} {self.unit}  {word}  n {self.n}{note}"
        )


def gate_row() -> Row:
    """Time the gate on what it was really asked in a seeded day, each time a moment apart.

    Between them the loop turns, as it does in a process that keeps awake; beside them stands
    what the same calls take after a rest, for which a core has to wake, and what a call takes
    then that does nothing.
    """
    asked = _asked_of_the_gate()
    gc.collect()
    gc.disable()
    try:
        took = trio.run(_asked_again, asked)
        rested = _after_rests([asked[number % len(asked)] for number in range(GATE_CALLS)])
        nothing = _after_rests([_nothing] * GATE_CALLS)
    finally:
        gc.enable()
    return Row(
        what="gate with all controls, p99",
        figure=percentile(took, 0.99) / 1e3,
        unit="us",
        bar=GATE_BAR_US,
        n=len(took),
        note=f"p50 {percentile(took, 0.5) / 1e3:.1f} us; {len(asked)} entries of a seeded day;"
        f" after a rest p50 {percentile(rested, 0.5) / 1e3:.1f},"
        f" p99 {percentile(rested, 0.99) / 1e3:.1f} us,"
        f" as a call that does nothing: p50 {percentile(nothing, 0.5) / 1e3:.1f},"
        f" p99 {percentile(nothing, 0.99) / 1e3:.1f} us",
    )


async def _asked_again(asked: Sequence[Callable[[], object]]) -> list[int]:
    took: list[int] = []
    for number in range(GATE_CALLS):
        await _turn_for(GATE_APART_S)
        call = asked[number % len(asked)]
        began_ns = time.perf_counter_ns()
        answer = call()
        took.append(time.perf_counter_ns() - began_ns)
        assert answer is None, f"what had passed is refused: {answer}"
    return sorted(took)


async def _turn_for(seconds: float) -> None:
    """Let the loop turn for so long, as ``runtime/vigil.py`` does."""
    until_ns = time.monotonic_ns() + int(seconds * 1e9)
    while time.monotonic_ns() < until_ns:
        await trio.lowlevel.checkpoint()


def _after_rests(calls: Sequence[Callable[[], object]]) -> list[int]:
    took: list[int] = []
    for call in calls:
        select.select([], [], [], GATE_APART_S)
        began_ns = time.perf_counter_ns()
        call()
        took.append(time.perf_counter_ns() - began_ns)
    return sorted(took)


def _nothing() -> None:
    """Do nothing."""


def _asked_of_the_gate() -> list[Callable[[], object]]:
    """Play a seeded day; return every call of the gate that let an entry pass."""
    real, passed = gate.entry, list[Callable[[], object]]()

    def noting(*args: Any, **says: Any) -> object:  # noqa: ANN401 - whatever the gate takes
        # What the caller goes on changing is kept as it was.
        kept = {name: _as_it_is(value) for name, value in says.items()}
        call = partial(real, *(_as_it_is(value) for value in args), **kept)
        answer = real(*args, **says)
        if answer is None:
            passed.append(call)
        return answer

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    gate.entry = noting  # type: ignore[assignment]  # it stands in for it, and asks it
    try:
        run_seeded(GATE_SEED, _seeded)
    finally:
        gate.entry = real
        structlog.reset_defaults()
    assert passed, "nothing was traded in the seeded day"
    return passed


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - any argument
    return value.copy() if isinstance(value, set | dict | list) else value


async def _seeded() -> float:
    async with (
        seeded_day(GATE_SEED, synthetic_day(GATE_SEED, GATE_HOURS)) as day,
        trio.open_nursery() as watch,
    ):
        watch.start_soon(_stop_after, day.tree)
        await day.tree.root.run()
        watch.cancel_scope.cancel()
        return trio.current_time()
    raise AssertionError("a day ends by returning")


async def _stop_after(tree: "supervisor.Tree") -> None:
    with trio.move_on_after(3_600 * GATE_HOURS):
        await tree.until_settled()
    tree.root.stop()


def append_row() -> Row:
    """Time ``Journal.append_ready`` of an intent's body, with the journal's actor at work.

    Between two of them the loop turns, as it does in a process that keeps awake. Beside them
    stand the same after a rest, for which a core has to wake, and a bare ``write`` of the same
    bytes after such a rest: what that takes is the machine's share.
    """
    (HERE / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="append-", dir=HERE / "build") as name:
        took, rested, bare = map(sorted, trio.run(_appends, Path(name)))
    return Row(
        what="append of a ready body, 30 ms apart, p50",
        figure=percentile(took, 0.5) / 1e3,
        unit="us",
        bar=APPEND_BAR_US,
        n=len(took),
        note=f"p99 {percentile(took, 0.99) / 1e3:.0f} us;"
        f" after a rest p50 {percentile(rested, 0.5) / 1e3:.1f},"
        f" p99 {percentile(rested, 0.99) / 1e3:.0f} us, as a bare write of the same bytes:"
        f" p50 {percentile(bare, 0.5) / 1e3:.1f}, p99 {percentile(bare, 0.99) / 1e3:.0f} us",
    )


async def _appends(folder: Path) -> tuple[list[int], list[int], list[int]]:
    env, codec = RealEnv(), JournalCodec()
    journal = Journal.open(
        env,
        str(folder / "journal"),
        codec,
        lambda anchor: _opening(env, anchor),
        anchor_file=str(folder / "anchors.log"),
    )
    ready = codec.encode(_intent())

    def append() -> None:
        journal.append_ready(*ready)

    def write() -> None:
        os.write(plain, ready[2])

    took: list[int] = []
    rested: list[int] = []
    bare: list[int] = []
    plain = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        gc.collect()
        gc.disable()
        try:
            for _ in range(APPEND_CALLS):
                for pause, act, into in (
                    (_turn_for, append, took),
                    (trio.sleep, append, rested),
                    (trio.sleep, write, bare),
                ):
                    await pause(APPEND_APART_S)
                    began_ns = env.now_ns()
                    act()
                    into.append(env.now_ns() - began_ns)
                    journal.sync_soon()
        finally:
            gc.enable()
        nursery.cancel_scope.cancel()
    os.close(plain)
    journal.close()
    return took, rested, bare


def _opening(env: RealEnv, anchor: str) -> Segment:
    return Segment(
        run="bench",
        account="bench",
        environment="sim",
        mono_ns=env.now_ns(),
        wall_ns=env.wall_ns(),
        commit="",
        config_sha256="",
        lock_sha256="",
        previous_anchor=anchor,
    )


def _intent() -> Intent:
    ticker = matches(1)[0].legs[0][0]
    return Intent(
        client_order_id="a" * 26,
        purpose="entry",
        match=matches(1)[0].event_ticker,
        generation=0,
        state="1-0",
        ticker=ticker,
        side="bid",
        limit_pips=5_900,
        count_centi=40_000,
        exchange_index=0,
        worst_micros=236_000_000,
        feed="alpha",
        epoch=1,
        frame_no=1_000,
        exit_due_wall_ns=time.time_ns(),
        exit_floor_pips=1_900,
        entry_client_order_id="",
        body=f'{{"ticker":"{ticker}","client_order_id":"{"a" * 26}","side":"bid"}}',
    )


def restart_rows() -> list[Row]:
    """Have ``bench/restarts.py`` crash actors, kill the process and drain it.

    Raises:
        DidNotRun: It did not come to an end.
    """
    command = [sys.executable, str(HERE / "restarts.py"), "--json", *RESTARTS]
    try:
        done = subprocess.run(
            command, cwd=ROOT, check=False, timeout=RESTARTS_S, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired as error:
        raise DidNotRun(f"bench/restarts.py was not done after {RESTARTS_S:g} s") from error
    lines = done.stdout.strip().splitlines()
    try:
        figures: list[dict[str, Any]] = json.loads(lines[-1] if lines else "")
    except ValueError as error:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise DidNotRun(f"bench/restarts.py said {said[-1]}") from error
    return [
        Row(
            what=f"{each['what']}, p99",
            figure=each["p99"],
            unit=each["unit"],
            bar=each["bar"],
            n=each["n"],
            note=f"p50 {each['p50']:.3f} {each['unit']}  {each['note']}".rstrip(),
        )
        for each in figures
    ]


def seeded_row() -> Row:
    """Time the whole system from a seed, world and all, against the processor's clock."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    began_s = time.process_time()
    try:
        simulated_s = run_seeded(GATE_SEED, _seeded)
    finally:
        structlog.reset_defaults()
    used_s = time.process_time() - began_s
    return Row(
        what="seeded whole system, simulated s a second",
        figure=simulated_s / used_s,
        unit="s/s",
        bar=SEEDED_AIM,
        n=1,
        note=f"an aim; {simulated_s:.0f} s simulated in {used_s:.1f} s of one core",
        at_least=True,
    )


def reversal_rows() -> list[Row]:
    """Have goals taken back, whatever the executor and the venue are doing meanwhile.

    Raises:
        DidNotRun: The system did not come up, or does not trade.
    """
    rows: list[Row] = []
    for each in reversals():
        for what, took, bar, lost, word in (
            ("frame to exits read", each.whole_ns, REVERSAL_BAR_MS, each.missed, "missed"),
            ("frame to exits sent, ours", each.own_ns, OWN_BAR_MS, each.unstamped, "unstamped"),
        ):
            rows.append(
                Row(
                    what=f"{what}, {each.case.said}, p99",
                    figure=percentile(took, 0.99) / 1e6,
                    unit="ms",
                    bar=bar,
                    n=len(took),
                    lost=lost,
                    note=f"p50 {percentile(took, 0.5) / 1e6:.3f}, worst {took[-1] / 1e6:.3f} ms;"
                    f" {lost} {word}; {each.untraded} goals not traded",
                )
            )
    return rows


def _one(measure: Callable[[], Row]) -> list[Row]:
    return [measure()]


ROWS: Final[dict[str, Callable[[], list[Row]]]] = {
    "gate": partial(_one, gate_row),
    "seeded": partial(_one, seeded_row),
    "append": partial(_one, append_row),
    "restarts": restart_rows,
    "reversals": reversal_rows,
}
"""What can be measured beside the cases; each may raise ``DidNotRun``."""


def say_rows(wanted: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Measure and print some of them; one that cannot be had is said so, and has no figure."""
    figures: dict[str, list[dict[str, Any]]] = {}
    for name in wanted:
        try:
            rows = ROWS[name]()
        except (DidNotRun, OSError) as error:
            print(f"{name:<62}not shown: {error}", flush=True)
            continue
        for row in rows:
            print(row.line(), flush=True)
        figures[name] = [{**attrs.asdict(row), "held": row.held} for row in rows]
    return figures
