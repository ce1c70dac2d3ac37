"""One match as the TxLINE stream tells it: what each action changes, and what it says.

Sources: reference ``feeds.md`` sections 2.4 and 3. Pure.

* **Unconfirmed goals** are told with ``conf="unconfirmed"``, and so is every score that has
  one in it; what is *sure* is the last score without. A goal that is neither confirmed nor
  discarded for two minutes counts as any other score of the provider's.
* **What is taken back** (a discarded goal, an overturned one, an adjustment downwards) is a
  retraction. Totals that still show it afterwards are passed over until another goal comes:
  not every action's totals are brought up to date.
* **Reviews and doubts** are told as such, and while one lasts the period is unknown, with
  which nothing triggers. The same holds for an adjustment of the score, which is no goal.
* **Shoot-outs** do not move the score; nor does an amendment, which may carry the totals of
  another time.
"""

from typing import Final, NamedTuple

import attrs

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    clock_of,
    goals,
    part,
    score_of,
    text_of,
    whole,
)
from actors.feeds.codecs.txline_words import (
    PERIODS,
    SHOOT_OUT,
    STATUSES,
    SUBJECTS,
    TROUBLES,
    Action,
    Outcome,
    Subject,
    outcome_of,
)
from actors.messages.feeds import Confidence, Review, Saying, Status
from actors.model.score import Score

MOST_PENDING: Final = 16
MOST_GOALS_KNOWN: Final = 64
CONFIRM_MS: Final = 120_000
"""How long a goal may stay unconfirmed, in the provider's time."""
REVIEW_MS: Final = 600_000
"""How long a review may stay open."""
REVIEWED_MS: Final = 900_000
"""How old a goal may be when a review takes it back: the review's own time included."""


class _Added(NamedTuple):
    """What one goal added, and when it was told."""

    home: int
    away: int
    at_ms: int


@attrs.define(eq=False)
class Fixture:
    """What is known of one match."""

    key: str
    ts_ms: int = -1
    seq: int = -1
    baselined: bool = False
    """Whether this connection has told anything of it."""
    held: Decoded | None = None
    """What history has come to, until it is told."""
    sure: Score | None = None
    """The last score that was told with no unconfirmed goal in it."""
    pending: dict[int, int] = attrs.field(init=False, factory=dict)
    """Goals that are not confirmed, by id, and when they were reported."""
    stale: set[int] = attrs.field(init=False, factory=set)
    """Those of them that history told: to confirm one is no news."""
    _first_is_home: bool | None = attrs.field(init=False, default=None)
    _teams: tuple[str | None, str | None] = attrs.field(init=False, default=(None, None))
    """The provider's ids of the home side and of the other."""
    _status: int = attrs.field(init=False, default=0)
    _trouble: Status | None = attrs.field(init=False, default=None)
    _reliable: bool | None = attrs.field(init=False, default=None)
    _totals: list[int | None] = attrs.field(init=False, factory=lambda: [None, None])
    _goals: dict[int, _Added] = attrs.field(init=False, factory=dict)
    """By id, what each goal that may still be taken back added."""
    _lapsed: bool = attrs.field(init=False, default=False)
    """Whether the action at hand ended somebody's time to confirm a goal."""
    _void: tuple[Score, int] | None = attrs.field(init=False, default=None)
    """The score that was taken back last, and when."""
    _reviewed: tuple[Subject, int | None, int] | None = attrs.field(init=False, default=None)
    """What an open review is about, its id, and when it began."""

    def apply(self, action: Action) -> list[Decoded]:
        """Change what is known by one action and return what it says; how it stands comes last."""
        first_is_home = action.body.get("Participant1IsHome", action.body.get("participant1IsHome"))
        if isinstance(first_is_home, bool):
            self._first_is_home = first_is_home
        self._note_teams(action)
        open_ = self._reviewed
        overturns = outcome_of(action) == "overturned" and (open_ is None or open_[0] == "goal")
        said = self._note_status(action)
        said += self._note_review(action)
        if action.name == "possible":
            said.append(self._word("possible", action))
        cancelled = self._note_goal(action, overturns=overturns)
        if action.name != "action_amend" and self._status not in SHOOT_OUT:
            self._note_totals(action)
        return [*said, self._state(action, cancelled=cancelled)]

    @property
    def in_play(self) -> bool:
        """Whether the match has begun and not ended, as far as is known."""
        return STATUSES.get(self._status) in {"live", "break"}

    def baseline(self, said: Decoded) -> Decoded:
        """Return how the match stands, as history came to it with ``said``."""
        self.stale.update(self.pending)
        return Decoded(
            kind="snapshot" if self.sure is not None else "clock",
            feed_match=said.feed_match,
            home_name=said.home_name,
            away_name=said.away_name,
            score=self.sure,
            period=said.period,
            clock_s=said.clock_s,
            provider_ts_ns=said.provider_ts_ns,
            status=said.status,
            reliable=said.reliable,
        )

    def _state(self, action: Action, *, cancelled: bool) -> Decoded:
        score, blind = self._score(), False
        kind: Saying = "clock"
        conf: Confidence = "unstated"
        if cancelled or (score is not None and self._falls(action, score)):
            score, kind, conf = self._taken_back(score), "retraction", "cancelled"
        elif score is not None and self.pending and score != self.sure:
            kind, conf = "snapshot", "unconfirmed"
        elif score is not None:
            kind = "snapshot"
            self._note_sure(action, score)
            blind = self._lapsed
            if action.name == "goal":
                conf = "confirmed" if action.confirmed else "unstated"
                blind = blind or action.id in self.stale
        if kind == "snapshot" and action.name == "goal":
            kind = "score"
        incident = action.id
        if conf == "unconfirmed" and incident not in self.pending:
            incident = next(reversed(self.pending))
        return self._word(kind, action, score=score, conf=conf, incident=incident, blind=blind)

    def _word(
        self,
        kind: Saying,
        action: Action,
        *,
        score: Score | None = None,
        conf: Confidence = "unstated",
        incident: int | None = None,
        review: Review | None = None,
        blind: bool = False,
    ) -> Decoded:
        blind = (
            blind
            or self._reliable is False
            or self._trouble is not None
            or self._reviewed is not None
            or action.name == "score_adjustment"
        )
        named = incident if incident is not None else action.id
        is_state = kind in {"snapshot", "score", "retraction", "clock"}
        ts_ms = action.ts_ms
        return Decoded(
            kind=kind,
            feed_match=self.key,
            home_name=self._teams[0],
            away_name=self._teams[1],
            score=score,
            period=None if blind or not is_state else PERIODS.get(self._status),
            clock_s=clock_of(whole(part(action.body, "Clock", "clock"), "Seconds", "seconds")),
            provider_ts_ns=ts_ms * 1_000_000 if 0 < ts_ms < 2**43 else None,
            ended=True if action.name == "game_finalised" else None,
            conf=conf,
            review=review,
            status=self._trouble or STATUSES.get(self._status),
            reliable=self._reliable,
            incident=None if named is None or kind in {"snapshot", "clock"} else str(named),
        )

    def _note_teams(self, action: Action) -> None:
        first = text_of(action.body, "Participant1Id", "participant1Id")
        second = text_of(action.body, "Participant2Id", "participant2Id")
        if first is not None and second is not None and self._first_is_home is not None:
            self._teams = (first, second) if self._first_is_home else (second, first)

    def _note_status(self, action: Action) -> list[Decoded]:
        """Note how match and coverage stand; say so where that is not as it was."""
        was = self._trouble, self._reliable
        status = whole(action.body, "StatusId", "statusId") or 0
        if action.name == "status":
            status = whole(action.data, "StatusId", "statusId") or status
        elif action.name == "game_finalised":
            status = 100
        if status in PERIODS:
            # An older status beside a later action is a field that was not brought up to date.
            self._status = max(self._status, status)
            if action.name in {"status", "game_finalised"}:
                self._trouble = None
        elif status:
            self._trouble = TROUBLES.get(status, "suspended")
        if action.name == "suspend":
            self._reliable = action.data.get("Reliable", action.data.get("reliable")) is True
            if self._reliable and self._trouble == "coverage_lost":
                self._trouble = None
        elif action.name == "disconnected":
            self._reliable, self._trouble = False, "coverage_lost"
        changed = was != (self._trouble, self._reliable)
        return [self._word("status", action)] if changed else []

    def _note_review(self, action: Action) -> list[Decoded]:
        """Note a review that begins or ends; say so."""
        said: list[Decoded] = []
        open_ = self._reviewed
        if open_ is not None and action.ts_ms - open_[2] > REVIEW_MS:
            said += self._reviewed_to(action, "unknown")
        match action.name:
            case "var":
                word = (text_of(action.data, "Type", "type") or "").lower()
                subject: Subject = SUBJECTS.get(word, "other")
                self._reviewed = subject, action.id, action.ts_ms
                said.append(self._word("review", action, review=Review(subject, "open")))
            case "var_end":
                said += self._reviewed_to(action, outcome_of(action))
            case "score_adjustment":
                said += self._reviewed_to(action, "unknown")
            case "action_discarded" if open_ is not None and action.id is not None:
                if action.id in self.pending or action.id in self._goals:
                    said += self._reviewed_to(
                        action, "overturned" if open_[0] == "goal" else "unknown"
                    )
                elif action.id == open_[1]:
                    said += self._reviewed_to(action, "unknown")
            case _:
                pass
        return said

    def _reviewed_to(self, action: Action, outcome: Outcome) -> list[Decoded]:
        open_, self._reviewed = self._reviewed, None
        if open_ is None and action.name != "var_end":
            return []
        # An end without a beginning is most likely of a goal: that is what it may undo.
        subject = open_[0] if open_ is not None else "goal"
        return [self._word("review", action, review=Review(subject, outcome))]

    def _note_goal(self, action: Action, *, overturns: bool) -> bool:
        """Keep the lists of goals; return whether the action takes one back."""
        self._lapse(action)
        match action.name:
            case "goal" if self._status not in SHOOT_OUT:
                self._void = None
                if action.id is not None and action.confirmed is False:
                    if len(self.pending) < MOST_PENDING:
                        self.pending[action.id] = action.ts_ms
                elif action.id is not None:
                    self.pending.pop(action.id, None)
            case "score_adjustment":
                self._void = None
                self.pending.clear()
            case "action_discarded" if action.id is not None:
                return self._discard(action, action.id)
            case "var_end" if overturns and self.pending:
                return self._discard(action, next(reversed(self.pending)))
            case "var_end" if overturns:
                # Of a goal that was reviewed, and not of one that stood for half the match.
                last = next(reversed(self._goals), None)
                if last is not None and action.ts_ms - self._goals[last].at_ms <= REVIEWED_MS:
                    return self._discard(action, last)
            case _:
                pass
        return False

    def _lapse(self, action: Action) -> None:
        late = [one for one, at_ms in self.pending.items() if action.ts_ms - at_ms > CONFIRM_MS]
        self._lapsed = bool(late)
        for incident in late:
            self._drop(incident)

    def _discard(self, action: Action, incident: int) -> bool:
        """Take a goal back, if it is one that can be; its totals are void from now on."""
        gone = self._score()
        if incident in self.pending:
            self._drop(incident)
        else:
            added = self._goals.pop(incident, None)
            if added is None or self.sure is None:
                return False
            home, away = self.sure.home - added.home, self.sure.away - added.away
            if home < 0 or away < 0:
                return False
            self.sure = score_of(home, away)
            self._set_totals(self.sure)
        self._void = None if gone is None else (gone, action.ts_ms)
        return True

    def _drop(self, incident: int) -> None:
        del self.pending[incident]
        self.stale.discard(incident)
        self._set_totals(self.sure)

    def _falls(self, action: Action, score: Score) -> bool:
        sure = self.sure
        return (
            action.name in {"action_discarded", "score_adjustment"}
            and sure is not None
            and (score.home < sure.home or score.away < sure.away)
        )

    def _taken_back(self, score: Score | None) -> Score | None:
        # With another goal unconfirmed the totals have that one in them.
        if not self.pending and score is not None:
            self.sure = score
        return self.sure

    def _note_sure(self, action: Action, score: Score) -> None:
        was, self.sure = self.sure, score
        if was is None:
            return
        added = _Added(score.home - was.home, score.away - was.away, action.ts_ms)
        if (added.home, added.away) not in {(0, 1), (1, 0)}:
            return
        is_goal = action.name == "goal" and action.id is not None
        # A goal that came without its name can still be the last one.
        self._goals[action.id if is_goal and action.id is not None else -action.ts_ms] = added
        if len(self._goals) > MOST_GOALS_KNOWN:
            del self._goals[next(iter(self._goals))]

    def _note_totals(self, action: Action) -> None:
        totals = list(self._totals)
        score = part(action.body, "Score", "score")
        for index, names in enumerate(
            (("Participant1", "participant1"), ("Participant2", "participant2"))
        ):
            total = goals(part(part(score, *names), "Total", "total"), "Goals", "goals")
            if total is not None:
                totals[index] = total
        if self._void is not None:
            gone, at_ms = self._void
            if action.ts_ms - at_ms > CONFIRM_MS:
                self._void = None
            elif self._score(totals) == gone:
                return
        self._totals = totals

    def _score(self, totals: list[int | None] | None = None) -> Score | None:
        first, second = self._totals if totals is None else totals
        if self._first_is_home is None:
            return None
        return score_of(first, second) if self._first_is_home else score_of(second, first)

    def _set_totals(self, score: Score | None) -> None:
        if score is None:
            self._totals = [None, None]
        else:
            at_home = [score.home, score.away]
            self._totals = list(at_home if self._first_is_home else reversed(at_home))
