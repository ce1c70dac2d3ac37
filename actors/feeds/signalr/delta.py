"""Topics over a hub: a whole state first, then patches (reference feeds.md section 2.2).

The grammar: objects are merged key by key; an array is patched by an object whose keys
are indices, and may grow by one place at a time; ``_deleted`` lists keys to remove; ``_kf``
marks a patch that is a whole state again; anything else replaces what was there. A topic
whose name ends in ``.z`` comes as base64 of raw deflate and is the same within.
"""

import binascii
import zlib
from typing import Final

import msgspec

from actors.feeds import strict_json
from actors.feeds.errors import FeedGarbled

DEEPEST: Final = 32
LARGEST_CONTAINER: Final = 4_096
"""Keys of one object, places of one array."""
LARGEST_INFLATED: Final = 512 * 1024
MOST_TOPICS: Final = 256
MOST_WAITING: Final = 1_024
"""Patches of one connection that may come before their states."""
MOST_GROWTH: Final = 100_000
"""Values that patches may add to one topic between two whole states."""

DELETED: Final = "_deleted"
KEYFRAME: Final = "_kf"


class Topics:
    """The states of the topics of one connection."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._states: dict[str, object] = {}
        self._growth: dict[str, int] = {}
        self._waiting: list[tuple[str, object]] = []

    def state(self, topic: str) -> object:
        """Return a topic's state, to be read and not changed; ``None`` before there is one."""
        return self._states.get(_plain(topic))

    @property
    def states(self) -> dict[str, object]:
        """Every topic's state, by the name without ``.z``."""
        return dict(self._states)

    def snapshot(self, states: object) -> list[str]:
        """Take whole states, and then the patches that waited for them; return the topics.

        Raises:
            FeedGarbled: They are none.
        """
        if not isinstance(states, dict) or len(states) > MOST_TOPICS:
            raise FeedGarbled("an answer that holds no topics")
        for topic, said in states.items():
            self._put(_plain(topic), opened(topic, said))
        waiting, self._waiting = self._waiting, []
        for topic, said in waiting:
            self.patch(topic, said)
        return [_plain(topic) for topic in states]

    def patch(self, topic: str, said: object) -> bool:
        """Take a patch; return whether it was applied, and not kept until its state comes.

        Raises:
            FeedGarbled: It does not fit the state.
        """
        name = _plain(topic)
        if name not in self._states:
            if len(self._waiting) >= MOST_WAITING:
                raise FeedGarbled("too many patches without a state")
            self._waiting.append((topic, said))
            return False
        body = opened(topic, said)
        if isinstance(body, dict) and body.get(KEYFRAME) is True:
            self._put(name, body)
            return True
        self._growth[name] += _size(body)
        if self._growth[name] > MOST_GROWTH:
            raise FeedGarbled(f"{name[:80]!a} grows without a whole state")
        self._states[name] = merged(self._states[name], body)
        return True

    def _put(self, name: str, state: object) -> None:
        if name not in self._states and len(self._states) >= MOST_TOPICS:
            raise FeedGarbled("too many topics")
        if isinstance(state, dict):
            state.pop(KEYFRAME, None)
        self._states[name] = state
        self._growth[name] = 0


def merged(state: object, patch: object, depth: int = 0) -> object:
    """Return ``state`` with ``patch`` applied; containers of ``state`` are changed in place.

    Raises:
        FeedGarbled: The patch names a place that an array has not got, or goes too deep.
    """
    if depth > DEEPEST:
        raise FeedGarbled("a patch that goes too deep")
    if not isinstance(patch, dict):
        return patch
    match state:
        case dict():
            _merge_object(state, patch, depth)
            return state
        case list():
            _merge_array(state, patch, depth)
            return state
        case _:
            fresh: dict[str, object] = {}
            _merge_object(fresh, patch, depth)
            return fresh


def opened(topic: str, said: object) -> object:
    """Return what a topic's payload says, inflated if its name ends in ``.z``.

    Raises:
        FeedGarbled: It is no payload of that kind.
    """
    if not topic.endswith(".z") or said is None:
        return said
    if not isinstance(said, str):
        raise FeedGarbled(f"{topic[:80]!a} is no text")
    try:
        packed = binascii.a2b_base64(said, strict_mode=True)
        return strict_json.read(_inflated(packed))
    except (ValueError, zlib.error, RecursionError) as error:
        raise FeedGarbled(f"{topic[:80]!a}: {error}") from None


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj(-15)
    plain = inflater.decompress(packed, LARGEST_INFLATED)
    if not inflater.eof:
        raise ValueError("too long, or cut short")
    return plain


def deflated(value: object) -> str:
    """Return what a ``.z`` topic says of ``value``. Servers write with it."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(msgspec.json.encode(value)) + packer.flush()
    return binascii.b2a_base64(packed, newline=False).decode()


def _merge_object(state: dict[str, object], patch: dict[str, object], depth: int) -> None:
    gone = patch.get(DELETED)
    if gone is not None:
        if not isinstance(gone, list):
            raise FeedGarbled("_deleted is no list of keys")
        for key in gone:
            if isinstance(key, str):
                state.pop(key, None)
    for key, value in patch.items():
        if key not in {DELETED, KEYFRAME}:
            state[key] = merged(state.get(key), value, depth + 1)
    if len(state) > LARGEST_CONTAINER:
        raise FeedGarbled("an object with too many keys")


def _merge_array(state: list[object], patch: dict[str, object], depth: int) -> None:
    gone = patch.get(DELETED, [])
    if not isinstance(gone, list):
        raise FeedGarbled("_deleted is no list of keys")
    # From the end, so that no index moves before it is used.
    for at in sorted({_index(key, len(state) - 1) for key in gone}, reverse=True):
        del state[at]
    for key, value in patch.items():
        if key in {DELETED, KEYFRAME}:
            continue
        at = _index(key, len(state))
        if at == len(state):
            state.append(merged(None, value, depth + 1))
        else:
            state[at] = merged(state[at], value, depth + 1)
    if len(state) > LARGEST_CONTAINER:
        raise FeedGarbled("an array with too many places")


def _index(key: object, last: int) -> int:
    text = str(key) if type(key) is int else key
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > 6:  # noqa: PLR2004 - more digits than any array has places
        raise FeedGarbled(f"not an index: {str(key)[:80]!a}")
    if int(text) > last:
        raise FeedGarbled(f"index {text} of an array of {last}")
    return int(text)


def _size(value: object) -> int:
    """Count the values in ``value``, containers included."""
    count = 0
    left = [value]
    while left:
        one = left.pop()
        count += 1
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return count


def _plain(topic: str) -> str:
    return topic.removesuffix(".z")
