"""Likeness proposes; what it is worth is known, and nothing is bound by it."""

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.feeds.entities import NEAR_NS, Stranger
from actors.feeds.likeness import LEAST, likeliest, likeness, propose
from actors.model.score import MatchId
from tests.feeds.test_registrar import CITY, UNITED, stranger


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Manchester United", "Manchester Utd"),
        ("Arsenal", "Arsenal FC"),
        ("Curaçao", "Curacao"),
        ("Korea Republic", "Republic of Korea"),
        ("Atlético de Madrid", "Atletico Madrid"),
    ],
)
def test_the_same_side_under_another_name_is_worth_a_look(one: str, other: str) -> None:
    assert likeness(one, other) > 0.7


def test_likeness_inverts_which_is_why_it_binds_nothing() -> None:
    assert likeness("Inter", "Inter Miami") > likeness("Internazionale", "Inter Milan") - 0.2
    assert likeness("Manchester United", "Manchester City") > LEAST


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_between_nothing_and_the_same(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) == 1


def test_the_likelier_match_is_proposed_and_a_tie_has_one_answer() -> None:
    who = stranger()
    assert likeliest(propose(who, match) for match in (CITY, UNITED)) == propose(who, UNITED)
    twin = attrs.evolve(UNITED, match=MatchId("KXEPLGAME-0"))
    for both in ((twin, UNITED), (UNITED, twin)):
        best = likeliest(propose(who, match) for match in both)
        assert best is not None
        assert best.match is twin
    assert likeliest([]) is None


def test_a_match_is_proposed_from_six_hours_before_to_six_after() -> None:
    def at(offset_ns: int) -> Stranger:
        return attrs.evolve(stranger(), seen_wall_ns=UNITED.kickoff_wall_ns + offset_ns)

    assert propose(at(NEAR_NS), UNITED)
    assert propose(at(-NEAR_NS), UNITED)
    assert propose(at(NEAR_NS + 1), UNITED) is None
    assert propose(at(0), attrs.evolve(UNITED, stage="REFUSED")) is None
