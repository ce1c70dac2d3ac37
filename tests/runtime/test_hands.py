"""What is done in a thread is done whole, and told to whoever asked."""

import threading  # noqa: TID251 - it is threads that are tested

import pytest
import trio

from actors.runtime.hands import blocking


async def test_what_the_call_returns_comes_back_and_what_it_raises_is_raised() -> None:
    def fail() -> None:
        raise OSError("no space left on device")

    assert await blocking(divmod, 17, 5) == (3, 2)
    with pytest.raises(OSError, match="no space"):
        await blocking(fail)
    assert await blocking(len, "still works") == 11


async def test_the_call_runs_elsewhere_while_the_loop_goes_on() -> None:
    held, let_go = threading.Event(), threading.Event()

    def wait() -> str:
        held.set()
        assert let_go.wait(60.0)
        return threading.current_thread().name

    async with trio.open_nursery() as nursery:
        names: list[str] = []

        async def ask() -> None:
            names.append(await blocking(wait))

        nursery.start_soon(ask)
        nursery.start_soon(ask)
        with trio.fail_after(60):
            assert await blocking(held.wait, 60.0)
            assert names == []
            let_go.set()

    assert len(names) == 2
    assert threading.current_thread().name not in names


async def test_a_call_that_has_begun_is_waited_for_although_its_caller_was_cancelled() -> None:
    held, let_go = threading.Event(), threading.Event()
    done: list[str] = []

    def write() -> None:
        held.set()
        assert let_go.wait(60.0)
        done.append("written")

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(blocking, write)
            assert await blocking(held.wait, 60.0)
            nursery.cancel_scope.cancel()
            let_go.set()

    assert done == ["written"]


async def test_a_call_that_was_cancelled_before_it_began_never_begins() -> None:
    done: list[str] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        await blocking(done.append, "written")

    assert scope.cancelled_caught
    assert done == []


def test_threads_are_used_again_by_the_next_loop() -> None:
    async def names() -> set[int]:
        return {await blocking(threading.get_ident) for _ in range(5)}

    first, second = trio.run(names), trio.run(names)

    assert len(first | second) <= 2


async def test_a_call_that_wants_to_end_its_thread_is_an_error_like_any_other() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        await blocking(leave)
    with trio.fail_after(60):
        assert await blocking(len, "still works") == 11
