"""Laws of ready-made headers: what they hold, that they are used once and never old."""

import base64
import pickle
from typing import NoReturn

import attrs
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from trio.testing import MockClock
from typing_extensions import override

from actors.exchange.errors import KeyRefused
from actors.exchange.keys import SigningKey
from actors.exchange.signing import (
    MAX_AGE_NS,
    ORDERS_PATH,
    HeaderRing,
    HeaderSet,
    Signer,
    header_set,
)
from actors.runtime.memory import MemoryNetwork, SeededEnv

KEY = ed25519.Ed25519PrivateKey.generate()
KEY_ID = "a952bcbe-ec3b-4b5b-b8f9-11dae589608c"


def made(made_ns: int, ts_ms: int | None = None) -> HeaderSet:
    return HeaderSet(made_ns=made_ns, ts_ms=made_ns if ts_ms is None else ts_ms, data=b"")


def test_a_header_set_is_three_lines_as_they_go_out_and_its_signature_holds() -> None:
    headers = header_set(
        SigningKey(KEY), KEY_ID, method="POST", path=ORDERS_PATH, ts_ms=1_781_159_370_364, made_ns=7
    )

    lines = headers.data.decode("ascii").split("\r\n")
    assert lines[0] == f"KALSHI-ACCESS-KEY: {KEY_ID}"
    assert lines[1] == "KALSHI-ACCESS-TIMESTAMP: 1781159370364"
    assert lines[2].startswith("KALSHI-ACCESS-SIGNATURE: ")
    assert lines[3:] == [""]
    names = [name for name, _ in headers.pairs]
    assert names == [line.partition(":")[0] for line in lines[:3]]
    signature = base64.b64decode(dict(headers.pairs)["KALSHI-ACCESS-SIGNATURE"], validate=True)
    KEY.public_key().verify(signature, b"1781159370364POST" + ORDERS_PATH.encode())


def test_nothing_that_prints_or_copies_a_header_set_shows_it() -> None:
    headers = HeaderSet(made_ns=1, ts_ms=2, data=b"KALSHI-ACCESS-SIGNATURE: secret\r\n")

    assert "secret" not in repr(headers)
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        pickle.dumps(headers)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        headers.data = b""  # type: ignore[misc]  # the point: it cannot be changed


@given(
    st.lists(st.integers(0, 10_000_000_000), unique=True, max_size=20),
    st.lists(st.integers(0, 20_000_000_000), max_size=20),
)
def test_no_set_is_taken_twice_or_too_old_and_the_oldest_fresh_goes_first(
    stamps: list[int], takes: list[int]
) -> None:
    ring = HeaderRing()
    for stamp in stamps:
        ring.add(made(stamp))
    left = sorted(stamps)

    for now_ns in sorted(takes):
        left = [stamp for stamp in left if now_ns - stamp <= MAX_AGE_NS]
        assert ring.fresh(now_ns) == len(left)
        taken = ring.take(now_ns)
        assert (taken.made_ns if taken else None) == (left.pop(0) if left else None)


class RingMachine(RuleBasedStateMachine):
    """A ring in use: time passes, sets are made, sets are taken."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = HeaderRing(max_age_ns=5_000, capacity=4)
        self.now_ns = 0
        self.number = 0
        self.used: set[int] = set()

    @rule(passed_ns=st.integers(0, 3_000))
    def wait(self, passed_ns: int) -> None:
        self.now_ns += passed_ns

    @rule()
    def make(self) -> None:
        self.number += 1
        self.ring.add(made(self.now_ns, self.number))

    @rule()
    def take(self) -> None:
        taken = self.ring.take(self.now_ns)
        if taken is None:
            return
        assert taken.ts_ms not in self.used
        assert self.now_ns - taken.made_ns <= 5_000
        self.used.add(taken.ts_ms)

    @invariant()
    def the_stock_is_bounded(self) -> None:
        assert self.ring.fresh(self.now_ns) <= 4


TestRing = RingMachine.TestCase
TestRing.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_two_sets_of_one_timestamp_are_not_stocked() -> None:
    ring = HeaderRing()
    ring.add(made(1, ts_ms=9))

    with pytest.raises(ValueError, match="two header sets"):
        ring.add(made(2, ts_ms=9))


@pytest.fixture
def env() -> SeededEnv:
    return SeededEnv(1, MemoryNetwork(1))


async def test_the_signer_never_uses_a_timestamp_twice(
    autojump_clock: MockClock, env: SeededEnv
) -> None:
    sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(KEY))

    sets = [await sign("POST", ORDERS_PATH) for _ in range(20)]

    stamps = [headers.ts_ms for headers in sets]
    assert stamps == sorted(set(stamps))
    assert {headers.made_ns for headers in sets} == {env.now_ns()}


async def test_the_signer_follows_the_wall_clock_as_soon_as_it_can(
    autojump_clock: MockClock, env: SeededEnv
) -> None:
    sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(KEY))
    for _ in range(20):
        await sign("POST", ORDERS_PATH)

    await trio.sleep(1)

    assert (await sign("POST", ORDERS_PATH)).ts_ms == env.wall_ns() // 1_000_000


async def test_a_wall_clock_that_was_set_back_is_followed(
    autojump_clock: MockClock,
) -> None:
    class SteppedEnv(SeededEnv):
        """A machine whose wall clock was put right while it ran."""

        ahead_ns = 3_600_000_000_000

        @override
        def wall_ns(self) -> int:
            return super().wall_ns() + self.ahead_ns

    env = SteppedEnv(1, MemoryNetwork(1))
    sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(KEY))
    await sign("POST", ORDERS_PATH)

    env.ahead_ns = 0

    assert (await sign("POST", ORDERS_PATH)).ts_ms == env.wall_ns() // 1_000_000


@pytest.mark.parametrize("key_id", ["", "a b", "x\r\nEvil: yes", "schlüssel"])
def test_a_key_id_that_would_break_a_header_is_refused(env: SeededEnv, key_id: str) -> None:
    with pytest.raises(KeyRefused, match="key id"):
        Signer(env=env, key_id=key_id, key=SigningKey(KEY))


def test_nothing_that_prints_the_signer_shows_its_key(env: SeededEnv) -> None:
    assert "[redacted]" not in repr(Signer(env=env, key_id=KEY_ID, key=SigningKey(KEY)))
    assert "SigningKey" not in repr(Signer(env=env, key_id=KEY_ID, key=SigningKey(KEY)))


async def test_a_stock_of_quick_signatures_is_made_without_a_thread_and_lets_others_run(
    autojump_clock: MockClock,
) -> None:
    class Threadless(SeededEnv):
        @override
        async def blocking(self, *_: object) -> NoReturn:
            raise AssertionError("a thread was asked for")

    sign = Signer(env=Threadless(0, MemoryNetwork(0)), key_id=KEY_ID, key=SigningKey(KEY))
    steps: list[str] = []

    async def beside() -> None:
        for _ in range(3):
            steps.append("another")
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(beside)
        for _ in range(3):
            await sign("POST", ORDERS_PATH)
            steps.append("signed")

    assert steps.index("another") < len(steps) - 1 - steps[::-1].index("signed")
    assert steps.count("signed") == 3
