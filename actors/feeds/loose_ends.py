"""What is still open about each match, read from the journal record by record. Pure."""

from collections.abc import Mapping
from typing import Final, cast

import attrs

from actors.feeds.contest import TRAIL_KEPT
from actors.feeds.judging import FIRST
from actors.feeds.unsettled import OpenReview, Step, Unsettled
from actors.messages.feeds import Confidence, FeedEvent, Kind
from actors.messages.race import Cause
from actors.messages.records import Intent, Report
from actors.messages.records_review import DoubtRow
from actors.model.score import GoalKey, MatchId, Period, Policy, Score
from actors.model.sports import POLICIES

DENYING: Final = frozenset({"reversal", "conflict"})
"""Judgements of reports that deny the accepted score."""
UNMOVED: Final = frozenset({"ignored", "repeat"})
"""Judgements of reports after which their feed shows what it had shown."""
TAKEN_BACK: Final = frozenset({"phantom", "overturned"})


@attrs.define(eq=False)
class _Match:
    """One match's open ends."""

    steps: list[Step] = attrs.field(factory=list)
    doubts: dict[tuple[Cause, GoalKey], None] = attrs.field(factory=dict)
    denials: dict[str, FeedEvent] = attrs.field(factory=dict)
    reviews: dict[str, tuple[GoalKey, int]] = attrs.field(factory=dict)
    """By feed: the key that its last review was about, and when it told of that first."""
    withdrawn: dict[str, None] = attrs.field(factory=dict)
    """States that were taken back and not reached again, in that order."""

    def of_reviews(self) -> Mapping[str, OpenReview]:
        """Return the reviews whose end nobody told, by the feed that tells of them."""
        return {
            feed: OpenReview(cause, key, began_ns)
            for feed, (key, began_ns) in self.reviews.items()
            for cause, doubted in self.doubts
            if cause != "score" and doubted == key
        }


@attrs.define(eq=False)
class LooseEnds:
    """Follows every match through a journal."""

    since_ns: int = 0
    """What makes the times of the records to come times of this process: added to them."""
    _matches: dict[MatchId, _Match] = attrs.field(init=False, factory=dict)
    _sources: dict[tuple[str, str], MatchId] = attrs.field(init=False, factory=dict)
    """By feed and its id of a match."""

    def unsettled(self) -> dict[MatchId, Unsettled]:
        """Return what is open, by match."""
        return {
            match: Unsettled(
                steps=tuple(one.steps),
                doubted=tuple(key for cause, key in one.doubts if cause == "score"),
                denials=dict(one.denials),
                reviews=one.of_reviews(),
                withdrawn=tuple(one.withdrawn),
            )
            for match, one in self._matches.items()
        }

    def hear_intent(self, intent: Intent) -> None:
        """Note an entry: its report may have been lost with the process that judged it."""
        key = GoalKey(MatchId(intent.match), intent.generation, intent.state)
        steps = self._match(key.match).steps
        if any(step.key == key for step in steps):
            return
        told = FeedEvent(
            feed=intent.feed,
            epoch=intent.epoch,
            frame_no=intent.frame_no,
            kind="snapshot",
            received_ns=0,
            received_wall_ns=0,
            decoded_ns=0,
        )
        self._accept(steps, Step(key=key, report=told, is_alone=True, is_unconfirmed=False))

    def hear_doubt(self, row: DoubtRow) -> None:
        """Note that entries were closed or opened again."""
        key = GoalKey(MatchId(row.match), row.generation, row.state)
        one, doubted = self._match(key.match), (cast("Cause", row.cause), key)
        if row.in_doubt:
            one.doubts[doubted] = None
            if row.cause == "goal_review":
                # What the officials look at has happened.
                _confirmed(one.steps, key)
        else:
            one.doubts.pop(doubted, None)
            if not any(cause == "score" for cause, _ in one.doubts):
                one.denials.clear()

    def hear(self, report: Report) -> None:
        """Note what one report was judged to be."""
        source = report.feed, report.feed_match
        if report.match and report.feed_match:
            self._sources[source] = MatchId(report.match)
        match = self._sources.get(source)
        if match is None:
            return
        one, key = self._match(match), GoalKey(match, report.generation, report.state)
        judgement = report.judgement
        if judgement == "review":
            self._hear_review(one, report, key)
        elif judgement in {"trigger", "advance"} or report.reason == FIRST:
            step = Step(
                key=key,
                report=event_of(report),
                is_alone=report.reason != FIRST,
                is_unconfirmed=report.conf == "unconfirmed",
            )
            one.steps = [each for each in one.steps if each.key != key]
            one.withdrawn.pop(key.state, None)
            self._accept(one.steps, step)
        elif judgement in TAKEN_BACK:
            one.steps = [each for each in one.steps if each.key != key]
            one.withdrawn.pop(key.state, None)
            one.withdrawn[key.state] = None
        elif judgement == "stands":
            self._stand(one, report, key)
        else:
            self._hear_other(one, report)

    def _stand(self, one: _Match, report: Report, key: GoalKey) -> None:
        if not one.steps or one.steps[-1].key.state != key.state:
            told = event_of(report)
            one.steps.append(Step(key=key, report=told, is_alone=False, is_unconfirmed=False))

    def _hear_review(self, one: _Match, report: Report, key: GoalKey) -> None:
        subject, _, outcome = report.reason.partition(": ")
        if outcome == "open":
            known = one.reviews.get(report.feed)
            if known is None or known[0] != key:
                one.reviews[report.feed] = key, report.received_ns + self.since_ns
            return
        one.reviews.pop(report.feed, None)
        if (subject, outcome) == ("goal", "stands"):
            self._confirm(one, report.feed)

    def _hear_other(self, one: _Match, report: Report) -> None:
        if report.judgement in DENYING:
            one.denials.pop(report.feed, None)
            one.denials[report.feed] = event_of(report)
        if report.conf == "confirmed":
            self._confirm(one, report.feed)
        if report.home < 0 or report.judgement in UNMOVED:
            return
        shown = f"{report.home}-{report.away}"
        denied = one.denials.get(report.feed)
        for step in one.steps:
            if not _reaches(shown, step.key.state):
                continue
            if denied is not None and ("score", step.key) in one.doubts:
                del one.denials[report.feed]
                denied = None
            if step.report.feed != report.feed and report.conf != "unconfirmed":
                _confirmed(one.steps, step.key, by_another=True)

    def _confirm(self, one: _Match, feed: str) -> None:
        for step in list(one.steps):
            if step.report.feed == feed:
                _confirmed(one.steps, step.key)

    def _accept(self, steps: list[Step], step: Step) -> None:
        # Whoever shows a later score counts the earlier ones too.
        for each in list(steps):
            if each.report.feed != step.report.feed:
                _confirmed(steps, each.key, by_another=True)
        steps.append(step)
        del steps[:-TRAIL_KEPT]

    def _match(self, match: MatchId) -> _Match:
        return self._matches.setdefault(match, _Match())


def _confirmed(steps: list[Step], key: GoalKey, *, by_another: bool = False) -> None:
    for place, step in enumerate(steps):
        if step.key == key:
            alone = step.is_alone and not by_another
            steps[place] = attrs.evolve(step, is_alone=alone, is_unconfirmed=False)


def _reaches(shown: str, goal: str) -> bool:
    policy = policy_of(shown, goal)
    if policy is None:
        return False
    mine, theirs = policy.read(shown), policy.read(goal)
    return (
        mine is not None
        and theirs is not None
        and (mine == theirs or policy.is_behind(theirs, mine))
    )


def policy_of(*states: str) -> Policy | None:
    """Return a sport's policy that reads all of ``states``; ``None`` where there is none.

    A pair of counts is read by several sports alike: it leads forward in all of them.
    """
    for policy in POLICIES.values():
        if all(policy.read(state) is not None for state in states):
            return policy
    return None


def event_of(report: Report) -> FeedEvent:
    """Return a report again, its times left out: they are of another process."""
    return FeedEvent(
        feed=report.feed,
        epoch=report.epoch,
        frame_no=report.frame_no,
        kind=cast("Kind", report.kind),
        feed_match=report.feed_match,
        score=Score(report.home, report.away) if report.home >= 0 else None,
        period=cast("Period", report.period) if report.period else None,
        clock_s=report.clock_s if report.clock_s >= 0 else None,
        received_ns=0,
        received_wall_ns=0,
        decoded_ns=0,
        conf=cast("Confidence", report.conf or "unstated"),
    )
