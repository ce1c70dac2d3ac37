"""The venue's published examples, read where they lie; they are never copied into the product."""

import json
from typing import Any

from tests.shared import shared


def examples(name: str) -> list[dict[str, Any]]:
    """Return one file of examples; see ``shared`` for what happens without it."""
    found: list[dict[str, Any]] = json.loads(shared("spec", "kalshi", name).read_text("utf-8"))
    return found
