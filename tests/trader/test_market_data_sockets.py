"""The law of the books over real sockets and real TLS: what is quotable is the venue's own."""

import random
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
import trio

from actors.exchange.errors import StreamFailed, WireGarbled
from actors.exchange.keys import SigningKey
from actors.exchange.signing import Signer
from actors.exchange.stream import open_stream, run_stream
from actors.exchange.stream_values import StreamDelta, StreamLost, StreamSnapshot, StreamValue
from actors.model.orders import Ticker
from actors.runtime.env import RealEnv
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.runtime.websocket_frames import WebSocketFailed
from actors.sim.venue.server import WS_PATH
from actors.trader.books import Books
from actors.trader.market_data_books import Keeper
from tests.runtime.certificates import issue
from tests.sim.venue.hall import AWAY, HOME, quote
from tests.sim.venue.papers import KEY_ID, ed25519_key
from tests.sim.venue.site import Site, serving

LEGS = (HOME, AWAY)


@attrs.define(eq=False)
class Reader:
    """Our side: as many connections as the keeper has room for, each made anew when it ends."""

    site: Site
    env: RealEnv
    keeper: Keeper
    sign: Signer
    url: str
    ca_file: str

    async def follow(self, stream: int) -> None:
        def hear(value: StreamValue) -> None:
            if isinstance(value, StreamDelta | StreamSnapshot | StreamLost):
                self.keeper.take(stream, value)

        while True:
            with suppress(StreamFailed, WireGarbled, WebSocketFailed):
                async with open_stream(
                    self.env, self.url, sign=self.sign, ca_file=self.ca_file
                ) as frames:
                    await run_stream(
                        frames,
                        self.keeper.open(stream),
                        wanted=Latest(LEGS),
                        on_value=hear,
                        now_ns=self.env.now_ns,
                        ping_s=lambda: 0.05,
                        on_proof=lambda since_ns: self.keeper.proved(stream, since_ns),
                        asking=self.keeper.lines[stream].asking,
                    )
            await trio.sleep(0.01)

    def same(self, ticker: Ticker) -> bool:
        book = self.keeper.books.quotable(ticker, self.env.now_ns())
        depth = self.site.hall.venue.book(ticker)
        return book is not None and (book.bids(), book.asks()) == (depth.bids, depth.asks)

    async def until_same(self) -> None:
        while not all(self.same(ticker) for ticker in LEGS):  # noqa: ASYNC110 - books over real sockets tell no event
            await trio.sleep(0.005)


@pytest.mark.parametrize("streams", [1, 2])
async def test_gaps_and_dead_sockets_cost_the_book_until_its_snapshot_and_never_its_truth(
    tmp_path: Path, streams: int
) -> None:
    papers, env, chance = issue(tmp_path, "127.0.0.1"), RealEnv(1), random.Random(streams)
    with trio.fail_after(60):
        async with serving(env, tls=papers.server, ca_file=papers.ca_file) as site:
            box: Mailbox[object] = Mailbox("audit", 65_536)
            keeper = Keeper(
                env=env,
                books=Books(),
                streams=streams,
                late_ms=2_000,
                to_auditor=box,
                on_book=lambda _ticker: None,
            )
            sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(ed25519_key()))
            url = f"wss://{site.endpoint.authority}{WS_PATH}"
            reader = Reader(site, env, keeper, sign, url, papers.ca_file)
            async with trio.open_nursery() as nursery:
                for stream in range(streams):
                    nursery.start_soon(reader.follow, stream)
                for ticker in LEGS:
                    site.hall.create("maker", quote("bid", 1_000, 100, ticker))
                await reader.until_same()
                for _ in range(12):
                    await act(site, chance, reader)
                    # Another word on the subscription tells of whatever was lost before it.
                    for ticker in LEGS:
                        site.hall.create("maker", quote("bid", 2_000, 100, ticker))
                    await reader.until_same()
                nursery.cancel_scope.cancel()

    assert sum(line.opened for line in keeper.lines) >= streams


async def act(site: Site, chance: random.Random, reader: Reader) -> None:
    """Let something happen, and perhaps something go wrong."""
    clients = site.server._clients  # noqa: SLF001 - one connection of several is to suffer
    victim = chance.choice(clients) if clients else None
    fault = chance.choice(["none", "lose", "lose all", "cut"])
    if fault == "lose" and victim is not None:
        victim.stream.lose_next("orderbook_delta")
    elif fault == "lose all":
        site.server.lose_next("orderbook_delta")
    elif fault == "cut" and victim is not None:
        victim.connection.cancel()
    for _ in range(chance.randint(1, 5)):
        price = 100 * chance.randint(1, 20)
        site.hall.create("maker", quote("bid", price, 100, chance.choice(LEGS)))
        await trio.sleep(0.001 * chance.randint(0, 3))
    assert reader.keeper.streams == len(reader.keeper.lines)
