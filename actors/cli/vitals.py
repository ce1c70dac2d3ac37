"""How a running process is: every actor, what it has open, and the tree as a drawing.

Made on the loop, because it reads what the actors write, and therefore in small steps:
whatever wants to run may do so between two actors. No key, header or body is in it.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import trio

import supervisor
from actors.messages.trading import Sent
from actors.runtime.env import Env
from actors.runtime.health import Health, row
from actors.runtime.roster import Roster
from actors.runtime.supervise import Supervisor

ROWS_MOST: Final = 100
"""Orders and positions that are listed; beyond, only their number is told."""


async def vitals(tree: supervisor.Tree, env: Env) -> dict[str, Any]:
    """Return the state of everything as plain values for JSON."""
    actors: list[dict[str, object]] = []
    for cell in tree.roster.health.cells:
        actors.append(row(cell, env.now_ns()))
        await trio.lowlevel.checkpoint()
    desk, now_ns = tree.trading.desk, env.now_ns()
    journal, inflight = tree.journal, desk.inflight
    orders = [*inflight.of("entry"), *inflight.of("exit")]
    unsynced_ns = journal.unsynced_since_ns
    return {
        "at_wall_ns": env.wall_ns(),
        "late": [each["actor"] for each in actors if each["late"]],
        "restarts": tree.roster.restarts,
        "trading": {"state": desk.state.value, "reasons": list(desk.state.reasons)},
        "connections": {
            "entries": desk.entries.ready_count,
            "exits": desk.exits.ready_count,
            "header_sets": desk.entry_headers.fresh(now_ns),
        },
        "open_orders": [_order(sent, now_ns) for sent in orders[:ROWS_MOST]],
        "open_orders_total": len(orders),
        "positions_centi": _first({k: v for k, v in desk.held_centi.items() if v}.items()),
        "lots": _first((each, lot.left_centi) for each, lot in desk.lots.items()),
        "budget_micros": {
            "day": desk.exposure.day,
            "spent_day": desk.exposure.spent_day_micros,
            "limit_day": desk.exposure.limits.day_micros,
            "open_account": desk.exposure.open_account_micros,
            "limit_account": desk.exposure.limits.account_micros,
        },
        "journal": {
            "last_seq": journal.last_seq,
            "healthy": journal.healthy,
            "unsynced_ms": None if unsynced_ns is None else (now_ns - unsynced_ns) // 1_000_000,
        },
        "actors": actors,
    }


def _first(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    return dict(islice(pairs, ROWS_MOST))


def _order(sent: Sent, now_ns: int) -> dict[str, object]:
    return {
        "client_order_id": sent.client_order_id,
        "purpose": sent.purpose,
        "ticker": sent.ticker,
        "side": sent.side,
        "limit_pips": sent.limit_pips,
        "count_centi": sent.count_centi,
        "age_ms": (now_ns - sent.sent_ns) // 1_000_000,
    }


def drawn(roster: Roster, root: Supervisor) -> list[str]:
    """Draw the tree as it runs now: supervisors with their strategy, children, states, restarts."""
    lines = [f"{root.name}  {_strategy(root)}"]
    _draw(roster, root, "", lines)
    return lines


def _draw(roster: Roster, branch: Supervisor, indent: str, lines: list[str]) -> None:
    last = len(branch.children) - 1
    wide = max((len(child.id) for child in branch.children), default=0)
    for number, child in enumerate(branch.children):
        below = roster.branches.get(child.id)
        corner = "└─ " if number == last else "├─ "
        told = _told(child.health)
        if below is not None:
            told += f"  {_strategy(below)}"
        elif child.criticality != "core":
            told += f"  {child.criticality}"
        lines.append(f"{indent}{corner}{child.id:<{wide}}  {told}")
        if below is not None:
            _draw(roster, below, indent + ("   " if number == last else "│  "), lines)


def _strategy(branch: Supervisor) -> str:
    most = branch.max_restarts
    limit = "" if most is None else f", at most {most} restarts in {branch.window_s:g} s"
    return f"{branch.strategy.replace('_', '-')}{limit}"


def _told(cell: Health) -> str:
    restarts = f"{cell.restarts} restart{'' if cell.restarts == 1 else 's'}"
    last = f" ({cell.last_exit[:60]})" if cell.last_exit else ""
    return f"{cell.state:<8}  {restarts}{last}"
