"""What really happened and when, for whoever proves a race afterwards: JSON lines.

Only the world knows it. A goal's line is written when its race is over, with
what the other traders did about it and after how long.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import msgspec

from actors.model.score import Score
from actors.runtime.env import AppendFile, Env
from actors.sim.agenda import Agenda
from actors.sim.beliefs import Outcome, left_of, odds
from actors.sim.course import Course
from actors.sim.crew import Move
from actors.sim.feedframes import ReviewWord
from actors.sim.feedtiming import Draw
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


Reports = Mapping[str, Draw]
"""What the feeds do with something, by name: how much later they tell of it, if ever."""


@attrs.define(kw_only=True, eq=False)
class Race:
    """A goal, or something else that moves the markets, and what others made of it."""

    facts: Mapping[str, object]
    moves: list[Move] = attrs.field(factory=list)

    @property
    def first(self) -> Move | None:
        """Who was first to take or to pull."""
        acts = [move for move in self.moves if move.did in {"took", "pulled"}]
        return min(acts, key=lambda move: move.after_s, default=None)

    def line(self) -> dict[str, object]:
        """Return everything about it, as it is written down."""
        moves = [
            {
                "who": move.who,
                "did": move.did,
                "after_ms": round(1000 * move.after_s, 3),
                "contracts_centi": move.contracts_centi,
                "wanted_centi": move.wanted_centi,
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
    hear: Callable[[Mapping[str, object]], None] | None = None
    """Told every line, and every incident, whether there is a file or not."""
    races: list[Race] = attrs.field(init=False, factory=list)
    """Every goal and reversal so far, oldest first."""
    _open: list[Race] = attrs.field(init=False, factory=list)

    def goal(self, course: Course, incident: Incident, before: Score, reports: Reports) -> Race:
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
            verdict=incident.verdict,
            unsure_s=incident.unsure_s,
            before=before.text,
            values={outcome: round(chance, 6) for outcome, chance in values.items()},
            feeds=_told(reports),
        )

    def penalty(self, course: Course, incident: Incident, lead_s: float) -> Race:
        """Note that a penalty kick was given which will be taken, and scored, in ``lead_s``."""
        return self._begin(
            "penalty",
            course,
            goal_no=incident.goal_no,
            side=incident.side,
            lead_s=round(lead_s, 6),
        )

    def card(self, course: Course, incident: Incident) -> Race:
        """Note a red card, and what it makes of the sides' rates."""
        swing = attrs.asdict(course.swing)
        return self._begin("card", course, side=incident.side, swing=swing)

    def review(self, course: Course, incident: Incident, word: ReviewWord) -> Race:
        """Note that a goal is looked at again, or how that ended without a change of score."""
        return self._begin(
            "review", course, goal_no=incident.goal_no, side=incident.side, word=word
        )

    def reversal(
        self, course: Course, incident: Incident, before: Score, reports: Reports, *, review: bool
    ) -> Race:
        """Note that a goal was taken back, by a review or by command."""
        return self._begin(
            "reversal",
            course,
            goal_no=incident.goal_no,
            side=incident.side,
            counts=incident.counts,
            review=review,
            before=before.text,
            feeds=_told(reports),
        )

    def phantom(self, course: Course, incident: Incident, shown: Score, reports: Reports) -> None:
        """Note that some feeds report a goal which never fell; markets know better."""
        facts = self._facts("phantom", course)
        told = _told(reports)
        self._write({**facts, "side": incident.side, "shown": shown.text, "feeds": told})

    def correction(self, course: Course, reports: Reports) -> None:
        """Note that those feeds take it back."""
        self._write({**self._facts("correction", course), "feeds": _told(reports)})

    def happened(self, course: Course, incident: Incident) -> None:
        """Tell whoever listens that an incident of the script has happened."""
        if self.hear is not None:
            self.hear({**self._facts(incident.kind, course), "goal_no": incident.goal_no})

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
        if kind in {"goal", "reversal"}:
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
        if self.hear is not None:
            self.hear({**line, "kind": f"truth_{line['kind']}"})
        if self.file is not None:
            self.file.append(msgspec.json.encode(line) + b"\n")


def _told(reports: Reports) -> dict[str, object]:
    return {
        feed: {"after_ms": round(drawn.lag_ms, 3), "lost": drawn.lost}
        for feed, drawn in reports.items()
    }
