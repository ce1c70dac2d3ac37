"""Bare trio: no WebSocket library, no channel, no journal; decodes the score and sends an order."""

import base64
import os
import ssl

import msgspec
import trio

HEARTBEAT_BELOW = 126


class Score(msgspec.Struct, rename="camel"):
    """What it looks at."""

    game_id: int
    score: str


async def main() -> None:
    """Answer every score frame with one order until the feed closes."""
    context = ssl.create_default_context(cafile=os.environ["CA"])
    venue = await trio.open_ssl_over_tcp_stream(
        "127.0.0.1", int(os.environ["VENUE_PORT"]), ssl_context=context
    )
    await venue.do_handshake()
    body = os.environ["ORDER_BODY"].encode()
    head = os.environ["ORDER_HEAD"].encode()
    request = b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
    feed = await trio.open_tcp_stream("127.0.0.1", int(os.environ["FEED_PORT"]))
    await feed.send_all(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n" % base64.b64encode(bytes(16))
    )
    await feed.receive_some()
    decoder = msgspec.json.Decoder(Score)
    seen: set[tuple[int, str]] = set()
    while data := await feed.receive_some(65_536):
        if data[1] < HEARTBEAT_BELOW:
            continue
        said = decoder.decode(data[4:])
        key = (said.game_id, said.score)
        if key not in seen:
            seen.add(key)
            await venue.send_all(request)
            await venue.receive_some(65_536)


if __name__ == "__main__":
    trio.run(main)
