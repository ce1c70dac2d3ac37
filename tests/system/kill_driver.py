"""Kills the trading process at work, again and again, and proves that nothing was lost or repeated.

Run as ``python tests/system/kill_driver.py [--seeds N | --until N] [--first-seed N] [--kills N]``
from the checkout. Each seed is one match in a world of its own: the process trades it, is
killed at instants drawn from the seed (orders on their way, exits due, a start not yet
over), is started again with the same ``--state`` and the same ``--world``, and has to end
the day by itself with books that agree with the venue's.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import attrs
import trio

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.exchange.wire_orders import VenueFill, VenueOrder
from actors.messages.records import FillRow, Intent, OrderOutcome, Reconciled
from actors.messages.records_venue import GroupRow
from actors.runtime import checkout
from tests.system.stage import (
    QUICK,
    ROOT,
    SHOWER,
    Reader,
    Trader,
    bold,
    entries,
    traded_twice,
    trader,
    unanswered,
    until,
    verify,
    world,
)

DAY_S: Final = 180.0
"""How long one day with its kills may take on a busy machine."""

Occasion = Literal["entry", "exit", "start", "moment"]


@attrs.frozen(kw_only=True)
class Instant:
    """When a life ends: so long after the first such thing that it does."""

    after: Occasion
    delay_s: float


def instants(seed: int, kills: int) -> list[Instant]:
    """Draw the instants; the first kill always follows an entry."""
    draws = random.Random(f"kill {seed}")
    drawn: list[Instant] = []
    for number in range(kills):
        after: Occasion = "entry"
        if number:
            after = draws.choice(("entry", "entry", "exit", "start", "moment", "moment"))
        # An answer takes some 40 ms, and an exit follows its entry within a second.
        longest_s = {
            "entry": draws.choice((0.06, 0.8)),
            "exit": 0.06,
            "start": 2.0,
            "moment": 4.0,
        }[after]
        drawn.append(Instant(after=after, delay_s=draws.uniform(0.0, longest_s)))
    return drawn


@attrs.define(kw_only=True)
class Drill:
    """What one seed came to."""

    seed: int
    kills: int = 0
    in_flight: int = 0
    """Orders that a killed life had sent and not yet seen answered."""
    entries: int = 0
    exits: int = 0
    fills: int = 0
    faults: list[str] = attrs.field(factory=list)
    """One line each; there must be none."""

    @property
    def line(self) -> str:
        """What happened, for a person."""
        return (
            f"seed {self.seed}: {self.kills} kills, {self.in_flight} orders in flight, "
            f"{self.entries} entries, {self.exits} exits, {self.fills} executions: "
            + ("nothing lost, nothing twice" if not self.faults else "; ".join(self.faults))
        )


async def drill(folder: Path, seed: int, kills: int = 2, matchday: str = SHOWER) -> Drill:
    """Play one day with kills in ``folder``, and judge what is left of it."""
    profile, state = bold(folder), folder / "state"
    found = Drill(seed=seed)
    arguments = ("--matchday", matchday, "--seed", str(seed), *QUICK)
    async with world(folder, *arguments) as beside:
        for number, instant in enumerate(instants(seed, kills)):
            life = folder / f"life-{number}"
            async with trader(
                life, "--world", str(beside.file), profile=profile, state=state
            ) as running:
                if not await _comes(running, instant):
                    break
                running.send(signal.SIGKILL)
                await running.ended()
                found.kills += 1
                found.in_flight += len(unanswered(running.journal.of(object)))
                _look_for_traceback(running, found)
        async with trader(
            folder / "last", "--world", str(beside.file), profile=profile, state=state
        ) as running:
            code = await running.ended(DAY_S)
            _look_for_traceback(running, found)
            if code != 0:
                found.faults.append(f"exit code {code}: {running.errors.strip()}")
            else:
                _judge_summary(running, found)
        _judge_records(Reader(state / "journal").of(object), found)
        _judge_venue(Reader(state / "journal"), await beside.orders(), await beside.fills(), found)
    verified = await verify(state)
    if verified.code != 0:
        found.faults.append(f"verify: {verified.out.splitlines()[1:]} {verified.err}")
    return found


async def _comes(running: Trader, instant: Instant) -> bool:
    """Wait for the instant of a kill; ``False`` if the day was over before it."""

    def is_there() -> bool:
        if running.process.returncode is not None:
            return True
        records = running.journal.look()
        if instant.after == "start":
            return True
        if instant.after == "moment":
            # Any moment of its trading: from then on that orders may leave.
            return any(isinstance(each, Reconciled) for each in records)
        return any(
            isinstance(each, Intent) and (each.purpose == "entry") == (instant.after == "entry")
            for each in records
        )

    await until(is_there, f"an instant after {instant.after}", DAY_S)
    with trio.move_on_after(instant.delay_s):
        await running.process.wait()
    return running.process.returncode is None


def _look_for_traceback(running: Trader, found: Drill) -> None:
    if "Traceback" in running.errors:
        found.faults.append(f"a traceback: {running.errors}")


def _judge_summary(running: Trader, found: Drill) -> None:
    difference = running.summary["statement_difference_microdollars"]
    if difference != 0:
        found.faults.append(f"difference {difference}: {running.summary['statement_lines']}")


def _judge_records(records: Sequence[object], found: Drill) -> None:
    found.entries = len(entries(records))
    found.exits = sum(isinstance(each, Intent) for each in records) - found.entries
    found.faults += traded_twice(records)
    found.faults += [f"order {each} has no outcome" for each in unanswered(records)]
    found.faults += two_groups(records)
    for row in records:
        if isinstance(row, Reconciled) and not row.clean:
            found.faults.append(f"not clean at the {row.phase}: {row.lines}")


def two_groups(records: Sequence[object]) -> list[str]:
    """Return the shards whose entries had more than one order group."""
    known: dict[int, set[str]] = {}
    for row in records:
        if isinstance(row, GroupRow) and row.group_id:
            known.setdefault(row.exchange_index, set()).add(row.group_id)
    return [
        f"{len(groups)} order groups on shard {shard}"
        for shard, groups in sorted(known.items())
        if len(groups) > 1
    ]


def _judge_venue(
    journal: Reader, orders: Sequence[VenueOrder], fills: Sequence[VenueFill], found: Drill
) -> None:
    """Compare what the journal knows with what really became of it."""
    intended = {each.client_order_id for each in journal.of(Intent)}
    there = [each.client_order_id for each in orders]
    found.faults += [f"order {each} twice at the venue" for each in there if there.count(each) > 1]
    found.faults += [f"order {each} without an intent" for each in there if each not in intended]
    accepted = {
        each.client_order_id for each in journal.of(OrderOutcome) if each.outcome == "accepted"
    }
    found.faults += [f"order {each} was never there" for each in sorted(accepted - set(there))]
    found.faults += [f"order {each} is not known" for each in there if each not in accepted]
    rows = [each.trade_id for each in journal.of(FillRow)]
    found.fills = len(rows)
    executed = [each.trade_id for each in fills]
    if sorted(rows) != sorted(executed):
        found.faults.append(f"{len(rows)} executions on record, {len(executed)} at the venue")


def main() -> int:
    """Run the drills that were asked for; 0 if no seed found a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many (3)")
    parser.add_argument(
        "--until", type=int, metavar="N", help="go on to further seeds until so many kills"
    )
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=2, help="in each day, at most (2)")
    parser.add_argument("--matchday", default=SHOWER, help=f"which day is played ({SHOWER})")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    days = clean = kills = in_flight = survived = 0
    while kills < chosen.until if chosen.until else days < chosen.seeds:
        seed = chosen.first_seed + days
        folder = Path(tempfile.mkdtemp(prefix=f"touchline-kill-{seed}-"))
        found = trio.run(drill, folder, seed, chosen.kills, chosen.matchday)
        print(found.line, flush=True)
        days += 1
        kills += found.kills
        in_flight += found.in_flight
        clean += not found.faults
        survived += 0 if found.faults else found.kills
        if found.faults:
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
    print(
        f"{kills} kills in {days} days, {in_flight} orders in flight: {survived} kills after which"
        " nothing was lost, nothing was traded twice and the difference was 0"
    )
    if chosen.proof is not None:
        _append_proof(chosen, days=days, kills=kills, in_flight=in_flight, survived=survived)
    return 0 if clean == days else 1


def _append_proof(
    chosen: argparse.Namespace, *, days: int, kills: int, in_flight: int, survived: int
) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    much = f"--until {chosen.until}" if chosen.until else f"--seeds {chosen.seeds}"
    line = {
        "target": "prove-kill",
        "commit": checkout.commit(ROOT),
        "command": f"python tests/system/kill_driver.py {much}"
        f" --first-seed {chosen.first_seed} --kills {chosen.kills}",
        "n": kills,
        "figure": survived,
        "bar": kills,
        "what": f"kills of the real process in {days} days, {in_flight} orders in flight, after"
        " which every acknowledged order was known, none was sent twice, the difference was 0",
    }
    with chosen.proof.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
