from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import msgspec
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st
from structlog.testing import capture_logs

from actors.runtime.env import Endpoint, Env, RealEnv
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv
from actors.sim.control import (
    LINE_BYTES,
    Arguments,
    Command,
    CommandRefused,
    Control,
    NoAnswer,
    command,
    feed_commands,
    number,
    text,
)
from actors.sim.feedserver import FeedServer, FeedTiming

HOME = Endpoint("127.0.0.1", 0)
NEAR = Link(nearest_ms=0, farthest_ms=0, jitter_ms=0, fragmented=0.5)


async def status(_: Arguments) -> Mapping[str, object]:
    return {"matches": 3}


async def refuse(arguments: Arguments) -> Mapping[str, object]:
    raise CommandRefused(f"no market {text(arguments, 'market')}")


async def fail(_: Arguments) -> Mapping[str, object]:
    raise ZeroDivisionError("secret detail")


async def unspeakable(_: Arguments) -> Mapping[str, object]:
    return {"what": object()}


COMMANDS: dict[str, Command] = {
    "status": status,
    "halt_market": refuse,
    "fail": fail,
    "unspeakable": unspeakable,
}


@attrs.define
class Line:
    """A connection to the control socket, written by hand."""

    wire: trio.abc.Stream

    async def ask(self, raw: bytes) -> dict[str, object]:
        await self.wire.send_all(raw)
        return await self.answer()

    async def answer(self) -> dict[str, object]:
        line = b""
        while not line.endswith(b"\n"):
            data = await self.wire.receive_some(1)
            if not data:
                raise EOFError(line)
            line += data
        return msgspec.json.decode(line, type=dict[str, object])

    async def is_closed(self) -> bool:
        try:
            return not await self.wire.receive_some()
        except trio.BrokenResourceError:
            return True


@asynccontextmanager
async def controlled(commands: Mapping[str, Command]) -> AsyncIterator[tuple[Env, Endpoint]]:
    env = SeededEnv(1, MemoryNetwork(1, link=NEAR))
    async with trio.open_nursery() as nursery:
        bound: Endpoint = await nursery.start(Control(commands).run, env, HOME)
        yield env, bound
        nursery.cancel_scope.cancel()


async def test_a_command_is_done_and_answered(autojump_clock: trio.testing.MockClock) -> None:
    async with controlled(COMMANDS) as (env, place):
        assert await command(env, place, do="status") == {"ok": True, "matches": 3}


async def test_many_commands_may_come_on_one_connection_even_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with controlled(COMMANDS) as (env, place), await env.dial(place) as wire:
        line = Line(wire)
        await wire.send_all(b'{"do":"status"}\n{"do":"nothing"}\n{"do":"sta')
        assert (await line.answer())["ok"] is True
        assert (await line.answer())["ok"] is False
        assert (await line.ask(b'tus"}\r\n'))["matches"] == 3


async def test_what_cannot_be_done_is_refused_in_one_clear_line(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with controlled(COMMANDS) as (env, place):
        assert await command(env, place, do="halt_market", market="X-1") == {
            "ok": False,
            "error": "no market X-1",
        }
        assert await command(env, place, do="halt_market") == {
            "ok": False,
            "error": "'market' must be text, not None",
        }
        assert await command(env, place, do="dance\n" * 99) == {
            "ok": False,
            "error": "unknown command "
            + ascii("dance\n" * 99)[:60]
            + "; known: fail, halt_market, status, unspeakable",
        }
        for do in (None, 7, ["status"], {"status": 1}):
            assert (await command(env, place, do=do))["ok"] is False


async def test_a_command_that_fails_is_logged_and_the_world_goes_on(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with controlled(COMMANDS) as (env, place):
        with capture_logs() as logs:
            assert await command(env, place, do="fail") == {
                "ok": False,
                "error": "fail failed: ZeroDivisionError",
            }
            assert await command(env, place, do="unspeakable") == {
                "ok": False,
                "error": "unspeakable failed: TypeError",
            }
        assert [line["event"] for line in logs] == ["control.fault", "control.fault"]
        assert (await command(env, place, do="status"))["ok"] is True


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n" + b'{"do":"status"}\n',
        b"\n",
        b"[]\n",
        b'"status"\n',
        b'{"do":"status"} {"do":"status"}\n',
        b'{"do":"status","x":NaN}\n',
        b'{"do":"status","x":"\xff"}\n',
        b"\x00" * 100 + b"\n",
        b"\x16\x03\x01\x02\x00\x01\x00\n",
    ],
)
async def test_the_first_line_that_is_no_request_ends_the_connection(
    autojump_clock: trio.testing.MockClock, raw: bytes
) -> None:
    async with controlled(COMMANDS) as (env, place):
        async with await env.dial(place) as wire:
            line = Line(wire)
            assert await line.ask(raw) == {
                "ok": False,
                "error": "not a JSON object on one line",
            }
            assert await line.is_closed()
        assert (await command(env, place, do="status"))["ok"] is True


@pytest.mark.parametrize("end", [b"", b"\n"])
async def test_a_line_too_long_ends_the_connection(
    autojump_clock: trio.testing.MockClock, end: bytes
) -> None:
    async with controlled(COMMANDS) as (env, place):
        async with await env.dial(place) as wire:
            line = Line(wire)
            assert await line.ask(b'{"do":"status"}'.ljust(LINE_BYTES + 1) + end) == {
                "ok": False,
                "error": "a line has at most 4096 bytes",
            }
            assert await line.is_closed()
        async with await env.dial(place) as wire:
            longest = b'{"do":"status"}'.ljust(LINE_BYTES) + b"\n"
            assert (await Line(wire).ask(longest))["ok"] is True


async def trickle(wire: trio.abc.Stream, data: bytes) -> None:
    for byte in data:
        await wire.send_all(bytes([byte]))
        await trio.sleep(0.1)


async def test_a_line_that_trickles_in_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    async with controlled(COMMANDS) as (env, place), await env.dial(place) as wire:
        began = trio.current_time()
        with pytest.raises(trio.BrokenResourceError):
            await trickle(wire, b'{"do":"status"' + b" " * 100)
        assert trio.current_time() - began == pytest.approx(5, abs=0.3)


async def test_a_connection_that_asks_nothing_ends(autojump_clock: trio.testing.MockClock) -> None:
    async with controlled(COMMANDS) as (env, place), await env.dial(place) as wire:
        began = trio.current_time()
        assert await Line(wire).is_closed()
        assert trio.current_time() - began == pytest.approx(600)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=6))
async def test_no_bytes_whatever_bring_the_world_down(pieces: list[bytes]) -> None:
    env = SeededEnv(1, MemoryNetwork(1, link=NEAR))
    with capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            place: Endpoint = await nursery.start(Control(COMMANDS).run, env, HOME)
            async with await env.dial(place) as wire:
                await wire.send_all(b"\n".join(pieces) + b"\n")
            assert (await command(env, place, do="status"))["ok"] is True
            nursery.cancel_scope.cancel()
    assert not logs


async def test_it_listens_on_this_machine_only() -> None:
    with pytest.raises(ValueError, match="stays on this machine"):
        await Control(COMMANDS).run(RealEnv(), Endpoint("0.0.0.0", 0))  # noqa: S104 - refused


async def test_a_world_that_does_not_answer_is_said_so(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def silence(stream: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async def rubbish(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"220 mail.example ready\n")

    async def hang_up(stream: trio.abc.Stream) -> None:
        await stream.aclose()

    async def endless(stream: trio.abc.Stream) -> None:
        while True:
            await stream.send_all(b"x" * 65_536)

    for serve, words in (
        (silence, "no answer from|not the world"),
        (rubbish, "not the world"),
        (hang_up, "not the world|no answer"),
        (endless, "no answer"),
    ):
        env = SeededEnv(1, MemoryNetwork(1, link=NEAR))
        async with trio.open_nursery() as nursery:
            place: Endpoint = await nursery.start(env.listen, HOME, serve)
            with pytest.raises(NoAnswer, match=words):
                await command(env, place, do="status")
            nursery.cancel_scope.cancel()


async def test_nobody_there_is_an_os_error(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(OSError, match="nobody answers"):
        await command(SeededEnv(1, MemoryNetwork(1)), Endpoint("127.0.0.1", 9), do="status")


# The verbs.


def a_feed(name: str) -> FeedServer:
    return FeedServer(name=name, timing=FeedTiming(), seed=1)


async def test_fault_verbs_reach_the_feed_they_name_and_no_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    feeds = {name: a_feed(name) for name in ("alpha", "bravo")}
    async with controlled(feed_commands(feeds)) as (env, place), trio.open_nursery() as nursery:
        for name, feed in feeds.items():
            await nursery.start(feed.run, env, Endpoint(name, 80))

        async def fault(do: str, **more: object) -> object:
            answer = await command(env, place, do=do, feed="alpha", **more)
            assert answer["ok"] is True, answer
            assert answer["feed"] == "alpha"
            return answer["fault"]

        assert await fault("mute") == "mute"
        assert await fault("mute_but_ping") == "mute_but_ping"
        assert await fault("revive") == "none"
        assert await fault("drop") == "none"
        assert await fault("lag", ms=250) == "none"
        assert feeds["alpha"].status()["extra_lag_ms"] == 250
        assert await fault("corrupt", kind="swap") == "none"
        assert feeds["alpha"].status()["swapped"] is True
        for plain in ("rst", "half_open", "duplicate", "reorder", "replay_history"):
            assert await fault(plain) == "none"
        assert await fault("lag_backend", ms=20) == "none"
        assert await fault("slow_body", ms=20) == "none"
        assert await fault("close_code", code=1012) == "none"
        assert await fault("bad_status", code=503) == "none"
        assert await fault("kill") == "kill"
        assert await fault("kill", for_s=0.5) == "kill"
        await trio.sleep(0.6)
        assert feeds["alpha"].status()["fault"] == "none"

        assert feeds["bravo"].status() == a_feed("bravo").status()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"do": "mute"}, "'feed' must be text, not None"),
        ({"do": "mute", "feed": "zulu"}, "no feed 'zulu'; known: alpha"),
        ({"do": "lag", "feed": "alpha"}, "'ms' must be a number from 0 to 3.6e+06, not None"),
        (
            {"do": "lag", "feed": "alpha", "ms": -1},
            "'ms' must be a number from 0 to 3.6e+06, not -1",
        ),
        (
            {"do": "lag", "feed": "alpha", "ms": True},
            "'ms' must be a number from 0 to 3.6e+06, not True",
        ),
        (
            {"do": "kill", "feed": "alpha", "for_s": "long"},
            "'for_s' must be a number from 0 to 3600, not 'long'",
        ),
        ({"do": "rotate_token", "feed": "alpha"}, "alpha asks for no token"),
        (
            {"do": "bad_status", "feed": "alpha", "code": 200},
            "not a status from 400 to 599: 200",
        ),
        (
            {"do": "close_code", "feed": "alpha", "code": 1000.5},
            "'code' must be a whole number, not 1000.5",
        ),
        (
            {"do": "corrupt", "feed": "alpha", "kind": "gently"},
            "no kind 'gently'; known: malformed, oversized, nested, not_utf8, nan, swap",
        ),
    ],
)
async def test_a_verb_without_its_object_is_refused(
    autojump_clock: trio.testing.MockClock, asked: dict[str, object], error: str
) -> None:
    async with controlled(feed_commands({"alpha": a_feed("alpha")})) as (env, place):
        assert await command(env, place, **asked) == {"ok": False, "error": error}


def test_numbers_may_be_whole_or_not() -> None:
    assert number({"ms": 3}, "ms", 10) == 3.0
    assert number({"ms": 2.5}, "ms", 10) == 2.5


async def test_it_works_over_sockets() -> None:
    env = RealEnv()
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            place: Endpoint = await nursery.start(Control(COMMANDS).run, env, HOME)
            assert await command(env, place, do="status") == {"ok": True, "matches": 3}
            async with await trio.open_tcp_stream(place.host, place.port) as stream:
                line = Line(stream)
                assert (await line.ask(b"x" * 100_000))["ok"] is False
                assert await line.is_closed()
            nursery.cancel_scope.cancel()
