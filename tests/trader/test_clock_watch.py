"""Laws of the clock's actor, against the venue's own server: in memory and over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.exchange.asking import Asking, http_date_s
from actors.exchange.clock import ClockOffset
from actors.exchange.errors import ClockOff
from actors.exchange.keys import SigningKey
from actors.exchange.rest import Rest
from actors.exchange.signing import Signer
from actors.exchange.tokens import Budget
from actors.messages.records_venue import ClockRow
from actors.runtime.env import Env, RealEnv
from actors.runtime.health import Health
from actors.runtime.http import HttpClient
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.sim.venue.faults import ClockFaults, FaultPlan
from actors.trader.clock_watch import HALT, ClockWatch
from tests.sim.venue.papers import KEY_ID, ed25519_key
from tests.sim.venue.site import NEAR, Site, seeded, serving


@attrs.define(eq=False)
class Wall:
    """An environment whose wall clock can be set."""

    env: Env
    step_ns: int = 0

    def now_ns(self) -> int:
        return self.env.now_ns()

    def wall_ns(self) -> int:
        return self.env.wall_ns() + self.step_ns


@attrs.define(eq=False, kw_only=True)
class Watched:
    """A clock's actor before a venue, and everything that it said."""

    site: Site
    wall: Wall
    watch: ClockWatch
    halts: dict[str, str]
    said: list[str]
    rows: list[ClockRow]


@asynccontextmanager
async def watched(env: Env, skew_ms: float) -> AsyncIterator[Watched]:
    plan = FaultPlan(clock=ClockFaults(skew_ms=skew_ms))
    halts: dict[str, str] = {}
    said: list[str] = []
    rows: list[ClockRow] = []

    def halt(name: str, why: str) -> None:
        halts.setdefault(name, why)

    def clear(name: str) -> None:
        halts.pop(name, None)

    def keep(row: object) -> None:
        assert isinstance(row, ClockRow)
        rows.append(row)

    async with serving(env, plan=plan) as site:
        clock, wall = ClockOffset(), Wall(env)
        asking = Asking(now_ns=env.now_ns, clock=clock, budget=Budget())
        url = f"http://{site.endpoint.authority}/trade-api/v2"
        async with HttpClient(env, url) as http:
            sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(ed25519_key()))
            watch = ClockWatch(
                env=wall,  # type: ignore[arg-type]  # it asks for the two clocks alone
                rest=Rest(http=http, sign=sign, asking=asking),
                clock=clock,
                halt=halt,
                clear=clear,
                say=said.append,
                to_auditor=keep,
                health=Health("clock"),
            )
            yield Watched(site=site, wall=wall, watch=watch, halts=halts, said=said, rows=rows)


async def test_clocks_that_agree_are_on_record_once_and_nobody_hears_of_it(
    autojump_clock: MockClock,
) -> None:
    async with watched(seeded(), 0) as seen, trio.open_nursery() as nursery:
        await nursery.start(seen.watch.run)
        await trio.sleep(120)
        nursery.cancel_scope.cancel()

    assert [(row.verdict, row.fits) for row in seen.rows] == [("fine", True)]
    assert (seen.halts, seen.said) == ({}, [])
    word = seen.watch.clock.word(seen.wall.now_ns(), seen.wall.wall_ns())
    assert word.low_ns is not None
    assert word.high_ns is not None
    assert word.high_ns - word.low_ns < 200_000_000, "aimed questions have narrowed it"


async def test_a_venue_that_is_seconds_off_halts_entries_with_its_figures(
    autojump_clock: MockClock,
) -> None:
    async with watched(seeded(), 2_300) as seen, trio.open_nursery() as nursery:
        await nursery.start(seen.watch.run)
        await trio.sleep(30)
        assert "s ahead of ours" in seen.halts[HALT]
        assert seen.rows[-1].verdict == "halt"
        assert seen.rows[-1].low_ns <= 2_300_000_000 <= seen.rows[-1].high_ns
        assert seen.said[0].startswith("CLOCK  the venue's clock is at least ")
        nursery.cancel_scope.cancel()


async def test_an_offset_above_a_quarter_of_a_second_is_a_warning_and_no_halt(
    autojump_clock: MockClock,
) -> None:
    async with watched(seeded(), -600) as seen, trio.open_nursery() as nursery:
        await nursery.start(seen.watch.run)
        await trio.sleep(30)
        assert [(row.verdict, row.fits) for row in seen.rows][-1] == ("warn", True)
        assert not seen.halts
        assert "behind ours" in seen.said[-1]
        nursery.cancel_scope.cancel()


async def test_a_first_answer_from_another_hour_ends_the_start(
    autojump_clock: MockClock,
) -> None:
    async with watched(seeded(), -3_600_000) as seen, trio.open_nursery() as nursery:
        with pytest.raises(ClockOff, match=r"at least 3599.* s behind ours"):
            await seen.watch.run()
        nursery.cancel_scope.cancel()


async def test_a_step_of_our_own_clock_halts_within_a_second_and_back_again_frees(
    autojump_clock: MockClock,
) -> None:
    async with watched(seeded(), 0) as seen, trio.open_nursery() as nursery:
        await nursery.start(seen.watch.run)
        await trio.sleep(60)
        for step_s in (5, -5, 3_600, -3_600):
            seen.wall.step_ns = step_s * 1_000_000_000
            await trio.sleep(1.0)
            assert HALT in seen.halts
            seen.wall.step_ns = 0
            await trio.sleep(1.0)
            assert not seen.halts
        assert seen.said[-1].startswith("the clocks agree again: ")
        nursery.cancel_scope.cancel()


async def test_a_venue_that_does_not_answer_leaves_its_time_unknown_and_entries_stopped(
    autojump_clock: MockClock,
) -> None:
    network = MemoryNetwork(1, link=NEAR)
    async with watched(SeededEnv(1, network), 0) as seen, trio.open_nursery() as nursery:
        network.kill(seen.site.endpoint)
        await nursery.start(seen.watch.run)
        assert seen.halts == {HALT: "the venue's time is not known"}
        network.revive(seen.site.endpoint)
        await trio.sleep(10)
        assert not seen.halts
        nursery.cancel_scope.cancel()


async def test_it_is_the_same_over_real_sockets() -> None:
    async with watched(RealEnv(seed=1), 2_500) as seen, trio.open_nursery() as nursery:
        with trio.fail_after(60):
            await nursery.start(seen.watch.run)
            while HALT not in seen.halts:  # noqa: ASYNC110 - a halt is a word, and no event
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Thu, 11 Jun 2026 06:31:29 GMT", 1_781_159_489),
        ("Thu, 11 Jun 2026 06:31:29 -0000", 1_781_159_489),
        ("Thu, 11 Jun 2026 08:31:29 +0200", 1_781_159_489),
        ("", None),
        ("yesterday", None),
        ("Thu, 99 Jun 2026 06:31:29 GMT", None),
        (None, None),
    ],
)
def test_a_date_is_read_or_there_is_none(text: str | None, seconds: int | None) -> None:
    assert http_date_s(text) == seconds
