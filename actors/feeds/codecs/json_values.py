"""What the JSON dialects share: one frame to one object, and its values to ours. Pure."""

import re
from typing import Final, NoReturn

from actors.feeds import strict_json
from actors.feeds.errors import FeedGarbled
from actors.messages.feeds import Status
from actors.model.score import Score

ALIVE: Final = ""
"""The frame with which a transport says that its provider lives: a comment, a 304."""
TYPED: Final = "event: "
"""How the frame of a named event begins; a line feed and the event's data follow."""
MOST_GOALS: Final = 99
LARGEST_FRAME: Final = 65_536
LARGEST_SNAPSHOT: Final = 262_144
"""Of what is asked for beside a stream: how one match, or all of them, came to stand."""
MOST_MATCHES: Final = 200
"""In one frame; more would hold the loop for longer than any feed may."""
TROUBLES: Final[dict[str, Status]] = {
    "suspended": "suspended",
    "interrupted": "interrupted",
    "delayed": "interrupted",
    "abandoned": "abandoned",
    "postponed": "postponed",
    "canceled": "cancelled",
    "cancelled": "cancelled",
}
"""Words for a match that is not as usual, in lower case, that several providers share."""
_LONGEST_TEXT: Final = 200
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LATEST_S: Final = 150 * 60
_SCORES: Final = {(home, away): Score(home, away) for home in range(10) for away in range(10)}


def refuse(why: str, frame: bytes | str) -> NoReturn:
    """Say that ``frame`` is outside the dialect.

    Raises:
        FeedGarbled: Always; with the frame's first 80 bytes, escaped.
    """
    raise FeedGarbled(f"{why}: {frame[:80]!a}") from None


def split_event(frame: bytes | str) -> tuple[str, str]:
    """Return the name of the event that ``frame`` is, and its data."""
    if isinstance(frame, bytes):
        try:
            frame = frame.decode()
        except UnicodeDecodeError:
            refuse("not UTF-8", frame)
    if frame.startswith(TYPED):
        name, _, data = frame.removeprefix(TYPED).partition("\n")
        return name, data
    return "message", frame


def json_object(text: str, most: int = LARGEST_FRAME) -> dict[str, object]:
    """Return the one JSON object that ``text`` is.

    Raises:
        FeedGarbled: It is none, or a longer one than we take.
    """
    body = _json(text, most)
    if not isinstance(body, dict):
        refuse("no object", text)
    return body


def json_array(text: str) -> list[object]:
    """Return the one JSON array that ``text`` is.

    Raises:
        FeedGarbled: It is none, or a longer one than we take.
    """
    body = _json(text, LARGEST_SNAPSHOT)
    if not isinstance(body, list):
        refuse("no array", text)
    return body


def _json(text: str, most: int) -> object:
    if len(text) > most:
        refuse(f"{len(text)} characters", text)
    try:
        return strict_json.read(text)
    except (ValueError, RecursionError) as error:
        refuse(f"{type(error).__name__}: {str(error)[:120]}", text)


def part(body: dict[str, object], *names: str) -> dict[str, object]:
    """Return the object under the first of ``names`` that holds one; empty where none does."""
    for name in names:
        value = body.get(name)
        if isinstance(value, dict):
            return value
    return {}


def text_of(body: dict[str, object], *names: str) -> str | None:
    """Return the first of ``names`` that is a text of sane length or a whole number.

    Raises:
        ValueError: It has a control character in it.
    """
    for name in names:
        value = body.get(name)
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT:
            if _CONTROL.search(value):
                raise ValueError(f"{name} holds a control character")
            return value
        if type(value) is int:
            return str(value)
    return None


def whole(body: dict[str, object], *names: str) -> int | None:
    """Return the first of ``names`` that is a whole number."""
    for name in names:
        value = body.get(name)
        if type(value) is int:
            return value
    return None


def goals(body: dict[str, object], *names: str) -> int | None:
    """Return the goals that the first of ``names`` present states; ``None`` where none is.

    Raises:
        ValueError: It is there and is no whole number from 0 to 99.
    """
    for name in names:
        value = body.get(name)
        if value is not None:
            if type(value) is not int or not 0 <= value <= MOST_GOALS:
                raise ValueError(f"{name} is no number of goals")
            return value
    return None


def score_of(home: int | None, away: int | None) -> Score | None:
    """Return the score, the same object each time for the usual ones."""
    if home is None or away is None:
        return None
    return _SCORES.get((home, away)) or Score(home, away)


def clock_of(seconds: int | None) -> int | None:
    """Return ``seconds`` if a soccer clock can show them."""
    return seconds if seconds is not None and 0 <= seconds <= _LATEST_S else None
