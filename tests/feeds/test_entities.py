"""Whose match it is, and on which side of it the feed's home team stands."""

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.feeds.entities import (
    REJECTED,
    STRANGERS_MOST,
    UNKNOWN,
    Binding,
    Bindings,
    Bound,
    Stranger,
    Unbound,
)
from actors.messages.catalogue import NOTHING_REVIEWED, Catalogue, Join, Match, Reviewed, Stage
from actors.messages.feeds import FeedEvent
from actors.model.score import MatchId, Score

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


HOUR_NS = 3_600 * 1_000_000_000


def catalogue(*matches: Match, reviewed: Reviewed = NOTHING_REVIEWED) -> Catalogue:
    known = {match.match: match for match in matches}
    return Catalogue(matches=known, read_ns=0, reviewed=reviewed)


def report(
    feed_match: str | None,
    home_name: str | None = None,
    away_name: str | None = None,
    feed: str = "alpha",
    *,
    score: Score | None = None,
    at_ns: int = 0,
) -> FeedEvent:
    return FeedEvent(
        feed=feed,
        epoch=1,
        frame_no=1,
        kind="snapshot",
        feed_match=feed_match,
        home_name=home_name,
        away_name=away_name,
        score=score,
        received_ns=0,
        received_wall_ns=at_ns,
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
        ("PAUSED", False),
        ("ENDED", False),
        ("DETERMINED", False),
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


def test_a_teams_id_in_its_names_place_proves_its_side() -> None:
    known = attrs.evolve(FINAL, home_ids=frozenset({"sr:1"}), away_ids=frozenset({"sr:2"}))
    bindings = Bindings.of(catalogue(known))

    assert bindings.lookup(report("61301", "sr:1", "sr:2")) == bound()
    assert bindings.lookup(report("61301", "sr:2", "sr:1", feed="bravo")) == bound(oriented=False)


def bound(match: Match = FINAL, *, oriented: bool = True) -> Bound:
    return Bound(match=match.match, oriented=oriented, open=True)


def test_a_number_that_two_providers_give_to_two_matches_is_not_believed() -> None:
    bindings = Bindings.of(catalogue(FINAL, THIRD))

    for names in (("Croatia", "Morocco"), ("Morocco", "Croatia")):
        assert bindings.lookup(report("61301", *names, feed="bravo")) == Unbound(
            reason=f"names of {THIRD.match} under another's id"
        )
    assert bindings.lookup(report("61301", "Argentina", "France")) == bound()


@pytest.mark.parametrize("stage", ["ENDED", "DETERMINED", "SETTLED", "REFUSED"])
def test_a_fixture_that_was_listed_anew_has_the_id_of_the_old_one(stage: Stage) -> None:
    old = attrs.evolve(FINAL, match=MatchId("OLD"), stage=stage)
    for both in (catalogue(old, FINAL), catalogue(FINAL, old)):
        assert Bindings.of(both).lookup(report("61301", "Argentina", "France")) == bound()


def test_two_fixtures_of_the_same_sides_on_one_day_are_told_apart_by_their_ids() -> None:
    evening = attrs.evolve(
        FINAL,
        match=MatchId("EVENING"),
        provider_ids=frozenset({"61399"}),
        kickoff_wall_ns=5 * HOUR_NS,
    )
    bindings = Bindings.of(catalogue(FINAL, evening, reviewed=aliases()))

    assert bindings.lookup(report("61301", "Argentina", "France")) == bound()
    assert bindings.lookup(report("61399", "Argentina", "France")) == bound(evening)
    assert bindings.lookup(report("x", "ARG", "FRA", feed="bravo")) is UNKNOWN


@pytest.mark.parametrize("hours", [-3, 3, 200])
def test_a_kick_off_that_is_moved_takes_no_id_and_no_proof_away(hours: int) -> None:
    bindings = Bindings.of(catalogue(FINAL))
    bindings.lookup(report("61301", "Argentina", "France"))
    moved = bindings.renewed(catalogue(attrs.evolve(FINAL, kickoff_wall_ns=hours * HOUR_NS)))

    assert moved.lookup(report("61301")) == bound()


def test_an_id_that_was_changed_is_bound_anew_and_has_to_be_proved_anew() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    bindings.lookup(report("61301", "Argentina", "France"))
    changed = bindings.renewed(catalogue(attrs.evolve(FINAL, provider_ids=frozenset({"7"}))))

    assert changed.lookup(report("61301", "Argentina", "France")) is UNKNOWN
    assert changed.lookup(report("7")) == bound(oriented=False)
    assert changed.lookup(report("7", "Argentina", "France")) == bound()


def joined(*, swapped: bool = False, match: Match = FINAL) -> Reviewed:
    return Reviewed(joins={("bravo", "x"): Join(match=match.match, swapped=swapped)})


def aliases(*rejected: tuple[str, str]) -> Reviewed:
    return Reviewed(
        aliases={("bravo", "ARG"): "Argentina", ("bravo", "FRA"): "France"},
        rejected=frozenset(rejected),
    )


def test_a_person_joins_an_id_to_a_match_for_one_feed_alone() -> None:
    bindings = Bindings.of(catalogue(FINAL, reviewed=joined()))

    assert bindings.lookup(report("x", feed="bravo")) == bound()
    assert bindings.lookup(report("x", "ARG", "FRA", feed="bravo")) == bound()
    assert bindings.lookup(report("x", feed="alpha")) is UNKNOWN
    assert bindings.lookup(report("y", feed="bravo")) is UNKNOWN


def test_what_a_person_joined_with_its_sides_swapped_never_triggers() -> None:
    bindings = Bindings.of(catalogue(FINAL, reviewed=joined(swapped=True)))
    bindings.lookup(report("61301", "Argentina", "France"))

    for home in (1, 2):
        shown = report("x", "Argentina", "France", feed="bravo", score=Score(home, 0))
        for one in (report("61301", score=Score(home, 0)), shown):
            bindings.learn(one, bindings.lookup(one))
        assert bindings.lookup(shown) == bound(oriented=False)


def test_what_is_joined_to_nothing_that_is_listed_stays_unknown() -> None:
    bindings = Bindings.of(catalogue(FINAL, reviewed=joined(match=THIRD)))

    assert bindings.lookup(report("x", feed="bravo")) is UNKNOWN
    assert bindings.renewed(catalogue(THIRD, reviewed=joined(match=THIRD))).lookup(
        report("x", feed="bravo")
    ) == bound(THIRD)


def test_a_review_that_is_taken_back_takes_the_join_back() -> None:
    bindings = Bindings.of(catalogue(FINAL, reviewed=joined()))
    bindings.lookup(report("x", feed="bravo"))
    same = bindings.renewed(catalogue(FINAL, reviewed=joined()))
    assert same.lookup(report("x", feed="bravo")) == bound()

    for reviewed in (NOTHING_REVIEWED, aliases()):
        other = same.renewed(catalogue(FINAL, reviewed=reviewed))
        assert other.lookup(report("x", feed="bravo")) is UNKNOWN


@pytest.mark.parametrize("names", [("ARG", "FRA"), ("FRA", "ARG")])
def test_two_reviewed_names_near_kick_off_are_a_match_and_no_proof(names: tuple[str, str]) -> None:
    bindings = Bindings.of(catalogue(FINAL, THIRD, reviewed=aliases()))

    for at_ns in (-6 * HOUR_NS, 0, 6 * HOUR_NS):
        met = bindings.lookup(report(f"x{at_ns}", *names, feed="bravo", at_ns=at_ns))
        assert met == bound(oriented=False)
    far = report("y", *names, feed="bravo", at_ns=6 * HOUR_NS + 1)
    assert bindings.lookup(far) is UNKNOWN
    assert bindings.lookup(report("z", *names, feed="alpha")) is UNKNOWN
    assert bindings.lookup(report("z", "ARG", "Morocco", feed="bravo")) is UNKNOWN


def test_a_return_match_within_two_days_cannot_be_told_by_names() -> None:
    back = attrs.evolve(
        FINAL,
        match=MatchId("BACK"),
        home_name="France",
        away_name="Argentina",
        provider_ids=frozenset({"7"}),
        kickoff_wall_ns=47 * HOUR_NS,
    )
    bindings = Bindings.of(catalogue(FINAL, back, reviewed=aliases()))
    assert bindings.lookup(report("x", "ARG", "FRA", feed="bravo")) is UNKNOWN

    later = attrs.evolve(back, kickoff_wall_ns=49 * HOUR_NS)
    bindings = Bindings.of(catalogue(FINAL, later, reviewed=aliases()))
    assert bindings.lookup(report("x", "ARG", "FRA", feed="bravo")) == bound(oriented=False)


def test_what_a_person_rejected_is_nothing_of_ours() -> None:
    bindings = Bindings.of(catalogue(FINAL, reviewed=aliases(("bravo", "x"))))

    assert bindings.lookup(report("x", "ARG", "FRA", feed="bravo")) is REJECTED
    assert bindings.strangers() == []


def test_the_unknown_are_noted_once_in_bounded_number_and_only_with_names() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    bindings.lookup(report("7"))
    for _ in range(2):
        bindings.lookup(report("8", "Ghana", "Peru", at_ns=5))
    renewed = bindings.renewed(catalogue(FINAL, THIRD))

    assert renewed.strangers() == [
        Stranger(feed="alpha", feed_match="8", home_name="Ghana", away_name="Peru", seen_wall_ns=5)
    ]
    assert renewed.strangers() == []
    for number in range(2 * STRANGERS_MOST):
        renewed.lookup(report(str(number), "Ghana", "Peru"))
    assert len(renewed.strangers()) == STRANGERS_MOST


def tell(bindings: Bindings, one: FeedEvent) -> Binding:
    """Have the bindings hear a report as the arbiter does; return what it was bound to."""
    binding = bindings.lookup(one)
    bindings.learn(one, binding)
    return binding


def nameless(home: int, away: int) -> FeedEvent:
    return report("61301", feed="bravo", score=Score(home, away))


def proved(home: int, away: int) -> FeedEvent:
    return report("61301", "Argentina", "France", score=Score(home, away))


def test_the_first_uneven_score_that_a_proved_feed_shares_proves_the_sides() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    assert tell(bindings, nameless(0, 0)) == bound(oriented=False)
    tell(bindings, proved(0, 0))
    assert tell(bindings, nameless(1, 0)) == bound(oriented=False), "nobody has agreed yet"
    tell(bindings, proved(1, 0))

    assert tell(bindings, nameless(1, 0)) == bound()
    again = bindings.renewed(catalogue(FINAL, THIRD))
    assert tell(again, nameless(1, 1)) == bound()


def test_a_score_the_other_way_round_is_a_proof_of_swapped_sides_for_good() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    tell(bindings, proved(1, 0))
    tell(bindings, nameless(0, 1))

    assert tell(bindings, nameless(1, 0)) == bound(oriented=False)
    for one in (proved(1, 1), proved(2, 1), nameless(2, 1)):
        tell(bindings, one)
    assert tell(bindings, nameless(2, 1)) == bound(oriented=False)


def test_even_scores_and_scores_that_only_the_unproved_show_prove_nothing() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    for one in (proved(0, 0), nameless(0, 0), proved(1, 1), nameless(1, 1), nameless(2, 1)):
        tell(bindings, one)
    tell(bindings, report("61301", feed="charlie", score=Score(2, 1)))

    assert tell(bindings, nameless(2, 1)) == bound(oriented=False)


def test_once_a_goal_was_taken_back_scores_prove_nothing() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    for one in (proved(1, 0), proved(0, 0), nameless(1, 0), nameless(0, 1), proved(0, 1)):
        tell(bindings, one)

    assert tell(bindings, nameless(0, 1)) == bound(oriented=False)


@given(
    goals=st.lists(st.booleans(), max_size=8),
    steps=st.lists(st.booleans(), max_size=24),
    swapped=st.booleans(),
)
def test_however_late_or_early_a_feed_is_its_scores_never_prove_the_wrong_sides(
    goals: list[bool], steps: list[bool], *, swapped: bool
) -> None:
    way = [(0, 0)]
    for is_home in goals:
        home, away = way[-1]
        way.append((home + is_home, away + (not is_home)))
    bindings, ours, theirs = Bindings.of(catalogue(FINAL)), 0, 0
    for is_ours in steps:
        if is_ours:
            ours = min(ours + 1, len(goals))
            tell(bindings, proved(*way[ours]))
        else:
            theirs = min(theirs + 1, len(goals))
            shown = way[theirs][::-1] if swapped else way[theirs]
            found = tell(bindings, nameless(*shown))
            assert isinstance(found, Bound)
            assert not (swapped and found.oriented)
    if not swapped:
        # A right feed is never found to be swapped: the next agreement still proves it.
        for one in (proved(9, 0), nameless(9, 0)):
            tell(bindings, one)
        assert tell(bindings, nameless(9, 1)) == bound()


def test_nothing_is_remembered_of_a_match_that_is_gone() -> None:
    bindings = Bindings.of(catalogue(FINAL, reviewed=joined()))
    for one in (proved(1, 0), report("x", feed="bravo"), nameless(0, 2)):
        tell(bindings, one)
    gone = bindings.renewed(catalogue(THIRD))

    for kept in (gone._proved, gone._joined, gone._shown, gone._waiting):  # noqa: SLF001 - memory is the law
        assert not kept


def test_a_joined_feed_that_names_the_sides_the_other_way_round_has_no_proof_from_then_on() -> None:
    reviewed = attrs.evolve(aliases(), joins=joined().joins)
    bindings = Bindings.of(catalogue(FINAL, reviewed=reviewed))
    assert bindings.lookup(report("x", "ARG", "FRA", feed="bravo")) == bound()

    for names in (("FRA", "ARG"), ("ARG", "FRA")):
        assert bindings.lookup(report("x", *names, feed="bravo")) == bound(oriented=False)


def test_a_person_may_cut_an_id_that_the_venue_names_for_one_feed() -> None:
    bindings = Bindings.of(catalogue(FINAL))
    bindings.lookup(report("61301", "Argentina", "France", feed="bravo"))
    cut = bindings.renewed(catalogue(FINAL, reviewed=aliases(("bravo", "61301"))))

    assert cut.lookup(report("61301", "Argentina", "France", feed="bravo")) is REJECTED
    assert cut.lookup(report("61301", "Argentina", "France", feed="alpha")) == bound()
    back = cut.renewed(catalogue(FINAL))
    assert back.lookup(report("61301", "Argentina", "France", feed="bravo")) == bound()
