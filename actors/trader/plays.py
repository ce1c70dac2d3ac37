"""What to do if a match reaches a state, decided before it does. Pure.

The value of each leg after a goal comes from the profile's table of bands for
now. A limit never passes the table's value less the margin, and never reaches
further than ``chase`` beyond what the book offers: a book that has heard the goal
already has moved further than that, and the order then fills nothing.
"""

from collections.abc import Callable, Sequence
from math import gcd

import attrs

from actors.config.profile import Band, Plays
from actors.messages.catalogue import LegRole, Market, Match
from actors.messages.trading import Leg, Play
from actors.model.book import Book
from actors.model.fees import FeeUnknown, MemberClass, fee_schedule
from actors.model.grid import at_least, at_most
from actors.model.money import (
    ONE_CONTRACT_CENTI,
    ONE_DOLLAR_PIPS,
    CentiContracts,
    MicroDollars,
    Pips,
)
from actors.model.orders import OrderRequest, Side, Ticker, client_order_id
from actors.model.score import GoalKey, Score, Team

Encode = Callable[[OrderRequest], tuple[str, bytes]]
"""Gives an order's body and the end of its request on the wire."""


@attrs.frozen(kw_only=True)
class Worth:
    """What a leg is worth after the goal, and on which side of it money lies."""

    market: Market
    side: Side
    value_pips: Pips
    edge_pips: int


@attrs.frozen(kw_only=True)
class Terms:
    """What every play of a run is made with."""

    account: str
    settings: Plays
    order_max_centi: CentiContracts
    member: MemberClass
    encode: Encode


def value_of_win_pips(bands: Sequence[Band], lead: int, minute: int) -> Pips:
    """Return the table's value of a win for a side ``lead`` goals ahead at ``minute``.

    Beyond the table's last lead on either side its last lead stands.
    """
    leads = {band.lead for band in bands}
    nearest = min(max(lead, min(leads)), max(leads))
    rows = [band for band in bands if band.lead == nearest and band.from_minute <= minute]
    if not rows:
        rows = [band for band in bands if band.lead == nearest]
        return min(rows, key=lambda band: band.from_minute).value
    return max(rows, key=lambda band: band.from_minute).value


def plan(
    *,
    match: Match,
    key: GoalKey,
    scorer: Team,
    after: Score,
    minute: int,
    books: Callable[[Ticker], Book | None],
    headroom_micros: Callable[[Ticker], MicroDollars],
    terms: Terms,
    now_ns: int,
    wall_ms: int,
) -> Play:
    """Return the play for one next score; without legs, and with a reason, if none is worth it.

    Args:
        match: The match, its markets and their fees.
        key: What reaching the score is called in the race.
        scorer: Who would have scored.
        after: The score that is planned for.
        minute: Of the match; 0 where it is unknown, which the table prices worst.
        books: A market's book, or ``None`` where it is not whole.
        headroom_micros: What one more order in a market may put at stake.
        terms: What every play of the run is made with.
        now_ns: Monotonic, for the audit.
        wall_ms: UTC, because fees are dated.
    """
    worths = sorted(
        _worths(match, after, minute, books, terms.settings),
        key=lambda worth: (-worth.edge_pips, worth.market.ticker),
    )[: terms.settings.legs_max]
    legs: list[Leg] = []
    left_micros = int(terms.settings.play_dollars)
    for worth in worths:
        share_micros = left_micros // (len(worths) - len(legs))
        budget_micros = min(share_micros, headroom_micros(worth.market.ticker))
        try:
            wanted = _wanted(worth, books, terms, MicroDollars(budget_micros), wall_ms)
        except FeeUnknown as unknown:
            return Play(key=key, scorer=scorer, legs=(), reason=str(unknown), planned_ns=now_ns)
        if wanted is not None:
            legs.append(_encoded(wanted, key, terms))
            left_micros -= wanted.worst_micros
    any_book = any(books(market.ticker) is not None for market in match.markets)
    reason = "" if legs else "no_edge" if any_book else "no_book"
    return Play(key=key, scorer=scorer, legs=tuple(legs), reason=reason, planned_ns=now_ns)


def _worths(
    match: Match,
    after: Score,
    minute: int,
    books: Callable[[Ticker], Book | None],
    settings: Plays,
) -> list[Worth]:
    lead = after.home - after.away
    home = value_of_win_pips(settings.bands, lead, minute)
    away = value_of_win_pips(settings.bands, -lead, minute)
    values: dict[LegRole, int] = {
        "home": home,
        "away": away,
        "draw": max(0, ONE_DOLLAR_PIPS - home - away),
    }
    found: list[Worth] = []
    for market in match.markets:
        book = books(market.ticker)
        if book is None:
            continue
        value = Pips(values[market.role])
        ask, bid = book.best_ask, book.best_bid
        if ask is not None and value > ask.price_pips:
            edge = value - ask.price_pips
            found.append(Worth(market=market, side="bid", value_pips=value, edge_pips=edge))
        if bid is not None and value < bid.price_pips:
            edge = bid.price_pips - value
            found.append(Worth(market=market, side="ask", value_pips=value, edge_pips=edge))
    return found


@attrs.frozen(kw_only=True)
class Wanted:
    """One leg, priced and sized."""

    market: Market
    side: Side
    limit_pips: Pips
    count_centi: CentiContracts
    reference_pips: Pips
    worst_micros: MicroDollars


def _wanted(
    worth: Worth,
    books: Callable[[Ticker], Book | None],
    terms: Terms,
    budget_micros: MicroDollars,
    wall_ms: int,
) -> Wanted | None:
    market, side = worth.market, worth.side
    book = books(market.ticker)
    best = None if book is None else (book.best_ask if side == "bid" else book.best_bid)
    if book is None or best is None:
        return None
    limit = _limit_pips(worth, best.price_pips, terms.settings)
    if limit is None:
        return None
    fees = fee_schedule(
        market.fees.fee_type,
        multiplier_ppm=market.fees.multiplier_ppm,
        member=terms.member,
        at_ms=wall_ms,
    )
    # Every price that the order may meet is a multiple of this.
    step = gcd(*(n for r in market.price_ranges for n in (r.start_pips, r.step_pips)))

    def worst_micros(count: int) -> MicroDollars:
        return fees.worst_cost_micros(
            side=side, limit_pips=limit, count_centi=CentiContracts(count), step_pips=Pips(step)
        )

    offered = sum(level.count_centi for level in book.reachable(side, limit))
    most = min(offered, terms.order_max_centi) // ONE_CONTRACT_CENTI
    whole = _most_affordable(most, budget_micros, worst_micros)
    if whole < 1:
        return None
    count = CentiContracts(whole * ONE_CONTRACT_CENTI)
    return Wanted(
        market=market,
        side=side,
        limit_pips=limit,
        count_centi=count,
        reference_pips=best.price_pips,
        worst_micros=worst_micros(count),
    )


def _limit_pips(worth: Worth, best_pips: Pips, settings: Plays) -> Pips | None:
    """Return the leg's limit on the grid, or ``None`` if it would not even reach the book."""
    ranges = worth.market.price_ranges
    if worth.side == "bid":
        reach = min(worth.value_pips - settings.margin, best_pips + settings.chase)
        limit = at_most(ranges, reach)
        return limit if limit is not None and limit >= best_pips else None
    reach = max(worth.value_pips + settings.margin, best_pips - settings.chase)
    limit = at_least(ranges, reach)
    return limit if limit is not None and limit <= best_pips else None


def _most_affordable(
    most: int, budget_micros: MicroDollars, worst_micros: Callable[[int], MicroDollars]
) -> int:
    """Return how many whole contracts, at most ``most``, the budget pays for at the very worst."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if worst_micros(middle * ONE_CONTRACT_CENTI) <= budget_micros:
            low = middle
        else:
            high = middle - 1
    return low


def _encoded(wanted: Wanted, key: GoalKey, terms: Terms) -> Leg:
    market = wanted.market
    identity = client_order_id(
        account=terms.account,
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=market.ticker,
        side=wanted.side,
        # One entry per market and side, whichever place it takes in the play: its id must
        # be the same after a restart that ranks the legs otherwise.
        leg=0,
        attempt=0,
    )
    body, tail = terms.encode(
        OrderRequest(
            client_order_id=identity,
            ticker=market.ticker,
            side=wanted.side,
            price_pips=wanted.limit_pips,
            count_centi=wanted.count_centi,
            exchange_index=market.exchange_index,
        )
    )
    return Leg(
        ticker=market.ticker,
        side=wanted.side,
        limit_pips=wanted.limit_pips,
        count_centi=wanted.count_centi,
        client_order_id=identity,
        exchange_index=market.exchange_index,
        reference_pips=wanted.reference_pips,
        worst_micros=wanted.worst_micros,
        body=body,
        tail=tail,
    )
