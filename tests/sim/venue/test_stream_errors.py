"""Laws of the stream's errors that no command alone brings about: lost keys and slow answers."""

import pytest
import trio.testing

from actors.sim.venue.faults import FaultPlan, StreamFaults
from actors.sim.venue.subscriptions import CHANNELS, PRIVATE
from tests.sim.venue.papers import KEY_ID
from tests.sim.venue.site import seeded, serving


@pytest.mark.parametrize("channel", sorted(CHANNELS))
async def test_a_key_that_was_taken_back_opens_no_private_channel_any_more(
    autojump_clock: trio.testing.MockClock, channel: str
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("fill")
        assert (await socket.message())["type"] == "subscribed"
        site.keys.remove(KEY_ID)
        await socket.subscribe(channel)
        answer = await socket.message()

        if channel in PRIVATE:
            assert (answer["type"], answer["msg"]["code"]) == ("error", 9)
        else:
            assert answer["type"] == "subscribed"


async def test_a_command_that_times_out_is_not_obeyed_and_may_be_given_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(command_timeout=1.0))
    async with serving(seeded(), plan=plan) as site, site.stream() as socket:
        await socket.subscribe("trade")
        error = await socket.message()
        assert (error["id"], error["msg"]["code"]) == (1, 18)
        site.server.calm()
        await socket.say({"id": 2, "cmd": "list_subscriptions"})
        assert (await socket.message())["msg"] == []
        await socket.subscribe("trade")
        assert (await socket.message())["type"] == "subscribed"
        assert site.server.hostility.counts == {"command_timeout": 1}


async def test_which_commands_time_out_depends_on_the_seed_and_their_number_alone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(command_timeout=0.5))
    seen = []
    for seed in (3, 3, 4):
        async with serving(seeded(), plan=plan, seed=seed) as site, site.stream() as socket:
            answers = []
            for number in range(20):
                await socket.say({"id": number + 1, "cmd": "list_subscriptions"})
                answers.append((await socket.message())["type"])
            seen.append(answers)

    assert seen[0] == seen[1] != seen[2]
    assert {*seen[0]} == {"ok", "error"}
