"""The units of ``deploy/`` as a test needs them: read, with this checkout's own paths, and played.

There is no service manager here: what one would do with a unit's exit codes is played by
the few rules that the unit states, and its command lines are run as they stand.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from tests.system.stage import ROOT

DEPLOY: Final = ROOT / "deploy"
HOME: Final = "/opt/touchline"
PYTHON: Final = f"{HOME}/.venv/bin/python"
TRADING: Final = "touchline@.service"
CUSTODY: Final = "touchline-custody@.service"
UNITS: Final = (TRADING, CUSTODY)


def here(text: str) -> str:
    """Put this checkout and this interpreter where a unit names the installed ones."""
    return text.replace(PYTHON, sys.executable).replace(HOME, str(ROOT))


def copy(name: str, folder: Path) -> Path:
    """Write a unit into a folder, with the paths of here."""
    path = folder / name
    path.write_text(here((DEPLOY / name).read_text("utf-8")), "utf-8")
    return path


@attrs.frozen(kw_only=True)
class Unit:
    """What a unit says, as one instance of it."""

    instance: str
    settings: Mapping[str, tuple[str, ...]]
    """Every value of a key, in order; sections do not share keys here."""

    def one(self, key: str) -> str:
        """Return the only value of a key."""
        (value,) = self.settings[key]
        return value

    @property
    def burst(self) -> int:
        """How often it is started before the manager gives it up."""
        return int(self.one("StartLimitBurst"))

    def restarts(self, code: int) -> bool:
        """Return whether it is started again after an exit; a signal's number is below zero."""
        assert self.one("Restart") == "on-failure"
        prevented = {int(each) for each in self.one("RestartPreventExitStatus").split()}
        return code != 0 and code not in prevented

    def follower(self, *, failed: bool) -> str:
        """Return the unit that is started once this one has failed, or ended well."""
        return self.one("OnFailure" if failed else "OnSuccess")

    def command(self, profile: Path, **variables: str) -> list[str]:
        """Return its command line, with ``profile`` for the instance's and variables' words."""
        words: list[str] = []
        for word in shlex.split(here(self.one("ExecStart"))):
            if word.startswith("$"):
                words += shlex.split(variables.get(word[1:], ""))
            else:
                words.append(word.replace(f"/etc/touchline/{self.instance}.toml", str(profile)))
        return words

    def credentials(self) -> dict[str, str]:
        """Return each credential's name and where it comes from."""
        pairs = (each.partition(":") for each in self.settings["LoadCredential"])
        return {name: path for name, _, path in pairs}


def unit(name: str, instance: str) -> Unit:
    """Read one of ours, for an instance."""
    settings: dict[str, tuple[str, ...]] = {}
    for line in (DEPLOY / name).read_text("utf-8").splitlines():
        key, equals, value = line.replace("%i", instance).partition("=")
        if equals and not line.startswith(("#", "[")):
            settings[key] = (*settings.get(key, ()), value)
    return Unit(instance=instance, settings=settings)


def environment(**more: str) -> dict[str, str]:
    """Return what a service manager would leave of our environment, and ``more``."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return kept | more
