"""What a hub's topics say of matches: each topic's state is an object of them, by id."""

from collections.abc import Sequence
from typing import Final

from actors.feeds.codecs import Decoded, fields
from actors.feeds.errors import FeedGarbled
from actors.feeds.signalr.delta import Topics

MOST_MATCHES: Final = 500
"""In one topic, so that no message holds the loop for long."""


def all_of(topics: Topics) -> list[Decoded]:
    """Return every match as it stands.

    Raises:
        FeedGarbled: A topic states what no match can.
    """
    return [one for state in topics.states.values() for one in _matches(state)]


def patched(topics: Topics, arguments: Sequence[object], *, is_told: bool) -> list[Decoded]:
    """Take a patch, and return the matches that it is about, if they are to be told.

    Raises:
        FeedGarbled: It is none, or leads to what no match can be.
    """
    match arguments:
        case [str(topic), patch, *_]:
            pass
        case _:
            raise FeedGarbled(f"news without a topic and a patch: {str(arguments)[:80]!a}")
    if not topics.patch(topic, patch) or not is_told:
        return []
    state = topics.state(topic)
    if not isinstance(state, dict) or topic.endswith(".z") or not isinstance(patch, dict):
        return _matches(state)
    return _matches({key: state[key] for key in patch if key in state})


def _matches(state: object) -> list[Decoded]:
    if not isinstance(state, dict) or len(state) > MOST_MATCHES:
        raise FeedGarbled(f"a topic that holds no matches, or over {MOST_MATCHES}")
    return [fields.read(match, said) for match, said in state.items() if isinstance(said, dict)]
