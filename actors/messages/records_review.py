"""What the journal keeps of reviews, of goals taken back, and of what was sold for them."""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class DoubtRow:
    """A match's entries were closed or opened again."""

    match: str
    generation: int
    state: str
    in_doubt: bool
    reason: str
    cause: str = "score"
    """``goal_review`` or ``review`` where the officials look at the goal, or at something else."""


@attrs.frozen(kw_only=True)
class ReviewRow:
    """A goal, or a match, entered a phase of its review (``risk/review.py``)."""

    match: str
    generation: int
    state: str
    phase: str
    reason: str
    at_ns: int


@attrs.frozen(kw_only=True)
class EpisodeRow:
    """One lot's way out ahead of its plan began or ended.

    The beginning is written before its first order's intent, so that a restart goes on
    with it and never begins it anew.
    """

    episode: str
    """The entry's client order id and a number: no second episode has it."""
    entry_client_order_id: str
    match: str
    generation: int
    state: str
    ticker: str
    step: str
    """``opened`` or ``closed``."""
    reason: str
    """Why it began; or how it ended: ``sold``, ``floor``, ``stands``, a refusal's code."""
    value_pips: int
    """What a contract is worth at the score that stands again; the book's price, else what
    its plan's floor makes of it, where nobody could say."""
    first_pips: int
    """The first order's limit."""
    floor_pips: int
    """The worst YES price that it may take."""
    keep_centi: int
    """What is not to be sold: half, where a review halves."""
    left_centi: int
    """What was unsold at this instant."""
    at_ns: int


@attrs.frozen(kw_only=True)
class NettedRow:
    """Contracts of one lot that other orders of ours closed, so that nobody sells them again."""

    entry_client_order_id: str
    ticker: str
    count_centi: int
    reason: str
    """``opposite``: two lots of one market were against each other; ``worst_case``: an order
    that was sent for an entry of unknown size sold it."""
    at_ns: int


REVIEW_TYPES: Final[dict[int, tuple[type, int]]] = {
    24: (DoubtRow, 1),
    70: (EpisodeRow, 1),
    71: (ReviewRow, 1),
    72: (NettedRow, 1),
}
"""These rows' part of the list in ``records.py``."""
