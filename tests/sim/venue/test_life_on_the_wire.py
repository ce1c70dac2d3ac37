"""Laws of a market's life and the exchange's hours as a client meets them."""

from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.sim.venue.figures import stamp
from actors.sim.venue.hours import ALWAYS, KALSHI, Hours, Maintenance, Stops
from actors.sim.venue.public_reads import MARKET_STATUS
from actors.sim.venue.steps import MarketStep
from tests.sim.venue import contract
from tests.sim.venue.hall import HOME, SECOND, order, quote
from tests.sim.venue.papers import ROOT
from tests.sim.venue.site import ORDERS, Site, Socket, form, seeded, serving

RESTING = msgspec.json.encode(
    {**msgspec.json.decode(form("0.4000")), "time_in_force": "good_till_canceled"}
)


async def read(site: Site, path: str, **query: str) -> dict[str, Any]:
    """One read, held against the published document."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    status, body = await site.ask("GET", f"{ROOT}{path}" + (f"?{asked}" if asked else ""))
    assert contract.judge("GET", f"{ROOT}{path}", status, body) == []
    assert status == 200
    assert isinstance(body, dict)
    return body


async def write(site: Site, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    """One write; its status, and the code of a refusal."""
    status, answer = await site.ask(method, path, body)
    assert contract.judge(method, path, status, answer) == []
    return status, answer["error"]["code"] if status >= 400 else ""


async def found_under(site: Site) -> set[str]:
    """Under which of the filter's words the home market is found."""
    words = set()
    for word in MARKET_STATUS:
        markets = (await read(site, "/markets", status=word))["markets"]
        words |= {word for each in markets if each["ticker"] == HOME}
    return words


async def told(socket: Socket) -> list[tuple[str, dict[str, Any]]]:
    """Every step that the stream has told since, by its type."""
    steps = []
    with trio.move_on_after(0.01):
        while True:
            message = await socket.message()
            if message["type"] == "market_lifecycle_v2":
                steps.append((message["msg"]["event_type"], message["msg"]))
    return steps


async def test_through_a_whole_life_status_filters_stream_and_orders_say_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("market_lifecycle_v2")
        await socket.message()
        venue, start_us = site.hall.venue, site.hall.venue.now_us()
        site.hall.create("maker", quote("ask", 5_200, 100))
        site.hall.create("us", order("bid", 5_200, 100))
        for after_s, step in (
            (1, MarketStep(ticker=HOME, do="halt")),
            (2, MarketStep(ticker=HOME, do="resume")),
            (3, MarketStep(ticker=HOME, do="close")),
            (4, MarketStep(ticker=HOME, do="determine", verdict="yes")),
            (4.25, MarketStep(ticker=HOME, do="dispute")),
            (60, MarketStep(ticker=HOME, do="amend", verdict="scalar", yes_value_micros=250_000)),
        ):
            venue.plan_step(step, start_us + round(after_s * SECOND))
        seen, settled = [], list[dict[str, Any]]()
        for until_s in (0.5, 1.5, 2.5, 3.5, 4.1, 30, 60.1, 61):
            await trio.sleep(until_s - (venue.now_us() - start_us) / SECOND)
            market = (await read(site, f"/markets/{HOME}"))["market"]
            steps = [name for name, _ in await told(socket)]
            order_status, code = await write(site, "POST", ORDERS, RESTING)
            seen.append((market["status"], market["result"], steps, order_status, code))
            assert await found_under(site) == {
                word for word, statuses in MARKET_STATUS.items() if market["status"] in statuses
            }
            settled = (await read(site, "/portfolio/settlements"))["settlements"]
            assert len(settled) == (market["status"] == "finalized")

        closed = (409, "market_closed")
        assert seen == [
            ("active", "", [], 201, ""),
            ("inactive", "", ["deactivated"], 409, "trading_is_paused"),
            ("active", "", ["activated"], 201, ""),
            ("closed", "", ["close_date_updated"], *closed),
            ("determined", "yes", ["determined"], *closed),
            ("disputed", "yes", [], *closed),
            ("amended", "scalar", [], *closed),
            ("finalized", "scalar", ["settled"], *closed),
        ]
        assert settled[0]["market_result"] == "scalar"
        assert (settled[0]["revenue"], settled[0]["value"]) == (25, 25)
        assert venue.open_orders("us", HOME) == ()
        assert venue.programme.missed == []


async def test_reactivation_tells_the_owner_that_what_rested_is_cancelled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("user_orders")
        await socket.message()
        await write(site, "POST", ORDERS, RESTING)
        assert (await socket.message())["msg"]["status"] == "resting"
        site.hall.venue.halt_market(HOME)
        site.hall.venue.resume_market(HOME)

        gone = (await socket.message())["msg"]
        assert (gone["status"], gone["last_update_reason"]) == ("canceled", "HaltCancel")
        books = await read(site, f"/markets/{HOME}/orderbook")
        assert books["orderbook_fp"]["yes_dollars"] == []


@pytest.mark.parametrize(
    ("stops", "order_code", "cancels"),
    [("trading", "trading_is_paused", 200), ("exchange", "exchange_is_paused", 409)],
)
async def test_status_schedule_and_orders_agree_before_in_and_after_maintenance(
    autojump_clock: trio.testing.MockClock, stops: Stops, order_code: str, cancels: int
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta", "market_lifecycle_v2")
        venue = site.hall.venue
        start_us, end_us = venue.now_us() + 10 * SECOND, venue.now_us() + 20 * SECOND
        window = Maintenance(start_us=start_us, end_us=end_us, stops=stops)
        venue.follow_hours(Hours(ALWAYS, (window,)))
        for until_s, is_on in ((0, False), (10, True), (20, False)):
            await trio.sleep_until(until_s + 0.001)
            status = await read(site, "/exchange/status")
            assert status["trading_active"] is not is_on
            assert status["exchange_active"] is not (is_on and stops == "exchange")
            assert ("exchange_estimated_resume_time" in status) is is_on
            for each in status["exchange_index_statuses"]:
                assert each["trading_active"] == status["trading_active"]
                assert each["exchange_active"] == status["exchange_active"]
            if is_on:
                assert status["exchange_estimated_resume_time"] == stamp(end_us)
            windows = (await read(site, "/exchange/schedule"))["schedule"]["maintenance_windows"]
            ahead = [{"start_datetime": stamp(start_us), "end_datetime": stamp(end_us)}]
            assert windows == (ahead if until_s < 20 else [])
            if not is_on:
                assert await write(site, "POST", ORDERS, RESTING) == (201, "")
                assert (await read(site, f"/markets/{HOME}"))["market"]["status"] == "active"
                continue
            assert await write(site, "POST", ORDERS, RESTING) == (409, order_code)
            (resting,) = venue.open_orders("us", HOME)
            amend = msgspec.json.encode(
                {"ticker": HOME, "side": "bid", "price": "0.4100", "count": "1.00"}
            )
            amended = await write(site, "POST", f"{ORDERS}/{resting}/amend", amend)
            assert amended == (409, order_code)
            assert (await write(site, "DELETE", f"{ORDERS}/{resting}"))[0] == cancels
        assert await told(socket) == [], "of the exchange's hours the stream says nothing"


async def test_maintenance_may_cut_the_streams_and_new_ones_are_let_in(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        venue = site.hall.venue
        async with site.stream() as socket:
            start_us = venue.now_us() + SECOND
            venue.maintain(
                Maintenance(start_us=start_us, end_us=start_us + SECOND, drops_streams=True)
            )
            assert await socket.rest() == [None]
        async with site.stream() as socket:
            assert socket.head.startswith(b"HTTP/1.1 101 ")
        assert site.server.counts.faults == 0


async def test_the_weeks_hours_are_told_as_they_are_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        (week,) = (await read(site, "/exchange/schedule"))["schedule"]["standard_hours"]
        assert week["thursday"] == [{"open_time": "00:00", "close_time": "24:00"}]
        site.hall.venue.follow_hours(Hours(KALSHI))
        (week,) = (await read(site, "/exchange/schedule"))["schedule"]["standard_hours"]
        assert [each["open_time"] for each in week["thursday"]] == ["00:00", "05:00"]
        change_us = site.hall.venue.opening.hours.next_change_us(site.hall.venue.now_us())
        assert change_us is not None
        await trio.sleep((change_us - site.hall.venue.now_us()) / SECOND + 0.001)
        status = await read(site, "/exchange/status")
        assert (status["exchange_active"], status["trading_active"]) == (True, False)
