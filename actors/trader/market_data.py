"""Market data: one connection of the venue's stream into books, prints and fills.

What it says of books goes to the ``Keeper``, which all connections share: from there to
the ``Books`` that the planner and the trigger read, and as messages to the auditor,
which keeps a copy of its own. Fills go to whoever holds positions; what
the stream may have missed while it was away is asked for over REST, and a trade id
is taken in once, whichever way it came.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

import attrs
import trio

from actors.exchange.errors import StreamFailed, VenueRefused, VenueUnreachable, WireGarbled
from actors.exchange.rest import Rest
from actors.exchange.signing import Signer
from actors.exchange.stream import open_stream, run_stream
from actors.exchange.stream_values import (
    StreamDelta,
    StreamEvent,
    StreamFees,
    StreamFill,
    StreamGroup,
    StreamLifecycle,
    StreamLost,
    StreamMissed,
    StreamOrder,
    StreamSnapshot,
    StreamTrade,
    StreamValue,
)
from actors.messages.market import TradeSeen
from actors.messages.trading import FillSeen
from actors.model.orders import Ticker, sign
from actors.runtime.env import Env
from actors.runtime.errors import leaves
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.runtime.websocket_frames import WebSocketFailed
from actors.trader.desk import Desk
from actors.trader.market_data_books import Keeper

ARMED_PING_S = 0.5
"""Between proofs of life while a play is armed (design section 7, book age)."""
IDLE_PING_S = 2.0
"""Short enough that a play which is armed between two of them finds a fresh stream."""
STANDING_S = 15.0
"""By now every subscription stands, or the connection has ended for want of an answer."""
ASK_AGAIN_S = 8.0
"""Longest pause between two questions for what the stream did not bring."""


def stream_name(stream: int) -> str:
    """Return the actor's name of one of the stream's connections."""
    return "market_data" if stream == 0 else f"market_data_{stream + 1}"


@attrs.define(eq=False)
class Prints:
    """The newest public prints by their ids, so that each is told once."""

    most: int = 4_096
    _seen: dict[str, None] = attrs.field(init=False, factory=dict)

    def is_new(self, trade_id: str) -> bool:
        """Return whether a print was not told yet, and take it for told."""
        seen = self._seen
        if trade_id in seen:
            return False
        seen[trade_id] = None
        if len(seen) > self.most:
            del seen[next(iter(seen))]
        return True


@attrs.define(eq=False, kw_only=True)
class MarketData:
    """Holds one connection of the stream and shares out what it says."""

    env: Env
    desk: Desk
    rest: Rest
    sign: Signer
    url: str
    ca_file: str | None
    wanted: Latest[Sequence[Ticker]]
    to_auditor: Mailbox[object]
    keeper: Keeper
    """Keeps the books; all connections share it."""
    on_lifecycle: Callable[[], None]
    """Told that a market's life went on; the catalogue's nudge."""
    concerns: Callable[[str], bool] = lambda _name: True
    """Whether a market, an event or a series is one whose life we follow: the venue tells of
    all that it has."""
    health: Health
    stream: int = 0
    """Which of the connections this is."""
    prints: Prints = attrs.field(factory=Prints)
    """Public prints that were told; all connections share it."""

    def beside(self, cell: Callable[[str], Health]) -> tuple["MarketData", ...]:
        """Return this connection and, beside it, as many as its keeper has room for."""
        more = range(1, self.keeper.streams)
        return (
            self,
            *(attrs.evolve(self, stream=each, health=cell(stream_name(each))) for each in more),
        )

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold one connection for as long as it is any good.

        Raises:
            StreamFailed: The connection is no good any more.
            WireGarbled: What the venue said cannot be read.
            WebSocketFailed: It could not be reached, refused us, or hung up.
        """
        async with open_stream(self.env, self.url, sign=self.sign, ca_file=self.ca_file) as frames:
            as_of_ms = await self._catch_up()
            task_status.started()
            why: list[BaseException] = []
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._fill_in, as_of_ms)
                    await run_stream(
                        frames,
                        self.keeper.open(self.stream),
                        wanted=self.wanted,
                        on_value=self._take,
                        now_ns=self.env.now_ns,
                        ping_s=self._ping_s,
                        on_proof=self._proved,
                        asking=self.keeper.lines[self.stream].asking,
                    )
            except* (StreamFailed, WireGarbled, WebSocketFailed) as group:
                why.extend(leaves(group))
            finally:
                self.keeper.close(self.stream)
            # Only the stream can fail here; filling in what it did not bring goes on until then.
            raise why[0]

    def _ping_s(self) -> float:
        return ARMED_PING_S if self.desk.plays else IDLE_PING_S

    def _proved(self, since_ns: int) -> None:
        self.keeper.proved(self.stream, since_ns)
        self.health.mark(self.env.now_ns())

    async def _fill_in(self, as_of_ms: int) -> None:
        """Ask for what happened between the first question and the stream's first word.

        The venue's reads lag behind, and a subscription says nothing of what was before
        it: only reads that are younger than every subscription leave nothing out.
        """
        now_ms = max(as_of_ms, self.env.wall_ns() // 1_000_000)
        standing_ms = now_ms + int(STANDING_S * 1_000)
        since_s, pause_s = as_of_ms // 1_000 - 1, ARMED_PING_S
        while as_of_ms <= standing_ms:
            await trio.sleep(pause_s)
            pause_s = min(ASK_AGAIN_S, 2 * pause_s)
            with suppress(VenueRefused, VenueUnreachable):
                as_of_ms = await self._catch_up(since_s)
        self.on_lifecycle()

    async def _catch_up(self, since_s: int | None = None) -> int:
        """Take in the fills that the stream did not bring; return how recent the reads are."""
        as_of_ms = await self.rest.user_data_as_of_ms()
        # The venue lists the newest first; fees accumulate in the order of execution.
        for fill in reversed(await self.rest.fills(min_s=since_s)):
            self._fill(
                FillSeen(
                    fill=fill.fill(),
                    client_order_id=None,
                    received_ns=self.env.now_ns(),
                    source="rest",
                )
            )
        return as_of_ms

    def _take(self, value: StreamValue) -> None:
        if isinstance(value, StreamDelta | StreamTrade):
            self.desk.clock.hear_stamp(value.venue_ts_ms, received_ns=value.received_ns)
        match value:
            case StreamDelta() | StreamSnapshot() | StreamLost():
                self.keeper.take(self.stream, value)
            case StreamTrade():
                if self.prints.is_new(value.trade_id):
                    self.to_auditor.post(_trade(value))
            case StreamFill():
                self._fill(
                    FillSeen(
                        fill=value.fill,
                        client_order_id=value.client_order_id,
                        received_ns=value.received_ns,
                        source="stream",
                    )
                )
            case (
                StreamLifecycle()
                | StreamEvent()
                | StreamFees()
                | StreamMissed(channel="market_lifecycle_v2")
            ):
                self._live_on(value)
            case StreamGroup():
                self.desk.groups.hear_step(value.group_id, value.step, value.received_ns)
            case StreamMissed(channel="fill"):
                raise StreamFailed("fills were missed")
            case StreamMissed() | StreamOrder():
                pass  # Outcomes come with the order's own response, prints are for the record.

    def _live_on(self, value: StreamLifecycle | StreamEvent | StreamFees | StreamMissed) -> None:
        # What was missed may have been about ours.
        if isinstance(value, StreamMissed) or self.concerns(_about(value)):
            self.on_lifecycle()

    def _fill(self, seen: FillSeen) -> None:
        fill, desk = seen.fill, self.desk
        if fill.trade_id in desk.seen_trades:
            return
        desk.seen_trades.add(fill.trade_id)
        held = desk.held_centi.get(fill.ticker, 0)
        desk.held_centi[fill.ticker] = held + sign(fill.side) * fill.count_centi
        desk.hear_fill(fill)
        self.to_auditor.post(seen)


def _about(value: StreamLifecycle | StreamEvent | StreamFees) -> str:
    if isinstance(value, StreamLifecycle):
        return value.event_ticker or value.ticker
    return value.series_ticker if isinstance(value, StreamEvent) else value.event_ticker


def _trade(value: StreamTrade) -> TradeSeen:
    return TradeSeen(
        trade_id=value.trade_id,
        ticker=value.ticker,
        price_pips=value.price_pips,
        count_centi=value.count_centi,
        taker_side=value.taker_side,
        venue_ts_ms=value.venue_ts_ms,
        received_ns=value.received_ns,
    )
