"""The classic hub from end to end: negotiated, started, subscribed, dropped and taken up again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from actors.config.profile import Feed as FeedSettings
from actors.feeds.errors import FeedError, FeedGarbled, FeedLost, FeedStale, FeedUnreachable
from actors.feeds.feed import Feed
from actors.messages.feeds import FeedEvent
from actors.runtime.env import Endpoint
from actors.runtime.memory import MemoryNetwork, SeededEnv
from tests.feeds.signalr.classic_provider import BASE, ClassicHub
from tests.feeds.stand import feed_of

Clock = trio.testing.MockClock
Told = list[FeedEvent]


@asynccontextmanager
async def standing(hub: ClassicHub, **more: str) -> AsyncIterator[tuple[Feed, Told]]:
    env = SeededEnv(1, MemoryNetwork(1))
    told: Told = []
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(hub.run, env)
        settings = FeedSettings(
            name="alpha",
            transport="signalr_classic",
            codec="fields",
            url=f"ws://{where.authority}{BASE}",
            role="trigger",
            **more,  # type: ignore[arg-type]  # the test's
        )
        yield feed_of(env, settings, told), told
        nursery.cancel_scope.cancel()


async def ended(feed: Feed) -> FeedError:
    """Run the feed to the end of one connection; return why it ended."""
    with pytest.raises(FeedError) as caught:
        await feed.run()
    return caught.value


def scores(told: Told) -> list[str]:
    return [one.score.text for one in told if one.score is not None]


async def test_a_goal_crosses_the_classic_wire(autojump_clock: Clock) -> None:
    hub = ClassicHub()
    async with standing(hub) as (feed, told), trio.open_nursery() as nursery:
        nursery.start_soon(ended, feed)
        await trio.sleep(1)
        hub.goal(1)
        await trio.sleep(45)
        hub.drop()

    assert hub.asked == [f"{BASE}/{name}" for name in ("negotiate", "connect", "start")]
    assert scores(told) == ["0-0", "1-0"]
    assert [one.kind for one in told[-4:]] == ["heartbeat"] * 3 + ["closed"]


async def test_a_drop_is_taken_up_where_the_cursor_stands_and_nothing_missed_is_news(
    autojump_clock: Clock,
) -> None:
    hub = ClassicHub()
    async with standing(hub) as (feed, told), trio.open_nursery() as nursery:
        nursery.start_soon(ended, feed)
        await trio.sleep(1)
        hub.goal(1)
        await trio.sleep(1)
        hub.drop()
        await trio.sleep(1)
        hub.goal(2)
        hub.goal(3)
        nursery.start_soon(ended, feed)
        await trio.sleep(11)
        hub.goal(4)
        await trio.sleep(1)
        hub.drop()

    assert hub.asked[-1] == f"{BASE}/reconnect"
    assert scores([one for one in told if one.epoch == 2]) == ["3-0", "4-0"]


@pytest.mark.parametrize("why", ["forgotten", "too late"])
async def test_what_cannot_be_taken_up_begins_anew(why: str, autojump_clock: Clock) -> None:
    hub = ClassicHub()
    async with standing(hub) as (feed, told), trio.open_nursery() as nursery:
        nursery.start_soon(ended, feed)
        await trio.sleep(1)
        hub.goal(1)
        await trio.sleep(1)
        hub.drop()
        await trio.sleep(31 if why == "too late" else 1)
        hub.knows = why == "too late"
        if why == "forgotten":
            assert "400" in str(await ended(feed))
        hub.goal(2)
        nursery.start_soon(ended, feed)
        await trio.sleep(1)
        hub.drop()

    assert hub.asked[-3:] == [f"{BASE}/{name}" for name in ("negotiate", "connect", "start")]
    assert scores([one for one in told if one.epoch == 2]) == ["2-0"]


async def test_a_classic_hub_is_lost_at_its_own_keep_alive(autojump_clock: Clock) -> None:
    hub = ClassicHub(keepalive_s=7.0)
    async with standing(hub) as (feed, told):
        error = await ended(feed)

    assert isinstance(error, FeedStale)
    assert 7.0 <= (told[-1].received_ns - told[-2].received_ns) / 1e9 <= 7.5


async def test_without_a_keep_alive_our_own_bounds_hold(autojump_clock: Clock) -> None:
    async with standing(ClassicHub(keepalive_s=None)) as (feed, told):
        assert isinstance(await ended(feed), FeedStale)

    assert 30.0 <= (told[-1].received_ns - told[-2].received_ns) / 1e9 <= 30.5


@pytest.mark.parametrize(
    ("message", "error", "why"),
    [
        ({"T": 1, "C": "c-0", "M": []}, FeedLost, "dialled again"),
        ({"E": "no more"}, FeedGarbled, "no more"),
        ({"C": 7}, FeedGarbled, "cursor"),
        ({"C": "x", "M": [{"H": "feed"}]}, FeedGarbled, "not a push"),
        ({"C": "x", "M": [{"H": "feed", "M": "feed", "A": [1]}]}, FeedGarbled, "without a topic"),
    ],
)
async def test_what_the_hub_says_last_ends_the_connection_in_one_line(
    message: dict[str, object], error: type[FeedError], why: str, autojump_clock: Clock
) -> None:
    hub = ClassicHub()
    found: list[FeedError] = []

    async def run(feed: Feed) -> None:
        found.append(await ended(feed))

    async with standing(hub) as (feed, _), trio.open_nursery() as nursery:
        nursery.start_soon(run, feed)
        await trio.sleep(1)
        await hub.say(message)

    assert isinstance(found[0], error)
    assert why in str(found[0])
    assert len(str(found[0])) < 200


async def test_a_hub_that_does_not_start_or_lets_nobody_in_is_unreachable(
    autojump_clock: Clock,
) -> None:
    async with standing(ClassicHub(starts=False)) as (feed, _):
        assert "start answered" in str(await ended(feed))
    async with standing(ClassicHub(token="hush")) as (feed, _):  # noqa: S106 - the test's
        error = await ended(feed)
    assert isinstance(error, FeedUnreachable)
    assert "401" in str(error)


async def test_a_hub_that_moved_is_followed_with_the_token_that_it_gave(
    autojump_clock: Clock,
) -> None:
    network = MemoryNetwork(1)
    env = SeededEnv(1, network)
    there = ClassicHub(token="there")  # noqa: S106 - the test's
    here = ClassicHub()
    told: Told = []
    async with trio.open_nursery() as nursery:
        new: Endpoint = await nursery.start(there.run, env)
        old: Endpoint = await nursery.start(here.run, env)
        here.redirect_to = f"http://{new.authority}{BASE}"
        settings = FeedSettings(
            name="alpha",
            transport="signalr_classic",
            codec="fields",
            url=f"ws://{old.authority}{BASE}?tenant=7",
            role="trigger",
        )
        nursery.start_soon(ended, feed_of(env, settings, told))
        await trio.sleep(1)
        there.drop()
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert here.asked == [f"{BASE}/negotiate"]
    assert scores(told) == ["0-0"]
