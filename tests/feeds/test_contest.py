"""What a race keeps of a match."""

import gc

from actors.feeds.contest import Crossing, Entrant, Runner, View
from actors.feeds.coverage import Coverage
from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged
from actors.model.score import Score
from tests.feeds.story import Story, judgements


def goals(told: Story, first: int, last: int) -> None:
    for goal in range(first, last + 1):
        told.say("ada", f"{goal}-0", 60 * goal)
        told.say("bob", f"{goal}-0", 60 * goal + 1)


def reports_alive(told: Story) -> int:
    told.outputs.clear()
    gc.collect()
    return sum(isinstance(each, FeedEvent) for each in gc.get_objects())


def test_a_match_that_scores_for_ever_is_not_remembered_for_ever() -> None:
    told = Story()
    told.all_at("0-0")
    goals(told, 1, 30)
    alive = reports_alive(told)
    goals(told, 31, 90)
    assert reports_alive(told) == alive


def test_a_score_beyond_what_is_remembered_is_still_raced_and_taken_back() -> None:
    told = Story()
    told.all_at("0-0")
    goals(told, 1, 60)
    assert len(told.triggers) == 60
    for feed in ("ada", "bob"):
        told.say(feed, "20-0", 60 * 61)
    assert judgements(told.say("ada", "21-0", 60 * 62)) == ["trigger"]


def test_who_counts_again_what_it_denied_in_two_steps_has_gone_back_on_nothing() -> None:
    told = Story()
    told.say("ada", "2-0", 0)
    (report,) = [one.report for one in told.outputs if isinstance(one, Judged)]
    view = View(
        runner=Runner("ada", Entrant(), ""),
        epoch=report.epoch,
        score=Score(2, 0),
        oriented=True,
        period="1H",
        report=report,
        coverage=Coverage(),
    )
    for at_ns, score in ((10, Score(1, 0)), (20, Score(0, 0))):
        before, view.score = view.score, score
        view.step_back(before, at_ns)
        view.deny(before, at_ns)
    earlier = Crossing(Score(1, 0), Score(0, 0), 5)
    view.crossings.insert(0, earlier)

    view.relent()

    assert view.crossings == [earlier]
    assert view.denies is None
