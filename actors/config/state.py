"""Where a run keeps its state: the journal, the pages, the world's files.

``--state DIR``, else ``$STATE_DIRECTORY``, else ``$XDG_STATE_HOME/touchline/PROFILE``.
A simulated day without ``--world`` gets a folder of its own under ``runs/`` each
time, and ``runs/latest`` points to it (design section 3).
"""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class StateFolder:
    """The folders of one run; made when asked for."""

    root: Path

    @property
    def journal(self) -> Path:
        """Segments of the journal."""
        return self.root / "journal"

    @property
    def anchors(self) -> Path:
        """The anchors' second home, outside the segments."""
        return self.root / "anchors.log"

    @property
    def pages(self) -> Path:
        """One page and one JSON file per detected event."""
        return self.root / "pages"

    @property
    def world(self) -> Path:
        """Keys, certificates and the log of the simulated world."""
        return self.root / "world"

    @property
    def log(self) -> Path:
        """What the process logs."""
        return self.root / "touchline.log"

    @property
    def lock(self) -> Path:
        """Held by the one run that may write here; it names its process."""
        return self.root / "lock"

    def make(self) -> None:
        """Make the folders, for us and our group alone.

        Raises:
            OSError: They cannot be made.
        """
        for folder in (self.root, self.journal, self.pages, self.world):
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)


def standing_folder(profile: str, option: str | None, environ: Mapping[str, str]) -> StateFolder:
    """Return the folder that a profile keeps over restarts."""
    if option is not None:
        return StateFolder(root=Path(option).absolute())
    if environ.get("STATE_DIRECTORY"):
        # systemd lists several, separated by colons; ours is the first.
        return StateFolder(root=Path(environ["STATE_DIRECTORY"].partition(":")[0]))
    home = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return StateFolder(root=Path(home) / "touchline" / profile)


def day_folder(runs: Path, utc: str, matchday: str, seed: int) -> StateFolder:
    """Return a new folder for one simulated day, and point ``runs/latest`` at it.

    Raises:
        OSError: It cannot be made.
    """
    runs.mkdir(mode=0o750, parents=True, exist_ok=True)
    root = _new_folder(runs, f"{utc}-{matchday}-{seed}")
    latest = runs / "latest"
    if latest.is_symlink() or not latest.exists():
        # By a rename, because another run may point it elsewhere at this very moment.
        pointer = runs / f".latest-{root.name}"
        pointer.symlink_to(root.name)
        pointer.replace(latest)
    return StateFolder(root=root.absolute())


def _new_folder(runs: Path, name: str) -> Path:
    """Make a folder that was not there; a second run of one second gets a number."""
    for number in itertools.count(1):
        folder = runs / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir(mode=0o750)
            return folder
    raise AssertionError("counting never ends")
