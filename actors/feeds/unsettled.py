"""What was open about a match when the process that followed it ended, and how it goes on. Pure.

A restart forgets what feeds showed. It must not forget that a goal was doubted, looked at by
the officials, or shown by one feed alone: positions hang on how that ends. The scores that
stood stand again, whoever denied one denies it until it shows otherwise, and each rule that
waits for the clock waits anew, but for that of an open review: it is measured from when a
feed told of it first.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.feeds.claims import FOREVER, Claim, Doubt, Inquiry, Withdrawal
from actors.feeds.contest import WITHDRAWN_KEPT, Contest, Runner, Standing, View
from actors.feeds.hearing import Sitting
from actors.messages.feeds import FeedEvent
from actors.messages.race import Cause
from actors.model.score import GoalKey, Score

EARLIER: Final = "doubted before a restart"
"""Reason of a doubt that an earlier process had."""
NO_EPOCH: Final = -1
"""Of a view that no connection of ours has shown."""


@attrs.frozen(kw_only=True)
class Step:
    """A score that stands, as the journal has it."""

    key: GoalKey
    report: FeedEvent
    """On whose word it was accepted. Its times are of another process."""
    is_alone: bool
    """Whether no other feed has shown it."""
    is_unconfirmed: bool
    """Whether its own feed called it unconfirmed, and nobody has confirmed it since."""


@attrs.frozen
class OpenReview:
    """A review that a feed told of, and of whose end it has not."""

    cause: Cause
    key: GoalKey
    began_ns: int
    """When it was told of, by this process's monotonic clock; it may lie before its zero."""


@attrs.frozen(kw_only=True)
class Unsettled:
    """What was open about one match. Recovery to the race."""

    steps: tuple[Step, ...]
    """The newest scores that stand, oldest first."""
    doubted: tuple[GoalKey, ...] = ()
    """Keys in doubt."""
    denials: Mapping[str, FeedEvent] = attrs.field(factory=dict)
    """By feed: the report by which it denies what is doubted."""
    reviews: Mapping[str, OpenReview] = attrs.field(factory=dict)
    """By feed."""
    withdrawn: tuple[str, ...] = ()
    """States that were taken back and not reached again, the newest last."""


def begin_again(
    contest: Contest,
    sitting: Sitting,
    standing: Standing,
    left: Unsettled | None,
    runners: Mapping[str, Runner],
) -> None:
    """Let ``contest`` stand where an earlier process left it.

    Args:
        contest: A match that nobody has reported yet.
        sitting: The event that made somebody ask for it; is told of the doubts that go on.
        standing: What was accepted last.
        left: What was open.
        runners: The feeds.
    """
    contest.generation = standing.generation
    score = contest.rules.policy.read(standing.score.text)
    if score is None:
        return  # Of another sport's policy: its feeds' baselines begin it.
    if left is not None:
        began: dict[tuple[Cause, GoalKey], int] = {}
        for one in left.reviews.values():
            # A restart gives the officials no more time; a clock that was set gives none either.
            first_ns = began.get((one.cause, one.key), sitting.at_ns)
            began[one.cause, one.key] = min(first_ns, one.began_ns)
        for feed, one in left.reviews.items():
            due_ns = began[one.cause, one.key] + contest.rules.review_ns
            contest.inquiries[feed] = Inquiry(one.cause, one.key, due_ns)
        for cause, key in began:
            sitting.doubt(key, EARLIER, in_doubt=True, cause=cause, takes_back=False)
        _withdraw_again(contest, sitting.at_ns, left.withdrawn)
    trail = [] if left is None else _trail(contest, sitting.at_ns, left.steps, tuple(runners))
    if not trail or trail[-1].score != score:
        contest.begin(score, "", None, sitting.at_ns)
        return
    assert left is not None, "it has a trail"
    contest.trail, contest.accepted = trail, score
    for step in left.steps:
        if step.is_alone and step.report.feed in runners:
            _show_again(contest, runners[step.report.feed], score, step.report)
    _doubt_again(contest, sitting, left, runners)


def _show_again(contest: Contest, runner: Runner, score: Score, report: FeedEvent) -> View:
    """Keep a place for what a feed showed, until a connection of ours shows something."""
    coverage = contest.coverage(runner.name)
    view = View(runner, NO_EPOCH, score, False, None, report, coverage)  # noqa: FBT003 - as its fields stand
    contest.views[runner.name] = view
    return view


def _withdraw_again(contest: Contest, at_ns: int, states: tuple[str, ...]) -> None:
    """Remember what was taken back: a slow feed may not have told of it at all yet.

    Nobody knows how long ago that was; for all that is known, just now.
    """
    for state in states[-WITHDRAWN_KEPT:]:
        score = contest.rules.policy.read(state)
        if score is not None:
            contest.withdrawn[score] = Withdrawal(score, at_ns, at_ns, 1)


def _trail(
    contest: Contest, at_ns: int, steps: tuple[Step, ...], feeds: tuple[str, ...]
) -> list[Claim]:
    """Return the claims again, the oldest first."""
    rules, trail = contest.rules, list[Claim]()
    for step in steps:
        score = rules.policy.read(step.key.state)
        if score is None:
            return []
        claim = Claim(
            step.key,
            score,
            trail[-1].score if trail else None,
            step.report.feed,
            step.report,
            at_ns=at_ns,
            due_ns=FOREVER,
            corroborated=not step.is_alone,
            is_recalled=True,
        )
        # How late a feed comes to show it now says nothing about its lag.
        claim.seen_by.update(feeds)
        if step.is_alone and claim.before is not None:
            claim.due_ns = at_ns + rules.window_ns
            if step.is_unconfirmed:
                claim.confirm_by_ns = at_ns + rules.confirm_ns
        trail.append(claim)
    return trail


def _doubt_again(
    contest: Contest, sitting: Sitting, left: Unsettled, runners: Mapping[str, Runner]
) -> None:
    claims = [claim for claim in reversed(contest.trail) if claim.key in left.doubted]
    if not claims:
        return
    raised = claims[0].report
    assert raised is not None, "what is recalled has its report"
    for feed, report in left.denials.items():
        score = report.score
        if feed not in runners or score is None:
            continue
        raised = report
        if not contest.rules.reaches(score, claims[0].score):
            view = _show_again(contest, runners[feed], score, report)
            view.deny(claims[0].score, sitting.at_ns)
    contest.doubt = Doubt(claims, raised, sitting.at_ns + contest.rules.window_ns)
    for claim in claims:
        # The positions' own ways out are recalled by whoever sells them: nothing is sold anew.
        before = claim.before
        sitting.doubt(claim.key, EARLIER, in_doubt=True, restored=before, takes_back=False)
