"""Laws of the venue alone: its books, keys, agents and verbs, seeded and in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker
from actors.runtime.env import Endpoint, Env
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv
from actors.sim.control import command
from actors.sim.scene import (
    Scene,
    SceneLevel,
    SceneMaintenance,
    SceneMilestone,
    SceneStep,
    first_night,
)
from actors.sim.stage import Stage
from actors.sim.venue.auth import Window
from actors.sim.venue.events import BookChanged, Traded, VenueEvent
from actors.sim.venue.faults import ClockFaults, FaultPlan
from actors.sim.venue.steps import MarketStep
from tests.sim.venue.hall import order

ENG = Ticker("KXWCGAME-26NOV22ENGCOD-ENG")
NEAR = Link(nearest_ms=0, farthest_ms=0, jitter_ms=0)


@attrs.define
class Set:
    env: Env
    stage: Stage
    urls: dict[str, Any]

    async def do(self, name: str, **given: object) -> dict[str, object]:
        endpoint = Endpoint.parse(f"http://{self.urls['control']}")
        return await command(self.env, endpoint, do=name, **given)


@asynccontextmanager
async def on_stage(scene: Scene | None = None, seed: int = 1) -> AsyncIterator[Set]:
    env = SeededEnv(seed, MemoryNetwork(seed, link=NEAR))
    env.disk.make_folder("/stage")
    stage = Stage(env=env, scene=scene or first_night(), folder="/stage", secure=False)
    async with trio.open_nursery() as nursery:
        urls = await nursery.start(stage.run)
        yield Set(env, stage, urls)
        nursery.cancel_scope.cancel()


async def test_it_says_where_it_is_and_whose_keys_open_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with on_stage() as ready:
        [key] = ready.urls["keys"]

        assert ready.urls["rest"].startswith("http://127.0.0.1:")
        assert ready.urls["ws"].endswith("/trade-api/ws/v2")
        assert (key["type"], key["account"]) == ("ed25519", "trader")
        assert ready.env.disk.read(key["pem_file"]).startswith(b"-----BEGIN PRIVATE KEY-----")


async def test_a_scenes_milestones_are_listed(autojump_clock: trio.testing.MockClock) -> None:
    milestone = SceneMilestone(
        milestone_id="m", title="t", event_tickers=("KXWCGAME-26NOV22ENGCOD",), starts_in_s=60
    )
    async with on_stage(attrs.evolve(first_night(), milestones=(milestone,))) as ready:
        terms = ready.stage.venue.floor.milestones["m"]

        assert terms.start_us == ready.env.wall_ns() // 1000 + 60_000_000


async def test_without_agents_the_books_are_the_scenes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    night = first_night()
    book = (
        SceneLevel("bid", Pips(4_700), CentiContracts(300)),
        SceneLevel("ask", Pips(5_200), CentiContracts(100)),
    )
    markets = (attrs.evolve(night.markets[0], book=book), *night.markets[1:])
    async with on_stage(attrs.evolve(night, agents=False, markets=markets)) as ready:
        await trio.sleep(60)

        depth = ready.stage.venue.book(ENG)
        assert [(level.price_pips, level.count_centi) for level in depth.bids + depth.asks] == [
            (4_700, 300),
            (5_200, 100),
        ]
        assert not ready.stage.venue.floor.tape


async def test_agents_quote_both_sides_and_trade_the_same_way_whoever_is_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    heard: list[list[tuple[str, int, int]]] = []
    for trades in (False, True):
        async with on_stage() as ready:
            venue = ready.stage.venue
            prints: list[tuple[str, int, int]] = []

            def hear(event: VenueEvent, prints: list[tuple[str, int, int]] = prints) -> None:
                if isinstance(event, Traded):
                    prints.append((event.ticker, event.price_pips, event.now_us))

            if trades:
                venue.create_order("trader", order("bid", 100, 100, ticker=ENG))
            venue.listen(hear)
            await trio.sleep(61)
            depth = venue.book(ENG)
            assert depth.bids
            assert depth.asks
            assert depth.bids[0].price_pips < depth.asks[0].price_pips
            heard.append([(ticker, price, 0) for ticker, price, _ in prints])

    assert heard[0] == heard[1]
    assert len(heard[0]) > 10


async def test_agents_leave_a_market_that_is_over(autojump_clock: trio.testing.MockClock) -> None:
    night = first_night()
    markets = tuple(attrs.evolve(each, settles_after_s=1) for each in night.markets)
    async with on_stage(attrs.evolve(night, markets=markets)) as ready:
        said = await ready.do("settle_market", ticker=ENG, result="yes")
        assert said["status"] == "determined"
        await trio.sleep(10)

        assert ready.stage.venue.market(ENG).status == "finalized"
        assert ready.stage.server.counts.faults == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"do": "settle_market", "ticker": ENG, "result": "perhaps"},
            "result: 'perhaps' is none of yes, no, scalar",
        ),
        ({"do": "halt_market", "ticker": "X"}, "no market 'X'"),
        ({"do": "pause", "what": "lunch"}, "'what' is one of trading, exchange, none"),
        ({"do": "pause", "what": "trading", "for_s": -1}, "'for_s' must be a number"),
        ({"do": "maintain"}, "'for_s' must be a number"),
        ({"do": "maintain", "for_s": 1, "stops": "lunch"}, "'stops' is one of trading, exchange"),
        ({"do": "dispute_market", "ticker": ENG}, f"{ENG} is active"),
        ({"do": "amend_market", "ticker": ENG, "result": "yes", "value": "1"}, "value: yes is"),
        ({"do": "determine_market", "ticker": ENG, "result": "scalar"}, "value: missing"),
        ({"do": "halt_market", "ticker": ENG, "result": "yes"}, "result: halt has none"),
        ({"do": "storm", "kind": "rain", "for_s": 1}, "no such storm"),
        ({"do": "storm", "kind": "frozen"}, "'for_s' must be a number"),
        ({"do": "lose", "channel": "news"}, "no such channel"),
        ({"do": "regrid", "ticker": ENG, "structure": "penny"}, "no price structure 'penny'"),
        ({"do": "faults", "plan": {"orders": {"lots": 1}}}, "plan.orders.lots: no such field"),
        ({"do": "caption", "ticker": ENG, "words": "x" * 201}, "a caption has 1 to 200"),
        ({"do": "faults"}, "plan: not a table"),
        ({"do": "tier", "account": "trader", "tier": "vip"}, "no such tier"),
    ],
)
async def test_a_verb_that_cannot_be_done_says_why(
    autojump_clock: trio.testing.MockClock, given: dict[str, object], said: str
) -> None:
    async with on_stage() as ready:
        name = str(given["do"])
        answer = await ready.do(name, **{key: value for key, value in given.items() if key != "do"})

        assert answer["ok"] is False
        assert str(answer["error"]).startswith(said)


async def test_verbs_change_what_goes_wrong_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with on_stage() as ready:
        server, stage = ready.stage.server, ready.stage
        plan = {"clock": {"skew_ms": 7000, "past_ms": 1000}, "read_lag_ms": 360}
        assert (await ready.do("faults", plan=plan))["ok"] is True
        assert stage.keys.window == Window(past_ms=1000, future_ms=45_000)
        assert stage.venue.now_us() == ready.env.wall_ns() // 1000 + 7_000_000
        assert stage.venue.read_lag_us == 360_000

        assert (await ready.do("storm", kind="rate_limited", for_s=5))["ok"] is True
        assert server.hostility.rages("rate_limited")
        assert (await ready.do("regrid", ticker=ENG, structure="deci_cent"))["ok"] is True
        assert stage.venue.market(ENG).takes_price(4_710)
        assert (await ready.do("caption", ticker=ENG, words="The visitors"))["ok"] is True
        assert stage.venue.market(ENG).terms.yes_sub_title == "The visitors"
        assert (await ready.do("tier", account="trader", tier="prime"))["ok"] is True
        assert server.meter is not None
        assert server.meter.tier_of("trader") == "prime"
        assert (await ready.do("drop_streams"))["dropped"] == 0
        assert (await ready.do("break_channel", channel="trade"))["ended"] == 0
        assert (await ready.do("lose", channel="trade", messages=3))["ok"] is True
        assert (await ready.do("halt_market", ticker=ENG))["status"] == "inactive"
        assert (await ready.do("resume_market", ticker=ENG))["status"] == "active"
        assert (await ready.do("pause", what="trading"))["trading_active"] is False

        assert (await ready.do("calm"))["ok"] is True
        assert stage.keys.window == Window()
        assert stage.venue.now_us() == ready.env.wall_ns() // 1000
        assert not server.hostility.rages("rate_limited")
        status = await ready.do("status")
        assert status["faults"] == 0


async def test_verbs_take_a_market_through_disputes_to_its_settlement(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with on_stage(attrs.evolve(first_night(), agents=False)) as ready:

        async def status_after(name: str, **given: object) -> object:
            answer = await ready.do(name, ticker=ENG, **given)
            return answer.get("status", answer)

        assert await status_after("halt_market") == "inactive"
        assert await status_after("resume_market") == "active"
        assert await status_after("settle_market", result="yes") == "determined"
        assert await status_after("dispute_market") == "disputed"
        await trio.sleep(3_600)
        assert await status_after("amend_market", result="scalar", value="0.25") == "amended"
        assert await status_after("dispute_market") == "disputed"
        assert await status_after("uphold_market") == "determined"
        assert await status_after("finalize_market") == "finalized"
        market = ready.stage.venue.market(ENG)
        assert (market.verdict, market.yes_value_micros) == ("scalar", 250_000)


async def test_a_pause_and_maintenance_end_by_themselves(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with on_stage(attrs.evolve(first_night(), agents=False)) as ready:
        floor = ready.stage.venue.floor
        assert (await ready.do("pause", what="trading", for_s=5))["trading_active"] is False
        assert (await ready.do("maintain", in_s=10, for_s=5, stops="exchange"))["ok"] is True
        seen = []
        for _ in range(4):
            seen.append((floor.exchange_active, floor.trading_active))
            await trio.sleep(5.001)
        assert seen == [(True, False), (True, True), (False, False), (True, True)]


async def test_a_scenes_hours_and_steps_happen_by_the_clock(
    autojump_clock: trio.testing.MockClock,
) -> None:
    steps = (
        SceneStep(step=MarketStep(ticker=ENG, do="halt"), at_s=1),
        SceneStep(step=MarketStep(ticker=ENG, do="resume"), at_s=2),
    )
    window = SceneMaintenance(starts_in_s=3, lasts_s=1)
    night = attrs.evolve(first_night(), steps=steps, maintenance=(window,))
    async with on_stage(night) as ready:
        seen = []
        for _ in range(5):
            said = await ready.do("status")
            markets, exchange = said["markets"], said["exchange"]
            assert isinstance(markets, dict)
            assert isinstance(exchange, dict)
            seen.append((markets[ENG], exchange["trading_active"]))
            await trio.sleep(1.001)
        assert seen == [
            ("active", True),
            ("inactive", True),
            ("active", True),
            ("active", False),
            ("active", True),
        ]
        assert (await ready.do("status"))["missed_steps"] == []


async def test_the_same_seed_is_the_same_venue(autojump_clock: trio.testing.MockClock) -> None:
    seen = []
    for _ in range(2):
        async with on_stage(seed=5) as ready:
            changes: list[tuple[str, int, int]] = []

            def hear(event: VenueEvent, changes: list[tuple[str, int, int]] = changes) -> None:
                if isinstance(event, BookChanged):
                    changes.append((event.ticker, event.price_pips, event.change_centi))

            ready.stage.venue.listen(hear)
            await trio.sleep(21)
            seen.append((ready.urls["keys"], changes))

    assert seen[0] == seen[1]


async def test_under_a_clock_that_is_set_back_the_accounts_are_there_from_the_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    late = FaultPlan(clock=ClockFaults(skew_ms=-60_000.0))
    async with on_stage(attrs.evolve(first_night(), faults=late)) as ready:
        await trio.sleep(1.0)  # As long as an account's reads lag behind, and more.
        venue = ready.stage.venue
        view = venue.floor.account("trader").view

        assert view is not None
        view.advance(venue.now_us())
        assert sum(cash.available_micros for cash in view.cash.values()) > 0
