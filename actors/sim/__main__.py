"""``python -m actors.sim``: the simulated world as a process of its own, or its venue alone.

One line on stdout when everything listens, and never another; the end of stdin,
or SIGTERM, means leave. The venue alone minds only the signal: whoever starts it
may have no stdin to hold.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

try:
    import attrs
    import structlog
    import trio

    from actors.runtime.env import RealEnv
    from actors.runtime.errors import leaves
    from actors.sim.arguments import not_negative, port, positive, seed as a_seed, share
    from actors.sim.errors import BadStage, WorldError
    from actors.sim.fault_file import read_plan
    from actors.sim.feedtiming import FIVE
    from actors.sim.matchday import DEFAULT, matchday, matchdays
    from actors.sim.plan import plan
    from actors.sim.reviews import NONE, USUAL, doubted_day
    from actors.sim.scene import Scene, first_night
    from actors.sim.scene_file import read_scene, with_faults
    from actors.sim.script import day_script
    from actors.sim.stage import Stage
    from actors.sim.tables import Table
    from actors.sim.timetable import Pace, Timetable, lay_out
    from actors.sim.venue.faults import CALM, FaultPlan
    from actors.sim.venue.latency import PROFILES, LatencyProfile
    from actors.sim.world import Options, World
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("actors"):
        raise
    sys.exit(f"touchline: {missing.name} is not installed here; run: make setup")

FAILED: Final = 1
USAGE: Final = 2
WARNING: Final = 30
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o644
PLAN: Final = ".plan"
"""Beside a file of the truth lies one of the plan, by its name and this."""
HOURS: Final = 1.0  # of a tape, where nobody says
MOST_HOURS: Final = 1_000.0
GOALS: Final = 2_000  # of a calibration, where nobody says
LEAST_GOALS: Final = 50
MOST_GOALS: Final = 100_000
DOUBTS: Final = {"usual": USUAL, "none": NONE}
CHUNK: Final = 4096
"""What the parent writes to us is not read for its meaning; only its end matters."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the world until stdin ends; return the exit code."""
    chosen = _parser().parse_args(arguments)
    if chosen.list_matchdays:
        sys.stdout.write(catalogue())
        return 0
    try:
        refuse_strangers(chosen)
        run = _chosen(chosen)
    except (WorldError, ValueError) as error:
        sys.stderr.write(f"world: {error}\n")
        return USAGE
    except OSError as error:
        sys.stderr.write(f"world: {chosen.tape}: {error.strerror}\n")
        return USAGE
    return run()


def _chosen(chosen: argparse.Namespace) -> Callable[[], int]:
    """Prepare what was asked for, or do it if it needs no world that stays; return the rest.

    Raises:
        WorldError: It cannot be done as it was asked for.
        OSError: A tape cannot be written.
    """
    if chosen.venue_only:
        scene = _scene(chosen)
        return lambda: _run(chosen, lambda folder: trio.run(_stand, scene, chosen.port, folder))
    seed, doubts = 1 if chosen.seed is None else chosen.seed, DOUBTS[chosen.reviews]
    if chosen.unconfirmed is not None:
        doubts = attrs.evolve(doubts, unconfirmed=chosen.unconfirmed)
    if chosen.calibrate:
        code = _calibrate(seed, chosen.goals or GOALS, PROFILES[chosen.latency or "nj"])
        return lambda: code
    faults = CALM if chosen.faults is None else read_plan(Table(_toml(chosen.faults)))
    if chosen.tape is not None:
        from actors.sim.tape import record  # noqa: PLC0415 - a world with clients needs it not

        _log_to_stderr()
        record(
            str(Path(chosen.tape).absolute()),
            disk=RealEnv().disk,
            seed=seed,
            hours=_hours(chosen.hours),
            doubts=doubts,
            faults=faults,
            progress=_progress,
        )
        return lambda: 0
    pace = Pace(
        speed=chosen.speed,
        min_gap_s=chosen.min_gap,
        max_gap_s=max(chosen.min_gap, chosen.max_gap),
    )
    timetable = lay_out(doubted_day(day_script(matchday(chosen.matchday), seed), doubts), pace)
    return lambda: _run(
        chosen, lambda folder: _begin(timetable, _options(chosen, folder, faults), chosen)
    )


def _calibrate(seed: int, goals: int, latency: LatencyProfile) -> int:
    """Print the races' figures beside the original's; return 0 if all are where they ought to be.

    Raises:
        BadStage: So many goals cannot be told apart from chance, or would take for ever.
    """
    from actors.sim.calibration import AHEAD_S, play  # noqa: PLC0415 - as above
    from actors.sim.calibration_figures import figures  # noqa: PLC0415 - as above

    if not LEAST_GOALS <= goals <= MOST_GOALS:
        raise BadStage(f"--goals is a number from {LEAST_GOALS} to {MOST_GOALS}, not {goals}")
    plain = play(seed, goals, feeds=FIVE, latency=latency)
    faster = play(seed, goals, feeds=FIVE, latency=latency, ahead_s=AHEAD_S)
    found = figures(plain, faster)
    sys.stdout.write(f"{len(plain.races)} goals of seed {seed}\n")
    sys.stdout.writelines(f"{figure.line()}\n" for figure in found)
    return 0 if all(figure.holds for figure in found) else 1


def _begin(timetable: Timetable, options: Options, chosen: argparse.Namespace) -> int:
    """Write the plan, if anybody wants it, and be the world."""
    path = chosen.plan or (None if chosen.truth is None else f"{chosen.truth}{PLAN}")
    if path is not None:
        planned = plan(
            timetable,
            habits=options.habits,
            feeds=options.feeds,
            faults=options.faults,
            list_ahead_s=options.list_ahead_s,
        )
        RealEnv().disk.write_whole(str(Path(path).absolute()), planned, FILE_MODE)
    return trio.run(_live, timetable, options)


def _hours(text: str | None) -> float:
    try:
        hours = HOURS if text is None else float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= MOST_HOURS:
        raise BadStage(f"--hours is a number above 0 and up to {MOST_HOURS:g}, not {text}")
    return hours


def _progress(at_s: float, lines: int) -> None:
    """Say how far a tape is, if a person looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\rworld: {at_s / 3600:.2f} h, {lines} lines ")
        sys.stderr.flush()


def _run(chosen: argparse.Namespace, run: Callable[[str], int]) -> int:
    """Run in a folder that is there, for as long as it is needed; return the exit code."""
    _log_to_stderr()
    code = FAILED
    try:
        with ExitStack() as stack:
            folder = chosen.folder or stack.enter_context(
                tempfile.TemporaryDirectory(prefix="touchline-world-")
            )
            path = Path(folder).absolute()
            path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            code = run(str(path))
    except* OSError as faults:
        for fault in leaves(faults):
            sys.stderr.write(f"world: {fault}\n")
    return code


def refuse_strangers(chosen: argparse.Namespace) -> None:
    """Refuse options that would mean nothing together.

    Raises:
        BadStage: There are some.
    """
    if not chosen.venue_only:
        given = [name for name in ("scene", "port", "print_urls") if getattr(chosen, name)]
        if given:
            name = given[0].replace("_", "-")
            raise BadStage(f"--{name} is for --venue-only")
    elif chosen.hold or chosen.truth is not None:
        raise BadStage("--hold and --truth are for a day of matches, not for --venue-only")
    _refuse_strange_statistics(chosen)
    for name in ("plan", "unconfirmed"):
        if getattr(chosen, name) is not None and chosen.venue_only:
            raise BadStage(f"--{name} is for a day of matches, not for --venue-only")


def _refuse_strange_statistics(chosen: argparse.Namespace) -> None:
    if chosen.hours is not None and chosen.tape is None:
        raise BadStage("--hours is for --tape")
    if chosen.goals is not None and not chosen.calibrate:
        raise BadStage("--goals is for --calibrate")
    if chosen.calibrate and (chosen.venue_only or chosen.tape is not None):
        raise BadStage("--calibrate plays matches of its own, without --venue-only or --tape")
    if chosen.tape is not None:
        strange = ("venue_only", "hold", "truth", "plan", "folder")
        given = [name for name in strange if getattr(chosen, name)]
        if given:
            name = given[0].replace("_", "-")
            raise BadStage(f"--{name} is for a world with clients, not for --tape")
        if Path(chosen.tape).is_dir():
            raise BadStage(f"{chosen.tape}: a folder, not a file")


def catalogue() -> str:
    """Return the match days there are, one a line."""
    lines = [
        f"{day.name}  {len(day.matches)} matches  {day.goals:2} goals  "
        f"{', '.join(match.name for match in day.matches)}"
        for day in matchdays().values()
    ]
    return "\n".join(lines) + "\n"


def _toml(path: str) -> object:
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadStage(f"{path}: {error}") from error


def _scene(chosen: argparse.Namespace) -> Scene:
    scene = first_night() if chosen.scene is None else read_scene(_toml(chosen.scene))
    if chosen.faults is not None:
        scene = with_faults(scene, _toml(chosen.faults))
    if chosen.latency is not None:
        scene = attrs.evolve(scene, latency=PROFILES[chosen.latency])
    if chosen.seed is not None:
        scene = attrs.evolve(scene, seed=chosen.seed)
    return scene


async def _stand(scene: Scene, port: int, folder: str) -> int:
    stage = Stage(env=RealEnv(), scene=scene, folder=folder, port=port)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_leave_on_signal, nursery.cancel_scope)
        _say(await nursery.start(stage.run))
    return 0


def _say(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def _live(timetable: Timetable, options: Options) -> int:
    world = World(env=RealEnv(), timetable=timetable, options=options)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_leave_on_signal, nursery.cancel_scope)
        _say(await world.start_in(nursery))
        await _end_of_input()
        nursery.cancel_scope.cancel()
    return 0


async def _leave_on_signal(everything: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            everything.cancel()
            return


async def _end_of_input() -> None:
    """Wait until whoever holds our stdin lets go of it."""
    if sys.stdin is None or sys.stdin.closed:
        await trio.sleep_forever()
    # A copy: closing the stream must not close the process's own descriptor.
    async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as stdin:
        while await stdin.receive_some(CHUNK):
            pass


def _options(chosen: argparse.Namespace, folder: str, faults: FaultPlan) -> Options:
    return Options(
        folder=folder,
        latency=PROFILES[chosen.latency or "nj"],
        hold=chosen.hold,
        start_delay_s=chosen.start_delay,
        truth_file=None if chosen.truth is None else str(Path(chosen.truth).absolute()),
        faults=faults,
    )


def _log_to_stderr() -> None:
    """Log warnings and worse as JSON lines on stderr; stdout carries the handshake alone."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m actors.sim",
        description="A simulated exchange, score feeds and other traders around a real match day.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--matchday", default=DEFAULT, metavar="DATE", help=f"which day to play ({DEFAULT})")
    add("--list-matchdays", action="store_true", help="list the days there are, and leave")
    add("--seed", type=a_seed, help="of everything that is drawn (1)")
    add("--speed", type=positive, default=60.0, help="match seconds in a second (60)")
    add("--min-gap", type=positive, default=4.0, metavar="S", help="between incidents (4)")
    add("--max-gap", type=positive, default=5.5, metavar="S", help="dead time is cut to it (5.5)")
    add("--folder", metavar="DIR", help="for certificates and keys (a temporary one)")
    add("--latency", choices=sorted(PROFILES), help="where the client sits (nj; alone: none)")
    add("--faults", metavar="FILE", help="what goes wrong at the venue (TOML)")
    add("--truth", metavar="FILE", help="write what really happened, as JSON lines")
    add("--plan", metavar="FILE", help="write what is going to happen, as JSON lines")
    add(
        "--reviews",
        choices=sorted(DOUBTS),
        default="usual",
        help="reviews, overturned and phantom goals on top of the real ones (usual)",
    )
    add(
        "--unconfirmed",
        type=share,
        metavar="SHARE",
        help="of goals that the event stream is not sure of at once (0.15)",
    )
    add("--hold", action="store_true", help="wait for the control command 'start'")
    add(
        "--start-delay",
        type=not_negative,
        default=30.0,
        metavar="S",
        help="wait at most so long for somebody to follow a book (30)",
    )
    taped = parser.add_argument_group("the whole market on a tape, without any client")
    add = taped.add_argument
    add("--tape", metavar="FILE", help="write every event, act, trade and fault, as JSON lines")
    add("--hours", metavar="H", help="virtual time on the tape (1)")
    add("--calibrate", action="store_true", help="print the races' figures beside the original's")
    add("--goals", type=int, metavar="N", help=f"goals to calibrate with ({GOALS})")
    alone = parser.add_argument_group("the venue alone, for any client")
    add = alone.add_argument
    add("--venue-only", action="store_true", help="no matches, no feeds; until SIGTERM")
    add("--scene", metavar="FILE", help="events, markets, books, accounts (TOML; one is built in)")
    add("--port", type=port, default=0, help="where to listen (0: a free one)")
    add("--print-urls", action="store_true", help="say so; the line comes in any case")
    return parser


if __name__ == "__main__":
    sys.exit(main())
