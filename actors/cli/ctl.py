"""``python -m actors ctl``: look at a running process, halt it, resume it, drain it."""

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import trio

from actors.cli.errors import Misuse
from actors.cli.places import socket_of
from actors.runtime import checkout
from actors.runtime.unix import BadSocket, ask

DONE, REFUSED = 0, 1


def ctl_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``ctl`` understands."""
    parser.add_argument("do", choices=("health", "tree", "halt", "resume", "drain"))
    parser.add_argument("token", nargs="?", help="for resume: what halt and health have shown")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="where it runs (default: $STATE_DIRECTORY, else runs/latest)",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as it came")
    parser.set_defaults(go=ctl)


def ctl(chosen: argparse.Namespace) -> int:
    """Ask one thing of the process that runs in a state folder; print its answer.

    Raises:
        Misuse: Nobody runs there, or a token is missing or not wanted.
    """
    if (chosen.do == "resume") != (chosen.token is not None):
        raise Misuse("ctl: resume takes the token that health shows, and nothing else does")
    socket = socket_of(chosen.state or _usual())
    request = {"do": chosen.do, **({} if chosen.token is None else {"token": chosen.token})}
    try:
        said = trio.run(ask, str(socket), request)
    except BadSocket as error:
        raise Misuse(str(error)) from error
    if chosen.json:
        print(json.dumps(said, indent=1))
    elif not said["ok"]:
        raise Misuse(f"ctl {chosen.do}: {said['error']}")
    else:
        for line in lines(chosen.do, said):
            print(line)
    return DONE if said["ok"] else REFUSED


def _usual() -> Path:
    # systemd lists several, separated by colons; ours is the first.
    named = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(named) if named else checkout.ROOT / "runs" / "latest"


def lines(do: str, said: Mapping[str, Any]) -> Iterator[str]:
    """Say an answer to a person."""
    match do:
        case "tree":
            yield from said["tree"]
        case "health":
            yield from _health(said["health"])
        case "drain":
            yield "draining"
        case _:
            yield _trading(said)


def _trading(said: Mapping[str, Any]) -> str:
    token = said.get("resume_token")
    reasons = f" ({'; '.join(said['reasons'])})" if said["reasons"] else ""
    return f"{said['state']}{reasons}" + (f"; to resume: ctl resume {token}" if token else "")


def _group(group: Mapping[str, Any]) -> str:
    told = (
        f"order group of shard {group['shard']}: {group['id'] or '-'}, {group['contracts']}"
        f" contracts in 15 s, {group['state']}"
    )
    if not group["why"]:
        return told
    cleared = f"; cleared by {group['clears']}" if group["clears"] else ""
    return f"{told} for {_age(group['since_ms'])}: {group['why']}{cleared}"


def _health(health: Mapping[str, Any]) -> Iterator[str]:
    budget, journal, lines_ = health["budget_micros"], health["journal"], health["connections"]
    trading = health["trading"]
    yield _trading(trading)
    for halt in trading["halts"]:
        word = "halts" if halt["halts"] else "reduces"
        yield (
            f"{word} for {_age(halt['since_ms'])}: {halt['name']}: {halt['why']};"
            f" cleared by {halt['clears']}"
        )
    for group in trading["groups"]:
        yield _group(group)
    yield (
        f"connections {lines_['entries']} for entries, {lines_['exits']} for exits;"
        f" {lines_['header_sets']} header sets; {health['restarts']} restarts"
    )
    yield (
        f"budget {_dollars(budget['spent_day'])} of {_dollars(budget['limit_day'])} spent on"
        f" {budget['day']}, {_dollars(budget['open_account'])} of"
        f" {_dollars(budget['limit_account'])} open"
    )
    unsynced = "" if journal["unsynced_ms"] is None else f", unsynced {journal['unsynced_ms']} ms"
    yield f"journal {'at' if journal['healthy'] else 'UNTENDED at'} {journal['last_seq']}{unsynced}"
    for order in health["open_orders"]:
        yield (
            f"order {order['client_order_id']} {order['purpose']} {order['side']}"
            f" {order['ticker']}, {order['age_ms']} ms"
        )
    marks = {mark["ticker"]: mark for mark in health["marks"]}
    for ticker, count in health["positions_centi"].items():
        yield f"position {ticker} {count / 100:.2f}{_worth(marks.get(ticker))}"
    if health["late"]:
        yield f"LATE: {', '.join(health['late'])}"
    for actor in health["actors"]:
        yield from _actor(actor)


def _worth(mark: Mapping[str, Any] | None) -> str:
    if mark is None:
        return ""
    cost = f", cost {_dollars(mark['cost_micros'])}"
    if mark["worth_micros"] is None:
        return f"{cost}, its book has not said what it is worth"
    seen = "by an earlier process" if mark["age_ms"] is None else f"{_age(mark['age_ms'])} ago"
    return f"{cost}, worth {_dollars(mark['worth_micros'])} as seen {seen}"


def _actor(actor: Mapping[str, Any]) -> Iterator[str]:
    told = f"{actor['actor']:<14} {actor['state']:<9} up {_age(actor['uptime_ms']):>8}"
    told += f"  restarts {actor['restarts_60_s']}/{actor['restarts']}"
    told += f"  progress {_age(actor['progress_ms']):>8}"
    for name, box in actor["mailboxes"].items():
        told += f"  {name} {box['depth']}/{box['capacity']} (peak {box['peak']})"
    yield told + ("  LATE" if actor["late"] else "")
    if actor["last_exit"]:
        yield f"{'':<14} last exit: {actor['last_exit']}"
    if actor["stack"]:
        yield f"{'':<14} at {' > '.join(actor['stack'][-2:])}"
    for task in actor["below"]:
        yield f"{'':<14} + {task}"


def _age(ms: int | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.1f} s"


def _dollars(micros: int) -> str:
    return f"${micros / 1_000_000:,.2f}"
