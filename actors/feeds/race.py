"""Who reported a score first, and whether it is the report to trade on. Pure.

Every report brings its own time, so the same reports give the same race. Design
section 7 states the rules and reference ``feeds.md`` section 7 the cases that
they must survive (A1 to A43). ``judging.py`` holds those that lead forward,
``doubts.py`` those that lead back, ``reviews.py`` those of reviews by the officials
and of goals that their own feed is not sure of yet.

A report can be ahead of the accepted score in two ways that are not traded.
Where its *feed* may not speak (it only corroborates, its sides are unproved, it
lost touch) nothing is accepted: the next feed that may can still win the race.
Where the *match* says no (extra time, a doubt, two goals at once) the score is
accepted and its race is over.
"""

from collections.abc import Iterable, Mapping

import attrs

from actors.feeds.claims import FOREVER
from actors.feeds.contest import QUARANTINED, Contest, Entrant, Rules, Runner, Standing, View
from actors.feeds.doubts import expire, settle
from actors.feeds.entities import Binding, Bound, Unbound
from actors.feeds.hearing import Hearing, Sitting
from actors.feeds.judging import (
    judge_agreement,
    judge_ahead,
    judge_baseline,
    judge_other,
    judge_step_down,
)
from actors.feeds.late_news import hear_repeat, note_incident
from actors.feeds.ledger import FeedLedger, Tally
from actors.feeds.reviews import judge_review, judge_tentative
from actors.feeds.unsettled import Unsettled, begin_again
from actors.messages.feeds import FeedEvent
from actors.messages.race import FULL_PM, RaceOutput
from actors.model.score import SOCCER, GoalKey, MatchId, Policy, Score, Sport
from actors.model.sports import POLICIES


class Race:
    """All races of all matches. Owned by the tree, so that it outlives its arbiter."""

    def __init__(
        self,
        *,
        feeds: Mapping[str, Entrant],
        policy: Policy = SOCCER,
        window_ns: int = 12_000_000_000,
        max_trigger_age_ns: int = 500_000_000,
        flap_ns: int = 3_000_000_000,
        quarantine_after: int = 2,
        single_feed_pm: int = 500,
        unconfirmed_pm: int = 250,
        confirm_ns: int = 20_000_000_000,
        review_ns: int = 600_000_000_000,
        traded: Iterable[GoalKey] = (),
        standings: Mapping[MatchId, Standing] | None = None,
        unsettled: Mapping[MatchId, Unsettled] | None = None,
        tallies: Mapping[str, Tally] | None = None,
    ) -> None:
        """Begin where the journal ended.

        Args:
            feeds: Who runs, by the name that the profile spells.
            policy: Soccer's; each other sport is judged by its own.
            window_ns: For so long a feed that shows an older score is merely slow.
            max_trigger_age_ns: A report read longer ago may corroborate but not trigger.
            flap_ns: A withdrawn score that is back within it is accepted, never traded.
            quarantine_after: Phantoms after which a feed triggers no more.
            single_feed_pm: Thousandths of a play for a goal of a match that one feed follows.
            unconfirmed_pm: Thousandths of a play for a goal that its feed calls unconfirmed.
            confirm_ns: Such a goal must be confirmed within it.
            review_ns: So long a review may last whose end nobody tells.
            traded: Keys that were ever traded; none of them triggers again.
            standings: What was accepted last of each match.
            unsettled: What was open about it.
            tallies: Each feed's record so far; the race goes on counting in it.
        """
        self._rules = Rules(
            policy=policy,
            window_ns=window_ns,
            max_trigger_age_ns=max_trigger_age_ns,
            flap_ns=flap_ns,
            quarantine_after=quarantine_after,
            single_feed_pm=single_feed_pm,
            unconfirmed_pm=unconfirmed_pm,
            confirm_ns=confirm_ns,
            review_ns=review_ns,
        )
        self._runners = {
            name: Runner(name, entrant, _bar(entrant)) for name, entrant in feeds.items()
        }
        for name, tally in (tallies or {}).items():
            if name in self._runners:
                self._runners[name].tally = tally
                self._runners[name].weigh(self._rules)
        self._contests: dict[MatchId, Contest] = {}
        self._standings = dict(standings or {})
        self._unsettled = dict(unsettled or {})
        self._sports: dict[Sport, Rules] = {"soccer": self._rules}
        self._traded = set(traded)
        self._at_ns = 0
        self._due_ns = FOREVER
        self._unfinished: Hearing | None = None

    @property
    def next_deadline_ns(self) -> int | None:
        """When ``tick`` is due; ``None`` while no rule waits for the clock."""
        self._book()
        return None if self._due_ns >= FOREVER else self._due_ns

    def standing(self, match: MatchId) -> Standing | None:
        """Return what is accepted of ``match``; ``None`` before its first score."""
        self._book()
        contest = self._contests.get(match)
        if contest is None or contest.accepted is None:
            return self._standings.get(match)
        return Standing(generation=contest.generation, score=contest.accepted)

    def fresh_feeds(self, match: MatchId, at_ns: int) -> int:
        """Return how many feeds would notice a false goal of ``match``."""
        return self._contests[match].quorum(at_ns) if match in self._contests else 0

    def is_in_doubt(self, match: MatchId) -> bool:
        """Return whether entries of ``match`` are closed."""
        contest = self._contests.get(match)
        if contest is None:
            left = self._unsettled.get(match)
            return left is not None and bool(left.doubted or left.reviews)
        return contest.doubt is not None or bool(contest.inquiries)

    def sizes(self, match: MatchId) -> tuple[int, ...]:
        """Return the thousandths of a play that a goal of ``match`` could be traded at just now.

        The whole is not among them: it is always ready.
        """
        contest = self._contests.get(match)
        if contest is None:
            return ()
        rules, quorum = self._rules, contest.quorum(self._at_ns)
        sizes = [rules.size_pm(quorum, unconfirmed=False)]
        if any(
            view.runner.hesitates and view.runner.unconfirmed_pm(rules)
            for view in contest.views.values()
        ):
            sizes.append(rules.size_pm(quorum, unconfirmed=True))
        return tuple(size_pm for size_pm in sizes if 0 < size_pm < FULL_PM)

    def ledgers(self) -> tuple[FeedLedger, ...]:
        """Return every feed's record, in the profile's order."""
        self._book()
        return tuple(
            runner.tally.ledger(runner.name, quarantined=runner.barred == QUARANTINED)
            for runner in self._runners.values()
        )

    def retain(self, matches: Iterable[MatchId]) -> None:
        """Forget what feeds show of any other match; what was accepted stays known.

        A match in doubt is kept until its doubt has ended, so that nobody who was
        told of it waits for the end for ever.
        """
        self._book()
        kept = frozenset(matches)
        for match, contest in list(self._contests.items()):
            if match in kept or contest.doubt is not None or contest.inquiries:
                continue
            standing = self.standing(match)
            if standing is not None:
                self._standings[match] = standing
            del self._contests[match]

    def tick(self, now_ns: int) -> list[RaceOutput]:
        """Decide what is due at ``now_ns``. Every report read before it must have been entered."""
        self._at_ns = max(self._at_ns, now_ns)
        sitting = Sitting(self._at_ns, now_ns)
        sitting.outputs = self.finish()
        if self._at_ns >= self._due_ns:
            self._expire(sitting)
        return sitting.outputs

    def finish(self) -> list[RaceOutput]:
        """Do the book-keeping that the last trigger did not wait for; return what it adds."""
        hearing = self._book()
        if hearing is None:
            return []
        self._unfinished = None
        return hearing.outputs

    def _book(self) -> Hearing | None:
        # Whoever asks anything of the race finds its books in order.
        hearing = self._unfinished
        if hearing is not None and hearing.unfinished is not None:
            book, hearing.unfinished, hearing.outputs = hearing.unfinished, None, []
            book()
            self._wake_after(hearing)
        return hearing

    def _expire(self, sitting: Sitting) -> None:
        for contest in self._contests.values():
            if sitting.at_ns >= contest.due_ns():
                expire(contest, sitting)
        self._due_ns = min(
            (contest.due_ns() for contest in self._contests.values()), default=FOREVER
        )

    def enter(self, report: FeedEvent, binding: Binding, now_ns: int) -> list[RaceOutput]:
        """Judge one report. Reports come in the order in which they were read.

        Args:
            report: What a feed said.
            binding: The match it is about.
            now_ns: The time at which it is judged; later than ``received_ns`` if
                it had to wait.

        Returns:
            At most one ``Trigger``, what to tell of doubts, and how the report
            was judged, in the order in which they are to be acted on. A trigger
            comes last and before its judgement, which ``finish`` returns: the
            order need not wait for the books.
        """
        self._at_ns = at_ns = max(self._at_ns, report.received_ns)
        hearing = Hearing(at_ns, now_ns, report=report)
        if self._unfinished is not None:
            hearing.outputs = self.finish()
        if at_ns >= self._due_ns:
            self._expire(hearing)
        runner = self._runners.get(report.feed)
        if runner is None:
            hearing.judge("ignored", "no such feed")
        elif not runner.hear(report, at_ns):
            hearing.judge("ignored", "from an older connection")
        elif report.kind == "closed":
            self._close(hearing)
        elif isinstance(binding, Unbound):
            said = report.feed_match is not None
            hearing.judge("ignored", binding.reason if said else report.kind)
        elif report.replay:
            # History: it may have been taken back since, and a price has heard it long ago.
            hearing.judge("ignored", "replayed", self._contest(binding, hearing).standing_key)
        else:
            self._hear(hearing, runner, binding)
        return hearing.outputs

    def _hear(self, hearing: Hearing, runner: Runner, bound: Bound) -> None:
        report, contest = hearing.report, self._contest(bound, hearing)
        view = contest.views.get(runner.name)
        if view is not None and view.epoch != report.epoch:
            view = None
        if report.status is not None or report.reliable is not None:
            contest.coverage(runner.name).hear(report)
        takes_back = report.kind == "retraction" or report.conf == "cancelled"
        if report.kind == "review":
            judge_review(contest, hearing, view)
            contest.watch_support(hearing.at_ns)
            self._wake_after(hearing)
        elif (report.score is None and not takes_back) or report.kind == "possible":
            if view is not None and report.period is not None:
                view.period = report.period
            hearing.judge("ignored", report.kind, contest.standing_key)
        elif view is not None:
            self._judge(hearing, contest, view, bound, takes_back=takes_back)
            if report.incident is not None and hearing.unfinished is None:
                note_incident(contest, report, hearing.at_ns)
        else:
            self._meet(hearing, contest, runner, bound, takes_back=takes_back)
        if hearing.unfinished is not None:
            self._unfinished = hearing

    def _meet(
        self, hearing: Hearing, contest: Contest, runner: Runner, bound: Bound, *, takes_back: bool
    ) -> None:
        """Judge the first score that a connection shows, or takes back, of a match."""
        report = hearing.report
        shown = _shown_before(contest, runner, report) if takes_back else None
        if shown is not None:
            view = _new_view(contest, runner, bound, report, shown)
            self._judge(hearing, contest, view, bound, takes_back=True)
        elif report.score is None:
            hearing.judge("ignored", "takes back what it never showed")
        else:
            view = _new_view(contest, runner, bound, report, report.score)
            judge_baseline(contest, hearing, view)
            self._wake_after(hearing)

    def _contest(self, bound: Bound, hearing: Hearing) -> Contest:
        match = bound.match
        contest = self._contests.get(match)
        if contest is None:
            rules = self._rules_of(bound.sport)
            contest = self._contests[match] = Contest(match, rules, self._traded)
            standing, left = self._standings.get(match), self._unsettled.pop(match, None)
            if standing is not None:
                begin_again(contest, hearing, standing, left, self._runners)
                self._due_ns = min(self._due_ns, contest.due_ns())
        return contest

    def _rules_of(self, sport: Sport) -> Rules:
        rules = self._sports.get(sport)
        if rules is None:
            rules = self._sports[sport] = attrs.evolve(self._rules, policy=POLICIES[sport])
        return rules

    def _close(self, hearing: Hearing) -> None:
        hearing.judge("ignored", "closed")
        for contest in self._contests.values():
            if hearing.report.feed in contest.views:
                settle(contest, hearing, hearing.report)
                contest.watch_support(hearing.at_ns)
        self._wake_after(hearing)

    def _wake_after(self, sitting: Sitting) -> None:
        # Every rule that waits waits one window from what set it off. Looking
        # once too often costs less than working out whether it is needed.
        self._due_ns = min(self._due_ns, sitting.at_ns + self._rules.window_ns)

    def _judge(
        self, hearing: Hearing, contest: Contest, view: View, bound: Bound, *, takes_back: bool
    ) -> None:
        report = hearing.report
        view.oriented = bound.oriented
        if report.period is not None:
            view.period = report.period
        before, score = view.score, report.score
        if (report.conf != "unstated" or view.tentative is not None) and judge_tentative(
            contest, hearing, view
        ):
            return
        if takes_back:
            score = contest.before(before) if score is None else score
            if score is None or contest.rules.reaches(score, before):
                hearing.judge("ignored", "takes nothing back")
                return
            hearing.explicit = True
        if contest.accepted is None:
            view.score, view.report = score or before, report
            judge_baseline(contest, hearing, view)
        elif score is None or score == before:
            key = contest.standing_key if score == contest.accepted else None
            hearing.judge("repeat", hear_repeat(contest, view, report), key)
            return
        else:
            view.score, view.report = score, report
            self._judge_move(contest, hearing, view, bound, before)
        if hearing.unfinished is None:
            self._wake_after(hearing)

    def _judge_move(
        self, contest: Contest, hearing: Hearing, view: View, bound: Bound, before: Score
    ) -> None:
        policy, accepted, score = contest.rules.policy, contest.accepted, view.score
        assert accepted is not None
        is_forward = policy.is_behind(before, score)
        if not is_forward:
            view.step_back(before, hearing.at_ns)
            if policy.legal_decrease(before, score) and not hearing.explicit:
                judge_step_down(contest, hearing, view, before)
                return
        # Codecs give the same object for the same score, so that a feed in step
        # is known by identity.
        if is_forward if before is accepted else policy.is_behind(accepted, score):
            judge_ahead(contest, hearing, view, bound, before)
        elif score == accepted:
            judge_agreement(contest, hearing, view, before)
        else:
            judge_other(contest, hearing, view, before)


def _bar(entrant: Entrant) -> str:
    if entrant.role != "trigger":
        return "only corroborates"
    return "delayed" if entrant.delay_ns else ""


def _shown_before(contest: Contest, runner: Runner, report: FeedEvent) -> Score | None:
    # What it showed on an older connection, if that is what it takes back on this one. Else
    # the connection has its baseline still to come.
    old = contest.views.get(runner.name)
    if old is None:
        return None
    left = contest.before(old.score) if report.score is None else report.score
    return None if left is None or contest.rules.reaches(left, old.score) else old.score


def _new_view(
    contest: Contest, runner: Runner, bound: Bound, report: FeedEvent, score: Score
) -> View:
    # What a feed took back it has taken back for good: a new connection to a
    # server that lags must not make an old goal look new.
    old = contest.views.get(runner.name)
    coverage = contest.coverage(runner.name)
    view = View(runner, report.epoch, score, bound.oriented, report.period, report, coverage)
    if old is not None:
        view.crossings = old.crossings
        if old.denies is not None:
            view.denies, view.denies_since_ns = old.denies, old.denies_since_ns
    contest.views[runner.name] = view
    return view
