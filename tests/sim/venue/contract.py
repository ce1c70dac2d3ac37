"""Holds every REST answer of these tests against the published OpenAPI document, and counts them.

Where the document is not at hand nothing is judged, and the test that says so is
skipped in capitals.
"""

import re
from collections import Counter
from functools import cache
from typing import Any

import attrs

from tests.shared import at_hand
from tests.sim.venue.published import Schema, document, faults

DOCUMENT = "openapi.yaml"
BASE = "/trade-api/v2"
REFUSALS = frozenset({400, 401, 403, 404, 405, 409, 410, 429})
"""What may refuse any operation, whether its entry lists it or not."""

ANSWERED: Counter[tuple[str, int]] = Counter()
"""Operation and status, over this process."""
FLOOR: Counter[str] = Counter()
"""What of the floor was produced in this process, in numbers."""


@attrs.frozen
class Operation:
    name: str
    method: str
    pattern: re.Pattern[str]
    responses: dict[str, Any]
    parameters: dict[str, str]
    """Those of the query by name, and of which type."""


@cache
def is_at_hand() -> bool:
    return at_hand("spec", "kalshi", DOCUMENT) is not None


@cache
def operations() -> tuple[Operation, ...]:
    found = []
    for path, methods in document(DOCUMENT)["paths"].items():
        pattern = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path))
        for method, entry in methods.items():
            if method in {"get", "post", "put", "delete"}:
                name = entry["operationId"]
                parameters = _query_of(entry)
                found.append(
                    Operation(name, method.upper(), pattern, entry["responses"], parameters)
                )
    # A fixed path is asked before one with a placeholder in the same place.
    return tuple(sorted(found, key=lambda each: each.pattern.pattern.count("[^/]+")))


def _query_of(entry: dict[str, Any]) -> dict[str, str]:
    named = document(DOCUMENT)["components"]["parameters"]
    parts = [
        named.get(each.get("$ref", "").split("/")[-1], each) for each in entry.get("parameters", [])
    ]
    return {each["name"]: each["schema"].get("type", "") for each in parts if each["in"] == "query"}


def operation(method: str, path: str) -> Operation | None:
    below = path.removeprefix(BASE)
    return next(
        (each for each in operations() if each.method == method and each.pattern.fullmatch(below)),
        None,
    )


def judge(method: str, path: str, status: int, body: object) -> list[str]:
    """Return what is wrong with one answer; remember that it was given."""
    if not is_at_hand():
        return []
    found = operation(method, path)
    ANSWERED[found.name if found else f"{method} {path}", status] += 1
    if status >= 400:
        wrong = [] if status in REFUSALS else [f"{status} is not how the venue refuses"]
        return wrong + refusal_faults(body)
    if found is None:
        return [f"{method} {path} is no published operation"]
    if str(status) not in found.responses:
        return [f"{found.name} does not answer {status}"]
    content = found.responses[str(status)].get("content", {})
    schema: Schema | None = content.get("application/json", {}).get("schema")
    if schema is None:
        return [] if body == {} else [f"{found.name} has no body"]
    return [f"{found.name} {fault}" for fault in faults(body, schema, DOCUMENT)]


def refusal_faults(body: object) -> list[str]:
    """Return nothing for one of the four shapes in which the venue refuses."""
    match body:
        case {"error": {"code": str(), "message": str(), **rest}} if not rest.keys() - {"details"}:
            return []
        case {"code": str(), "message": str(), **rest} if not rest.keys() - {"details"}:
            return []
        case {"msg": str(), **rest} | {"error": str(), **rest} if not rest:
            return []
        case _:
            return [f"{body!r} is no refusal of the venue's"]


def coverage() -> list[str]:
    """Return a line for each operation that was answered, and what was not."""
    by_name: dict[str, list[str]] = {}
    for (name, status), times in sorted(ANSWERED.items()):
        by_name.setdefault(name, []).append(f"{status} x{times}")
    known = [each.name for each in operations()]
    lines = [f"  {name}: {', '.join(by_name[name])}" for name in known if name in by_name]
    missing = [name for name in known if name not in by_name]
    return [
        f"answered {len(lines)} of {len(known)} published operations",
        *lines,
        f"  never asked: {', '.join(missing)}",
    ]
