"""The dialect of named fields: what it says of a match, and what it refuses."""

import contextlib

import pytest
from hypothesis import given, strategies as st

from actors.feeds.codecs.fields import SCHEMA, read
from actors.feeds.errors import FeedGarbled
from actors.model.score import Score

WHOLE = {
    "home": "Ajax",
    "away": "PSV",
    "h": "2",
    "a": 1,
    "period": "2H",
    "clock": "90:04",
    "live": "true",
    "ended": False,
    "ts": 1_700_000_000_123,
}


def test_a_whole_row_says_everything() -> None:
    said = read("7", WHOLE)

    assert (said.kind, said.feed_match, said.score) == ("snapshot", "7", Score(2, 1))
    assert (said.home_name, said.away_name, said.period) == ("Ajax", "PSV", "2H")
    assert (said.clock_s, said.provider_ts_ns) == (5_404, 1_700_000_000_123_000_000)
    assert (said.live, said.ended) == (True, False)


@pytest.mark.parametrize("gone", ["h", "a"])
def test_one_side_alone_is_no_score(gone: str) -> None:
    said = read("7", {**WHOLE, gone: None})
    assert (said.kind, said.score) == ("period", None)


def test_a_match_that_is_not_live_has_no_period_to_trust_unless_it_ended() -> None:
    assert read("7", {**WHOLE, "live": False}).period is None
    assert read("7", {**WHOLE, "live": False, "ended": "1"}).period == "FT"
    assert read("7", {}).kind == "clock"


@pytest.mark.parametrize(
    "bad",
    [
        {"h": "-1"},
        {"h": "1.0"},
        {"h": 1.0},
        {"h": True},
        {"a": 100},
        {"a": [1]},
        {"home": 5},
        {"home": "a\nb"},
        {"away": "x" * 201},
        {"live": "maybe"},
        {"ended": 2},
        {"live": []},
    ],
)
def test_what_no_match_can_be_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(FeedGarbled):
        read("7", {**WHOLE, **bad})


@given(
    st.dictionaries(
        st.sampled_from(SCHEMA),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    )
)
def test_no_fields_crash(fields: dict[str, object]) -> None:
    with contextlib.suppress(FeedGarbled):
        read("7", fields)
