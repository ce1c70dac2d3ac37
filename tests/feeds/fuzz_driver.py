"""Feeds chance to every core and dialect: none may crash, and none may hold the loop for 5 ms.

Run as ``python tests/feeds/fuzz_driver.py [--inputs N] [--seed S] [--proof FILE]`` from the
checkout. A core gets what one read of a link can hold, recorded words and noise, changed and
repeated; a dialect gets frames of up to the size that a link passes on. Times are processor
time of this thread; what took too long is done again, because a busy machine repeats itself
and a slow input does too.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.feeds.codecs import Decode
from actors.feeds.errors import FeedError
from actors.feeds.kept import READ_BYTES as SOCKET_BYTES
from actors.feeds.pull.answers import Exchange
from actors.feeds.pull.pipe import BURST, READ_BYTES as PIPE_BYTES
from actors.runtime import checkout
from tests.feeds.codecs.test_fuzz import DIALECTS
from tests.feeds.test_cuts import CORES, RECORDED, Core

ROOT: Final = Path(__file__).resolve().parents[2]
BAR_NS: Final = 5_000_000
AGAIN: Final = 5
FRAME_BYTES: Final = 64 * 1024
PULLED: Final = frozenset({"event stream", "pushed lines"})
NOISE: Final = (
    *(b"\r\n", b"\x1e", b"\n\n", b"\n", b":\n", b"data: ", b"data:{}\n\n", b"id: 1\n"),
    *(b"U,1,1,^", b"U,1,1,^2|a\r\n", b"PROBE\r\n", b"{}\x1e", b'{"type":6}\x1e', b"\x81\x00"),
    *(b"\x81\x03abc", b"\x88\x00", b"\x89\x00", b"\x01\x00", b"HTTP/1.1 200 OK\r\n", b"0\r\n\r\n"),
    *(b"[" * 64, b'{"a":' * 16, b"1" * 400, b"\xff\xfe", b"\x00", b"1e999", b"null,", b'"\\u0041"'),
)


def _changed(chance: random.Random, data: bytes) -> bytes:
    """Return ``data`` with a few of its bytes flipped, cut out or said twice."""
    spoilt = bytearray(data)
    for _ in range(chance.randrange(4)):
        if not spoilt:
            break
        at = chance.randrange(len(spoilt))
        match chance.randrange(3):
            case 0:
                spoilt[at] = chance.randrange(256)
            case 1:
                del spoilt[at : at + chance.randrange(1, 40)]
            case _:
                spoilt[at:at] = spoilt[at : at + chance.randrange(1, 200)]
    return bytes(spoilt)


def _input(chance: random.Random, words: list[bytes], most: int) -> bytes:
    """Return up to ``most`` bytes: some of them likely, all of them allowed on the wire."""
    match chance.randrange(4):
        case 0:
            unit = chance.choice((*words, *NOISE))
            return (unit * (most // len(unit) + 1))[:most]
        case 1:
            return chance.randbytes(chance.randrange(1, most + 1))
        case _:
            pieces: list[bytes] = []
            while sum(map(len, pieces)) < most and chance.random() > 0.02:
                pieces.append(_changed(chance, chance.choice((*words, *NOISE))))
            return b"".join(pieces)[:most] or b"\n"


Subject = Callable[[bytes], object]


def _subjects() -> Iterator[tuple[str, list[bytes], int, Subject]]:
    def read_once(core: Core) -> Subject:
        return lambda data: core([data])

    def heard_first(dialect: Callable[[], Decode]) -> Subject:
        def hear(data: bytes) -> object:
            return dialect()(data)

        return hear

    yield "http answers", RECORDED["http answers"], PIPE_BYTES, _one_turn_of_answers
    for name, core in CORES.items():
        if name == "http answers":
            continue
        most = PIPE_BYTES if name in PULLED else SOCKET_BYTES
        yield name, RECORDED[name], most, read_once(core)
    texts = [word for words in RECORDED.values() for word in words if word[:1] in b"{["]
    for name, dialect in DIALECTS.items():
        yield f"{name} dialect", texts, FRAME_BYTES, heard_first(dialect)


def _one_turn_of_answers(data: bytes) -> None:
    """Read what a link reads before it lets others have their turn."""
    exchange = Exchange()
    exchange.ask("h", "/", [])
    exchange.feed(data)
    for _ in range(BURST):
        if exchange.next() is None or not exchange.reusable:
            return


def _took_ns(subject: Subject, data: bytes) -> int:
    began_ns = time.thread_time_ns()
    with suppress(FeedError):
        subject(data)
    return time.thread_time_ns() - began_ns


def main() -> int:
    """Run as many inputs as were asked for; 0 if none was too much for anybody."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=5_000, help="of each core and dialect")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--proof", type=Path, help="add a line to this file")
    chosen = parser.parse_args()
    worst: dict[str, int] = {}
    faults: list[str] = []
    for name, words, most, subject in _subjects():
        chance = random.Random(f"{chosen.seed} {name}")
        for number in range(chosen.inputs):
            data = _input(chance, words, most)
            try:
                took_ns = _took_ns(subject, data)
                if took_ns > BAR_NS:
                    took_ns = min(_took_ns(subject, data) for _ in range(AGAIN))
            except Exception as error:  # noqa: BLE001 - any other than its own is what is looked for
                faults.append(f"{name}, input {number}: {type(error).__name__}: {error}")
                continue
            worst[name] = max(worst.get(name, 0), took_ns)
        sys.stdout.write(f"{name:20} worst {worst.get(name, 0) / 1e6:6.2f} ms of processor time\n")
        sys.stdout.flush()
    slow = [name for name, took_ns in worst.items() if took_ns > BAR_NS]
    sys.stdout.writelines(f"{fault}\n" for fault in faults[:20])
    if chosen.proof is not None:
        line = {
            "target": "prove-fuzz",
            "commit": checkout.commit(ROOT),
            "command": f"tests/feeds/fuzz_driver.py --inputs {chosen.inputs} --seed {chosen.seed}",
            "n": chosen.inputs * (len(CORES) + len(DIALECTS)),
            "figure": round(max(worst.values()) / 1e6, 2),
            "bar": BAR_NS / 1e6,
            "held": not slow and not faults,
            "crashes": len(faults),
            "what": "longest that any input held a core or a dialect, ms of processor time",
        }
        with chosen.proof.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return 1 if slow or faults else 0


if __name__ == "__main__":
    sys.exit(main())
