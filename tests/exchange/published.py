"""The venue's published examples, read where they lie; they are never copied into the product."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def examples(name: str) -> list[dict[str, Any]]:
    """Return one file of examples; without it the module is skipped, and fails where CI=true."""
    shared = Path(os.environ.get("TOUCHLINE_SHARED") or ROOT.parent / "shared")
    path = shared / "spec" / "kalshi" / name
    if path.is_file():
        found: list[dict[str, Any]] = json.loads(path.read_text())
        return found
    message = f"THE VENUE'S PUBLISHED EXAMPLES ARE NOT THERE: {path} (set TOUCHLINE_SHARED)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message, allow_module_level=True)
