"""Faults in what the venue reports, on order: to prove that an auditor names each kind.

The books stay right; only the sums that are read over REST are altered, for
every account alike.
"""

from collections.abc import Iterable
from typing import Literal

import attrs

TamperKind = Literal["balance", "fill_fee", "settlement_revenue"]


@attrs.frozen(kw_only=True)
class Tamper:
    """One falsehood."""

    kind: TamperKind
    """``balance``: the lowest shard's. ``fill_fee``: of an account's first fill.
    ``settlement_revenue``: of its first settlement row."""
    amount_micros: int
    """Added to what is true."""


def skew_micros(tampers: Iterable[Tamper], kind: TamperKind) -> int:
    """Return by how much everything of ``kind`` is falsified."""
    return sum(tamper.amount_micros for tamper in tampers if tamper.kind == kind)
