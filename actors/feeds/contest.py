"""What the race knows: its runners, what each shows of a match, what is accepted. Pure.

Rules stand in ``race.py`` (forward) and ``doubts.py`` (back); here are the facts
that they work on, and the questions that both ask.
"""

from collections.abc import Callable
from typing import Final, Literal

import attrs

from actors.feeds.ledger import Tally
from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged, Judgement, MatchDoubt, RaceOutput
from actors.model.score import GoalKey, MatchId, Period, Policy, Score

FOREVER: Final = 2**63
"""A time in nanoseconds that no clock reaches."""

TRAIL_KEPT: Final = 24
"""Newest accepted scores of a match that are remembered with the words they were accepted on:
more goals than a match has, and enough to go back by where a sport scores more often."""

WITHDRAWN_KEPT: Final = 16
"""Withdrawn scores remembered of one match."""

CROSSINGS_KEPT: Final = 16
"""Steps back remembered of one feed in one match."""


@attrs.frozen(kw_only=True)
class Entrant:
    """What the profile says of one feed."""

    role: Literal["trigger", "corroborate"] = "trigger"
    delay_ns: int = 0
    """Delay that its provider states; above zero it never triggers."""
    dead_after_ns: int = 30_000_000_000
    """Silence after which its connection counts for nothing."""


@attrs.frozen(kw_only=True)
class Standing:
    """What is accepted of one match."""

    generation: int
    score: Score


@attrs.frozen(kw_only=True)
class Rules:
    """The race's numbers and the sport that it judges."""

    policy: Policy
    window_ns: int
    """For so long a feed that still shows an older score is merely slow."""
    max_trigger_age_ns: int
    """A report read longer ago may corroborate but not trigger."""
    flap_ns: int
    """A withdrawn score that is back within it was never away: nobody scores so soon."""
    quarantine_after: int
    """Phantoms after which a feed may trigger no more."""

    def reaches(self, score: Score, goal: Score) -> bool:
        """Return whether whoever shows ``score`` counts the goal that made ``goal``."""
        return score == goal or self.policy.is_behind(goal, score)


@attrs.define(eq=False)
class Sitting:
    """One event, or one look at the clock, being dealt with."""

    at_ns: int
    """Event time: when the report was read. Every window is measured in it."""
    judged_ns: int
    """Our own time; later, if the report had to wait."""
    outputs: list[RaceOutput] = attrs.field(init=False, factory=list)

    def doubt(self, key: GoalKey, reason: str, *, in_doubt: bool) -> None:
        """Close entries over ``key``, or say how its doubt ended."""
        self.outputs.append(MatchDoubt(match=key.match, in_doubt=in_doubt, reason=reason, key=key))

    def conclude(self, report: FeedEvent, judgement: Judgement, reason: str, key: GoalKey) -> None:
        """Put on record what follows, now, from a report that was judged before."""
        self.outputs.append(
            Judged(
                report=report,
                judgement=judgement,
                reason=reason,
                key=key,
                consequence=True,
                judged_ns=self.judged_ns,
            )
        )


@attrs.define(eq=False)
class Hearing(Sitting):
    """A sitting about one report."""

    report: FeedEvent = attrs.field(kw_only=True)
    unfinished: Callable[[], None] | None = attrs.field(init=False, default=None)
    """Book-keeping that a trigger does not wait for."""

    def judge(
        self,
        judgement: Judgement,
        reason: str = "",
        key: GoalKey | None = None,
        behind_ns: int | None = None,
    ) -> None:
        """Put on record what the report is."""
        self.outputs.append(
            Judged(
                report=self.report,
                judgement=judgement,
                reason=reason,
                key=key,
                behind_ns=behind_ns,
                judged_ns=self.judged_ns,
            )
        )


@attrs.define(eq=False)
class Runner:
    """One feed, whichever match it speaks of."""

    name: str
    entrant: Entrant
    barred: str
    """Why it may trigger nothing; empty for a feed that may."""
    tally: Tally = attrs.field(init=False, factory=Tally)
    epoch: int = attrs.field(init=False, default=0)
    open: bool = attrs.field(init=False, default=False)
    heard_ns: int = attrs.field(init=False, default=0)

    def hear(self, report: FeedEvent, at_ns: int) -> bool:
        """Note a sign of life; return whether it belongs to the newest connection."""
        if report.epoch < self.epoch:
            return False
        self.epoch = report.epoch
        self.open = report.kind != "closed"
        self.heard_ns = at_ns
        return True


@attrs.frozen
class Crossing:
    """A feed's own step back."""

    before: Score
    after: Score
    at_ns: int


@attrs.define(eq=False)
class View:
    """What one feed shows of one match on one connection."""

    runner: Runner
    epoch: int
    score: Score
    oriented: bool
    period: Period | None
    report: FeedEvent
    """What it said when it came to show this score."""
    apart_since_ns: int | None = None
    """Since when it disagrees with the accepted score; ``None`` while it agrees."""
    denies: Score | None = None
    """A score that it went back on or contradicted, until it counts that goal again."""
    denies_since_ns: int = 0
    crossings: list[Crossing] = attrs.field(factory=list)
    """Its own steps back that stood, oldest first: the reversals that it knows of."""
    disowned_until_ns: int = 0
    """Until then, or its next move, what it shows is news of a withdrawn score."""

    def step_back(self, before: Score, at_ns: int) -> None:
        """Remember that it went back from ``before`` to what it shows now."""
        self.crossings = [
            *self.crossings[1 - CROSSINGS_KEPT :],
            Crossing(before, self.score, at_ns),
        ]

    def deny(self, score: Score, at_ns: int) -> None:
        """Note that it does not count the goal that made ``score`` any more."""
        if self.denies is None:
            self.denies_since_ns = at_ns
        self.denies = score

    def relent(self) -> None:
        """Note that it counts again what it denied: it never knew of a reversal."""
        self.denies = None
        self.crossings = [one for one in self.crossings if one.at_ns < self.denies_since_ns]

    def is_fresh(self, at_ns: int) -> bool:
        """Return whether its connection is open and not silent for too long."""
        runner = self.runner
        return (
            runner.open
            and runner.epoch == self.epoch
            and at_ns - runner.heard_ns <= runner.entrant.dead_after_ns
        )


@attrs.define(eq=False)
class Claim:
    """A score that was accepted, and on whose word."""

    key: GoalKey
    score: Score
    before: Score | None
    """What was accepted until then; ``None`` at the first score of a match."""
    feed: str
    report: FeedEvent | None
    """``None`` for a score remembered from the journal."""
    at_ns: int
    due_ns: int
    """When a second feed must have shown it; ``FOREVER`` where none need."""
    corroborated: bool = False
    seen_by: set[str] = attrs.field(factory=set)
    """Feeds that have shown it; asked for membership alone."""


@attrs.frozen
class Withdrawal:
    """A score that was taken back, ``times`` over in short succession."""

    claimed_ns: int
    """When it was accepted the first of these times."""
    at_ns: int
    """When it was taken back the last time."""
    times: int


@attrs.define(eq=False)
class Doubt:
    """Entries of a match are closed until it is known whether its last goals stand."""

    claims: list[Claim]
    """The doubted ones, the newest first."""
    report: FeedEvent
    """What raised it."""
    due_ns: int


@attrs.define(eq=False)
class Contest:
    """One match: what is accepted, what every feed shows, what is in doubt."""

    match: MatchId
    rules: Rules
    traded: set[GoalKey]
    """Keys of all matches that may not be traded any more; asked for membership alone."""
    generation: int = 0
    accepted: Score | None = None
    trail: list[Claim] = attrs.field(factory=list)
    """Accepted scores that still stand, oldest first; the last one is ``accepted``."""
    views: dict[str, View] = attrs.field(factory=dict)
    withdrawn: dict[Score, Withdrawal] = attrs.field(factory=dict)
    doubt: Doubt | None = None
    unvouched_since_ns: int | None = None
    """Since when fresh feeds show older scores alone, and none the accepted one."""

    @property
    def standing_key(self) -> GoalKey | None:
        """The key under which the accepted score was accepted; ``None`` before the first."""
        return self.trail[-1].key if self.trail else None

    def key(self, state: str) -> GoalKey:
        """Return the key of ``state`` in the present generation."""
        return GoalKey(self.match, self.generation, state)

    def begin(self, score: Score, feed: str, report: FeedEvent | None, at_ns: int) -> GoalKey:
        """Take ``score`` as the first that is known of the match, and return its key."""
        key = self.key(self.rules.policy.state(score))
        self.accepted = score
        self.trail.append(Claim(key, score, None, feed, report, at_ns=at_ns, due_ns=FOREVER))
        for view in self.views.values():
            view.apart_since_ns = None if view.score == score else at_ns
        return key

    def fresh_feeds(self, at_ns: int) -> int:
        """Return how many fresh and oriented feeds know the match."""
        fresh = 0
        for view in self.views.values():
            if view.oriented and view.is_fresh(at_ns):
                fresh += 1
        return fresh

    def accept(self, claim: Claim, winner: View, at_ns: int) -> None:
        """Make ``claim`` the accepted score."""
        score = claim.score
        claim.seen_by.add(winner.runner.name)
        self.accepted = score
        for view in self.views.values():
            is_fresh = view.is_fresh(at_ns)
            if is_fresh:
                view.runner.tally.chances += 1
            if view is winner:
                continue
            if view.score != score:
                if view.apart_since_ns is None:
                    view.apart_since_ns = at_ns
            elif view.disowned_until_ns <= at_ns:
                view.apart_since_ns = None
                claim.seen_by.add(view.runner.name)
                if is_fresh:
                    claim.corroborated = True
                    view.runner.tally.earlier += 1
        winner.apart_since_ns = None
        winner.runner.tally.wins += 1
        self.trail.append(claim)
        del self.trail[:-TRAIL_KEPT]

    def corroborate(self, view: View, at_ns: int) -> None:
        """Let ``view`` vouch for every accepted score of another feed that it counts."""
        name, score = view.runner.name, view.score
        for claim in reversed(self.trail):
            if claim.corroborated:
                return
            if claim.feed != name and self.rules.reaches(score, claim.score):
                claim.corroborated = True
                winner = self.views.get(claim.feed)
                if winner is not None and claim.before is not None:
                    winner.runner.tally.margins_ns.append(at_ns - claim.at_ns)

    def before(self, score: Score) -> Score | None:
        """Return what was accepted until ``score`` was; ``None`` if it does not stand."""
        for claim in self.trail:
            if claim.score == score:
                return claim.before
        return None

    def withdraw(self, claim: Claim, at_ns: int) -> None:
        """Remember that ``claim`` was taken back, against late news of it."""
        last = self.withdrawn.pop(claim.score, None)
        if last is not None and claim.at_ns - last.at_ns <= 2 * self.rules.window_ns:
            # A slow feed has all of them still to tell.
            withdrawal = Withdrawal(last.claimed_ns, at_ns, last.times + 1)
        else:
            withdrawal = Withdrawal(claim.at_ns, at_ns, 1)
        self.withdrawn[claim.score] = withdrawal
        if len(self.withdrawn) > WITHDRAWN_KEPT:
            del self.withdrawn[next(iter(self.withdrawn))]
        winner = self.views.get(claim.feed)
        if winner is not None and claim.before is not None:
            winner.runner.tally.overturned += 1

    def watch_support(self, at_ns: int) -> None:
        """Note whether any fresh feed still vouches for the accepted score."""
        accepted = self.accepted
        rules = self.rules
        older = False
        if accepted is not None:
            for view in self.views.values():
                if not view.is_fresh(at_ns):
                    continue
                if rules.reaches(view.score, accepted):
                    self.unvouched_since_ns = None
                    return
                older = older or (view.oriented and rules.policy.is_behind(view.score, accepted))
        if not older:
            self.unvouched_since_ns = None
        elif self.unvouched_since_ns is None:
            self.unvouched_since_ns = at_ns

    def due_ns(self) -> int:
        """Return when the clock alone may change something here."""
        due_ns = FOREVER if self.doubt is None else self.doubt.due_ns
        if self.unvouched_since_ns is not None:
            due_ns = min(due_ns, self.unvouched_since_ns + self.rules.window_ns)
        for claim in self.trail:
            if not claim.corroborated:
                due_ns = min(due_ns, claim.due_ns)
        return due_ns
