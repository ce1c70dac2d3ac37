"""What really happened and when, for whoever proves a race afterwards: JSON lines.

Only the world knows it. A goal's line is written when its race is over, with
what the other traders did about it and after how long.
"""

from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

from actors.model.score import Score
from actors.runtime.env import AppendFile, Env
from actors.sim.agenda import Agenda
from actors.sim.beliefs import Outcome, left_of, odds
from actors.sim.course import Course
from actors.sim.crew import Move
from actors.sim.script import Incident
from actors.sim.timetable import MatchTimetable

RACE_S: Final = 3.5
"""So long after a goal nobody races for it any more."""
MODE: Final = 0o644


def true_values(match: MatchTimetable, at_s: float, score: Score) -> Mapping[Outcome, float]:
    """Return what every leg is truly worth at ``score``: what the next goal makes it, say.

    By the script's own rates, red cards included, and the time that is expected to be
    left: the seconds of stoppage time that the script has drawn are nobody's to know.
    """
    clock = match.clock_at(at_s)
    rates = match.swing_at(at_s).of(match.script.rates)
    return odds(score, rates, left_of(clock.period, clock.played_s))


@attrs.define(kw_only=True, eq=False)
class Race:
    """A goal, or a goal taken back, and what others made of it."""

    facts: Mapping[str, object]
    moves: list[Move] = attrs.field(factory=list)

    @property
    def first(self) -> Move | None:
        """Who was first to take or to pull."""
        return min(self.moves, key=lambda move: move.after_s, default=None)

    def line(self) -> dict[str, object]:
        """Return everything about it, as it is written down."""
        moves = [
            {
                "who": move.who,
                "did": move.did,
                "after_ms": round(1000 * move.after_s, 3),
                "contracts_centi": move.contracts_centi,
            }
            for move in self.moves
        ]
        first = None if self.first is None else round(1000 * self.first.after_s, 3)
        return {**self.facts, "first_mover_ms": first, "moves": moves}


@attrs.define(kw_only=True, eq=False)
class TruthLog:
    """Keeps the truth of a day, and writes it to a file if there is one."""

    env: Env
    agenda: Agenda
    file: AppendFile | None = None
    races: list[Race] = attrs.field(init=False, factory=list)
    """Every goal and reversal so far, oldest first."""
    _open: list[Race] = attrs.field(init=False, factory=list)

    def goal(self, course: Course, incident: Incident, before: Score) -> Race:
        """Note a goal; its line is written when its race is over."""
        assert incident.goal is not None, "a goal is in the data"
        values = true_values(course.timetable, self.agenda.now_s(), course.score)
        return self._begin(
            "goal",
            course,
            goal_no=incident.goal_no,
            side=incident.side,
            scorer=incident.goal.scorer,
            penalty=incident.goal.penalty,
            own_goal=incident.goal.own_goal,
            counts=incident.counts,
            reaction=incident.reaction,
            before=before.text,
            values={outcome: round(chance, 6) for outcome, chance in values.items()},
        )

    def card(self, course: Course, incident: Incident) -> None:
        """Note a red card, and what it makes of the sides' rates."""
        swing = attrs.asdict(course.swing)
        self._write({**self._facts("card", course), "side": incident.side, "swing": swing})

    def reversal(self, course: Course, incident: Incident, before: Score) -> Race:
        """Note that a goal was taken back."""
        return self._begin(
            "reversal",
            course,
            goal_no=incident.goal_no,
            side=incident.side,
            counts=incident.counts,
            before=before.text,
        )

    def settled(self, course: Course, verdicts: Mapping[str, str]) -> None:
        """Note how a match's markets were determined."""
        facts = self._facts("determined", course)
        self._write({**facts, "regulation": course.regulation.text, "verdicts": dict(verdicts)})

    def close(self) -> None:
        """Write what is still open, and close the file."""
        for race in tuple(self._open):
            self._end(race)
        if self.file is not None:
            self.file.close()

    def _begin(self, kind: str, course: Course, **facts: object) -> Race:
        race = Race(facts={**self._facts(kind, course), **facts})
        self.races.append(race)
        self._open.append(race)
        self.agenda.after(RACE_S, lambda: self._end(race))
        return race

    def _facts(self, kind: str, course: Course) -> dict[str, object]:
        at_s = self.agenda.now_s()
        clock = course.clock_at(at_s)
        return {
            "kind": kind,
            "match": course.timetable.match,
            "score": course.score.text,
            "period": clock.period,
            "elapsed": clock.text,
            "at_s": round(at_s, 6),
            "at_ns": self.env.now_ns(),
            "at_wall_ns": self.env.wall_ns(),
        }

    def _end(self, race: Race) -> None:
        if race in self._open:
            self._open.remove(race)
            self._write(race.line())

    def _write(self, line: Mapping[str, object]) -> None:
        if self.file is not None:
            self.file.append(msgspec.json.encode(line) + b"\n")
