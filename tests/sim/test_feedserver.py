import json
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing
import trio_websocket
from hypothesis import given, strategies as st
from structlog.testing import capture_logs

from actors.feeds.codecs.polymarket import decode
from actors.feeds.errors import FeedGarbled
from actors.model.score import Score
from actors.runtime.env import Endpoint, Env, RealEnv
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv, run_seeded
from actors.sim.feedframes import SPOILS, Spoil, frame, iso
from actors.sim.feedserver import FeedServer, FeedTiming, MatchState
from actors.sim.feedtiming import draw

PROMPT = FeedTiming(lag_ms=0, jitter_ms=0)
ALPHA = Endpoint("alpha.test", 80)
NEAR = Link(nearest_ms=0, farthest_ms=0, jitter_ms=0, fragmented=0)

KICKED_OFF = MatchState(
    game_id=7,
    sportradar_id="12345678901",
    home_team="England",
    away_team="Iran",
    score=Score(0, 0),
    period="1H",
    elapsed="00:00",
    live=True,
    ended=False,
)
LED = attrs.evolve(KICKED_OFF, score=Score(1, 0), elapsed="35:12")
TWO_UP = attrs.evolve(LED, score=Score(2, 0), elapsed="43:01")


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


@attrs.define
class Fan:
    """A client: what it was sent and when, and what it answers."""

    connection: trio_websocket.WebSocketConnection
    answers: bool = True
    heard: list[tuple[float, str]] = attrs.field(factory=list)
    code: int | None = None
    gone_s: float | None = None

    async def listen(self) -> None:
        try:
            while True:
                message = await self.connection.get_message()
                assert isinstance(message, str)
                self.heard.append((trio.current_time(), message))
                if message == "ping" and self.answers:
                    await self.connection.send_message("pong")
        except trio_websocket.ConnectionClosed as closed:
            self.code = closed.reason.code if closed.reason is not None else None
            self.gone_s = trio.current_time()

    @property
    def scores(self) -> list[str]:
        return [json.loads(text)["score"] for _, text in self.heard if text.startswith("{")]

    @property
    def pings_s(self) -> list[float]:
        return [at_s for at_s, text in self.heard if text == "ping"]


@attrs.define
class Ground:
    """A feed server, and a way to watch it."""

    server: FeedServer
    env: Env
    place: Endpoint
    nursery: trio.Nursery

    async def fan(self, *, answers: bool = True, cookie: str = "") -> Fan:
        wire = await self.env.dial(self.place)
        connection = await trio_websocket.wrap_client_stream(
            self.nursery,
            wire,  # type: ignore[arg-type] # annotated for sockets, takes any stream
            self.place.host,
            "/ws",
            extra_headers=[(b"cookie", cookie.encode())] if cookie else [],
        )
        fan = Fan(connection, answers)
        self.nursery.start_soon(fan.listen)
        await settled()
        return fan


async def settled() -> None:
    """Let everything happen that happens now."""
    await trio.sleep(0.001)


@asynccontextmanager
async def playing(
    timing: FeedTiming = PROMPT, name: str = "alpha", seed: int = 1, outbox: int = 256
) -> AsyncIterator[Ground]:
    network = MemoryNetwork(seed, link=NEAR)
    server = FeedServer(name=name, timing=timing, seed=seed, outbox=outbox)
    async with trio.open_nursery() as nursery:
        place = await nursery.start(server.run, SeededEnv(seed, network), ALPHA)
        yield Ground(server, SeededEnv(seed, network), place, nursery)
        nursery.cancel_scope.cancel()


def codes(fan: Fan) -> list[dict[str, str]]:
    return [
        {name.decode(): value.decode()}
        for name, value in fan.connection.handshake_headers
        if name == b"set-cookie"
    ]


# What is told, and when.


async def test_a_client_is_told_at_once_how_every_match_stands(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        ground.server.publish(LED)
        ground.server.publish(attrs.evolve(KICKED_OFF, game_id=8))
        await settled()

        fan = await ground.fan()

        assert [json.loads(text)["gameId"] for _, text in fan.heard] == [7, 8]
        assert fan.scores == ["1-0", "0-0"]


async def test_every_change_is_told_to_every_client_and_the_clock_alone_is_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    half_time = attrs.evolve(LED, period="HT", elapsed="45:00")
    over = attrs.evolve(LED, period="FT", live=False, ended=True, elapsed="")
    async with playing() as ground:
        fans = [await ground.fan(), await ground.fan()]
        for state in (
            attrs.evolve(KICKED_OFF, live=False, period="NS"),
            KICKED_OFF,
            attrs.evolve(KICKED_OFF, elapsed="20:00"),
            LED,
            half_time,
            over,
        ):
            ground.server.publish(state)
            await settled()

        for fan in fans:
            told = [json.loads(text) for _, text in fan.heard]
            assert [(one["period"], one["score"], one["status"]) for one in told] == [
                ("NS", "0-0", "Scheduled"),
                ("1H", "0-0", "InProgress"),
                ("1H", "1-0", "InProgress"),
                ("HT", "1-0", "InProgress"),
                ("FT", "1-0", "finished"),
            ]
        late = await ground.fan()
        assert late.scores == ["1-0"]


async def test_a_frame_has_the_provider_s_fields_in_its_words(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        ground.server.publish(LED)
        await settled()
        fan = await ground.fan()

    assert json.loads(fan.heard[0][1]) == {
        "gameId": 7,
        "sportradarGameId": "12345678901",
        "leagueAbbreviation": "fifwc",
        "slug": "fifwc-7",
        "homeTeam": "England",
        "awayTeam": "Iran",
        "status": "InProgress",
        "score": "1-0",
        "period": "1H",
        "elapsed": "35:12",
        "live": True,
        "ended": False,
        "last_update": "2026-11-01T00:00:00.000Z",
    }


def test_moments_are_written_in_utc_to_the_millisecond() -> None:
    assert iso(1_738_612_216_939_999_999) == "2025-02-03T19:50:16.939Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"


@given(
    home=st.integers(0, 99),
    away=st.integers(0, 99),
    period=st.sampled_from(["1H", "2H", "ET1", "ET2"]),
    live=st.booleans(),
    wall_ns=st.integers(0, 2 * 10**18),
)
def test_the_product_s_codec_reads_what_the_world_writes(
    home: int,
    away: int,
    period: str,
    live: bool,  # noqa: FBT001 - Hypothesis gives it by name
    wall_ns: int,
) -> None:
    state = attrs.evolve(LED, score=Score(home, away), period=period, live=live)

    [decoded] = decode(frame(state, wall_ns))

    assert decoded.score == state.score
    assert decoded.feed_match == state.sportradar_id
    assert (decoded.home_name, decoded.away_name) == ("England", "Iran")
    assert decoded.live is live
    assert decoded.provider_ts_ns == wall_ns // 1_000_000 * 1_000_000


# Lags.


async def test_a_frame_comes_its_lag_after_the_incident(
    autojump_clock: trio.testing.MockClock,
) -> None:
    timing = FeedTiming(lag_ms=400, jitter_ms=100)
    async with playing(timing) as ground:
        fan = await ground.fan()
        began = trio.current_time()
        ground.server.publish(LED)
        await trio.sleep(10)

        [(heard_s, _)] = [one for one in fan.heard if one[1] != "ping"]
        assert heard_s - began == pytest.approx(draw(timing, 1, "alpha", 1).lag_ms / 1e3)


async def test_the_script_may_say_the_lag_and_the_operator_may_add_to_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing(FeedTiming(loss=1)) as ground:
        fan = await ground.fan()
        began = trio.current_time()
        ground.server.publish(KICKED_OFF, lag_ms=50)
        ground.server.lag(2_000)
        ground.server.publish(LED, lag_ms=50)
        ground.server.lag(0)
        ground.server.publish(TWO_UP, lag_ms=3_000)
        await trio.sleep(4)

        assert [at_s - began for at_s, text in fan.heard] == pytest.approx([0.05, 2.05, 3.0])


async def test_frames_keep_the_order_of_their_incidents_however_the_lags_fall(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan()
        ground.server.publish(LED, lag_ms=900)
        ground.server.publish(TWO_UP, lag_ms=10)
        await trio.sleep(2)

        assert fan.scores == ["1-0", "2-0"]


def test_a_lag_depends_on_seed_server_and_incident_alone() -> None:
    timing = FeedTiming()
    alpha = [draw(timing, 1, "alpha", number) for number in range(1, 200)]

    assert alpha == [draw(timing, 1, "alpha", number) for number in range(1, 200)]
    assert draw(timing, 1, "alpha", 150) == alpha[149]
    for other in (
        [draw(timing, 1, "bravo", number) for number in range(1, 200)],
        [draw(timing, 2, "alpha", number) for number in range(1, 200)],
    ):
        assert not {one.lag_ms for one in alpha} & {one.lag_ms for one in other}


@pytest.mark.parametrize("shape", ["gamma", "lognormal", "normal"])
def test_lags_have_the_mean_and_the_spread_asked_for(shape: str) -> None:
    timing = FeedTiming(lag_ms=400, jitter_ms=80, shape=shape)  # type: ignore[arg-type] # from a table
    lags = [draw(timing, 3, "alpha", number).lag_ms for number in range(4_000)]

    assert statistics.fmean(lags) == pytest.approx(400, rel=0.02)
    assert statistics.stdev(lags) == pytest.approx(80, rel=0.1)


@given(
    lag_ms=st.floats(0, 5_000),
    jitter=st.floats(0, 10),
    shape=st.sampled_from(["gamma", "lognormal", "normal"]),
    incident=st.integers(0, 100),
)
def test_no_lag_leaves_its_bounds(lag_ms: float, jitter: float, shape: str, incident: int) -> None:
    timing = FeedTiming(
        lag_ms=lag_ms,
        jitter_ms=jitter * lag_ms,
        shape=shape,  # type: ignore[arg-type] # drawn from its three words
        floor_ms=20,
        ceiling_ms=1_000,
    )

    assert 20 <= draw(timing, 1, "alpha", incident).lag_ms <= 1_000


@pytest.mark.parametrize(
    "wrong",
    [{"lag_ms": -1.0}, {"jitter_ms": 5_000.0}, {"lag_ms": 0.0}, {"loss": 1.5}, {"ping_s": 0.0}],
)
def test_habits_that_no_provider_has_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|times"):
        FeedTiming(**wrong)  # type: ignore[arg-type] # one wrong number at a time


async def test_a_lost_incident_is_told_with_the_next(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing(FeedTiming(lag_ms=0, jitter_ms=0, loss=1)) as ground:
        fan = await ground.fan()
        ground.server.publish(LED)
        await settled()
        ground.server.publish(TWO_UP, lag_ms=0)
        await settled()

        assert fan.scores == ["2-0"]
        assert ground.server.counts.lost == 1


def test_the_same_seed_is_the_same_transcript_to_the_byte() -> None:
    async def transcript(seed: int) -> list[object]:
        async with playing(FeedTiming(), seed=seed) as ground:
            fans = [await ground.fan(), await ground.fan()]
            for number in range(1, 9):
                ground.server.publish(attrs.evolve(LED, score=Score(number, 0)))
                await trio.sleep(0.3)
            await trio.sleep(20)
            return [(fan.heard, codes(fan)) for fan in fans]

    assert run_seeded(5, transcript, 5) == run_seeded(5, transcript, 5)
    assert run_seeded(5, transcript, 5) != run_seeded(5, transcript, 6)


# Pings and cookies.


async def test_a_client_is_pinged_every_five_seconds_and_stays_if_it_answers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan()
        began = trio.current_time()
        await trio.sleep(61)

        assert fan.gone_s is None
        assert [at_s - began for at_s in fan.pings_s] == pytest.approx(
            [5.0 * n for n in range(1, 13)], abs=0.01
        )


async def test_a_client_that_does_not_answer_is_dropped_ten_seconds_after_the_ping(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan(answers=False)
        began = trio.current_time()
        await trio.sleep(30)

        assert fan.gone_s is not None
        assert fan.gone_s - began == pytest.approx(15, abs=0.01)
        assert fan.code == 1006
        assert ground.server.counts.unanswered == 1
        assert ground.server.status()["clients"] == 0


async def test_what_else_a_client_says_neither_helps_nor_hurts_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan(answers=False)
        began = trio.current_time()
        for _ in range(30):
            if fan.gone_s is None:
                await fan.connection.send_message('{"subscribe":"everything"}')
            await trio.sleep(0.4)
        await trio.sleep(10)

        assert fan.gone_s is not None
        assert fan.gone_s - began == pytest.approx(15, abs=0.5)


async def test_the_101_carries_an_affinity_cookie_and_a_returning_client_keeps_its_own(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        first, second = await ground.fan(), await ground.fan()
        [given_first], [given_second] = codes(first), codes(second)
        assert given_first != given_second

        cookie = given_first["set-cookie"].split(";")[0]
        name, value = cookie.split("=")
        assert name == "sports-results"
        assert len(value) == 16

        for sent in (cookie, f"other=1; {cookie}; more=2"):
            assert codes(await ground.fan(cookie=sent)) == [given_first]
        [fresh] = codes(await ground.fan(cookie="sports-results=<forged>"))
        assert fresh not in (given_first, given_second)


# Faults.


async def test_drop_ends_every_connection_without_a_goodbye_and_new_ones_are_welcome(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fans = [await ground.fan(), await ground.fan()]
        ground.server.drop()
        await settled()

        assert [fan.code for fan in fans] == [1006, 1006]
        ground.server.publish(LED)
        await settled()
        assert (await ground.fan()).scores == ["1-0"]


async def test_a_mute_server_keeps_its_clients_and_says_nothing_until_revived(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        ground.server.publish(KICKED_OFF)
        await settled()
        before = await ground.fan()
        await trio.sleep(6)
        ground.server.mute()
        heard = len(before.heard)
        during = await ground.fan()
        ground.server.publish(LED)
        await trio.sleep(100)
        ground.server.publish(TWO_UP)
        await settled()

        assert len(before.heard) == heard
        assert not during.heard
        with trio.move_on_after(5) as unanswered:
            await before.connection.ping()
        assert unanswered.cancelled_caught

        ground.server.revive()
        await settled()

        assert before.gone_s is None
        assert before.scores == ["0-0", "2-0"]
        assert during.scores == ["0-0", "2-0"]
        await trio.sleep(12)
        assert during.gone_s is None
        assert len(during.pings_s) == 2


async def test_a_server_mute_but_for_its_pings_shows_data_that_stands_still(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        ground.server.publish(KICKED_OFF)
        await settled()
        before = await ground.fan()
        ground.server.mute_but_ping()
        ground.server.publish(LED)
        await trio.sleep(30.5)
        during = await ground.fan()

        assert before.scores == ["0-0"]
        assert during.scores == ["0-0"]
        assert len(before.pings_s) == 6

        ground.server.revive()
        await settled()

        assert before.scores == during.scores == ["0-0", "1-0"]


async def test_mute_gives_way_to_mute_but_ping(autojump_clock: trio.testing.MockClock) -> None:
    async with playing() as ground:
        ground.server.publish(KICKED_OFF)
        await settled()
        ground.server.mute()
        fan = await ground.fan()
        ground.server.mute_but_ping()
        await trio.sleep(20.5)

        assert fan.scores == ["0-0"]
        assert len(fan.pings_s) == 4
        assert fan.gone_s is None


async def test_a_killed_server_is_gone_for_as_long_as_asked_and_comes_back_at_its_place(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan()
        ground.server.kill(for_s=20)
        await settled()
        assert fan.code == 1006
        assert ground.server.status()["fault"] == "kill"
        with pytest.raises(OSError, match="nobody answers"):
            await ground.env.dial(ground.place)

        ground.server.publish(LED)
        await trio.sleep(20)

        assert ground.server.status()["fault"] == "none"
        assert (await ground.fan()).scores == ["1-0"]


async def test_a_server_killed_for_good_comes_back_when_revived(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        ground.server.kill(for_s=1)
        ground.server.kill()
        await trio.sleep(10_000)
        with pytest.raises(OSError, match="nobody answers"):
            await ground.env.dial(ground.place)

        ground.server.revive()
        await settled()

        assert (await ground.fan()).gone_s is None
        ground.server.kill()
        ground.server.revive()
        await settled()
        assert (await ground.fan()).gone_s is None


async def test_killing_a_server_that_does_not_run_changes_nothing() -> None:
    server = FeedServer(name="alpha", timing=PROMPT, seed=1)
    server.kill()
    assert server.status()["fault"] == "none"


@pytest.mark.parametrize("kind", ["malformed", "nested", "nan"])
async def test_spoiled_text_is_whole_text_that_no_reader_takes(
    autojump_clock: trio.testing.MockClock, kind: Spoil
) -> None:
    async with playing() as ground:
        ground.server.publish(LED)
        await settled()
        fan = await ground.fan()
        ground.server.corrupt(kind)
        ground.server.publish(TWO_UP)
        await settled()

        assert len(fan.heard) == 3
        with pytest.raises(FeedGarbled):
            decode(fan.heard[1][1])
        assert fan.heard[2][1].startswith("{")


async def test_an_oversized_frame_is_sound_but_for_its_size(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        ground.server.publish(LED)
        await settled()
        fan = await ground.fan()
        ground.server.corrupt("oversized")
        await settled()

    assert len(fan.heard[1][1]) > 64 * 1024
    assert json.loads(fan.heard[1][1])["score"] == "1-0"


async def test_a_frame_that_is_not_utf_8_ends_an_honest_client(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan()
        ground.server.corrupt("not_utf8")
        await trio.sleep(1)

        assert fan.gone_s is not None
        assert not fan.heard


async def test_swapped_sides_turn_the_score_and_leave_the_names(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        fan = await ground.fan()
        ground.server.corrupt("swap")
        ground.server.publish(LED)
        await settled()
        ground.server.revive()
        ground.server.publish(TWO_UP)
        await settled()

        assert fan.scores == ["0-1", "2-0"]
        assert json.loads(fan.heard[0][1])["homeTeam"] == "England"


def test_there_is_no_other_way_to_spoil_a_frame() -> None:
    server = FeedServer(name="alpha", timing=PROMPT, seed=1)
    with pytest.raises(ValueError, match="known: malformed, "):
        server.corrupt("gently")  # type: ignore[arg-type] # the mistake is the point
    assert len(SPOILS) == 6


# Clients.


async def test_a_client_that_stops_reading_is_dropped_and_holds_up_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing(outbox=4) as ground:
        stalled = await ground.env.dial(ground.place)
        await stalled.send_all(UPGRADE)
        fan = await ground.fan()
        for number in range(20):
            # Each is more than a quarter of what the connection holds unread.
            ground.server.corrupt("oversized")
            ground.server.publish(attrs.evolve(LED, score=Score(number, 0)))
            await settled()

        assert ground.server.counts.too_slow == 1
        assert len(fan.scores) == 40
        assert ground.server.status()["clients"] == 1
        await stalled.aclose()


async def test_there_is_room_for_so_many_clients_and_no_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with playing() as ground:
        for _ in range(64):
            await ground.fan()

        wire = await ground.env.dial(ground.place)
        await wire.send_all(UPGRADE)
        assert (await wire.receive_some()).startswith(b"HTTP/1.1 503 ")
        await wire.aclose()


async def test_a_cancelled_server_is_gone_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with playing() as ground:
        await ground.fan()
        ground.server.publish(LED, lag_ms=1_000)
        began = trio.current_time()

    assert trio.current_time() == began


@pytest.mark.parametrize(
    "fault",
    [FeedServer.drop, FeedServer.mute, FeedServer.mute_but_ping, FeedServer.kill],
)
async def test_nothing_is_logged_as_a_fault_of_ours_whatever_befalls_a_feed(
    autojump_clock: trio.testing.MockClock, fault: Callable[[FeedServer], None]
) -> None:
    with capture_logs() as logs:
        async with playing() as ground:
            await ground.fan()
            await ground.fan(answers=False)
            fault(ground.server)
            ground.server.publish(LED)
            await trio.sleep(60)
            ground.server.revive()
            await trio.sleep(60)

    assert [line for line in logs if line["log_level"] in {"error", "critical"}] == []
    assert ground.server.requests.faults == 0


# The real thing.


async def test_it_serves_an_independent_client_over_sockets_and_survives_a_kill() -> None:
    server = FeedServer(name="alpha", timing=PROMPT, seed=1)
    env = RealEnv(seed=1)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            bound: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
            server.publish(KICKED_OFF)
            async with await trio.open_tcp_stream(bound.host, bound.port) as stream:
                client = await trio_websocket.wrap_client_stream(nursery, stream, "a", "/ws")
                assert json.loads(await client.get_message())["score"] == "0-0"
                server.publish(LED)
                assert json.loads(await client.get_message())["score"] == "1-0"
                server.kill(for_s=0.05)
                with pytest.raises(trio_websocket.ConnectionClosed):
                    await client.get_message()
            await answered(env, bound)
            async with trio_websocket.open_websocket_url(f"ws://{bound.authority}/ws") as client:
                assert json.loads(await client.get_message())["score"] == "1-0"
            nursery.cancel_scope.cancel()


async def answered(env: Env, place: Endpoint) -> None:
    """Wait until somebody answers at ``place``."""
    while True:
        try:
            wire = await env.dial(place)
        except OSError:
            await trio.sleep(0.01)
        else:
            return await wire.aclose()
