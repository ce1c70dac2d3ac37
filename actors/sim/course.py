"""How one match really goes: its script, less the goals that were taken back."""

import attrs

from actors.model.score import Score
from actors.sim.beliefs import EVEN, Swing
from actors.sim.script import LEVEL, Incident
from actors.sim.timetable import MatchClock, MatchTimetable


@attrs.define(kw_only=True, eq=False)
class Course:
    """The truth about one match at this moment. The world alone changes it."""

    timetable: MatchTimetable
    incident: Incident | None = None
    """The newest that has happened; ``None`` before kick-off."""
    _scored: list[Incident] = attrs.field(init=False, factory=list)
    """Goals that stand, oldest first."""

    @property
    def score(self) -> Score:
        """The true score: the goals that stand."""
        return _sum(self._scored)

    @property
    def goals(self) -> tuple[Incident, ...]:
        """The goals that stand, oldest first."""
        return tuple(self._scored)

    @property
    def regulation(self) -> Score:
        """The true score of ninety minutes, which the markets settle on."""
        return _sum([goal for goal in self._scored if goal.counts])

    @property
    def swing(self) -> Swing:
        """What red cards have made of the sides' rates."""
        return EVEN if self.incident is None else self.incident.swing

    @property
    def is_under_review(self) -> bool:
        """Whether a goal is being looked at again."""
        return self.incident is not None and self.incident.kind == "review"

    @property
    def is_over(self) -> bool:
        """Whether everything has happened."""
        return self.incident is not None and self.incident.period == "END"

    @property
    def is_decided(self) -> bool:
        """Whether the ninety minutes are over."""
        return self.incident is not None and self.incident.period not in {"1H", "HT", "2H"}

    def happen(self, incident: Incident) -> None:
        """Let the script's next incident be true."""
        self.incident = incident
        if incident.kind == "goal":
            self._scored.append(incident)

    def take_back(self, goal_no: int | None = None) -> Incident | None:
        """Take back the newest goal that stands; ``None`` if there is none or it is settled.

        Args:
            goal_no: Take back the goal with this number, if that still stands.
        """
        for goal in reversed(self._scored):
            if goal_no is None or goal.goal_no == goal_no:
                if self.is_over or (self.is_decided and goal.counts):
                    return None
                self._scored.remove(goal)
                return goal
        return None

    def clock_at(self, at_s: float) -> MatchClock:
        """Return what the stadium clock shows."""
        return self.timetable.clock_at(at_s)


def _sum(goals: list[Incident]) -> Score:
    if not goals:
        return LEVEL
    sides = [goal.side for goal in goals]
    return Score(sides.count("home"), sides.count("away"))
