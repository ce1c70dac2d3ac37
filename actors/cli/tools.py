"""``python -m actors TOOL``: verify a journal, write its pages, run seeds, look at a process."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from actors.cli.ctl import ctl_options
from actors.cli.custody import custody_options
from actors.cli.entities import entities_options
from actors.cli.errors import Misuse
from actors.cli.flatten import flatten_options
from actors.cli.takeover import takeover_options
from actors.messages.codec import JournalCodec
from actors.runtime.env import RealEnv
from actors.runtime.errors import JournalError
from actors.runtime.segments import list_segments
from actors.runtime.verify import verify

UNSOUND = 1
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one tool; return the exit code: 0 for good, 1 for a finding, 2 for misuse."""
    parser = argparse.ArgumentParser(prog="python -m actors", description="Touchline's tools.")
    tools = parser.add_subparsers(dest="tool", required=True, metavar="TOOL")
    _verify_options(tools.add_parser("verify", help="check every byte of a journal"))
    _report_options(tools.add_parser("report", help="write one page per detected event"))
    _seeds_options(tools.add_parser("seeds", help="run the whole system from seeds"))
    _fair_options(tools.add_parser("fair", help="hold our values against the simulator's truth"))
    ctl_options(tools.add_parser("ctl", help="look at a running process, halt, resume, drain it"))
    flatten_options(tools.add_parser("flatten", help="leave everything at the venue, from outside"))
    custody_options(tools.add_parser("custody", help="take over what a trader has left"))
    takeover_options(tools.add_parser("takeover", help="book what others did in our account"))
    entities_options(tools.add_parser("entities", help="say what feeds' ids and names mean"))
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.go(chosen)
    except JournalError as error:
        return _say(UNSOUND, str(error))
    except Misuse as error:
        return _say(USAGE, str(error))
    except OSError as error:
        return _say(USAGE, f"{error.filename or chosen.tool}: {error.strerror}")
    return code


def _say(code: int, text: str) -> int:
    sys.stderr.write("".join(f"touchline: {line}\n" for line in text.splitlines()))
    return code


def _verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--journal", required=True, type=_folder, metavar="DIR")
    parser.add_argument(
        "--anchors",
        type=Path,
        metavar="FILE",
        help="the anchors kept outside (default: anchors.log beside the folder, if it is there)",
    )
    parser.set_defaults(go=_verify)


def _verify(chosen: argparse.Namespace) -> int:
    beside = chosen.journal.parent / "anchors.log"
    anchors = chosen.anchors or (beside if beside.is_file() else None)
    found = verify(
        RealEnv().disk,
        str(chosen.journal),
        JournalCodec(),
        anchor_file=None if anchors is None else str(anchors),
    )
    if not found.problems:
        _must_hold_a_journal(chosen.journal)
    print(
        f"{found.segments} segments, {found.records} records "
        f"({found.first_seq} to {found.last_seq}), last anchor {found.last_anchor or 'none'}"
    )
    for problem in found.problems:
        print(f"problem: {problem}")
    print("sound" if not found.problems else f"{len(found.problems)} problems")
    return UNSOUND if found.problems else 0


def _report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--journal", required=True, type=_folder, metavar="DIR")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.set_defaults(go=_report)


def _report(chosen: argparse.Namespace) -> int:
    from actors.audit.report import run_report  # noqa: PLC0415 - no other tool waits for the pages

    _must_hold_a_journal(chosen.journal)
    index = run_report(chosen.journal, chosen.out)
    print(f"{index.events} events, {index.pages} pages: {index.path}")
    return 0


def _seeds_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=_count, default=1, metavar="N", help="how many (default 1)")
    parser.add_argument("--first-seed", type=int, default=1, metavar="N", help="default 1")
    parser.add_argument(
        "--hours", type=_hours, default=0.2, metavar="H", help="simulated hours each (default 0.2)"
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep each seed's journal there")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="append the outcome there")
    parser.set_defaults(go=_seeds)


def _seeds(chosen: argparse.Namespace) -> int:
    from actors.cli.seeds import run_seeds  # noqa: PLC0415 - no other tool waits for the world

    return run_seeds(
        seeds=range(chosen.first_seed, chosen.first_seed + chosen.seeds),
        hours=chosen.hours,
        keep=chosen.state,
        proof=chosen.proof,
        say=print,
    )


def _fair_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--matches", type=_count, default=20, metavar="N", help="default 20")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    parser.set_defaults(go=_fair)


def _fair(chosen: argparse.Namespace) -> int:
    from actors.cli.fair import run_fair  # noqa: PLC0415 - no other tool waits for the world

    return run_fair(matches=chosen.matches, seed=chosen.seed, say=print)


def _must_hold_a_journal(folder: Path) -> None:
    """Refuse a folder without a segment: of nothing at all one could say that it is sound.

    Raises:
        Misuse: There is no journal in it.
    """
    disk = RealEnv().disk
    if not list_segments(disk, str(folder)):
        inside = folder / "journal"
        hint = f"; there is one in {inside}" if list_segments(disk, str(inside)) else ""
        raise Misuse(f"{folder}: no journal there{hint}")


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"no such folder: {text}")
    return path


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number: {text}") from error


def _count(text: str) -> int:
    value = int(_number(text))
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1: {text}")
    return value


def _hours(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 10_000:  # noqa: PLR2004 - a year and more is a slip of the keyboard
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 10,000: {text}")
    return value
