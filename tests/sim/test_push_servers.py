"""Both push protocols from end to end: one script of a match, our servers, our clients."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import attrs
import pytest
import trio
import trio.testing

from actors.feeds.errors import FeedLost, FeedStale, FeedUnreachable
from actors.feeds.feed import Epochs, Feed, FeedHealth
from actors.feeds.lightstreamer.link import LightstreamerLink
from actors.feeds.lightstreamer.requests import Account
from actors.feeds.signalr.link import HubSettings, SignalrLink
from actors.messages.feeds import FeedEvent
from actors.model.score import Score
from actors.runtime.env import Endpoint, Env, RealEnv
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.sim.feedframes import MatchState
from actors.sim.feedtiming import FeedTiming
from actors.sim.hubserver import HubFeedServer
from actors.sim.tlcpserver import TlcpFeedServer

PROMPT = FeedTiming(lag_ms=0.0, jitter_ms=0.0)
KICK_OFF = MatchState(
    game_id=1,
    sportradar_id="sr:1",
    home_team="Ajax #1 | Amsterdam",
    away_team="50 % of Köln, e. V.",
    score=Score(0, 0),
    period="1H",
    elapsed="00:01",
    live=True,
    ended=False,
)

Server = HubFeedServer | TlcpFeedServer
Told = list[FeedEvent]


def after(home: int, away: int, elapsed: str = "32:15") -> MatchState:
    return attrs.evolve(KICK_OFF, score=Score(home, away), elapsed=elapsed)


@attrs.define(eq=False, kw_only=True)
class Stand:
    """One server and one feed that listens to it, over as many connections as it takes."""

    env: Env
    server: Server
    feed: Feed
    told: Told

    @property
    def scores(self) -> list[Score]:
        return [one.score for one in self.told if one.score is not None]

    async def until(self, holds: Callable[[], bool]) -> None:
        with trio.fail_after(60):
            while not holds():  # noqa: ASYNC110 - the feed tells nobody but its list
                await trio.sleep(0.01)

    @asynccontextmanager
    async def listening(self, error: type[Exception] = FeedLost) -> AsyncIterator[None]:
        """Let the feed listen until its connection ends, as it must, with ``error``."""
        ended: list[Exception] = []

        async def run() -> None:
            try:
                await self.feed.run()
            except (FeedLost, FeedStale, FeedUnreachable) as failure:
                ended.append(failure)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            yield
            await self.until(lambda: bool(ended))
        assert isinstance(ended[0], error), ended[0]


@asynccontextmanager
async def stand(env: Env, protocol: str) -> AsyncIterator[Stand]:
    server: Server
    link: SignalrLink | LightstreamerLink
    async with trio.open_nursery() as nursery:
        if "lightstreamer" in protocol:
            server = TlcpFeedServer(name="delta", timing=PROMPT, seed=1)
        else:
            server = HubFeedServer(name="charlie", timing=PROMPT, seed=1, token="t0ken")  # noqa: S106 - the world's
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        if "lightstreamer" in protocol:
            scheme = "http" if "streaming" in protocol else "ws"
            url = f"{scheme}://{where.authority}/lightstreamer"
            link = LightstreamerLink(env=env, url=url, account=Account(), replay_s=0.2)
        else:
            settings = HubSettings(
                url=f"ws://{where.authority}/hub",
                token="t0ken",  # noqa: S106 - the world's
                stateful=protocol == "signalr stateful",
                negotiates=protocol != "signalr unasked",
            )
            link = SignalrLink(env=env, settings=settings, replay_s=0.2)
        told: Told = []
        feed = Feed(
            name="alpha",
            connect=link.connect,
            decode=link.decode,
            to_arbiter=told.append,
            env=env,
            epochs=Epochs(),
            vitals=Latest(FeedHealth()),
            health=Health("feed.alpha"),
        )
        yield Stand(env=env, server=server, feed=feed, told=told)
        nursery.cancel_scope.cancel()


@pytest.fixture(params=["seeded", "real"])
def env(request: pytest.FixtureRequest) -> Env:
    if request.param == "seeded":
        request.getfixturevalue("autojump_clock")
        return SeededEnv(1, MemoryNetwork(1))
    return RealEnv(seed=1)


HTTP = "lightstreamer streaming"
EVERY = ["signalr", "signalr unasked", "signalr stateful", "lightstreamer", HTTP]
KEEPING = ["signalr stateful", "lightstreamer", HTTP]
every_protocol = pytest.mark.parametrize("protocol", EVERY)
every_keeping_protocol = pytest.mark.parametrize("protocol", KEEPING)


@every_protocol
async def test_a_goal_crosses_the_wire_whole(env: Env, protocol: str) -> None:
    async with stand(env, protocol) as at:
        at.server.publish(KICK_OFF)
        async with at.listening():
            await at.until(lambda: at.scores == [Score(0, 0)])
            at.server.publish(after(1, 0))
            await at.until(lambda: Score(1, 0) in at.scores)
            at.server.drop()

    goal = next(one for one in at.told if one.score == Score(1, 0))
    assert (goal.kind, goal.feed_match, goal.period, goal.clock_s) == (
        "snapshot",
        "sr:1",
        "1H",
        1_935,
    )
    assert (goal.home_name, goal.away_name) == (KICK_OFF.home_team, KICK_OFF.away_team)
    assert goal.provider_ts_ns is not None
    assert [at.told[0].kind, at.told[-1].kind] == ["opened", "closed"]


@every_keeping_protocol
async def test_a_drop_loses_nothing_and_nothing_replayed_is_told_as_news(
    env: Env, protocol: str
) -> None:
    async with stand(env, protocol) as at:
        at.server.publish(KICK_OFF)
        async with at.listening():
            await at.until(lambda: at.scores == [Score(0, 0)])
            at.server.drop()
        # Two goals that nobody hears.
        at.server.publish(after(1, 0))
        at.server.publish(after(2, 0))
        await at.until(lambda: at.server.truth[KICK_OFF.game_id].score == Score(2, 0))
        at.told.clear()
        async with at.listening():
            await at.until(lambda: any(one.kind == "heartbeat" for one in at.told))
            await trio.sleep(0.3)
            assert at.scores == []
            at.server.publish(after(3, 0))
            await at.until(lambda: Score(3, 0) in at.scores)
            at.server.drop()

    # As it stood after the replay, and then the goal of this connection.
    assert at.scores == [Score(2, 0), Score(3, 0)]
    assert {one.epoch for one in at.told} == {2}
    if isinstance(at.server, HubFeedServer):
        assert (at.server.negotiated, at.server.resumed) == (1, 1)
    else:
        assert (at.server.created, at.server.recovered) == (1, 1)


@pytest.mark.parametrize("protocol", ["signalr", "signalr unasked"])
async def test_without_state_a_reconnect_begins_with_a_snapshot(env: Env, protocol: str) -> None:
    async with stand(env, protocol) as at:
        for state in (KICK_OFF, after(1, 0)):
            at.server.publish(state)
            async with at.listening():
                while state.score not in at.scores:  # noqa: ASYNC110 - as ``until``
                    await trio.sleep(0.01)
                at.server.drop()
    assert at.scores == [Score(0, 0), Score(1, 0)]


async def test_a_loop_costs_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with stand(SeededEnv(1, MemoryNetwork(1)), "lightstreamer") as at:
        assert isinstance(at.server, TlcpFeedServer)
        at.server.publish(KICK_OFF)
        async with at.listening():
            await at.until(lambda: at.scores == [Score(0, 0)])
            at.server.loop()
            await trio.sleep(1)
            at.server.publish(after(1, 0))
            await at.until(lambda: at.scores == [Score(0, 0), Score(1, 0)])
            at.server.end(48, "too old")
    assert at.server.created == 1
    assert "48" in at.told[-1].reason


async def test_over_http_a_loop_ends_the_stream_and_the_next_one_goes_on(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stand(SeededEnv(1, MemoryNetwork(1)), HTTP) as at:
        assert isinstance(at.server, TlcpFeedServer)
        at.server.publish(KICK_OFF)
        async with at.listening():
            await at.until(lambda: at.scores == [Score(0, 0)])
            at.server.loop()
            await trio.sleep(1)
            at.server.drop()
        async with at.listening():
            await trio.sleep(1)
            at.server.publish(after(1, 0))
            await at.until(lambda: Score(1, 0) in at.scores)
            at.server.drop()
        assert at.scores == [Score(0, 0), Score(0, 0), Score(1, 0)]
        assert (at.server.created, at.server.recovered) == (1, 0)


@pytest.mark.parametrize(
    ("protocol", "bound_s"),
    [("signalr", 30.0), ("signalr stateful", 30.0), ("lightstreamer", 8.0), (HTTP, 8.0)],
)
async def test_a_silent_server_is_dead_at_its_protocols_own_bound(
    autojump_clock: trio.testing.MockClock, protocol: str, bound_s: float
) -> None:
    async with stand(SeededEnv(1, MemoryNetwork(1)), protocol) as at:
        at.server.publish(KICK_OFF)
        async with at.listening(FeedStale):
            await at.until(lambda: bool(at.scores))
            heard_s = trio.current_time()
            at.server.mute()
        assert bound_s - 0.5 <= trio.current_time() - heard_s <= bound_s + 0.5


@every_protocol
async def test_an_idle_connection_lives_on_its_pings(
    autojump_clock: trio.testing.MockClock, protocol: str
) -> None:
    async with stand(SeededEnv(1, MemoryNetwork(1)), protocol) as at:
        at.server.publish(KICK_OFF)
        async with at.listening():
            await trio.sleep(600)
            at.server.publish(after(1, 0))
            await at.until(lambda: Score(1, 0) in at.scores)
            at.server.drop()
        assert {one.epoch for one in at.told} == {1}


async def test_a_hub_lets_nobody_in_without_the_token(
    autojump_clock: trio.testing.MockClock,
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    server = HubFeedServer(name="charlie", timing=PROMPT, seed=1, token="t0ken")  # noqa: S106 - the world's
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(server.run, env, Endpoint("127.0.0.1", 0)))
        for negotiates in (True, False):
            settings = HubSettings(url=f"ws://{where.authority}/hub", negotiates=negotiates)
            with pytest.raises(FeedUnreachable, match="401"):
                async with SignalrLink(env=env, settings=settings).connect():
                    raise AssertionError("nobody gets this far")
        nursery.cancel_scope.cancel()
