"""The values of a ``U``: unchanged, null, empty, plain, patched as JSON or as text.

Reference feeds.md section 2.3; TLCP-2.5.0, "Real-Time Update" and appendix D. Where
the specification is silent, what would leave a row in doubt is refused: a line that ends
before its fields do, a count that runs over them, a difference to nothing.
"""

import copy
import json
import re
from collections.abc import Callable
from typing import Final, NoReturn

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer.lines import decoded

Row = list[str | None]
"""One item's fields, in the order of the schema."""

LARGEST_VALUE: Final = 32 * 1024
"""Characters of one field: a difference may copy, so a short line may say a long value."""
LARGEST_PATCH: Final = 32
"""Operations of one JSON patch."""
DEEPEST: Final = 32

_COUNT: Final = re.compile("[A-Z]{0,7}[a-z]")
_CAPITAL_A: Final = ord("A")
_BASE: Final = 26


def apply(values: str, before: Row | None, width: int) -> Row:
    """Return the row that ``values`` make of the row ``before`` it, which is left as it is.

    Args:
        values: The last argument of a ``U``, as it came.
        before: ``None`` for the first update of an item.
        width: Fields in the schema.

    Raises:
        FeedGarbled: They are no values of a schema of ``width`` fields.
    """
    row: Row = [None] * width if before is None else before.copy()
    at = 0
    for said in values.split("|", width):
        if at >= width:
            _refuse("more values than fields", values)
        if said and said[0] != "^":
            row[at] = None if said == "#" else "" if said == "$" else decoded(said)
            at += 1
            continue
        if before is None:
            _refuse("a first update that leaves a field as it was", values)
        if not said:
            at += 1
        elif said[1:2].isdigit():
            at += _count(said, values)
        else:
            row[at] = _difference(said, row[at])
            at += 1
    if at != width:
        _refuse(f"{at} values for {width} fields", values)
    return row


def _count(said: str, values: str) -> int:
    digits = said[1:]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6):  # noqa: PLR2004 - no schema has so many fields
        _refuse("not a count of fields", values)
    count = int(digits)
    if not count:
        _refuse("a count of no fields", values)
    return count


def _difference(said: str, base: str | None) -> str:
    if base is None:
        _refuse("a difference to null", said)
    patched = _PATCHES.get(said[1:2])
    if patched is None:
        _refuse("an unknown difference", said)
    return patched(base, decoded(said[2:]))


def text_patched(base: str, difference: str) -> str:
    """Apply a TLCP-diff: copy, add, delete, in turns, until it ends.

    Each count is a number to the base 26 in letters, all but the last of them capitals
    (``Aa`` is 0, ``Ba`` is 26: the specification's prose and the official client, against
    the specification's table).

    Raises:
        FeedGarbled: It reaches beyond ``base``, breaks off, or makes too long a value.
    """
    parts: list[str] = []
    at = taken = made = 0
    turn = 0
    while at < len(difference):
        count, at = count_of(difference, at)
        if turn == 1:
            if at + count > len(difference):
                _refuse("adds more than it says", difference)
            parts.append(difference[at : at + count])
            at += count
            made += count
        else:
            if taken + count > len(base):
                _refuse("reaches beyond the value", difference)
            if turn == 0:
                parts.append(base[taken : taken + count])
                made += count
            taken += count
        turn = (turn + 1) % 3
        if made > LARGEST_VALUE:
            _refuse(f"a value of over {LARGEST_VALUE} characters", difference)
    return "".join(parts)


def count_of(text: str, at: int) -> tuple[int, int]:
    """Read one count at ``at``; return it and where the next thing begins.

    Raises:
        FeedGarbled: There is no count.
    """
    found = _COUNT.match(text, at)
    if found is None:
        _refuse("not a count", text[at:])
    count = 0
    for letter in found[0].upper():
        count = count * _BASE + ord(letter) - _CAPITAL_A
    return count, found.end()


def json_patched(base: str, patch: str) -> str:
    """Apply a JSON Patch (RFC 6902) to a value that is JSON; return compact JSON.

    Raises:
        FeedGarbled: Either is no JSON, or the patch does not fit.
    """
    try:
        document: object = json.loads(base)
        steps = json.loads(patch)
        if not isinstance(steps, list) or len(steps) > LARGEST_PATCH:
            _refuse("not a patch", patch)
        for step in steps:
            document = _step(document, step)
        result = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        _refuse(f"a patch that does not fit ({type(error).__name__})", patch)
    if len(result) > LARGEST_VALUE:
        _refuse(f"a value of over {LARGEST_VALUE} characters", patch)
    return result


def _step(document: object, step: dict[str, object]) -> object:
    path = _path(step["path"])
    match step["op"]:
        case "add":
            return _put(document, path, step["value"], inserts=True)
        case "replace":
            _at(document, path)
            return _put(document, path, step["value"], inserts=False)
        case "remove":
            return _without(document, path)
        case "move":
            source = _path(step["from"])
            if path[: len(source)] == source and len(path) > len(source):
                raise ValueError("moved into itself")
            value = _at(document, source)
            return _put(_without(document, source), path, value, inserts=True)
        case "copy":
            value = copy.deepcopy(_at(document, _path(step["from"])))
            _bounded(value)
            return _put(document, path, value, inserts=True)
        case "test" if _same(_at(document, path), step["value"]):
            return document
        case _:
            raise ValueError("not an operation, or one that fails")


def _same(one: object, other: object) -> bool:
    # Python takes true for 1, which JSON does not.
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _bounded(value: object) -> None:
    # A patch of copies of copies doubles with every step.
    if len(json.dumps(value)) > LARGEST_VALUE // LARGEST_PATCH:
        raise ValueError("copies too much")


def _path(text: object) -> list[str]:
    if not isinstance(text, str) or (text and text[0] != "/"):
        raise ValueError("not a pointer")
    parts = [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]
    if len(parts) > DEEPEST:
        raise ValueError("too deep")
    return parts


def _at(document: object, path: list[str]) -> object:
    for part in path:
        match document:
            case dict():
                document = document[part]
            case list():
                document = document[_index(part, len(document) - 1)]
            case _:
                raise ValueError("no such place")
    return document


def _index(part: str, last: int) -> int:
    if not (part.isascii() and part.isdigit() and len(part) < 9) or part != str(int(part)):  # noqa: PLR2004 - no list is so long
        raise ValueError("not an index")
    if int(part) > last:
        raise IndexError(part)
    return int(part)


def _put(document: object, path: list[str], value: object, *, inserts: bool) -> object:
    if not path:
        return value
    place = _at(document, path[:-1])
    match place:
        case dict():
            place[path[-1]] = value
        case list() if inserts:
            last = len(place)
            place.insert(last if path[-1] == "-" else _index(path[-1], last), value)
        case list():
            place[_index(path[-1], len(place) - 1)] = value
        case _:
            raise ValueError("no such place")
    return document


def _without(document: object, path: list[str]) -> object:
    if not path:
        return None
    place = _at(document, path[:-1])
    match place:
        case dict():
            del place[path[-1]]
        case list():
            del place[_index(path[-1], len(place) - 1)]
        case _:
            raise ValueError("no such place")
    return document


def _refuse(why: str, text: str) -> NoReturn:
    raise FeedGarbled(f"{why}: {text[:80]!a}") from None


_PATCHES: Final[dict[str, Callable[[str, str], str]]] = {"T": text_patched, "P": json_patched}
