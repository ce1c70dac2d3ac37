"""What a provider can get wrong, for each protocol: it costs the feed a connection at most."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import attrs
import pytest
import trio
import trio.testing

from actors.config.profile import Feed as FeedSettings
from actors.feeds.errors import FeedError, FeedLost, FeedStale, FeedUnreachable
from actors.feeds.feed import Epochs, Feed, FeedHealth
from actors.feeds.transports import carrier
from actors.messages.feeds import FeedEvent, Review
from actors.model.score import Score
from actors.runtime.env import Endpoint, RealEnv
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.sim.broadcaster import Broadcaster
from actors.sim.feedframes import MatchState
from actors.sim.feedtiming import FeedTiming
from actors.sim.hubserver import HubFeedServer
from actors.sim.world import SERVERS

Clock = trio.testing.MockClock
PROMPT = FeedTiming(lag_ms=0.0, jitter_ms=0.0)
SPOKEN: Final = {
    "ws": ("ws_json", "polymarket"),
    "signalr": ("signalr", "fields"),
    "lightstreamer": ("lightstreamer", "fields"),
    "sse": ("sse", "txline"),
    "poll": ("http_poll", "live_data"),
}
DEAD_AFTER_S: Final = {name: 30.0 if name == "signalr" else 12.0 for name in SPOKEN}
"""A hub may be silent for 15 s."""
PUSHED: Final = tuple(name for name in SPOKEN if name != "poll")
KICK_OFF = MatchState(
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
VERBS: Final[dict[str, Callable[[Broadcaster], None]]] = {
    "drop": lambda server: server.drop(),
    "rst": lambda server: server.rst(),
    "half_open": lambda server: server.half_open(),
    "mute": lambda server: server.mute(),
    "mute_but_ping": lambda server: server.mute_but_ping(),
    "kill": lambda server: server.kill(),
    "lag": lambda server: server.lag(2_000),
    "malformed": lambda server: server.corrupt("malformed"),
    "slow_body": lambda server: server.slow_body(20),
    "bad_status": lambda server: server.bad_status(503),
    "close_code": lambda server: server.close_code(1012),
    "duplicate": lambda server: server.duplicate(),
    "replay_history": lambda server: server.replay_history(),
    "reorder": lambda server: server.reorder(),
    "lag_backend": lambda server: server.lag_backend(5_000),
}
LACKS: Final = {
    "poll": {"duplicate", "replay_history", "reorder", "close_code"},
    "sse": {"close_code"},
}


def at(home: int, away: int) -> MatchState:
    return attrs.evolve(KICK_OFF, score=Score(home, away))


@attrs.define(eq=False, kw_only=True)
class Post:
    """One provider, and one feed of ours that listens to it again and again."""

    server: Broadcaster
    feed: Feed
    told: list[FeedEvent]
    failures: list[FeedError] = attrs.field(factory=list)

    async def listen(self) -> None:
        while True:
            try:
                await self.feed.run()
            except FeedError as failure:
                self.failures.append(failure)
            await trio.sleep(1)

    @property
    def scores(self) -> list[str]:
        """What was told since the connection of now began."""
        return [
            one.score.text
            for one in self.told
            if one.score is not None and one.epoch == self.told[-1].epoch
        ]

    async def until(self, score: str, within_s: float = 60.0) -> None:
        with trio.fail_after(within_s):
            while self.scores[-1:] != [score]:  # noqa: ASYNC110 - the feed tells its list alone
                await trio.sleep(0.05)


@asynccontextmanager
async def post(name: str, env: SeededEnv | RealEnv | None = None) -> AsyncIterator[Post]:
    env = env or SeededEnv(1, MemoryNetwork(1))
    server = SERVERS[name](name=name, timing=PROMPT, seed=1)
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        transport, codec = SPOKEN[name]
        settings = FeedSettings(
            name=name,
            transport=transport,  # type: ignore[arg-type] # one of the profile's own words
            codec=codec,  # type: ignore[arg-type] # the same
            url=server.address(where),
            role="trigger",
            poll_s=1.0,
            dead_after_s=DEAD_AFTER_S[name],
        )
        way = carrier(env, settings)
        told: list[FeedEvent] = []
        feed = Feed(
            name=name,
            connect=way.connect,
            decode=way.decode,
            to_arbiter=told.append,
            env=env,
            epochs=Epochs(),
            vitals=Latest(FeedHealth()),
            health=Health(f"feed.{name}"),
            dead_after_s=DEAD_AFTER_S[name],
        )
        one = Post(server=server, feed=feed, told=told)
        server.publish(KICK_OFF)
        nursery.start_soon(one.listen)
        await one.until("0-0")
        yield one
        nursery.cancel_scope.cancel()


CASES = [(name, verb) for name in SPOKEN for verb in VERBS if verb not in LACKS.get(name, ())]


@pytest.mark.parametrize(("name", "verb"), CASES)
async def test_whatever_befalls_a_provider_its_feed_hears_the_goal_after_it(
    name: str, verb: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        one.server.publish(at(1, 0))
        await one.until("1-0")
        await trio.sleep(10)
        VERBS[verb](one.server)
        await trio.sleep(20)
        one.server.publish(at(1, 1))
        await trio.sleep(20)
        one.server.revive()

        await one.until("1-1", 100)
        one.server.publish(at(2, 1))
        await one.until("2-1", 100)


@pytest.mark.parametrize(
    ("name", "verb"), [(name, verb) for name, verbs in LACKS.items() for verb in sorted(verbs)]
)
def test_a_verb_that_a_protocol_lacks_is_refused_in_one_line(name: str, verb: str) -> None:
    server = SERVERS[name](name=name, timing=PROMPT, seed=1)

    with pytest.raises(ValueError, match=f"^{name} [A-Za-z ,]+$"):
        VERBS[verb](server)


@pytest.mark.parametrize("name", SPOKEN)
def test_a_provider_without_a_token_has_none_to_rotate(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} asks for no token$"):
        SERVERS[name](name=name, timing=PROMPT, seed=1).rotate_token()


@pytest.mark.parametrize("code", [0, 200, 399, 600])
def test_only_the_status_of_an_error_turns_clients_away(code: int) -> None:
    with pytest.raises(ValueError, match="not a status from 400 to 599"):
        SERVERS["sse"](name="sse", timing=PROMPT, seed=1).bad_status(code)


@pytest.mark.parametrize("code", [0, 999, 5_000])
def test_a_socket_is_closed_by_a_code_that_there_is(code: int) -> None:
    with pytest.raises(ValueError, match="not a code from 1000 to 4999"):
        SERVERS["ws"](name="ws", timing=PROMPT, seed=1).close_code(code)


@pytest.mark.parametrize("name", PUSHED)
async def test_nobody_is_told_of_a_half_open_connection_and_silence_alone_ends_it(
    name: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        await trio.sleep(7)
        one.server.half_open()
        since_s = trio.current_time()
        one.server.publish(at(1, 0))
        await one.until("1-0", 100)

    assert isinstance(one.failures[0], FeedStale)
    # TLCP's keep-alive is 5 s: its bound is the tightest.
    assert 3.0 < trio.current_time() - since_s < DEAD_AFTER_S[name] + 15.0


@pytest.mark.parametrize("name", PUSHED)
async def test_a_reset_ends_a_connection_at_once(name: str, autojump_clock: Clock) -> None:
    async with post(name) as one:
        await trio.sleep(7)
        one.server.rst()
        await trio.sleep(0.5)

    assert isinstance(one.failures[0], FeedLost)


@pytest.mark.parametrize("name", SPOKEN)
async def test_who_is_turned_away_knows_that_the_provider_cannot_be_reached(
    name: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        one.server.bad_status(503)
        await trio.sleep(30)
        one.server.publish(at(1, 0))
        one.server.revive()
        await one.until("1-0", 100)

    assert isinstance(one.failures[-1], FeedUnreachable | FeedStale)


UNNUMBERED: Final = tuple(name for name in PUSHED if name != "sse")


@pytest.mark.parametrize("name", [*UNNUMBERED, "poll"])
async def test_a_lagging_backend_shows_an_older_score_and_catches_up(
    name: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        await trio.sleep(6)
        one.server.publish(at(1, 0))
        await one.until("1-0")
        one.server.lag_backend(5_000)
        await one.until("0-0")
        await one.until("1-0")


@pytest.mark.parametrize("name", UNNUMBERED)
async def test_history_that_is_told_again_is_heard_and_ends_where_the_match_is(
    name: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        for home in (1, 2, 3):
            one.server.publish(at(home, 0))
            await one.until(f"{home}-0")
        epoch = one.told[-1].epoch
        one.server.replay_history()
        await trio.sleep(10)

        assert one.told[-1].epoch > epoch
        assert "1-0" in one.scores
        assert one.scores[-1] == "3-0"


@pytest.mark.parametrize("verb", ["replay_history", "duplicate"])
async def test_what_has_a_number_is_told_once_whatever_its_provider_says_again(
    verb: str, autojump_clock: Clock
) -> None:
    async with post("sse") as one:
        await trio.sleep(6)
        one.server.publish(at(1, 0))
        await one.until("1-0")
        known = len(one.told)
        VERBS[verb](one.server)
        await trio.sleep(10)
        one.server.publish(at(2, 0))
        await one.until("2-0")

        fresh = [each for each in one.told[known:] if not each.replay]
        assert [each.score for each in fresh if each.score is not None] == [Score(2, 0)]


@pytest.mark.parametrize("name", PUSHED)
async def test_news_that_was_overtaken_is_put_right(name: str, autojump_clock: Clock) -> None:
    async with post(name) as one:
        one.server.reorder()
        one.server.publish(at(1, 0))
        await trio.sleep(5)

    if name == "sse":
        # What is overtaken has a lower number, and is not believed.
        assert one.scores[-1] == "1-0"
    else:
        assert one.scores[-3:] == ["1-0", "0-0", "1-0"]


@pytest.mark.parametrize("name", PUSHED)
async def test_a_slow_body_comes_late_and_whole(name: str, autojump_clock: Clock) -> None:
    async with post(name) as one:
        one.server.slow_body(50)
        one.server.publish(at(1, 0))
        await trio.sleep(0.1)
        assert one.scores[-1] == "0-0"
        await one.until("1-0", 10)

    assert one.failures == []


async def test_a_token_that_was_rotated_opens_nothing(autojump_clock: Clock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    server = HubFeedServer(name="hub", timing=PROMPT, seed=1, token="before")  # noqa: S106 - ours
    server.rotate_token()

    assert server.token not in {"", "before"}
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
        for token, status in (("before", b"401"), (server.token, b"200")):
            wire = await env.dial(where)
            await wire.send_all(
                b"POST /hub/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: a\r\n"
                b"Content-Length: 0\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
            )
            assert (await wire.receive_some(100)).split()[1] == status
            await wire.aclose()
        nursery.cancel_scope.cancel()


async def test_a_muted_stream_says_not_even_how_matches_stand(autojump_clock: Clock) -> None:
    async with post("sse") as one:
        one.server.mute()
        one.server.drop()
        await trio.sleep(5)
        quiet = len([each for each in one.told if each.kind != "closed"])
        await trio.sleep(5)
        assert len([each for each in one.told if each.kind != "closed"]) <= quiet + 1
        one.server.publish(at(1, 0))
        one.server.revive()
        await one.until("1-0")


async def test_a_revived_stream_tells_the_clients_it_kept(autojump_clock: Clock) -> None:
    async with post("sse") as one:
        epoch = one.told[-1].epoch
        one.server.mute()
        one.server.publish(at(1, 0))
        await trio.sleep(5)
        assert one.scores[-1] == "0-0"
        one.server.revive()
        await one.until("1-0", 1)

    assert one.told[-1].epoch == epoch


@pytest.mark.parametrize("name", SPOKEN)
async def test_a_lost_incident_is_told_with_the_next_frame(
    name: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        one.server._timing = attrs.evolve(PROMPT, loss=1.0)  # noqa: SLF001 - the weather turns
        one.server.publish(at(1, 0))
        await trio.sleep(2)
        assert one.scores[-1] == "0-0"
        one.server._timing = PROMPT  # noqa: SLF001 - and turns again
        one.server.publish(at(1, 1))
        await one.until("1-1", 2)

    assert "1-0" not in one.scores


async def test_a_reset_reaches_a_client_over_a_real_socket() -> None:
    env = RealEnv(seed=1)
    server = SERVERS["sse"](name="sse", timing=PROMPT, seed=1)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            where: Endpoint = await nursery.start(server.run, env, Endpoint("127.0.0.1", 0))
            stream = await trio.open_tcp_stream(where.host, where.port)
            await stream.send_all(b"GET /api/scores/stream HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200" in await stream.receive_some(9_999)
            server.rst()
            with pytest.raises(trio.BrokenResourceError):
                await to_its_end(stream)
            await stream.aclose()
            nursery.cancel_scope.cancel()


async def to_its_end(stream: trio.abc.ReceiveStream) -> None:
    while await stream.receive_some(9_999):
        pass


# Reviews, of which the stream of events alone has words.


async def test_a_review_is_told_by_the_stream_as_it_opens_and_ends(autojump_clock: Clock) -> None:
    async with post("sse") as one:
        one.server.publish(at(1, 0))
        await one.until("1-0")
        one.server.review(at(1, 0), "opened")
        await trio.sleep(1)
        one.server.review(at(1, 0), "stands")
        await trio.sleep(1)
        said = [each.review for each in one.told if each.review is not None]

    assert said == [Review("goal", "open"), Review("goal", "stands")]
    assert "retraction" not in [each.kind for each in one.told]


async def test_a_goal_that_a_review_takes_back_is_taken_back_once(autojump_clock: Clock) -> None:
    async with post("sse") as one:
        one.server.publish(at(1, 0))
        await one.until("1-0")
        one.server.review(at(1, 0), "opened")
        await trio.sleep(1)
        one.server.review(at(0, 0), "overturned")
        one.server.publish(at(0, 0))
        await trio.sleep(1)
        one.server.publish(at(0, 1))
        await one.until("0-1")

    assert [each.review for each in one.told if each.review is not None] == [
        Review("goal", "open"),
        Review("goal", "overturned"),
    ]
    assert [each.score for each in one.told if each.kind == "retraction"][-1] == Score(0, 0)


async def test_a_review_that_a_mute_provider_missed_is_told_when_it_speaks_again(
    autojump_clock: Clock,
) -> None:
    async with post("sse") as one:
        one.server.publish(at(1, 0))
        await one.until("1-0")
        one.server.review(at(1, 0), "opened")
        await trio.sleep(1)
        one.server.mute()
        one.server.review(at(1, 0), "stands")
        await trio.sleep(3)
        one.server.revive()
        await trio.sleep(1)

    assert [each.review for each in one.told if each.review is not None][-1] == Review(
        "goal", "stands"
    )


@pytest.mark.parametrize("name", ["ws", "signalr", "lightstreamer", "poll"])
async def test_a_provider_without_words_for_a_review_says_nothing_of_it(
    name: str, autojump_clock: Clock
) -> None:
    async with post(name) as one:
        one.server.review(KICK_OFF, "opened")
        await trio.sleep(3)

    assert all(each.review is None for each in one.told)
