"""Laws of a play at a part of its size: whole contracts, an exact worst case, no empty order."""

import attrs
import msgspec
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.race import FULL_PM
from actors.messages.trading import Leg, Passed, Play
from actors.model.money import ONE_CONTRACT_CENTI
from actors.model.orders import Ticker
from actors.model.score import MatchId
from tests.trader.pit import EVENT, KEY, open_pit
from tests.trader.test_planner import planning
from tests.trader.test_plays import CENT, FEES, lot, planned


def at(play: Play, size_pm: int) -> tuple[Leg, ...]:
    assert play.resized is not None
    return play.resized(size_pm)


@settings(max_examples=60, deadline=None)
@given(size_pm=st.integers(1, FULL_PM - 1), offered=st.integers(1, 300))
def test_every_leg_is_the_whole_ones_share_in_whole_contracts(size_pm: int, offered: int) -> None:
    play = planned(size=offered * 100)
    legs = {leg.ticker: leg for leg in at(play, size_pm)}

    for whole in play.legs:
        contracts = whole.count_centi // ONE_CONTRACT_CENTI * size_pm // FULL_PM
        leg = legs.pop(whole.ticker, None)
        if leg is None:
            assert contracts == 0, "what is less than one contract is left out, and nothing else"
            continue
        assert leg.count_centi == contracts * ONE_CONTRACT_CENTI > 0
        assert leg.client_order_id == whole.client_order_id, "it is the same entry"
        assert (leg.side, leg.limit_pips) == (whole.side, whole.limit_pips)
        assert leg.worst_micros == FEES.worst_cost_micros(
            side=leg.side,
            limit_pips=leg.limit_pips,
            count_centi=leg.count_centi,
            step_pips=CENT[0].step_pips,
        )
        assert leg.worst_micros <= whole.worst_micros
        assert msgspec.json.decode(leg.body, type=dict)["count_centi"] == leg.count_centi
        assert leg.tail == leg.body.encode()
        assert leg.form is not None
        assert b'"count_centi":%d,' % leg.count_centi in leg.form.template
    assert legs == {}


def test_what_reduces_stays_whole_and_goes_first() -> None:
    play = planned(lots=[lot("away", "bid", 5_000)], held={Ticker("M-away"): 5_000})

    first, *others = at(play, 100)

    assert first == play.legs[0]
    assert first.closes is not None
    whole = {leg.client_order_id: leg.count_centi for leg in play.legs}
    assert others
    assert all(10 * leg.count_centi <= whole[leg.client_order_id] for leg in others)


def test_a_size_is_made_once() -> None:
    play = planned()

    assert at(play, 250) is at(play, 250)


def test_a_play_that_opens_nothing_has_no_other_size() -> None:
    assert planned({}).resized is None


async def test_a_reduced_trigger_sends_the_reduced_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        small = pit.leg(count_centi=200)
        play = attrs.evolve(pit.play(), resized={250: (small,)}.__getitem__)
        pit.desk.plays[KEY] = play
        pit.see_books()

        pit.trading.fire(pit.trigger(size_pm=250))

        (sent,) = pit.desk.inflight.of("entry")
        assert (sent.count_centi, sent.worst_micros) == (200, small.worst_micros)


async def test_a_play_of_which_nothing_is_left_sends_nothing(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        play = pit.play()
        pit.see_books()

        pit.trading.fire(pit.trigger(size_pm=1))
        pit.desk.plays[KEY] = attrs.evolve(play, resized=lambda _: ())
        pit.trading.fire(pit.trigger(size_pm=1))

        assert pit.desk.inflight.of("entry") == []
        assert [one.reason for one in pit.said(Passed)] == ["size", "size"]


async def test_the_planner_asks_which_sizes_a_goal_may_need_and_makes_them(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        asked: list[MatchId] = []

        def sizes(match: MatchId) -> tuple[int, ...]:
            asked.append(match)
            return (500,)

        pit.trading.planner.sizes = sizes
        await planning(pit)

        assert set(asked) == {EVENT}
        play = pit.desk.plays[KEY]
        assert [leg.count_centi for leg in at(play, 500)] == [
            leg.count_centi // 200 * 100 for leg in play.legs
        ]
