"""Laws of the gate: one tripped control is enough, and an exit always leaves."""

from typing import Any

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
    ({"state": "REDUCING"}, "halted"),
    ({"state": "HALTED"}, "halted"),
    ({"clock_fits": False}, "clock"),
    ({"has_tokens": False}, "tokens"),
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
    leg: Leg = LEG, moment: gate.Moment = GOOD, traded: tuple[GoalKey, ...] = ()
) -> str | None:
    return gate.entry(
        leg,
        KEY,
        moment,
        gates=GATES,
        order_max_centi=CentiContracts(40_000),
        traded=traded,
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


def test_a_goal_is_traded_once() -> None:
    assert judge(traded=(KEY,)) == "duplicate"


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
