"""Laws of reading what is traded."""

import json
from typing import Any

import pytest
from hypothesis import given

from actors.exchange.errors import WireGarbled
from actors.exchange.wire import Decoder
from actors.exchange.wire_market import (
    Books,
    EventFeeChange,
    OneBook,
    SeriesFeeChange,
    VenueEvent,
    VenueMarket,
    VenueMilestone,
    VenueSeries,
    VenueTrade,
)
from actors.model.book import Book
from actors.model.grid import PriceRange
from actors.model.money import CentiContracts, Pips, centi_text, pips_text
from tests import strategies
from tests.exchange import bodies

Side = tuple[tuple[Pips, CentiContracts], ...]


def read(kind: type[Any], body: dict[str, Any]) -> Any:  # noqa: ANN401 - any row
    return Decoder(kind)(json.dumps(body))


def test_a_market_is_read_with_its_grid_its_shard_and_what_it_pays_on() -> None:
    market = read(VenueMarket, bodies.MARKET)

    assert market.ticker == "KXGAME-A"
    assert (market.yes_bid_pips, market.yes_ask_pips) == (4_700, 5_200)
    assert market.grid[1] == PriceRange(
        start_pips=Pips(1_000), end_pips=Pips(9_000), step_pips=Pips(100)
    )
    assert market.strike_ids == ("5e7f0001",)
    assert market.exchange_index == 0
    assert market.settlement_value_micros is None


def test_a_market_of_words_that_are_new_is_still_read() -> None:
    body = bodies.MARKET | {"status": "meditating", "result": "maybe", "market_type": "vector"}

    market = read(VenueMarket, body)

    assert (market.status, market.result, market.market_type) == ("meditating", "maybe", "vector")


def test_a_market_without_a_shard_says_so() -> None:
    body = {k: v for k, v in bodies.MARKET.items() if k != "exchange_index"}

    assert read(VenueMarket, body).exchange_index is None


def test_a_market_without_a_custom_strike_pays_on_nobodys_id() -> None:
    body = bodies.MARKET | {"custom_strike": None}

    assert read(VenueMarket, body).strike_ids == ()


@pytest.mark.parametrize(
    "stretch",
    [
        {"start": "0.0000", "end": "1.0000", "step": "0.0000"},
        {"start": "0.0000", "end": "1.0000", "step": "-0.0100"},
        {"start": "0.9000", "end": "0.1000", "step": "0.0100"},
    ],
)
def test_a_grid_that_is_none_is_garbled(stretch: dict[str, str]) -> None:
    with pytest.raises(WireGarbled, match="price grid"):
        read(VenueMarket, bodies.MARKET | {"price_ranges": [stretch]})


def test_an_event_brings_its_markets_and_its_own_fees() -> None:
    event = read(
        VenueEvent,
        bodies.EVENT | {"fee_type_override": "quadratic", "fee_multiplier_override": 0.5},
    )

    assert event.mutually_exclusive
    assert [market.ticker for market in event.markets] == ["KXGAME-A"]
    assert event.fee_type_override == "quadratic"
    assert event.fee_multiplier_override_ppm == 500_000


def test_an_event_without_its_own_fees_falls_back() -> None:
    event = read(VenueEvent, bodies.EVENT)

    assert event.fee_type_override is None
    assert event.fee_multiplier_override_ppm is None


@pytest.mark.parametrize(
    ("wire", "multiplier_ppm"), [("1", 1_000_000), ("0.5", 500_000), ("1.1", 1_100_000), ("0", 0)]
)
def test_a_fee_multiplier_is_exact_whatever_number_it_is(wire: str, multiplier_ppm: int) -> None:
    text = json.dumps(bodies.SERIES).replace('"fee_multiplier": 1', f'"fee_multiplier": {wire}')

    assert Decoder(VenueSeries)(text).fee_multiplier_ppm == multiplier_ppm


@pytest.mark.parametrize("wire", ["1e400", "0.00000001"])
def test_a_fee_multiplier_beyond_reason_is_garbled(wire: str) -> None:
    text = json.dumps(bodies.SERIES).replace('"fee_multiplier": 1', f'"fee_multiplier": {wire}')

    with pytest.raises(WireGarbled, match="multiplier"):
        Decoder(VenueSeries)(text)


def test_a_series_with_a_fee_type_of_tomorrow_is_still_read() -> None:
    assert read(VenueSeries, bodies.SERIES | {"fee_type": "cubic"}).fee_type == "cubic"


def test_fee_changes_are_read_for_series_and_events() -> None:
    of_series = read(
        SeriesFeeChange,
        {
            "id": "1",
            "series_ticker": "KXSERIES",
            "fee_type": "quadratic",
            "fee_multiplier": 2,
            "scheduled_ts": "2026-06-11T00:00:00Z",
        },
    )
    of_event = read(
        EventFeeChange,
        {
            "id": "1",
            "event_ticker": "KXGAME",
            "series_ticker": "KXSERIES",
            "fee_type_override": None,
            "fee_multiplier_override": 0.25,
            "scheduled_ts": "2026-06-11T00:00:00Z",
        },
    )

    assert of_series.fee_multiplier_ppm == 2_000_000
    assert of_event.fee_type_override is None
    assert of_event.fee_multiplier_override_ppm == 250_000


def test_a_milestone_names_the_sides_and_every_providers_id() -> None:
    milestone = read(VenueMilestone, bodies.MILESTONE)

    assert (milestone.home_team_id, milestone.away_team_id) == ("h-1", "a-1")
    assert milestone.provider_ids == {"sr:match:1", "o-9"}
    assert milestone.primary_event_tickers == ("KXGAME",)


def test_a_milestone_of_another_sport_names_no_sides() -> None:
    milestone = read(
        VenueMilestone,
        bodies.MILESTONE | {"details": {"home_team_id": 17}, "source_ids": {}, "source_id": None},
    )

    assert milestone.home_team_id is None
    assert milestone.away_team_id is None
    assert milestone.provider_ids == frozenset()


def test_an_id_that_is_no_text_names_no_match_and_ends_no_read() -> None:
    odd = {"sportradar": "sr:match:1", "opta": 17, "other": None, "more": ["x"]}
    for ids, known in ((odd, {"sr:match:1"}), (None, set())):
        body = bodies.MILESTONE | {"source_ids": ids, "source_id": 5}

        assert read(VenueMilestone, body).provider_ids == known


def test_a_print_over_rest_with_a_side_that_is_new_is_read_without_it() -> None:
    assert read(VenueTrade, bodies.TRADE).taker_side == bodies.TRADE["taker_book_side"]
    assert read(VenueTrade, bodies.TRADE | {"taker_book_side": "middle"}).taker_side is None


def test_a_book_as_recorded_reads_a_bid_for_no_as_an_ask_for_yes() -> None:
    body = '{"orderbook_fp":{"yes_dollars":[["0.4700","3.00"]],"no_dollars":[["0.4800","3.00"]]}}'

    book = Decoder(OneBook)(body).book

    assert book.bids == ((4_700, 300),)
    assert book.asks == ((5_200, 300),)


@given(strategies.books())
def test_a_book_is_the_same_in_whatever_order_the_venue_writes_it(whole: Book) -> None:
    bids = tuple((level.price_pips, level.count_centi) for level in whole.bids())
    asks = tuple((level.price_pips, level.count_centi) for level in whole.asks())
    yes = [[pips_text(price), centi_text(count)] for price, count in bids]
    no = [[pips_text(Pips(10_000 - price)), centi_text(count)] for price, count in asks]
    body = {
        "orderbooks": [
            {"ticker": "A", "orderbook_fp": {"yes_dollars": yes, "no_dollars": no}},
            {"ticker": "B", "orderbook_fp": {"yes_dollars": yes[::-1], "no_dollars": no[::-1]}},
        ]
    }

    first, second = (each.book for each in read(Books, body).orderbooks)

    assert (first.bids, first.asks) == (bids, asks)
    assert (second.bids, second.asks) == (bids, asks)


@pytest.mark.parametrize(
    "levels", [[["0.4700"]], [["0.4700", "3.00", "x"]], [[0.47, "3.00"]], [["0.47", 3]], None]
)
def test_a_level_of_another_shape_is_garbled(levels: object) -> None:
    with pytest.raises(WireGarbled):
        read(OneBook, {"orderbook_fp": {"yes_dollars": levels, "no_dollars": []}})


def test_a_book_without_one_of_its_sides_is_garbled_over_rest() -> None:
    with pytest.raises(WireGarbled, match="no_dollars"):
        read(OneBook, {"orderbook_fp": {"yes_dollars": []}})


def test_a_print_is_read_by_the_takers_side() -> None:
    trade = read(VenueTrade, bodies.TRADE)

    assert (trade.price_pips, trade.count_centi, trade.taker_side) == (3_600, 13_600, "ask")
