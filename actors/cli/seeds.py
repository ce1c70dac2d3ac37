"""The whole system from a seed: the world and the tree in one loop, on a clock that jumps.

No socket, no thread, no file and no real clock: the same seed and commit give the
same journal, byte for byte (design section 5, Env). What a seeded run proves is the
logic and its recovery; transport, TLS and the disk are proved on the real ones.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import supervisor
from actors.audit.summary import summary_json
from actors.cli.feed_record import feed_figures
from actors.cli.soil import CODEC, Soil, open_soil
from actors.config.load import load
from actors.config.profile import Profile
from actors.config.state import StateFolder
from actors.exchange.keys import SigningKey
from actors.messages.records import Segment
from actors.runtime import checkout
from actors.runtime.collection import NoGarbage
from actors.runtime.env import Disk, Endpoint
from actors.runtime.errors import NotStopping
from actors.runtime.journal import Journal
from actors.runtime.memory import MemoryNetwork, SeededEnv, run_seeded
from actors.sim.crew import STANDARD_LOAD
from actors.sim.feedtiming import FIVE, FeedTiming
from actors.sim.reviews import USUAL
from actors.sim.synthetic import synthetic_day
from actors.sim.timetable import Timetable
from actors.sim.world import Options, World

STATE: Final = StateFolder(root=Path("/touchline"))
WORLD_FOLDER: Final = "/world"


@attrs.frozen(kw_only=True)
class SeedRun:
    """What one seed came to."""

    seed: int
    simulated_s: float
    figures: Mapping[str, object]
    """The day's summary; its difference is ``None`` where no statement could be drawn up."""
    journal: bytes
    """Every segment, one behind the other."""

    @property
    def sha256(self) -> str:
        """The journal's hash, which the same seed must give again."""
        return hashlib.sha256(self.journal).hexdigest()


def run_seeds(
    *,
    seeds: range,
    hours: float,
    keep: Path | None,
    proof: Path | None,
    say: Callable[[str], object],
) -> int:
    """Run each seed, say what it came to, and last its journal's hash.

    Args:
        seeds: Which.
        hours: Simulated hours of each.
        keep: A folder for the journals; ``None`` keeps none.
        proof: A file that gets one JSON line about all of them.
        say: Takes each line.

    Returns:
        0, or 1 if the books of some seed did not agree with the venue's.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    agreed = 0
    for seed in seeds:
        done = run_seeded(seed, _run, seed, hours)
        difference = done.figures["statement_difference_microdollars"]
        agreed += difference == 0
        said = ", ".join(f"{done.figures[name]} {name}" for name in ("triggers", "orders", "fills"))
        say(f"seed {seed}: {done.simulated_s:.0f} s simulated, {said}, difference {difference}")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"seed-{seed}.tlj").write_bytes(done.journal)
        say(done.sha256)
    if proof is not None:
        _append_proof(proof, seeds, hours, agreed)
    return 0 if agreed == len(seeds) else 1


def _append_proof(path: Path, seeds: range, hours: float, agreed: int) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    line = {
        "target": "prove-seeds",
        "commit": checkout.commit(supervisor.ROOT),
        "command": f"python -m actors seeds --seeds {len(seeds)} --hours {hours:g}"
        f" --first-seed {seeds.start}",
        "n": len(seeds),
        "figure": agreed,
        "bar": len(seeds),
        "what": "seeds whose statement differs from our books by nothing",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


@attrs.frozen(kw_only=True)
class SeededDay:
    """A world that runs, and a tree that is planted beside it in the same loop."""

    env: SeededEnv
    """The tree's own."""
    world: World
    tree: supervisor.Tree
    network: MemoryNetwork
    """What lies between them."""
    venue: Endpoint
    """Where the venue listens."""
    again: Callable[[], supervisor.Tree]
    """Plants another tree on what the journal has, once the last one has ended."""


@asynccontextmanager
async def seeded_day(
    seed: int,
    timetable: Timetable,
    *,
    change: Callable[[Profile], Profile] = lambda same: same,
    feeds: Mapping[str, FeedTiming] = FIVE,
    earlier: Sequence[object] = (),
) -> AsyncIterator[SeededDay]:
    """Run a world while inside, beside a tree for the caller to run and to stop.

    For inside ``run_seeded``. The journal is closed on the way out.

    Args:
        seed: Of everything drawn.
        timetable: The day to play.
        change: What to make of the profile ``sim`` before it is used.
        feeds: The habits of the world's feeds.
        earlier: Records that an earlier life has left in the journal.
    """
    network = MemoryNetwork(seed)
    outside, env = SeededEnv(seed, network), SeededEnv(seed + 1, network)
    options = Options(folder=WORLD_FOLDER, secure=False, habits=STANDARD_LOAD, feeds=feeds)
    outside.disk.make_folder(WORLD_FOLDER)
    async with trio.open_nursery() as nursery:
        world = World(env=outside, timetable=timetable, options=options)
        handshake = await world.start_in(nursery)
        loaded = load("sim", handshake)
        if earlier:
            _live_before(env, loaded.profile, earlier)
        changed = attrs.evolve(loaded, profile=change(_unrehearsed(loaded.profile)))
        soils: list[Soil] = []

        def plant() -> supervisor.Tree:
            if soils:
                soils[-1].journal.close()
            soils.append(
                open_soil(
                    env,
                    changed,
                    _key(outside.disk, handshake["key"]["pem_file"]),
                    STATE,
                    speed=float(handshake["speed"]),
                    write=len,
                    on_stuck=_fail,
                    garbage=NoGarbage(),
                    root=supervisor.ROOT,
                )
            )
            return supervisor.plant(soils[-1])

        yield SeededDay(
            env=env,
            world=world,
            tree=plant(),
            network=network,
            venue=Endpoint.parse(handshake["rest"]),
            again=plant,
        )
        soils[-1].journal.close()
        nursery.cancel_scope.cancel()


def _live_before(env: SeededEnv, profile: Profile, records: Sequence[object]) -> None:
    """Write the journal of an earlier life."""

    def first_record(previous_anchor: str) -> Segment:
        return Segment(
            run="earlier",
            account=profile.account,
            environment=profile.environment,
            mono_ns=env.now_ns(),
            wall_ns=env.wall_ns(),
            commit="",
            config_sha256="",
            lock_sha256="",
            previous_anchor=previous_anchor,
        )

    anchors = str(STATE.anchors)
    journal = Journal.open(env, str(STATE.journal), CODEC, first_record, anchor_file=anchors)
    for record in records:
        journal.append(record)
    journal.close()


def _unrehearsed(profile: Profile) -> Profile:
    # Nothing gets cold in a simulation, and imagined goals are most of what it would do.
    return attrs.evolve(profile, runtime=attrs.evolve(profile.runtime, rehearse_ms=0.0))


async def _run(seed: int, hours: float) -> SeedRun:
    async with seeded_day(seed, synthetic_day(seed, hours, doubts=USUAL)) as day:
        tree = day.tree
        async with trio.open_nursery() as watch:
            watch.start_soon(_stop_after, tree, 3600 * hours)
            await tree.root.run()
            watch.cancel_scope.cancel()
    return SeedRun(
        seed=seed,
        simulated_s=trio.current_time(),
        figures=summary_json(
            tally=tree.auditor.tally,
            statement=tree.reconciler.statement,
            restarts=tree.roster.restarts,
            feeds=feed_figures(tree.race.ledgers()),
        ),
        journal=_segments(day.env.disk),
    )


async def _stop_after(tree: supervisor.Tree, longest_s: float) -> None:
    with trio.move_on_after(longest_s):
        await tree.until_settled()
    tree.root.stop()


def _key(disk: Disk, path: str) -> SigningKey:
    private = load_pem_private_key(disk.read(path), None)
    assert isinstance(private, Ed25519PrivateKey), "only such signatures repeat themselves"
    return SigningKey(private)


def _segments(disk: Disk) -> bytes:
    folder = str(STATE.journal)
    return b"".join(disk.read(f"{folder}/{name}") for name in disk.names(folder))


def _fail(error: NotStopping) -> None:
    raise error
