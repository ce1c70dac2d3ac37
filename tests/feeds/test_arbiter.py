"""The arbiter: fires first, tells afterwards, forgets nothing over a crash."""

import attrs
import pytest
import trio
import trio.testing

from actors.feeds.arbiter import Arbiter
from actors.feeds.contest import Entrant
from actors.feeds.race import Race
from actors.messages.catalogue import EMPTY, Catalogue
from actors.messages.feeds import FeedEvent, Kind
from actors.messages.race import Judged, MatchDoubt, RaceOutput, Trigger
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from tests.feeds.provider import seeded_env
from tests.feeds.story import score_of
from tests.feeds.test_entities import FINAL, THIRD, catalogue

Clock = trio.testing.MockClock

SECOND = 1_000_000_000


@attrs.define(eq=False)
class Desk:
    """An arbiter with somebody on each of its lines, who notes what comes and in which order."""

    feeds: tuple[str, ...] = ("ada", "bob", "cyd")
    env: Env = attrs.field(factory=seeded_env)
    inbox: Mailbox[FeedEvent] = attrs.field(factory=lambda: Mailbox("arbiter", 1_024))
    catalogue: Latest[Catalogue] = attrs.field(factory=lambda: Latest(catalogue(FINAL)))
    log: list[tuple[str, RaceOutput]] = attrs.field(factory=list)
    race: Race = attrs.field(init=False)
    arbiter: Arbiter = attrs.field(init=False)
    health: Health = attrs.field(factory=lambda: Health("arbiter"))
    fire_fails: bool = False

    def __attrs_post_init__(self) -> None:
        self.race = Race(feeds={name: Entrant() for name in self.feeds})
        self.arbiter = self.made()

    def made(self) -> Arbiter:
        return Arbiter(
            env=self.env,
            inbox=self.inbox,
            race=self.race,
            catalogue=self.catalogue,
            fire=self.fire,
            on_doubt=lambda doubt: self.log.append(("doubt", doubt)),
            tell=lambda output: self.log.append(("tell", output)),
            health=self.health,
        )

    def fire(self, trigger: Trigger) -> None:
        self.log.append(("fire", trigger))
        if self.fire_fails:
            raise RuntimeError("the signer is gone")

    def post(
        self, feed: str, kind: Kind, score: str | None = None, feed_match: str = "61301"
    ) -> None:
        now_ns = self.env.now_ns()
        event = FeedEvent(
            feed=feed,
            epoch=1,
            frame_no=1,
            kind=kind,
            feed_match=None if score is None else feed_match,
            home_name="Argentina",
            away_name="France",
            score=None if score is None else score_of(score),
            period="2H",
            received_ns=now_ns,
            received_wall_ns=now_ns,
            decoded_ns=now_ns,
        )
        self.inbox.post(event)

    def kick_off(self) -> None:
        for feed in self.feeds:
            self.post(feed, "opened")
            self.post(feed, "snapshot", "0-0")

    def beat(self) -> None:
        for feed in self.feeds:
            self.post(feed, "heartbeat")

    @property
    def judgements(self) -> list[str]:
        return [
            one.judgement for line, one in self.log if line == "tell" and isinstance(one, Judged)
        ]

    @property
    def fired(self) -> list[str]:
        return [
            one.key.state for line, one in self.log if line == "fire" and isinstance(one, Trigger)
        ]


async def test_a_race_is_fired_before_anybody_is_told(autojump_clock: Clock) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        desk.kick_off()
        await desk.arbiter.drain()
        desk.log.clear()

        desk.post("ada", "snapshot", "1-0")
        await desk.arbiter.drain()
        nursery.cancel_scope.cancel()

    assert [line for line, _ in desk.log] == ["fire", "tell", "tell"]
    assert isinstance(desk.log[1][1], Trigger)
    assert desk.judgements == ["trigger"]


async def test_a_doubt_is_in_force_before_the_next_report_is_judged(autojump_clock: Clock) -> None:
    desk = Desk()
    desk.kick_off()
    for feed in desk.feeds:
        desk.post(feed, "snapshot", "1-0")
    desk.post("bob", "snapshot", "0-0")
    desk.post("ada", "snapshot", "2-0")
    desk.inbox.close()

    await desk.arbiter.run()

    assert desk.fired == ["1-0"]
    lines = [line for line, one in desk.log if isinstance(one, MatchDoubt)]
    assert lines == ["doubt", "tell"]
    assert desk.judgements[-2:] == ["reversal", "advance"]


async def test_a_phantom_is_found_by_the_clock_alone(autojump_clock: Clock) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        desk.kick_off()
        await trio.sleep(1)
        desk.post("ada", "snapshot", "1-0")
        await trio.sleep(11.9)
        assert "phantom" not in desk.judgements
        await trio.sleep(0.2)
        assert desk.judgements[-2:] == ["phantom", "stands"]
        nursery.cancel_scope.cancel()


async def test_a_report_that_waited_is_judged_before_the_clock_decides(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    with trio.move_on_after(0):
        await desk.arbiter.run()
    desk.kick_off()
    desk.post("ada", "snapshot", "1-0")
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        await desk.arbiter.drain()
        nursery.cancel_scope.cancel()
    await trio.sleep(11)
    for _ in range(9):
        desk.post("cyd", "snapshot", "0-0")
    desk.post("bob", "snapshot", "1-0")
    await trio.sleep(5)

    async with trio.open_nursery() as nursery:
        await nursery.start(desk.made().run)
        await trio.sleep(20)
        nursery.cancel_scope.cancel()

    assert "phantom" not in desk.judgements
    assert desk.judgements[-1] == "echo"


async def test_reports_that_waited_for_a_restarted_arbiter_are_judged_and_not_traded(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    desk.kick_off()
    desk.post("ada", "snapshot", "1-0")
    await trio.sleep(0.6)
    desk.post("ada", "snapshot", "2-0")
    desk.inbox.close()

    await desk.arbiter.run()

    assert desk.fired == ["2-0"]
    assert desk.judgements[-2:] == ["advance", "trigger"]


async def test_a_failed_shot_is_told_and_never_fired_again(autojump_clock: Clock) -> None:
    desk = Desk(fire_fails=True)
    desk.kick_off()
    desk.post("ada", "snapshot", "1-0")

    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="signer")):
        await desk.arbiter.run()
    assert desk.judgements[-1] == "trigger"

    desk.post("bob", "snapshot", "1-0")
    desk.inbox.close()
    await desk.made().run()
    assert desk.fired == ["1-0"]
    assert desk.judgements[-1] == "echo"


async def test_a_newer_catalogue_is_in_force_at_once(autojump_clock: Clock) -> None:
    desk = Desk(catalogue=Latest(EMPTY))
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        desk.post("ada", "snapshot", "0-0")
        await desk.arbiter.drain()
        assert desk.judgements == ["ignored"]

        desk.catalogue.set(catalogue(FINAL))
        await trio.testing.wait_all_tasks_blocked()
        desk.post("ada", "snapshot", "0-0")
        await desk.arbiter.drain()
        assert desk.judgements == ["ignored", "baseline"]
        nursery.cancel_scope.cancel()


async def test_a_match_that_left_the_catalogue_is_forgotten_and_its_score_is_not(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        desk.kick_off()
        desk.post("ada", "snapshot", "1-0")
        await desk.arbiter.drain()

        desk.catalogue.set(catalogue(THIRD))
        await trio.testing.wait_all_tasks_blocked()
        desk.catalogue.set(catalogue(FINAL, THIRD))
        await trio.testing.wait_all_tasks_blocked()
        desk.post("ada", "snapshot", "1-0")
        await desk.arbiter.drain()
        nursery.cancel_scope.cancel()

    assert desk.judgements[-1] == "baseline"
    assert desk.fired == ["1-0"]


async def test_frames_about_matches_that_are_not_ours_are_told_as_ignored(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    desk.post("ada", "snapshot", "3-16", feed_match="19439")
    desk.post("ada", "heartbeat")
    desk.inbox.close()

    await desk.arbiter.run()

    told = [one for _, one in desk.log if isinstance(one, Judged)]
    assert [(one.judgement, one.reason) for one in told] == [
        ("ignored", "unbound"),
        ("ignored", "heartbeat"),
    ]
    assert desk.arbiter.counts == {"ignored": 2}


async def test_a_closed_mailbox_is_emptied_before_the_arbiter_returns(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    desk.kick_off()
    desk.inbox.close()

    await desk.arbiter.run()

    assert desk.judgements == ["ignored", "baseline"] * 3
    assert desk.health.idle


async def test_the_ledgers_are_the_races(autojump_clock: Clock) -> None:
    desk = Desk()
    desk.kick_off()
    desk.post("ada", "snapshot", "1-0")
    desk.inbox.close()

    await desk.arbiter.run()

    assert [(one.feed, one.wins) for one in desk.arbiter.ledgers] == [
        ("ada", 1),
        ("bob", 0),
        ("cyd", 0),
    ]


async def test_draining_an_empty_mailbox_waits_for_nothing(autojump_clock: Clock) -> None:
    await Desk().arbiter.drain()


async def test_feeds_that_all_speak_in_every_pass_of_the_loop_never_outrun_the_arbiter(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        for _ in range(2_000):
            desk.beat()
            await trio.lowlevel.checkpoint()
        await desk.arbiter.drain()
        nursery.cancel_scope.cancel()

    assert desk.inbox.peak <= 3 * len(desk.feeds)
    assert len(desk.judgements) == 2_000 * len(desk.feeds)


async def test_an_arbiter_that_waits_fires_in_the_step_in_which_the_goal_is_posted(
    autojump_clock: Clock,
) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.arbiter.run)
        await trio.testing.wait_all_tasks_blocked()
        desk.kick_off()
        desk.post("ada", "snapshot", "1-0")
        assert desk.fired == ["1-0"]
        assert desk.inbox.depth == 0
        nursery.cancel_scope.cancel()


async def test_a_shot_that_fails_ends_the_arbiter_and_not_the_feed_that_posted_the_goal(
    autojump_clock: Clock,
) -> None:
    desk = Desk(fire_fails=True)
    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="signer"), flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await nursery.start(desk.arbiter.run)
            await trio.testing.wait_all_tasks_blocked()
            desk.kick_off()
            desk.post("ada", "snapshot", "1-0")
            desk.post("bob", "snapshot", "1-0")
            assert desk.judgements[-1] == "trigger"

    assert desk.inbox.depth == 1
    desk.inbox.close()
    desk.fire_fails = False
    await desk.arbiter.run()
    assert desk.fired == ["1-0"]
    assert desk.judgements[-1] == "echo"
