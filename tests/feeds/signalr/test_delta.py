"""Topics: the merge grammar, patches before their states, and what no patch may do."""

import contextlib
import copy

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedGarbled
from actors.feeds.signalr.delta import (
    LARGEST_INFLATED,
    MOST_WAITING,
    Topics,
    deflated,
    merged,
    opened,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "0", "1", "_deleted", "_kf"]), inner)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("state", "patch", "after"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a": {"1": {"x": 3}}}, {"a": [{"x": 1}, {"x": 3}]}),
        ({"a": [1]}, {"a": {"1": 2, "2": 3}}, {"a": [1, 2, 3]}),
        ({"a": [1, 2, 3]}, {"a": {"_deleted": ["0", 2]}}, {"a": [2]}),
        ({"a": 1, "b": 2}, {"_deleted": ["a", "z"]}, {"b": 2}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"b": {"_kf": True, "c": 1}}}, {"a": {"b": {"c": 1}}}),
        ({"a": [1]}, {"a": [2, 3]}, {"a": [2, 3]}),
    ],
)
def test_the_grammar_of_a_patch(state: object, patch: object, after: object) -> None:
    assert merged(state, patch) == after


@pytest.mark.parametrize("key", ["2", "-1", "x", "01x", "9999999", "²"])
def test_an_array_grows_by_one_place_and_nowhere_else(key: str) -> None:
    with pytest.raises(FeedGarbled):
        merged({"a": [1]}, {"a": {key: 1}})


def test_a_patch_before_its_state_waits_for_it() -> None:
    topics = Topics()
    assert not topics.patch("match", {"7": {"h": 1}})
    assert topics.state("match") is None

    assert topics.snapshot({"match": {"7": {"h": 0, "a": 0}}}) == ["match"]

    assert topics.state("match") == {"7": {"h": 1, "a": 0}}


def test_a_keyframe_is_a_whole_state() -> None:
    topics = Topics()
    topics.snapshot({"match": {"7": {"h": 0}}})
    assert topics.patch("match", {"_kf": True, "8": {"h": 1}})
    assert topics.state("match") == {"8": {"h": 1}}


def test_a_packed_topic_is_the_same_within() -> None:
    topics = Topics()
    topics.snapshot({"match.z": deflated({"7": {"h": 0}})})
    topics.patch("match.z", deflated({"7": {"h": 1}}))
    assert topics.states == {"match": {"7": {"h": 1}}}


@pytest.mark.parametrize("said", [5, "!", "AAAA", deflated({"a": 1})[:8], "é"])
def test_what_is_not_packed_is_refused(said: object) -> None:
    with pytest.raises(FeedGarbled):
        opened("match.z", said)


def test_a_bomb_does_not_go_off() -> None:
    with pytest.raises(FeedGarbled):
        opened("match.z", deflated("x" * (LARGEST_INFLATED + 1)))


def test_a_topic_cannot_grow_for_ever() -> None:
    topics = Topics()
    topics.snapshot({"match": {}})
    with pytest.raises(FeedGarbled):
        topics.patch("match", {str(number): 1 for number in range(5_000)})
    waiting = Topics()
    for _ in range(MOST_WAITING):
        waiting.patch("match", {})
    with pytest.raises(FeedGarbled):
        waiting.patch("match", {})


def test_a_patch_that_goes_too_deep_is_refused() -> None:
    deep: object = 1
    for _ in range(60):
        deep = {"a": deep}
    with pytest.raises(FeedGarbled):
        merged({}, deep)


@given(JSON, JSON)
def test_no_patch_crashes_and_the_same_patch_twice_is_the_same(
    state: object, patch: object
) -> None:
    with contextlib.suppress(FeedGarbled):
        once = merged(copy.deepcopy(state), copy.deepcopy(patch))
        if "_deleted" not in str(patch) and not isinstance(state, list):
            twice = merged(copy.deepcopy(once), copy.deepcopy(patch))
            assert twice == once
