from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given, settings, strategies as st

from actors.model.orders import Side, Ticker
from actors.sim.venue.engine import Venue
from actors.sim.venue.errors import AlreadyListed, BadTerms, NotListed, OutOfOrder
from actors.sim.venue.events import MarketStepped, OrderChanged, VenueEvent
from actors.sim.venue.listing import EventTerms, SeriesTerms, Verdict
from actors.sim.venue.order_entry import Cancelled
from actors.sim.venue.refusals import Refused
from actors.sim.venue.steps import MarketStep
from tests.sim.venue.hall import (
    AWAY,
    EVENT,
    HOME,
    SECOND,
    SERIES,
    START_US,
    Hall,
    market_terms,
    open_hall,
    order,
    quote,
)


def steps(hall: Hall) -> list[VenueEvent]:
    heard: list[VenueEvent] = []
    hall.venue.listen(heard.append)
    return heard


def named(heard: list[VenueEvent]) -> list[str]:
    return [event.step for event in heard if isinstance(event, MarketStepped)]


def test_a_market_opens_and_closes_silently_at_its_times() -> None:
    hall = open_hall()
    heard = steps(hall)
    assert hall.venue.market(HOME).status == "active"

    hall.clock.now_us = START_US + 7200 * SECOND
    hall.venue.advance()

    assert hall.venue.market(HOME).status == "closed"
    assert named(heard) == []


def test_a_market_that_has_not_opened_takes_no_order() -> None:
    hall = open_hall()
    later = Ticker(f"{EVENT}-TIE")
    hall.venue.list_market(evolve(market_terms(HOME), ticker=later, open_us=START_US + 3 * SECOND))

    assert hall.refusal("us", order("bid", 100, 1, ticker=later)).status == 409
    hall.clock.pass_s(3)
    hall.create("us", order("bid", 100, 1, ticker=later))


def test_closing_takes_every_resting_order_with_it_and_refuses_what_follows() -> None:
    hall = open_hall()
    hall.create("us", quote("bid", 4_000, 100))
    heard = steps(hall)

    hall.venue.close_market(HOME)

    reasons = [event.order.reason for event in heard if isinstance(event, OrderChanged)]
    assert reasons == ["CloseCancel"]
    assert named(heard) == ["close_date_updated"]
    assert hall.refusal("us", order("bid", 4_000, 100)).code == "market_closed"
    assert hall.venue.floor.account("us").available(0) == hall.cash("us")
    assert hall.venue.market(AWAY).status == "active"


def test_a_halt_lets_cancels_through_and_reactivation_cancels_the_rest() -> None:
    hall = open_hall()
    kept = hall.create("us", quote("bid", 4_000, 100))
    gone = hall.create("us", quote("bid", 4_100, 100))
    heard = steps(hall)

    hall.venue.halt_market(HOME)
    assert hall.refusal("us", order("bid", 4_000, 1)).code == "trading_is_paused"
    assert isinstance(hall.venue.cancel_order("us", gone.order_id), Cancelled)
    assert hall.venue.open_orders("us", HOME) == (kept.order_id,)
    hall.venue.resume_market(HOME)

    assert hall.venue.open_orders("us", HOME) == ()
    assert named(heard) == ["deactivated", "activated"]
    hall.create("us", quote("bid", 4_000, 100))


def test_orders_that_asked_for_it_are_cancelled_when_a_pause_begins() -> None:
    hall = open_hall()
    for flagged in (False, True):
        hall.create(
            "us",
            order("bid", 4_000, 100, time_in_force="good_till_canceled", cancel_on_pause=flagged),
        )

    hall.venue.pause_exchange(trading_active=False)

    assert len(hall.venue.open_orders("us", HOME)) == 1
    assert hall.refusal("us", order("bid", 4_000, 1)).code == "trading_is_paused"
    assert hall.venue.cancel_all("us") == 1
    hall.venue.pause_exchange()
    hall.create("us", order("bid", 4_000, 1))


def test_an_exchange_pause_stops_even_cancels() -> None:
    hall = open_hall()
    resting = hall.create("us", quote("bid", 4_000, 100))

    hall.venue.pause_exchange(exchange_active=False)

    outcome = hall.venue.cancel_order("us", resting.order_id)
    assert isinstance(outcome, Refused)
    assert outcome.code == "exchange_is_paused"
    assert hall.refusal("us", order("bid", 4_000, 1)).code == "exchange_is_paused"


def test_a_market_settles_when_its_timer_has_run_and_not_before() -> None:
    hall = open_hall()
    hall.venue.close_market(HOME)
    hall.venue.determine(HOME, "yes")
    assert hall.venue.next_due_us() == hall.clock.now_us + SECOND // 2

    hall.clock.pass_s(0.499)
    hall.venue.advance()
    assert hall.venue.market(HOME).status == "determined"
    hall.clock.pass_s(0.001)
    hall.venue.advance()
    assert hall.venue.market(HOME).status == "finalized"


@pytest.mark.parametrize(
    ("verdict", "value_micros", "us", "them"),
    [
        ("yes", None, 1_000_000, 0),
        ("no", None, 0, 1_000_000),
        ("scalar", 333_333, 333_300, 666_600),
    ],
)
def test_both_sides_are_paid_what_the_verdict_says(
    verdict: Verdict, value_micros: int | None, us: int, them: int
) -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))
    before = hall.cash("us"), hall.cash("maker")
    money = hall.money()

    hall.settle(HOME, verdict, value_micros)

    assert (hall.cash("us") - before[0], hall.cash("maker") - before[1]) == (us, them)
    assert hall.money() == money
    assert hall.venue.position_centi("us", HOME) == 0


def test_a_settlement_is_written_down_for_who_held_something() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 300))
    hall.create("us", order("bid", 5_200, 300))
    hall.create("maker", quote("bid", 5_000, 100))
    hall.create("us", order("ask", 5_000, 100))

    hall.settle(HOME, "yes")
    hall.settle(AWAY, "no")

    view = hall.venue.floor.account("us").view
    assert view is not None
    [row] = view.settlements
    assert (row.ticker, row.held_centi, row.payout_micros) == (HOME, 200, 2_000_000)
    assert row.cost_micros == 1_040_000
    assert view.positions[0, HOME].settled
    assert view.positions[0, HOME].realized_micros == 100 * (5_000 - 5_200) + 2_000_000 - 1_040_000


def test_the_steps_are_told_in_their_order() -> None:
    hall = open_hall()
    heard = steps(hall)

    hall.settle(HOME, "no")

    assert named(heard) == ["close_date_updated", "determined", "settled"]


def test_the_world_may_finalize_before_the_timer() -> None:
    hall = open_hall()
    hall.venue.close_market(HOME)
    hall.venue.determine(HOME, "yes")

    hall.venue.finalize(HOME)
    hall.clock.pass_s(1)
    hall.venue.advance()

    assert hall.venue.market(HOME).status == "finalized"


OPEN_MISSTEPS: dict[str, Callable[[Venue], None]] = {
    "determine": lambda venue: venue.determine(HOME, "yes"),
    "finalize": lambda venue: venue.finalize(HOME),
    "dispute": lambda venue: venue.dispute(HOME),
    "uphold": lambda venue: venue.uphold(HOME),
    "amend": lambda venue: venue.amend_result(HOME, "no"),
    "resume": lambda venue: venue.resume_market(HOME),
}
CLOSED_MISSTEPS: dict[str, Callable[[Venue], None]] = {
    "close again": lambda venue: venue.close_market(HOME),
    "halt": lambda venue: venue.halt_market(HOME),
    "void without a value": lambda venue: venue.determine(HOME, "scalar"),
    "void above a dollar": lambda venue: venue.determine(HOME, "scalar", 1_000_001),
    "yes at half a dollar": lambda venue: venue.determine(HOME, "yes", 500_000),
}


@pytest.mark.parametrize("misstep", OPEN_MISSTEPS.values(), ids=OPEN_MISSTEPS.keys())
def test_an_open_market_refuses_what_comes_later(misstep: Callable[[Venue], None]) -> None:
    with pytest.raises(OutOfOrder):
        misstep(open_hall().venue)


@pytest.mark.parametrize("misstep", CLOSED_MISSTEPS.values(), ids=CLOSED_MISSTEPS.keys())
def test_a_closed_market_refuses_what_came_before(misstep: Callable[[Venue], None]) -> None:
    venue = open_hall().venue
    venue.close_market(HOME)

    with pytest.raises(OutOfOrder):
        misstep(venue)


def test_a_name_is_listed_once_and_under_what_exists() -> None:
    venue = open_hall().venue

    with pytest.raises(AlreadyListed):
        venue.list_series(SeriesTerms(ticker=SERIES, title="again"))
    with pytest.raises(AlreadyListed):
        venue.list_market(market_terms(HOME))
    with pytest.raises(NotListed):
        venue.list_event(EventTerms(event_ticker="E", series_ticker="no", title="", sub_title=""))
    with pytest.raises(NotListed):
        venue.list_market(evolve(market_terms(HOME), ticker=Ticker("T"), event_ticker="no"))
    with pytest.raises(NotListed):
        venue.market("no")


def test_terms_that_no_exchange_could_list_are_refused() -> None:
    hall = open_hall()
    hall.venue.list_event(
        EventTerms(
            event_ticker="FLAT",
            series_ticker=SERIES,
            title="",
            sub_title="",
            fee_type_override="flat",
        )
    )
    with pytest.raises(BadTerms):
        hall.venue.list_market(evolve(market_terms(HOME), ticker=Ticker("F"), event_ticker="FLAT"))
    with pytest.raises(BadTerms):
        evolve(market_terms(HOME), close_us=0)
    assert EVENT in hall.venue.floor.events


def test_something_due_earlier_than_all_else_wakes_whoever_keeps_time() -> None:
    hall = open_hall()
    woken: list[int | None] = []
    hall.venue.on_due(lambda: woken.append(hall.venue.next_due_us()))

    hall.venue.close_market(HOME)
    hall.venue.determine(HOME, "yes")

    assert woken == [hall.clock.now_us + SECOND // 2]


def held(hall: Hall) -> Hall:
    """We have one YES at 52 cents, and the market has ended YES."""
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))
    hall.venue.close_market(HOME)
    hall.venue.determine(HOME, "yes")
    return hall


def test_what_is_disputed_is_not_paid_however_long_that_takes() -> None:
    hall = held(open_hall())
    cash, heard = hall.cash("us"), steps(hall)

    hall.venue.dispute(HOME)
    hall.clock.pass_s(86_400)
    hall.venue.advance()

    market = hall.venue.market(HOME)
    assert (market.status, market.verdict) == ("disputed", "yes")
    assert hall.cash("us") == cash
    assert hall.refusal("us", order("bid", 4_000, 1)).code == "market_closed"
    with pytest.raises(OutOfOrder):
        hall.venue.finalize(HOME)
    assert heard == [], "of a dispute the stream says nothing"


@pytest.mark.parametrize("amends", [False, True])
def test_whatever_ends_a_dispute_the_timer_begins_anew(*, amends: bool) -> None:
    hall = held(open_hall())
    cash, money = hall.cash("us"), hall.money()
    hall.clock.pass_s(0.4)
    hall.venue.dispute(HOME)
    heard = steps(hall)
    if amends:
        hall.venue.amend_result(HOME, "scalar", 250_000)
    else:
        hall.venue.uphold(HOME)

    hall.clock.pass_s(0.4)  # The first timer has run by now.
    hall.venue.advance()
    assert hall.venue.market(HOME).status == ("amended" if amends else "determined")
    assert heard == []
    hall.clock.pass_s(0.1)
    hall.venue.advance()
    assert hall.venue.market(HOME).status == "finalized"
    assert hall.cash("us") - cash == (250_000 if amends else 1_000_000)
    assert hall.money() == money
    assert named(heard) == ["settled"]


def test_a_result_may_be_amended_without_a_dispute_until_it_is_paid() -> None:
    hall = held(open_hall())
    hall.venue.amend_result(HOME, "no")
    hall.venue.amend_result(HOME, "scalar", 10_000)
    with pytest.raises(OutOfOrder):
        hall.venue.amend_result(HOME, "scalar")
    hall.clock.pass_s(0.5)
    hall.venue.advance()

    assert hall.venue.market(HOME).yes_value_micros == 10_000
    for late in (hall.venue.dispute, hall.venue.uphold):
        with pytest.raises(OutOfOrder):
            late(HOME)
    with pytest.raises(OutOfOrder):
        hall.venue.amend_result(HOME, "yes")


def test_a_planned_step_is_taken_at_its_time_and_one_that_cannot_be_is_remembered() -> None:
    hall = open_hall()
    plan = [
        (1, MarketStep(ticker=HOME, do="halt")),
        (2, MarketStep(ticker=HOME, do="resume")),
        (3, MarketStep(ticker=HOME, do="dispute")),
        (4, MarketStep(ticker=HOME, do="close")),
        (4, MarketStep(ticker=HOME, do="determine", verdict="no")),
        (4.1, MarketStep(ticker=HOME, do="amend", verdict="scalar", yes_value_micros=500_000)),
        (4.2, MarketStep(ticker=HOME, do="dispute")),
        (9, MarketStep(ticker=HOME, do="uphold")),
        (9.1, MarketStep(ticker=HOME, do="finalize")),
        (9.2, MarketStep(ticker=HOME, do="determine")),
    ]
    for after_s, step in plan:
        hall.venue.plan_step(step, START_US + round(after_s * SECOND))
    seen = []
    while (due_us := hall.venue.next_due_us()) is not None and due_us < START_US + 10 * SECOND:
        hall.clock.now_us = due_us
        hall.venue.advance()
        seen.append(hall.venue.market(HOME).status)

    assert [*dict.fromkeys(seen)] == [
        "inactive",
        "active",
        "determined",
        "amended",
        "disputed",
        "finalized",
    ]
    assert [step.do for step, _ in hall.venue.programme.missed] == ["dispute", "determine"]
    assert "is active" in hall.venue.programme.missed[0][1]


VALUES = st.one_of(st.just(0), st.just(1_000_000), st.integers(1, 9_999).map(lambda n: n * 100))


@settings(max_examples=60)
@given(
    trades=st.lists(
        st.tuples(st.sampled_from(("bid", "ask")), st.integers(1, 99), st.integers(1, 500)),
        max_size=6,
    ),
    acts=st.lists(st.tuples(st.sampled_from(("dispute", "uphold", "amend", "wait")), VALUES)),
    first=VALUES,
)
def test_over_any_disputes_money_is_whole_and_all_are_paid_by_the_last_word(
    trades: list[tuple[Side, int, int]], acts: list[tuple[str, int]], first: int
) -> None:
    hall, bought = open_hall(), 0
    venue = hall.venue
    for side, cents, count in trades:
        hall.create("maker", quote("ask" if side == "bid" else "bid", 100 * cents, count))
        hall.create("us", order(side, 100 * cents, count))
        bought += count if side == "bid" else -count
    money, cash = hall.money(), hall.cash("us")
    venue.close_market(HOME)
    venue.determine(HOME, *verdict_of(first))
    value = first
    for act, amended in acts:
        market = venue.market(HOME)
        before = market.status
        match act:
            case "wait":
                hall.clock.pass_s(0.3)
                venue.advance()
            case "dispute" if before in {"determined", "amended"}:
                venue.dispute(HOME)
            case "uphold" if before == "disputed":
                venue.uphold(HOME)
            case "amend" if before in {"determined", "amended", "disputed"}:
                venue.amend_result(HOME, *verdict_of(amended))
                value = amended
            case _:
                pass
        if market.status != "finalized":
            assert hall.cash("us") == cash
        assert hall.money() == money
    if venue.market(HOME).status == "disputed":
        venue.uphold(HOME)
    hall.clock.pass_s(0.5)
    venue.advance()

    each = value if bought > 0 else 1_000_000 - value
    assert hall.cash("us") - cash == abs(bought) * each // 100 // 100 * 100
    assert hall.money() == money


def verdict_of(micros: int) -> tuple[Verdict, int | None]:
    plain: dict[int, Verdict] = {0: "no", 1_000_000: "yes"}
    return (plain[micros], None) if micros in plain else ("scalar", micros)
