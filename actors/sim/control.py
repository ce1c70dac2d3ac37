"""The world's control socket: one JSON line in, one JSON line out, on the loopback alone.

No token guards it. The world holds no money and no secret, only this machine can
reach the socket, and a web page that makes a browser talk to it gets no further
than its first line, which is HTTP and ends the connection. What it guards against
is nonsense: lines have a cap and a deadline, and no command can end the world.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import attrs
import msgspec
import structlog
import trio

from actors.runtime.env import Endpoint, Env
from actors.runtime.serve_http import ClientGone, put, read_away, take
from actors.sim.errors import WorldError
from actors.sim.feedframes import SPOILS, Spoil

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Arguments = Mapping[str, object]
"""A request's fields, ``do`` included."""

Command = Callable[[Arguments], Awaitable[Mapping[str, object]]]
"""Does one thing and returns what the answer says beside ``ok``; refuses by ``CommandRefused``."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
LINE_BYTES: Final = 4 * 1024
ANSWER_BYTES: Final = 1024 * 1024
IDLE_S: Final = 600.0
LINE_S: Final = 5.0
ANSWER_S: Final = 10.0
GOODBYE_S: Final = 1.0
LONGEST_MS: Final = 3_600_000.0
SLOWEST_MS: Final = 1_000.0
MOST_CODE: Final = 9_999

_REQUEST: Final = msgspec.json.Decoder(dict[str, object])


class CommandRefused(WorldError):
    """A command that cannot be done; its text is the one line the asker sees."""


class NoAnswer(WorldError):
    """The world took a command and did not answer it in time, or not in our words."""


@attrs.frozen
class Control:
    """The server of the control socket."""

    commands: Mapping[str, Command]

    async def run(
        self,
        env: Env,
        endpoint: Endpoint,
        *,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled; reports the endpoint really bound.

        Raises:
            ValueError: The endpoint can be reached from another machine.
            OSError: It cannot be had.
        """
        if endpoint.host not in LOOPBACK:
            raise ValueError(f"the control socket stays on this machine: {endpoint.host!r}")
        await env.listen(endpoint, self._serve, task_status=task_status)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        lines = _Lines(stream, LINE_BYTES)
        try:
            while (line := await lines.next(IDLE_S, LINE_S)) is not None:
                await put(stream, await self._answer(line) + b"\n", LINE_S)
        except (_NotARequest, _TooLong) as error:
            refusal = _refusal(str(error) or f"a line has at most {LINE_BYTES} bytes")
            with contextlib.suppress(ClientGone):
                await put(stream, refusal + b"\n", LINE_S)
            await read_away(stream, GOODBYE_S)
        except ClientGone:
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def _answer(self, line: bytes) -> bytes:
        try:
            request = _REQUEST.decode(line)
        except (ValueError, RecursionError):
            raise _NotARequest("not a JSON object on one line") from None
        name = request.get("do")
        command = self.commands.get(name) if isinstance(name, str) else None
        if command is None:
            known = ", ".join(sorted(self.commands))
            return _refusal(f"unknown command {_short(name)}; known: {known}")
        try:
            return msgspec.json.encode({"ok": True, **await command(request)})
        except CommandRefused as refused:
            return _refusal(str(refused))
        except Exception as error:
            log.exception("control.fault", command=name)
            return _refusal(f"{name} failed: {type(error).__name__}")


async def command(env: Env, endpoint: Endpoint, /, **request: object) -> dict[str, object]:
    """Ask a running world for one thing: ``do="mute", feed="alpha"``.

    Returns:
        The answer as it came; ``ok`` says whether the world did it.

    Raises:
        OSError: Nobody listens there.
        NoAnswer: It did not answer, or not in one line of JSON.
    """
    try:
        with trio.fail_after(ANSWER_S):
            wire = await env.dial(endpoint)
            async with wire:
                await put(wire, msgspec.json.encode(request) + b"\n", ANSWER_S)
                line = await _Lines(wire, ANSWER_BYTES).next(ANSWER_S, ANSWER_S)
    except (ClientGone, _TooLong, trio.TooSlowError) as error:
        raise NoAnswer(f"no answer from the world at {endpoint.authority}") from error
    try:
        return _REQUEST.decode(line or b"")
    except (ValueError, RecursionError) as error:
        raise NoAnswer(f"not the world at {endpoint.authority}") from error


class Faulty(Protocol):
    """A feed server as the control socket sees it, whatever its protocol."""

    def drop(self) -> None:
        """End every connection without a goodbye."""
        ...

    def mute(self) -> None:
        """Send nothing more, connections kept."""
        ...

    def mute_but_ping(self) -> None:
        """Send heartbeats only."""
        ...

    def rst(self) -> None:
        """End every connection by a reset."""
        ...

    def half_open(self) -> None:
        """Be gone from every connection without a word."""
        ...

    def slow_body(self, ms: float) -> None:
        """Speak in drips, so far apart."""
        ...

    def bad_status(self, code: int) -> None:
        """Turn everybody away with a status."""
        ...

    def close_code(self, code: int) -> None:
        """Close every WebSocket with a code."""
        ...

    def duplicate(self) -> None:
        """Say the last news twice."""
        ...

    def replay_history(self) -> None:
        """Tell whoever comes the whole day."""
        ...

    def reorder(self) -> None:
        """Let the next news be overtaken."""
        ...

    def lag_backend(self, ms: float) -> None:
        """Know what was known so long ago."""
        ...

    def rotate_token(self) -> None:
        """Ask for another token."""
        ...

    def lag(self, ms: float) -> None:
        """Take so much longer from now on."""
        ...

    def kill(self, for_s: float | None = None) -> None:
        """Be gone, for so long or until revived."""
        ...

    def corrupt(self, kind: Spoil) -> None:
        """Send one spoiled frame."""
        ...

    def revive(self) -> None:
        """End every fault."""
        ...

    def status(self) -> Mapping[str, object]:
        """Say how it is."""
        ...


def feed_commands(feeds: Mapping[str, Faulty]) -> dict[str, Command]:
    """Return the fault verbs for ``feeds`` by name; each answers with the feed's status.

    ``drop rst half_open mute mute_but_ping duplicate reorder replay_history rotate_token
    revive`` take ``feed``; ``lag lag_backend slow_body`` also ``ms``; ``bad_status close_code``
    also ``code``; ``kill`` also ``for_s``, if wanted; ``corrupt`` also ``kind``. What a
    protocol has not is refused.
    """

    def verb(act: Callable[[Faulty, Arguments], None]) -> Command:
        async def run(arguments: Arguments) -> Mapping[str, object]:
            name = text(arguments, "feed")
            feed = feeds.get(name)
            if feed is None:
                raise CommandRefused(f"no feed {_short(name)}; known: {', '.join(feeds)}")
            try:
                act(feed, arguments)
            except ValueError as error:
                raise CommandRefused(str(error)) from error
            return {"feed": name, **feed.status()}

        return run

    return {
        "drop": verb(lambda feed, _: feed.drop()),
        "rst": verb(lambda feed, _: feed.rst()),
        "half_open": verb(lambda feed, _: feed.half_open()),
        "slow_body": verb(lambda feed, given: feed.slow_body(number(given, "ms", SLOWEST_MS))),
        "bad_status": verb(lambda feed, given: feed.bad_status(_code(given))),
        "close_code": verb(lambda feed, given: feed.close_code(_code(given))),
        "duplicate": verb(lambda feed, _: feed.duplicate()),
        "replay_history": verb(lambda feed, _: feed.replay_history()),
        "reorder": verb(lambda feed, _: feed.reorder()),
        "lag_backend": verb(lambda feed, given: feed.lag_backend(number(given, "ms", LONGEST_MS))),
        "rotate_token": verb(lambda feed, _: feed.rotate_token()),
        "mute": verb(lambda feed, _: feed.mute()),
        "mute_but_ping": verb(lambda feed, _: feed.mute_but_ping()),
        "lag": verb(lambda feed, given: feed.lag(number(given, "ms", LONGEST_MS))),
        "kill": verb(
            lambda feed, given: feed.kill(
                number(given, "for_s", LONGEST_MS / 1e3) if "for_s" in given else None
            )
        ),
        "corrupt": verb(lambda feed, given: feed.corrupt(_spoil(given))),
        "revive": verb(lambda feed, _: feed.revive()),
    }


def text(arguments: Arguments, name: str) -> str:
    """Return a field that must be text.

    Raises:
        CommandRefused: It is not there, or something else.
    """
    value = arguments.get(name)
    if not isinstance(value, str):
        raise CommandRefused(f"{name!r} must be text, not {_short(value)}")
    return value


def number(arguments: Arguments, name: str, most: float) -> float:
    """Return a field that must be a number from 0 to ``most``.

    Raises:
        CommandRefused: It is not there, or something else.
    """
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise CommandRefused(f"{name!r} must be a number from 0 to {most:g}, not {_short(value)}")
    return float(value)


def _code(arguments: Arguments) -> int:
    value = number(arguments, "code", MOST_CODE)
    if value != int(value):
        raise CommandRefused(f"'code' must be a whole number, not {value:g}")
    return int(value)


def _spoil(arguments: Arguments) -> Spoil:
    kind = text(arguments, "kind")
    for known in SPOILS:
        if kind == known:
            return known
    raise CommandRefused(f"no kind {_short(kind)}; known: {', '.join(SPOILS)}")


def _refusal(why: str) -> bytes:
    return msgspec.json.encode({"ok": False, "error": why})


def _short(value: object) -> str:
    return ascii(value)[:60]


class _NotARequest(Exception):
    """A line that asks for nothing: whoever sent it speaks something else."""


class _TooLong(Exception):
    """A line beyond its cap."""


class _Lines:
    """What a peer says, line by line."""

    def __init__(self, stream: trio.abc.Stream, longest: int) -> None:
        self._stream = stream
        self._longest = longest
        self._buffer = bytearray()

    async def next(self, idle_s: float, line_s: float) -> bytes | None:
        """Wait for the next whole line; ``None`` at the end, or when the peer is too slow.

        Args:
            idle_s: How long it may take to begin a line.
            line_s: How long it may take to finish it.
        """
        with trio.move_on_after(line_s if self._buffer else idle_s) as patience:
            while (end := self._buffer.find(b"\n")) < 0:
                if len(self._buffer) > self._longest:
                    raise _TooLong
                data = await take(self._stream)
                if not data:
                    return None
                if not self._buffer:
                    patience.deadline = trio.current_time() + line_s
                self._buffer += data
            if end > self._longest:
                raise _TooLong
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            return line
        return None
