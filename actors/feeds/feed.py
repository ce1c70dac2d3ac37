"""The feed actor: one connection, whatever carries it and whatever dialect it speaks."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, Literal, Protocol

import attrs
import trio
from msgspec import Struct
from msgspec.structs import replace

from actors.feeds.codecs import Decode, Decoded
from actors.feeds.errors import FeedDeaf, FeedError, FeedGarbled, FeedLost, FeedStale
from actors.messages.feeds import STOPPED, FeedEvent
from actors.runtime.env import Env
from actors.runtime.errors import MailboxFull
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.websocket_frames import Heard

ANSWER_S: Final = 1.0
"""How long our answer to a heartbeat may take to leave."""

LONGEST_SILENCE_S: Final = 30.0


class Frames(Protocol):
    """An open connection that carries whole frames. Text is ``str``, binary is ``bytes``."""

    async def hear(self) -> Heard:
        """Return the next frame and when it was read, with no checkpoint after that read.

        Raises:
            FeedLost: The connection is over.
        """
        ...

    async def send(self, text: str) -> None:
        """Send one frame of text.

        Raises:
            FeedLost: The connection is over.
        """
        ...


Connect = Callable[[], AbstractAsyncContextManager[Frames]]
"""Opens a connection, or raises ``FeedUnreachable``. What its body raises comes out as it is."""


def _copy(last: Mapping[str, int]) -> dict[str, int]:
    return dict(last)


@attrs.define(eq=False)
class Epochs:
    """Numbers every feed's connections. The tree's own, so that a restart does not begin anew."""

    _last: dict[str, int] = attrs.field(factory=dict)
    """Of each feed, the number of its newest connection; the journal's at the start."""

    def next(self, feed: str) -> int:
        """Return the number of ``feed``'s next connection, from 1."""
        self._last[feed] = epoch = self._last.get(feed, 0) + 1
        return epoch


class FeedHealth(Struct, frozen=True, kw_only=True, gc=False):
    """How one feed does. Feed to whoever shows it, in a ``Latest`` that outlives the actor.

    A msgspec struct, because one is made for every frame and it costs a tenth.
    """

    state: Literal["closed", "open", "live"] = "closed"
    """``open`` is connected and ``live`` has sent a frame that we understood."""
    epoch: int = 0
    frames: int = 0
    """Frames understood, over all connections."""
    garbled: int = 0
    """Frames outside the dialect, over all connections; each one cost its connection."""
    last_frame_ns: int | None = None
    """Monotonic: when the last frame that we understood was read."""


@attrs.frozen(kw_only=True)
class Feed:
    """Reads one feed and tells the arbiter everything it says."""

    name: str
    connect: Connect
    decode: Decode
    to_arbiter: Callable[[FeedEvent], None]
    """The arbiter's mailbox: ``Mailbox.post``."""
    env: Env
    epochs: Epochs
    vitals: Latest[FeedHealth]
    health: Health
    answers: Mapping[str, str] = attrs.field(factory=dict)
    """Frames that the provider wants answered, and with what."""
    dead_after_s: float = attrs.field(
        default=LONGEST_SILENCE_S,
        validator=attrs.validators.and_(
            attrs.validators.gt(0.0), attrs.validators.le(LONGEST_SILENCE_S)
        ),
    )
    """Silence, heartbeats being no silence, after which the connection is given up."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold one connection for as long as it is any good; ready at its first good frame.

        Raises:
            FeedError: It was no good any more, or there was none.
            MailboxFull: The arbiter does not keep up, which means that it is dead.
        """
        failure: Exception | None = None
        # One scope for the whole connection: for opening it, and then for its silence. It
        # is also how a connection is left: a politer way would wait for the peer.
        with trio.CancelScope(deadline=trio.current_time() + self.dead_after_s) as patience:
            async with self.connect() as frames:
                failure = await _Connection(
                    feed=self,
                    frames=frames,
                    patience=patience,
                    on_ready=task_status.started,
                    epoch=self.epochs.next(self.name),
                ).serve()
                patience.cancel()
        raise failure or FeedStale(f"{self.name}: silent for {self.dead_after_s:g} s")


@attrs.define(eq=False, kw_only=True)
class _Connection:
    """One connection's life."""

    feed: Feed
    frames: Frames
    patience: trio.CancelScope
    on_ready: Callable[[], None]
    epoch: int
    frame_no: int = attrs.field(init=False, default=0)
    heard_s: float = attrs.field(init=False, factory=trio.current_time)
    """When the last good frame was read, or the connection was opened."""
    failure: FeedError | MailboxFull | None = attrs.field(init=False, default=None)
    raw: bytes = attrs.field(init=False, default=b"")
    """The frame that ended it, if one did."""

    async def serve(self) -> Exception:
        """Read until it is over, tell the arbiter of both ends, and return why it is over."""
        feed = self.feed
        feed.vitals.set(replace(feed.vitals.value, state="open", epoch=self.epoch))
        self.patience.deadline = math.inf
        try:
            await self._exchange()
        finally:
            feed.vitals.set(replace(feed.vitals.value, state="closed"))
            if not isinstance(self.failure, MailboxFull):
                feed.to_arbiter(self._event("closed", reason=self._reason(), raw=self.raw))
        assert self.failure is not None
        return self.failure

    async def _exchange(self) -> None:
        # Failures are kept and not raised in here: a nursery would wrap them.
        to_provider, answers = trio.open_memory_channel[str](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._answer, answers, nursery.cancel_scope)
            nursery.start_soon(self._watch)
            try:
                self.feed.to_arbiter(self._event("opened"))
                await self._read(to_provider)
            except (FeedError, MailboxFull) as error:
                self.failure = error
            nursery.cancel_scope.cancel()

    async def _watch(self) -> None:
        # To move a deadline with every frame would cost each frame more than reading it does.
        bound_s, until_s = self.feed.dead_after_s, -math.inf
        while until_s < (until_s := self.heard_s + bound_s):  # noqa: ASYNC110 - it waits for time
            await trio.sleep_until(until_s)
        self.patience.cancel()

    async def _read(self, to_provider: trio.MemorySendChannel[str]) -> None:
        hear, feed, epoch = self.frames.hear, self.feed, self.epoch
        name, decode, post, now_ns = feed.name, feed.decode, feed.to_arbiter, feed.env.now_ns
        while True:
            frame, received_ns, received_wall_ns = await hear()
            self.frame_no = frame_no = self.frame_no + 1
            # From here to the last post there is no checkpoint, so that a report is never
            # overtaken by what another feed said later.
            raw = frame if isinstance(frame, bytes) else frame.encode(errors="backslashreplace")
            try:
                said = decode(frame)
            except FeedGarbled:
                self._bad_frame(raw)
                raise
            decoded_ns = now_ns()
            for one in said or SILENT:
                post(
                    FeedEvent(
                        feed=name,
                        epoch=epoch,
                        frame_no=frame_no,
                        kind=one.kind,
                        feed_match=one.feed_match,
                        home_name=one.home_name,
                        away_name=one.away_name,
                        score=one.score,
                        period=one.period,
                        clock_s=one.clock_s,
                        provider_ts_ns=one.provider_ts_ns,
                        received_ns=received_ns,
                        received_wall_ns=received_wall_ns,
                        decoded_ns=decoded_ns,
                        raw=raw,
                        conf=one.conf,
                        review=one.review,
                        status=one.status,
                        reliable=one.reliable,
                        incident=one.incident,
                        replay=one.replay,
                    )
                )
            self._good_frame(frame, received_ns, to_provider)

    def _bad_frame(self, raw: bytes) -> None:
        self.raw = raw[:4096]
        vitals = self.feed.vitals
        vitals.set(replace(vitals.value, garbled=vitals.value.garbled + 1))

    def _good_frame(
        self, frame: bytes | str, received_ns: int, to_provider: trio.MemorySendChannel[str]
    ) -> None:
        feed = self.feed
        if frame in feed.answers and isinstance(frame, str):
            # One that is on its way already says the same.
            with suppress(trio.WouldBlock):
                to_provider.send_nowait(feed.answers[frame])
        self.heard_s = trio.current_time()
        was = feed.vitals.value
        feed.vitals.set(
            FeedHealth(
                state="live",
                epoch=self.epoch,
                frames=was.frames + 1,
                garbled=was.garbled,
                last_frame_ns=received_ns,
            )
        )
        feed.health.mark(received_ns)
        if self.frame_no == 1:
            self.on_ready()

    async def _answer(
        self, answers: trio.MemoryReceiveChannel[str], whole: trio.CancelScope
    ) -> None:
        # A task of its own, so that a provider that reads slowly delays no frame.
        async for answer in answers:
            with trio.move_on_after(ANSWER_S) as haste:
                try:
                    await self.frames.send(answer)
                except FeedLost as error:
                    self.failure = error
                    whole.cancel()
            if haste.cancelled_caught:
                self.failure = FeedDeaf(f"{self.feed.name}: took no answer for {ANSWER_S:g} s")
                whole.cancel()

    def _event(
        self, kind: Literal["opened", "closed"], *, reason: str = "", raw: bytes = b""
    ) -> FeedEvent:
        at_ns = self.feed.env.now_ns()
        return FeedEvent(
            feed=self.feed.name,
            epoch=self.epoch,
            frame_no=0,
            kind=kind,
            received_ns=at_ns,
            received_wall_ns=self.feed.env.wall_ns(),
            decoded_ns=at_ns,
            raw=raw,
            reason=reason,
        )

    def _reason(self) -> str:
        if self.failure is not None:
            return f"{type(self.failure).__name__}: {self.failure}"
        if self.patience.cancel_called:
            return f"FeedStale: silent for {self.feed.dead_after_s:g} s"
        return STOPPED


SILENT: Final = [Decoded(kind="heartbeat")]
"""What a frame says that names no match at all: that the connection lives."""
