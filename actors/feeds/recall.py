"""What the race must know after a restart, read from the journal. Pure.

The intent names its key before anything is sent, so a key that may have been
traded is found here even if the process died in the next instant.
"""

from collections.abc import Iterable

import attrs

from actors.feeds.contest import Standing
from actors.feeds.judging import FIRST
from actors.messages.records import Intent, Report, Triggered
from actors.model.score import SOCCER, GoalKey, MatchId, Score


@attrs.frozen(kw_only=True)
class Recalled:
    """The journal's word on every match. Recovery to the race."""

    traded: frozenset[GoalKey]
    """Keys that were triggered, or for which an entry may have left."""
    standings: dict[MatchId, Standing]


def recall(records: Iterable[object]) -> Recalled:
    """Read the journal's records, oldest first; those that say nothing of races are passed over.

    Reports are written after the fact: one that was still waiting when an intent
    was written comes behind it. So a standing moves forward within a generation,
    and back only into a higher one.
    """
    traded: set[GoalKey] = set()
    standings: dict[MatchId, Standing] = {}
    for record in records:
        key: GoalKey | None = None
        match record:
            case Intent(purpose="entry") | Triggered():
                key = GoalKey(MatchId(record.match), record.generation, record.state)
                traded.add(key)
            case Report(judgement="trigger" | "advance" | "stands"):
                key = GoalKey(MatchId(record.match), record.generation, record.state)
            case Report(judgement="baseline", reason=reason) if reason == FIRST:
                key = GoalKey(MatchId(record.match), record.generation, record.state)
        if key is not None:
            _note(standings, key)
    return Recalled(traded=frozenset(traded), standings=standings)


def _note(standings: dict[MatchId, Standing], key: GoalKey) -> None:
    home, _, away = key.state.partition("-")
    if not (home.isdecimal() and away.isdecimal()):
        # Another sport's state; it gets its own standing with its own policy.
        return
    then = Standing(generation=key.generation, score=Score(int(home), int(away)))
    now = standings.get(key.match)
    if (
        now is None
        or then.generation > now.generation
        or (then.generation == now.generation and SOCCER.is_behind(now.score, then.score))
    ):
        standings[key.match] = then
