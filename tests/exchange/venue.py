"""A venue of one test: reads real requests off a stream and answers as it is told to.

An order is answered as ``answers`` says for its client order id, and else accepted;
everything else is answered by ``probe``, which tells the exchange's status.
"""

import json
from collections.abc import Awaitable, Callable

import attrs
import h11
import trio

STATUS = b'{"exchange_active":true,"trading_active":true}'


@attrs.frozen(kw_only=True)
class Seen:
    """One request as it arrived."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def client_order_id(self) -> str:
        found: str = json.loads(self.body)["client_order_id"]
        return found


Answer = Callable[[Seen, trio.abc.Stream], Awaitable[None]]


def reply(status: int, body: bytes, *headers: str) -> bytes:
    """Write a response."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def acceptance(client_order_id: str, fill: str = "1.00") -> bytes:
    """Write the response to an order that was taken."""
    body = {
        "order_id": f"venue-{client_order_id}",
        "client_order_id": client_order_id,
        "fill_count": fill,
        "remaining_count": "0.00",
        "average_fill_price": "0.5200",
        "average_fee_paid": "0.0175",
        "ts_ms": 1_781_159_370_364,
    }
    return reply(201, json.dumps(body).encode())


async def accept(seen: Seen, stream: trio.abc.Stream) -> None:
    """Take the order."""
    await stream.send_all(acceptance(seen.client_order_id))


async def say_nothing(_seen: Seen, _stream: trio.abc.Stream) -> None:
    """Take the request and never answer it."""


async def hang_up(_seen: Seen, stream: trio.abc.Stream) -> None:
    """End the connection instead of answering."""
    await stream.aclose()


def after(delay_s: float, then: Answer) -> Answer:
    """Answer late."""

    async def answer(seen: Seen, stream: trio.abc.Stream) -> None:
        await trio.sleep(delay_s)
        await then(seen, stream)

    return answer


def raw(data: bytes) -> Answer:
    """Answer with these very bytes."""

    async def answer(_seen: Seen, stream: trio.abc.Stream) -> None:
        await stream.send_all(data)

    return answer


async def tell_status(_seen: Seen, stream: trio.abc.Stream) -> None:
    """Answer that the venue is up."""
    await stream.send_all(reply(200, STATUS))


@attrs.define(eq=False)
class Venue:
    """Serves any number of connections, and remembers what it was asked."""

    answers: dict[str, Answer] = attrs.field(factory=dict)
    probe: Answer = tell_status
    seen: list[Seen] = attrs.field(factory=list)
    connections: int = 0

    @property
    def orders(self) -> list[Seen]:
        return [each for each in self.seen if each.method == "POST"]

    @property
    def probes(self) -> list[Seen]:
        return [each for each in self.seen if each.method == "GET"]

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Answer one connection's requests, in order, until it ends."""
        self.connections += 1
        number, parser = self.connections, h11.Connection(h11.SERVER)
        while (seen := await self._request(number, parser, stream)) is not None:
            self.seen.append(seen)
            order = seen.method == "POST"
            answer = self.answers.get(seen.client_order_id, accept) if order else self.probe
            await answer(seen, stream)
            # The answers are written by hand; the parser only has to believe in them.
            parser = h11.Connection(h11.SERVER)

    async def _request(
        self, number: int, parser: h11.Connection, stream: trio.abc.Stream
    ) -> Seen | None:
        head: h11.Request | None = None
        body = b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                try:
                    parser.receive_data(bytes(await stream.receive_some()))
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return None
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                return Seen(
                    connection=number,
                    method=head.method.decode(),
                    target=head.target.decode(),
                    headers={name.decode(): value.decode() for name, value in head.headers},
                    body=bytes(body),
                )
            else:
                return None
