"""What the race knows: its runners, what each shows of a match, what is accepted. Pure.

Rules stand in ``judging.py`` (forward), ``doubts.py`` (back) and ``reviews.py``; here are
the facts that they work on, and the questions that all of them ask.
"""

from typing import Final, Literal

import attrs

from actors.feeds.claims import FOREVER, Claim, Doubt, Incidents, Inquiry, Withdrawal
from actors.feeds.clocks import ProviderClock
from actors.feeds.coverage import Coverage
from actors.feeds.ledger import Tally
from actors.messages.feeds import STOPPED, FeedEvent
from actors.messages.race import FULL_PM
from actors.model.score import GoalKey, MatchId, Period, Policy, Score

TRAIL_KEPT: Final = 24
"""Newest accepted scores of a match that are remembered with the words they were accepted on:
more goals than a match has, and enough to go back by where a sport scores more often."""

WITHDRAWN_KEPT: Final = 16
"""Withdrawn scores remembered of one match."""

CROSSINGS_KEPT: Final = 16
"""Steps back remembered of one feed in one match."""

QUORUM: Final = 2
"""Feeds that must be able to notice a false goal before a whole play is staked on one."""

QUARANTINED: Final = "quarantined"
"""Why a feed may trigger nothing that has reported phantoms. It corroborates as before."""

SEASONED: Final = 50
"""Goals that a feed must have shown before one that it calls unconfirmed is traded."""


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
    single_feed_pm: int
    """Thousandths of a play for a goal of a match that one feed alone follows."""
    unconfirmed_pm: int
    """Thousandths of a play for a goal that its feed calls unconfirmed."""
    confirm_ns: int
    """Within it such a goal must be confirmed."""
    review_ns: int
    """So long a review may last whose end nobody tells."""

    def size_pm(self, quorum: int, unconfirmed: bool) -> int:  # noqa: FBT001 - an order waits for it
        """Return how much of a play a goal is worth, in thousandths.

        Args:
            quorum: Feeds that would notice if it were none.
            unconfirmed: Whether its own feed is not sure of it yet.
        """
        size_pm = FULL_PM if quorum >= QUORUM else self.single_feed_pm if quorum else 0
        return size_pm * self.unconfirmed_pm // FULL_PM if unconfirmed else size_pm

    def reaches(self, score: Score, goal: Score) -> bool:
        """Return whether whoever shows ``score`` counts the goal that made ``goal``."""
        return score == goal or self.policy.is_behind(goal, score)


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
    hesitates: bool = attrs.field(init=False, default=False)
    """Whether it has ever called a goal unconfirmed."""
    clock: ProviderClock = attrs.field(init=False, factory=ProviderClock)

    def weigh(self, rules: Rules) -> None:
        """Let its phantoms cost it its right to trigger, or give it back."""
        if not self.barred or self.barred == QUARANTINED:
            self.barred = QUARANTINED if self.tally.charges >= rules.quarantine_after else ""

    def unconfirmed_pm(self, rules: Rules) -> int:
        """Return how much of a play a goal of its own is worth that it is not sure of."""
        return rules.unconfirmed_pm if self.tally.goals >= SEASONED else 0

    def hear(self, report: FeedEvent, at_ns: int) -> bool:
        """Note a sign of life; return whether it belongs to the newest connection."""
        if report.epoch < self.epoch:
            return False
        self.epoch = report.epoch
        # When a process stops, its feeds go one by one: the last of them decides nothing.
        self.open = report.kind != "closed" or report.reason == STOPPED
        self.heard_ns = at_ns
        if report.provider_ts_ns is not None and not report.replay:
            self.clock.hear(report.received_ns - report.provider_ts_ns, at_ns)
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
    coverage: Coverage
    tentative: Score | None = None
    """The score that it called unconfirmed last and has not confirmed since."""
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

    def doubts_itself(self, rules: Rules, score: Score) -> bool:
        """Return whether what it says of ``score`` rests on a goal that it has not confirmed."""
        return self.tentative is not None and rules.reaches(score, self.tentative)

    def is_fresh(self, at_ns: int) -> bool:
        """Return whether its connection is open and not silent for too long."""
        runner = self.runner
        return (
            runner.open
            and runner.epoch == self.epoch
            and at_ns - runner.heard_ns <= runner.entrant.dead_after_ns
        )


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
    coverages: dict[str, Coverage] = attrs.field(factory=dict)
    """By feed, as the next one."""
    inquiries: dict[str, Inquiry] = attrs.field(factory=dict)
    """Reviews that are open."""
    incidents: Incidents = attrs.field(factory=Incidents)
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

    def coverage(self, feed: str) -> Coverage:
        """Return what ``feed`` says of the match beside its score."""
        return self.coverages.setdefault(feed, Coverage())

    def quorum(self, at_ns: int) -> int:
        """Return how many feeds would notice a false goal: fresh, oriented and undelayed ones.

        One that has disagreed with the accepted score for longer than the window, or says
        itself that it sees nothing, is none of them.
        """
        quorum, earliest_ns = 0, at_ns - self.rules.window_ns
        for view in self.views.values():
            runner, since_ns = view.runner, view.apart_since_ns
            # As ``is_fresh``, written out: an order waits for this.
            if (
                view.oriented
                and not runner.entrant.delay_ns
                and not view.coverage.is_blind
                and (since_ns is None or since_ns >= earliest_ns)
                and runner.open
                and runner.epoch == view.epoch
                and at_ns - runner.heard_ns <= runner.entrant.dead_after_ns
            ):
                quorum += 1
        return quorum

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
                    view.runner.tally.was_earlier()
                    view.runner.weigh(self.rules)
                    if not view.doubts_itself(self.rules, score):
                        claim.corroborated, claim.confirm_by_ns = True, FOREVER
        winner.apart_since_ns = None
        winner.runner.tally.win()
        self.trail.append(claim)
        del self.trail[:-TRAIL_KEPT]

    def corroborate(self, view: View, at_ns: int) -> None:
        """Let ``view`` vouch for every accepted score of another feed that it counts."""
        name, score = view.runner.name, view.score
        for claim in reversed(self.trail):
            if claim.corroborated:
                return
            if (
                claim.feed != name
                and self.rules.reaches(score, claim.score)
                and not view.doubts_itself(self.rules, claim.score)
            ):
                claim.corroborated, claim.confirm_by_ns = True, FOREVER
                winner = self.views.get(claim.feed)
                if winner is not None and claim.before is not None and not claim.is_recalled:
                    winner.runner.tally.margins_ns.append(at_ns - claim.at_ns)

    def awaits(self, view: View) -> bool:
        """Return whether a goal of ``view``'s feed stands that nobody has confirmed yet."""
        name = view.runner.name
        return any(claim.feed == name and claim.confirm_by_ns < FOREVER for claim in self.trail)

    def confirm(self, view: View) -> None:
        """Let ``view``, whose feed is sure of its score by now, confirm its own goals."""
        for claim in self.trail:
            if claim.feed == view.runner.name and self.rules.reaches(view.score, claim.score):
                claim.confirm_by_ns = FOREVER
        self.corroborate(view, view.runner.heard_ns)

    def before(self, score: Score) -> Score | None:
        """Return what ``score`` was before its last goal; ``None`` if nobody can say.

        Nobody can where it does not stand, or came with more than one goal.
        """
        for claim in self.trail:
            if claim.score == score and claim.before is not None:
                is_one_goal = self.rules.policy.step(claim.before, score) is not None
                return claim.before if is_one_goal else None
        return None

    def withdraw(self, claim: Claim, at_ns: int) -> None:
        """Remember that ``claim`` was taken back, and that its winner was wrong."""
        self.leave(claim, at_ns)
        winner = self.views.get(claim.feed)
        if winner is not None and claim.before is not None:
            winner.runner.tally.overturned += 1

    def leave(self, claim: Claim, at_ns: int) -> None:
        """Remember that ``claim`` stands no more, against late news of it."""
        last = self.withdrawn.pop(claim.score, None)
        if last is not None and claim.at_ns - last.at_ns <= 2 * self.rules.window_ns:
            # A slow feed has all of them still to tell.
            withdrawal = Withdrawal(claim.score, last.claimed_ns, at_ns, last.times + 1)
        else:
            withdrawal = Withdrawal(claim.score, claim.at_ns, at_ns, 1)
        self.withdrawn[claim.score] = withdrawal
        if len(self.withdrawn) > WITHDRAWN_KEPT:
            del self.withdrawn[next(iter(self.withdrawn))]

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
                due_ns = min(due_ns, claim.due_ns, claim.confirm_by_ns)
        for inquiry in self.inquiries.values():
            due_ns = min(due_ns, inquiry.due_ns)
        return due_ns
