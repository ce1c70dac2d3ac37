"""Laws of the watch over the loop: a real loop that really hangs, for a moment."""

import threading  # noqa: TID251 - a loop is held up from outside of it
from pathlib import Path

import trio

from actors.runtime.env import RealEnv
from actors.runtime.loopwatch import LoopWatch

STALL_S = 0.2


async def test_a_loop_that_hangs_has_its_stacks_written_once_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    gate = threading.Event()

    def hang_here() -> None:
        gate.wait(5 * STALL_S)

    with path.open("w") as log:
        watch = LoopWatch(now_ns=RealEnv().now_ns, stall_s=STALL_S, log=log)
        with watch:
            async with trio.open_nursery() as nursery:
                await nursery.start(watch.turn)
                # A busy machine may hold it up a moment before we do; then the next one counts.
                for _ in range(25):
                    await trio.sleep(2 * STALL_S)
                    hang_here()
                    if "hang_here" in await trio.Path(path).read_text():
                        break
                nursery.cancel_scope.cancel()

    assert watch.stalls >= 1
    text = await trio.Path(path).read_text()
    assert "touchline: the loop has not turned for " in text
    assert "hang_here" in text
    assert "test_loopwatch.py" in text


async def test_a_process_that_does_not_end_in_time_is_ended_and_one_that_does_is_left(
    tmp_path: Path,
) -> None:
    ended: list[int] = []
    told = trio.Event()
    token = trio.lowlevel.current_trio_token()

    def end(code: int) -> None:
        ended.append(code)
        watch.stay()
        token.run_sync_soon(told.set)

    with (tmp_path / "log").open("w") as log:
        watch = LoopWatch(now_ns=RealEnv().now_ns, stall_s=60.0, log=log, end=end)
        with watch:
            watch.end_after(0.0, 70, "taken back")
            watch.stay()
            watch.end_after(0.05, 70, "not stopped in time")
            watch.end_after(0.0, 1, "only the first word counts")
            with trio.fail_after(60):
                await told.wait()

    assert ended == [70]
    assert "not stopped in time; the stacks:" in (tmp_path / "log").read_text()


def test_a_log_that_is_closed_costs_the_watch_nothing(tmp_path: Path) -> None:
    log = (tmp_path / "log").open("w")
    log.close()
    watch = LoopWatch(now_ns=lambda: 10**18, stall_s=0.01, log=log)
    done = threading.Event()
    clock = iter(range(0, 10**18, 10**9))

    def now_ns() -> int:
        at_ns = next(clock)
        if watch.stalls:
            done.set()
        return at_ns

    watch.now_ns = now_ns
    with watch:
        assert done.wait(60)
