"""Laws of the gate: one tripped control is enough, and an exit always leaves."""

from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.config.profile import Gates
from actors.messages.trading import Leg
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey, MatchId
from actors.risk import gate

GATES = Gates(
    collar=Pips(1_500),
    bid_max=Pips(9_700),
    ask_min=Pips(300),
    report_age_ms=500,
    book_age_ms=5_000,
)
KEY = GoalKey(MatchId("M"), 0, "1-0")
LEG = Leg(
    ticker=Ticker("M-HOME"),
    side="bid",
    limit_pips=Pips(6_000),
    count_centi=CentiContracts(1_000),
    client_order_id="a",
    exchange_index=0,
    reference_pips=Pips(5_500),
    worst_micros=MicroDollars(6_100_000),
    body="{}",
    floor_pips=Pips(1_000),
    form=None,
    tail=b"",
)
GOOD = gate.Moment(
    now_ns=1_000_000_000,
    received_ns=999_900_000,
    state="ACTIVE",
    journal_healthy=True,
    fresh_feeds=2,
    in_doubt=False,
    frozen=False,
    book_whole=True,
    book_proved_ns=900_000_000,
    best_opposite_pips=Pips(5_500),
)
TRIPS: list[tuple[dict[str, Any], gate.Reason]] = [
    ({"state": "REDUCING"}, "reducing"),
    ({"state": "HALTED"}, "halted"),
    ({"clock_fits": False}, "clock"),
    ({"has_tokens": False}, "tokens"),
    ({"series_closed": True}, "series"),
    ({"group_shut": True}, "group"),
    ({"children": 3}, "children"),
    ({"plausible": False}, "implausible"),
    ({"same_order_ns": 1}, "same_order"),
    ({"crosses_own": True}, "own_order"),
    ({"in_recess": True}, "recess"),
    ({"unsynced_since_ns": 1_000_000_000 - 3_000_000_001}, "journal_lag"),
    ({"brake": "throttle"}, "throttle"),
    ({"brake": "match_entries"}, "match_entries"),
    ({"journal_healthy": False}, "journal"),
    ({"in_doubt": True}, "doubt"),
    ({"frozen": True}, "frozen"),
    ({"fresh_feeds": 0}, "no_quorum"),
    ({"received_ns": 1_000_000_000 - 500_000_001}, "stale_report"),
    ({"book_whole": False}, "no_book"),
    ({"best_opposite_pips": None}, "no_book"),
    ({"book_proved_ns": 1_000_000_000 - 5_000_000_001}, "stale_book"),
    ({"best_opposite_pips": Pips(4_499)}, "collar"),
]


def judge(
    leg: Leg = LEG,
    moment: gate.Moment = GOOD,
    traded: tuple[GoalKey, ...] = (),
    terms: gate.Terms = gate.USUAL,
) -> str | None:
    return gate.entry(
        leg,
        KEY,
        moment,
        gates=GATES,
        order_max_centi=CentiContracts(40_000),
        traded=traded,
        terms=terms,
    )


def test_an_entry_with_nothing_against_it_passes() -> None:
    assert judge() is None


@pytest.mark.parametrize(("change", "reason"), TRIPS)
def test_each_control_alone_stops_an_entry_under_its_own_name(
    change: dict[str, Any], reason: str
) -> None:
    assert judge(moment=attrs.evolve(GOOD, **change)) == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"count_centi": CentiContracts(0)}, "size"),
        ({"count_centi": CentiContracts(40_001)}, "size"),
        ({"limit_pips": Pips(9_700)}, "price"),
        ({"limit_pips": Pips(7_001)}, "collar"),
        ({"side": "ask", "limit_pips": Pips(300)}, "price"),
        ({"side": "ask", "limit_pips": Pips(3_999)}, "collar"),
    ],
)
def test_a_leg_outside_the_gates_is_stopped(change: dict[str, Any], reason: str) -> None:
    assert judge(leg=attrs.evolve(LEG, **change)) == reason


def test_no_profile_makes_one_order_larger_than_the_ceiling() -> None:
    for count, reason in ((500_000, None), (500_001, "size")):
        leg = attrs.evolve(LEG, count_centi=CentiContracts(count))
        widest = CentiContracts(1_000_000)
        said = gate.entry(leg, KEY, GOOD, gates=GATES, order_max_centi=widest, traded=())
        assert said == reason


def test_a_goal_is_traded_once() -> None:
    assert judge(traded=(KEY,)) == "duplicate"


PAIRS = [(one, two) for n, one in enumerate(TRIPS) for two in TRIPS[n + 1 :]]


def test_two_controls_together_stop_it_under_the_name_of_one_of_them() -> None:
    for (first, reason), (second, other) in PAIRS:
        moment = attrs.evolve(attrs.evolve(GOOD, **first), **second)
        assert judge(moment=moment) in {reason, other}


@pytest.mark.parametrize(
    "change",
    [
        {"received_ns": 500_000_000},
        {"book_proved_ns": 1_000_000_000 - 5_000_000_000},
        {"best_opposite_pips": Pips(4_500)},
        {"children": 2},
        {"same_order_ns": 0},
        {"unsynced_since_ns": 1_000_000_000 - 3_000_000_000},
        {"fresh_feeds": 1},
    ],
)
def test_at_its_very_bound_a_control_still_says_yes(change: dict[str, Any]) -> None:
    assert judge(moment=attrs.evolve(GOOD, **change)) is None


@pytest.mark.parametrize(
    ("fresh_feeds", "size_pm", "reason"),
    [
        (2, 1_000, None),
        (1, 1_000, "single_feed"),
        (1, 501, "single_feed"),
        (1, 500, None),
        (0, 500, "no_quorum"),
    ],
)
def test_one_fresh_feed_stands_behind_part_of_a_play_and_none_behind_nothing(
    fresh_feeds: int, size_pm: int, reason: str | None
) -> None:
    moment = attrs.evolve(GOOD, fresh_feeds=fresh_feeds, size_pm=size_pm)
    terms = attrs.evolve(gate.USUAL, single_feed_pm=500)
    assert judge(moment=moment, terms=terms) == reason


anything = st.integers(-(10**12), 10**12)


@given(
    moment=st.builds(
        gate.Moment,
        now_ns=anything,
        received_ns=anything,
        state=st.sampled_from(["ACTIVE", "REDUCING", "HALTED"]),
        journal_healthy=st.booleans(),
        fresh_feeds=st.integers(0, 9),
        in_doubt=st.booleans(),
        frozen=st.booleans(),
        clock_fits=st.booleans(),
        has_tokens=st.booleans(),
        series_closed=st.booleans(),
        size_pm=st.integers(0, 1_000),
        plausible=st.booleans(),
        same_order_ns=st.none() | anything,
        crosses_own=st.booleans(),
        children=st.integers(0, 9),
        in_recess=st.booleans(),
        unsynced_since_ns=st.none() | anything,
        brake=st.sampled_from([None, "throttle", "match_entries"]),
        book_whole=st.booleans(),
        book_proved_ns=anything,
        best_opposite_pips=st.none() | st.integers(1, 9_999).map(Pips),
    ),
    limit=st.integers(1, 9_999),
    count=st.integers(-1, 10**7),
    side=st.sampled_from(["bid", "ask"]),
)
def test_whatever_the_moment_the_gate_answers_and_never_lets_out_what_is_forbidden(
    moment: gate.Moment, limit: int, count: int, side: Side
) -> None:
    leg = attrs.evolve(LEG, limit_pips=Pips(limit), count_centi=CentiContracts(count), side=side)
    reason = judge(leg=leg, moment=moment)

    assert reason is None or reason in get_args(gate.Reason)
    if reason is None:
        assert moment.state == "ACTIVE"
        assert moment.fresh_feeds >= 1
        assert 0 < count <= 40_000
        assert not any((moment.frozen, moment.in_doubt, moment.in_recess, moment.brake))


@given(tripped=st.lists(st.sampled_from(TRIPS), min_size=1))
def test_however_many_controls_trip_the_answer_is_no(
    tripped: list[tuple[dict[str, Any], str]],
) -> None:
    moment = GOOD
    for change, _ in tripped:
        moment = attrs.evolve(moment, **change)

    assert judge(moment=moment) in {reason for _, reason in tripped}


sides: st.SearchStrategy[Side] = st.sampled_from(["bid", "ask"])


@given(
    side=sides,
    limit=st.integers(1, 9_999),
    floor=st.integers(1, 9_999),
    count=st.integers(-5, 2_000),
    held=st.integers(-2_000, 2_000),
)
def test_a_reduction_leaves_exactly_when_it_is_ours_to_sell_and_above_its_floor(
    side: Side, limit: int, floor: int, count: int, held: int
) -> None:
    reason = gate.reduction(
        side=side,
        limit_pips=Pips(limit),
        floor_pips=Pips(floor),
        count_centi=CentiContracts(count),
        held_centi=held,
        already_sent=False,
    )

    owned = held if side == "ask" else -held
    good_price = limit >= floor if side == "ask" else limit <= floor
    assert (reason is None) == (0 < count <= owned and good_price)


@pytest.mark.parametrize(("side", "held", "worse"), [("ask", 100, -1), ("bid", -100, 1)])
def test_an_exit_takes_all_that_is_held_and_not_one_more_at_its_floor_and_not_one_worse(
    side: Side, held: int, worse: int
) -> None:
    def asked(count: int, limit: int) -> str | None:
        return gate.reduction(
            side=side,
            limit_pips=Pips(limit),
            floor_pips=Pips(1_000),
            count_centi=CentiContracts(count),
            held_centi=held,
            already_sent=False,
        )

    assert asked(100, 1_000) is None
    assert asked(101, 1_000) == "position"
    assert asked(100, 1_000 + worse) == "floor"


def test_one_attempt_of_an_exit_leaves_once() -> None:
    assert (
        gate.reduction(
            side="ask",
            limit_pips=Pips(5_000),
            floor_pips=Pips(1_000),
            count_centi=CentiContracts(100),
            held_centi=100,
            already_sent=True,
        )
        == "repeat"
    )
