"""How a running process is: every actor, what it has open, and the tree as a drawing.

Made on the loop, because it reads what the actors write, and therefore in small steps:
whatever wants to run may do so between two actors. No key, header or body is in it.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import trio

import supervisor
from actors.cli.standing import groups, halts, marks
from actors.messages.trading import Sent
from actors.runtime.env import Env
from actors.runtime.health import Health, row
from actors.runtime.roster import Roster
from actors.runtime.supervise import Supervisor
from actors.trader.desk import Desk

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
        "trading": {
            "state": desk.state.value,
            "reasons": list(desk.state.reasons),
            "halts": halts(desk, now_ns),
            "series_closed": desk.holds.series(),
            "groups": groups(desk, now_ns),
        },
        "funnel": tree.auditor.tally.funnel,
        "losses_micros": {
            "day": desk.losses.day_micros,
            "open": desk.losses.open_micros,
            "below_best": desk.losses.best_micros
            - desk.losses.total_micros
            - desk.losses.open_micros,
            "streak": desk.losses.streak,
        },
        "connections": {
            "entries": desk.entries.ready_count,
            "exits": desk.exits.ready_count,
            "header_sets": desk.entry_headers.fresh(now_ns),
        },
        "books": _books(tree, now_ns),
        "open_orders": [_order(sent, now_ns) for sent in orders[:ROWS_MOST]],
        "open_orders_total": len(orders),
        "positions_centi": _first({k: v for k, v in desk.held_centi.items() if v}.items()),
        "marks": marks(desk, now_ns, ROWS_MOST),
        "lots": _first((each, lot.left_centi) for each, lot in desk.lots.items()),
        "budget_micros": {
            "day": desk.exposure.day,
            "spent_day": desk.exposure.spent_day_micros,
            "limit_day": desk.exposure.limits.day_micros,
            "open_account": desk.exposure.open_account_micros,
            "limit_account": desk.exposure.limits.account_micros,
        },
        **venue_figures(desk, now_ns, env.wall_ns()),
        "journal": {
            "last_seq": journal.last_seq,
            "healthy": journal.healthy,
            "unsynced_ms": None if unsynced_ns is None else (now_ns - unsynced_ns) // 1_000_000,
        },
        "actors": actors,
    }


def venue_figures(desk: Desk, now_ns: int, wall_ns: int) -> dict[str, object]:
    """Return what is known of the venue's clock, its limits, and how long it holds orders."""
    word, budget = desk.clock.word(now_ns, wall_ns), desk.budget
    return {
        "clock": {
            "verdict": word.verdict,
            "fits": word.fits,
            "low_ms": _ms(word.low_ns),
            "high_ms": _ms(word.high_ns),
            "steps": desk.clock.steps,
        },
        "limits": {
            "tier": budget.limits.usage_tier,
            "learnt": budget.learnt,
            "read_left": budget.left("read", 0, now_ns),
            "write_left": {
                str(shard): budget.left("write", shard, now_ns) for shard in budget.shards()
            },
            "reads_waited": budget.reads_waited,
            "entries_refused": budget.entries_refused,
            "too_many": budget.too_many,
            "surprises": budget.surprises,
        },
        "venue_delay": [
            {
                "series": each.series,
                "in_play": each.in_play,
                "orders": each.orders,
                "p50_ms": _ms(each.p50_ns),
                "p90_ms": _ms(each.p90_ns),
            }
            for each in desk.delays.figures()[:ROWS_MOST]
        ],
    }


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1e6, 3)


def _books(tree: supervisor.Tree, now_ns: int) -> dict[str, object]:
    comparison = tree.trading.comparison
    compared = {} if comparison is None else dict(comparison.counts)
    return tree.trading.keeper.figures(now_ns) | {"compared": compared}


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
