"""A provider that is pulled, and our own feeds at it, over loopback."""

from functools import partial

import attrs
import pytest
import trio

from actors.config.profile import Feed as FeedSettings
from actors.feeds.errors import FeedLost, FeedStale
from actors.feeds.feed import Epochs, Feed, FeedHealth
from actors.feeds.transports import carrier
from actors.messages.feeds import FeedEvent
from actors.model.score import Score
from actors.runtime.env import Endpoint, RealEnv
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.sim.feedframes import MatchState
from actors.sim.feedtiming import FeedTiming
from actors.sim.pullserver import BATCH, STREAM, PullServer

PROMPT = FeedTiming(lag_ms=0.0, jitter_ms=0.0)
START = MatchState(
    game_id=1,
    sportradar_id="7",
    home_team="Argentina",
    away_team="France",
    score=Score(0, 0),
    period="1H",
    elapsed="10:00",
    live=True,
    ended=False,
)


def at(home: int, away: int) -> MatchState:
    return attrs.evolve(START, score=Score(home, away))


@attrs.define(eq=False)
class Ear:
    """One feed, and what it has told."""

    told: list[FeedEvent] = attrs.field(factory=list)
    feed: Feed = attrs.field(init=False)
    _news: trio.Event = attrs.field(init=False, factory=trio.Event)

    def hear(self, event: FeedEvent) -> None:
        """Take one event."""
        self.told.append(event)
        self._news.set()
        self._news = trio.Event()

    async def until(self, score: str) -> None:
        """Return once ``score`` is the last that was told."""
        with trio.fail_after(60):
            while self.scores()[-1:] != [score]:
                await self._news.wait()

    def scores(self, epoch: int | None = None) -> list[str]:
        return [
            one.score.text
            for one in self.told
            if one.score is not None and epoch in {None, one.epoch} and not one.replay
        ]


def ear(
    env: RealEnv,
    where: Endpoint,
    transport: str,
    codec: str,
    path: str,
    *,
    dead_after_s: float = 30,
) -> Ear:
    settings = FeedSettings(
        name="delta",
        transport=transport,  # type: ignore[arg-type] # one of the profile's own words
        codec=codec,  # type: ignore[arg-type] # the same
        url=f"http://{where.authority}{path}",
        role="trigger",
        poll_s=0.25,
        dead_after_s=dead_after_s,
    )
    way = carrier(env, settings)
    one = Ear()
    one.feed = Feed(
        name="delta",
        connect=way.connect,
        decode=way.decode,
        to_arbiter=one.hear,
        env=env,
        epochs=Epochs(),
        vitals=Latest(FeedHealth()),
        health=Health("feed.delta"),
        dead_after_s=dead_after_s,
    )
    return one


async def lost(one: Ear) -> None:
    with pytest.raises(FeedLost):
        await one.feed.run()


async def test_a_dropped_stream_comes_back_with_what_it_missed_as_one_state() -> None:
    env = RealEnv(seed=1)
    server = PullServer(name="delta", timing=PROMPT, seed=1, beat_s=0.1, retry_ms=50)
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        server.publish(START)
        one = ear(env, where, "sse", "txline", STREAM)
        async with trio.open_nursery() as first:
            first.start_soon(lost, one)
            await one.until("0-0")
            server.drop()
        server.publish(at(1, 0))
        server.publish(at(2, 0))
        async with trio.open_nursery() as second:
            second.start_soon(lost, one)
            await one.until("2-0")
            server.publish(at(2, 1))
            await one.until("2-1")
            server.publish(at(2, 0))
            await one.until("2-0")
            server.drop()
        nursery.cancel_scope.cancel()

    assert one.scores(1) == ["0-0"]
    # 1-0 was scored and left behind while nobody listened: no step of it is ever told.
    assert one.scores(2) == ["2-0", "2-1", "2-0"]
    assert [o.kind for o in one.told if o.score is not None][-1] == "retraction"


async def test_a_mute_stream_is_left_at_its_bound() -> None:
    env = RealEnv(seed=1)
    server = PullServer(name="delta", timing=PROMPT, seed=1, beat_s=0.1)
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        server.publish(START)
        server.mute()
        one = ear(env, where, "sse", "txline", STREAM, dead_after_s=0.5)
        with trio.fail_after(60), pytest.raises(FeedStale):
            await one.feed.run()
        nursery.cancel_scope.cancel()


async def test_a_polled_body_is_told_when_it_changes_and_only_then() -> None:
    env = RealEnv(seed=1)
    server = PullServer(name="delta", timing=PROMPT, seed=1)
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        server.publish(START)
        one = ear(env, where, "http_poll", "live_data", BATCH)
        nursery.start_soon(partial(one.feed.run))
        await one.until("0-0")
        server.publish(at(0, 1))
        await one.until("0-1")
        nursery.cancel_scope.cancel()

    assert one.scores() == ["0-0", "0-1"]
    assert {o.period for o in one.told if o.score is not None} == {"1H"}


async def test_a_goal_that_the_stream_is_not_sure_of_is_possible_then_confirmed_then_amended() -> (
    None
):
    env = RealEnv(seed=1)
    server = PullServer(name="delta", timing=PROMPT, seed=1, beat_s=0.1, retry_ms=50)
    unsure = attrs.evolve(at(1, 0), sure=False)
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        server.publish(START)
        one = ear(env, where, "sse", "txline", STREAM)
        nursery.start_soon(one.feed.run)
        await one.until("0-0")
        server.publish(unsure)
        await one.until("1-0")
        server.review(at(1, 0), "confirmed")
        server.review(at(1, 0), "amended")
        # Nothing is left to be sure of.
        server.review(at(1, 0), "confirmed")
        server.publish(attrs.evolve(at(2, 0), sure=False))
        await one.until("2-0")
        server.publish(at(1, 0))
        await one.until("1-0")
        server.review(at(1, 0), "confirmed")
        server.publish(at(1, 1))
        await one.until("1-1")
        nursery.cancel_scope.cancel()

    first = next(place for place, o in enumerate(one.told) if o.kind == "possible")
    about = [o for o in one.told[first:] if o.kind not in {"heartbeat", "closed"}]
    assert [(o.kind, o.conf, o.score.text if o.score else "") for o in about] == [
        ("possible", "unstated", ""),
        ("snapshot", "unstated", "0-0"),
        ("score", "unconfirmed", "1-0"),
        ("score", "confirmed", "1-0"),
        ("snapshot", "unstated", "1-0"),
        ("possible", "unstated", ""),
        ("snapshot", "unstated", "1-0"),
        ("score", "unconfirmed", "2-0"),
        ("retraction", "cancelled", "1-0"),
        ("score", "confirmed", "1-1"),
    ]
    names = [o.incident for o in one.told if o.kind in {"score", "retraction"}]
    assert names[0] == names[1], "a goal keeps its name"
    assert names[2] == names[3]
    assert len(set(names)) == 3
