"""Reviews by the officials: when they begin, when they have ended, what they are about. Pure.

While one is open nothing of its match is bought. What its end says of the score is judged
like any report of a feed (``reviews.py``), so that a review can take a goal back and never
give one.
"""

from typing import Final

from actors.feeds.claims import FOREVER, Claim, Inquiry
from actors.feeds.contest import Contest
from actors.feeds.hearing import Sitting
from actors.messages.race import UNTOLD, Cause

REVIEWABLE_NS: Final = 300_000_000_000
"""No review goes back to a goal that stood for longer than this when it began: play has
been restarted since."""


def reviewable(contest: Contest, at_ns: int) -> Claim | None:
    """Return the goal that a review of a goal is about; ``None`` if none of ours can be."""
    claim = contest.trail[-1] if contest.trail else None
    if claim is None or claim.before is None or at_ns - claim.at_ns > REVIEWABLE_NS:
        return None
    return claim


def begin(contest: Contest, sitting: Sitting, feed: str, *, about_goal: bool) -> Inquiry | None:
    """Close the match's entries for a review; ``None`` if nothing is accepted of it yet.

    Args:
        contest: The match.
        sitting: The event being dealt with.
        feed: Who tells of it; one that it told of before is replaced.
        about_goal: Whether the officials look at a goal.
    """
    standing = contest.standing_key
    if standing is None:
        return None
    goal = reviewable(contest, sitting.at_ns) if about_goal else None
    cause: Cause = "review" if goal is None else "goal_review"
    key = standing if goal is None else goal.key
    if goal is not None:
        # What the officials look at has happened: it may fall, and is no phantom.
        goal.confirm_by_ns = FOREVER
    known = [one for one in contest.inquiries.values() if (one.cause, one.key) == (cause, key)]
    # Whoever tells of it again, or later than another, gives the officials no more time.
    due_ns = min((one.due_ns for one in known), default=sitting.at_ns + contest.rules.review_ns)
    inquiry = Inquiry(cause, key, due_ns)
    before = contest.inquiries.pop(feed, None)
    contest.inquiries[feed] = inquiry
    if not known:
        before_it = None if goal is None else goal.before
        sitting.doubt(
            key, f"{feed} tells of a review", in_doubt=True, cause=cause, restored=before_it
        )
    if before is not None:
        _say_end(contest, sitting, before, "another review began")
    return inquiry


def end(contest: Contest, sitting: Sitting, feed: str, outcome: str) -> Inquiry | None:
    """Note that ``feed`` tells of a review's end, and return what it had told of.

    A feed that has died since it told of the same review tells of no end any more.
    """
    inquiry = contest.inquiries.pop(feed, None)
    if inquiry is None:
        return None
    for other, same in list(contest.inquiries.items()):
        view = contest.views.get(other)
        if (same.cause, same.key) == (inquiry.cause, inquiry.key) and (
            view is None or not view.is_fresh(sitting.at_ns)
        ):
            del contest.inquiries[other]
    _say_end(contest, sitting, inquiry, outcome)
    return inquiry


def end_overdue(contest: Contest, sitting: Sitting) -> None:
    """End what has been open for so long that its end must have been missed."""
    for feed, inquiry in list(contest.inquiries.items()):
        if sitting.at_ns >= inquiry.due_ns:
            del contest.inquiries[feed]
            _say_end(contest, sitting, inquiry, UNTOLD)


def end_moot(contest: Contest, sitting: Sitting, taken_back: list[Claim]) -> None:
    """End the reviews of goals that were taken back."""
    gone = [claim.key for claim in taken_back]
    for feed, inquiry in list(contest.inquiries.items()):
        if inquiry.cause == "goal_review" and inquiry.key in gone:
            del contest.inquiries[feed]
            _say_end(contest, sitting, inquiry, "overturned")


def _say_end(contest: Contest, sitting: Sitting, inquiry: Inquiry, outcome: str) -> None:
    # Feeds tell of one review each in its own time: it is over with the last of them.
    for other in contest.inquiries.values():
        if (other.cause, other.key) == (inquiry.cause, inquiry.key):
            return
    sitting.doubt(inquiry.key, outcome, in_doubt=False, cause=inquiry.cause)
