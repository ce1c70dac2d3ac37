"""The feed actor under faults. Time is trio's, so half a minute takes none."""

import random

import pytest
import trio
import trio.testing

from actors.feeds.codecs.polymarket import PING, PONG
from actors.feeds.errors import FeedDeaf, FeedGarbled, FeedLost, FeedStale, FeedUnreachable
from actors.feeds.feed import Epochs, FeedHealth
from actors.messages.feeds import FeedEvent
from actors.model.score import Score
from actors.runtime.child import Child
from actors.runtime.errors import MailboxFull
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.runtime.restart import RestartPolicy
from actors.runtime.supervise import Supervisor
from tests.feeds.provider import GOAL, HANG_UP, Provider, feed_of, seeded_env

Clock = trio.testing.MockClock


async def test_every_frame_becomes_an_event_stamped_when_it_was_read(
    autojump_clock: Clock,
) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(1, PING), (2, GOAL), (3, HANG_UP)]])

    with pytest.raises(FeedLost):
        await feed_of(provider, told.append).run()

    assert [(one.kind, one.frame_no, one.received_ns) for one in told] == [
        ("opened", 0, 0),
        ("heartbeat", 1, 1_000_000_000),
        ("snapshot", 2, 3_000_000_000),
        ("closed", 0, 6_000_000_000),
    ]
    assert told[2].score == Score(1, 0)
    assert told[2].raw == GOAL.encode()
    assert told[3].reason == "FeedLost: closed with 1000"


async def test_silence_ends_the_connection_after_exactly_its_bound(autojump_clock: Clock) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(29.9, GOAL)]])

    with pytest.raises(FeedStale, match="silent for 30 s"):
        await feed_of(provider, told.append).run()

    assert trio.current_time() == pytest.approx(59.9, abs=0.5)
    assert told[-1].kind == "closed"
    assert told[-1].reason == "FeedStale: silent for 30 s"


async def test_a_heartbeat_is_a_sign_of_life(autojump_clock: Clock) -> None:
    provider = Provider([[(11, PING), (11, PING), (11, PING)]])

    with pytest.raises(FeedStale):
        await feed_of(provider, lambda _: None, dead_after_s=12).run()

    assert trio.current_time() == pytest.approx(33 + 12)


async def test_a_stale_feed_is_noticed_and_redialled_in_time(autojump_clock: Clock) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(5, GOAL)], [(0, GOAL)]])
    env = seeded_env()
    health = Health("feed.alpha")
    feed = feed_of(provider, told.append, env=env, health=health)
    tree = Supervisor(
        name="feeds",
        children=[
            Child(
                id="feed.alpha",
                run=feed.run,
                criticality="feed",
                policy=RestartPolicy(max_restarts=None),
                ready_s=40,
                good_marks=True,
                health=health,
            )
        ],
        now_ns=env.now_ns,
        rng=random.Random(1),
    )

    with trio.move_on_after(50):
        await tree.run()

    (closed,) = [one for one in told if one.kind == "closed" and one.epoch == 1]
    assert 35.0 <= closed.received_ns / 1e9 <= 35.5
    assert provider.dialled_s[1] <= 35.6
    assert [one.epoch for one in told if one.kind == "opened"] == [1, 2]


@pytest.mark.parametrize("frame", ["{", b"\xff", '{"score":"1.0-0"}'])
async def test_a_garbled_frame_costs_this_connection_and_is_counted(
    frame: str | bytes, autojump_clock: Clock
) -> None:
    told: list[FeedEvent] = []
    vitals = Latest(FeedHealth())
    provider = Provider([[(1, GOAL), (1, frame), (1, GOAL)]])

    with pytest.raises(FeedGarbled):
        await feed_of(provider, told.append, vitals=vitals).run()

    assert [one.kind for one in told] == ["opened", "snapshot", "closed"]
    assert told[-1].reason.startswith("FeedGarbled: ")
    assert told[-1].raw == (frame.encode() if isinstance(frame, str) else frame)
    assert vitals.value == FeedHealth(
        state="closed", epoch=1, frames=1, garbled=1, last_frame_ns=1_000_000_000
    )


async def test_a_ping_is_answered(autojump_clock: Clock) -> None:
    provider = Provider([[(5, PING), (5, PING), (5, HANG_UP)]])

    with pytest.raises(FeedLost):
        await feed_of(provider, lambda _: None).run()

    assert provider.answered == [(5, PONG), (10, PONG)]


async def test_an_answer_that_leaves_slowly_delays_no_frame(autojump_clock: Clock) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(5, PING), (0.1, GOAL), (5, HANG_UP)]], takes_s=0.9)

    with pytest.raises(FeedLost):
        await feed_of(provider, told.append).run()

    assert told[2].received_ns == 5_100_000_000
    assert provider.answered == [(5.9, PONG)]


async def test_a_provider_that_takes_no_answer_for_a_second_is_left(autojump_clock: Clock) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(5, PING)]], takes_s=9)

    with pytest.raises(FeedDeaf):
        await feed_of(provider, told.append).run()

    assert told[-1].received_ns == 6_000_000_000


async def test_a_connection_that_cannot_be_opened_is_reported_to_the_supervisor_alone(
    autojump_clock: Clock,
) -> None:
    told: list[FeedEvent] = []

    with pytest.raises(FeedUnreachable):
        await feed_of(Provider([], down_until_s=1), told.append).run()

    assert told == []


async def test_a_feed_is_ready_at_its_first_good_frame(autojump_clock: Clock) -> None:
    provider = Provider([[(7, GOAL)]])

    feed = feed_of(provider, lambda _: None)

    async with trio.open_nursery() as nursery:
        await nursery.start(feed.run)
        assert trio.current_time() == 7
        nursery.cancel_scope.cancel()


async def test_a_stopped_feed_says_so(autojump_clock: Clock) -> None:
    told: list[FeedEvent] = []
    with trio.move_on_after(3):
        await feed_of(Provider([[(1, GOAL)]]), told.append).run()

    assert (told[-1].kind, told[-1].reason) == ("closed", "stopped")
    assert trio.current_time() == 3


async def test_connections_are_numbered_over_restarts(autojump_clock: Clock) -> None:
    told: list[FeedEvent] = []
    epochs = Epochs()
    vitals = Latest(FeedHealth())
    provider = Provider([[(0, GOAL), (0, HANG_UP)], [(0, GOAL), (0, HANG_UP)]])

    for _ in range(2):
        with pytest.raises(FeedLost):
            await feed_of(provider, told.append, epochs=epochs, vitals=vitals).run()

    assert [one.epoch for one in told] == [1, 1, 1, 2, 2, 2]
    assert vitals.value.frames == 2


async def test_a_full_mailbox_ends_the_feed_loudly(autojump_clock: Clock) -> None:
    mailbox = Mailbox[FeedEvent]("arbiter", 2)
    provider = Provider([[(0, GOAL), (0, GOAL), (0, GOAL)]])

    with pytest.raises(MailboxFull):
        await feed_of(provider, mailbox.post).run()


async def test_a_frame_that_names_no_match_still_keeps_the_feed_fresh(
    autojump_clock: Clock,
) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(1, "[]"), (1, HANG_UP)]])

    with pytest.raises(FeedLost):
        await feed_of(provider, told.append).run()

    assert told[1].kind == "heartbeat"


async def test_one_frame_about_several_matches_is_several_events_with_one_stamp(
    autojump_clock: Clock,
) -> None:
    told: list[FeedEvent] = []
    provider = Provider([[(1, f"[{GOAL},{GOAL}]"), (1, HANG_UP)]])

    with pytest.raises(FeedLost):
        await feed_of(provider, told.append).run()

    assert [(one.frame_no, one.received_ns) for one in told[1:3]] == [(1, 10**9), (1, 10**9)]


def test_no_feed_may_be_silent_for_longer_than_thirty_seconds() -> None:
    with pytest.raises(ValueError, match="30"):
        feed_of(Provider([]), lambda _: None, dead_after_s=31)
