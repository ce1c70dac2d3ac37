"""What stands against trading in a running process: why, since when, and who may take it back."""

from typing import Final

from actors.cli.stops import DRIFT, ENDING
from actors.trader.conditions import DISK, STALE
from actors.trader.day_watch import RATE
from actors.trader.desk import Desk, Standing
from actors.trader.entry_groups import HALT as GROUP

OPERATOR: Final = "operator"
"""Name of the halt that only whoever set it takes back."""
PERSON: Final = (OPERATOR, GROUP, *sorted(ENDING))
"""Names of all halts that only a person takes back."""
A_PERSON: Final = "a person: ctl resume TOKEN"
CLEARS: Final = {
    **dict.fromkeys(PERSON, A_PERSON),
    DRIFT: "a person: ctl resume TOKEN; else it ends by 75 once nothing is held",
    "boot": "itself, once journal and venue agree",
    "clock": "itself, once the clocks agree",
    RATE: "itself, a minute after it began",
    STALE: "itself, once a feed is fresh again",
    DISK: "itself, once there is room",
    "journal": "nobody: it ends by 74",
    "paper": "nobody: this profile never buys",
    "world": "nobody: it ends by 69",
    "escalated": "nobody: it ends by 70",
}
"""Who takes back the halt of a name."""
BY_START: Final = {
    "delay": "itself, once the venue is quick again; or a person: ctl resume TOKEN",
    "order": "itself, once the order's outcome is known",
}
"""The same, by the first word of a name."""


def who_clears(name: str) -> str:
    """Return who or what may take a reason back."""
    return CLEARS.get(name) or BY_START.get(name.partition(" ")[0], "whoever gave it")


def halts(desk: Desk, now_ns: int) -> list[dict[str, object]]:
    """Return everything that speaks against trading, oldest first, as plain values."""
    return [_row(each, now_ns) for each in desk.state.standing]


def groups(desk: Desk, now_ns: int) -> list[dict[str, object]]:
    """Return the order group of each shard that entries carry, as plain values."""
    known = desk.groups
    rows: list[dict[str, object]] = []
    for shard in sorted({*known.proved, *known.shut}):
        shut = known.shut.get(shard)
        state = "open" if shut is None else "resumed" if shard in known.resumed else "shut"
        rows.append(
            {
                "shard": shard,
                "id": known.proved.get(shard, ""),
                "contracts": known.contracts,
                "state": state,
                "why": "" if shut is None else shut.why,
                "since_ms": None if shut is None else (now_ns - shut.since_ns) // 1_000_000,
                "clears": A_PERSON if state == "shut" else "",
            }
        )
    return rows


def marks(desk: Desk, now_ns: int, most: int) -> list[dict[str, object]]:
    """Return what each open position cost and could be sold for, and when that was seen.

    Args:
        desk: Of the account.
        now_ns: Monotonic.
        most: How many are listed.
    """
    rows: list[dict[str, object]] = []
    for each in desk.losses.positions()[:most]:
        mark = desk.losses.marked(each.ticker)
        worth = None if mark is None else mark.worth_of(each)
        seen_ns = None if mark is None or worth is None else mark.at_ns or None
        rows.append(
            {
                "ticker": each.ticker,
                "net_centi": each.net_centi,
                "cost_micros": each.basis_micros,
                "worth_micros": worth,
                "age_ms": None if seen_ns is None else (now_ns - seen_ns) // 1_000_000,
            }
        )
    return rows


def _row(standing: Standing, now_ns: int) -> dict[str, object]:
    return {
        "name": standing.name,
        "why": standing.why,
        "since_ms": (now_ns - standing.since_ns) // 1_000_000,
        "halts": standing.halts,
        "clears": who_clears(standing.name),
    }
