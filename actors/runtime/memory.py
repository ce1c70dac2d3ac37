"""A whole world in one process, from one seed: its clock, its network, its disks, its chance.

Nothing here reads a real clock, opens a socket or starts a thread, so that the
same seed is the same run, byte for byte, on any machine.
"""

import errno
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

import attrs
import trio
import trio.testing
from trio._core import _run

from actors.runtime.disk import MemoryDisk
from actors.runtime.env import Disk, Endpoint, Serve, ServerTls, Wire, attend
from actors.runtime.lanes import Faults, Lane, Link, MemoryWire, Weather

__all__ = [
    "Faults",
    "Link",
    "MemoryDisk",
    "MemoryNetwork",
    "MemoryWire",
    "SeededEnv",
    "run_seeded",
]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

WALL_START_NS: Final = 1_793_491_200_000_000_000
"""2026-11-01 00:00 UTC: what the wall clock of a seeded run shows at its start."""
FREE_PORTS_FROM: Final = 49_152
MAX_CONNECTIONS: Final = 1024
"""Open connections to one listener; further dials are refused."""

Place = tuple[str, int]
"""Host and port; TLS makes no difference in memory."""


class MemoryNetwork:
    """Listeners and connections in memory, shared by every ``SeededEnv`` of one run."""

    def __init__(
        self, seed: int, *, link: Link | None = None, faults: Faults | None = None
    ) -> None:
        """Open an empty network.

        Args:
            seed: Draws distances, jitter, fragments and faults, apart for each connection.
            link: What sound connections are like.
            faults: What goes wrong; nothing unless given. May be changed at any time.
        """
        self._seed = seed
        self._link = link or Link()
        self._weather = Weather(faults or Faults())
        self._links: dict[Place, Link] = {}
        self._listeners: dict[Place, Callable[[MemoryWire], None]] = {}
        self._dead: dict[Place, None] = {}
        self._open: dict[Place, list[MemoryWire]] = {}
        self._dials: dict[Place, int] = {}
        self._next_port = FREE_PORTS_FROM

    @property
    def faults(self) -> Faults:
        """What goes wrong now, on open connections too."""
        return self._weather.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._weather.faults = faults

    def place(self, endpoint: Endpoint, link: Link) -> None:
        """Give the connections made to ``endpoint`` from now on a link of their own."""
        self._links[_place(endpoint)] = link

    def reset(self, endpoint: Endpoint) -> None:
        """Cut every connection to ``endpoint``; both ends know at once. It may be dialled again."""
        for wire in self._connections(_place(endpoint)):
            wire.reset()

    def mute(self, endpoint: Endpoint) -> None:
        """Leave the connections to ``endpoint`` open and deliver nothing more on them, either way.

        Connections made later are sound.
        """
        for wire in self._connections(_place(endpoint)):
            wire.mute()

    def kill(self, endpoint: Endpoint) -> None:
        """Cut every connection to ``endpoint`` and refuse new ones until it is revived."""
        self._dead[_place(endpoint)] = None
        self.reset(endpoint)

    def revive(self, endpoint: Endpoint) -> None:
        """Let ``endpoint`` be dialled again."""
        self._dead.pop(_place(endpoint), None)

    async def dial(self, endpoint: Endpoint) -> MemoryWire:
        """Connect to whoever listens at ``endpoint``; takes one way there and back.

        Raises:
            ConnectionRefusedError: Nobody does, or not now.
        """
        place = _place(endpoint)
        number = self._dials[place] = self._dials.get(place, 0) + 1
        rng = _stream(f"{self._seed}:{place}:{number}")
        link = self._links.get(place, self._link)
        distance_s = rng.uniform(link.nearest_ms, link.farthest_ms) / 1e3
        await trio.sleep(2 * distance_s)
        welcome = self._listeners.get(place)
        around = self._connections(place)
        refused = rng.random() < self.faults.refuse or len(around) >= MAX_CONNECTIONS
        if welcome is None or refused or place in self._dead:
            why = f"nobody answers at {endpoint.authority}"
            raise ConnectionRefusedError(errno.ECONNREFUSED, why)
        there = Lane(link, self._weather, distance_s, _stream(f"{rng.random()}:there"))
        back = Lane(link, self._weather, distance_s, _stream(f"{rng.random()}:back"))
        near = MemoryWire(self._weather, back, there)
        around.append(near)
        welcome(MemoryWire(self._weather, there, back))
        return near

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,
        *,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve every connection to ``endpoint`` until cancelled; port 0 asks for a free one.

        Raises:
            OSError: Somebody listens there already.
        """
        if endpoint.port == 0:
            endpoint = attrs.evolve(endpoint, port=self._next_port)
            self._next_port += 1
        place = _place(endpoint)
        if place in self._listeners:
            raise OSError(errno.EADDRINUSE, f"{endpoint.authority} is taken")
        async with trio.open_nursery() as nursery:
            self._listeners[place] = lambda wire: nursery.start_soon(attend, serve, wire)
            try:
                task_status.started(endpoint)
                await trio.sleep_forever()
            finally:
                del self._listeners[place]

    def _connections(self, place: Place) -> list[MemoryWire]:
        """Return the near ends still open; closed ones are forgotten here."""
        self._open[place] = [wire for wire in self._open.get(place, ()) if not wire.closed]
        return self._open[place]


def _place(endpoint: Endpoint) -> Place:
    return endpoint.host, endpoint.port


def _stream(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - chance that must repeat itself, never a secret


class SeededEnv:
    """What the outside is in a seeded run. One per simulated process; the network is shared."""

    def __init__(
        self,
        seed: int,
        network: MemoryNetwork,
        *,
        disk: MemoryDisk | None = None,
        wall_start_ns: int = WALL_START_NS,
    ) -> None:
        """Open the door.

        Args:
            seed: Where every ``rng`` starts.
            network: Whom it can reach, and who can reach it.
            disk: Its files, where they are to outlive this process; else an empty disk.
            wall_start_ns: What the wall clock shows when trio's clock shows 0.
        """
        self._seed = seed
        self._network = network
        self._disk = disk or MemoryDisk(_stream(f"{seed}:disk"))
        self._wall_start_ns = wall_start_ns
        self._streams: dict[str, random.Random] = {}

    @property
    def disk(self) -> Disk:
        """The files."""
        return self._disk

    def now_ns(self) -> int:
        """Return trio's clock in nanoseconds; rounding keeps the order of its moments."""
        return round(trio.current_time() * 1e9)

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, in step with ``now_ns``."""
        return self._wall_start_ns + self.now_ns()

    def rng(self, name: str) -> random.Random:
        """Return the one stream of random numbers called ``name``."""
        if name not in self._streams:
            self._streams[name] = _stream(f"{self._seed}:{name}")
        return self._streams[name]

    async def dial(self, endpoint: Endpoint) -> Wire:
        """Connect over the shared network. There is no TLS in memory.

        Raises:
            ConnectionRefusedError: Nobody listens there, or not now.
        """
        return await self._network.dial(endpoint)

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,
        *,
        tls: ServerTls | None = None,  # noqa: ARG002 - part of what an Env promises
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve every connection to ``endpoint`` until cancelled. There is no TLS in memory."""
        await self._network.listen(endpoint, serve, task_status=task_status)

    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run ``fn`` here and now: a thread would be invisible to the mock clock."""
        await trio.lowlevel.checkpoint()
        return fn(*args)


def run_seeded(seed: int, async_fn: Callable[[Unpack[Ts]], Awaitable[T]], *args: *Ts) -> T:
    """Run ``async_fn`` as ``trio.run`` does, on a clock that jumps and a schedule from ``seed``.

    trio shuffles runnable tasks on purpose. Its switch for tests makes the batch
    ordered before it is shuffled; seeding its generator then fixes the shuffle
    (reference ``reliability.md`` section 0, finding 5: either alone is not enough).
    Both are put back afterwards.
    """
    scheduler: Any = _run
    shuffler: random.Random = scheduler._r  # noqa: SLF001 - trio has no public name for it
    was_ordered, was_at = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, shuffler.getstate()  # noqa: SLF001 - the same
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # noqa: SLF001 - the same
    shuffler.seed(seed)
    try:
        return trio.run(async_fn, *args, clock=trio.testing.MockClock(autojump_threshold=0))
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = was_ordered  # noqa: SLF001 - the same
        shuffler.setstate(was_at)
