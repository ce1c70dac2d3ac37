"""The trading actors and what they share, put together once for a run.

The tree owns everything made here: a restarted actor finds its mailbox, the desk,
the books and the connections as its predecessor left them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import attrs

from actors.config.profile import Profile
from actors.config.sheet import Sheet
from actors.exchange.keys import SigningKey
from actors.exchange.orders import OrderConnection, OrderPool, order_tail
from actors.exchange.signing import HeaderRing, Signer
from actors.exchange.wire_orders import encode_order
from actors.messages.catalogue import Match
from actors.messages.codec import JournalCodec
from actors.messages.forms import intent_form
from actors.messages.records import TradingState as TradingStateRow
from actors.messages.recovered import Recovered, Relived
from actors.messages.trading import ExitPlan, Sent, ToExits
from actors.model.limits import Exposure
from actors.model.orders import OrderRequest, Ticker
from actors.model.score import SOCCER, GoalKey
from actors.model.throttle import Throttle, counted
from actors.runtime.env import Endpoint, Env
from actors.runtime.health import Health
from actors.runtime.journal import Journal
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.trader.almanac import followed
from actors.trader.bell import Bell
from actors.trader.books import Books
from actors.trader.budgets import limits_of, order_max_centi
from actors.trader.catalogue import CatalogueReader
from actors.trader.day_watch import fit
from actors.trader.desk import Desk, TradingState
from actors.trader.entry_groups import EntryGroups
from actors.trader.executor import Executor
from actors.trader.exits import Exits
from actors.trader.fire import Fire
from actors.trader.group_keeper import GroupKeeper, keeper_of_groups
from actors.trader.market_data import MarketData, stream_name
from actors.trader.market_data_books import Keeper, keeper_of
from actors.trader.market_data_compare import Comparison, comparison_of
from actors.trader.planner import FeedRecord, Planner
from actors.trader.plays import Terms
from actors.trader.reads import Reads, budget_of, clock_of, reads_of
from actors.trader.resolver import Resolver
from actors.trader.reversals import Reversals, restored_lot, reversals_of, seller_of
from actors.trader.selling import Seller
from actors.trader.signer import SignerRefresher, Stock
from actors.trader.standings import Accepted, Standings
from actors.trader.windows import Windows

EXIT_HEADER_SETS: Final = 2
"""Kept for each exit connection, apart from the entries': its order's, and the next rung's."""


@attrs.frozen(kw_only=True)
class Given:
    """What a run's trading part is made of."""

    env: Env
    profile: Profile
    sheets: Mapping[str, Sheet]
    key: SigningKey
    journal: Journal
    recovered: Recovered
    traded: frozenset[GoalKey]
    """Keys that were ever traded, as the race recalls them."""
    accepted: Accepted
    """The race's word on a match."""
    speed: float
    """Match seconds in a wall second; 1 outside the simulator."""
    to_auditor: Mailbox[object]
    cell: Callable[[str], Health]
    records: Callable[[], Sequence[FeedRecord]] = tuple
    """The race's record of every feed."""
    relived: Relived = attrs.field(factory=Relived)


@attrs.frozen(kw_only=True)
class Trading:
    """The trading actors, and what others may ask of them."""

    desk: Desk
    reads: Reads
    signer: SignerRefresher
    streams: tuple[MarketData, ...]
    """One for each connection of the stream."""
    keeper: Keeper
    comparison: Comparison | None
    groups: GroupKeeper | None
    catalogue: CatalogueReader
    planner: Planner
    executor: Executor
    exits: Exits
    reversals: Reversals
    fire: Fire
    standings: Standings
    inboxes: tuple[Mailbox[Sent], Mailbox[ToExits]]

    @property
    def market_data(self) -> MarketData:
        """The first of the stream's connections, which there always is."""
        return self.streams[0]


write: Final = partial(intent_form, JournalCodec())
"""Writes an entry's intent ahead, as the journal would."""


def encode(request: OrderRequest) -> tuple[str, bytes]:
    """Return an order's body and the end of its request on the wire."""
    body = encode_order(request)
    return body, order_tail(body)


def assemble(given: Given, day: str) -> Trading:
    """Make the trading part of a run.

    Args:
        given: What it is made of.
        day: The trading day that is being counted.
    """
    desk = _desk(given, day)
    _restore(desk, given)
    shared = _shared(given, desk)
    signer = _signer(shared)
    planner = _planner(shared)
    catalogue = _catalogue(shared)
    seller = seller_of(given, desk, encode, signer.nudge)
    fire = _fire(shared, signer)
    fit(desk, fire, given.profile, given.relived)
    keeper = keeper_of(given, desk.books, desk.clock, planner.ring_market)
    return Trading(
        desk=desk,
        reads=shared.reads,
        signer=signer,
        streams=_market_data(shared, keeper, catalogue),
        keeper=keeper,
        comparison=comparison_of(keeper, given, shared.reads.patient, shared.wanted),
        groups=keeper_of_groups(given, desk, shared.reads.groups, shared.bell.ring),
        catalogue=catalogue,
        planner=planner,
        executor=_executor(shared),
        exits=_exits(shared, seller),
        reversals=reversals_of(given, seller, shared.to_exits, planner.value_pips),
        fire=fire,
        standings=shared.standings,
        inboxes=(shared.to_executor, shared.to_exits),
    )


@attrs.frozen(kw_only=True)
class _Shared:
    """What more than one actor holds."""

    given: Given
    desk: Desk
    sign: Signer
    reads: Reads
    resolver: Resolver
    bell: Bell
    standings: Standings
    to_executor: Mailbox[Sent]
    to_exits: Mailbox[ToExits]
    wanted: Latest[Sequence[Ticker]]
    """The markets whose books are followed."""


def _shared(given: Given, desk: Desk) -> _Shared:
    env, profile = given.env, given.profile
    sign = Signer(env=env, key_id=profile.key.id, key=given.key)
    reads = reads_of(env, profile, sign, desk, to_auditor=given.to_auditor, cell=given.cell)
    bell = Bell()
    return _Shared(
        given=given,
        desk=desk,
        sign=sign,
        reads=reads,
        resolver=Resolver(
            env=env, rest=reads.urgent, on_trouble=desk.state.halt, on_known=desk.state.clear
        ),
        bell=bell,
        standings=Standings(accepted=given.accepted, on_change=bell.ring),
        # Full means that their reader is dead: a fault, never a loss.
        to_executor=Mailbox("executor", 256),
        to_exits=Mailbox("exits", 256),
        wanted=Latest(()),
    )


def _signer(shared: _Shared) -> SignerRefresher:
    given, desk = shared.given, shared.desk
    return SignerRefresher(
        env=given.env,
        sign=shared.sign,
        stocks=(
            Stock(ring=desk.exit_headers, depth=desk.exit_headers.capacity),
            Stock(ring=desk.entry_headers, depth=given.profile.orders.header_sets),
        ),
        refresh_s=given.profile.orders.refresh_s,
        health=given.cell("signer"),
    )


def _planner(shared: _Shared) -> Planner:
    given, profile = shared.given, shared.given.profile
    return Planner(
        env=given.env,
        desk=shared.desk,
        bell=shared.bell,
        standing=shared.standings.get,
        policy=SOCCER,
        terms=Terms(
            account=profile.account,
            settings=profile.plays,
            gates=profile.gates,
            order_max_centi=order_max_centi(profile.limits),
            member=profile.venue.member,
            encode=encode,
            write=write,
            give_up=profile.exits.give_up,
            take_profit=profile.exits.take_profit,
            stop=profile.exits.stop,
            group=shared.desk.groups.of,
        ),
        settles_on={name: sheet.settles_on for name, sheet in given.sheets.items()},
        records=given.records,
        triggers=[feed.name for feed in profile.feeds if feed.role == "trigger"],
        speed=given.speed,
        too_late=Windows(given.sheets, shared.desk.delays).is_over,
    )


def _catalogue(shared: _Shared) -> CatalogueReader:
    given, settings = shared.given, shared.given.profile.catalogue
    return CatalogueReader(
        env=given.env,
        rest=shared.reads.patient,
        series=settings.series,
        sheets=given.sheets,
        poll_s=settings.poll_s,
        latest=shared.desk.catalogue,
        to_auditor=given.to_auditor,
        on_change=_Followers(shared.desk, shared.wanted, shared.bell).hear,
        health=given.cell("catalogue"),
    )


def _market_data(
    shared: _Shared, keeper: Keeper, catalogue: CatalogueReader
) -> tuple[MarketData, ...]:
    given = shared.given
    first = MarketData(
        env=given.env,
        desk=shared.desk,
        rest=shared.reads.patient,
        sign=shared.sign,
        url=given.profile.venue.ws,
        ca_file=given.profile.venue.ca_file or None,
        wanted=shared.wanted,
        to_auditor=given.to_auditor,
        keeper=keeper,
        on_lifecycle=catalogue.nudge,
        concerns=catalogue.concerns,
        health=given.cell(stream_name(0)),
    )
    return first.beside(given.cell)


def _executor(shared: _Shared) -> Executor:
    given = shared.given
    return Executor(
        env=given.env,
        desk=shared.desk,
        pool=shared.desk.entries,
        inbox=shared.to_executor,
        to_exits=shared.to_exits,
        to_auditor=given.to_auditor,
        resolver=shared.resolver,
        response_s=given.profile.orders.response_s,
    )


def _exits(shared: _Shared, seller: Seller) -> Exits:
    given, desk = shared.given, shared.desk
    return Exits(
        env=given.env,
        desk=desk,
        pool=desk.exits,
        headers=desk.exit_headers,
        inbox=shared.to_exits,
        to_auditor=given.to_auditor,
        resolver=shared.resolver,
        rest=shared.reads.urgent,
        settings=given.profile.exits,
        seller=seller,
        response_s=given.profile.orders.response_s,
    )


def _fire(shared: _Shared, signer: SignerRefresher) -> Fire:
    given, profile = shared.given, shared.given.profile
    return Fire(
        env=given.env,
        journal=given.journal,
        desk=shared.desk,
        gates=profile.gates,
        exit_after_ns=int(profile.exits.after_match_s / given.speed * 1e9),
        order_max_centi=order_max_centi(profile.limits),
        to_executor=shared.to_executor,
        to_exits=shared.to_exits,
        to_auditor=given.to_auditor,
        on_used=signer.nudge,
    )


@attrs.frozen
class _Followers:
    """What follows from a match's change: which books are wanted, what is at stake, plays."""

    desk: Desk
    wanted: Latest[Sequence[Ticker]]
    bell: Bell

    def hear(self, match: Match) -> None:
        """Take a match that is new or has changed."""
        tickers = followed(self.desk.catalogue.value)
        if tickers != tuple(self.wanted.value):
            self.wanted.set(tickers)
        if match.stage == "SETTLED":
            for market in match.markets:
                self.desk.exposure.settle_market(market.ticker)
        self.bell.ring(match.match)


def _desk(given: Given, day: str) -> Desk:
    profile, env, to_auditor = given.profile, given.env, given.to_auditor
    lines = profile.orders.exit_connections

    def say(state: str, reason: str) -> None:
        to_auditor.post(TradingStateRow(state=state, reason=reason, at_ns=env.now_ns()))

    return Desk(
        state=TradingState(on_change=say, now_ns=env.now_ns),
        exposure=Exposure(
            limits_of(profile.limits),
            day=day,
            entries=given.recovered.entries,
        ),
        entries=_lines(given, "entries", profile.orders.entry_connections),
        exits=_lines(given, "exits", lines),
        entry_headers=HeaderRing(capacity=profile.orders.header_sets),
        exit_headers=HeaderRing(capacity=lines * EXIT_HEADER_SETS),
        clock=clock_of(profile.clock),
        budget=budget_of(profile.tokens),
        throttle=Throttle(
            profile.throttle, counted(entry.match for entry in given.recovered.entries)
        ),
        books=Books(old_ns=profile.gates.book_age_ms * 1_000_000),
        groups=EntryGroups(contracts=profile.risk.group_contracts),
    )


def _lines(given: Given, name: str, count: int) -> OrderPool:
    venue = given.profile.venue
    endpoint = Endpoint.parse(venue.orders or venue.rest, venue.ca_file or None)
    connections = [OrderConnection(env=given.env, endpoint=endpoint, index=i) for i in range(count)]
    return OrderPool(connections, name=name, keep_warm_s=given.profile.orders.keep_warm_s)


def _restore(desk: Desk, given: Given) -> None:
    """Take up what the journal says was left open; entries stay closed until reconciled."""
    recovered, now_ns, wall_ns = given.recovered, given.env.now_ns(), given.env.wall_ns()

    def due(plan: ExitPlan) -> ExitPlan:
        # The clock that the plan was made on ended with its process; the wall clock did not.
        return attrs.evolve(plan, due_ns=now_ns + max(0, plan.due_wall_ns - wall_ns))

    desk.traded.update(given.traded)
    for plan in recovered.plans:
        desk.plans[plan.entry_client_order_id] = due(plan)
    for lot in recovered.lots:
        entry = lot.plan.entry_client_order_id
        desk.lots[entry] = restored_lot(lot, due(lot.plan), given.profile.review)
    for sent in recovered.unresolved:
        # Its instant, on this process's clock: what was sent long ago can no longer arrive.
        ago_ns = wall_ns - recovered.sent_wall_ns[sent.client_order_id]
        desk.inflight.add(attrs.evolve(sent, sent_ns=now_ns - ago_ns))
    for name, _, why in (halt.partition(": ") for halt in recovered.halts):
        desk.state.halt(name, why)
    desk.state.halt("boot", "not reconciled yet")
