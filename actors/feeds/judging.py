"""What one report of a score is, given what is known of its match. Pure.

Each function here takes a report whose feed has already been moved to the score
that it shows (``view.score``), changes what is known of the match, and puts its
judgement on record.
"""

from functools import partial
from typing import Final

from actors.feeds.claims import FOREVER, Claim
from actors.feeds.contest import QUARANTINED, Contest, View
from actors.feeds.doubts import has_returned, open_doubt, settle
from actors.feeds.entities import Bound
from actors.feeds.hearing import Hearing
from actors.feeds.late_news import is_withdrawn, late_news_until_ns, note_incident
from actors.messages.race import FULL_PM, Trigger
from actors.model.score import GoalKey, Period, Score

FIRST: Final = "first score of the match"
"""Reason of the baseline that begins a match; ``recall.py`` reads it, and the next one."""

TOOK_BACK: Final = "took back what does not stand"
"""Reason of an agreement that is a feed's own step back."""

HEARD_BACK: Final = "heard of a reversal"
"""Reason of a step back that is only news of one that is known."""

BEYOND: Final[frozenset[Period]] = frozenset({"FT", "ET1", "ETHT", "ET2", "AET", "PEN", "END"})
"""Periods after which no goal of the ninety minutes is reported for the first time."""


def judge_baseline(contest: Contest, hearing: Hearing, view: View) -> None:
    """Judge the first score that a connection shows of a match. It never triggers."""
    accepted, score, at_ns = contest.accepted, view.score, hearing.at_ns
    if accepted is None:
        if view.oriented:
            key = contest.begin(score, view.runner.name, hearing.report, at_ns)
            hearing.judge("baseline", FIRST, key)
        else:
            hearing.judge("baseline", "unoriented")
        return
    if _unsure(hearing):
        view.tentative = score
    else:
        # What a provider shows without a word of doubt it has confirmed, whatever we missed.
        contest.confirm(view)
    if score == accepted:
        contest.trail[-1].seen_by.add(view.runner.name)
        _vouch(contest, hearing, view)
        returned = has_returned(contest, hearing)
        hearing.judge("restored" if returned else "baseline", "", contest.trail[-1].key)
        return
    view.apart_since_ns = at_ns
    if not contest.rules.policy.is_behind(accepted, score):
        _vouch(contest, hearing, view)
        returned = has_returned(contest, hearing)
        hearing.judge("restored" if returned else "baseline", "not the accepted score")
        contest.watch_support(at_ns)
    elif until_ns := late_news_until_ns(contest, view, at_ns):
        view.disowned_until_ns = until_ns
        hearing.judge("baseline", "late news of a withdrawn score")
    elif bar := _bar(contest, view, accepted, at_ns) or _unsure(hearing):
        if not accept_by_all(contest, hearing, view):
            hearing.judge("baseline", f"ahead, {bar}")
    else:
        # Nobody knows how old this goal is, and the price may have heard it.
        key = contest.key(contest.rules.policy.state(score))
        _accept(contest, hearing, view, key)
        hearing.judge("advance", "baseline ahead", key)


def judge_agreement(contest: Contest, hearing: Hearing, view: View, before: Score) -> None:
    """Judge a feed's move to the accepted score."""
    claim, at_ns = contest.trail[-1], hearing.at_ns
    view.apart_since_ns = None
    if until_ns := late_news_until_ns(contest, view, at_ns):
        view.disowned_until_ns = until_ns
        hearing.judge("laggard", "may be late news of a withdrawn score", claim.key)
        return
    reason = ""
    policy = contest.rules.policy
    if policy.is_behind(claim.score, before) and not policy.legal_decrease(before, view.score):
        reason = HEARD_BACK
        if view.disowned_until_ns <= at_ns:
            reason = TOOK_BACK
            view.runner.tally.reversals += 1
    view.disowned_until_ns = 0
    behind_ns = _lag_ns(contest, claim, view, at_ns)
    _vouch(contest, hearing, view)
    returned = has_returned(contest, hearing)
    hearing.judge("restored" if returned else "echo", reason, claim.key, behind_ns)


def judge_ahead(
    contest: Contest,
    hearing: Hearing,
    view: View,
    bound: Bound,
    before: Score,
) -> None:
    """Judge a feed's move to a score that goals lead to from the accepted one."""
    accepted, score, at_ns = contest.accepted, view.score, hearing.at_ns
    assert accepted is not None
    if until_ns := late_news_until_ns(contest, view, at_ns):
        view.disowned_until_ns = until_ns
        _note_apart(view, at_ns)
        if not accept_by_all(contest, hearing, view):
            hearing.judge("laggard", "late news of a withdrawn score")
        return
    view.disowned_until_ns = 0
    scorer = contest.rules.policy.step(accepted, score)
    bar = _bar(contest, view, before, at_ns)
    if not bar and scorer is not None and hearing.report.period is None:
        bar = "period unknown"
    if bar:
        _note_apart(view, at_ns)
        if not accept_by_all(contest, hearing, view):
            hearing.judge("claim", bar, contest.key(contest.rules.policy.state(score)))
        return
    key = contest.key(contest.rules.policy.state(score))
    quorum = contest.quorum(at_ns)
    unconfirmed = view.tentative is not None and view.doubts_itself(contest.rules, score)
    size_pm = contest.rules.size_pm(quorum, unconfirmed)
    hold = "match not open"
    if scorer is None:
        hold = "more than one step"
    elif bound.open:
        hold = _hold(contest, hearing, view, key) if size_pm else "one feed alone"
    if scorer is None or hold:
        _accept(contest, hearing, view, key)
        hearing.judge("advance", hold, key)
        return
    contest.traded.add(key)
    hearing.outputs.append(
        Trigger(
            key=key,
            scorer=scorer,
            score=score,
            report=hearing.report,
            fresh_feeds=quorum,
            size_pm=size_pm,
            judged_ns=hearing.judged_ns,
        )
    )
    reason = "" if size_pm == FULL_PM else _reduced(size_pm, unconfirmed=unconfirmed)
    hearing.unfinished = partial(_book_trigger, contest, hearing, view, key, reason)


def _reduced(size_pm: int, *, unconfirmed: bool) -> str:
    return f"{'unconfirmed' if unconfirmed else 'one feed alone'}, {size_pm / 10:g} % of the play"


def _book_trigger(
    contest: Contest, hearing: Hearing, view: View, key: GoalKey, reason: str
) -> None:
    _accept(contest, hearing, view, key)
    note_incident(contest, hearing.report, hearing.at_ns)
    hearing.judge("trigger", reason, key)


def judge_step_down(contest: Contest, hearing: Hearing, view: View, before: Score) -> None:
    """Judge a move back that the rules of play allow: it takes nothing back and trades nothing."""
    accepted, score, at_ns = contest.accepted, view.score, hearing.at_ns
    assert accepted is not None
    if score == accepted:
        judge_agreement(contest, hearing, view, before)
        return
    view.disowned_until_ns = 0
    if contest.rules.policy.legal_decrease(accepted, score) and not _bar(
        contest, view, before, at_ns
    ):
        contest.leave(contest.trail[-1], at_ns)
        key = contest.key(contest.rules.policy.state(score))
        _accept(contest, hearing, view, key)
        hearing.judge("advance", "back, as the rules of play allow", key)
        return
    _note_apart(view, at_ns)
    hearing.judge("laggard", "back, as the rules of play allow")
    contest.watch_support(at_ns)


def judge_other(contest: Contest, hearing: Hearing, view: View, before: Score) -> None:
    """Judge a move to a score that is neither the accepted one nor ahead of it."""
    at_ns = hearing.at_ns
    policy = contest.rules.policy
    accepted, score = contest.accepted, view.score
    assert accepted is not None
    was_late_news = view.disowned_until_ns > at_ns
    view.disowned_until_ns = 0
    _note_apart(view, at_ns)
    if policy.is_behind(before, score):
        if policy.is_behind(score, accepted):
            _judge_laggard(contest, hearing, view)
        else:
            _judge_conflict(contest, hearing, view, accepted)
    elif was_late_news:
        hearing.judge("laggard", HEARD_BACK)
    else:
        _judge_reversal(contest, hearing, view, before)
    contest.watch_support(at_ns)


def _judge_laggard(contest: Contest, hearing: Hearing, view: View) -> None:
    at_ns = hearing.at_ns
    key = behind_ns = None
    for claim in reversed(contest.trail):
        if claim.score == view.score:
            key, behind_ns = claim.key, _lag_ns(contest, claim, view, at_ns)
            break
    _vouch(contest, hearing, view)
    apart_ns = at_ns - (view.apart_since_ns or at_ns)
    reason = "out of touch" if apart_ns > contest.rules.window_ns else ""
    returned = has_returned(contest, hearing)
    hearing.judge("restored" if returned else "laggard", reason, key, behind_ns)


def _judge_conflict(contest: Contest, hearing: Hearing, view: View, accepted: Score) -> None:
    if is_withdrawn(contest, view):
        view.disowned_until_ns = FOREVER
        hearing.judge("laggard", "late news of a withdrawn score")
        return
    if not view.oriented:
        hearing.judge("conflict", "unoriented")
        return
    view.deny(accepted, hearing.at_ns)
    if view.runner.entrant.delay_ns:
        hearing.judge("conflict", "delayed", contest.trail[-1].key)
        return
    said = f"{view.runner.name} shows {view.score.text}"
    open_doubt(contest, hearing, view, said, takes_back=False)
    hearing.judge("conflict", "", contest.trail[-1].key)
    settle(contest, hearing, hearing.report)


def _judge_reversal(contest: Contest, hearing: Hearing, view: View, before: Score) -> None:
    view.runner.tally.reversals += 1
    if view.denies is None or contest.rules.reaches(before, view.denies):
        view.deny(before, hearing.at_ns)
    key = contest.trail[-1].key
    explicit = hearing.explicit
    if view.runner.entrant.delay_ns:
        # It speaks of the past: by now the same score may have been scored anew.
        hearing.judge("reversal", "delayed", key)
        settle(contest, hearing, hearing.report)
        return
    open_doubt(contest, hearing, view, f"{view.runner.name} went back to {view.score.text}")
    hearing.judge("reversal", "explicit" if explicit else "", key)
    # Whoever reports phantoms may close entries on its word alone, and decide nothing.
    believed = view.oriented and view.runner.barred != QUARANTINED
    settle(contest, hearing, hearing.report, explicit=explicit and believed)


def _accept(contest: Contest, hearing: Hearing, view: View, key: GoalKey) -> None:
    at_ns = hearing.at_ns
    claim = Claim(
        key,
        view.score,
        contest.accepted,
        view.runner.name,
        hearing.report,
        at_ns=at_ns,
        due_ns=at_ns + contest.rules.window_ns,
    )
    if view.doubts_itself(contest.rules, view.score):
        claim.confirm_by_ns = at_ns + contest.rules.confirm_ns
    _vouch(contest, hearing, view)
    contest.accept(claim, view, at_ns)
    has_returned(contest, hearing)


def accept_by_all(contest: Contest, hearing: Hearing, view: View) -> bool:
    """Accept what every fresh feed shows; return whether they do, and the report is judged so.

    Feeds that may not trigger can still agree; then no race is left to win.
    """
    agreeing = [other for other in contest.views.values() if other.oriented]
    if view not in agreeing or any(
        other.score != view.score and other.is_fresh(hearing.at_ns) for other in agreeing
    ):
        return False
    for other in agreeing:
        if other.score == view.score:
            other.disowned_until_ns = 0
    key = contest.key(contest.rules.policy.state(view.score))
    _accept(contest, hearing, view, key)
    hearing.judge("advance", "every fresh feed shows it", key)
    return True


def _bar(contest: Contest, view: View, before: Score, at_ns: int) -> str:
    # Why this feed may not move the accepted score; empty if it may.
    if view.runner.barred:
        return view.runner.barred
    if not view.oriented:
        return "unoriented"
    if view.coverage.flaw:
        return view.coverage.flaw
    accepted = contest.accepted
    if before is not accepted and before != accepted and accepted is not None:
        if not contest.rules.policy.is_behind(before, accepted):
            return "contradicts itself"
        since_ns = view.apart_since_ns
        if since_ns is not None and at_ns - since_ns > contest.rules.window_ns:
            return "out of touch"
    return ""


def _unsure(hearing: Hearing) -> str:
    return "unconfirmed" if hearing.report.conf == "unconfirmed" else ""


def _hold(contest: Contest, hearing: Hearing, view: View, key: GoalKey) -> str:
    # Why this step is not traded although it is accepted; empty if it is traded.
    rules = contest.rules
    if contest.doubt is not None:
        return "in doubt"
    if contest.inquiries:
        return "under review"
    if key in contest.traded:
        return "traded before"
    old = _too_old(hearing, view, rules.max_trigger_age_ns)
    if old:
        return old
    withdrawal = contest.withdrawn.get(view.score)
    if withdrawal is not None and hearing.at_ns - withdrawal.at_ns <= rules.flap_ns:
        return "withdrawn a moment ago"
    return _outside_regulation(contest, hearing, view)


def _too_old(hearing: Hearing, view: View, most_ns: int) -> str:
    report = hearing.report
    if hearing.judged_ns - report.received_ns > most_ns:
        return "too old"
    told_ns = report.provider_ts_ns
    if told_ns is not None and view.runner.clock.is_old(report.received_ns - told_ns):
        return "old by its provider's clock"
    return ""


def _outside_regulation(contest: Contest, hearing: Hearing, view: View) -> str:
    period = hearing.report.period
    if period is None or not contest.rules.policy.is_traded_in(period):
        return "not regulation"
    # A feed whose period lags would sell a goal of extra time as one of the ninety.
    for other in contest.views.values():
        if (
            (other.coverage.is_over or other.period in BEYOND)
            and other is not view
            and other.oriented
            and other.runner.barred != QUARANTINED
            and other.is_fresh(hearing.at_ns)
        ):
            what = "not regulation" if other.period in BEYOND else other.coverage.status
            return f"{what}, says {other.runner.name}"
    return ""


def _lag_ns(contest: Contest, claim: Claim, view: View, at_ns: int) -> int | None:
    # Sampled once per feed and score; a flap is no second echo.
    if view.runner.name in claim.seen_by:
        return None
    claim.seen_by.add(view.runner.name)
    behind_ns = at_ns - claim.at_ns
    view.runner.tally.echo(behind_ns)
    if view.runner.barred:
        view.runner.weigh(contest.rules)
    return behind_ns


def _vouch(contest: Contest, hearing: Hearing, view: View) -> None:
    if view.denies is not None and contest.rules.reaches(view.score, view.denies):
        view.relent()
    contest.corroborate(view, hearing.at_ns)
    if contest.accepted is not None and contest.rules.reaches(view.score, contest.accepted):
        contest.unvouched_since_ns = None


def _note_apart(view: View, at_ns: int) -> None:
    if view.apart_since_ns is None:
        view.apart_since_ns = at_ns
