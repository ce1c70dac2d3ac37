from fractions import Fraction

import attrs
import pytest

from actors.model.orders import Ticker
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.fees import FeeTerms
from actors.sim.venue.listing import (
    DECI_CENT,
    LINEAR_CENT,
    EventTerms,
    GridRange,
    SeriesTerms,
    fees_of,
)
from tests.sim.venue.hall import HOME, START_US, market_terms, open_hall, order, quote

SERIES = SeriesTerms(ticker="S", title="S", fee_type="quadratic", fee_multiplier=Fraction(1, 2))
EVENT = EventTerms(event_ticker="E", series_ticker="S", title="", sub_title="")


def test_an_event_overrides_type_and_multiplier_independently() -> None:
    half = Fraction(7, 200)
    with_makers = attrs.evolve(EVENT, fee_type_override="quadratic_with_maker_fees")
    doubled = attrs.evolve(EVENT, fee_multiplier_override=Fraction(2))

    assert fees_of(SERIES, EVENT) == FeeTerms(taker=half, maker=Fraction(0))
    assert fees_of(SERIES, with_makers) == FeeTerms(taker=half, maker=half / 4)
    assert fees_of(SERIES, doubled) == FeeTerms(taker=4 * half, maker=Fraction(0))


def test_a_range_holds_its_ends_and_its_steps() -> None:
    edge = GridRange(9_000, 10_000, 10)

    assert [edge.holds(price) for price in (8_990, 9_000, 9_005, 9_010, 10_000)] == [
        False,
        True,
        False,
        True,
        True,
    ]


def test_a_market_without_a_grid_is_not_listed() -> None:
    for ranges in ((), (GridRange(0, 10_000, 0),)):
        with pytest.raises(BadTerms):
            market_terms(HOME, ranges)
    assert LINEAR_CENT != DECI_CENT


def test_under_a_waiver_nobody_pays_until_it_ends() -> None:
    hall = open_hall()
    free = attrs.evolve(
        market_terms(HOME),
        ticker=Ticker(f"{HOME}F"),
        fee_waiver_until_us=START_US + 1_000_000,
    )
    hall.venue.list_market(free)
    hall.create("maker", quote("ask", 5_200, 200, free.ticker))
    hall.create("us", order("bid", 5_200, 100, ticker=free.ticker))
    assert hall.cash("us") == 1_000_000_000 - 520_000

    hall.clock.pass_s(1)
    hall.create("us", order("bid", 5_200, 100, ticker=free.ticker))
    assert hall.cash("us") == 1_000_000_000 - 520_000 - 537_500
