"""Laws of how a match is listed."""

from fractions import Fraction

from actors.sim import terms
from actors.sim.listing import provider_id
from actors.sim.script import MatchScript
from tests.sim.pitch import timetable

NOW_US = 1_790_000_000_000_000
HOUR_US = 3600 * 1_000_000


def script() -> MatchScript:
    return timetable("2022-11-21").matches[0].script


def test_a_match_is_one_event_of_three_markets_that_exclude_one_another() -> None:
    event = terms.event_terms(script())
    markets = terms.market_terms(
        script(), now_us=NOW_US, kickoff_us=NOW_US + HOUR_US, settles_after_us=500_000
    )

    assert event.title == "England vs Iran"
    assert event.mutually_exclusive
    assert [market.yes_sub_title for market in markets] == ["England", "Iran", "Tie"]
    assert {market.event_ticker for market in markets} == {event.event_ticker}
    assert all(market.open_us == NOW_US < market.close_us for market in markets)
    assert all(market.settles_in_us == 500_000 for market in markets)
    assert "If England wins" in markets[0].rules_primary
    assert "is tied after 90 minutes" in markets[2].rules_primary


def test_the_series_carries_maker_fees() -> None:
    series = terms.series_terms()

    assert series.fee_type == "quadratic_with_maker_fees"
    assert series.fee_multiplier == Fraction(1)
    assert series.exchange_index == terms.SHARD == 0


def test_the_milestone_names_the_event_and_the_feeds_id_of_it() -> None:
    milestone = terms.milestone_terms(script(), kickoff_us=NOW_US)

    assert milestone.related_event_tickers == ("KXWCGAME-22NOV21ENGIRN",)
    assert milestone.source_ids == {"source_3_id": provider_id(script().match)}
    assert milestone.details["main_game_event_ticker"] == script().match
    assert milestone.start_us == NOW_US
