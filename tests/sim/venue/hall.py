"""A venue with one event of two markets, two accounts and a clock that the test moves."""

import random
from collections.abc import Callable
from fractions import Fraction

import attrs

from actors.model.matching import SelfTrade
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import (
    LINEAR_CENT,
    EventTerms,
    GridRange,
    MarketTerms,
    MilestoneTerms,
    SeriesTerms,
    Verdict,
)
from actors.sim.venue.order_entry import Created
from actors.sim.venue.refusals import Refused

START_US = 1_790_000_000_000_000
SERIES = "KXWCGAME"
EVENT = "KXWCGAME-26JUN15IRINZL"
HOME = Ticker(f"{EVENT}-IRI")
AWAY = Ticker(f"{EVENT}-NZL")
SECOND = 1_000_000
RICH_MICROS = 1_000_000_000
TEAM = "9f1c0f6e-0000-4000-a000-000000000001"


@attrs.define
class Clock:
    now_us: int = START_US

    def __call__(self) -> int:
        return self.now_us

    def pass_s(self, seconds: float) -> None:
        self.now_us += round(seconds * SECOND)


@attrs.define
class Hall:
    venue: Venue
    clock: Clock

    def create(self, account: str, request: CreateOrder) -> Created:
        outcome = self.venue.create_order(account, request)
        assert isinstance(outcome, Created), outcome
        return outcome

    def refusal(self, account: str, request: CreateOrder) -> Refused:
        outcome = self.venue.create_order(account, request)
        assert isinstance(outcome, Refused), outcome
        return outcome

    def cash(self, account: str, shard: int = 0) -> int:
        return self.venue.floor.account(account).cash(shard)

    def settle(
        self, ticker: str, verdict: Verdict = "yes", value_micros: int | None = None
    ) -> None:
        self.venue.close_market(ticker)
        self.venue.determine(ticker, verdict, value_micros)
        self.clock.pass_s(0.5)
        self.venue.advance()

    def money(self) -> int:
        """All the money there is: cash, the dollars behind open pairs, the house's share."""
        floor = self.venue.floor
        cash = sum(
            sum(part.cash_micros.values())
            for each in floor.accounts.values()
            for part in each.parts()
        )
        pairs = sum(10_000 * each.open_interest_centi for each in floor.markets.values())
        return cash + pairs + floor.house_micros


def market_terms(
    ticker: Ticker, ranges: tuple[GridRange, ...] = LINEAR_CENT, start_us: int = START_US
) -> MarketTerms:
    return MarketTerms(
        ticker=ticker,
        event_ticker=EVENT,
        title=f"Will {ticker[-3:]} win?",
        yes_sub_title=ticker[-3:],
        open_us=start_us - SECOND,
        close_us=start_us + 7200 * SECOND,
        expected_expiration_us=start_us + 7200 * SECOND,
        latest_expiration_us=start_us + 86_400 * SECOND,
        occurrence_us=start_us,
        settles_after_us=SECOND // 2,
        price_ranges=ranges,
        custom_strike={"soccer_team": TEAM},
    )


def open_hall(
    *,
    fee_type: str = "quadratic",
    multiplier: Fraction = Fraction(1),
    shard: int = 0,
    cash_micros: int = RICH_MICROS,
    ranges: tuple[GridRange, ...] = LINEAR_CENT,
    read_lag_us: int = 0,
    seed: int = 1,
    now_us: Callable[[], int] | None = None,
) -> Hall:
    """Open one; its clock stands still unless another is given."""
    clock = Clock()
    venue = Venue(now_us=now_us or clock, rng=random.Random(seed), read_lag_us=read_lag_us)
    venue.open_account("us", {shard: cash_micros}, on_record=True)
    venue.open_account("maker", {shard: RICH_MICROS})
    venue.list_series(
        SeriesTerms(ticker=SERIES, title="Cup", fee_type=fee_type, fee_multiplier=multiplier)
    )
    venue.list_event(
        EventTerms(
            event_ticker=EVENT,
            series_ticker=SERIES,
            title="IRI v NZL",
            sub_title="Jun 15",
            exchange_index=shard,
        )
    )
    for ticker in (HOME, AWAY):
        venue.list_market(market_terms(ticker, ranges, venue.now_us()))
    venue.list_milestone(
        MilestoneTerms(
            milestone_id="6b1f3c58-0000-4000-a000-000000000002",
            title="IRI v NZL",
            start_us=venue.now_us(),
            related_event_tickers=(EVENT,),
            source_ids={"provider": "12345678901"},
            details={"home_team_id": TEAM},
        )
    )
    return Hall(venue, clock)


def order(
    side: Side,
    price_pips: int,
    count_centi: int,
    *,
    ticker: Ticker = HOME,
    time_in_force: TimeInForce = "immediate_or_cancel",
    client_order_id: str = "",
    self_trade: SelfTrade = "taker_at_cross",
    reduce_only: bool = False,
    post_only: bool = False,
    cancel_on_pause: bool = False,
    expires_us: int | None = None,
    exchange_index: int | None = None,
) -> CreateOrder:
    return CreateOrder(
        ticker=ticker,
        side=side,
        price_pips=Pips(price_pips),
        count_centi=CentiContracts(count_centi),
        time_in_force=time_in_force,
        client_order_id=client_order_id,
        self_trade=self_trade,
        reduce_only=reduce_only,
        post_only=post_only,
        cancel_on_pause=cancel_on_pause,
        expires_us=expires_us,
        exchange_index=exchange_index,
    )


def quote(side: Side, price_pips: int, count_centi: int, ticker: Ticker = HOME) -> CreateOrder:
    """An order that rests."""
    return order(side, price_pips, count_centi, ticker=ticker, time_in_force="good_till_canceled")
