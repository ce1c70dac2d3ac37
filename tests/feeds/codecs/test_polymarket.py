"""The Polymarket Sports dialect, and everything that is not it."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given, strategies as st

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.polymarket import LARGEST_FRAME, PERIODS, decode
from actors.feeds.errors import FeedGarbled
from actors.model.score import Period, Score

FULL = {
    "gameId": 19439,
    "leagueAbbreviation": "fifwc",
    "slug": "fifwc-arg-fra-2022-12-18",
    "homeTeam": "Argentina",
    "awayTeam": "France",
    "status": "InProgress",
    "score": "3-2",
    "period": "2H",
    "elapsed": "80:15",
    "live": True,
    "ended": False,
    "turn": "arg",
}

SHORT = {
    "slug": "mci-liv-2025-02-03",
    "live": True,
    "ended": False,
    "score": "1-0",
    "period": "1H",
    "elapsed": "32:15",
    "last_update": "2025-02-03T19:50:16.939Z",
}


def read(**changes: object) -> Decoded:
    (decoded,) = decode(json.dumps({**FULL, **changes}))
    return decoded


def test_the_text_ping_is_a_heartbeat() -> None:
    assert decode("ping") == [Decoded(kind="heartbeat")]
    assert decode(b"ping") == [Decoded(kind="heartbeat")]


def test_the_shape_with_ids_and_names_is_read_whole() -> None:
    assert read() == Decoded(
        kind="snapshot",
        feed_match="19439",
        home_name="Argentina",
        away_name="France",
        score=Score(3, 2),
        period="2H",
        clock_s=4815,
        live=True,
        ended=False,
    )


def test_the_short_shape_is_known_by_its_slug() -> None:
    (decoded,) = decode(json.dumps(SHORT))

    assert decoded.feed_match == "mci-liv-2025-02-03"
    assert decoded.score == Score(1, 0)
    assert decoded.clock_s == 1935
    assert decoded.provider_ts_ns == 1_738_612_216_939_000_000
    assert decoded.home_name is None


def test_the_id_shared_with_other_providers_goes_before_the_channels_own() -> None:
    assert read(sportradarGameId=61301).feed_match == "61301"
    assert read(sportradarGameId="sr:match:61301").feed_match == "sr:match:61301"
    assert read(sportradarGameId=None).feed_match == "19439"
    assert read(gameId=None).feed_match == "fifwc-arg-fra-2022-12-18"
    assert read(gameId=None, slug="").feed_match is None


def test_an_array_is_a_list_of_matches() -> None:
    assert [one.feed_match for one in decode(json.dumps([FULL, SHORT]))] == [
        "19439",
        "mci-liv-2025-02-03",
    ]
    assert decode("[]") == []


def test_the_fast_path_and_the_careful_path_read_the_same() -> None:
    plain = json.dumps(FULL, separators=(",", ":"))
    spaced = json.dumps(FULL, indent=2, separators=(" , ", " : "))
    nested = json.dumps({**FULL, "odds": {"score": "9-9", "home": [1, {"period": "HT"}]}})

    assert decode(plain) == decode(spaced) == decode(nested) == decode(plain.encode())


@pytest.mark.parametrize(("text", "period"), sorted(PERIODS.items()))
def test_every_period_of_the_dialect_has_ours(text: str, period: Period) -> None:
    assert read(period=text).period == period


@pytest.mark.parametrize("text", ["Q4", "2/3", "End 1", "1h", "2H ", "", "Overtime"])
def test_a_period_that_soccer_does_not_have_is_unknown_and_no_fault(text: str) -> None:
    decoded = read(period=text)

    assert decoded.period is None
    assert decoded.score == Score(3, 2)


def test_a_match_that_is_not_live_has_no_period_to_trade_in() -> None:
    assert read(live=False).period is None
    assert read(live=False, period="NS").period == "pre"
    assert read(live=False, ended=True).period == "FT"
    assert read(live=False, ended=True, period="AET").period == "AET"
    assert read(ended=True, period="2H").period == "FT"


@pytest.mark.parametrize(
    ("period", "elapsed", "clock_s"),
    [
        ("1H", "00:00", 0),
        ("1H", "32:15", 1935),
        ("1H", "45+2", 2820),
        ("1H", "45:00+2:13", 2833),
        ("2H", "90+4", 5640),
        ("2H", "90+4'", 5640),
        ("2H", "90'+4", 5640),
        ("2H", "67'", 4020),
        ("2H", "67", 4020),
        ("ET2", "117:30", 7050),
        ("2H", "12:15", None),
        ("ET1", "03:00", None),
        ("HT", "45:00", None),
        ("Q4", "05:18", None),
        ("2H", "", None),
        ("2H", "soon", None),
        ("2H", "90+", None),
        ("2H", "999:00", None),
        ("2H", "-50:00", None),
        ("2H", "60:75", None),
        ("2H", "\u0666\u0660:\u0660\u0660", None),
    ],
)
def test_a_clock_is_read_where_it_can_be_and_is_never_a_fault(
    period: str, elapsed: str, clock_s: int | None
) -> None:
    assert read(period=period, elapsed=elapsed).clock_s == clock_s


@pytest.mark.parametrize("score", ["112-108", "7-100", "000-000|2-0|Bo3", "6-4|3-2"])
def test_a_score_of_another_sport_is_no_score_of_ours_and_no_fault(score: str) -> None:
    decoded = read(score=score)

    assert decoded.score is None
    assert decoded.kind == "period"


def test_a_strange_score_beside_a_period_of_another_sport_is_no_fault() -> None:
    assert read(score="250/3", period="Inns 2").score is None
    assert read(score="6-4, 3-2", period="S2").kind == "clock"


@pytest.mark.parametrize(
    ("word", "status"),
    [("Suspended", "suspended"), ("POSTPONED", "postponed"), ("Canceled", "cancelled")],
)
def test_a_match_that_is_not_as_usual_is_told(word: str, status: str) -> None:
    assert read(status=word).status == status
    assert read(status="InProgress").status is None


@pytest.mark.parametrize("gap", [" ", "\t", "\r", "\n"])
def test_a_field_that_is_said_twice_is_no_frame_however_it_is_spaced(gap: str) -> None:
    with pytest.raises(FeedGarbled, match="twice"):
        decode(f'{{"gameId":1,"score":"1-0","score"{gap}:"2-0","period":"1H"}}')


def test_a_frame_without_a_score_says_at_most_a_period() -> None:
    assert read(score=None).kind == "period"
    assert read(score=None, period=None).kind == "clock"


@pytest.mark.parametrize(
    ("stamp", "ts_ns"),
    [
        ("2025-07-20T18:30:00.000Z", 1_753_036_200_000_000_000),
        ("2025-07-20T20:30:00+02:00", 1_753_036_200_000_000_000),
        (1_753_036_200_000, 1_753_036_200_000_000_000),
        ("2025-07-20T18:30:00", None),
        ("yesterday", None),
        (-1, None),
        (1e300, None),
        (True, None),
        ({"at": 1}, None),
        (None, None),
    ],
)
def test_the_providers_time_informs_and_is_never_a_fault(stamp: object, ts_ns: int | None) -> None:
    assert read(last_update=stamp).provider_ts_ns == ts_ns
    assert read(finished_timestamp=stamp).provider_ts_ns == ts_ns
    assert read(finishedTimestamp=stamp).provider_ts_ns == ts_ns


@pytest.mark.parametrize(
    "score",
    [
        "1.0-0",
        "-1-0",
        "1--1",
        "1-0 ",
        " 1-0",
        "01-0",
        "1:0",
        "one-nil",
        "",
        "-",
        "1-0-0",
        "1000-0",
        "1-9999",
        "\u0661-\u0660",
        "1-0\u0000",
        "1-\u202e0",
        1,
        1.0,
        True,
        [1, 0],
        {"home": 1},
    ],
)
def test_a_score_outside_the_grammar_is_garbled(score: object) -> None:
    with pytest.raises(FeedGarbled):
        read(score=score)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "pong",
        "PING",
        "null",
        "7",
        '"1-0"',
        "{",
        "[[1]]",
        "[null]",
        '{"score":"1-0"} {"score":"2-0"}',
        '{"score":NaN}',
        '{"elapsed":Infinity}',
        '{"x":-Infinity,"y":"\\u0041"}',
        '{"score":"1-0","score":"2-0"}',
        '{"score":"1-0","sc\\u006fre":"2-0"}',
        '[{"live":true,"live":false}]',
        '{"gameId":1.5}',
        '{"gameId":true}',
        '{"gameId":-1}',
        '{"gameId":' + "9" * 5_000 + "}",
        '{"live":1}',
        '{"ended":"no"}',
        '{"homeTeam":7}',
        '{"homeTeam":"Arg\\u0000entina"}',
        '{"homeTeam":"Arg\\nentina"}',
        '{"homeTeam":"\\ud800"}',
        '{"slug":"a\x7fb"}',
        '{"awayTeam":"a\x85b"}',
        '{"period":"' + "1" * 201 + '"}',
        '{"x":' + "[" * 60_000,
        "[" * 60_000,
        '{"slug":"' + "x" * LARGEST_FRAME + '"}',
        "\ud800",
        b"\xff\xfe",
        b'{"homeTeam":"\xff"}',
        b'{"unknown":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"\x00",
    ],
)
def test_hostile_frames_are_garbled_and_shown_escaped(frame: str | bytes) -> None:
    with pytest.raises(FeedGarbled) as caught:
        decode(frame)

    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700


@given(frame=st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@example(frame=b"[" * 65_000)
@example(frame="\ud83d")
def test_noise_is_garbled_and_never_anything_worse(frame: bytes | str) -> None:
    with suppress(FeedGarbled):
        decode(frame)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(changes=st.dictionaries(st.sampled_from(sorted({*FULL, *SHORT})), values, max_size=6))
def test_a_frame_with_any_field_changed_is_read_or_garbled(changes: dict[str, object]) -> None:
    with suppress(FeedGarbled):
        decoded = read(**changes)
        assert decoded.score is None or decoded.kind == "snapshot"
        assert decoded.clock_s is None or 0 <= decoded.clock_s <= 9_000


@given(home=st.integers(0, 99), away=st.integers(0, 99))
def test_every_soccer_score_is_read_as_it_is_written(home: int, away: int) -> None:
    assert read(score=f"{home}-{away}").score == Score(home, away)


@given(data=st.data())
def test_a_flipped_byte_never_breaks_the_codec(data: st.DataObject) -> None:
    frame = bytearray(json.dumps(FULL).encode())
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))

    with suppress(FeedGarbled):
        decode(bytes(frame))
