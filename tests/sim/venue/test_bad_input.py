"""Whatever a client sends, the venue answers or hangs up cleanly, and serves the next one."""

import msgspec
import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings, strategies as st
from wsproto.events import CloseConnection

from actors.sim.venue.server import WS_PATH
from tests.sim.venue.hall import HOME, open_hall
from tests.sim.venue.papers import ROOT, Desk, ed25519_key, headers
from tests.sim.venue.site import ORDERS, Site, form, seeded, serving

MARKETS = f"{ROOT}/markets"


async def raw(site: Site, data: bytes, *, then_wait_s: float = 0) -> bytes:
    """What comes back before the connection ends, or nothing more comes for a minute."""
    async with await site.env.dial(site.endpoint) as wire:
        await wire.send_all(data)
        await trio.sleep(then_wait_s)
        received = b""
        with trio.move_on_after(60):
            try:
                while data := bytes(await wire.receive_some()):
                    received += data
            except trio.BrokenResourceError:
                pass
        return received


def signed(site: Site, method: str, path: str, *lines: str) -> bytes:
    pairs = headers(ed25519_key(), method, path, site.stamp_ms())
    fields = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    extra = "".join(f"{line}\r\n" for line in lines)
    return f"{method} {path} HTTP/1.1\r\nhost: venue\r\n{fields}{extra}\r\n".encode()


async def still_serves(site: Site) -> None:
    assert (await site.ask("GET", f"{ROOT}/exchange/status"))[0] == 200
    assert site.server.counts.faults == 0


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HTTP/1.1 400 "),
        (b"hello\r\n\r\n", b"HTTP/1.1 400 "),
        (f"GET {MARKETS} HTTP/1.1\r\n\r\n".encode(), b"HTTP/1.1 400 "),
        (f"BREW {MARKETS} HTTP/1.1\r\nhost: v\r\n\r\n".encode(), b"HTTP/1.1 501 "),
        (f"PATCH {MARKETS} HTTP/1.1\r\nhost: v\r\n\r\n".encode(), b"HTTP/1.1 405 "),
        (b"GET /nowhere HTTP/1.1\r\nhost: v\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET /trade-api/v2/../../etc HTTP/1.1\r\nhost: v\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET /trade-api/v2/markets/%ff HTTP/1.1\r\nhost: v\r\n\r\n", b"HTTP/1.1 400 "),
        (
            f"GET {MARKETS}?limit=-1 HTTP/1.1\r\nhost: v\r\nconnection: close\r\n\r\n".encode(),
            b"HTTP/1.1 400 ",
        ),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: v\r\n\r\n", b"HTTP/1.1 4"),
        (
            f"POST {ORDERS} HTTP/1.1\r\nhost: v\r\ncontent-length: 2000000\r\n\r\n".encode(),
            b"HTTP/1.1 413 ",
        ),
        (
            f"POST {ORDERS} HTTP/1.1\r\nhost: v\r\ncontent-length: 5\r\n"
            "transfer-encoding: chunked\r\n\r\n".encode(),
            b"HTTP/1.1 400 ",
        ),
        (f"POST {ORDERS} HTTP/1.1\r\nhost: v\r\ncontent-length: 9\r\n\r\n{{".encode(), b"408"),
        (f"GET {MARKETS} HTTP/1.1\r\nhost".encode(), b"408"),
        (f"GET {WS_PATH} HTTP/1.1\r\nhost: v\r\n\r\n".encode(), b"HTTP/1.1 404 "),
        (
            f"GET {WS_PATH} HTTP/1.1\r\nhost: v\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            "".encode(),
            b"HTTP/1.1 401 ",
        ),
        (
            f"GET {WS_PATH} HTTP/1.1\r\nhost: v\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            "sec-websocket-version: 8\r\nsec-websocket-key: short\r\n\r\n".encode(),
            b"HTTP/1.1 4",
        ),
    ],
    ids=range(17),
)
async def test_what_is_no_request_for_us_is_answered_and_leaves_no_trace(
    autojump_clock: trio.testing.MockClock, sent: bytes, answer: bytes
) -> None:
    async with serving(seeded()) as site:
        assert answer in await raw(site, sent)
        await still_serves(site)


NUMBERS = {
    "ticker": HOME,
    "side": "bid",
    "count": 1,
    "price": 0.52,
    "time_in_force": "immediate_or_cancel",
    "self_trade_prevention_type": "taker_at_cross",
}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"order"',
        b"\xff\xfe",
        b"[" * 5_000,
        b'{"count":' + b"9" * 5_000 + b"}",
        msgspec.json.encode(NUMBERS),
        form().replace(b'"0.5200"', b'"' + b"9" * 400 + b'"'),
        form().replace(b'"0.5200"', b'"0.52000000001"'),
        form().replace(b'"1.00"', b'"-1"'),
        form().replace(b'"1.00"', b'"NaN"'),
        form().replace(b'"bid"', b'"yes"'),
        form().replace(HOME.encode(), b"\\u0000"),
    ],
)
def test_a_bad_order_is_a_400_and_changes_nothing(body: bytes) -> None:
    hall = open_hall()
    before = hall.money()

    status, said = Desk(hall).ask("POST", "/portfolio/events/orders", body=body)

    assert status in {400, 404}
    assert said
    assert hall.money() == before
    assert not hall.venue.floor.orders


def test_numbers_where_strings_belong_are_refused_in_the_flat_shape() -> None:
    status, said = Desk(open_hall()).ask("POST", "/portfolio/events/orders", body=NUMBERS)

    assert status == 400
    assert said["code"] == "bad_request"
    assert said["details"].startswith("json: cannot unmarshal number into Go struct field ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each),
    max_leaves=5,
)
PLACED = ["ticker", "side", "count", "price", "time_in_force", "self_trade_prevention_type"]
MEANT = ["client_order_id", "expiration_time", "post_only", "reduce_only", "exchange_index"]
CHANGED = ["subaccount", "orders", "order_id", "reduce_by", "reduce_to", "order_group_id"]
FIELDS = st.sampled_from([*PLACED, *MEANT, *CHANGED])
PATHS = st.sampled_from(
    [
        ("POST", "/portfolio/events/orders"),
        ("POST", "/portfolio/events/orders/batched"),
        ("DELETE", "/portfolio/events/orders/batched"),
        ("DELETE", "/portfolio/events/orders/x"),
        ("POST", "/portfolio/events/orders/x/amend"),
        ("POST", "/portfolio/events/orders/x/decrease"),
        ("POST", "/portfolio/order_groups/create"),
        ("GET", "/markets"),
        ("GET", "/portfolio/orders"),
    ]
)
GOOD = {**NUMBERS, "count": "1", "price": "0.52"}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(path=PATHS, changes=st.dictionaries(FIELDS, JSON, max_size=4), whole=JSON | st.just(GOOD))
def test_no_body_brings_the_venue_down(
    path: tuple[str, str], changes: dict[str, object], whole: object
) -> None:
    hall = open_hall()
    body = {**whole, **changes} if isinstance(whole, dict) else whole

    status, _ = Desk(hall).ask(*path, body=body)

    assert status < 500


async def test_a_slow_body_is_given_up_and_nothing_is_bought(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        body = form()
        head = signed(site, "POST", ORDERS, f"content-length: {len(body)}")

        answer = await raw(site, head + body[:20], then_wait_s=30)

        assert b" 408 " in answer.partition(b"\r\n")[0]
        assert not site.hall.venue.floor.orders
        await still_serves(site)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x85\x00\x00\x00\x00\xff\xff\xff\xff\xff", 1007),
        (b"\x83\x80\x00\x00\x00\x00", 1002),
        (b"\x81\x02hi", 1002),
    ],
    ids=["not UTF-8", "no such opcode", "unmasked"],
)
async def test_a_broken_frame_closes_its_stream_alone(
    autojump_clock: trio.testing.MockClock, frame: bytes, code: int
) -> None:
    async with serving(seeded()) as site, site.stream() as other:
        async with site.stream() as socket:
            await socket.wire.send_all(frame)
            with trio.fail_after(30):
                *_, goodbye = await socket.rest()
            if goodbye is not None:
                assert isinstance(goodbye, CloseConnection)
                assert goodbye.code == code
        await other.subscribe("trade")

        assert (await other.message())["type"] == "subscribed"
        await still_serves(site)


async def test_a_binary_frame_is_a_command_like_any_other_or_an_error(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.wire.send_all(b"\x82\x83\x00\x00\x00\x00\x00\x01\x02")

        assert (await socket.message())["msg"]["code"] == 1
