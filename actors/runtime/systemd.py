"""What the process tells systemd: ready, alive, stopping, and a line of status.

The protocol is ``sd_notify(3)``: newline-separated assignments in one datagram to
the unix socket that ``$NOTIFY_SOCKET`` names; a leading ``@`` means an abstract
socket. The watchdog is gated on progress and not on the loop alone: a trading
loop that turns while its executor hangs is not alive (reference
``reliability.md`` section 2).
"""

import socket
from collections.abc import Callable

import attrs
import trio

from actors.runtime.health import HealthRegistry

MAX_STATUS = 200
"""Characters of status that are sent; systemd shows one line."""


MAX_ADDRESS_BYTES = 107
"""Longest name that fits a unix socket address on Linux, its end included."""


class BadNotifySocket(ValueError):
    """``$NOTIFY_SOCKET`` names nothing that we can send to."""


def unheard(_datagram: bytes) -> None:
    """Send nothing: there is no systemd to hear it."""


def notify_sender(address: str | None) -> Callable[[bytes], None]:
    """Return what sends one datagram to ``address``, the value of ``$NOTIFY_SOCKET``.

    Nobody being there is not our failure, so a refused datagram is lost without a
    word; a unit that wanted it is restarted by systemd's own deadline.

    Args:
        address: A path, ``@`` and an abstract name, or nothing outside systemd.

    Raises:
        BadNotifySocket: Neither of these.
    """
    if not address:
        return unheard
    if address[0] not in "/@" or not 1 < len(address.encode()) <= MAX_ADDRESS_BYTES:
        raise BadNotifySocket(f"NOTIFY_SOCKET is neither a path nor abstract: {address[:80]!r}")
    where = "\0" + address[1:] if address[0] == "@" else address

    def send(datagram: bytes) -> None:
        # A socket a message: a few of them a second are sent, and none is left to leak.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as outbox:
            outbox.settimeout(0)
            try:
                outbox.sendto(datagram, where)
            except OSError:
                return

    return send


@attrs.frozen
class Notifier:
    """The sentences that we say to systemd."""

    send: Callable[[bytes], None] = unheard

    def ready(self, status: str = "") -> None:
        """Everything is up and reconciled."""
        self.send(b"READY=1\n" + _status(status))

    def reloading(self, now_ns: int) -> None:
        """A reload began at ``now_ns`` (monotonic); ``ready`` ends it."""
        self.send(b"RELOADING=1\nMONOTONIC_USEC=%d\n" % (now_ns // 1_000))

    def stopping(self, status: str = "") -> None:
        """The drain has begun."""
        self.send(b"STOPPING=1\n" + _status(status))

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self.send(_status(text))

    def alive(self) -> None:
        """Feed the watchdog once."""
        self.send(b"WATCHDOG=1\n")


@attrs.frozen(kw_only=True)
class Watchdog:
    """Feeds systemd's watchdog for as long as every watched actor makes progress."""

    registry: HealthRegistry
    notifier: Notifier
    now_ns: Callable[[], int]
    every_s: float
    """A third of ``$WATCHDOG_USEC`` or less, so that one lost datagram is no death."""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. Names the late actors in the status when it falls silent."""
        task_status.started()
        told: tuple[str, ...] = ()
        while True:
            late = self.registry.late(self.now_ns(), vital=True)
            if not late:
                self.notifier.alive()
            if late != told:
                told = late
                self.notifier.status(f"no progress: {', '.join(late)}" if late else "alive again")
            await trio.sleep(self.every_s)


def _status(text: str) -> bytes:
    if not text:
        return b""
    return b"STATUS=" + " ".join(text.split())[:MAX_STATUS].encode(errors="replace") + b"\n"
