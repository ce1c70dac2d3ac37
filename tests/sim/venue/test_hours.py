"""Laws of the exchange's calendar: New York's hours, whatever its clocks do at night."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.hours import (
    ALL_DAY,
    ALWAYS,
    DAY_MINUTES,
    KALSHI,
    Hours,
    Maintenance,
    State,
    Week,
)

SECOND = 1_000_000
HOUR = 3600 * SECOND
NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> int:
    """An instant of New York's clocks, in microseconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * SECOND


def shown(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // SECOND, UTC).astimezone(NEW_YORK).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("when", "trades"),
    [
        ("2026-11-26T02:59:59", True),
        ("2026-11-26T03:00:00", False),
        ("2026-11-26T04:59:59", False),
        ("2026-11-26T05:00:00", True),
        ("2026-11-25T03:30:00", True),
        ("2026-07-02T03:00:00", False),
        ("2026-11-22T23:59:59", True),
    ],
)
def test_on_thursdays_from_three_to_five_in_new_york_nothing_trades(
    when: str, *, trades: bool
) -> None:
    state = Hours(KALSHI).state_at(at(when))

    assert state == State(trading_active=trades)


@pytest.mark.parametrize("start", ["2026-03-05T12:00:00", "2026-10-29T12:00:00"])
def test_the_next_turn_is_the_same_hour_there_when_the_clocks_have_changed(start: str) -> None:
    hours, now_us, turns = Hours(KALSHI), at(start), list[str]()
    for _ in range(4):
        change_us = hours.next_change_us(now_us)
        assert change_us is not None
        turns.append(shown(change_us))
        now_us = change_us

    assert turns == ["Thu 03:00", "Thu 05:00"] * 2


def test_who_never_closes_has_no_turn_ahead() -> None:
    assert Hours(ALWAYS).next_change_us(at("2026-11-26T03:00:00")) is None
    assert Hours(ALWAYS).resumes_us(at("2026-11-26T03:00:00")) is None
    never = Hours(Week(((),) * 7))
    assert never.state_at(0) == State(trading_active=False)
    assert never.resumes_us(0) is None


@given(
    minutes=st.lists(
        st.tuples(st.integers(0, DAY_MINUTES), st.integers(0, DAY_MINUTES)), max_size=3
    ),
    windows=st.lists(
        st.tuples(
            st.integers(0, 300), st.integers(1, 90), st.sampled_from(["trading", "exchange"])
        ),
        max_size=3,
    ),
    after_min=st.integers(-10, 400),
)
def test_between_two_turns_the_state_is_one_and_at_each_turn_another(
    minutes: list[tuple[int, int]], windows: list[tuple[int, int, str]], after_min: int
) -> None:
    day = tuple(sorted(session for session in minutes if session[0] < session[1]))
    start_us = at("2026-11-25T20:00:00")
    hours = Hours(
        Week((ALL_DAY, day, ALL_DAY, day, ALL_DAY, ALL_DAY, ())),
        tuple(
            Maintenance(
                start_us=start_us + since * 60 * SECOND,
                end_us=start_us + (since + lasts) * 60 * SECOND,
                stops="exchange" if stops == "exchange" else "trading",
            )
            for since, lasts, stops in windows
        ),
    )
    now_us = start_us + after_min * 60 * SECOND
    change_us = hours.next_change_us(now_us)

    assert change_us is not None
    assert change_us > now_us
    assert hours.state_at(change_us) != hours.state_at(now_us)
    step_us = max((change_us - now_us) // 40, 1)
    assert {hours.state_at(each) for each in range(now_us, change_us, step_us)} == {
        hours.state_at(now_us)
    }
    resumes_us = hours.resumes_us(now_us)
    if resumes_us is not None:
        assert hours.state_at(resumes_us) == State()


def test_windows_that_are_over_are_told_no_more() -> None:
    windows = [Maintenance(start_us=n * HOUR, end_us=(n + 1) * HOUR) for n in (5, 1, 3)]

    assert [each.start_us for each in Hours(ALWAYS, tuple(windows)).ahead(2 * HOUR)] == [
        3 * HOUR,
        5 * HOUR,
    ]
