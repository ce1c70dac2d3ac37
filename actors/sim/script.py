"""What happens in the matches of a day, to the second: a pure function of day and seed.

The data gives a goal's minute; the second inside it, the stoppage time, the
order of a shoot-out's kicks and the sides' scoring rates come from the seed.
Times here are match time, seconds since kick-off with breaks included, as a
watch beside the pitch would show them; ``timetable.py`` turns them into wall time.
"""

import random
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Final, Literal

import attrs

from actors.model.score import MatchId, Period, Score, Team
from actors.sim.beliefs import EVEN, Rates, Swing, left_of, odds, true_rates
from actors.sim.draws import stream
from actors.sim.listing import event_ticker
from actors.sim.matchday import HALVES, Fixture, Goal, Matchday
from actors.sim.shootout import kicks

Kind = Literal[
    "whistle", "goal", "card", "kick", "review", "stands", "overturn", "phantom", "correction"
]
"""The referee's whistle that begins or ends a period, a goal, a red card, a kick of a shoot-out;
from ``reviews.py`` a goal's review, how it ends, a goal that only feeds saw, and their word of it.
"""

Verdict = Literal["", "stands", "overturned"]
"""What the review of a goal comes to; nothing where there is none."""

Reaction = Literal["drawn", "slow makers", "faster rival"]
"""How the other traders meet a goal: by their draws, or for certain too late or too soon."""

HALF_TIME_S: Final = 15 * 60
BREAK_S: Final = 5 * 60
"""Before extra time, before a shoot-out."""
TURN_S: Final = 60
"""Between the halves of extra time; between full time and the last word."""
KICK_S: Final = 45
LEVEL: Final = Score(0, 0)

CARD_CHANCE: Final = 0.14
"""Of a red card in a match: 35 in the 256 matches of the World Cups from 2010 to 2022."""
CARD_CLEAR_S: Final = 45
"""No card falls so close to another incident."""

PLAYED: Final[tuple[tuple[Period, Period, int, tuple[int, int], int], ...]] = (
    ("1H", "HT", 45, (60, 240), HALF_TIME_S),
    ("2H", "FT", 90, (180, 420), BREAK_S),
    ("ET1", "ETHT", 105, (0, 90), TURN_S),
    ("ET2", "AET", 120, (30, 120), BREAK_S),
)
"""Period, what follows it, its last minute, its stoppage time in seconds, the break after it."""


@attrs.frozen(kw_only=True)
class Incident:
    """Something that changes what is true of a match, and what is true from then on."""

    kind: Kind
    at_s: int
    """Seconds since kick-off, breaks included."""
    period: Period
    score: Score
    """Shoot-out excluded."""
    side: Team | None = None
    """Whom a goal counts for, who took a kick, or who is a player short from now on."""
    goal: Goal | None = None
    goal_no: int = 0
    """Number of the goal, or of the goal under review, in its match, from 1; 0 for all else."""
    reaction: Reaction = "drawn"
    kicks_scored: Score = LEVEL
    """Of the shoot-out."""
    swing: Swing = EVEN
    """What red cards have made of the rates."""
    verdict: Verdict = ""
    """Of a goal, and of its review."""
    is_shared: bool = False
    """Of a phantom: whether every feed reports it that has the same scout, and not one alone."""
    unsure_s: float = 0.0
    """Of a goal, and of a phantom: for how long a provider that has words for it calls it
    unconfirmed; 0 where it is sure at once. Wall seconds."""
    is_amended: bool = False
    """Whether that provider names another scorer after that."""

    @property
    def counts(self) -> bool:
        """Whether it is a goal that the markets settle on, for as long as it stands."""
        return self.goal is not None and self.goal.in_regulation


@attrs.frozen(kw_only=True)
class MatchScript:
    """One match, from kick-off to its end."""

    match: MatchId
    fixture: Fixture
    rates: Rates
    """What the sides score in a whole match on average; nobody outside the world is told."""
    incidents: tuple[Incident, ...]
    """By time; the first is the kick-off, the last period is END."""

    @property
    def goals(self) -> tuple[Incident, ...]:
        """The goals that the markets settle on."""
        return tuple(
            incident
            for incident in self.incidents
            if incident.counts and incident.verdict != "overturned"
        )

    @property
    def length_s(self) -> int:
        """Seconds from kick-off to the end."""
        return self.incidents[-1].at_s


@attrs.frozen(kw_only=True)
class DayScript:
    """Every match of a day, by kick-off."""

    name: str
    seed: int
    matches: tuple[MatchScript, ...]


def day_script(day: Matchday, seed: int) -> DayScript:
    """Write the day's script, with one goal for slow makers and one for a faster rival."""
    matches = [match_script(fixture, event_ticker(fixture), seed) for fixture in day.matches]
    return DayScript(
        name=day.name, seed=seed, matches=_with_directives(matches, stream(seed, "directives"))
    )


def match_script(
    fixture: Fixture, match: MatchId, seed: int, *, card_chance: float = CARD_CHANCE
) -> MatchScript:
    """Write one match's script; its regulation goals are those of its result.

    The data has no cards: whether there is one, when, for whom and how much it weighs
    comes from the seed.
    """
    draws = stream(seed, "script", match)
    incidents: list[Incident] = []
    score, begins_s, goal_no = LEVEL, 0, 0
    for period, then, last_minute, stoppage_s, break_s in PLAYED:
        if last_minute > 90 and not fixture.extra_time:  # noqa: PLR2004 - the ninety minutes
            break
        incidents.append(Incident(kind="whistle", at_s=begins_s, period=period, score=score))
        goals = [goal for goal in fixture.goals if goal.period_end == last_minute]
        ends_s = begins_s + 60 * (last_minute - HALVES[last_minute]) + draws.randint(*stoppage_s)
        for second, goal in _seconds(goals, draws):
            at_s, goal_no = begins_s + second, goal_no + 1
            score = _after(score, goal.side)
            ends_s = max(ends_s, at_s + 30)
            incidents.append(
                Incident(
                    kind="goal",
                    at_s=at_s,
                    period=period,
                    score=score,
                    side=goal.side,
                    goal=goal,
                    goal_no=goal_no,
                )
            )
        incidents.append(Incident(kind="whistle", at_s=ends_s, period=then, score=score))
        begins_s = ends_s + break_s
    incidents += _ending(fixture, incidents[-1], draws)
    incidents = _with_card(incidents, stream(seed, "cards", match), card_chance)
    return MatchScript(
        match=match,
        fixture=fixture,
        rates=true_rates(draws, fixture.regulation),
        incidents=tuple(incidents),
    )


def _with_card(incidents: list[Incident], draws: random.Random, chance: float) -> list[Incident]:
    """Perhaps send somebody off, in the ninety minutes and away from everything else."""
    if draws.random() >= chance:
        return incidents
    halves = [
        (index, now, then)
        for index, (now, then) in enumerate(pairwise(incidents))
        if now.period in {"1H", "2H"} and then.at_s - now.at_s > 2 * CARD_CLEAR_S
    ]
    if not halves:
        return incidents
    # Longer stretches are likelier; later ones too, as referees' patience goes.
    weights = [(then.at_s - now.at_s) * (1 + now.at_s / 2_700) for _, now, then in halves]
    index, now, then = draws.choices(halves, weights)[0]
    sides: tuple[Team, Team] = ("home", "away")
    side = draws.choice(sides)
    swing = now.swing.sent_off(side, draws)
    card = Incident(
        kind="card",
        at_s=draws.randint(now.at_s + CARD_CLEAR_S, then.at_s - CARD_CLEAR_S),
        period=now.period,
        score=now.score,
        side=side,
        swing=swing,
    )
    after = [attrs.evolve(one, swing=swing) for one in incidents[index + 1 :]]
    return [*incidents[: index + 1], card, *after]


def _seconds(goals: Iterable[Goal], draws: random.Random) -> list[tuple[int, Goal]]:
    """Place each goal in its minute; goals of one minute keep apart and their side's order."""
    placed: list[tuple[int, Goal]] = []
    for minute, together in groupby(goals, key=lambda goal: goal.minute + goal.added):
        those = list(together)
        begins = 60 * (minute - 1 - HALVES[those[0].period_end])
        share = 60 // len(those)
        # The first second of a minute is left out: nobody scores while the whistle blows.
        seconds = [draws.randrange(1 + i * share, (i + 1) * share) for i in range(len(those))]
        if len({goal.side for goal in those}) > 1:
            # The data does not say which side's goal came first.
            sides = [goal.side for goal in those]
            draws.shuffle(sides)
            waiting = {side: [goal for goal in those if goal.side == side] for side in sides}
            those = [waiting[side].pop(0) for side in sides]
        placed += [(begins + second, goal) for second, goal in zip(seconds, those, strict=True)]
    return placed


def _ending(fixture: Fixture, last: Incident, draws: random.Random) -> list[Incident]:
    if fixture.shoot_out is None:
        return [attrs.evolve(last, at_s=last.at_s + TURN_S, period="END")]
    begins = attrs.evolve(last, at_s=last.at_s + BREAK_S, period="PEN")
    incidents = [begins]
    scored = LEVEL
    for number, (side, went_in) in enumerate(kicks(fixture.shoot_out, draws), start=1):
        scored = _after(scored, side) if went_in else scored
        incidents.append(
            attrs.evolve(
                begins,
                kind="kick",
                at_s=begins.at_s + number * KICK_S,
                side=side,
                kicks_scored=scored,
            )
        )
    over = attrs.evolve(
        incidents[-1],
        kind="whistle",
        side=None,
        at_s=incidents[-1].at_s + TURN_S,
        period="END",
    )
    return [*incidents, over]


def _with_directives(
    matches: Sequence[MatchScript], draws: random.Random
) -> tuple[MatchScript, ...]:
    """Mark one goal for slow makers and one for a faster rival, of different matches if possible.

    Both should be goals that anybody would trade: level scores broken in open
    play, with time left and with a price that has far to go.
    """
    goals = [(match, goal) for match in matches for goal in match.goals]
    ranks = {(match.match, goal.goal_no): _plainness(match, goal) for match, goal in goals}
    chosen: dict[tuple[MatchId, int], Reaction] = {}
    taken: MatchId | None = None
    directives: tuple[Reaction, ...] = ("slow makers", "faster rival")
    for reaction in directives:
        free = [key for key in ranks if key not in chosen]
        if not free:
            break
        best = min((key[0] == taken, ranks[key]) for key in free)
        key = draws.choice([key for key in free if (key[0] == taken, ranks[key]) == best])
        chosen[key] = reaction
        taken = key[0]
    return tuple(
        attrs.evolve(
            match,
            incidents=tuple(
                attrs.evolve(one, reaction=chosen.get((match.match, one.goal_no), "drawn"))
                for one in match.incidents
            ),
        )
        for match in matches
    )


def _plainness(match: MatchScript, goal: Incident) -> int:
    """Return 0 for a goal that everybody would trade, up to 3 for one that few would."""
    assert goal.side is not None, "a goal counts for a side"
    assert goal.goal is not None, "a goal is in the data"
    if goal.goal.penalty:
        return 3
    whistles = [one.at_s for one in match.incidents if one.kind == "whistle"]
    left = left_of(goal.period, goal.at_s - max(at_s for at_s in whistles if at_s < goal.at_s))
    home, away = goal.score.home, goal.score.away
    before = Score(home - (goal.side == "home"), away - (goal.side == "away"))
    was, now = (odds(score, match.rates, left)[goal.side] for score in (before, goal.score))
    if now - was < 0.12 or was > 0.6:  # noqa: PLR2004 - a dozen cents to go, from no favourite
        return 2
    return 0 if before.home == before.away else 1


def _after(score: Score, side: Team) -> Score:
    return Score(score.home + (side == "home"), score.away + (side == "away"))
