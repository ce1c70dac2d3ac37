"""``make prove-rush``: a thousand orders a second while every reader hears every change of a book.

A process of its own is the venue (``bench/rush_venue.py``). This one is the client: four
accounts send orders at a steady rate whatever the answers take, and three readers follow
all books and check every number of their sequences. Of four requests two rest in a book,
one trades with the first of them and one cancels the second, so that an order is a change of a
book on average and no book grows; the bench's maker makes up what is missing of the deltas.
An order's time runs from the moment at which it was due, so waiting for a line counts.
"""

import argparse
import json
import selectors
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.runtime import checkout
from bench.cases import ROOT, ask, cpu_ns
from bench.rush_lines import (
    ORDERS_PATH,
    Asked,
    Desk,
    Line,
    OrderLine,
    Reader,
    Signer,
    address_of,
    watch,
)
from bench.rush_venue import ACCOUNTS, TRADED

SECONDS: Final = 60.0
ORDERS_PER_S: Final = 1_000.0
DELTAS_PER_S: Final = 2_000.0
READERS: Final = 3
LINES: Final = 4
"""Connections of one account."""
LAG: Final = 60
"""So many rounds later the first order of a round is traded with, and the second cancelled."""
ROUND: Final = 4
"""Requests of one round: two that rest, a trade, a cancellation."""
KEPT: Final = 0.99
"""Of what was asked for so much must have been done."""
STRETCH_S: Final = 0.25
"""A signature made ahead serves so long."""
DRAIN_S: Final = 5.0
QUIET_S: Final = 0.5
WARM_S: Final = 1.0
OK: Final = frozenset({200, 201})
REST_PRICES: Final = ("0.4500", "0.4400")


@attrs.frozen(kw_only=True)
class Figures:
    """What a run came to."""

    offered_per_s: float
    orders_per_s: float
    """Answered as they should be."""
    refused: int
    withheld: int
    """Trades and cancellations whose first order was not answered in time."""
    deltas: tuple[int, ...]
    """Of each reader."""
    deltas_per_s: float
    """The slowest reader's."""
    gaps: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    venue_cpu: float
    """Of one core."""
    client_cpu: float


@attrs.define(eq=False)
class Rounds:
    """Which request comes next; every round has its book, and its two accounts."""

    tickers: Sequence[str]
    desks: Sequence[Desk]
    stamp_ms: Callable[[], int]
    withheld: int = 0
    sent: int = 0
    statuses: Counter[int] = attrs.field(factory=Counter)
    latency_ns: list[int] = attrs.field(factory=list)
    _second: dict[int, str] = attrs.field(init=False, factory=dict)
    """Ids of the second orders, by round."""
    _rested: set[int] = attrs.field(init=False, factory=set)

    def next(self, due_ns: int) -> None:
        """Send the request that is due."""
        number, step = divmod(self.sent, ROUND)
        self.sent += 1
        if step < len(REST_PRICES):
            self._rest(number, step, due_ns)
        elif number >= LAG and step == len(REST_PRICES):
            self._trade(number - LAG, due_ns)
        elif number >= LAG:
            self._cancel(number - LAG, due_ns)

    def _rest(self, number: int, step: int, due_ns: int) -> None:
        desk = self.desks[number % len(self.desks)]
        body = self._body(number, "bid", REST_PRICES[step], "good_till_canceled")
        self._create(desk, body, due_ns, partial(self._rested_at, number, step))

    def _rested_at(self, number: int, step: int, order_id: str) -> None:
        if step:
            self._second[number] = order_id
        else:
            self._rested.add(number)

    def _trade(self, number: int, due_ns: int) -> None:
        if number not in self._rested:
            self.withheld += 1
            return
        self._rested.discard(number)
        # In turn one of the three others, so that no position grows without end.
        desk = self.desks[(number + 1 + number // len(self.desks) % 3) % len(self.desks)]
        body = self._body(number, "ask", REST_PRICES[0], "immediate_or_cancel")
        self._create(desk, body, due_ns, _nothing)

    def _cancel(self, number: int, due_ns: int) -> None:
        order_id = self._second.pop(number, "")
        if not order_id:
            self.withheld += 1
            return
        desk = self.desks[number % len(self.desks)]
        path = f"{ORDERS_PATH}/{order_id}"
        signed = desk.key.headers("DELETE", path, self.stamp_ms())
        data = f"DELETE {path} HTTP/1.1\r\nhost: venue\r\n".encode() + signed + b"\r\n"
        desk.ask(Asked(due_ns, data, partial(self._answered, due_ns, _nothing)))

    def _create(self, desk: Desk, body: bytes, due_ns: int, then: Callable[[str], None]) -> None:
        head = f"POST {ORDERS_PATH} HTTP/1.1\r\nhost: venue\r\ncontent-length: {len(body)}\r\n"
        data = head.encode() + desk.signed + b"\r\n" + body
        desk.ask(Asked(due_ns, data, partial(self._answered, due_ns, then)))

    def _body(self, number: int, side: str, price: str, lasting: str) -> bytes:
        ticker = self.tickers[number % TRADED]
        return (
            f'{{"ticker":"{ticker}","client_order_id":"rush-{self.sent}","side":"{side}",'
            f'"count":"1.00","price":"{price}","time_in_force":"{lasting}",'
            '"self_trade_prevention_type":"taker_at_cross"}'
        ).encode()

    def _answered(
        self, due_ns: int, then: Callable[[str], None], status: int, order_id: str
    ) -> None:
        self.latency_ns.append(time.monotonic_ns() - due_ns)
        self.statuses[status] += 1
        if status in OK:
            then(order_id)


def _nothing(_order_id: str) -> None:
    """Follow an answer with nothing."""


@attrs.define(eq=False)
class Client:
    """Everything that is connected."""

    desks: list[Desk]
    readers: list[Reader]
    selector: selectors.BaseSelector

    def attend(self, wait_s: float) -> None:
        """Hear whatever has come, for so long at most."""
        for key, _ in self.selector.select(wait_s):
            key.data()

    def renew(self) -> None:
        """Take the next signature of every account."""
        for desk in self.desks:
            desk.signed = next(desk.ahead)

    def deltas(self) -> list[int]:
        """Return how many deltas each reader has counted."""
        return [reader.sequences.deltas for reader in self.readers]

    def settle(self) -> None:
        """Wait until nothing comes any more."""
        until_s = time.monotonic() + DRAIN_S
        while time.monotonic() < until_s:
            before, quiet_until_s = self.deltas(), time.monotonic() + QUIET_S
            while time.monotonic() < quiet_until_s:
                self.attend(0.05)
            if before == self.deltas():
                return


def connect(handshake: Mapping[str, Any], seconds: float) -> Client:
    """Connect all lines and readers; sign ahead."""
    context = ssl.create_default_context(cafile=handshake["ca_file"])
    rest, stream = address_of(handshake["rest"]), address_of(handshake["ws"])
    keys = {(row["account"], row["type"]): row for row in handshake["keys"]}
    selector = selectors.DefaultSelector()
    desks = []
    for name in ACCOUNTS:
        desk = Desk(Signer.of(keys[name, "ed25519"]), _ahead(Signer.of(keys[name, "rsa"]), seconds))
        for _ in range(LINES):
            line = OrderLine(Line(rest, context))
            watch(selector, line.line, partial(_heard, desk, line))
            desk.free.append(line)
        desks.append(desk)
    readers = [Reader(Line(stream, context)) for _ in range(READERS)]
    for reader in readers:
        reader.open(desks[0].key, _now_ms(), handshake["tickers"])
        watch(selector, reader.line, reader.heard)
    return Client(desks, readers, selector)


def _heard(desk: Desk, line: OrderLine) -> None:
    if line.heard():
        desk.release(line)


def _ahead(signer: Signer, seconds: float) -> Iterator[bytes]:
    """Sign new orders, one signature for each stretch of the run with the stamp it will need."""
    now_ms, stretch_ms = _now_ms(), int(1000 * STRETCH_S)
    for number in range(int((seconds + DRAIN_S + WARM_S) / STRETCH_S) + 8):
        yield signer.headers("POST", ORDERS_PATH, now_ms + stretch_ms * number)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def rush(handshake: Mapping[str, Any], pid: int, chosen: argparse.Namespace) -> Figures:
    """Send and hear for as long as was chosen."""
    client = connect(handshake, chosen.seconds)
    rounds = Rounds(handshake["tickers"], client.desks, _now_ms)
    ask(handshake["maker"], do="load", per_s=max(0.0, chosen.deltas - chosen.orders))
    _offer(client, rounds, WARM_S, chosen.orders)
    heard, answered = client.deltas(), rounds.statuses.total()
    rounds.latency_ns.clear()
    cpu, own_s, begin_s = cpu_ns(pid), time.process_time(), time.monotonic()
    offered = _offer(client, rounds, chosen.seconds, chosen.orders)
    took_s = time.monotonic() - begin_s
    told = [now - before for now, before in zip(client.deltas(), heard, strict=True)]
    done = rounds.statuses.total() - answered
    venue_cpu = (cpu_ns(pid) - cpu) / 1e9 / took_s
    client_cpu = (time.process_time() - own_s) / took_s
    ask(handshake["maker"], do="load", per_s=0)
    client.settle()
    times = sorted(rounds.latency_ns)
    refused = sum(count for status, count in rounds.statuses.items() if status not in OK)
    if refused:
        print(f"answers: {dict(rounds.statuses)}")
    return Figures(
        offered_per_s=offered / took_s,
        orders_per_s=done / took_s,
        refused=refused,
        withheld=rounds.withheld,
        deltas=tuple(client.deltas()),
        deltas_per_s=min(told) / took_s,
        gaps=sum(reader.sequences.gaps for reader in client.readers),
        p50_ms=times[len(times) // 2] / 1e6,
        p99_ms=times[len(times) * 99 // 100] / 1e6,
        worst_ms=times[-1] / 1e6,
        venue_cpu=venue_cpu,
        client_cpu=client_cpu,
    )


def _offer(client: Client, rounds: Rounds, seconds: float, per_s: float) -> int:
    """Send requests as they fall due; return how many."""
    step_ns, begin_ns = 1e9 / per_s, time.monotonic_ns()
    count, stretch = round(seconds * per_s), 0
    for number in range(count):
        due_ns = begin_ns + round(number * step_ns)
        if number >= stretch * STRETCH_S * per_s:
            client.renew()
            stretch += 1
        while time.monotonic_ns() < due_ns:
            # Never asleep: to wake a halted core of a virtual machine costs whoever sends to
            # it up to 0.4 ms, and here that would be the venue, at each answer and delta.
            client.attend(0.0)
        rounds.next(due_ns)
        if not number % 8:
            client.attend(0.0)
    return count


def findings(figures: Figures, chosen: argparse.Namespace) -> list[tuple[str, bool]]:
    """Return what had to hold, in words, and whether it did."""
    least = min(figures.deltas)
    return [
        (
            f"{figures.orders_per_s:.0f} orders/s answered of {chosen.orders:g}",
            figures.orders_per_s >= KEPT * chosen.orders,
        ),
        (
            f"{figures.deltas_per_s:.0f} of {chosen.deltas:g} deltas/s at each socket",
            figures.deltas_per_s >= KEPT * chosen.deltas,
        ),
        (f"{figures.gaps} gaps in the sequences", figures.gaps == 0),
        (
            f"{least} deltas at the socket that heard fewest, {max(figures.deltas)} at the other",
            least == max(figures.deltas),
        ),
        (
            f"{figures.refused} refused, {figures.withheld} withheld",
            not figures.refused and not figures.withheld,
        ),
    ]


def main() -> int:
    """Run it; return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="bench/rush.py", description=__doc__)
    add = parser.add_argument
    add("--seconds", type=float, default=SECONDS, metavar="S", help=f"how long ({SECONDS:g})")
    add("--orders", type=float, default=ORDERS_PER_S, metavar="N", help="a second, of all accounts")
    add("--deltas", type=float, default=DELTAS_PER_S, metavar="N", help="a second, to each reader")
    add("--proof", type=Path, metavar="FILE", help="a file that gets one JSON line about it")
    chosen = parser.parse_args()
    if not (chosen.seconds > 0 and chosen.orders > 0):
        parser.error("--seconds and --orders: above 0")
    with tempfile.TemporaryDirectory(prefix="touchline-rush-") as folder:
        command = [sys.executable, str(ROOT / "bench" / "rush_venue.py"), "--folder", folder]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as venue:
            assert venue.stdout is not None
            figures = rush(json.loads(venue.stdout.readline()), venue.pid, chosen)
            assert venue.stdin is not None
            venue.stdin.close()
    found = findings(figures, chosen)
    for what, held in found:
        print(f"{'held  ' if held else 'MISSED'}  {what}")
    print(
        f"response p50 {figures.p50_ms:.2f} ms, p99 {figures.p99_ms:.2f} ms, "
        f"worst {figures.worst_ms:.1f} ms; offered {figures.offered_per_s:.0f}/s; "
        f"venue {figures.venue_cpu:.0%} and client {figures.client_cpu:.0%} of a core"
    )
    held = all(each for _, each in found)
    if chosen.proof is not None:
        _append_proof(chosen, figures, found)
    return 0 if held else 1


def _append_proof(
    chosen: argparse.Namespace, figures: Figures, found: Sequence[tuple[str, bool]]
) -> None:
    line = {
        "target": "prove-rush",
        "commit": checkout.commit(ROOT),
        "command": f"bench/rush.py --seconds {chosen.seconds:g} --orders {chosen.orders:g} "
        f"--deltas {chosen.deltas:g}",
        "n": round(figures.orders_per_s * chosen.seconds),
        "figure": round(figures.orders_per_s, 1),
        "bar": KEPT * chosen.orders,
        "held": all(each for _, each in found),
        "found": [what for what, _ in found],
        "p50_ms": round(figures.p50_ms, 2),
        "p99_ms": round(figures.p99_ms, 2),
        "venue_cpu": round(figures.venue_cpu, 2),
        "client_cpu": round(figures.client_cpu, 2),
        "what": "orders a second over four accounts, deltas fanned out to three sockets meanwhile",
    }
    with chosen.proof.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
