"""Laws of what systemd hears from us."""

import socket
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.runtime.health import Bound, HealthRegistry
from actors.runtime.systemd import (
    MAX_STATUS,
    BadNotifySocket,
    Notifier,
    Watchdog,
    notify_sender,
)


def now_ns() -> int:
    return round(trio.current_time() * 1e9)


def test_each_sentence_is_assignments_on_lines_of_their_own() -> None:
    heard: list[bytes] = []
    notifier = Notifier(heard.append)

    notifier.ready("trading 3 matches")
    notifier.alive()
    notifier.reloading(1_234_567)
    notifier.ready()
    notifier.status("HALTED: journal")
    notifier.stopping("draining")

    assert heard == [
        b"READY=1\nSTATUS=trading 3 matches\n",
        b"WATCHDOG=1\n",
        b"RELOADING=1\nMONOTONIC_USEC=1234\n",
        b"READY=1\n",
        b"STATUS=HALTED: journal\n",
        b"STOPPING=1\nSTATUS=draining\n",
    ]


def test_a_status_is_one_line_of_bounded_length_whatever_is_in_it() -> None:
    heard: list[bytes] = []

    Notifier(heard.append).status("a\nREADY=1\n" + "b" * 1_000 + "\ud800")

    assert heard[0].count(b"\n") == 1
    assert heard[0].startswith(b"STATUS=a READY=1 b")
    assert len(heard[0]) == len(b"STATUS=\n") + MAX_STATUS


def test_a_datagram_reaches_a_socket_in_the_file_system(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(2)
        Notifier(notify_sender(str(path))).alive()

        assert systemd.recv(100) == b"WATCHDOG=1\n"


def test_a_datagram_reaches_an_abstract_socket(tmp_path: Path) -> None:
    name = f"touchline-{tmp_path.name}-{tmp_path.parent.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name)
        systemd.settimeout(2)
        Notifier(notify_sender("@" + name)).ready()

        assert systemd.recv(100) == b"READY=1\n"


def test_nobody_listening_is_no_failure_of_ours(tmp_path: Path) -> None:
    Notifier(notify_sender(str(tmp_path / "nobody"))).alive()
    Notifier(notify_sender(None)).alive()
    Notifier(notify_sender("")).alive()
    Notifier().alive()


@pytest.mark.parametrize("address", ["vsock:2:1234", "@", "/", "relative", "/" + "a" * 107])
def test_an_address_that_cannot_be_sent_to_is_refused_at_once(address: str) -> None:
    with pytest.raises(BadNotifySocket, match="NOTIFY_SOCKET"):
        notify_sender(address)


async def test_the_watchdog_is_fed_only_while_every_watched_actor_makes_progress(
    autojump_clock: trio.testing.MockClock,
) -> None:
    registry = HealthRegistry()
    bound = Bound(after_s=2, by="marks")
    arbiter = registry.cell("arbiter", bound=bound)
    executor = registry.cell("executor", bound=bound)
    registry.cell("desk")
    for cell in (arbiter, executor):
        cell.enter("starting", now_ns())
        cell.enter("up", now_ns())
        cell.rest()
    heard: list[tuple[float, bytes]] = []
    start_s = trio.current_time()
    watchdog = Watchdog(
        registry=registry,
        notifier=Notifier(lambda said: heard.append((trio.current_time() - start_s, said))),
        now_ns=now_ns,
        every_s=1.0,
    )

    async with trio.open_nursery() as nursery:
        await nursery.start(watchdog.run)
        await trio.sleep(3.5)
        executor.mark(now_ns())  # takes an item and hangs in it
        await trio.sleep(6.0)
        executor.rest()
        await trio.sleep(2.0)
        nursery.cancel_scope.cancel()

    fed_s = [at_s for at_s, said in heard if said == b"WATCHDOG=1\n"]
    assert fed_s == pytest.approx([0, 1, 2, 3, 4, 5, 10, 11])
    told = [said for _, said in heard if said.startswith(b"STATUS")]
    assert told == [b"STATUS=no progress: executor\n", b"STATUS=alive again\n"]
