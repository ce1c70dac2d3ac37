"""Our feed servers against the official clients: what those understand, ours may rely on.

Loopback alone, and only where ``make interop`` could install them.
"""

from typing import Any

import attrs
import pytest
import trio

from actors.model.score import Score
from actors.runtime.env import Endpoint, RealEnv
from actors.sim.feedframes import MatchState
from actors.sim.feedtiming import FeedTiming
from actors.sim.hubserver import HubFeedServer
from actors.sim.tlcpserver import TlcpFeedServer
from tests.interop.official import javascript, python, running

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


def goals(home: int) -> MatchState:
    return attrs.evolve(KICK_OFF, score=Score(home, 0), elapsed=f"{10 * home}:00")


def shown(states: Any) -> int:  # noqa: ANN401 - JSON
    assert states["match"]["sr:1"]["home"] == KICK_OFF.home_team
    assert states["match"]["sr:1"]["away"] == KICK_OFF.away_team
    home = states["match"]["sr:1"]["h"]
    assert isinstance(home, int)
    return home


@pytest.mark.parametrize("mode", ["plain", "skip"])
async def test_the_official_hub_client_reads_our_hub_and_comes_back_after_a_drop(
    mode: str,
) -> None:
    javascript("", mode)
    hub = HubFeedServer(name="charlie", timing=PROMPT, seed=1)
    async with trio.open_nursery() as nursery:
        where = await nursery.start(hub.run, RealEnv(seed=1), Endpoint("127.0.0.1", 0))
        hub.publish(KICK_OFF)
        async with running(javascript(f"http://{where.authority}/hub", mode)) as client:
            assert shown(await client.until("state")) == 0
            hub.publish(goals(1))
            assert (await client.until("patch"))["sr:1"]["h"] == 1
            hub.drop()
            hub.publish(goals(2))
            assert shown(await client.until("again")) == 2
            hub.publish(goals(3))
            assert (await client.until("patch"))["sr:1"]["h"] == 3
        assert hub.negotiated == (0 if mode == "skip" else 2)
        assert hub.resumed == 0
        nursery.cancel_scope.cancel()


async def test_the_official_hub_client_takes_a_stateful_connection_up_again() -> None:
    javascript("", "stateful")
    hub = HubFeedServer(name="charlie", timing=PROMPT, seed=1)
    async with trio.open_nursery() as nursery:
        where = await nursery.start(hub.run, RealEnv(seed=1), Endpoint("127.0.0.1", 0))
        hub.publish(KICK_OFF)
        async with running(javascript(f"http://{where.authority}/hub", "stateful")) as client:
            assert shown(await client.until("state")) == 0
            hub.publish(goals(1))
            assert (await client.until("patch"))["sr:1"]["h"] == 1
            # What is said while nobody listens is said again, once and in its place.
            hub.drop()
            for number in range(2, 5):
                hub.publish(goals(number))
            told = [await client.hear() for _ in range(2, 5)]
            assert [(what, said["sr:1"]["h"]) for what, said in told] == [
                ("patch", 2),
                ("patch", 3),
                ("patch", 4),
            ]
        assert (hub.negotiated, hub.resumed) == (1, 1)
        nursery.cancel_scope.cancel()


async def test_the_official_lightstreamer_client_reads_loops_and_recovers() -> None:
    python("")
    server = TlcpFeedServer(name="delta", timing=PROMPT, seed=1)
    async with trio.open_nursery() as nursery:
        where = await nursery.start(server.run, RealEnv(seed=1), Endpoint("127.0.0.1", 0))
        server.publish(KICK_OFF)
        async with running(python(f"http://{where.authority}")) as client:
            first = await client.until("update", "refused")
            assert first == {
                "key": "sr:1",
                "command": "ADD",
                "home": KICK_OFF.home_team,
                "away": KICK_OFF.away_team,
                "h": "0",
                "a": "0",
                "period": "1H",
                "snapshot": True,
            }
            server.publish(goals(1))
            assert (await client.until("update", "lost"))["h"] == "1"
            server.loop()
            server.publish(goals(2))
            assert (await client.until("update", "lost"))["h"] == "2"
            server.drop()
            await trio.sleep(0.05)
            for number in range(3, 6):
                server.publish(goals(number))
            told = [await client.until("update", "lost") for _ in range(3, 6)]
            assert [(one["h"], one["snapshot"]) for one in told] == [
                ("3", False),
                ("4", False),
                ("5", False),
            ]
        assert server.created == 1
        assert server.recovered >= 1
        nursery.cancel_scope.cancel()
