"""Laws of the almanac: stages go forward, nothing is followed twice, weeks leave nothing behind."""

from collections import Counter
from itertools import chain, pairwise
from typing import Final

import attrs
import msgspec
import pytest

from actors.config.sheet import Sheet
from actors.exchange.stream_core import StreamCore
from actors.exchange.wire_market import VenueEvent, VenueMilestone
from actors.messages.catalogue import Catalogue, Match, Stage
from actors.model.score import MatchId
from actors.trader.almanac import (
    ARMED_BEFORE_NS,
    FOLLOWED,
    GONE,
    MOST_FOLLOWED,
    SETTLED_KEPT_NS,
    UNLISTED_KEPT_NS,
    Almanac,
    disentangled,
    followed,
    read_match,
)
from tests.exchange.books import SIDS, BookServer
from tests.trader.season import (
    BEGAN_NS,
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SERIES,
    SHEET,
    event,
    leg,
    milestone,
    season,
    series,
)

KICKOFF_NS: Final = BEGAN_NS + DAY_NS
NEVER: Final[dict[Stage, set[Stage]]] = {
    "SETTLED": {"DISCOVERED", "BOUND", "ARMED", "LIVE", "PAUSED", "ENDED", "DETERMINED"},
    "DETERMINED": {"DISCOVERED", "BOUND", "ARMED", "LIVE", "PAUSED", "ENDED"},
    "ENDED": {"DISCOVERED", "BOUND", "ARMED", "LIVE", "PAUSED"},
}
"""What a stage never turns into."""


def read(
    row: VenueEvent,
    *about: VenueMilestone,
    at_ns: int = KICKOFF_NS,
    sheet: Sheet | None = SHEET,
) -> Match:
    return read_match(row, series(row.series_ticker), about, sheet, at_ns)


def match(
    ticker: str = "KXCUPGAME-1",
    status: str = "active",
    *,
    provider_id: str = "1",
    start_ns: int = KICKOFF_NS,
    home: str = "Upper Rovers",
    away: str = "Old Town",
    of: str = SERIES,
    at_ns: int = KICKOFF_NS,
) -> Match:
    about = milestone(ticker, provider_id=provider_id, start_ns=start_ns)
    return read(event(ticker, home, away, status, of=of), about, at_ns=at_ns)


def test_weeks_pass_without_a_list_and_leave_nothing_behind() -> None:
    fixtures, almanac = season(1), Almanac(series=(SERIES,))
    stages: dict[MatchId, list[Stage]] = {}
    most = 0
    for at_ns in range(BEGAN_NS, BEGAN_NS + 60 * DAY_NS, 2 * HOUR_NS):
        listed = list(chain.from_iterable(one.events(at_ns) for one in fixtures))
        found = [read(row, *about, at_ns=at_ns) for row, about in listed]
        for changed in almanac.take(found, at_ns):
            way = stages.setdefault(changed.match, [])
            if way[-1:] != [changed.stage]:
                way.append(changed.stage)
        most = max(most, len(almanac.matches))
        assert len(almanac.matches) <= len(listed) + len(fixtures) // 10
        hold_in_the_right_state(almanac, {row.event_ticker: row for row, _ in listed}, at_ns)

    assert not almanac.matches
    assert not almanac._seen_ns, "nothing is remembered of what is gone"  # noqa: SLF001 - memory is the law
    assert most < len(fixtures)
    for way in stages.values():
        for before, after in pairwise(way):
            assert after not in NEVER.get(before, set()), way
    played = [way for way in stages.values() if "LIVE" in way]
    assert len(played) > len(fixtures) // 2
    assert all(way[-1] == "SETTLED" for way in played)
    assert all(way.count("SETTLED") <= 1 for way in stages.values())
    assert {"PAUSED", "REFUSED", "DISCOVERED"} <= set(chain.from_iterable(stages.values()))


def test_weeks_of_subscriptions_ask_for_each_market_once_and_give_every_one_up() -> None:
    fixtures, almanac = season(3), Almanac(series=(SERIES,))
    core, server = StreamCore((), BEGAN_NS), BookServer()
    asked: Counter[str] = Counter()
    for at_ns in range(BEGAN_NS, BEGAN_NS + 60 * DAY_NS, 6 * HOUR_NS):
        listed = chain.from_iterable(one.events(at_ns) for one in fixtures)
        almanac.take([read(row, *about, at_ns=at_ns) for row, about in listed], at_ns)
        wanted = followed(Catalogue(matches=almanac.matches, read_ns=0))
        core.want(wanted, at_ns)
        while core.has_commands or server.outbox:
            server.obey(core.take_commands())
            while server.outbox:
                core.receive(server.outbox.popleft(), at_ns)
        assert set(server.subscribed) == set(wanted)
    for command in server.commands:
        params = command["params"]
        change = {"add_markets": 1, "delete_markets": -1}.get(
            params.get("action", "add_markets"), 0
        )
        if params.get("sid", 1) == 1 and "orderbook_delta" in params.get("channels", SIDS):
            for ticker in params.get("market_tickers", ()):
                asked[ticker] += change
                assert asked[ticker] in {0, 1}, "nothing is subscribed twice"

    assert len(asked) > len(fixtures)
    assert not server.subscribed


def hold_in_the_right_state(almanac: Almanac, rows: dict[str, VenueEvent], at_ns: int) -> None:
    """Hold every match that may be traded, and everything followed, against the venue itself."""
    wanted = followed(Catalogue(matches=almanac.matches, read_ns=0))
    assert len(set(wanted)) == len(wanted), "nothing is subscribed twice"
    ids: set[str] = set()
    for one in almanac.matches.values():
        assert (one.stage in FOLLOWED) == any(leg.ticker in wanted for leg in one.markets)
        if one.stage in {"ARMED", "LIVE"}:
            assert {leg.status for leg in rows[one.match].markets} == {"active"}
            assert one.kickoff_wall_ns - at_ns <= ARMED_BEFORE_NS
        if one.stage in FOLLOWED:
            assert ids.isdisjoint(one.provider_ids), "one event has each id"
            ids |= one.provider_ids
            assert at_ns >= one.kickoff_wall_ns - DAY_NS


def test_an_event_that_is_listed_late_is_taken_up_and_one_without_changes_is_not_told() -> None:
    almanac = Almanac(series=(SERIES,))
    first, second = match("A"), match("B", provider_id="2", home="New Town")

    assert almanac.take([first], 0) == [first]
    assert almanac.take([match("A"), second], 1) == [second]
    assert almanac.matches[first.match] is first, "what has not changed stays the same object"
    assert almanac.take([match("A"), second], 2) == []


def test_a_match_that_is_moved_goes_back_and_one_that_is_over_does_not() -> None:
    almanac = Almanac(series=(SERIES,))
    almanac.take([match("A")], 0)
    (moved,) = almanac.take([match("A", start_ns=KICKOFF_NS + 3 * HOUR_NS)], 1)
    assert moved.stage == "BOUND"
    (away,) = almanac.take([match("A", start_ns=KICKOFF_NS + 9 * DAY_NS)], 2)
    assert away.stage == "DISCOVERED"

    (ended,) = almanac.take([match("A", "closed")], 3)
    assert ended.stage == "ENDED"
    (stale,) = almanac.take([match("A", start_ns=KICKOFF_NS + MINUTE_NS)], 4)
    assert stale.stage == "ENDED", "an older answer that comes late"
    (settled,) = almanac.take([match("A", "finalized")], 5)
    assert settled.stage == "SETTLED"
    assert almanac.take([match("A", "disputed")], 6) == []
    assert almanac.matches[settled.match].stage == "SETTLED"


def test_a_leg_that_does_not_trade_pauses_its_match() -> None:
    row, about = event("A"), milestone("A", provider_id="1", start_ns=KICKOFF_NS)
    for status in ("inactive", "initialized", "closed", "determined"):
        legs = (*row.markets[:2], leg("A", "Tie", status))
        assert read(msgspec.structs.replace(row, markets=legs), about).stage == "PAUSED"


@pytest.mark.parametrize("word", ["postponed", "abandoned", "cancelled"])
def test_a_match_whose_milestone_says_that_it_is_put_off_is_paused(word: str) -> None:
    about = milestone("A", provider_id="1", start_ns=KICKOFF_NS, status=word)

    assert read(event("A"), about).stage == "PAUSED"
    assert read(event("A", status="closed"), about).stage == "ENDED"


def test_an_id_that_two_events_of_a_series_claim_is_traded_in_neither() -> None:
    one, two = match("A"), match("B", home="New Town")
    third = match("C", provider_id="3", away="New Town")
    found = disentangled([one, two, third], (SERIES,))

    assert found[one.match].refusal == "B claims id 1 too"
    assert found[two.match].refusal == "A claims id 1 too"
    assert found[third.match] == third


def test_a_fixture_in_two_series_is_followed_in_the_one_that_is_named_first() -> None:
    game, advance = match("A"), match("B", of="KXCUPADVANCE")

    by_game = disentangled([advance, game], (SERIES, "KXCUPADVANCE"))
    assert by_game[game.match].stage == "LIVE"
    assert by_game[advance.match].refusal == "its fixture is followed as A"
    by_advance = disentangled([advance, game], ("KXCUPADVANCE", SERIES))
    assert by_advance[advance.match].stage == "LIVE"
    assert by_advance[game.match].refusal == "its fixture is followed as B"


def test_one_fixture_listed_twice_under_two_ids_is_traded_in_neither() -> None:
    one, two = match("A"), match("B", provider_id="2", start_ns=KICKOFF_NS + MINUTE_NS // 2)
    found = disentangled([one, two], (SERIES,))

    assert {each.stage for each in found.values()} == {"REFUSED"}
    assert found[one.match].refusal == "B has the same sides and kick-off"


def test_two_fixtures_of_the_same_sides_on_one_day_are_two() -> None:
    one, two = match("A"), match("B", provider_id="2", start_ns=KICKOFF_NS + 4 * HOUR_NS)

    assert list(disentangled([one, two], (SERIES,)).values()) == [one, two]


@pytest.mark.parametrize("status", ["closed", "determined", "finalized"])
def test_a_fixture_listed_anew_has_the_id_of_the_one_that_is_over(status: str) -> None:
    old, new = match("A", status), match("B", start_ns=KICKOFF_NS + 7 * DAY_NS)
    found = disentangled([old, new], (SERIES,))

    assert found[new.match].stage == "DISCOVERED"
    assert found[old.match] == old


def test_what_was_refused_for_its_twin_is_taken_up_when_the_twin_is_gone() -> None:
    almanac = Almanac(series=(SERIES,))
    one, twin = match("A"), match("B", home="New Town")
    almanac.take([one, twin], 0)
    assert {each.stage for each in almanac.matches.values()} == {"REFUSED"}

    (back,) = almanac.take([one], 1)
    assert (back.match, back.stage) == (one.match, "LIVE")
    assert list(almanac.matches) == [one.match]


def test_the_settled_are_dropped_a_day_after_they_are_listed_no_more() -> None:
    almanac = Almanac(series=(SERIES,))
    settled = match("A", "finalized")
    almanac.take([settled], 0)
    almanac.take([settled], 5 * SETTLED_KEPT_NS)
    assert settled.match in almanac.matches, "it is still listed"
    assert almanac.dropped == 0

    almanac.take([], 5 * SETTLED_KEPT_NS + 1)
    assert not almanac.matches
    assert almanac.dropped == 1


def test_what_is_neither_listed_nor_settled_is_asked_for_and_forgotten_after_a_week() -> None:
    almanac = Almanac(series=(SERIES,))
    lost = match("A", "closed")
    almanac.take([lost], 0)
    assert almanac.unlisted([]) == [lost.match]
    assert almanac.unlisted([lost.match]) == []

    assert almanac.take([], UNLISTED_KEPT_NS) == []
    assert lost.match in almanac.matches
    (gone,) = almanac.take([], UNLISTED_KEPT_NS + 1)
    assert (gone.stage, gone.refusal) == ("REFUSED", GONE)
    assert not almanac.matches
    assert almanac.dropped == 0, "nobody has paid for it"


def test_what_the_venue_does_not_know_by_name_is_paused_until_it_does() -> None:
    almanac = Almanac(series=(SERIES,))
    known = match("A")
    almanac.take([known], 0)

    (paused,) = almanac.take([], 1, [known.match])
    assert paused.stage == "PAUSED"
    assert almanac.take([], 2, [known.match]) == []
    (back,) = almanac.take([match("A")], 3)
    assert back.stage == "LIVE"
    almanac.take([match("A", "closed")], 4)
    assert almanac.take([], 5, [known.match]) == [], "what is over is not paused"


def test_more_markets_than_a_stream_carries_are_followed_by_the_nearest_kick_off() -> None:
    one = match("A", at_ns=KICKOFF_NS - HOUR_NS)
    many = {
        MatchId(str(number)): attrs.evolve(
            one, match=MatchId(str(number)), kickoff_wall_ns=KICKOFF_NS + number
        )
        for number in reversed(range(MOST_FOLLOWED))
    }
    live = attrs.evolve(one, match=MatchId("live"), stage="LIVE", kickoff_wall_ns=2 * KICKOFF_NS)
    wanted = followed(Catalogue(matches={**many, live.match: live}, read_ns=0))

    assert len(wanted) <= MOST_FOLLOWED
    assert wanted[:3] == tuple(leg.ticker for leg in live.markets)


HOME_ID, AWAY_ID = "sr:1", "sr:2"


def identified(strikes: tuple[str, str, str], **teams: object) -> Match:
    names = ("Upper Rovers", "Old Town", "Tie")
    row = msgspec.structs.replace(
        event("A"),
        markets=tuple(
            leg("A", name, "active", strike=strike)
            for name, strike in zip(names, strikes, strict=True)
        ),
    )
    return read(row, milestone("A", provider_id="1", start_ns=KICKOFF_NS, **teams))


def test_title_and_ids_that_name_the_same_sides_are_one_proof() -> None:
    found = identified((HOME_ID, AWAY_ID, ""), home_team_id=HOME_ID, away_team_id=AWAY_ID)

    assert found.stage == "LIVE"
    assert (set(found.home_ids), set(found.away_ids)) == ({HOME_ID}, {AWAY_ID})


@pytest.mark.parametrize(
    "strikes",
    [
        (AWAY_ID, HOME_ID, ""),
        (AWAY_ID, "", ""),
        ("", "", HOME_ID),
        (HOME_ID, HOME_ID, ""),
    ],
)
def test_title_and_ids_that_name_other_sides_are_no_proof(strikes: tuple[str, str, str]) -> None:
    found = identified(strikes, home_team_id=HOME_ID, away_team_id=AWAY_ID)

    assert found.refusal == "title and ids name other home sides"


def test_ids_that_only_the_milestone_names_contradict_nothing() -> None:
    assert identified(("", "", ""), home_team_id=HOME_ID, away_team_id=AWAY_ID).stage == "LIVE"
    assert identified((HOME_ID, AWAY_ID, ""), home_team_id=HOME_ID).stage == "LIVE"
    same = identified(("", "", ""), home_team_id=HOME_ID, away_team_id=HOME_ID)
    assert same.refusal == "its milestone names one team twice"


def test_a_title_is_read_as_its_sheet_says_and_a_game_without_a_draw_has_two_legs() -> None:
    sheet = attrs.evolve(SHEET, sport="basketball", legs=2, tie="", title="away at home")
    row = msgspec.structs.replace(
        event("A"),
        title="Jets at Bears",
        markets=(leg("A", "Jets", "active"), leg("A", "Bears", "active")),
    )
    about = milestone("A", provider_id="1", start_ns=KICKOFF_NS)
    found = read(row, about, sheet=sheet)

    assert (found.home_name, found.away_name, found.sport) == ("Bears", "Jets", "basketball")
    assert [market.role for market in found.markets] == ["away", "home"]
    assert found.stage == "LIVE"
