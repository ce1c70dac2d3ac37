"""Whether what a feed shows is late news of a score that was taken back. Pure.

A feed that has not taken a withdrawn score back by itself may be showing it for the first
time, late. Where it names what it tells of, the name decides: what it had told before the
score was taken back is the old goal told again, and anything else is a new one (reference
``feeds.md`` section 7, rule 6). Where it names nothing, it is believed once it has itself
shown the lower score, or after the window and its own lag.
"""

from typing import Final

from actors.feeds.claims import Withdrawal
from actors.feeds.contest import Contest, View
from actors.messages.feeds import FeedEvent

OTHER_SCORE: Final = "another goal by the same score"
"""Reason of a repeat that names another happening than the one it told of before."""


def note_incident(contest: Contest, report: FeedEvent, at_ns: int) -> None:
    """Remember by which name a feed told of a score."""
    if report.incident is not None and report.score is not None and report.conf != "cancelled":
        contest.incidents.note(report.feed, report.score, report.incident, at_ns)


def late_news_until_ns(contest: Contest, view: View, at_ns: int) -> int:
    """Return until when what ``view`` came to show counts for nothing; 0 if it is no late news."""
    if not contest.withdrawn or contest.accepted is None:
        return 0
    rules, accepted, until_ns = contest.rules, contest.accepted, 0
    for score, withdrawal in contest.withdrawn.items():
        is_news = rules.policy.is_behind(accepted, score) or view.score == accepted == score
        if not (is_news and rules.reaches(view.score, score)):
            continue
        is_new = is_new_goal(contest, view.report, withdrawal)
        if is_new is False:
            until_ns = max(until_ns, at_ns + rules.window_ns)
        elif is_new is None and not has_crossed(contest, view, withdrawal):
            patience_ns = rules.window_ns + view.runner.tally.usual_lag_ns
            until_ns = max(until_ns, withdrawal.at_ns + patience_ns)
    return until_ns if until_ns > at_ns else 0


def is_new_goal(contest: Contest, report: FeedEvent, withdrawal: Withdrawal) -> bool | None:
    """Return whether a report names another goal than the one taken back; ``None`` if nobody knows.

    Nobody does where the feed gives no name, or gave none to the score while it stood.
    """
    if report.incident is None or report.score != withdrawal.score:
        return None
    told = contest.incidents.told(report.feed, withdrawal.score, withdrawal.at_ns)
    return report.incident not in told if told else None


def is_withdrawn(contest: Contest, view: View) -> bool:
    """Return whether what ``view`` shows counts a goal whose reversal it has not heard of."""
    return any(
        contest.rules.reaches(view.score, score) and not has_crossed(contest, view, withdrawal)
        for score, withdrawal in contest.withdrawn.items()
    )


def has_crossed(contest: Contest, view: View, withdrawal: Withdrawal) -> bool:
    """Return whether ``view`` has itself gone back on a withdrawn score, as often as it fell."""
    reaches, score = contest.rules.reaches, withdrawal.score
    known = sum(
        one.at_ns >= withdrawal.claimed_ns
        and reaches(one.before, score)
        and not reaches(one.after, score)
        for one in view.crossings
    )
    return known >= withdrawal.times


def hear_repeat(contest: Contest, view: View, report: FeedEvent) -> str:
    """Weigh a report that says again what its feed shows; return a reason to put on record.

    Another goal by a score that was taken back is believed, so that it counts where another
    feed wins it. It never triggers: its feed has not shown how the score was reached.
    """
    withdrawal = contest.withdrawn.get(view.score)
    if withdrawal is None or not is_new_goal(contest, report, withdrawal):
        return ""
    view.disowned_until_ns = 0
    return OTHER_SCORE
