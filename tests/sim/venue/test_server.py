"""Laws of the served venue: delays, streams, and that one seed is one conversation."""

from pathlib import Path

import trio
import trio.testing
from wsproto.events import Ping

from actors.runtime.env import RealEnv
from actors.sim.venue.latency import NJ, Delay, LatencyProfile
from tests.runtime.certificates import issue
from tests.sim.venue.hall import HOME, order, quote
from tests.sim.venue.papers import ROOT
from tests.sim.venue.site import ORDERS, form, seeded, serving


async def test_an_order_takes_the_profiles_time_there_and_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), NJ) as site:
        site.hall.create("maker", quote("ask", 5_200, 100))
        before = trio.current_time()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.ask, "POST", ORDERS, form())
            await trio.sleep(0.012)
            assert site.hall.venue.position_centi("us", HOME) == 0
            await trio.sleep(0.010)
            assert site.hall.venue.position_centi("us", HOME) == 100

        assert 0.025 < trio.current_time() - before < 0.045


async def test_who_comes_first_to_the_engine_trades_whatever_was_sent_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), NJ) as site:
        site.hall.create("maker", quote("ask", 5_200, 100))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.ask, "POST", ORDERS, form())
            await trio.sleep(0.005)
            site.hall.venue.open_account("rival", {0: 1_000_000})
            site.hall.create("rival", order("bid", 5_200, 100))

        assert site.hall.venue.position_centi("us", HOME) == 0


async def test_without_a_profile_nothing_waits(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(seeded()) as site:
        before = trio.current_time()
        status, _ = await site.ask("POST", ORDERS, form())

        assert status == 201
        assert trio.current_time() == before


async def test_a_stream_opens_with_a_signature_only(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        async with site.stream(signed=False) as socket:
            assert socket.head.startswith(b"HTTP/1.1 401 ")
        async with site.stream() as socket:
            assert socket.head.startswith(b"HTTP/1.1 101 ")


async def test_the_feed_is_as_late_as_the_profile_says_and_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    distant = LatencyProfile(feed=Delay(10.0, 5.0))
    async with serving(seeded(), distant) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta")
        assert (await socket.message())["type"] == "subscribed"
        assert (await socket.message())["type"] == "orderbook_snapshot"
        before = trio.current_time()
        for _ in range(20):
            site.hall.create("maker", quote("bid", 4_000, 100))
        said = [await socket.message() for _ in range(20)]

        assert [message["seq"] for message in said] == list(range(2, 22))
        assert 0.010 <= trio.current_time() - before < 0.1


async def test_the_venue_pings_every_ten_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        before = trio.current_time()
        for beat in (1, 2):
            event = await socket.event()
            assert isinstance(event, Ping)
            assert bytes(event.payload) == b"heartbeat"
            assert round(trio.current_time() - before) == 10 * beat


async def test_it_is_known_when_the_first_book_is_watched(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("trade")
        await socket.message()
        assert not site.server.book_watched.is_set()

        await socket.subscribe("orderbook_delta")
        await socket.message()
        assert site.server.book_watched.is_set()


async def test_a_flood_ends_its_subscription_and_nothing_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    slow = LatencyProfile(feed=Delay(1_000.0))
    async with serving(seeded(), slow, outbox_frames=5) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta", "trade")
        assert [(await socket.message())["type"] for _ in range(3)] == [
            "subscribed",
            "orderbook_snapshot",
            "subscribed",
        ]
        for _ in range(10):
            site.hall.create("maker", quote("bid", 4_000, 100))
        site.hall.create("us", order("ask", 4_000, 100))
        error, printed = await socket.message(), await socket.message()

        assert (error["sid"], error["seq"], error["msg"]["code"]) == (1, 8, 25)
        assert (printed["type"], printed["sid"]) == ("trade", 2)
        await socket.subscribe("orderbook_delta")
        assert (await socket.message())["msg"]["sid"] == 3
        assert (await socket.message())["msg"]["yes_dollars_fp"] == [["0.4000", "9.00"]]


async def test_a_lost_message_is_a_gap_on_every_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as first, site.stream() as second:
        for socket in (first, second):
            await socket.subscribe("orderbook_delta")
            await socket.message()
            await socket.message()
        site.server.lose_next("orderbook_delta")
        for _ in range(2):
            site.hall.create("maker", quote("bid", 4_000, 100))

        assert [(await socket.message())["seq"] for socket in (first, second)] == [3, 3]


async def test_dropped_streams_end_without_a_goodbye_and_may_be_opened_anew(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        async with site.stream() as socket:
            await socket.subscribe("orderbook_delta")
            await socket.message()
            await socket.message()

            assert site.server.drop_streams() == 1
            assert await socket.rest() == [None]
        assert site.server.drop_streams() == 0
        async with site.stream() as socket:
            assert socket.head.startswith(b"HTTP/1.1 101 ")


async def test_a_market_settles_by_itself_when_its_timer_has_run(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        site.hall.venue.close_market(HOME)
        site.hall.venue.determine(HOME, "yes")

        await trio.sleep(0.49)
        assert site.hall.venue.floor.market(HOME).status == "determined"
        await trio.sleep(0.02)
        assert site.hall.venue.floor.market(HOME).status == "finalized"


async def test_the_same_seed_is_the_same_conversation(
    autojump_clock: trio.testing.MockClock,
) -> None:
    seen = []
    for _ in range(2):
        async with serving(seeded(7), NJ) as site:
            start = trio.current_time()
            arrived = []
            for _ in range(3):
                status, body = await site.ask("POST", ORDERS, form())
                arrived.append((status, body["order_id"], round(trio.current_time() - start, 9)))
            seen.append(arrived)

    assert seen[0] == seen[1]


async def test_it_serves_orders_and_streams_over_one_tls_port(tmp_path: Path) -> None:
    papers = issue(tmp_path, "127.0.0.1")
    with trio.fail_after(60):
        async with serving(RealEnv(1), tls=papers.server, ca_file=papers.ca_file) as site:
            site.hall.create("maker", quote("ask", 5_200, 100))
            async with site.stream() as socket:
                await socket.subscribe("fill")
                await socket.message()
                status, body = await site.ask("POST", ORDERS, form())
                fill = await socket.message()

            assert (status, body["fill_count"]) == (201, "1.00")
            assert fill["msg"]["order_id"] == body["order_id"]
            status, body = await site.ask("GET", f"{ROOT}/portfolio/fills?limit=1")
            assert (status, len(body["fills"])) == (200, 1)
            assert site.server.counts.faults == 0


async def test_a_key_that_may_not_read_opens_no_stream(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), scopes=("write",)) as site, site.stream() as socket:
        assert socket.head.startswith(b"HTTP/1.1 403 ")
