"""Laws of names."""

import re

from actors.sim.listing import (
    CODES,
    event_ticker,
    leg_names,
    leg_tickers,
    milestone_id,
    provider_id,
)
from actors.sim.matchday import matchday, matchdays

MATCHES = [match for day in matchdays().values() for match in day.matches]


def test_a_match_is_listed_as_the_venue_would() -> None:
    england = matchday("2022-11-21").matches[0]
    event = event_ticker(england)

    assert event == "KXWCGAME-22NOV21ENGIRN"
    assert list(leg_tickers(event, england).values()) == [
        "KXWCGAME-22NOV21ENGIRN-ENG",
        "KXWCGAME-22NOV21ENGIRN-IRN",
        "KXWCGAME-22NOV21ENGIRN-TIE",
    ]
    assert leg_names(england) == {"home": "England", "away": "Iran", "draw": "Tie"}
    assert event_ticker(england, with_time=True) == "KXWCGAME-22NOV211300ENGIRN"


def test_every_side_has_three_letters_of_its_own() -> None:
    sides = {side for match in MATCHES for side in (match.home, match.away)}

    assert sides == set(CODES)
    assert len(set(CODES.values())) == len(CODES)
    assert all(re.fullmatch("[A-Z]{3}", code) and code != "TIE" for code in CODES.values())


def test_every_match_has_a_ticker_and_ids_of_its_own() -> None:
    events = [event_ticker(match) for match in MATCHES]

    assert len(set(events)) == len(MATCHES)
    assert len({provider_id(event) for event in events}) == len(MATCHES)
    assert len({milestone_id(event) for event in events}) == len(MATCHES)
    assert all(re.fullmatch(r"[1-9]\d{10}", provider_id(event)) for event in events)
    uuid = "-".join(f"[0-9a-f]{{{length}}}" for length in (8, 4, 4, 4, 12))
    assert all(re.fullmatch(uuid, milestone_id(event)) for event in events)
