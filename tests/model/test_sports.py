"""Laws of every sport's policy: what a step is, what leads back, and what a state is called."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, strategies as st

from actors.model.score import Policy, Score, Sport, Team
from actors.model.sports import (
    POLICIES,
    Baseball,
    BaseballScore,
    Basketball,
    Esports,
    EsportsScore,
)
from actors.model.sports_cricket import OVER, Cricket, CricketScore, Innings
from actors.model.sports_tennis import Tennis, TennisScore

FIRST: Final[dict[Sport, Score]] = {
    "soccer": Score(0, 0),
    "tennis": TennisScore.of(),
    "basketball": Score(0, 0),
    "baseball": BaseballScore(0, 0),
    "cricket": CricketScore.of(Innings("home")),
    "esports": EsportsScore(0, 0),
}
POLICY: Final[dict[str, Policy]] = {
    **{str(sport): policy for sport, policy in POLICIES.items()},
    "tennis of five": Tennis(best_of=5, last_set="advantage"),
    "doubles": Tennis(last_set="match_tiebreak", no_ad=True),
    "test cricket": Cricket(overs=None, innings=4),
}


def first(name: str) -> Score:
    known: dict[str, Score] = {str(sport): score for sport, score in FIRST.items()}
    fallback = known["cricket"] if "cricket" in name else known["tennis"]
    return known.get(name, fallback)


def turned(score: Score) -> Score | None:
    """Return ``score`` after what happens without anybody's step."""
    if isinstance(score, BaseballScore):
        inning = score.inning + (score.half == "bottom")
        return BaseballScore(
            score.home, score.away, inning, "bottom" if score.half == "top" else "top"
        )
    if isinstance(score, CricketScore):
        other: Team = "away" if score.innings[-1].team == "home" else "home"
        return CricketScore.of(*score.innings, Innings(other))
    return None


@st.composite
def courses(draw: st.DrawFn, name: str | None = None, most: int = 40) -> tuple[str, list[Score]]:
    """Any way of steps and turns of one sport, in order."""
    name = name or draw(st.sampled_from(sorted(POLICY)))
    policy = POLICY[name]
    way = [first(name)]
    favourite = draw(st.integers(0, 30))
    for choice in draw(st.lists(st.integers(0, 30), max_size=most)):
        following = policy.next_scores(way[-1])
        turn = turned(way[-1])
        if turn is not None and (choice == 0 or not following):
            way.append(turn)
        elif not following:
            break
        else:
            # Mostly the same side, so that games, sets and maps end within a test.
            way.append(following[(favourite if choice % 3 else choice) % len(following)])
    return name, way


@given(courses())
def test_every_next_score_is_one_step_and_no_other_way_back_exists(
    course: tuple[str, list[Score]],
) -> None:
    name, way = course
    policy = POLICY[name]
    for score in way[-3:]:
        assert policy.admits(score)
        following = policy.next_scores(score)
        assert len(set(following)) == len(following)
        for after in following:
            assert policy.admits(after)
            assert policy.step(score, after) is not None
            assert policy.is_behind(score, after)
            assert not policy.is_behind(after, score)
            assert policy.step(after, score) is None
            assert not policy.legal_decrease(score, after)


@given(courses())
def test_whatever_was_shown_before_is_behind_and_never_ahead(
    course: tuple[str, list[Score]],
) -> None:
    name, way = course
    policy, last = POLICY[name], way[-1]
    for earlier in way[:-1]:
        assert policy.is_behind(earlier, last) == (earlier != last)
        assert not policy.is_behind(last, earlier)
        assert not policy.legal_decrease(earlier, last)
    assert not policy.is_behind(last, last)
    assert policy.step(last, last) is None
    assert not policy.legal_decrease(last, last)


@given(
    st.sampled_from(sorted(POLICY)).flatmap(lambda name: st.tuples(courses(name), courses(name)))
)
def test_of_two_scores_at_most_one_is_behind_and_a_step_is_a_next_score(
    two: tuple[tuple[str, list[Score]], tuple[str, list[Score]]],
) -> None:
    (name, one_way), (_, other_way) = two
    policy = POLICY[name]
    one, other = one_way[-1], other_way[-1]

    assert not (policy.is_behind(one, other) and policy.is_behind(other, one))
    assert (policy.step(one, other) is not None) == (other in policy.next_scores(one))
    assert (policy.state(one) == policy.state(other)) == (one == other)
    if policy.legal_decrease(one, other):
        assert policy.step(one, other) is None
        assert not policy.is_behind(one, other)


@given(
    st.sampled_from(sorted(POLICY)).flatmap(
        lambda name: st.tuples(courses(name), courses(name), courses(name))
    )
)
def test_being_behind_goes_on_over_any_number_of_scores(
    three: tuple[tuple[str, list[Score]], ...],
) -> None:
    policy = POLICY[three[0][0]]
    one, two, last = (way[-1] for _, way in three)

    if policy.is_behind(one, two) and policy.is_behind(two, last):
        assert policy.is_behind(one, last)


@given(courses())
def test_a_state_can_be_read_and_says_the_same_again(course: tuple[str, list[Score]]) -> None:
    name, way = course
    policy = POLICY[name]
    for score in way:
        assert policy.read(policy.state(score)) == score


@given(st.sampled_from(sorted(POLICY)), st.text("0123456789-:/.() ,ATBhomeawy", max_size=30))
def test_what_is_no_state_is_none_of_any_score(name: str, text: str) -> None:
    policy = POLICY[name]
    score = policy.read(text)

    assert score is None or policy.state(score) == text
    assert policy.read("9" * 5_000 + "-0") is None


@given(courses(), courses())
def test_a_policy_says_no_to_another_sports_score(
    mine: tuple[str, list[Score]], theirs: tuple[str, list[Score]]
) -> None:
    policy, own, strange = POLICY[mine[0]], mine[1][-1], theirs[1][-1]
    if policy.admits(strange):
        return

    assert policy.next_scores(strange) == () or type(policy).__name__ == "Soccer"
    for before, after in ((own, strange), (strange, own)):
        assert policy.step(before, after) is None or type(policy).__name__ == "Soccer"
        assert not policy.legal_decrease(before, after)


def tennis(text: str) -> TennisScore:
    score = Tennis().read(text)
    assert isinstance(score, TennisScore), text
    return score


ADVANTAGE_LOST: Final = {
    ("6-4 3-2 A:40", "6-4 3-2 40:40"): True,
    ("6-4 3-2 40:A", "6-4 3-2 40:40"): True,
    ("3-2 40:A", "3-2 A:40"): True,
    ("3-2 40:A", "3-2 40:30"): False,
    ("3-2 40:30", "3-2 40:15"): False,
    ("3-2 40:A", "3-1 40:40"): False,
    ("3-2 40:40", "3-2 40:A"): False,
    ("6-6 (5:4)", "6-6 (4:4)"): False,
}


@pytest.mark.parametrize(("before", "after"), ADVANTAGE_LOST)
def test_an_advantage_that_is_lost_is_tennis_only_decrease(before: str, after: str) -> None:
    legal = Tennis().legal_decrease(tennis(before), tennis(after))

    assert legal == ADVANTAGE_LOST[before, after]


POINTS: Final = {
    ("0-0", "home"): "0-0 15:0",
    ("0-0 40:30", "home"): "1-0",
    ("0-0 40:40", "away"): "0-0 40:A",
    ("0-0 40:A", "away"): "0-1",
    ("5-4 40:0", "home"): "6-4 0-0",
    ("6-5 0:40", "away"): "6-6 (0:0)",
    ("6-6 (6:5)", "home"): "7-6 0-0",
    ("6-6 (6:6)", "home"): "6-6 (7:6)",
    ("6-4 5-0 40:0", "home"): "6-4 6-0 0-0",
}


@pytest.mark.parametrize(("before", "team"), POINTS)
def test_a_point_makes_games_and_sets_by_the_rules(before: str, team: str) -> None:
    after = tennis(POINTS[before, team])

    assert Tennis().step(tennis(before), after) == team


def test_a_match_tiebreak_stands_in_place_of_the_last_set() -> None:
    doubles = Tennis(last_set="match_tiebreak", no_ad=True)

    assert doubles.step(tennis("6-4 4-5 0:40"), tennis("6-4 4-6 0-0 (0:0)")) == "away"
    assert doubles.step(tennis("6-4 4-6 0-0 (9:8)"), tennis("6-4 4-6 1-0 0-0")) == "home"
    assert doubles.step(tennis("0-0 40:40"), tennis("1-0")) == "home"
    assert doubles.next_scores(tennis("6-4 4-6 1-0 0-0")) == ()


def test_a_last_set_of_advantage_has_no_tiebreak() -> None:
    assert Tennis(best_of=1, last_set="advantage").step(tennis("5-6 40:0"), tennis("6-6")) == "home"


@pytest.mark.parametrize("games", ["6-3 0-0", "7-5 0-0", "7-6 0-0"])
def test_a_game_of_a_set_is_behind_only_an_end_that_it_can_reach(games: str) -> None:
    end = tennis(games)

    assert Tennis().is_behind(tennis("5-3 15:40"), end)
    assert not Tennis().is_behind(tennis("5-6"), tennis("7-5 0-0"))
    assert not Tennis().is_behind(tennis("6-4 2-0"), tennis("4-6 3-0"))


IMPOSSIBLE: Final[dict[str, Callable[[], object]]] = {
    "a set won that no set shows": lambda: TennisScore(1, 0),
    "five points in a game": lambda: TennisScore.of(points=(5, 3)),
    "fewer than no games": lambda: TennisScore.of(games=(-1, 0)),
    "runs without an innings": lambda: CricketScore(10, 0),
    "eleven wickets": lambda: Innings("home", wickets=11),
    "an inning before the first": lambda: BaseballScore(0, 0, 0),
    "fewer than no rounds": lambda: EsportsScore(0, 0, -1, 0),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_no_score_says_what_cannot_be(what: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        IMPOSSIBLE[what]()


@given(st.integers(0, 120), st.integers(0, 120), st.integers(0, 120), st.integers(0, 120))
def test_a_three_made_a_two_is_basketballs_only_decrease(
    home: int, away: int, then_home: int, then_away: int
) -> None:
    legal = Basketball().legal_decrease(Score(home, away), Score(then_home, then_away))

    of_home = then_home == home - 1 and then_away == away and home >= 3
    of_away = then_away == away - 1 and then_home == home and away >= 3
    assert legal == (of_home or of_away)


def test_one_play_of_baseball_brings_up_to_four_runs_to_the_side_at_bat() -> None:
    policy, top = Baseball(), BaseballScore(2, 1, 5, "top")

    assert policy.step(top, BaseballScore(2, 5, 5, "top")) == "away"
    assert policy.step(top, BaseballScore(2, 6, 5, "top")) is None
    assert policy.step(top, BaseballScore(3, 1, 5, "top")) is None
    assert policy.step(top, BaseballScore(2, 2, 5, "bottom")) is None
    assert policy.is_behind(top, BaseballScore(4, 2, 5, "bottom"))
    assert not policy.is_behind(top, BaseballScore(3, 1, 5, "top"))
    assert not policy.legal_decrease(BaseballScore(2, 5, 5), BaseballScore(2, 4, 5))


def test_who_bats_last_and_leads_has_won() -> None:
    won = BaseballScore(4, 3, 10, "bottom")

    assert Baseball().next_scores(won) == ()
    assert Baseball().step(BaseballScore(3, 3, 10, "bottom"), won) == "home"
    assert not Baseball().is_behind(won, BaseballScore(4, 4, 11, "top"))


def test_rounds_are_gone_with_their_map_and_may_be_cleared_before_it() -> None:
    policy, late = Esports(best_of=3), EsportsScore(0, 0, 12, 9)

    assert policy.step(late, EsportsScore(1, 0)) == "home"
    assert policy.step(late, EsportsScore(0, 0, 12, 10)) == "away"
    assert policy.legal_decrease(late, EsportsScore(0, 0))
    assert not policy.legal_decrease(late, EsportsScore(0, 0, 11, 9))
    assert not policy.legal_decrease(late, EsportsScore(1, 0))
    assert policy.is_behind(late, EsportsScore(1, 0, 3, 0))
    assert policy.next_scores(EsportsScore(2, 0)) == ()


def innings(runs: int, wickets: int, balls: int) -> CricketScore:
    return CricketScore.of(Innings("home", 187, 5, 120), Innings("away", runs, wickets, balls))


@pytest.mark.parametrize(
    ("then", "team"),
    [
        (innings(18, 1, 16), "away"),
        (innings(12, 1, 16), "home"),
        (innings(12, 2, 16), "home"),
        (innings(17, 1, 15), "away"),
        (innings(12, 2, 15), "home"),
        (innings(19, 1, 16), None),
        (innings(13, 1, 17), None),
        (innings(12, 3, 16), None),
    ],
)
def test_a_delivery_is_crickets_step(then: CricketScore, team: str | None) -> None:
    assert Cricket().step(innings(12, 1, 15), then) == team


@pytest.mark.parametrize(
    ("then", "legal"),
    [
        (innings(12, 0, 15), True),
        (innings(13, 1, 14), True),
        (innings(13, 0, 14), True),
        (innings(11, 1, 15), False),
        (innings(12, 1, 14), False),
        (CricketScore.of(Innings("home", 187, 4, 120)), False),
    ],
)
def test_a_batter_given_back_and_a_late_no_ball_are_crickets_only_decreases(
    then: CricketScore, *, legal: bool
) -> None:
    assert Cricket().legal_decrease(innings(12, 1, 15), then) == legal


def test_an_innings_ends_with_its_overs_its_wickets_or_the_chase() -> None:
    assert Cricket().next_scores(innings(188, 3, 100)) == ()
    assert Cricket().next_scores(innings(100, 10, 100)) == ()
    assert Cricket().next_scores(innings(100, 3, 20 * OVER)) == ()
    assert Cricket().next_scores(innings(187, 3, 100))
    assert innings(12, 1, 15).text == "home 187/5 20.0, away 12/1 2.3"


TRADED: Final[dict[Sport, tuple[str, str]]] = {
    "tennis": ("S2", "pre"),
    "basketball": ("OT", "HT"),
    "baseball": ("T5", "END"),
    "cricket": ("I2", "break"),
    "esports": ("M3", "pre"),
}


@pytest.mark.parametrize("sport", TRADED)
def test_each_sport_knows_the_periods_that_its_markets_count(sport: Sport) -> None:
    traded, other = TRADED[sport]
    policy = POLICIES[sport]

    assert policy.is_traded_in(traded)  # type: ignore[arg-type]  # periods of other sports
    assert not policy.is_traded_in(other)  # type: ignore[arg-type]  # the same
    assert not policy.is_traded_in("")  # type: ignore[arg-type]  # the same


def test_each_sport_begins_where_its_policy_can_go_on() -> None:
    assert set(POLICIES) == set(FIRST)
    for sport, policy in POLICIES.items():
        assert policy.admits(FIRST[sport])
        assert policy.next_scores(FIRST[sport])
