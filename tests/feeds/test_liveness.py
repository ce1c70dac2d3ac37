"""How long each way of carrying a feed may be silent, and how often it may dial. Clock: trio's."""

import random
from collections.abc import Sequence

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from actors.feeds.dials import MOST_DIALS, MeteredEnv, TooManyDials
from actors.feeds.errors import FeedLost, FeedStale, FeedUnreachable
from actors.messages.feeds import FeedEvent
from actors.runtime.child import Child
from actors.runtime.env import Endpoint
from actors.runtime.health import Health
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.restart import RestartPolicy
from actors.runtime.supervise import Supervisor
from supervisor import FEED
from tests.feeds.stand import (
    WAYS,
    Provider,
    answer,
    beat,
    feed_of,
    listening,
    request_of,
    settings_of,
    state,
    url_of,
    wrapped,
)

Clock = trio.testing.MockClock
OWN_S = {
    "ws_json": 12.0,
    "signalr": 30.0,
    "signalr_classic": 5.0,
    "lightstreamer": 8.0,
    "sse": 30.0,
    "push_json": 12.0,
    "http_poll": 30.0,
}
"""Each protocol's own bound (reference feeds.md section 10); TLCP's is the keep-alive and 3 s, the
classic hub's its own keep-alive bound."""
OLDER = "Sun, 22 Nov 2026 19:00:00 GMT"


async def old_answers(stream: trio.abc.Stream) -> None:
    """Answer each request with what another edge has kept for an hour: no sign of life."""
    number = 1
    while await request_of(stream):
        number += 1
        await stream.send_all(answer(state("http_poll", number).encode(), OLDER))


def provider(way: str, keepalive_ms: int = 5_000) -> Provider:
    made = Provider(way=way, keepalive_ms=keepalive_ms)
    if way == "http_poll":
        made.then = old_answers
    return made


def silence_s(told: Sequence[FeedEvent]) -> float:
    """Return how long after its last frame the connection was given up."""
    assert told[-1].kind == "closed"
    return (told[-1].received_ns - told[-2].received_ns) / 1e9


@pytest.mark.parametrize("way", WAYS)
async def test_each_protocol_gives_a_silent_provider_up_at_its_own_bound(
    way: str, autojump_clock: Clock
) -> None:
    async with listening(provider(way)) as (feed, told):
        with pytest.raises(FeedStale):
            await feed.run()

    assert OWN_S[way] <= silence_s(told) <= OWN_S[way] + 0.5


@pytest.mark.parametrize("way", WAYS)
async def test_thirty_seconds_bound_every_protocol_whose_own_rule_allows_as_much(
    way: str, autojump_clock: Clock
) -> None:
    own = {"silence_s": 30.0, "dead_after_s": 30.0}
    async with listening(provider(way, keepalive_ms=60_000), **own) as (feed, told):
        with pytest.raises(FeedStale):
            await feed.run()

    assert 30.0 <= silence_s(told) <= 30.5


@pytest.mark.parametrize("way", WAYS)
async def test_a_profiles_tighter_bound_goes_before_the_protocols(
    way: str, autojump_clock: Clock
) -> None:
    async with listening(provider(way), dead_after_s=5.0) as (feed, told):
        with pytest.raises(FeedStale):
            await feed.run()

    assert 5.0 <= silence_s(told) <= 5.5


@pytest.mark.parametrize("way", WAYS)
async def test_a_protocols_own_beat_keeps_its_connection(way: str, autojump_clock: Clock) -> None:
    async def beats(stream: trio.abc.Stream) -> None:
        for _ in range(12):
            if way == "http_poll":
                await request_of(stream)
            else:
                await trio.sleep(4.5 if way == "signalr_classic" else 7.5)
            await stream.send_all(wrapped(way, beat(way)))
        await stream.aclose()

    async with listening(Provider(way=way, then=beats)) as (feed, told):
        with pytest.raises(FeedLost):
            await feed.run()

    assert len([one for one in told if one.kind == "heartbeat"]) >= 12


async def test_a_poll_that_nobody_answers_is_given_up_sooner(autojump_clock: Clock) -> None:
    async with listening(Provider(way="http_poll")) as (feed, told):
        with pytest.raises(FeedLost, match="no answer within 5 s"):
            await feed.run()

    assert silence_s(told) < 7


async def test_nobody_is_dialled_more_than_twenty_times_in_any_minute(
    autojump_clock: Clock,
) -> None:
    network = MemoryNetwork(1)
    env = MeteredEnv(SeededEnv(1, network))
    dialled_s: list[float] = []
    for _ in range(400):
        try:
            await env.dial(Endpoint("127.0.0.1", 9))
        except TooManyDials:
            pass
        except OSError:
            dialled_s.append(trio.current_time())
        await trio.sleep(0.7)

    for at_s in dialled_s:
        assert len([one for one in dialled_s if at_s <= one < at_s + 60.0]) <= MOST_DIALS
    assert len(dialled_s) >= 4 * MOST_DIALS


def child(name: str, feed_run: object, policy: RestartPolicy = FEED) -> Child:
    return Child(
        id=name,
        run=feed_run,  # type: ignore[arg-type]  # a feed's
        criticality="feed",
        policy=policy,
        ready_s=40,
        good_marks=True,
        health=Health(name),
    )


async def test_a_night_without_any_provider_costs_races_and_not_the_process(
    autojump_clock: Clock,
) -> None:
    """Eight hours, all of them at once; then they are back and every feed hears of its match."""
    network = MemoryNetwork(1)
    env = SeededEnv(1, network)
    told: list[FeedEvent] = []
    where = Endpoint("127.0.0.1", 4_000)
    children = []
    for number, way in enumerate(WAYS):
        place = Endpoint("127.0.0.1", where.port + number)
        feed = feed_of(env, settings_of(way, url_of(way, place)), told)
        children.append(child(f"feed.{way}", feed.run))
    tree = Supervisor(name="feeds", children=children, now_ns=env.now_ns, rng=random.Random(1))

    # To print three thousand failures would take longer than to have them.
    with capture_logs():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tree.run)
            await trio.sleep(8 * 3600)
            assert told == []
            for number, way in enumerate(WAYS):
                place = Endpoint("127.0.0.1", where.port + number)
                await nursery.start(env.listen, place, Provider(way=way).serve)
            await trio.sleep(75)
            nursery.cancel_scope.cancel()

    assert len([one for one in told if one.kind == "opened"]) >= len(WAYS)
    assert len([one for one in told if one.score is not None]) >= len(WAYS)


@pytest.mark.parametrize("way", WAYS)
async def test_a_connection_counts_only_after_its_first_frame(
    way: str, autojump_clock: Clock
) -> None:
    """A provider that greets and says nonsense is one that cannot be reached."""
    nonsense = Provider(way=way, head=b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad")
    tries: list[float] = []
    async with listening(nonsense) as (feed, told):

        async def run(*, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
            tries.append(trio.current_time())
            await feed.run(task_status=task_status)

        tree = Supervisor(
            name="feeds",
            children=[child("feed.alpha", run)],
            now_ns=feed.env.now_ns,
            rng=random.Random(1),
        )
        with trio.move_on_after(200):
            await tree.run()

    assert told == [] or all(one.kind in {"opened", "closed"} for one in told)
    assert nonsense.asked <= MOST_DIALS * 4
    for at_s in tries:
        assert len([one for one in tries if at_s <= one < at_s + 60.0]) <= MOST_DIALS
    assert feed.vitals.value.frames == 0


async def test_a_hub_that_redirects_for_ever_is_not_followed_for_ever(
    autojump_clock: Clock,
) -> None:
    loop = b'{"url":"http://127.0.0.1:49152/hub"}'
    around = Provider(way="signalr", head=answer(loop))
    async with listening(around) as (feed, _):
        with pytest.raises(FeedUnreachable, match="dials in a minute"):
            await feed.run()

    assert around.asked == MOST_DIALS
