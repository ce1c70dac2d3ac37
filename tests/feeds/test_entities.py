"""Whose match it is, and on which side of it the feed's home team stands."""

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.feeds.entities import UNKNOWN, Bindings, Bound, Unbound
from actors.messages.catalogue import Catalogue, Match, Stage
from actors.messages.feeds import FeedEvent
from actors.model.score import MatchId

FINAL = Match(
    match=MatchId("KXWCGAME-22DEC18ARGFRA"),
    series="KXWCGAME",
    title="Argentina vs France",
    home_name="Argentina",
    away_name="France",
    stage="LIVE",
    markets=(),
    provider_ids=frozenset({"61301", "arg-fra"}),
    kickoff_wall_ns=0,
)

THIRD = attrs.evolve(
    FINAL,
    match=MatchId("KXWCGAME-22DEC17CROMAR"),
    home_name="Croatia",
    away_name="Morocco",
    provider_ids=frozenset({"61300"}),
)


def catalogue(*matches: Match) -> Catalogue:
    return Catalogue(matches={match.match: match for match in matches}, read_ns=0)


def report(
    feed_match: str | None,
    home_name: str | None = None,
    away_name: str | None = None,
    feed: str = "alpha",
) -> FeedEvent:
    return FeedEvent(
        feed=feed,
        epoch=1,
        frame_no=1,
        kind="snapshot",
        feed_match=feed_match,
        home_name=home_name,
        away_name=away_name,
        received_ns=0,
        received_wall_ns=0,
        decoded_ns=0,
    )


def test_an_id_of_the_catalogue_with_its_names_is_bound_and_oriented() -> None:
    bindings = Bindings.of(catalogue(FINAL, THIRD))

    assert bindings.lookup(report("61301", "Argentina", "France")) == Bound(
        match=FINAL.match, oriented=True, open=True
    )
    assert bindings.lookup(report("61300", "Croatia", "Morocco")) == Bound(
        match=THIRD.match, oriented=True, open=True
    )


def test_an_id_that_nobody_knows_is_unbound_whatever_the_names_say() -> None:
    bindings = Bindings.of(catalogue(FINAL))

    assert bindings.lookup(report("99999", "Argentina", "France")) is UNKNOWN
    assert bindings.lookup(report(None, "Argentina", "France")) is UNKNOWN


def test_swapped_names_are_never_swapped_back() -> None:
    bindings = Bindings.of(catalogue(FINAL))

    swapped = bindings.lookup(report("61301", "France", "Argentina"))

    assert swapped == Bound(match=FINAL.match, oriented=False, open=True)
    assert bindings.lookup(report("61301", "Argentina", "France")) == swapped


def test_one_feeds_swap_takes_nothing_from_another() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    bindings.lookup(report("61301", "France", "Argentina", feed="alpha"))

    bravo = bindings.lookup(report("61301", "Argentina", "France", feed="bravo"))

    assert bravo == Bound(match=FINAL.match, oriented=True, open=True)


@pytest.mark.parametrize(
    ("home", "away"),
    [("argentina", "France"), ("Argentina ", "France"), ("ARG", "FRA"), ("Argentina", "Frances")],
)
def test_names_that_only_look_alike_prove_nothing(home: str, away: str) -> None:
    bindings = Bindings.of(catalogue(FINAL))

    assert bindings.lookup(report("61301", home, away)) == Bound(
        match=FINAL.match, oriented=False, open=True
    )
    assert bindings.lookup(report("61301", "Argentina", "France")) == Bound(
        match=FINAL.match, oriented=True, open=True
    )


def test_a_reviewed_alias_is_as_good_as_the_name() -> None:
    bindings = Bindings.of(catalogue(FINAL), {"ARG": "Argentina", "FRA": "France"})

    assert bindings.lookup(report("61301", "ARG", "France")) == Bound(
        match=FINAL.match, oriented=True, open=True
    )


def test_names_that_mean_either_side_prove_nothing() -> None:
    derby = attrs.evolve(FINAL, home_name="Inter", away_name="Inter")
    bindings = Bindings.of(catalogue(derby))

    assert bindings.lookup(report("61301", "Inter", "Inter")) == Bound(
        match=FINAL.match, oriented=False, open=True
    )


def test_a_frame_without_names_has_the_proof_of_an_earlier_one() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    assert bindings.lookup(report("61301")) == Bound(match=FINAL.match, oriented=False, open=True)

    bindings.lookup(report("61301", "Argentina", "France"))

    assert bindings.lookup(report("61301")) == Bound(match=FINAL.match, oriented=True, open=True)
    assert bindings.lookup(report("61301", feed="bravo")) == Bound(
        match=FINAL.match, oriented=False, open=True
    )


def test_an_id_that_two_matches_claim_belongs_to_neither() -> None:
    bindings = Bindings.of(
        catalogue(FINAL, attrs.evolve(THIRD, provider_ids=frozenset({"61300", "61301"})))
    )

    assert bindings.lookup(report("61301", "Argentina", "France")) == Unbound(
        reason="two matches claim id 61301"
    )
    assert isinstance(bindings.lookup(report("61300", "Croatia", "Morocco")), Bound)


@pytest.mark.parametrize(
    ("stage", "is_open"),
    [
        ("DISCOVERED", False),
        ("BOUND", True),
        ("ARMED", True),
        ("LIVE", True),
        ("ENDED", False),
        ("SETTLED", False),
        ("REFUSED", False),
    ],
)
def test_a_match_is_open_from_bound_to_its_end(stage: Stage, *, is_open: bool) -> None:
    bindings = Bindings.of(catalogue(attrs.evolve(FINAL, stage=stage)))

    assert bindings.lookup(report("61301", "Argentina", "France")) == Bound(
        match=FINAL.match, oriented=True, open=is_open
    )


def test_a_proof_outlives_a_newer_catalogue_but_not_another_match_under_its_id() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    bindings.lookup(report("61301", "Argentina", "France"))

    newer = bindings.renewed(catalogue(attrs.evolve(FINAL, stage="ENDED"), THIRD))
    assert newer.lookup(report("61301")) == Bound(match=FINAL.match, oriented=True, open=False)

    moved = newer.renewed(catalogue(attrs.evolve(THIRD, provider_ids=frozenset({"61301"}))))
    assert moved.lookup(report("61301")) == Bound(match=THIRD.match, oriented=False, open=True)


@given(home=st.text(max_size=8), away=st.text(max_size=8))
def test_nothing_but_the_two_names_in_their_order_proves_a_side(home: str, away: str) -> None:
    found = Bindings.of(catalogue(FINAL)).lookup(report("61301", home, away))

    assert isinstance(found, Bound)
    assert found.oriented == ((home, away) == ("Argentina", "France"))
