"""Laws of the trading day, daylight saving included."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from actors.config.calendar import trading_day
from actors.config.profile import Run

RUN = Run(stop_when="never", day_start="06:00", day_zone="America/New_York", drain_s=20.0)


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-11-22T10:59:59", "2026-11-21"),  # 05:59:59 in winter
        ("2026-11-22T11:00:00", "2026-11-22"),
        ("2026-07-01T09:59:59", "2026-06-30"),  # 05:59:59 in summer
        ("2026-07-01T10:00:00", "2026-07-01"),
        ("2026-03-08T09:59:59", "2026-03-07"),  # the night on which clocks go forward
        ("2026-03-08T10:00:00", "2026-03-08"),
        ("2026-11-01T10:59:59", "2026-10-31"),  # the night on which they go back
        ("2026-11-01T11:00:00", "2026-11-01"),
    ],
)
def test_a_day_begins_at_six_in_new_york(utc: str, day: str) -> None:
    assert trading_day(RUN, ns(utc)) == day


@given(at_s=st.integers(1_600_000_000, 1_900_000_000), later_s=st.integers(0, 200_000))
def test_days_never_run_backwards(at_s: int, later_s: int) -> None:
    assert trading_day(RUN, at_s * 10**9) <= trading_day(RUN, (at_s + later_s) * 10**9)
