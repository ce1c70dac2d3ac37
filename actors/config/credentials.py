"""Where a profile's credentials lie: a folder that the service manager hands us, or our own.

A profile never holds a secret. ``${credentials}`` in it is this folder, and
``${credential.NAME}`` the one line that a file there holds, for what is no secret
and yet not everybody's: the id of a key.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LARGEST: Final = 4_096
"""Bytes of a file that holds one line."""


class BadCredential(Exception):
    """A file of the folder that cannot be used. What it holds is not shown."""


def credentials_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder: ``$CREDENTIALS_DIRECTORY``, else one in the user's configuration."""
    handed = environ.get("CREDENTIALS_DIRECTORY")
    if handed:
        return Path(handed)
    home = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "touchline" / "credentials"


def is_handed(path: str, environ: Mapping[str, str]) -> bool:
    """Return whether a file is one that the service manager handed to this very service.

    It then owns the file and answers for it (``LoadCredential=``), so that other rules hold.
    """
    handed = environ.get("CREDENTIALS_DIRECTORY")
    return bool(handed) and Path(path).parent == Path(str(handed))


def one_line(folder: Path, name: str) -> str:
    """Return the line that a file of the folder holds.

    Raises:
        BadCredential: It is not there, or holds anything but one printable line.
    """
    path = folder / name
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1).decode("ascii").strip()
    except OSError as error:
        raise BadCredential(f"{path}: {os.strerror(error.errno or 0)}") from error
    except UnicodeDecodeError as error:
        raise BadCredential(f"{path}: is not one line of ASCII") from error
    if not text or not text.isprintable() or len(text) > LARGEST:
        raise BadCredential(f"{path}: is not one line of ASCII")
    return text
