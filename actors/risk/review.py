"""What stands of a goal while the officials, or the feeds, think again. Pure and total.

A goal is scored, may come under review, and then stands, is overturned, is withdrawn by
its own feed, or is in doubt; what was taken back may be scored again. Every word is heard
in every phase: what cannot follow changes nothing, and nothing is ever raised.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.messages.race import UNTOLD, MatchDoubt

Phase = Literal[
    "scored",  # accepted, and nobody says otherwise
    "under_review",  # the officials look at it
    "stands",  # they have looked, or the doubt is over: it counts
    "overturned",  # it does not count
    "withdrawn",  # a feed went back on it, and nobody has confirmed that yet
    "in_doubt",  # its review has no end that anybody told
    "scored_again",  # accepted anew after it was taken back
]

Word = Literal[
    "goal",  # the race accepts the score
    "review",  # a review of it begins
    "upheld",  # its review, or a doubt, ends in its favour
    "reversal",  # one feed takes it back
    "verdict",  # the reversal is confirmed
    "silence",  # its review was open for longer than one may last
    "agreed",  # a later score is agreed upon, or a period has ended
]
PHASES: Final[tuple[Phase, ...]] = (
    "scored",
    "under_review",
    "stands",
    "overturned",
    "withdrawn",
    "in_doubt",
    "scored_again",
)
WORDS: Final[tuple[Word, ...]] = (
    "goal",
    "review",
    "upheld",
    "reversal",
    "verdict",
    "silence",
    "agreed",
)

_ALIVE: Final[Mapping[Word, Phase]] = {
    "review": "under_review",
    "reversal": "withdrawn",
    "verdict": "overturned",
}
_STEPS: Final[Mapping[Phase, Mapping[Word, Phase]]] = {
    "scored": _ALIVE,
    "scored_again": _ALIVE,
    "stands": _ALIVE,
    "under_review": {
        "upheld": "stands",
        "reversal": "withdrawn",
        "verdict": "overturned",
        "silence": "in_doubt",
    },
    # Whoever thinks again may do so once more; only the verdict or its opposite ends it.
    "withdrawn": {"upheld": "stands", "verdict": "overturned"},
    "in_doubt": {
        "upheld": "stands",
        "review": "under_review",
        "reversal": "withdrawn",
        "verdict": "overturned",
        "agreed": "stands",
    },
    "overturned": {"goal": "scored_again"},
}
CLOSED: Final[frozenset[Phase]] = frozenset({"under_review", "withdrawn", "in_doubt"})
"""Phases in which nothing of the match is bought."""


def advance(phase: Phase, word: Word) -> Phase:
    """Return the phase after ``word``; what cannot follow changes nothing."""
    return _STEPS[phase].get(word, phase)


def word_of(doubt: MatchDoubt) -> Word:
    """Return what the race's word about a doubt means for the goal that it names."""
    if doubt.in_doubt:
        return "reversal" if doubt.cause == "score" else "review"
    if doubt.reason == UNTOLD:
        return "silence"
    return "verdict" if doubt.reason == "overturned" else "upheld"


Cut = Literal["keep", "halve", "sell"]
"""What happens to the lots that were bought for a goal."""


def cut(doubt: MatchDoubt, on_open: Literal["hold", "halve", "flatten"]) -> Cut | None:
    """Return what the race's word asks of the goal's lots; ``None`` where it asks nothing.

    One feed that takes a goal back suffices, because a sale too many costs less than a
    goal that never was. A review of anything but the goal asks for nothing.
    """
    word = word_of(doubt)
    if doubt.cause == "review" or (doubt.in_doubt and not doubt.takes_back):
        return None
    if word in {"reversal", "verdict"}:
        return "sell"
    if word == "review":
        asked: Mapping[str, Cut | None] = {"hold": None, "halve": "halve", "flatten": "sell"}
        return asked[on_open]
    return "keep" if word == "upheld" else None


@attrs.define(eq=False)
class Case:
    """One goal's history, as far as anybody doubted it."""

    phase: Phase = "scored"

    def hear(self, word: Word) -> bool:
        """Take a word; return whether the phase is another one now."""
        before, self.phase = self.phase, advance(self.phase, word)
        return self.phase != before
