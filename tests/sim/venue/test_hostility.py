from typing import Any

import h11
import msgspec
import pytest
import trio
import trio.testing
from wsproto.events import Ping

from actors.model.orders import Ticker
from actors.runtime.serve import Request
from actors.sim.venue.faults import (
    ClockFaults,
    FaultPlan,
    Regrid,
    RequestFaults,
    Storm,
    StormKind,
    StreamFaults,
)
from actors.sim.venue.hostility import Hostility
from tests.sim.venue.hall import HOME, Hall, market_terms, open_hall, order, quote
from tests.sim.venue.papers import ROOT
from tests.sim.venue.site import ORDERS, Site, form, seeded, serving

ALWAYS = 1.0
BALANCE = f"{ROOT}/portfolio/balance"


async def tried(site: Site, method: str, path: str, body: bytes = b"") -> tuple[int, Any] | None:
    """One request; ``None`` if the connection ended instead of answering."""
    try:
        return await site.ask(method, path, body)
    except (h11.RemoteProtocolError, trio.BrokenResourceError):
        return None


def on_offer(site: Site) -> None:
    site.hall.create("maker", quote("ask", 5_200, 1_000))


def held(site: Site) -> int:
    return site.hall.venue.position_centi("us", HOME)


@pytest.mark.parametrize(
    ("faults", "status", "bought"),
    [
        (RequestFaults(lost=ALWAYS), None, 100),
        (RequestFaults(torn=ALWAYS), None, 100),
        (RequestFaults(silent=ALWAYS), None, 100),
        (RequestFaults(bad_gateway=ALWAYS), 502, 0),
        (RequestFaults(late_gateway=ALWAYS), 502, 100),
        (RequestFaults(unavailable=ALWAYS), 503, 0),
        (RequestFaults(internal=ALWAYS), 500, 100),
        (RequestFaults(gateway_timeout=ALWAYS), 504, 100),
        (RequestFaults(slow=ALWAYS), 201, 100),
    ],
)
async def test_an_order_meets_its_fate_and_reads_do_not(
    autojump_clock: trio.testing.MockClock,
    faults: RequestFaults,
    status: int | None,
    bought: int,
) -> None:
    async with serving(seeded(), plan=FaultPlan(orders=faults)) as site:
        on_offer(site)
        before = trio.current_time()
        if status in {502, 504}:
            with pytest.raises(msgspec.DecodeError):
                await site.ask("POST", ORDERS, form())
        else:
            answered = await tried(site, "POST", ORDERS, form())
            assert (answered and answered[0]) == status
        waited_s = trio.current_time() - before

        assert held(site) == bought
        assert waited_s == (60.0 if faults.silent else 1.0 if faults.slow else 0.0)
        assert (await site.ask("GET", BALANCE))[0] == 200
        assert sum(site.server.hostility.counts.values()) == 1
        assert site.server.counts.faults == 0


async def test_the_same_seed_is_the_same_misfortune_whoever_asks(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(
        orders=RequestFaults(lost=0.3, slow=0.3, slow_ms=100), reads=RequestFaults(lost=0.2)
    )
    seen = []
    for reads_between in (False, True):
        async with serving(seeded(), plan=plan, seed=11) as site:
            fates = []
            for _ in range(12):
                before = trio.current_time()
                answered = await tried(site, "POST", ORDERS, form())
                fates.append((answered and answered[0], round(trio.current_time() - before, 6)))
                if reads_between:
                    await tried(site, "GET", BALANCE)
            seen.append(fates)

    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 3


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("unauthorized", 401, "authentication_error"),
        ("expired", 401, "header_timestamp_expired"),
        ("rate_limited", 429, None),
    ],
)
async def test_a_storm_meets_every_request_and_every_upgrade_until_it_ends(
    autojump_clock: trio.testing.MockClock, kind: StormKind, status: int, code: str | None
) -> None:
    plan = FaultPlan(storms=(Storm(kind=kind, at_s=1, for_s=2),))
    async with serving(seeded(), plan=plan) as site:
        assert (await site.ask("GET", BALANCE))[0] == 200
        await trio.sleep(1)
        answered, body = await site.ask("GET", BALANCE)
        async with site.stream() as socket:
            assert socket.head.startswith(f"HTTP/1.1 {status} ".encode())
        await trio.sleep(2)

        assert answered == status
        assert body["error"] == "too many requests" if code is None else body["error"]["code"]
        assert (await site.ask("GET", BALANCE))[0] == 200
        async with site.stream() as socket:
            assert socket.head.startswith(b"HTTP/1.1 101 ")


async def test_a_frozen_stream_pings_and_says_nothing_until_it_thaws(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta")
        await socket.message()
        await socket.message()
        site.server.hostility.raise_storm("frozen", 25)
        began_s = trio.current_time()
        on_offer(site)

        assert isinstance(await socket.event(), Ping)
        assert isinstance(await socket.event(), Ping)
        assert (await socket.message())["type"] == "orderbook_delta"
        assert trio.current_time() - began_s == 25


async def test_a_storm_cuts_every_stream_once_and_leaves_new_ones(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(storms=(Storm(kind="dropped", at_s=1, for_s=1),))
    async with serving(seeded(), plan=plan) as site:
        async with site.stream() as socket:
            assert await socket.rest() == [None]
        async with site.stream() as socket:
            await trio.sleep(5)
            await socket.subscribe("trade")
            assert (await socket.message())["type"] == "subscribed"


async def test_without_pings_a_stream_is_quiet(autojump_clock: trio.testing.MockClock) -> None:
    plan = FaultPlan(stream=StreamFaults(pings=False))
    async with serving(seeded(), plan=plan) as site, site.stream() as socket:
        with trio.move_on_after(60) as waited:
            await socket.event()

        assert waited.cancelled_caught


async def trades(site: Site, count: int) -> list[dict[str, Any]]:
    """What a stream tells of so many prints."""
    async with site.stream() as socket:
        await socket.subscribe("trade")
        await socket.message()
        for _ in range(count):
            site.hall.create("us", order("bid", 5_200, 100))
        told = []
        with trio.move_on_after(5):
            while True:
                told.append(await socket.message())
        return told


async def test_a_doubled_print_has_two_numbers_and_one_id(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(duplicate_print=ALWAYS))
    async with serving(seeded(), plan=plan) as site:
        on_offer(site)
        first, second = await trades(site, 1)

    assert (first["seq"], second["seq"]) == (1, 2)
    assert first["msg"] == second["msg"]


async def test_a_late_print_follows_the_next_one_or_comes_by_itself(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(late_print=0.5))
    async with serving(seeded(), plan=plan) as site:
        on_offer(site)
        told = await trades(site, 9)
        made = [traded.trade_id for _, traded in site.hall.venue.floor.tape]

    ids = [message["msg"]["trade_id"] for message in told]
    assert ids != made
    assert sorted(ids) == sorted(made)
    assert [message["seq"] for message in told] == list(range(1, 10))


async def test_gaps_come_by_connection_and_a_snapshot_heals_them(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(gap=0.3))
    async with serving(seeded(), plan=plan) as site, site.stream() as one, site.stream() as two:
        heard = []
        for socket in (one, two):
            await socket.subscribe("orderbook_delta")
            await socket.message()
            await socket.message()
        for _ in range(30):
            site.hall.create("maker", quote("bid", 4_000, 100))
        for socket in (one, two):
            await socket.say(
                {
                    "id": 2,
                    "cmd": "update_subscription",
                    "params": {"sid": 1, "action": "get_snapshot", "market_tickers": [HOME]},
                }
            )
            said = [await socket.message()]
            while "id" not in said[-1]:
                said.append(await socket.message())
            heard.append([message["seq"] for message in said])
            assert said[-1]["msg"]["yes_dollars_fp"] == [["0.4000", "30.00"]]

    assert heard[0] != heard[1]
    assert all(seqs[-1] == 32 and 15 < len(seqs) < 30 for seqs in heard)


async def test_a_drawn_channel_error_is_terminal_for_its_subscription(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(channel_error=ALWAYS))
    async with serving(seeded(), plan=plan) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta")
        await socket.message()
        await socket.message()
        on_offer(site)
        on_offer(site)
        error = await socket.message()
        await socket.say({"id": 2, "cmd": "list_subscriptions"})

        assert (error["sid"], error["msg"]["code"]) == (1, 10)
        assert (await socket.message())["msg"] == []


@pytest.mark.parametrize(("skew_ms", "status"), [(-30_000, 200), (-50_000, 401), (25_000, 401)])
async def test_a_clock_that_is_off_moves_the_window_and_every_stamp(
    autojump_clock: trio.testing.MockClock, skew_ms: int, status: int
) -> None:
    plan = FaultPlan(clock=ClockFaults(skew_ms=skew_ms))
    async with serving(seeded(), plan=plan) as site:
        answered, body = await site.ask("GET", BALANCE)
        assert answered == status
        if status == 401:
            assert body["error"]["code"] == "header_timestamp_expired"
        else:
            on_offer(site)
            _, created = await site.ask("POST", ORDERS, form())
            assert created["ts_ms"] == site.stamp_ms() + skew_ms


async def test_a_tight_window_takes_no_old_signature_and_none_twice(
    autojump_clock: trio.testing.MockClock,
) -> None:
    clock = ClockFaults(skew_ms=6_000, past_ms=5_000, single_use=True)
    async with serving(seeded(), plan=FaultPlan(clock=clock)) as site:
        assert (await site.ask("GET", BALANCE))[0] == 401
        site.server.follow(FaultPlan(clock=ClockFaults(single_use=True)))
        assert [(await site.ask("GET", BALANCE))[0] for _ in range(2)] == [200, 401]
        site.server.calm()
        assert [(await site.ask("GET", BALANCE))[0] for _ in range(2)] == [200, 200]


async def test_reads_lag_as_planned_and_catch_up(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(seeded(), plan=FaultPlan(read_lag_ms=360)) as site:
        on_offer(site)
        await site.ask("POST", ORDERS, form())
        fills = f"{ROOT}/portfolio/fills"

        assert (await site.ask("GET", fills))[1]["fills"] == []
        await trio.sleep(0.4)
        assert len((await site.ask("GET", fills))[1]["fills"]) == 1


async def test_an_order_in_play_is_held_and_a_cancel_is_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), plan=FaultPlan(venue_delay_ms=4_000)) as site:
        on_offer(site)
        began_s = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.ask, "POST", ORDERS, form())
            await trio.sleep(3.9)
            assert held(site) == 0
        assert trio.current_time() - began_s == 4
        assert held(site) == 100

        await site.ask("DELETE", ORDERS)
        await site.ask("POST", ORDERS, b"{")
        assert trio.current_time() - began_s == 4


def test_an_order_before_kick_off_is_not_held() -> None:
    hall = open_hall()
    later = market_terms(Ticker(f"{HOME}X"), start_us=hall.clock.now_us + 10**9)
    hall.venue.list_market(later)

    assert held_s(hall, later.ticker) == 0
    assert held_s(hall, HOME) == 4


def held_s(hall: Hall, ticker: str) -> float:
    request = Request(method="POST", path="/", body=msgspec.json.encode({"ticker": ticker}))
    return Hostility(1, FaultPlan(venue_delay_ms=4_000)).held_s(hall.venue, request)


async def test_a_grid_changes_while_the_market_trades(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(regrids=(Regrid(ticker=HOME, at_s=1, structure="deci_cent"),))
    async with serving(seeded(), plan=plan) as site, site.stream() as socket:
        await socket.subscribe("market_lifecycle_v2")
        await socket.message()
        on_offer(site)
        assert (await site.ask("POST", ORDERS, form("0.5205")))[0] == 400
        told = await socket.message()

        assert told["msg"]["event_type"] == "price_level_structure_updated"
        assert (await site.ask("POST", ORDERS, form("0.521")))[0] == 201


async def test_tokens_are_counted_where_a_tier_is_given(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), tier="basic") as site:
        orders = [(await site.ask("POST", ORDERS, form()))[0] for _ in range(12)]
        status, body = await site.ask("DELETE", ORDERS)
        await trio.sleep(0.2)

        assert orders == [201] * 10 + [429] * 2
        assert (status, body) == (429, {"error": "too many requests"})
        assert (await site.ask("POST", ORDERS, form()))[0] == 201
        assert [(await site.ask("GET", BALANCE))[0] for _ in range(2)] == [200, 429]
        limits = (await site.ask("GET", f"{ROOT}/account/limits"))[1]
        assert limits["usage_tier"] == "basic"


async def test_an_account_has_so_many_streams_and_no_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), connections=2) as site, site.stream():
        async with site.stream(), site.stream() as third:
            assert third.head.startswith(b"HTTP/1.1 429 ")
        await trio.sleep(1)
        async with site.stream() as third:
            assert third.head.startswith(b"HTTP/1.1 101 ")


async def test_a_plan_may_be_replaced_and_what_it_names_need_not_be_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    later = (Regrid(ticker=HOME, at_s=50, structure="deci_cent"),)
    async with serving(seeded(), plan=FaultPlan(regrids=later)) as site:
        await trio.sleep(10)
        sooner = (
            Regrid(ticker="NOWHERE", at_s=20, structure="deci_cent"),
            Regrid(ticker=HOME, at_s=20, structure="tapered_deci_cent"),
        )
        storms = (Storm(kind="dropped", at_s=15, for_s=1, every_s=10),)
        site.server.follow(FaultPlan(regrids=sooner, storms=storms))
        await trio.sleep(31)

        market = site.hall.venue.market(HOME)
        assert market.terms.price_level_structure == "tapered_deci_cent"
        assert site.server.hostility.counts == {"regrid_failed": 1, "dropped": 3}
