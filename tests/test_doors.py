"""The one door out: no clock, chance, thread or socket is used under ``actors/`` but through it.

Every name is resolved through the module's own imports, so that an alias hides
nothing. ``random.Random`` as a type is no door; making one is.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "supervisor.py", *sorted((ROOT / "actors").rglob("*.py"))]

DOORS = (
    "time.*",
    "random.*",
    "uuid.*",
    "secrets.*",
    "socket.*",
    "os.urandom",
    "os.getrandom",
    "os.times",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "trio.to_thread.*",
    "trio.from_thread.*",
    "trio.socket.*",
    "trio.open_tcp_stream",
    "trio.open_tcp_listeners",
    "trio.open_ssl_over_tcp_stream",
    "trio.open_ssl_over_tcp_listeners",
    "trio.open_unix_socket",
    "trio.serve_tcp",
    "trio.serve_ssl_over_tcp",
    "gc.*",
)
"""What leads out of the process. A star stands for everything in a module."""

NO_DOORS = {
    "random.Random": "a type, as an annotation; making one is listed as random.Random()",
    "trio.socket.SocketType": "a type",
    "socket.socket": "a type; making one is listed as socket.socket()",
}

ALLOWED: dict[str, dict[str, str]] = {
    "actors/runtime/env.py": {"*": "the door itself"},
    "actors/runtime/memory.py": {"random.Random()": "a seeded run's chance comes from its seed"},
    "actors/sim/draws.py": {"random.Random()": "the world's chance comes from (seed, names)"},
    "actors/runtime/collection.py": {
        "gc.enable": "MachineGarbage, which main alone hands out; a seeded run is given NoGarbage",
        "gc.disable": "the same",
        "gc.freeze": "the same",
        "gc.collect": "the same",
        "gc.get_count": "the same",
    },
    "actors/runtime/systemd.py": {
        "socket.socket()": "sd_notify is main's, outside the tree, and never seeded",
        "socket.AF_UNIX": "the same",
        "socket.SOCK_DGRAM": "the same",
        "socket.SOCK_CLOEXEC": "the same",
    },
    "actors/runtime/unix.py": {
        "trio.socket.socket": "the control socket is main's, outside the tree, and never seeded",
        "trio.socket.AF_UNIX": "the same",
        "trio.socket.SOCK_STREAM": "the same",
    },
}
"""Who may use what, and why. Every entry must be in use."""


@attrs.frozen
class Use:
    """One use of a door."""

    line: int
    what: str


def uses(source: str) -> Iterator[Use]:
    """Find every use of a door in ``source``, in the order of its tree."""
    tree = ast.parse(source)
    names = dict(imported(tree))
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
            what = resolved(node, names)
            if what in NO_DOORS and id(node) in called:
                yield Use(node.lineno, f"{what}()")
            elif what is not None and what not in NO_DOORS and leads_out(what):
                yield Use(node.lineno, what)


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each imported name with what it stands for."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    first = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (first, first)
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
            case _:
                pass


def resolved(node: ast.Name | ast.Attribute, names: dict[str, str]) -> str | None:
    """Return the full name of what ``node`` stands for, if it comes from an import."""
    parts: list[str] = []
    place: ast.expr = node
    while isinstance(place, ast.Attribute):
        parts.append(place.attr)
        place = place.value
    if not isinstance(place, ast.Name) or place.id not in names:
        return None
    return ".".join([names[place.id], *reversed(parts)])


def leads_out(what: str) -> bool:
    return any(what.startswith(door[:-1]) if door.endswith("*") else what == door for door in DOORS)


def allowed(path: str, what: str) -> bool:
    place = ALLOWED.get(path, {})
    return "*" in place or what in place


# One test for all files: one for each would cost more than what it does.
def test_nothing_leaves_the_process_but_through_the_env() -> None:
    forbidden = [
        f"{name}:{use.line} {use.what}"
        for path in SOURCES
        for name in [str(path.relative_to(ROOT))]
        for use in uses(path.read_text("utf-8"))
        if not allowed(name, use.what)
    ]

    assert not forbidden, "take an Env instead:\n" + "\n".join(forbidden)


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name, place in ALLOWED.items() for what in place]
)
def test_no_permission_outlives_its_use(name: str, what: str) -> None:
    used = {use.what for use in uses((ROOT / name).read_text("utf-8"))}

    assert used if what == "*" else what in used


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.monotonic()", "2 time.monotonic"),
        ("import time as clock\nf = clock.sleep", "2 time.sleep"),
        ("from time import perf_counter_ns as now\n\nnow()", "3 time.perf_counter_ns"),
        ("import random\nrandom.random()", "2 random.random"),
        ("import random\nrandom.Random(1)", "2 random.Random()"),
        ("import os\nos.urandom(1)", "2 os.urandom"),
        ("from uuid import uuid4\nx = [uuid4]", "2 uuid.uuid4"),
        ("import secrets\nsecrets.token_hex()", "2 secrets.token_hex"),
        ("import socket\nsocket.socket()", "2 socket.socket()"),
        ("import trio\ntrio.to_thread.run_sync(f)", "2 trio.to_thread.run_sync"),
        ("from trio import to_thread\nto_thread.run_sync(f)", "2 trio.to_thread.run_sync"),
        ("import trio.socket\ntrio.socket.socket()", "2 trio.socket.socket"),
        ("import trio\ntrio.open_tcp_stream('h', 1)", "2 trio.open_tcp_stream"),
        ("from datetime import datetime\ndatetime.now()", "2 datetime.datetime.now"),
        ("import datetime as dt\ndt.datetime.utcnow()", "2 datetime.datetime.utcnow"),
        ("from datetime import date\ndate.today()", "2 datetime.date.today"),
        ("import gc\ngc.collect()", "2 gc.collect"),
    ],
)
def test_a_door_is_found_under_any_name(source: str, found: str) -> None:
    assert [f"{use.line} {use.what}" for use in uses(source)] == [found]


@pytest.mark.parametrize(
    "source",
    [
        "import random\ndef f(rng: random.Random) -> random.Random: ...",
        "import trio\ntrio.current_time()\ntrio.sleep(1)",
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
        "import os\nos.write(1, b'')",
        "time = 1\nprint(time)",
        "self.time.now()",
    ],
)
def test_what_only_looks_like_a_door_is_none(source: str) -> None:
    assert list(uses(source)) == []
