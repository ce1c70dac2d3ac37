"""No text crashes a dialect, whatever its memory: it is read, or refused in one bounded line."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from actors.feeds import strict_json
from actors.feeds.codecs import Decode, live_data, opticodds, polymarket
from actors.feeds.codecs.sportradar import Sportradar
from actors.feeds.codecs.txline import TxLine
from actors.feeds.errors import FeedGarbled
from actors.model.score import Score

NAMES = st.sampled_from(
    (  # noqa: SIM905 - easier to read than a list
        "FixtureId Seq Ts Action StatusId Participant1IsHome Score Participant1 Total Goals Id "
        "Data Type Outcome Reliable Confirmed Clock Seconds score period status gameId elapsed "
        "live ended payload event metadata sport_event_id sport_event_status sport_event "
        "timeline sport_event_timelines home_score away_score type description match_status id "
        "live_datas details half time home_points away_points data scores home away "
        "total fixture in_play "
    ).split()
)
WORDS = st.sampled_from(
    (  # noqa: SIM905 - the same
        "goal var var_end action_discarded action_amend score_adjustment suspend disconnected "
        "status possible Overturned Stands score_change video_assistant_referee_over no_goal live "
        "ended 1st_half 1-0 "
    ).split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 101) | st.floats() | WORDS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=16,
)
EVENTS = st.sampled_from(
    ["", "event: snapshot\n", "event: fixture-results\n", "event: heartbeat\n"]
)
FRAMES = st.tuples(EVENTS, st.dictionaries(NAMES, VALUES, max_size=8) | VALUES).map(
    lambda pair: pair[0] + json.dumps(pair[1])
)
DIALECTS: dict[str, Callable[[], Decode]] = {
    "polymarket": lambda: polymarket.decode,
    "txline": TxLine,
    "opticodds": lambda: opticodds.decode,
    "sportradar": Sportradar,
    "live_data": lambda: live_data.decode,
}


@settings(max_examples=40)
@given(st.lists(FRAMES | st.text(max_size=20) | st.binary(max_size=20), max_size=5))
@pytest.mark.parametrize("name", DIALECTS)
def test_no_frames_crash_a_dialect(name: str, frames: list[str | bytes]) -> None:
    decode = DIALECTS[name]()

    for frame in frames:
        try:
            said = decode(frame)
        except FeedGarbled as error:
            assert str(error).isprintable()  # noqa: PT017 - most inputs raise nothing
            assert len(str(error)) < 700  # noqa: PT017 - the same
        else:
            assert all(one.score is None or isinstance(one.score, Score) for one in said)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":1}', "twice"),
        ('[{"b":[{"a":1, "a" : 2}]}]', "twice"),
        ("[" + "1," * 9_000 + "1]", "values"),
        ("[" + "{}," * 5_000 + "{}]", "values"),
        ("[1e999]", "range"),
        ("nul", "truncated"),
    ],
)
def test_what_json_leaves_open_is_refused(text: str, why: str) -> None:
    for form in (text, text.encode()):
        with pytest.raises(ValueError, match=why):
            strict_json.read(form)


def test_a_value_may_look_like_a_key() -> None:
    body = {"a": 'x":', "b": {"a": '":":'}}

    assert strict_json.read(json.dumps(body)) == body


@settings(max_examples=40)
@given(VALUES)
def test_every_other_value_is_read_as_it_is(value: object) -> None:
    text = json.dumps(value)
    if "NaN" in text or "Infinity" in text:
        with pytest.raises(ValueError, match="invalid"):
            strict_json.read(text)
    else:
        assert strict_json.read(text) == json.loads(text)
