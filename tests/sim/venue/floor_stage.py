"""The stage on which the rows of ``floor.py`` are played: a venue on a real socket, and a client.

Words that begin with ``$`` are made when a row asks for them, anew for each row.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from fractions import Fraction
from functools import partial
from types import ModuleType
from typing import Any, Final, cast

import attrs
import h11
import msgspec
import pytest
import trio

from actors.model.orders import Ticker
from actors.runtime.env import RealEnv
from actors.sim.venue import admission, group_desk
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.faults import CALM, FaultPlan, RequestFaults, StormKind
from actors.sim.venue.listing import EventTerms
from actors.sim.venue.order_entry import Created
from actors.sim.venue.order_groups import OrderGroup
from actors.sim.venue.rates import ANONYMOUS, Charge, Tier, limits_of
from actors.sim.venue.rest import Rest
from actors.sim.venue.routes import ROOT, Route
from actors.sim.venue.treasury import Transfer
from tests.sim.venue.floor import Row
from tests.sim.venue.hall import AWAY, EVENT, HOME, SECOND, SERIES, TEAM, market_terms, order, quote
from tests.sim.venue.papers import KEY_ID, ed25519_key, headers, pem, rsa_key
from tests.sim.venue.site import Site, serving

FAR_EVENT: Final = f"{SERIES}-26JUN17FRAPAR"
FAR: Final = Ticker(f"{FAR_EVENT}-FRA")
"""A market on the other shard, where we have a dollar."""
SIDE_EVENT: Final = f"{SERIES}-26JUN18GERBEL"
CLOSED, UNOPENED, HALTED, ARCHIVED, ONE_SIDED = (
    Ticker(f"{SIDE_EVENT}-{leg}") for leg in ("CLO", "UNO", "HAL", "ARC", "ONE")
)
MILESTONE: Final = "6b1f3c58-0000-4000-a000-000000000002"
KEYS: Final = {
    "good": KEY_ID,
    "narrow": "a0000000-0000-4000-a000-000000000001",
    "locked": "a0000000-0000-4000-a000-000000000002",
    "rich": "a0000000-0000-4000-a000-000000000003",
}
NOBODY: Final = "a0000000-0000-4000-a000-000000000009"
PLACEHOLDERS: Final = {
    "ticker": "$home",
    "event_ticker": EVENT,
    "series_ticker": SERIES,
    "milestone_id": "$milestone",
    "type": "soccer_tournament_multi_leg",
    "target_id": TEAM,
    "order_id": "$resting",
    "order_group_id": "$group",
    "transfer_id": "$transfer",
    "api_key": "$spare_key",
}
ARCHIVES: Final = frozenset({"GetHistoricalMarket", "GetMarketCandlesticksHistorical"})
WORD: Final = re.compile(r"\$[a-z0-9_]+")
HOUR_S: Final = 3_600
ARRIVED_S: Final = 60.0
"""How long a transfer may take on a machine with other things to do."""


@attrs.frozen
class Answered:
    """One answer as it came."""

    method: str
    path: str
    status: int
    body: Any
    """Read as JSON; bytes if it is none."""


@attrs.define
class Stage:
    """The venue, one connection to it, and the words of the row that is being played."""

    site: Site
    routes: dict[str, Route]
    _wire: trio.abc.Stream | None = None
    _parser: h11.Connection | None = None
    _words: dict[str, object] = attrs.field(factory=dict)

    def begin(self, row: Row) -> None:
        """Make everything new for a row."""
        self._words.clear()
        assert self.site.server.meter is not None
        for account in (ANONYMOUS, "us", "maker", "spare"):
            self.site.server.meter.grant(account, cast("Tier", row.tier))

    def word(self, name: str) -> object:
        """Return what a word stands for in this row, made when it is first asked for."""
        if name not in self._words:
            self._words[name] = WORDS[name](self)
        return self._words[name]

    def filled(self, value: object) -> object:
        """Return a value of a row with its words filled in; a null is a field that is not there."""
        match value:
            case str():
                whole = WORD.fullmatch(value)
                if whole:
                    return self.word(value[1:])
                return WORD.sub(lambda found: str(self.word(found[0][1:])), value)
            case dict():
                return {k: self.filled(each) for k, each in value.items() if each is not None}
            case list():
                return [self.filled(each) for each in value]
            case _:
                return value

    def target(self, row: Row) -> tuple[str, str]:
        """Return a row's method and path."""
        method, _, path = row.route.partition(" ")
        if not row.route:
            route = self.routes[row.operation]
            method, path = route.method, route.path
        usual = PLACEHOLDERS | ({"ticker": "$archived"} if row.operation in ARCHIVES else {})
        at = usual | dict(row.path)
        return method, ROOT + re.sub(
            r"\{(\w+)\}", lambda found: str(self.filled(at[found[1]])).replace(" ", "%20"), path
        )

    async def play(self, row: Row, signature: str = "") -> Answered:
        """Ask as a row says, signed as it says or in one of the wrong ways."""
        method, path = self.target(row)
        query = self.filled(row.query)
        target = f"{path}?{query}" if query else path
        body = row.body if isinstance(row.body, bytes) else b""
        answer = None
        for _ in range(row.times):
            if row.body is not None and not isinstance(row.body, bytes):
                body = msgspec.json.encode(self.filled(row.body))
            signed = self._signed(row, signature, method, target)
            answer = await self._ask(method, target, signed, body)
        assert answer is not None
        return Answered(method, path, *answer)

    def _signed(
        self, row: Row, signature: str, method: str, target: str
    ) -> tuple[tuple[str, str], ...]:
        if row.key == "none" or signature == "without headers":
            return ()
        late_ms = {"too old": -30_000, "too far ahead": 60_000}.get(signature, 0)
        added = {"wrong": "/more", "over the query": "?limit=1"}.get(signature, "")
        pairs = headers(
            ed25519_key(),
            method,
            target.partition("?")[0] + added,
            self.site.stamp_ms() + late_ms,
            NOBODY if signature == "of an unknown key" else KEYS[row.key],
        )
        return pairs[:2] if signature == "without a signature" else pairs

    async def _ask(
        self, method: str, target: str, signed: tuple[tuple[str, str], ...], body: bytes
    ) -> tuple[int, Any]:
        if self._wire is None or self._parser is None:
            self._wire = await self.site.env.dial(self.site.endpoint)
            self._parser = h11.Connection(h11.CLIENT)
        parser, wire = self._parser, self._wire
        length = ("content-length", str(len(body)))
        head = h11.Request(method=method, target=target, headers=[("host", "v"), length, *signed])
        raw = parser.send(head)
        assert raw is not None
        await wire.send_all(raw + (parser.send(h11.Data(data=body)) or b""))
        parser.send(h11.EndOfMessage())
        status, received = 0, b""
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            match event:
                case h11.Response(status_code=code):
                    status = code
                case h11.Data(data=data):
                    received += data
                case _:
                    parser.receive_data(bytes(await wire.receive_some()))
        if parser.our_state is h11.DONE and parser.their_state is h11.DONE:
            parser.start_next_cycle()
        else:
            await self.leave()
        try:
            return status, msgspec.json.decode(received or b"{}")
        except msgspec.DecodeError:
            return status, received

    async def transferred(self) -> None:
        """Wait until the first transfer has arrived: its step takes its time."""
        transfer = self.site.hall.venue.treasury.transfers[_earliest_transfer(self)]
        with trio.fail_after(ARRIVED_S):
            while transfer.steps:  # noqa: ASYNC110 - the treasury has no event for it
                await trio.sleep(0.01)

    async def leave(self) -> None:
        """Let go of the connection."""
        if self._wire is not None:
            await trio.aclose_forcefully(self._wire)
        self._wire = self._parser = None


def _uuid(stage: Stage) -> str:
    return stage.site.hall.venue.floor.uuid()


def _rest(stage: Stage, client_order_id: str = "", *, post_only: bool = False) -> Created:
    request = attrs.evolve(
        quote("bid", 4_000, 100), client_order_id=client_order_id, post_only=post_only
    )
    return stage.site.hall.create("us", request)


def _cancelled(stage: Stage) -> Created:
    made = _rest(stage, _uuid(stage))
    stage.site.hall.venue.cancel_order("us", made.order_id)
    return made


def _killed(stage: Stage) -> str:
    name = _uuid(stage)
    request = order("bid", 4_000, 90_000, time_in_force="fill_or_kill", client_order_id=name)
    stage.site.hall.refusal("us", request)
    return name


def _executed(stage: Stage) -> str:
    stage.site.hall.create("maker", quote("ask", 5_200, 100))
    return stage.site.hall.create("us", order("bid", 5_200, 100)).order_id


def _group(stage: Stage, *, triggered: bool = False) -> str:
    groups = stage.site.hall.venue.groups
    group = groups.create("us", subaccount=0, shard=0, limit_centi=1_000)
    assert isinstance(group, OrderGroup), group
    if triggered:
        groups.trigger(group)
    return group.group_id


def _transfer(stage: Stage, client_id: str = "") -> str:
    moved = stage.site.hall.venue.treasury.move_across(
        "us", source=(0, 0), target=(0, 1), micros=10_000, client_id=client_id
    )
    assert isinstance(moved, Transfer), moved
    return client_id or moved.transfer_id


def _earliest_transfer(stage: Stage) -> str:
    return next(iter(stage.site.hall.venue.treasury.transfers))


def _spare_key(stage: Stage) -> str:
    key_id = _uuid(stage)
    stage.site.keys.add(key_id, "us", pem(ed25519_key()))
    return key_id


def _now_s(stage: Stage) -> int:
    return stage.site.hall.venue.now_us() // SECOND


WORDS: Final[dict[str, Callable[[Stage], object]]] = {
    "home": lambda _: HOME,
    "away": lambda _: AWAY,
    "far": lambda _: FAR,
    "closed": lambda _: CLOSED,
    "unopened": lambda _: UNOPENED,
    "halted": lambda _: HALTED,
    "archived": lambda _: ARCHIVED,
    "one_sided": lambda _: ONE_SIDED,
    "milestone": lambda _: MILESTONE,
    "uuid": _uuid,
    "now_s": _now_s,
    "later_s": lambda stage: _now_s(stage) + HOUR_S,
    "hour_ago_s": lambda stage: _now_s(stage) - HOUR_S,
    "resting": lambda stage: _rest(stage).order_id,
    "post_only": lambda stage: _rest(stage, post_only=True).order_id,
    "far_order": lambda stage: (
        stage.site.hall.create("us", quote("bid", 100, 100, ticker=FAR)).order_id
    ),
    "open_id": lambda stage: _rest(stage, _uuid(stage)).client_order_id,
    "cancelled": lambda stage: _cancelled(stage).order_id,
    "cancelled_id": lambda stage: _cancelled(stage).client_order_id,
    "killed_id": _killed,
    "executed": _executed,
    "group": _group,
    "triggered": lambda stage: _group(stage, triggered=True),
    "transfer": _transfer,
    "done_transfer": _earliest_transfer,
    "spent_transfer_id": lambda stage: _transfer(stage, _uuid(stage)),
    "spare_key": _spare_key,
    "pem": lambda _: pem(ed25519_key()).decode(),
    "rsa_pem": lambda _: pem(rsa_key()).decode(),
}


@contextmanager
def _paused(stage: Stage, *, exchange_active: bool) -> Iterator[None]:
    # What a row needs rests already: nothing could be placed now.
    for name in ("resting", "open_id"):
        stage.word(name)
    stage.site.hall.venue.pause_exchange(exchange_active=exchange_active, trading_active=False)
    yield
    stage.site.hall.venue.pause_exchange()


@contextmanager
def _ask_rests(stage: Stage, owner: str, price_pips: int = 5_200) -> Iterator[None]:
    made = stage.site.hall.create(owner, quote("ask", price_pips, 100))
    yield
    stage.site.hall.venue.cancel_order(owner, made.order_id)


@contextmanager
def _unattested(stage: Stage) -> Iterator[None]:
    attested = stage.site.hall.venue.floor.attested_until_us
    attested["us"] = stage.site.hall.venue.now_us() - SECOND
    yield
    del attested["us"]


@contextmanager
def _after(stage: Stage, word: str) -> Iterator[None]:
    stage.word(word)
    yield


@contextmanager
def _no_refill(stage: Stage) -> Iterator[None]:
    meter = stage.site.server.meter
    assert meter is not None
    flows, stands = meter.now_us, meter.now_us()
    meter.now_us = lambda: stands
    yield
    meter.now_us = flows


@contextmanager
def _no_common_tokens(stage: Stage) -> Iterator[None]:
    meter = stage.site.server.meter
    assert meter is not None
    with _no_refill(stage):
        assert meter.pay("us", Charge("write", limits_of("basic", "write")[1])) is None
        yield


@contextmanager
def _limited(stage: Stage, module: ModuleType, name: str) -> Iterator[None]:
    # As many as the limit allows would take minutes to make.
    stage.word("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, 0)
        yield


@contextmanager
def _fully_divided(stage: Stage) -> Iterator[None]:
    while isinstance(stage.site.hall.venue.treasury.divide("us"), int):
        pass
    yield


@contextmanager
def misfortune(stage: Stage, name: str) -> Iterator[None]:
    """Let a fault plan, or a storm, meet every request meanwhile."""
    server = stage.site.server
    if name == "rate_limited":
        server.hostility.raise_storm(cast("StormKind", name), 600)
    else:
        always = RequestFaults(**{name: 1.0})
        server.follow(FaultPlan(orders=always, reads=always))
    yield
    server.hostility.calm()
    server.follow(CALM)


SCENES: Final[dict[str, Callable[[Stage], Any]]] = {
    "": lambda stage: _after(stage, "home"),
    "trading paused": lambda stage: _paused(stage, exchange_active=True),
    "exchange paused": lambda stage: _paused(stage, exchange_active=False),
    "an ask at 0.52": lambda stage: _ask_rests(stage, "maker"),
    "an ask of our own": lambda stage: _ask_rests(stage, "us"),
    "a trade": lambda stage: _after(stage, "executed"),
    "an order": lambda stage: _after(stage, "resting"),
    "attestation expired": _unattested,
    "63 subaccounts": _fully_divided,
    "no refill": _no_refill,
    "the common bucket empty": _no_common_tokens,
    "all open orders there may be": partial(_limited, module=admission, name="OPEN_ORDERS"),
    "all order groups there may be": partial(_limited, module=group_desk, name="MOST_GROUPS"),
    **{
        name: partial(misfortune, name=name)
        for name in ("internal", "unavailable", "gateway_timeout")
    },
}
"""How the venue can stand while a row is played."""


@asynccontextmanager
async def a_stage() -> AsyncIterator[Stage]:
    """Serve a venue on a loopback socket in which every row can be played."""
    async with serving(RealEnv(1), tier="prestige") as site:
        keys, venue = site.keys, site.hall.venue
        keys.add(KEYS["narrow"], "us", pem(ed25519_key()), scopes=("write::fcm_risk",))
        keys.add(KEYS["locked"], "us", pem(ed25519_key()), subaccount=1)
        venue.open_account("spare", {0: SECOND}, on_record=True)
        keys.add(KEYS["rich"], "spare", pem(ed25519_key()))
        for ticker, shard in ((FAR_EVENT, 1), (SIDE_EVENT, 0)):
            venue.list_event(
                EventTerms(
                    event_ticker=ticker,
                    series_ticker=SERIES,
                    title="A v B",
                    sub_title="Jun 17",
                    exchange_index=shard,
                )
            )
        now_us = venue.now_us()
        for leg in (FAR, CLOSED, UNOPENED, HALTED, ARCHIVED, ONE_SIDED):
            terms = attrs.evolve(
                market_terms(leg, start_us=now_us),
                event_ticker=FAR_EVENT if leg == FAR else SIDE_EVENT,
                settles_after_us=0,
                custom_strike={},
            )
            if leg == UNOPENED:
                terms = attrs.evolve(terms, open_us=now_us + HOUR_S * SECOND)
            venue.list_market(terms)
        venue.treasury.fund("us", 1, SECOND)
        venue.treasury.divide("us")
        site.hall.create("maker", quote("ask", 6_000, 100, ticker=ARCHIVED))
        site.hall.create("us", order("bid", 6_000, 100, ticker=ARCHIVED))
        site.hall.create("us", quote("bid", 3_000, 100, ticker=ONE_SIDED))
        venue.close_market(ARCHIVED)
        venue.determine(ARCHIVED, "yes")
        venue.close_market(CLOSED)
        venue.halt_market(HALTED)
        venue.advance()
        venue.archive(venue.now_us() + 1)
        venue.report_live(MILESTONE, {"status": "live", "half": "2nd", "home_same_game_score": 0})
        venue.fees.plan_series(SERIES, now_us + HOUR_S * SECOND, "quadratic", Fraction(1))
        routes = Rest(venue, KeyRing()).routes
        stage = Stage(site, {each.operation: each for each in routes})
        _transfer(stage)
        try:
            yield stage
        finally:
            with trio.move_on_after(1, shield=True):
                await stage.leave()
