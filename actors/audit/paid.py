"""Which of the owner's moves of money explain that cash is not what the ledger says. Pure.

A deposit names no shard, and whether its fee is in its amount nobody has told us: so a row of
the bank counts where it explains a difference to the last digit of it, and nowhere else. Each row
counts once. What no row explains is drift.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from actors.audit.findings import BALANCE_STEP_MICROS
from actors.exchange.treasury import BankRow, Moves

ROWS_MOST: Final = 6
"""New rows of the bank that are weighed together; more at once are for a person to look at."""


@attrs.frozen
class Paid:
    """Cash that came to a shard, or left it, by one row of the venue."""

    row_id: str
    exchange_index: int
    amount_micros: int


def row_ids(moves: Moves) -> frozenset[str]:
    """Return the ids of every row."""
    rows = (*moves.deposits, *moves.withdrawals)
    return frozenset({*(row.id for row in rows), *(row.transfer_id for row in moves.transfers)})


def transferred(moves: Moves, known: Iterable[str]) -> tuple[Paid, ...]:
    """Return both halves of every transfer between shards that is not known yet."""
    old = frozenset(known)
    found: list[Paid] = []
    for row in moves.transfers:
        if row.transfer_id not in old:
            found.append(Paid(row.transfer_id, row.source, -row.amount_micros))
            found.append(Paid(row.transfer_id, row.destination, row.amount_micros))
    return tuple(found)


def banked(moves: Moves, known: Iterable[str], apart: Mapping[int, int]) -> tuple[Paid, ...]:
    """Return rows of the bank that together are all that is apart; nothing if none are.

    Args:
        moves: What the venue lists.
        known: Rows that are in the ledger already.
        apart: Micro-dollars by shard that the venue has more than the ledger.
    """
    old = frozenset(known)
    rows = [(row, 1) for row in moves.deposits if row.id not in old]
    rows += [(row, -1) for row in moves.withdrawals if row.id not in old]
    if not rows or len(rows) > ROWS_MOST:
        return ()
    left = {shard: micros for shard, micros in apart.items() if abs(micros) >= BALANCE_STEP_MICROS}
    return next(_explained(rows, left), ())


def _explained(
    rows: list[tuple[BankRow, int]], left: Mapping[int, int]
) -> Iterator[tuple[Paid, ...]]:
    if all(abs(micros) < BALANCE_STEP_MICROS for micros in left.values()):
        yield ()
        return
    if not rows:
        return
    (row, sign), *others = rows
    # The fee is taken out of what is paid in, and comes on top of what is taken out.
    for micros in dict.fromkeys((row.amount_micros, row.amount_micros - sign * row.fee_micros)):
        for shard, apart in left.items():
            rest = {**left, shard: apart - sign * micros}
            for more in _explained(others, rest):
                yield (Paid(row.id, shard, sign * micros), *more)
    yield from _explained(others, left)
