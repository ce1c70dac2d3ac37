"""When a score is taken back: doubt at once, the verdict when it is certain. Pure.

One feed suffices to close entries, because a missed trade costs less than a
wrong one. The *state* goes back, and the generation rises, only when the
reversal is explicit, or two feeds made it, or no fresh feed holds against it
(reference ``feeds.md`` section 7, rules 4 to 6).
"""

from typing import Final

from actors.feeds.claims import FOREVER, Claim, Doubt
from actors.feeds.contest import Contest, Rules, View
from actors.feeds.hearing import Sitting
from actors.feeds.inquiries import end_moot, end_overdue
from actors.messages.feeds import FeedEvent
from actors.model.score import Policy, Score

DENIERS: Final = 2
"""Feeds that must agree before a score is taken back against its winner."""


def open_doubt(
    contest: Contest, sitting: Sitting, view: View, reason: str, *, takes_back: bool = True
) -> None:
    """Close the match over every goal that ``view`` no longer counts, or never did."""
    doubt = contest.doubt
    known = [] if doubt is None else doubt.claims
    newly = [
        claim
        for claim in reversed(contest.trail)
        if claim not in known and not contest.rules.reaches(view.score, claim.score)
    ]
    # Sides that are not proved say that something fell, and not what stands instead.
    restored = view.score if view.oriented or not newly else newly[-1].before
    for claim in newly:
        sitting.doubt(claim.key, reason, in_doubt=True, restored=restored, takes_back=takes_back)
    if doubt is not None:
        doubt.claims = [claim for claim in reversed(contest.trail) if claim in newly + known]
    elif newly:
        contest.doubt = Doubt(newly, view.report, sitting.at_ns + contest.rules.window_ns)


def settle(
    contest: Contest, sitting: Sitting, report: FeedEvent, *, explicit: bool = False
) -> bool:
    """Take the doubted score back if that is certain; return whether it was.

    Args:
        contest: The match.
        sitting: The event being dealt with.
        report: The report, already judged, that may have made it certain.
        explicit: Whether it says in words that the goal does not count.
    """
    doubt = contest.doubt
    if doubt is None:
        return False
    against = _against(contest, doubt.claims[0], sitting.at_ns)
    certain = (
        explicit
        or len(against) >= DENIERS
        or (bool(against) and not _holding(contest, doubt.claims[0], sitting.at_ns))
    )
    to = _standing_of(contest, doubt, against, report) if certain else None
    if to is None:
        return False
    overturn(contest, sitting, to, report)
    return True


def _against(contest: Contest, claim: Claim, at_ns: int) -> list[View]:
    # A feed that merely has not shown the goal yet denies nothing.
    return [
        view
        for view in contest.views.values()
        if view.denies is not None
        and contest.rules.reaches(view.denies, claim.score)
        and not contest.rules.reaches(view.score, claim.score)
        and view.is_fresh(at_ns)
    ]


def _holding(contest: Contest, claim: Claim, at_ns: int) -> list[View]:
    return [
        view
        for view in contest.views.values()
        if view.disowned_until_ns <= at_ns
        and contest.rules.reaches(view.score, claim.score)
        and view.is_fresh(at_ns)
    ]


def _standing_of(
    contest: Contest, doubt: Doubt, against: list[View], report: FeedEvent
) -> Score | None:
    # Of several denials the most advanced is taken: the others lag behind it.
    # Sides that are not proved may deny, but never say what stands instead.
    told = [view for view in against if view.oriented]
    reporter = contest.views.get(report.feed)
    if reporter in against:
        told.sort(key=lambda view: view is not reporter)
    return _most_advanced(contest.rules.policy, told).score if told else doubt.claims[0].before


def _most_advanced(policy: Policy, views: list[View]) -> View:
    best = views[0]
    for view in views:
        if policy.is_behind(best.score, view.score):
            best = view
    return best


def overturn(
    contest: Contest,
    sitting: Sitting,
    to: Score,
    report: FeedEvent,
    *,
    phantom: Claim | None = None,
    why: str = "",
) -> None:
    """Take back every accepted score that ``to`` does not count; a new generation begins.

    Args:
        contest: The match.
        sitting: The event being dealt with.
        to: What stands instead.
        report: The report, already judged, that decided it.
        phantom: The claim that is none after all, if that is the reason.
        why: What makes it one.
    """
    at_ns = sitting.at_ns
    doubted = [] if contest.doubt is None else contest.doubt.claims
    taken_back: list[Claim] = []
    while contest.trail and not contest.rules.reaches(to, contest.trail[-1].score):
        taken_back.append(contest.trail.pop())
    for claim in taken_back:
        if claim not in doubted:
            sitting.doubt(claim.key, "taken back", in_doubt=True, restored=to)
        contest.withdraw(claim, at_ns)
    contest.generation += 1
    key = contest.key(contest.rules.policy.state(to))
    for claim in taken_back:
        if claim is phantom:
            sitting.conclude(report, "phantom", why, claim.key)
        else:
            sitting.conclude(report, "overturned", f"back to {key.state}", claim.key)
    sitting.conclude(report, "stands", f"generation {key.generation}", key)
    if not contest.trail or contest.trail[-1].score != to:
        before = contest.trail[-1].score if contest.trail else None
        claim = Claim(key, to, before, report.feed, report, at_ns=at_ns, due_ns=FOREVER)
        # News of a reversal says nothing about how fast a feed sees goals.
        claim.seen_by.update(contest.views)
        contest.trail.append(claim)
    contest.accepted = to
    contest.unvouched_since_ns = None
    for view in contest.views.values():
        _look_anew(contest.rules, view, to, taken_back, at_ns)
    for claim in taken_back:
        sitting.doubt(claim.key, "overturned", in_doubt=False, restored=to)
    end_moot(contest, sitting, taken_back)
    _keep_doubt_about_the_rest(contest, sitting)


def _look_anew(rules: Rules, view: View, to: Score, taken_back: list[Claim], at_ns: int) -> None:
    if view.score == to:
        view.apart_since_ns = None
    elif view.apart_since_ns is None:
        view.apart_since_ns = at_ns
    if rules.reaches(view.score, to):
        view.denies = None
    if taken_back and rules.reaches(view.score, taken_back[-1].score):
        # What it shows was taken back, and it has not heard of that yet.
        view.disowned_until_ns = FOREVER


def _keep_doubt_about_the_rest(contest: Contest, sitting: Sitting) -> None:
    # A feed may deny an older goal as well, which the verdict left standing.
    doubt = contest.doubt
    if doubt is None:
        return
    doubt.claims = [claim for claim in doubt.claims if claim in contest.trail]
    if not doubt.claims or not _denied(contest, doubt):
        _restore(contest, sitting, doubt)


def _denied(contest: Contest, doubt: Doubt) -> bool:
    return any(
        view.denies is not None and not contest.rules.reaches(view.score, doubt.claims[0].score)
        for view in contest.views.values()
    )


def has_returned(contest: Contest, sitting: Sitting) -> bool:
    """End the doubt if nobody denies the score any more; return whether it ended."""
    doubt = contest.doubt
    if doubt is None or _denied(contest, doubt):
        return False
    _restore(contest, sitting, doubt)
    return True


def _restore(contest: Contest, sitting: Sitting, doubt: Doubt) -> None:
    for claim in doubt.claims:
        sitting.doubt(claim.key, "stands", in_doubt=False)
    contest.doubt = None


def expire(contest: Contest, sitting: Sitting) -> None:
    """Do what the clock alone decides: phantoms, doubts that nobody confirmed, lost support."""
    at_ns = sitting.at_ns
    for claim in contest.trail:
        if at_ns >= claim.confirm_by_ns:
            _withdraw_phantom(contest, sitting, claim, "not confirmed in time")
            break
        if not claim.corroborated and at_ns >= claim.due_ns:
            claim.due_ns = at_ns + contest.rules.window_ns
            if _is_phantom(contest, claim, at_ns):
                _withdraw_phantom(contest, sitting, claim, "nobody else has shown it")
                break
    if contest.inquiries:
        end_overdue(contest, sitting)
    doubt = contest.doubt
    if doubt is not None and at_ns >= doubt.due_ns:
        doubt.due_ns = at_ns + contest.rules.window_ns
        _end_of_window(contest, sitting, doubt)
    since_ns = contest.unvouched_since_ns
    if since_ns is not None and at_ns >= since_ns + contest.rules.window_ns:
        contest.unvouched_since_ns = at_ns
        _withdraw_unvouched(contest, sitting)


def _is_phantom(contest: Contest, claim: Claim, at_ns: int) -> bool:
    deniers = 0
    for view in contest.views.values():
        runner = view.runner
        usual_ns = max(runner.entrant.delay_ns, runner.tally.usual_lag_ns)
        deniers += (
            runner.name != claim.feed
            and usual_ns < contest.rules.window_ns
            and contest.rules.policy.is_behind(view.score, claim.score)
            and view.is_fresh(at_ns)
        )
    return deniers >= DENIERS


def _withdraw_phantom(contest: Contest, sitting: Sitting, claim: Claim, why: str) -> None:
    assert claim.report is not None
    assert claim.before is not None
    winner = contest.views.get(claim.feed)
    if winner is not None:
        winner.runner.tally.charge()
        winner.runner.weigh(contest.rules)
    overturn(contest, sitting, claim.before, claim.report, phantom=claim, why=why)


def _end_of_window(contest: Contest, sitting: Sitting, doubt: Doubt) -> None:
    if settle(contest, sitting, doubt.report):
        return
    top = doubt.claims[0]
    held = len(_holding(contest, top, sitting.at_ns))
    if held > len(_against(contest, top, sitting.at_ns)):
        _restore(contest, sitting, doubt)
        sitting.conclude(doubt.report, "restored", "nobody confirmed the reversal", top.key)


def _withdraw_unvouched(contest: Contest, sitting: Sitting) -> None:
    accepted = contest.accepted
    older = [
        view
        for view in contest.views.values()
        if accepted is not None
        and view.oriented
        and contest.rules.policy.is_behind(view.score, accepted)
        and view.is_fresh(sitting.at_ns)
    ]
    if accepted is None or not older or contest.doubt is not None:
        return
    best = _most_advanced(contest.rules.policy, older)
    agree = sum(contest.rules.reaches(view.score, best.score) for view in older)
    # A lone feed that is several goals behind is a server that lags, and its
    # catching up must never look like goals.
    if agree >= DENIERS or contest.rules.policy.step(best.score, accepted) is not None:
        overturn(contest, sitting, best.score, best.report)
