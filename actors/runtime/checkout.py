"""Which code is running, for the journal: read from the checkout, without running anything."""

import hashlib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The checkout that this code runs from."""


def commit(root: Path) -> str:
    """Return the commit that ``root`` has checked out; empty where that cannot be told."""
    try:
        git, shared = _folders(root)
        head = (git / "HEAD").read_text("utf-8").strip()
        reference = head.removeprefix("ref: ")
        if reference == head:
            return head
        loose = shared / reference
        if loose.is_file():
            return loose.read_text("utf-8").strip()
        packed = (shared / "packed-refs").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.split()[0] for line in packed if line.endswith(f" {reference}")), "")


def _folders(root: Path) -> tuple[Path, Path]:
    """Return where the checkout keeps its head and where the repository keeps its branches.

    They are one folder, but for a linked worktree: its ``.git`` is a file that names the
    first, in which ``commondir`` names the second (git's gitrepository-layout).
    """
    git = root / ".git"
    if git.is_file():
        git = root / git.read_text("utf-8").strip().removeprefix("gitdir: ")
    common = git / "commondir"
    return git, git / common.read_text("utf-8").strip() if common.is_file() else git


def file_sha256(path: Path) -> str:
    """Return a file's hash in hex; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
