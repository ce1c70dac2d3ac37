"""Which code is running, for the journal: read from the checkout, without running anything."""

import hashlib
from pathlib import Path


def commit(root: Path) -> str:
    """Return the commit that ``root`` has checked out; empty where that cannot be told."""
    git = root / ".git"
    try:
        head = (git / "HEAD").read_text("utf-8").strip()
        reference = head.removeprefix("ref: ")
        if reference == head:
            return head
        loose = git / reference
        if loose.is_file():
            return loose.read_text("utf-8").strip()
        packed = (git / "packed-refs").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.split()[0] for line in packed if line.endswith(f" {reference}")), "")


def file_sha256(path: Path) -> str:
    """Return a file's hash in hex; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
