"""What a report is that says more than a score: reviews, and goals not confirmed yet. Pure."""

from actors.feeds.contest import Contest, View
from actors.feeds.hearing import Hearing
from actors.feeds.inquiries import begin, end, reviewable
from actors.feeds.judging import accept_by_all, judge_other
from actors.messages.feeds import Review
from actors.model.score import Score


def judge_review(contest: Contest, hearing: Hearing, view: View | None) -> None:
    """Judge a report of a review.

    A goal that the officials took back is an explicit reversal, for a feed that showed it. A
    goal that stands changes nothing but that entries are open again.
    """
    report, key = hearing.report, contest.standing_key
    review = report.review
    if review is None:
        hearing.judge("ignored", "a review of nothing")
        return
    if view is not None and view.runner.entrant.delay_ns:
        # It speaks of the past: by now the same goal may be under review anew, or never was.
        hearing.judge("review", "delayed", key)
        return
    about_goal = review.subject == "goal"
    said = f"{review.subject}: {review.outcome}"
    if review.outcome == "open":
        inquiry = begin(contest, hearing, report.feed, about_goal=about_goal)
        if inquiry is None:
            hearing.judge("ignored", "a review before the first score")
        else:
            hearing.judge("review", said, inquiry.key)
        return
    if review.outcome != "overturned" or not _take_back(contest, hearing, view, review):
        hearing.judge("review", said, key)
    if review.outcome == "stands" and about_goal and view is not None:
        view.tentative = None
        contest.confirm(view)
    end(contest, hearing, report.feed, review.outcome)


def _take_back(contest: Contest, hearing: Hearing, view: View | None, review: Review) -> bool:
    """Take back the goal that a review was about; return whether the report was judged so."""
    inquiry = contest.inquiries.get(hearing.report.feed)
    if view is None or review.subject != "goal":
        return False
    if inquiry is None:
        goal = reviewable(contest, hearing.at_ns)
    else:
        goal = next(
            (
                claim
                for claim in contest.trail
                if inquiry.cause == "goal_review" and claim.key == inquiry.key
            ),
            None,
        )
    to = None if goal is None else contest.before(goal.score)
    if goal is None or to is None or not contest.rules.reaches(view.score, goal.score):
        # A goal that was not given may be what was looked at: nothing accepted falls with it.
        return False
    before, view.score, view.report = view.score, to, hearing.report
    view.tentative = None
    hearing.explicit = True
    view.step_back(before, hearing.at_ns)
    judge_other(contest, hearing, view, before)
    return True


def judge_tentative(contest: Contest, hearing: Hearing, view: View) -> bool:
    """Weigh how sure a feed is of the score that it names; return whether that was all.

    A goal that a feed calls unconfirmed counts as shown where the feed has a record to be
    believed by, and is traded for a part of its play. Any other feed's counts for nothing
    until the feed is sure: then it is the feed's own move.
    """
    report, rules, accepted = hearing.report, contest.rules, contest.accepted
    score, conf = report.score, report.conf
    if conf == "cancelled":
        view.tentative = None
    if score is None or accepted is None or conf == "cancelled":
        return False
    if conf == "unconfirmed":
        view.runner.hesitates = True
        if rules.policy.is_behind(view.score, score):
            view.runner.tally.unconfirmed += view.tentative != score
            view.tentative = score
    elif view.tentative is not None and view.doubts_itself(rules, score):
        if conf == "confirmed":
            return _hear_confirmed(contest, hearing, view, score)
        if rules.reaches(accepted, view.tentative) and not contest.awaits(view):
            # Others are sure of it, so that this feed need not be.
            view.tentative = None
    if (
        view.doubts_itself(rules, score)
        and rules.policy.is_behind(accepted, score)
        and not view.runner.unconfirmed_pm(rules)
    ):
        hearing.judge("claim", "unconfirmed", contest.key(rules.policy.state(score)))
        return True
    return False


def _hear_confirmed(contest: Contest, hearing: Hearing, view: View, score: Score) -> bool:
    view.tentative = None
    contest.confirm(view)
    if score != view.score:
        return False
    # One that came too late was taken for a phantom, and stands alone against it.
    is_news = contest.accepted is not None and contest.rules.policy.is_behind(
        contest.accepted, score
    )
    if not (is_news and accept_by_all(contest, hearing, view)):
        hearing.judge("repeat", "confirmed", contest.standing_key)
    return True
