"""Laws of the officials' reviews: what is sold meanwhile, and until when nothing is bought."""

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.config.profile import Profile
from actors.messages.race import UNTOLD, Judged, MatchDoubt
from actors.messages.records_review import ReviewRow
from actors.messages.recovered import Relived
from actors.messages.trading import ExitHeld
from actors.model.score import GoalKey
from actors.runtime.env import Env
from actors.runtime.journal import Journal
from actors.runtime.mailbox import Mailbox
from actors.runtime.segments import read
from actors.trader.reversals import reversals_of
from tests.runtime.journals import CODEC, FOLDER, memory_disk
from tests.trader.fallen import doubt, episodes, holding
from tests.trader.glass import intents
from tests.trader.held import bought, count_centi, exits, hear_fills, lots_are_gone
from tests.trader.pit import EVENT, KEY, Pit, open_pit

NEXT = GoalKey(EVENT, 0, "2-0")


@pytest.mark.parametrize(("on_open", "left"), [("hold", 1_000), ("halve", 500), ("flatten", 0)])
async def test_a_review_of_the_goal_does_what_the_profile_says(
    autojump_clock: MockClock, on_open: str, left: int
) -> None:
    async with holding(speed=10.0, review={"on_open": on_open}) as pit:
        doubt(pit, cause="goal_review")
        await trio.sleep(20.0)
        assert pit.position_centi() == left
        assert EVENT in pit.desk.doubts
        hear_fills(pit)

        doubt(pit, cause="goal_review", in_doubt=False, reason="stands")
        assert EVENT not in pit.desk.doubts
        assert [row.phase for row in pit.said(ReviewRow)] == ["under_review", "stands"]
        await trio.sleep(12.0)
        assert pit.position_centi() == 0
        lots_are_gone(pit)


async def test_a_review_of_anything_else_blocks_entries_and_sells_nothing(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(review={"on_open": "flatten"}) as pit:
        await pit.start_orders()
        await bought(pit)
        doubt(pit, cause="review")
        await trio.sleep(20.0)

        assert exits(pit) == []
        assert EVENT in pit.desk.doubts


def judged(pit: Pit, judgement: str, key: GoalKey, period: str | None) -> Judged:
    report = pit.trigger(key).report
    report = type(report)(
        feed="beta",
        epoch=1,
        frame_no=1,
        kind="score",
        period=period,  # type: ignore[arg-type]  # one of the periods
        received_ns=0,
        received_wall_ns=0,
        decoded_ns=0,
    )
    return Judged(report=report, judgement=judgement, key=key, judged_ns=0)  # type: ignore[arg-type]  # one of them


@pytest.mark.parametrize("cause", ["review", "goal_review"])
@pytest.mark.parametrize("what", ["score", "period"])
async def test_a_review_without_an_end_blocks_entries_until_the_next_agreed_score_or_period(
    autojump_clock: MockClock, what: str, cause: str
) -> None:
    async with open_pit() as pit:
        hear = pit.trading.reversals.hear_judged
        said = MatchDoubt(match=EVENT, in_doubt=True, reason="", key=KEY, cause=cause)  # type: ignore[arg-type]  # one of them
        pit.trading.reversals.hear_doubt(said)
        doubt(pit, in_doubt=False, reason=UNTOLD, cause=said.cause)
        assert EVENT in pit.desk.doubts
        hear(judged(pit, "repeat", KEY, "1H"))
        hear(judged(pit, "echo", KEY, "1H"))
        hear(judged(pit, "claim", NEXT, "1H"))
        assert EVENT in pit.desk.doubts
        hear(
            judged(pit, "echo", NEXT, "1H") if what == "score" else judged(pit, "repeat", KEY, "HT")
        )

        assert EVENT not in pit.desk.doubts
        assert [row.phase for row in pit.said(ReviewRow)] == ["under_review", "in_doubt", "stands"]


@attrs.frozen
class Start:
    """What a process begins with that finds the goal in a phase."""

    env: Env
    profile: Profile
    journal: Journal
    to_auditor: Mailbox[object]
    phase: str

    @property
    def relived(self) -> Relived:
        return Relived(playing=frozenset({EVENT}), cases=((KEY, self.phase),))


@pytest.mark.parametrize("silent_before", [True, False])
async def test_a_review_that_nobody_ended_outlives_the_process_and_sells_nothing_anew(
    autojump_clock: MockClock, *, silent_before: bool
) -> None:
    opened = MatchDoubt(match=EVENT, in_doubt=True, reason="", key=KEY, cause="goal_review")
    disk, rules = memory_disk(), {"on_open": "halve"}
    silence = attrs.evolve(opened, in_doubt=False, reason=UNTOLD)
    async with open_pit(disk=disk, review=rules) as pit:
        venue = pit.venue
        await pit.start("auditor")
        await pit.start_orders()
        await bought(pit)
        pit.trading.reversals.hear_doubt(opened)
        await trio.sleep(1.0)
        assert pit.position_centi() == 500
        if silent_before:
            pit.trading.reversals.hear_doubt(silence)
        await pit.auditor.drain()
        left = len(intents(disk))

    async with open_pit(disk=disk, venue=venue, review=rules) as again:
        await again.start("auditor")
        await again.start_orders()
        hear_fills(again)
        phase = "in_doubt" if silent_before else "under_review"
        made = again.trading.reversals
        start = Start(again.env, again.profile, again.journal, again.to_auditor, phase)
        reversals = reversals_of(start, made.seller, made.to_exits, made.value)
        assert (EVENT in again.desk.doubts) == silent_before
        if not silent_before:
            # The race asks on, and says so with its first event; then it hears of no end.
            reversals.hear_doubt(attrs.evolve(opened, takes_back=False))
            assert EVENT in again.desk.doubts
            reversals.hear_doubt(silence)
        again.play(NEXT, (again.leg(key=NEXT, count_centi=100),))
        assert again.fire(NEXT) == [], "entries are closed"
        await trio.sleep(5.0)
        assert again.position_centi() == 500
        assert len(intents(disk)) == left, "nothing is sold for it anew"

        reversals.hear_judged(judged(again, "echo", NEXT, "1H"))
        assert EVENT not in again.desk.doubts
        await again.auditor.drain()
        rows = [row.record for row in read(disk, FOLDER, CODEC)]
        phases = [row.phase for row in rows if isinstance(row, ReviewRow)]
        assert phases == ["under_review", "in_doubt", "stands"]


async def test_of_a_half_that_is_sold_in_parts_no_more_goes_than_the_half(
    autojump_clock: MockClock,
) -> None:
    async with holding(review={"on_open": "halve"}) as pit:
        pit.venue.cancel_all("maker")
        pit.make("bid", 4_400, 200)
        doubt(pit, cause="goal_review")
        await trio.sleep(0.1)
        assert pit.position_centi() == 800
        pit.make("bid", 4_400, 10_000)
        await trio.sleep(10.0)

        assert pit.position_centi() == 500
        assert [count_centi(each) for each in exits(pit)] == [500, 300]


async def test_a_half_that_nobody_would_buy_has_its_plan_again_with_all_its_attempts(
    autojump_clock: MockClock,
) -> None:
    async with holding(review={"on_open": "halve"}) as pit:
        pit.venue.cancel_all("maker")
        doubt(pit, cause="goal_review")
        await trio.sleep(60.0)
        tried = len(exits(pit))
        assert tried >= pit.profile.exits.attempts
        assert [row.reason for row in episodes(pit, "closed")] == ["floor"]
        assert pit.said(ExitHeld) == []

        pit.make("bid", 4_500, 10_000)
        await trio.sleep(pit.profile.exits.after_match_s)
        assert pit.position_centi() == 0
        assert len(exits(pit)) == tried + 1
        lots_are_gone(pit)
