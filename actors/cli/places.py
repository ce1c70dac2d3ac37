"""Where a running process can be reached, and that it is the only one in its state folder.

``$RUNTIME_DIRECTORY``, else one of ours in ``$XDG_RUNTIME_DIR``, else a temporary folder;
``control.sock`` in the state folder points there (design section 3).
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from actors.cli.errors import Misuse
from actors.config.state import StateFolder
from actors.runtime.unix import MAX_PATH_BYTES

SOCKET: Final = "control.sock"
HEALTH: Final = "health.json"
PREFIX: Final = "touchline-"
"""Of a folder that is ours to take away."""


@attrs.frozen(kw_only=True)
class Places:
    """Where this process can be reached."""

    socket: Path
    """Its control socket."""
    health: Path
    """What SIGUSR1 writes: beside the socket under a service manager, which cleans up
    there, else in the state folder, where a person looks."""


@contextmanager
def reachable(state: StateFolder, environ: Mapping[str, str]) -> Iterator[Places]:
    """Have a folder for the socket while inside, and a link to it in the state folder.

    Raises:
        Misuse: The socket's path would be too long.
        OSError: The folder cannot be made.
    """
    named = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    folder = Path(named) if named else _own_folder(state, environ)
    try:
        socket = folder / SOCKET
        if len(os.fsencode(socket)) > MAX_PATH_BYTES:
            raise Misuse(f"{socket}: longer than {MAX_PATH_BYTES} bytes; set RUNTIME_DIRECTORY")
        link = state.root / SOCKET
        _sweep(link)
        link.symlink_to(socket)
        try:
            yield Places(socket=socket, health=(folder if named else state.root) / HEALTH)
        finally:
            link.unlink(missing_ok=True)
    finally:
        if not named:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(link: Path) -> None:
    """Take away what a run that was killed left: its link, and its temporary folder."""
    if link.is_symlink():
        left = link.readlink().parent
        if left.parent == Path(tempfile.gettempdir()) and left.name.startswith(PREFIX):
            shutil.rmtree(left, ignore_errors=True)
    link.unlink(missing_ok=True)


def _own_folder(state: StateFolder, environ: Mapping[str, str]) -> Path:
    """Make a folder that only we may enter; one state folder's is always the same."""
    home = environ.get("XDG_RUNTIME_DIR")
    if not home:
        return Path(tempfile.mkdtemp(prefix=PREFIX))
    mark = hashlib.sha256(os.fsencode(state.root)).hexdigest()[:12]
    folder = Path(home) / f"{PREFIX}{mark}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def socket_of(root: Path) -> Path:
    """Return where the process that runs in a state folder can be reached.

    Raises:
        Misuse: Nobody runs there.
    """
    try:
        return (root / SOCKET).readlink()
    except OSError as error:
        raise Misuse(f"{root}: nobody runs there") from error


@contextmanager
def alone(state: StateFolder) -> Iterator[None]:
    """Keep other runs out of the state folder; the system lets go of it however we end.

    Raises:
        Misuse: Another run is in it.
    """
    with state.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Misuse(f"{state.root}: in use by process {file.read(20).strip()}") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
