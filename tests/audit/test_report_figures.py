from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from actors.audit.report_figures import (
    MINUS,
    clock,
    count,
    date,
    minute,
    money,
    money_short,
    plural,
    price,
    span,
)
from tests.audit.report_day import script

MICROS = st.integers(min_value=-(10**15), max_value=10**15)


@given(MICROS)
def test_money_is_written_exactly(micros: int) -> None:
    text = money(micros).replace(MINUS, "-").replace("$", "").replace(",", "")
    whole, _, fraction = text.removeprefix("-").partition(".")
    read = int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))

    assert (-read if text.startswith("-") else read) == micros
    assert len(fraction) in {4, 6}


@given(MICROS)
def test_money_in_short_is_the_nearest_cent(micros: int) -> None:
    text = money_short(micros, signed=True)
    cents = int(text.translate({ord(each): None for each in f"+{MINUS}$,."}))

    assert abs(cents * 10_000 - abs(micros)) <= 5_000
    assert text.startswith(MINUS) == (micros < 0 and cents > 0)
    assert text.startswith("+") == (micros > 0 and cents > 0)


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_dates_and_times_are_the_calendars(second: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    wall_ns = second * 1_000_000_000 + 7_999_999

    assert date(wall_ns) == moment.strftime("%Y-%m-%d")
    assert clock(wall_ns) == moment.strftime("%H:%M:%S.007")
    assert clock(wall_ns, millis=False) == moment.strftime("%H:%M:%S")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 \u00b5s"),
        (85_400, "85 \u00b5s"),
        (2_623_000, "2.62 ms"),
        (44_506_551, "44.5 ms"),
        (122_117_858, "122 ms"),
        (1_230_000_000, "1.23 s"),
        (-20_000_000, f"{MINUS}20.0 ms"),
        (None, "\u2013"),
    ],
)
def test_spans_are_in_the_unit_that_fits(ns: int | None, text: str) -> None:
    assert span(ns) == text


def test_prices_and_counts_are_written_as_the_venue_does_but_for_useless_zeros() -> None:
    assert price(5_400) == "0.5400"
    assert price(None) == "\u2013"
    assert count(19_000) == "190"
    assert count(119_050) == "1,190.50"
    assert count(-3_400) == f"{MINUS}34"
    assert (plural(1, "order"), plural(2_000, "order")) == ("1 order", "2,000 orders")


@pytest.mark.parametrize(
    ("period", "clock_s", "text"),
    [
        ("1H", 0, "1'"),
        ("1H", 377, "7'"),
        ("1H", 2_699, "45'"),
        ("1H", 2_700, "45+1'"),
        ("2H", 2_700, "46'"),
        ("2H", 5_530, "90+3'"),
        ("ET2", 7_199, "120'"),
        ("HT", 2_700, ""),
        ("2H", -1, ""),
    ],
)
def test_the_minute_is_the_one_that_is_being_played(period: str, clock_s: int, text: str) -> None:
    made = script()
    made.goal("alpha", "1-0", period=period, clock_s=clock_s)

    assert minute(made.event()) == text
