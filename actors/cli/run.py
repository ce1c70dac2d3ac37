"""The process around the tree: options, the simulated world, signals, the exit code.

Child processes, signals and the service manager belong here and not to the tree
(design section 5): an actor can be restarted, a process cannot.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
import trio

import supervisor
from actors.audit.summary import day_table, summary_json
from actors.cli import guards
from actors.cli.around import Around, Stuck, watchdog
from actors.cli.codes import ESCALATED, JOURNAL, KEY, UNAVAILABLE, USAGE, say
from actors.cli.errors import Misuse, VenueAway, WorldGone
from actors.cli.feed_record import feed_figures, feed_lines
from actors.cli.places import alone, reachable
from actors.cli.reload import Reload
from actors.cli.soil import open_soil
from actors.cli.worlds import Beside, check_options, world
from actors.config.credentials import credentials_folder, is_handed
from actors.config.load import BadProfile, Loaded, load, world_names
from actors.config.state import StateFolder, day_folder, standing_folder
from actors.exchange.errors import ClockOff, KeyRefused
from actors.exchange.keys import SigningKey, load_key
from actors.runtime.collection import MachineGarbage
from actors.runtime.env import Env, RealEnv
from actors.runtime.errors import JournalError, leaves
from actors.runtime.loopwatch import LoopWatch
from actors.runtime.process import child_process
from actors.runtime.secret import redact_line
from actors.runtime.systemd import BadNotifySocket, Notifier, notify_sender
from actors.runtime.unix import BadSocket

PAGES_S: Final = 120.0
"""How long the pages may take to write where nobody waits for us to be gone."""
DEFAULT_SEED: Final = 1

KNOWN: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (BadProfile, USAGE, ""),
    (Misuse, USAGE, ""),
    (BadSocket, USAGE, "control: "),
    (BadNotifySocket, USAGE, ""),
    (KeyRefused, KEY, "key: "),
    (ClockOff, KEY, ""),
    (WorldGone, UNAVAILABLE, ""),
    (VenueAway, ESCALATED, ""),
    (JournalError, JOURNAL, "journal: "),
    (OSError, JOURNAL, "state: "),
)
"""What may end it before or after the tree: the kind, the exit code, how its line begins."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one profile until it is done or told to stop; return the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return trio.run(_serve, chosen)
    except Exception as error:
        found = [_known(leaf) for leaf in leaves(error)]
        first = found[0]
        if first is None or None in found:
            raise
        return say(*first)


def _known(error: BaseException) -> tuple[int, str] | None:
    """Return exit code and line of an error that is no fault of the program."""
    for kind, code, what in KNOWN:
        if isinstance(error, kind):
            return code, f"{what}{error}"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="supervisor.py", description="Hear a goal first, trade it, and prove it."
    )
    parser.add_argument("--profile", required=True, help="a shipped profile's name, or a file")
    parser.add_argument("--state", metavar="DIR", help="where the journal and the pages are kept")
    parser.add_argument(
        "--summary", type=_new_file, metavar="FILE", help="write the day's figures there as JSON"
    )
    parser.add_argument(
        "--confirm", metavar="HOST/KEYID", help="prod: what a person at a terminal would type"
    )
    add = parser.add_argument_group("the simulated world (profiles that name one)").add_argument
    add("--world", metavar="FILE", help="attach to a running world: its handshake")
    add("--matchday", metavar="NAME", help="which day of real matches is played")
    add("--speed", type=_above_zero, metavar="X", help="match seconds in a second")
    add(
        "--min-gap",
        type=_above_zero,
        metavar="S",
        help="least seconds between two incidents of a match",
    )
    add("--seed", type=int, metavar="N", help=f"of everything drawn (default {DEFAULT_SEED})")
    return parser


def _new_file(text: str) -> Path:
    path = Path(text).absolute()
    if path.is_dir() or not path.parent.is_dir():
        # Better said now than when the day is over.
        raise argparse.ArgumentTypeError(f"cannot be written: {text}")
    return path


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above zero: {text}")
    return value


async def _serve(chosen: argparse.Namespace) -> int:
    env = RealEnv()
    needs_world = bool(world_names(chosen.profile))
    check_options(chosen, needs_world=needs_world)
    state = _state(chosen, env, needs_world=needs_world)
    state.make()
    with alone(state), _log_to(state.log):
        if not needs_world:
            return await _trade(chosen, env, state, None)
        async with world(chosen, env, state) as beside:
            return await _trade(chosen, env, state, beside)


async def _trade(
    chosen: argparse.Namespace, env: RealEnv, state: StateFolder, beside: Beside | None
) -> int:
    handshake = None if beside is None else beside.handshake
    loaded = load(chosen.profile, handshake, credentials_folder(os.environ))
    key = await _guarded_key(chosen, env, loaded)
    stuck = Stuck()
    soil = open_soil(
        env,
        loaded,
        key,
        state,
        speed=1.0 if beside is None else beside.speed,
        write=_write,
        on_stuck=stuck,
        garbage=MachineGarbage(),
        root=supervisor.ROOT,
    )
    stuck.journal = soil.journal
    tree, rules = supervisor.plant(soil), loaded.profile.run
    if loaded.profile.environment == "paper":
        # Every goal is raced, planned and put on record; none is bought.
        tree.trading.desk.state.halt("paper", "this profile never buys")
    notifier = Notifier(notify_sender(os.environ.get("NOTIFY_SOCKET")))
    with (
        reachable(state, os.environ) as places,
        state.log.open("a") as stacks,
        LoopWatch(now_ns=env.now_ns, stall_s=rules.loop_stall_s, log=stacks) as watch,
    ):
        around = Around(
            tree=tree,
            env=env,
            places=places,
            beside=beside,
            stop_when_settled=rules.stop_when == "settled",
            drain_s=rules.drain_s,
            notifier=notifier,
            watch=watch,
            reload=Reload(
                env=env,
                source=chosen.profile,
                world=handshake,
                credentials=credentials_folder(os.environ),
                loaded=loaded,
            ),
        )
        async with trio.open_nursery() as nursery:
            # Both until the very end: the pages are written under their eyes as well.
            await nursery.start(watch.turn)
            fed = watchdog(tree, env, notifier, os.environ.get("WATCHDOG_USEC", ""))
            if fed is not None:
                nursery.start_soon(fed.run)
            await around.live()
            soil.journal.close()
            await _tell(chosen, around, state)
            nursery.cancel_scope.cancel()
    return around.code


async def _guarded_key(chosen: argparse.Namespace, env: RealEnv, loaded: Loaded) -> SigningKey:
    """Read the key; where real money is at stake, only past every guard."""
    profile, path = loaded.profile, loaded.profile.key.pem_file
    handed = is_handed(path, os.environ)
    if profile.environment != guards.GUARDED:
        if chosen.confirm is not None:
            raise Misuse(f"--confirm: {profile.environment!r} is not guarded, only prod is")
        return load_key(path, credential=handed)
    guards.check_key_file(path, handed=handed, root=supervisor.ROOT)
    key = load_key(path, credential=handed)
    await guards.confirm(env, profile, chosen.confirm, guards.teller())
    said = await guards.ask_venue(env, profile, key)
    await env.blocking(_write, f"{guards.told(profile, said)}\n".encode())
    return key


def _state(chosen: argparse.Namespace, env: Env, *, needs_world: bool) -> StateFolder:
    if needs_world and chosen.world is None and chosen.state is None:
        utc = datetime.fromtimestamp(env.wall_ns() / 1e9, UTC).strftime("%Y%m%dT%H%M%SZ")
        seed = DEFAULT_SEED if chosen.seed is None else chosen.seed
        return day_folder(supervisor.ROOT / "runs", utc, chosen.matchday or "default", seed)
    return standing_folder(Path(chosen.profile).stem, chosen.state, os.environ)


async def _tell(chosen: argparse.Namespace, around: Around, state: StateFolder) -> None:
    """Write the pages in a process of their own, then the day's table and the summary."""
    tree = around.tree
    arguments = ["actors", "report", "--journal", str(state.journal), "--out", str(state.pages)]
    async with child_process(
        "report", arguments, root=supervisor.ROOT, log=state.root / "report.log"
    ) as pages:
        left, within_s = None, around.pages_s(PAGES_S)
        with trio.move_on_after(within_s):
            left = await pages.wait()
    ledgers = tree.race.ledgers()
    lines = day_table(tree.auditor.tally, statement=tree.reconciler.statement)
    lines += feed_lines(ledgers)
    lines.append(_pages_line(left, within_s, state))
    text = "".join(f"{line}\n" for line in lines)
    await around.env.blocking(_write, text.encode("utf-8", "backslashreplace"))
    if chosen.summary is not None:
        summary = summary_json(
            tally=tree.auditor.tally,
            statement=tree.reconciler.statement,
            restarts=tree.roster.restarts,
            feeds=feed_figures(ledgers),
        )
        text = json.dumps(summary, indent=2) + "\n"
        await trio.Path(chosen.summary).write_text(text, "utf-8")


def _pages_line(left: int | None, within_s: float, state: StateFolder) -> str:
    if left == 0:
        return f"pages: {state.pages / 'index.html'}"
    if left is not None:
        return f"pages: not written (see {state.root / 'report.log'})"
    return (
        f"pages: not written within {within_s:.0f} s; to write them:"
        f" python -m actors report --journal {state.journal} --out {state.pages}"
    )


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Send the process's own log to a file while inside, as JSON lines."""
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
                redact_line,
            ],
            wrapper_class=structlog.make_filtering_bound_logger("INFO"),
            logger_factory=structlog.WriteLoggerFactory(file=file),
        )
        try:
            yield
        finally:
            structlog.reset_defaults()
