"""Feeds that fail, over real sockets: each fault costs the feed that has it, and nobody else."""

import signal
from pathlib import Path

from actors.messages.records import ActorRow, Intent, RawFrame, Report, Triggered
from tests.system.stage import (
    SHOWER,
    Trader,
    World,
    bold,
    entries,
    trader,
    unanswered,
    verify,
    world,
)

SPOILED = {
    "malformed": "FeedGarbled: DecodeError",
    "oversized": "FeedLost: closed with 1009",
    "nested": "FeedGarbled: RecursionError",
    "not_utf8": "FeedLost: closed with 1007",
    "nan": "FeedGarbled: DecodeError",
}
"""Each kind of spoiled frame, and how the reason for the feed's end begins."""


async def test_spoiled_frames_and_a_dead_server_cost_their_feed_and_nobody_else(
    tmp_path: Path,
) -> None:
    # Twenty-five seconds' work where nothing disturbs it: the day lasts four times as long.
    held = ("--matchday", SHOWER, "--hold", "--speed", "600", "--min-gap", "9", "--max-gap", "10")
    async with (
        world(tmp_path, *held) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=bold(tmp_path)) as running,
    ):
        await running.ready()
        for kind, reason in SPOILED.items():
            await _spoil(beside, running, kind, reason)
        _judge_the_others(running)

        await beside.ask("start")
        await running.sees(Triggered)
        await _die_and_come_back(beside, running)
        running.send(signal.SIGTERM)
        assert await running.ended() == 0, running.errors

    assert running.errors == ""
    assert unanswered(running.journal.of(object)) == []
    assert running.summary["restarts"] >= len(SPOILED) + 1
    assert (await verify(running.state)).code == 0


async def _spoil(beside: World, running: Trader, kind: str, reason: str) -> None:
    """Have ws send one bad frame; it costs the connection, and the next one is good."""
    mark = running.mark()
    await beside.ask("corrupt", feed="ws", kind=kind)

    failed = await running.sees(ActorRow, lambda row: row.event == "failed", after=mark)
    assert (failed.actor, failed.reason[: len(reason)]) == ("feed.ws", reason)
    assert len(failed.reason) <= 300
    closed = await running.sees(Report, lambda row: row.kind == "closed", after=mark)
    assert closed.feed == "ws"
    await running.hears("ws", after=mark)
    if reason.startswith("FeedGarbled"):
        # Whoever looks into it later wants to see what came.
        await running.sees(RawFrame, lambda row: row.frame_no == 0 and row.text != "", after=mark)


def _judge_the_others(running: Trader) -> None:
    epochs = {(row.feed, row.epoch) for row in running.journal.of(Report)}
    assert {epoch for feed, epoch in epochs if feed == "ws"} == {*range(1, 2 + len(SPOILED))}
    for other in ("signalr", "lightstreamer", "sse"):
        assert {epoch for feed, epoch in epochs if feed == other} == {1}
    failed = {row.actor for row in running.journal.of(ActorRow) if row.event == "failed"}
    assert failed == {"feed.ws"}


async def _die_and_come_back(beside: World, running: Trader) -> None:
    """Kill four servers: the fifth's goals are traded; the first comes back and wins again."""
    killed = running.mark()
    for feed in ("lightstreamer", "sse", "poll"):
        await beside.ask("kill", feed=feed)
    dead = await beside.ask("kill", feed="ws")
    assert dead["fault"] == "kill"
    lost: set[str] = set()

    def all_lost(row: Report) -> bool:
        lost.update({row.feed} if row.kind == "closed" else ())
        return lost == {"ws", "lightstreamer", "sse", "poll"}

    await running.sees(Report, all_lost, after=killed)
    gone = running.mark()
    alone = await running.sees(Triggered, after=gone)
    assert (alone.feed, alone.fresh_feeds) == ("signalr", 1)
    await running.sees(Intent, lambda row: row.feed == "signalr", after=gone)

    await beside.ask("revive", feed="ws")
    back = await running.hears("ws", after=gone)
    while_alone = running.journal.seen[gone : running.journal.seen.index(back)]
    assert {each.feed for each in entries(while_alone)} <= {"signalr"}
    await beside.ask("lag", feed="signalr", ms=2_000)
    heard = running.mark()
    first = await running.sees(Triggered, lambda row: row.feed == "ws", after=heard)
    assert first.epoch == back.epoch
