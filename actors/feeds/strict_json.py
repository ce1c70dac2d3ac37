"""JSON as the feeds take it: bounded work, and no object that says a field twice. Pure."""

import json
import re
from typing import Final

import msgspec

CHECKED: Final = 65_536
"""Characters. The closer look costs forty times the reading, so that longer texts go without."""

MOST_VALUES: Final = 8_192
"""In one text, so that none holds the loop for long."""

_KEY_ENDS: Final = re.compile(rb'"[ \t\r\n]*:')
_JSON: Final = msgspec.json.Decoder()


def read(text: bytes | str) -> object:
    """Return the value that ``text`` spells.

    Raises:
        ValueError: It is none, or holds a number that we cannot, or says a field twice, or
            has more values than we take.
        RecursionError: It is nested too deep.
    """
    data = text.encode() if isinstance(text, str) else text
    if is_too_much(data):
        raise ValueError(f"over {MOST_VALUES} values")
    body = _JSON.decode(data)
    # Each key ends in a quote and a colon. As many of them as keys means that nothing is said
    # twice; where a value holds one too, whoever looks closely has to decide.
    said = len(_KEY_ENDS.findall(data))
    if said and said != _keys(body) and len(data) <= CHECKED:
        json.loads(data, object_pairs_hook=_distinct)
    return body


def is_too_much(data: bytes) -> bool:
    """Whether ``data`` may spell more values than we take."""
    # Each value but the first of its container follows a comma. The few in texts count too.
    return data.count(b",") + data.count(b"{") + data.count(b"[") > MOST_VALUES


def _keys(value: object) -> int:
    count = 0
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            count += len(one)
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return count


def _distinct(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field is given twice")
