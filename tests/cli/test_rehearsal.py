"""The rehearsal: plays the whole path, again and again, and touches nothing that is real."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

import pytest
import trio
from trio.testing import MockClock
from typing_extensions import override

from actors.cli.nowhere import Nowhere, NowhereWire
from actors.cli.rehearsal import SELDOM_S, Rehearsal, open_stage
from actors.config.profile import Gates
from actors.model.limits import Limits
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.runtime.env import Disk, Endpoint, Wire
from actors.runtime.health import Health
from actors.runtime.memory import MemoryNetwork, SeededEnv

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

GATES = Gates(
    collar=Pips(200), bid_max=Pips(9_900), ask_min=Pips(100), report_age_ms=500, book_age_ms=2_000
)
PLENTY = MicroDollars(100_000_000)
LIMITS = Limits(
    order_count_centi=CentiContracts(100_000),
    order_notional_micros=PLENTY,
    market_micros=PLENTY,
    match_micros=PLENTY,
    shard_micros=PLENTY,
    day_micros=PLENTY,
    account_micros=PLENTY,
)


class Guarded(SeededEnv):
    """A real outside that notes whoever would leave it."""

    def __init__(self) -> None:
        super().__init__(1, MemoryNetwork(1))
        self.asked: list[str] = []

    @property
    @override
    def disk(self) -> Disk:
        self.asked.append("disk")
        return super().disk

    @override
    async def dial(self, endpoint: Endpoint) -> Wire:
        self.asked.append("dial")
        return await super().dial(endpoint)

    @override
    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        self.asked.append("blocking")
        return await super().blocking(fn, *args)


def rehearsal(env: SeededEnv, *, wanted: bool = True, busy: bool = False) -> Rehearsal:
    return Rehearsal(
        env=env,
        limits=LIMITS,
        gates=GATES,
        every_s=0.003,
        wanted=lambda: wanted,
        busy=lambda: busy,
        health=Health("rehearsal"),
    )


async def test_an_imagined_goal_goes_all_the_way_to_an_answered_order_as_often_as_one_likes(
    autojump_clock: MockClock,
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    async with open_stage(env, LIMITS, GATES) as stage:
        (line,) = stage.desk.entries.connections
        for _ in range(100):
            await stage.play()
            assert line.free, "its response was read"
        assert stage.desk.exposure.open_account_micros == 1, "the last goal's alone"
        assert line.dials == 1


async def test_a_rehearsal_asks_nothing_of_the_real_outside_but_its_clocks(
    autojump_clock: MockClock,
) -> None:
    guarded = Guarded()
    played = rehearsal(guarded)
    with trio.move_on_after(1.0):
        await played.run()
    assert played.played > 100
    assert guarded.asked == []


async def test_nowhere_dials_nobody_and_keeps_nothing(autojump_clock: MockClock) -> None:
    guarded = Guarded()
    nowhere = Nowhere(guarded)
    wire: Wire = await nowhere.dial(Endpoint("exchange.example", 443, tls=True))
    assert isinstance(wire, NowhereWire)
    assert wire.send_now(b"an order") == 0
    nowhere.disk.open_append("/journal").append(b"a record")
    with pytest.raises(FileNotFoundError):
        nowhere.disk.read("/journal")
    assert guarded.asked == []


async def test_while_real_frames_come_or_no_play_stands_it_is_played_but_once_a_second(
    autojump_clock: MockClock,
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    for wanted, busy in ((False, False), (True, True)):
        played = rehearsal(env, wanted=wanted, busy=busy)
        with trio.move_on_after(10 * SELDOM_S + 0.5):
            await played.run()
        assert 9 <= played.played <= 12
