"""Files that lie beside the repository: read where they are, never copied into it.

They are in ``$TOUCHLINE_SHARED``, or in ``shared`` beside the checkout. Who has not
got them still runs every other law, and is told in capitals which ones were not.
"""

import os
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]

VARIABLE: Final = "TOUCHLINE_SHARED"
"""Names their folder, also to a run of the tests in a copy of the tree."""


def at_hand(*parts: str) -> Path | None:
    """Return the path of a file beside the repository; ``None`` where it is not."""
    path = Path(os.environ.get(VARIABLE) or ROOT.parent / "shared").joinpath(*parts)
    return path if path.exists() else None


def shared(*parts: str) -> Path:
    """Return the path of a file beside the repository.

    Without it the test that asks is skipped, or the whole module where it asks at its
    top; with ``CI=true`` both fail.
    """
    path = Path(os.environ.get(VARIABLE) or ROOT.parent / "shared").joinpath(*parts)
    if path.exists():
        return path
    message = f"NOT THERE, SO NOT CHECKED AGAINST: {path} (set {VARIABLE})"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message, allow_module_level=True)
