"""What one writes first: trio-websocket in, json, RSA-PSS on the path, httpx out."""

import base64
import json
import os
import ssl
import time
import uuid

import httpx
import trio
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from trio_websocket import ConnectionClosed, open_websocket_url

PATH = "/trade-api/v2/portfolio/events/orders"
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)


async def main() -> None:
    """Answer every score frame with one signed order until the feed closes."""
    key = rsa.generate_private_key(65_537, 2_048)
    trust = ssl.create_default_context(cafile=os.environ["CA"])
    order = json.loads(os.environ["ORDER_BODY"])
    base = f"https://127.0.0.1:{os.environ['VENUE_PORT']}"
    seen: set[tuple[int, str]] = set()
    async with (
        httpx.AsyncClient(base_url=base, verify=trust) as client,
        open_websocket_url(f"ws://127.0.0.1:{os.environ['FEED_PORT']}/ws") as feed,
    ):
        while True:
            try:
                text = await feed.get_message()
            except ConnectionClosed:
                return
            if text == "ping":
                await feed.send_message("pong")
                continue
            said = json.loads(text)
            goal = (said["gameId"], said["score"])
            if goal in seen:
                continue
            seen.add(goal)
            stamp = str(time.time_ns() // 1_000_000)
            signature = key.sign(f"{stamp}POST{PATH}".encode(), PSS, hashes.SHA256())
            response = await client.post(
                PATH,
                headers={
                    "KALSHI-ACCESS-KEY": "11111111-2222-4333-8444-555555555555",
                    "KALSHI-ACCESS-TIMESTAMP": stamp,
                    "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
                },
                json={**order, "client_order_id": uuid.uuid4().hex},
            )
            response.json()


if __name__ == "__main__":
    trio.run(main)
