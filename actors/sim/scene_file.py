"""A scene as a person writes it: TOML, money and prices as texts in dollars. Pure."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import attrs

from actors.model.money import CentiContracts, Pips, parse_centi, parse_micros, parse_pips
from actors.model.orders import Side, Ticker
from actors.sim.bystanders import BETTOR, QUOTER
from actors.sim.errors import BadStage
from actors.sim.fault_file import read_plan
from actors.sim.scene import (
    DAY_S,
    HOUSE,
    Scene,
    SceneAccount,
    SceneLevel,
    SceneMarket,
    SceneMilestone,
)
from actors.sim.scene_calendar import can_be_taken, read_exchange, read_steps
from actors.sim.tables import Table
from actors.sim.venue.fees import fee_terms
from actors.sim.venue.latency import PROFILES
from actors.sim.venue.listing import EventTerms, SeriesTerms
from actors.sim.venue.price_grids import GRIDS, grid
from actors.sim.venue.rates import TIERS, Tier

RESERVED: Final = frozenset({HOUSE, QUOTER, BETTOR})
MOST_SHARD: Final = 63
HOUR_MS: Final = 3_600_000.0
MOST_SEED: Final = 2**63 - 1
MOST_MULTIPLIER: Final = 10
NO_TIER: Final = "unlimited"
KNOWN_TIERS: Final[Mapping[str, Tier]] = {tier: tier for tier in TIERS}
YEAR_S: Final = 366 * DAY_S


def read_scene(values: object) -> Scene:
    """Return the scene that a file's content describes.

    Raises:
        BadStage: It describes none; with the field's name.
    """
    top = Table(values)
    venue = top.table("venue")
    series = tuple(map(_series, top.tables("series")))
    shards = {each.ticker: each.exchange_index for each in series}
    events = tuple(_event(table, shards) for table in top.tables("events"))
    week, maintenance = read_exchange(top.table("exchange"))
    scene = Scene(
        series=series,
        events=events,
        markets=tuple(map(_market, top.tables("markets"))),
        accounts=tuple(map(_account, top.tables("accounts"))),
        milestones=tuple(map(_milestone, top.tables("milestones"))),
        agents=venue.flag("agents", default=True),
        tier=_tier(venue, "basic"),
        latency=venue.one_of("latency", "none", PROFILES),
        read_lag_ms=venue.number("read_lag_ms", 250.0, 0, HOUR_MS),
        faults=read_plan(top.table("faults")),
        week=week,
        maintenance=maintenance,
        steps=read_steps(top.tables("steps")),
        seed=venue.integer("seed", 1, 0, MOST_SEED),
    )
    venue.done()
    top.done()
    _is_whole(scene)
    return scene


def _series(table: Table) -> SeriesTerms:
    fee_type = table.text("fee_type", "quadratic")
    multiplier = table.read("fee_multiplier", "1", _multiplier)
    try:
        fee_terms(fee_type, multiplier)
    except ValueError as error:
        raise BadStage(f"{table.at('fee_type')}: {error}") from error
    terms = SeriesTerms(
        ticker=table.text("ticker"),
        title=table.text("title", table.text("ticker")),
        category=table.text("category", "Sports"),
        tags=tuple(str(tag) for tag in table.rows("tags")),
        fee_type=fee_type,
        fee_multiplier=multiplier,
        exchange_index=table.integer("shard", 0, 0, MOST_SHARD),
    )
    table.done()
    return terms


def _event(table: Table, shards: Mapping[str, int]) -> EventTerms:
    series = table.text("series")
    terms = EventTerms(
        event_ticker=table.text("ticker"),
        series_ticker=series,
        title=table.text("title", table.text("ticker")),
        sub_title=table.text("sub_title", ""),
        mutually_exclusive=table.flag("exclusive", default=True),
        exchange_index=table.integer("shard", shards.get(series, 0), 0, MOST_SHARD),
    )
    table.done()
    return terms


def _market(table: Table) -> SceneMarket:
    ticker = table.text("ticker")
    begins_s = table.number("in_play_in_s", 0.0, -YEAR_S, YEAR_S)
    fair_pips = table.read("fair", "0.5000", parse_pips)
    structures = {name: name for name in GRIDS}
    market = SceneMarket(
        ticker=Ticker(ticker),
        event_ticker=table.text("event"),
        title=table.text("title", ticker),
        name=table.text("name", ticker.rpartition("-")[2]),
        structure=table.one_of("structure", "linear_cent", structures),
        opens_in_s=table.number("opens_in_s", 0.0, -YEAR_S, YEAR_S),
        closes_in_s=table.number("closes_in_s", DAY_S, 0, YEAR_S),
        in_play_in_s=begins_s if table.has("in_play_in_s") else None,
        settles_after_s=table.number("settles_after_s", 60.0, 0, DAY_S),
        fair_pips=fair_pips if table.has("fair") else None,
        book=(*_levels(table, "bids", "bid"), *_levels(table, "asks", "ask")),
    )
    table.done()
    if market.opens_in_s >= market.closes_in_s:
        raise BadStage(f"{table.at('closes_in_s')}: it closes before it opens")
    return market


def _levels(table: Table, name: str, side: Side) -> list[SceneLevel]:
    levels: list[SceneLevel] = []
    for number, row in enumerate(table.rows(name)):
        where = f"{table.at(name)}[{number}]"
        match row:
            case [str(price), str(count)]:
                pass
            case _:
                raise BadStage(f'{where}: a price and a count are wanted, as ["0.4700", "3.00"]')
        try:
            levels.append(SceneLevel(side, *_level(price, count)))
        except ValueError as error:
            raise BadStage(f"{where}: {error}") from error
    return levels


def _level(price: str, count: str) -> tuple[Pips, CentiContracts]:
    level = parse_pips(price), parse_centi(count)
    if not 0 < level[0] < parse_pips("1") or level[1] <= 0:
        raise ValueError("the price is between 0 and 1, the count above 0")
    return level


def _milestone(table: Table) -> SceneMilestone:
    events = table.rows("events")
    milestone = SceneMilestone(
        milestone_id=table.text("id"),
        title=table.text("title", table.text("id")),
        event_tickers=tuple(str(event) for event in events),
        starts_in_s=table.number("starts_in_s", 0.0, -YEAR_S, YEAR_S),
        category=table.text("category", "Sports"),
        type=table.text("type", "soccer_tournament_multi_leg"),
        source_ids=_pairs(table.table("source_ids")),
        details=_pairs(table.table("details")),
    )
    table.done()
    return milestone


def _pairs(table: Table) -> tuple[tuple[str, str], ...]:
    return tuple((name, table.text(name)) for name in table.names())


def _account(table: Table) -> SceneAccount:
    cash = table.table("cash")
    funded: dict[int, int] = {}
    for name in cash.names():
        if not (name.isascii() and name.isdecimal() and int(name) <= MOST_SHARD):
            raise BadStage(f"{cash.at(name)}: a shard from 0 to {MOST_SHARD} is wanted")
        amount = cash.read(name, None, parse_micros)
        if amount < 0 or amount % 100:
            raise BadStage(f"{cash.at(name)}: cash is counted in $0.0001 and never below 0")
        funded[int(name)] = amount
    account = SceneAccount(
        name=table.text("name"),
        cash_micros=tuple(sorted(funded.items())),
        tier=_tier(table, NO_TIER),
    )
    table.done()
    return account


def _tier(table: Table, default: str) -> Tier | None:
    if table.text("tier", default) == NO_TIER:
        return None
    return table.one_of("tier", default, KNOWN_TIERS)


def _is_whole(scene: Scene) -> None:
    """Refuse what refers to nothing, is there twice, or could not be traded by anybody."""
    series = _unique("series", [each.ticker for each in scene.series])
    events = _unique("events", [each.event_ticker for each in scene.events])
    markets = _unique("markets", [each.ticker for each in scene.markets])
    names = _unique("accounts", [each.name for each in scene.accounts])
    if names & RESERVED:
        raise BadStage(f"accounts: the venue itself has {', '.join(sorted(names & RESERVED))}")
    if not scene.accounts:
        raise BadStage("accounts: nobody has a key")
    for event in scene.events:
        if event.series_ticker not in series:
            raise BadStage(f"events: {event.event_ticker} is of no series listed")
    for market in scene.markets:
        if market.event_ticker not in events:
            raise BadStage(f"markets: {market.ticker} is of no event listed")
        _has_a_book(market)
    _refers_to_events(scene.milestones, events)
    for change in scene.faults.regrids:
        if change.ticker not in markets:
            raise BadStage(f"faults.regrids: no market {change.ticker}")
    can_be_taken(scene.steps, {market.ticker: market for market in scene.markets})


def _refers_to_events(milestones: tuple[SceneMilestone, ...], events: frozenset[str]) -> None:
    _unique("milestones", [each.milestone_id for each in milestones])
    for milestone in milestones:
        if not events.issuperset(milestone.event_tickers):
            raise BadStage(f"milestones: {milestone.milestone_id} is about an event not listed")


def _has_a_book(market: SceneMarket) -> None:
    """Refuse a first book that could not stand when the venue opens."""
    ranges = grid(market.structure)
    if not all(any(each.holds(level.price_pips) for each in ranges) for level in market.book):
        raise BadStage(f"markets: a level of {market.ticker} is off its grid")
    bids = [level.price_pips for level in market.book if level.side == "bid"]
    asks = [level.price_pips for level in market.book if level.side == "ask"]
    if bids and asks and max(bids) >= min(asks):
        raise BadStage(f"markets: the book of {market.ticker} is crossed")
    if market.book and market.opens_in_s > 0:
        raise BadStage(f"markets: {market.ticker} has a book before it opens")


def _multiplier(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except ZeroDivisionError:
        raise ValueError(f"no number: {text}") from None
    if not 0 <= value <= MOST_MULTIPLIER:
        raise ValueError(f"not between 0 and {MOST_MULTIPLIER}: {text}")
    return value


def _unique(what: str, names: list[str]) -> frozenset[str]:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise BadStage(f"{what}: {twice[0]} is there twice")
    return frozenset(names)


def with_faults(scene: Scene, values: object) -> Scene:
    """Return ``scene`` under the fault plan of another file's content.

    Raises:
        BadStage: It describes none.
    """
    changed = attrs.evolve(scene, faults=read_plan(Table(values)))
    _is_whole(changed)
    return changed
