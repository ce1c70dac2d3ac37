"""Whatever comes over a real TLS socket, the venue answers or hangs up, and serves the next one."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio
from wsproto.events import CloseConnection

from actors.runtime.env import RealEnv
from actors.sim.venue import server
from tests.runtime.certificates import issue
from tests.sim.venue.hall import quote
from tests.sim.venue.papers import ROOT, ed25519_key, headers
from tests.sim.venue.site import ORDERS, Site, form, serving

STATUS = f"{ROOT}/exchange/status"
GET = f"GET {STATUS} HTTP/1.1\r\nhost: v\r\n\r\n".encode()
PATIENCE_S = 60.0
HASTY = attrs.evolve(server.LIMITS, header_s=0.3, body_s=0.3, idle_s=0.6, write_s=1.0, close_s=0.3)
"""The venue's limits with shorter times, so that a test need not wait for the real ones."""


@asynccontextmanager
async def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """Serve over TLS; whatever the test did, afterwards an order trades and nothing broke."""
    monkeypatch.setattr(server, "LIMITS", HASTY)
    papers = issue(tmp_path, "127.0.0.1")
    with trio.fail_after(PATIENCE_S):
        async with serving(RealEnv(1), tls=papers.server, ca_file=papers.ca_file) as site:
            yield site
            site.hall.create("maker", quote("ask", 5_200, 100))
            status, body = await site.ask("POST", ORDERS, form())
            assert (status, body["fill_count"]) == (201, "1.00")
            assert site.server.counts.faults == 0


async def heard(stream: trio.abc.Stream) -> bytes:
    """All that comes until the other side is done."""
    received = b""
    try:
        while data := bytes(await stream.receive_some()):
            received += data
    except trio.BrokenResourceError:
        pass
    return received


async def answer(site: Site, data: bytes) -> bytes:
    async with await site.env.dial(site.endpoint) as wire:
        await wire.send_all(data)
        return await heard(wire)


def signed(site: Site, method: str, path: str, *lines: str) -> bytes:
    pairs = headers(ed25519_key(), method, path, site.stamp_ms())
    fields = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    extra = "".join(f"{line}\r\n" for line in lines)
    return f"{method} {path} HTTP/1.1\r\nhost: venue\r\n{fields}{extra}\r\n".encode()


def post(site: Site, body: bytes) -> bytes:
    return signed(site, "POST", ORDERS, f"content-length: {len(body)}", "connection: close") + body


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"ticker":', b'"code":"bad_request"'),
        (b"\x00\xff", b'"code":"bad_request"'),
        (form().replace(b'"1.00"', b"1.00"), b"cannot unmarshal number into Go struct field"),
        (form().replace(b'"0.5200"', b"0.52"), b"cannot unmarshal number into Go struct field"),
        (form().replace(b'"0.5200"', b'"0.5250"'), b'"code":"invalid_price"'),
        (form().replace(b'"bid"', b'"buy"'), b"400 "),
    ],
    ids=["cut short", "not text", "count a number", "price a number", "off the grid", "no side"],
)
async def test_a_bad_order_gets_the_exchanges_own_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes, said: bytes
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        refused = await answer(site, post(site, body))

        assert refused.startswith(b"HTTP/1.1 400 ")
        assert said in refused


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (f"GET {ROOT}/nowhere", b"404 "),
        (f"DELETE {ROOT}/markets", b"405 "),
        (f"POST {ROOT}/portfolio/orders", b"410 "),
        (f"GET {ROOT}/portfolio/balance", b"401 "),
        (f"BREW {ROOT}/markets", b"501 "),
    ],
)
async def test_a_wrong_path_method_or_signature_is_answered_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_line: str, status: bytes
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        head = f"{request_line} HTTP/1.1\r\nhost: v\r\nconnection: close\r\n\r\n".encode()
        if status == b"410 ":
            body = form()
            head = signed(
                site,
                "POST",
                f"{ROOT}/portfolio/orders",
                f"content-length: {len(body)}",
                "connection: close",
            )
            head += body

        assert (await answer(site, head)).startswith(b"HTTP/1.1 " + status)


async def test_a_huge_body_is_refused_unread_and_one_without_a_length_when_it_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        announced = signed(site, "POST", ORDERS, f"content-length: {1 << 40}")
        assert (await answer(site, announced)).startswith(b"HTTP/1.1 413 ")

        endless = signed(site, "POST", ORDERS, "transfer-encoding: chunked")
        chunk = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
        async with await site.env.dial(site.endpoint) as wire:
            await wire.send_all(endless)
            try:
                for _ in range(40):
                    await wire.send_all(chunk)
            except trio.BrokenResourceError:
                pass
            said = await heard(wire)

        assert said == b"" or said.startswith(b"HTTP/1.1 413 ")
        assert site.server.counts.refused == 2


async def test_a_body_that_never_ends_is_given_up_and_buys_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        site.hall.create("maker", quote("ask", 5_200, 100))
        body = form()
        head = signed(site, "POST", ORDERS, f"content-length: {len(body)}")
        async with await site.env.dial(site.endpoint) as wire:
            await wire.send_all(head + body[:20])
            assert (await site.ask("GET", STATUS))[0] == 200, "others are served meanwhile"
            said = await heard(wire)

        assert said.startswith(b"HTTP/1.1 408 ")
        assert not site.hall.venue.floor.account("us").holdings


async def test_a_client_that_says_nothing_is_let_go_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        assert await answer(site, b"") == b""
        assert (await answer(site, GET[:9])).startswith(b"HTTP/1.1 408 ")


async def test_garbage_behind_a_good_request_costs_only_the_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        said = await answer(site, GET + GET + b"\x00\x01garbage\r\n\r\n" + GET)

        assert said.count(b"HTTP/1.1 200 ") == 2
        assert said.count(b"HTTP/1.1 400 ") == 1


async def test_what_is_not_tls_or_ends_within_the_handshake_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        where = (site.endpoint.host, site.endpoint.port)
        async with await trio.open_tcp_stream(*where) as plain:
            await plain.send_all(GET)
            assert b"HTTP/1.1" not in await heard(plain)
        async with await trio.open_tcp_stream(*where) as partial:
            await partial.send_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            assert (await site.ask("GET", STATUS))[0] == 200, "others are served meanwhile"
            await partial.send_eof()
            assert b"HTTP/1.1" not in await heard(partial)


async def test_a_reset_at_any_moment_is_nobodys_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        where = (site.endpoint.host, site.endpoint.port)
        for sent in (b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            stream = await trio.open_tcp_stream(*where)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            await stream.send_all(sent)
            await stream.aclose()
        for sent in (GET[:9], GET, post(site, form())[:-5]):
            wire = await site.env.dial(site.endpoint)
            await wire.send_all(sent)
            await trio.aclose_forcefully(wire)


async def test_an_unsigned_socket_gets_a_401_and_no_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site:
        async with site.stream(signed=False) as stream:
            assert stream.head.startswith(b"HTTP/1.1 401 ")
        assert site.server.counts.sessions == 0


@pytest.mark.parametrize(
    "frames",
    [
        b"\x81\x85\x00\x00\x00\x00\xff\xff\xff\xff\xff",
        b"\x83\x80\x00\x00\x00\x00",
        b"\x81\x02hi",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["not UTF-8", "no such opcode", "unmasked", "HTTP again"],
)
async def test_a_broken_frame_ends_its_own_stream_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames: bytes
) -> None:
    async with hasty(tmp_path, monkeypatch) as site, site.stream() as other:
        async with site.stream() as broken:
            await broken.wire.send_all(frames)
            await broken.rest()
        await other.subscribe("trade")

        assert (await other.message())["type"] == "subscribed"


async def test_a_message_without_end_is_cut_off_at_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty(tmp_path, monkeypatch) as site, site.stream() as other:
        async with site.stream() as endless:
            exabytes = b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"
            try:
                await endless.wire.send_all(exabytes)
                for _ in range(8):
                    await endless.wire.send_all(b"a" * (1 << 20))
            except trio.BrokenResourceError:
                pass
            *_, goodbye = await endless.rest()
            assert goodbye is None or isinstance(goodbye, CloseConnection)
        await other.subscribe("trade")

        assert (await other.message())["type"] == "subscribed"


@pytest.mark.parametrize(
    ("command", "code"),
    [("{", 1), ("[]", 1), ('{"id":1}', 5), ('{"id":1,"cmd":"dance"}', 5), ('{"cmd":7}', 5)],
)
async def test_a_bad_command_is_an_error_and_the_stream_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int
) -> None:
    async with hasty(tmp_path, monkeypatch) as site, site.stream() as stream:
        mask = b"\0\0\0\0"
        text = command.encode()
        await stream.wire.send_all(bytes([0x81, 0x80 | len(text)]) + mask + text)
        error = await stream.message()
        await stream.subscribe("trade")

        assert (error["type"], error["msg"]["code"]) == ("error", code)
        assert (await stream.message())["type"] == "subscribed"
