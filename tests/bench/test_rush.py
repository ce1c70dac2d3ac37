"""Laws of the rush's client: it takes frames apart as they are, and no gap escapes it."""

import argparse
import struct

import attrs
from hypothesis import given, strategies as st

from bench.rush import Figures, findings
from bench.rush_lines import TEXT, Sequences, frames

FIGURES = Figures(
    offered_per_s=1_000,
    orders_per_s=1_000,
    refused=0,
    withheld=0,
    deltas=(9, 9, 9),
    deltas_per_s=2_000,
    gaps=0,
    p50_ms=1,
    p99_ms=2,
    worst_ms=3,
    venue_cpu=0.5,
    client_cpu=0.1,
)
ASKED = argparse.Namespace(orders=1_000.0, deltas=2_000.0)


def frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((TEXT, 126)) + struct.pack(">H", size) + payload
    return bytes((TEXT, 127)) + struct.pack(">Q", size) + payload


def delta(seq: int, sid: int = 1) -> bytes:
    return b'{"type":"orderbook_delta","sid":%d,"seq":%d,"msg":{}}' % (sid, seq)


@given(
    st.lists(st.integers(0, 300) | st.sampled_from([65_535, 65_536, 70_000]), max_size=5),
    st.integers(0, 9),
)
def test_frames_are_found_whole_and_the_rest_is_left(sizes: list[int], missing: int) -> None:
    payloads = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    wire = b"".join(frame(payload) for payload in payloads)
    cut = wire[: max(0, len(wire) - missing)]
    found, taken = frames(cut)
    again, rest = frames(cut[taken:] + wire[len(cut) :])
    assert [payload for _, payload in found + again] == payloads
    assert taken + rest == len(wire)


def test_a_missing_number_and_a_second_one_are_gaps_and_other_rows_are_not() -> None:
    sequences = Sequences()
    for told in (delta(1), delta(2), delta(1, sid=2), delta(4), delta(5), delta(5)):
        sequences.take(told)
    sequences.take(b'{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":3}}')
    assert (sequences.deltas, sequences.gaps) == (6, 2)


def test_a_run_holds_only_if_everything_in_it_did() -> None:
    assert all(held for _, held in findings(FIGURES, ASKED))
    for wrong in (
        {"orders_per_s": 980},
        {"deltas_per_s": 1_970},
        {"gaps": 1},
        {"deltas": (9, 8, 9)},
        {"refused": 1},
        {"withheld": 1},
    ):
        assert not all(held for _, held in findings(attrs.evolve(FIGURES, **wrong), ASKED))
