"""How alike two names of a side are, and which of our matches a stranger may be. Pure.

It only ever proposes: likeness inverts too often to bind by (reference ``feeds.md``
section 5). Every proposal waits for a person, with kick-off and opponent beside it.
"""

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Final

import attrs

from actors.feeds.entities import NEAR_NS, OVER, Stranger
from actors.messages.catalogue import Match

LEAST: Final = 0.5
"""What is less alike is not worth a person's look."""
NAME_MOST: Final = 64
"""Characters of a name that are looked at."""
_PLAIN: Final = frozenset({"fc", "cf", "afc", "sc", "ac", "club", "de", "the"})
"""Words that say nothing of which club it is."""


@attrs.frozen(kw_only=True)
class Proposal:
    """A stranger and the match of ours that it may be."""

    stranger: Stranger
    match: Match
    swapped: bool
    """Whether its home side looks like our away side."""
    likeness: float
    """From 0 to 1: of the side that is less alike."""


def likeness(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1, whichever order their words have."""
    return difflib.SequenceMatcher(None, _worded(one), _worded(other), autojunk=False).ratio()


def _worded(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name[:NAME_MOST].casefold())
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    words = letters.split()
    telling = [word for word in words if word not in _PLAIN]
    return " ".join(sorted(telling or words))


def propose(stranger: Stranger, match: Match) -> Proposal | None:
    """Return what speaks for ``match``, ``None`` where too little does."""
    if match.stage == "REFUSED" or match.stage in OVER:
        return None
    if abs(match.kickoff_wall_ns - stranger.seen_wall_ns) > NEAR_NS:
        return None
    home, away = stranger.home_name, stranger.away_name
    straight = min(likeness(home, match.home_name), likeness(away, match.away_name))
    crossed = min(likeness(home, match.away_name), likeness(away, match.home_name))
    best = max(straight, crossed)
    if best < LEAST:
        return None
    return Proposal(stranger=stranger, match=match, swapped=crossed > straight, likeness=best)


def likeliest(proposals: Iterable[Proposal | None]) -> Proposal | None:
    """Return the best of several; of two that are as good, the one whose ticker is first."""
    found = [one for one in proposals if one is not None]
    return min(found, key=lambda one: (-one.likeness, one.match.match), default=None)
