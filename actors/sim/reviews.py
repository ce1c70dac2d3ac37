"""Goals that are looked at again, goals that are taken back, and goals that never were.

They come on top of a match's script and move nothing in it: what is reviewed is drawn
from a stream of each goal's own, and a goal that is taken back is one more than the
data has (which keep no such goals), so that every match still ends as it did. Pure.
"""

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import attrs

from actors.model.score import MatchId, Score, Team
from actors.sim.draws import stream
from actors.sim.matchday import HALVES, Goal
from actors.sim.script import DayScript, Incident, MatchScript

CLEAR_S: Final = 60
"""What is added to a match keeps so far from what was there before. Match seconds."""
LEAST_GAP_S: Final = 12
"""A goal that something else follows sooner is not reviewed: there is no time. Match seconds."""
PENALTIES: Final = 0.08
"""Share of the goals taken back that were scored from the spot; about that of all goals."""
SIDES: Final[tuple[Team, Team]] = ("home", "away")

_chance = attrs.validators.and_(attrs.validators.ge(0.0), attrs.validators.le(1.0))


@attrs.frozen(kw_only=True)
class Doubts:
    """How often a goal is doubted, and for how long.

    The rates are chosen, not measured: a match has 2.7 goals of regulation on average, and
    with these 7 to 8 % of all goals that some feed reports are overturned or phantoms,
    in the middle of the 3 to 12 % that this world is held to.
    """

    reviewed: float = attrs.field(default=0.15, validator=_chance)
    """Chance that a goal which stands is reviewed."""
    overturned: float = attrs.field(default=0.13, validator=_chance)
    """Chance that a match has a goal which a review takes back."""
    phantom: float = attrs.field(default=0.09, validator=_chance)
    """Chance that in a match some feed reports a goal which never fell."""
    shared: float = attrs.field(default=0.5, validator=_chance)
    """Chance that every feed of the same scout reports the phantom, and not one alone."""
    opens_s: tuple[int, int] = (20, 45)
    """From the goal until its review opens. Least and most, match seconds."""
    lasts_s: tuple[int, int] = (50, 120)
    """From there to its end. Least and most, match seconds."""
    corrected_s: tuple[int, int] = (15, 60)
    """From a phantom's report to its correction. Least and most, match seconds."""
    unconfirmed: float = attrs.field(default=0.15, validator=_chance)
    """Chance that a provider which has words for it is not sure of a goal when it tells of it,
    and of a phantom."""
    sure_s: tuple[float, float] = (1.0, 3.5)
    """From there until it is sure. Least and most, wall seconds."""
    amended: float = attrs.field(default=0.3, validator=_chance)
    """Chance that it names another scorer after that."""


USUAL: Final = Doubts()
NONE: Final = Doubts(reviewed=0.0, overturned=0.0, phantom=0.0, unconfirmed=0.0)
"""Every goal stands at once: for whoever counts goals."""


def doubted_day(day: DayScript, doubts: Doubts = USUAL) -> DayScript:
    """Return ``day`` with what ``doubts`` brings; every other incident is as it was."""
    matches = tuple(doubted(match, day.seed, doubts) for match in day.matches)
    return attrs.evolve(day, matches=matches)


def doubted(script: MatchScript, seed: int, doubts: Doubts = USUAL) -> MatchScript:
    """Return a match with its reviews, its goals that are taken back and its phantoms."""
    match = script.match
    told = _reviewed(script.incidents, match, seed, doubts)
    draws = stream(seed, "overturned", match)
    if draws.random() < doubts.overturned:
        number = 1 + max(one.goal_no for one in told)
        told = _with_overturned(told, number, draws, doubts)
    draws = stream(seed, "phantom", match)
    if draws.random() < doubts.phantom:
        told = _with_phantom(told, draws, doubts)
    told = [_hesitating(one, match, seed, doubts) for one in told]
    return attrs.evolve(script, incidents=tuple(told))


def _hesitating(incident: Incident, match: MatchId, seed: int, doubts: Doubts) -> Incident:
    """Perhaps let providers that have words for it be unsure of a goal."""
    if incident.kind not in {"goal", "phantom"}:
        return incident
    draws = stream(seed, "unconfirmed", match, incident.kind, incident.goal_no)
    if draws.random() >= doubts.unconfirmed:
        return incident
    unsure_s = round(draws.uniform(*doubts.sure_s), 3)
    return attrs.evolve(incident, unsure_s=unsure_s, is_amended=draws.random() < doubts.amended)


def phantom_feeds(
    seed: int, match: MatchId, feeds: Mapping[str, str], *, is_shared: bool
) -> tuple[str, ...]:
    """Return which feeds report the phantom of ``match``.

    Args:
        seed: The world's.
        match: The match.
        feeds: Who watches the match for each feed, by its name.
        is_shared: Whether all feeds of the chosen one's scout report it.
    """
    if not feeds:
        return ()
    chosen = stream(seed, "phantom feeds", match).choice(list(feeds))
    scout = feeds[chosen]
    return tuple(name for name in feeds if name == chosen or (is_shared and feeds[name] == scout))


def _reviewed(
    incidents: Sequence[Incident], match: MatchId, seed: int, doubts: Doubts
) -> list[Incident]:
    """Have some of the goals that the markets settle on looked at, and let them stand."""
    told: list[Incident] = []
    for now, then in pairwise(incidents):
        told.append(now)
        if not now.counts:
            continue
        draws = stream(seed, "review", match, now.goal_no)
        room_s = then.at_s - now.at_s
        if draws.random() >= doubts.reviewed or room_s < LEAST_GAP_S:
            continue
        told[-1] = attrs.evolve(now, verdict="stands")
        told += _review(told[-1], now.score, _span_s(draws, doubts, room_s))
    return [*told, incidents[-1]]


def _review(goal: Incident, after: Score, span_s: tuple[int, int]) -> tuple[Incident, Incident]:
    """Return how a goal's review opens and ends, the score then being ``after``."""
    opened = attrs.evolve(
        goal, kind="review", at_s=goal.at_s + span_s[0], goal=None, reaction="drawn"
    )
    ended = attrs.evolve(
        opened,
        kind="stands" if goal.verdict == "stands" else "overturn",
        at_s=opened.at_s + span_s[1],
        score=after,
    )
    return opened, ended


def _span_s(draws: random.Random, doubts: Doubts, room_s: int) -> tuple[int, int]:
    """Return how long until a review opens, and how long it lasts, in a stretch of ``room_s``."""
    opens_s, lasts_s = draws.randint(*doubts.opens_s), draws.randint(*doubts.lasts_s)
    return min(opens_s, room_s // 3), min(lasts_s, room_s // 3)


def _with_overturned(
    incidents: list[Incident], number: int, draws: random.Random, doubts: Doubts
) -> list[Incident]:
    """Put a goal into the match that a review takes back, if there is room for it.

    Its number follows those of the match's own goals, whenever it falls.
    """
    room_s = doubts.opens_s[1] + doubts.lasts_s[1]
    place = _place(incidents, draws, room_s)
    if place is None:
        return incidents
    index, at_s = place
    now, side = incidents[index], draws.choice(SIDES)
    home, away = now.score.home + (side == "home"), now.score.away + (side == "away")
    goal = attrs.evolve(
        now,
        kind="goal",
        at_s=at_s,
        score=Score(home, away),
        side=side,
        goal=_goal(incidents[: index + 1], at_s, side, penalty=draws.random() < PENALTIES),
        goal_no=number,
        reaction="drawn",
        verdict="overturned",
    )
    spans_s = draws.randint(*doubts.opens_s), draws.randint(*doubts.lasts_s)
    told = (goal, *_review(goal, now.score, spans_s))
    return [*incidents[: index + 1], *told, *incidents[index + 1 :]]


def _with_phantom(
    incidents: list[Incident], draws: random.Random, doubts: Doubts
) -> list[Incident]:
    """Put a goal that never was into the match, and its correction, if there is room."""
    place = _place(incidents, draws, doubts.corrected_s[1])
    if place is None:
        return incidents
    index, at_s = place
    phantom = attrs.evolve(
        incidents[index],
        kind="phantom",
        at_s=at_s,
        side=draws.choice(SIDES),
        goal=None,
        goal_no=0,
        reaction="drawn",
        verdict="",
        is_shared=draws.random() < doubts.shared,
    )
    corrected = attrs.evolve(
        phantom, kind="correction", at_s=at_s + draws.randint(*doubts.corrected_s)
    )
    return [*incidents[: index + 1], phantom, corrected, *incidents[index + 1 :]]


def _place(
    incidents: Sequence[Incident], draws: random.Random, room_s: int
) -> tuple[int, int] | None:
    """Return the incident after which there is room in the ninety minutes, and a second for it."""
    stretches = [
        (index, now.at_s + CLEAR_S, then.at_s - CLEAR_S - room_s)
        for index, (now, then) in enumerate(pairwise(incidents))
        if now.period in {"1H", "2H"}
        and now.kind not in {"review", "phantom"}
        and then.kind not in {"review", "stands", "overturn", "correction"}
    ]
    free = [each for each in stretches if each[1] < each[2]]
    if not free:
        return None
    # Longer stretches are likelier.
    index, first_s, last_s = draws.choices(free, [last - first for _, first, last in free])[0]
    return index, draws.randint(first_s, last_s)


def _goal(past: Sequence[Incident], at_s: int, side: Team, *, penalty: bool) -> Goal:
    """Return a goal of this second as the data would have it; nobody keeps who scored it."""
    begun = next(one for one in reversed(past) if one.kind == "whistle")
    last = {"1H": 45, "2H": 90}[begun.period]
    minute = HALVES[last] + (at_s - begun.at_s) // 60 + 1
    return Goal(
        side=side,
        scorer="",
        minute=min(minute, last),
        added=max(0, minute - last),
        penalty=penalty,
    )
