"""The trading actors and what they share, put together once for a run.

The tree owns everything made here: a restarted actor finds its mailbox, the desk,
the books and the connections as its predecessor left them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from actors.config.profile import Profile, Sheet
from actors.exchange.keys import SigningKey
from actors.exchange.orders import OrderConnection, OrderPool, order_tail
from actors.exchange.rest import Rest
from actors.exchange.signing import HeaderRing, Signer
from actors.exchange.wire_orders import encode_order
from actors.messages.catalogue import Match
from actors.messages.records import TradingState as TradingStateRow
from actors.messages.recovered import Recovered
from actors.messages.trading import ExitPlan, Lot, Sent
from actors.model.limits import Exposure, Limits
from actors.model.money import ONE_CONTRACT_CENTI, CentiContracts
from actors.model.orders import OrderRequest, Ticker
from actors.model.score import SOCCER, GoalKey
from actors.runtime.env import Endpoint, Env
from actors.runtime.health import Health
from actors.runtime.http import HttpClient
from actors.runtime.journal import Journal
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.trader.catalogue import CatalogueReader
from actors.trader.desk import Desk, OpenLot, TradingState
from actors.trader.executor import Executor
from actors.trader.exits import Exits
from actors.trader.fire import Fire
from actors.trader.market_data import MarketData
from actors.trader.planner import Bell, Planner
from actors.trader.plays import Terms
from actors.trader.resolver import Resolver
from actors.trader.signer import SignerRefresher, Stock
from actors.trader.standings import Accepted, Standings

EXIT_HEADER_SETS: Final = 4
"""Header sets kept for exits, apart from the entries'."""
FOLLOWED: Final = frozenset({"BOUND", "ARMED", "LIVE"})
"""Stages of a match whose books are followed."""


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


@attrs.frozen(kw_only=True)
class Trading:
    """The trading actors, and what others may ask of them."""

    desk: Desk
    rest: Rest
    signer: SignerRefresher
    market_data: MarketData
    catalogue: CatalogueReader
    planner: Planner
    executor: Executor
    exits: Exits
    fire: Fire
    standings: Standings
    inboxes: tuple[Mailbox[Sent], Mailbox[Lot]]


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
    env, profile, orders = given.env, given.profile, given.profile.orders
    sign = Signer(env=env, key_id=profile.key.id, key=given.key)
    ca_file = profile.venue.ca_file or None
    rest = Rest(http=HttpClient(env, profile.venue.rest, ca_file=ca_file), sign=sign)
    desk = _desk(given, day)
    _restore(desk, given)
    signer = SignerRefresher(
        env=env,
        sign=sign,
        stocks=(
            Stock(ring=desk.exit_headers, depth=EXIT_HEADER_SETS),
            Stock(ring=desk.entry_headers, depth=orders.header_sets),
        ),
        refresh_s=orders.refresh_s,
        health=given.cell("signer"),
    )
    bell = Bell()
    standings = Standings(accepted=given.accepted, on_change=bell.ring)
    planner = Planner(
        env=env,
        desk=desk,
        bell=bell,
        standing=standings.get,
        policy=SOCCER,
        terms=Terms(
            account=profile.account,
            settings=profile.plays,
            order_max_centi=_whole(profile.limits.order_contracts),
            member=profile.venue.member,
            encode=encode,
        ),
    )
    wanted: Latest[Sequence[Ticker]] = Latest(())
    catalogue = CatalogueReader(
        env=env,
        rest=rest,
        series=profile.catalogue.series,
        sheets=given.sheets,
        poll_s=profile.catalogue.poll_s,
        latest=desk.catalogue,
        to_auditor=given.to_auditor,
        on_change=_Followers(desk, wanted, bell).hear,
        health=given.cell("catalogue"),
    )
    market_data = MarketData(
        env=env,
        desk=desk,
        rest=rest,
        sign=sign,
        url=profile.venue.ws,
        ca_file=ca_file,
        wanted=wanted,
        to_auditor=given.to_auditor,
        on_book=planner.ring_market,
        on_lifecycle=catalogue.nudge,
        health=given.cell("market_data"),
    )
    to_executor: Mailbox[Sent] = Mailbox("executor", 256)
    to_exits: Mailbox[Lot] = Mailbox("exits", 256)
    resolver = Resolver(env=env, rest=rest, on_trouble=desk.state.halt)
    return Trading(
        desk=desk,
        rest=rest,
        signer=signer,
        market_data=market_data,
        catalogue=catalogue,
        planner=planner,
        executor=Executor(
            env=env,
            desk=desk,
            pool=desk.entries,
            inbox=to_executor,
            to_exits=to_exits,
            to_auditor=given.to_auditor,
            resolver=resolver,
            response_s=orders.response_s,
        ),
        exits=Exits(
            env=env,
            journal=given.journal,
            desk=desk,
            pool=desk.exits,
            headers=desk.exit_headers,
            inbox=to_exits,
            to_auditor=given.to_auditor,
            resolver=resolver,
            settings=profile.exits,
            account=profile.account,
            encode=encode,
            response_s=orders.response_s,
            on_used=signer.nudge,
        ),
        fire=Fire(
            env=env,
            journal=given.journal,
            desk=desk,
            gates=profile.gates,
            exits=profile.exits,
            exit_after_ns=int(profile.exits.after_match_s / given.speed * 1e9),
            order_max_centi=_whole(profile.limits.order_contracts),
            to_executor=to_executor,
            to_auditor=given.to_auditor,
            on_used=signer.nudge,
        ),
        standings=standings,
        inboxes=(to_executor, to_exits),
    )


@attrs.frozen
class _Followers:
    """What follows from a match's change: which books are wanted, what is at stake, plays."""

    desk: Desk
    wanted: Latest[Sequence[Ticker]]
    bell: Bell

    def hear(self, match: Match) -> None:
        """Take a match that is new or has changed."""
        tickers = tuple(
            market.ticker
            for followed in self.desk.catalogue.value.matches.values()
            if followed.stage in FOLLOWED
            for market in followed.markets
        )
        if tickers != tuple(self.wanted.value):
            self.wanted.set(tickers)
        if match.stage == "SETTLED":
            for market in match.markets:
                self.desk.exposure.settle_market(market.ticker)
        self.bell.ring(match.match)


def _desk(given: Given, day: str) -> Desk:
    profile, env, to_auditor = given.profile, given.env, given.to_auditor
    limits = profile.limits

    def say(state: str, reason: str) -> None:
        to_auditor.post(TradingStateRow(state=state, reason=reason, at_ns=env.now_ns()))

    return Desk(
        state=TradingState(on_change=say),
        exposure=Exposure(
            Limits(
                order_count_centi=_whole(limits.order_contracts),
                order_notional_micros=limits.order_dollars,
                market_micros=limits.market_dollars,
                match_micros=limits.match_dollars,
                day_micros=limits.day_dollars,
                account_micros=limits.account_dollars,
            ),
            day=day,
            entries=given.recovered.entries,
        ),
        entries=_lines(given, "entries", profile.orders.entry_connections),
        exits=_lines(given, "exits", 1),
        entry_headers=HeaderRing(capacity=profile.orders.header_sets),
        exit_headers=HeaderRing(capacity=EXIT_HEADER_SETS),
    )


def _lines(given: Given, name: str, count: int) -> OrderPool:
    venue = given.profile.venue
    endpoint = Endpoint.parse(venue.orders or venue.rest, venue.ca_file or None)
    connections = [OrderConnection(env=given.env, endpoint=endpoint, index=i) for i in range(count)]
    return OrderPool(connections, name=name, keep_warm_s=given.profile.orders.keep_warm_s)


def _whole(contracts: int) -> CentiContracts:
    return CentiContracts(contracts * ONE_CONTRACT_CENTI)


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
        desk.lots[lot.plan.entry_client_order_id] = OpenLot(
            plan=due(lot.plan), left_centi=lot.left_centi, attempts=lot.attempts
        )
    for sent in recovered.unresolved:
        desk.inflight.add(sent)
    desk.state.halt("boot", "not reconciled yet")
