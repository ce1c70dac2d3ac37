"""What actors say to the auditor, made with few words."""

from typing import Any

import attrs

from actors.messages.catalogue import FeeTerms, LegRole, Market, Match
from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged, Judgement, Trigger
from actors.messages.records import Intent
from actors.messages.trading import Purpose, Sent
from actors.model.grid import PriceRange
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker, client_order_id
from actors.model.score import GoalKey, MatchId, Score
from actors.sim.venue.views import FillView
from tests.sim.venue.hall import AWAY, EVENT, HOME, SERIES

MATCH = MatchId(EVENT)
KEY = GoalKey(MATCH, 0, "1-0")
SECOND_NS = 1_000_000_000


def leg(ticker: Ticker, role: LegRole, shard: int = 0) -> Market:
    return Market(
        ticker=ticker,
        role=role,
        exchange_index=shard,
        price_ranges=(PriceRange(start_pips=Pips(0), end_pips=Pips(10_000), step_pips=Pips(100)),),
        fees=FeeTerms(fee_type="quadratic", multiplier_ppm=1_000_000),
    )


def the_match(**changes: Any) -> Match:  # noqa: ANN401 - a match's own fields
    made = Match(
        match=MATCH,
        series=SERIES,
        title="Iran vs New Zealand",
        home_name="Iran",
        away_name="New Zealand",
        stage="LIVE",
        markets=(leg(HOME, "home"), leg(AWAY, "away")),
        provider_ids=frozenset({"12345678901"}),
        kickoff_wall_ns=0,
    )
    return attrs.evolve(made, **changes)


def frame(
    feed: str = "alpha",
    number: int = 7,
    received_ns: int = 1_000,
    **says: Any,  # noqa: ANN401 - a report's own fields
) -> FeedEvent:
    made = FeedEvent(
        feed=feed,
        epoch=1,
        frame_no=number,
        kind="score",
        feed_match="f1",
        score=Score(1, 0),
        received_ns=received_ns,
        received_wall_ns=43_391 * SECOND_NS,
        decoded_ns=received_ns + 40_000,
        raw=b'{"score":"1-0"}',
    )
    return attrs.evolve(made, **says)


def trigger(key: GoalKey = KEY, report: FeedEvent | None = None) -> Trigger:
    report = report or frame()
    return Trigger(
        key=key,
        scorer="home",
        score=Score(1, 0),
        report=report,
        fresh_feeds=4,
        judged_ns=report.received_ns + 60_000,
    )


def judged(
    judgement: Judgement,
    report: FeedEvent | None = None,
    key: GoalKey | None = KEY,
    **says: Any,  # noqa: ANN401 - a judgement's own fields
) -> Judged:
    report = report or frame()
    made = Judged(
        report=report, judgement=judgement, key=key, judged_ns=report.received_ns + 60_000
    )
    return attrs.evolve(made, **says)


def sent_of(
    intent: Intent, seq: int, *, at_ns: int = 2_000_000, won: Trigger | None = None
) -> Sent:
    purpose: Purpose = "entry" if intent.purpose == "entry" else "exit"
    return Sent(
        trigger=won,
        key=GoalKey(MatchId(intent.match), intent.generation, intent.state),
        purpose=purpose,
        entry_client_order_id=intent.entry_client_order_id,
        connection=0,
        client_order_id=intent.client_order_id,
        ticker=Ticker(intent.ticker),
        side="bid" if intent.side == "bid" else "ask",
        limit_pips=Pips(intent.limit_pips),
        count_centi=CentiContracts(intent.count_centi),
        exchange_index=intent.exchange_index,
        worst_micros=MicroDollars(intent.worst_micros),
        intent_seq=seq,
        gated_ns=at_ns - 3_000,
        intent_ns=at_ns - 2_000,
        sent_ns=at_ns,
        unsent_bytes=0,
    )


def intent_of(
    side: Side,
    price_pips: int,
    count_centi: int,
    *,
    ticker: Ticker = HOME,
    key: GoalKey = KEY,
    entry: str = "",
    attempt: int = 0,
) -> Intent:
    made = client_order_id(
        account="account",
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=ticker,
        side=side,
        leg=0,
        attempt=attempt,
    )
    return Intent(
        client_order_id=made,
        purpose="exit" if entry else "entry",
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=ticker,
        side=side,
        limit_pips=price_pips,
        count_centi=count_centi,
        exchange_index=0,
        worst_micros=0 if entry else price_pips * count_centi,
        feed="" if entry else "alpha",
        epoch=0 if entry else 1,
        frame_no=0 if entry else 7,
        exit_due_wall_ns=0 if entry else 90 * SECOND_NS,
        exit_floor_pips=100,
        entry_client_order_id=entry,
        body="{}",
    )


def fill_of(view: FillView) -> Fill:
    return Fill(
        trade_id=view.trade_id,
        order_id=view.order_id,
        ticker=view.ticker,
        side=view.side,
        price_pips=Pips(view.price_pips),
        count_centi=CentiContracts(view.count_centi),
        fee_micros=MicroDollars(view.fee_micros),
        is_taker=view.is_taker,
        exchange_index=view.exchange_index,
        venue_ts_ms=view.now_us // 1_000,
    )
