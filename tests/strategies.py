"""Hypothesis strategies for our values: one per type, named after it in the plural."""

from hypothesis import strategies as st

from actors.model.book import Book, Level
from actors.model.fees import FEE_RULES, RATES, FeeSchedule, MemberClass
from actors.model.limits import Limits
from actors.model.matching import Incoming, SelfTrade
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, OrderRequest, Side, Ticker, TimeInForce
from actors.model.score import GoalKey, MatchId, Score

pips = st.integers(1, 9_999).map(Pips)
"""Any price a market can have."""

cent_pips = st.integers(1, 99).map(lambda cents: Pips(cents * 100))
"""Prices of a market with whole-cent ticks."""

centi_contracts = st.integers(1, 100_000).map(CentiContracts)
"""Any count of an order or a fill."""

micro_dollars = st.integers(0, 10_000_000_000).map(MicroDollars)
"""Amounts that are not negative."""

sides: st.SearchStrategy[Side] = st.sampled_from(("bid", "ask"))

times_in_force: st.SearchStrategy[TimeInForce] = st.sampled_from(
    ("immediate_or_cancel", "fill_or_kill", "good_till_canceled")
)

self_trades: st.SearchStrategy[SelfTrade] = st.sampled_from(("taker_at_cross", "maker"))

member_classes: st.SearchStrategy[MemberClass] = st.sampled_from(("direct", "fcm"))

tickers = st.sampled_from(("KXGAME-A", "KXGAME-B", "KXGAME-TIE")).map(Ticker)

match_ids = st.sampled_from(("KXGAME-1", "KXGAME-2")).map(MatchId)

scores = st.builds(Score, st.integers(0, 9), st.integers(0, 9))

goal_keys = st.builds(
    GoalKey,
    match=match_ids,
    generation=st.integers(0, 5),
    state=scores.map(lambda score: score.text),
)

levels = st.builds(Level, price_pips=pips, count_centi=centi_contracts)

price_levels = st.dictionaries(pips, centi_contracts, max_size=12).map(
    lambda counts: tuple(counts.items())
)
"""One side of a snapshot: distinct prices in any order."""


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Any whole book: no side crosses the other."""
    counts = dict(draw(price_levels))
    asks_from = draw(pips)
    book = Book()
    book.replace(
        [(price, count) for price, count in counts.items() if price < asks_from],
        [(price, count) for price, count in counts.items() if price >= asks_from],
    )
    return book


@st.composite
def incomings(draw: st.DrawFn, *, owners: tuple[str, ...] = ("us", "them", "other")) -> Incoming:
    """Any order for a matching engine, at prices close enough together to meet often.

    All carry one id; whoever submits several names them.
    """
    # Half of them rest for sure, or there would be nothing to meet.
    time_in_force: TimeInForce = (
        "good_till_canceled" if draw(st.booleans()) else draw(times_in_force)
    )
    return Incoming(
        order_id="unnamed",
        owner=draw(st.sampled_from(owners)),
        side=draw(sides),
        price_pips=Pips(draw(st.integers(48, 52)) * 100),
        count_centi=CentiContracts(draw(st.integers(1, 600))),
        time_in_force=time_in_force,
        post_only=draw(st.booleans()) and time_in_force == "good_till_canceled",
        reduce_cap_centi=draw(
            st.none() | st.integers(0, 600).map(CentiContracts)
            if time_in_force == "immediate_or_cancel"
            else st.none()
        ),
        self_trade=draw(self_trades),
    )


order_requests = st.builds(
    OrderRequest,
    client_order_id=st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26),
    ticker=tickers,
    side=sides,
    price_pips=pips,
    count_centi=centi_contracts,
    time_in_force=times_in_force,
    reduce_only=st.booleans(),
    expires_s=st.sampled_from((0, 1_798_761_600)),
    exchange_index=st.integers(0, 3),
)

fills = st.builds(
    Fill,
    trade_id=st.uuids().map(str),
    order_id=st.uuids().map(str),
    ticker=tickers,
    side=sides,
    price_pips=pips,
    count_centi=centi_contracts,
    fee_micros=st.integers(0, 2_000_000).map(MicroDollars),
    is_taker=st.booleans(),
    exchange_index=st.just(0),
    venue_ts_ms=st.integers(1_790_000_000_000, 1_800_000_000_000),
)

fee_schedules = st.builds(
    FeeSchedule,
    rule=st.sampled_from(FEE_RULES),
    rates=st.sampled_from(tuple(RATES.values())),
    multiplier_ppm=st.sampled_from((0, 1, 333_333, 500_000, 1_000_000, 2_000_000)),
    member=member_classes,
)

limits = st.builds(
    Limits,
    order_count_centi=st.integers(1, 10_000).map(CentiContracts),
    order_notional_micros=st.integers(1, 1_000).map(MicroDollars),
    market_micros=st.integers(1, 2_000).map(MicroDollars),
    match_micros=st.integers(1, 3_000).map(MicroDollars),
    shard_micros=st.integers(1, 3_500).map(MicroDollars),
    day_micros=st.integers(1, 5_000).map(MicroDollars),
    account_micros=st.integers(1, 4_000).map(MicroDollars),
)
"""Small budgets, so that short histories run into every one of them."""
