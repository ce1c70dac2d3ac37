"""Laws of reactions."""

from statistics import median

from hypothesis import given, strategies as st

from actors.model.score import MatchId
from actors.sim.feedtiming import FIVE
from actors.sim.reactions import STUNNED_S, Reactions, Tempers, reactions
from actors.sim.script import Reaction

MATCH = MatchId("KXWCGAME-26JUN28RSACAN")
seeds = st.integers(0, 2**40)


def drawn(seed: int, occasion: str = "goal-1", reaction: Reaction = "drawn") -> Reactions:
    return reactions(seed, MATCH, occasion, makers=3, tempers=Tempers(), reaction=reaction)


@given(seed=seeds)
def test_a_reaction_is_named_by_seed_match_and_occasion_alone(seed: int) -> None:
    assert drawn(seed) == drawn(seed)
    assert drawn(seed) != drawn(seed, "goal-2")
    assert drawn(seed) != drawn(seed + 1)


@given(seed=seeds)
def test_makers_quote_anew_only_after_they_have_pulled(seed: int) -> None:
    for reaction in ("drawn", "slow makers", "faster rival"):
        assert all(pull.after_s < pull.requote_s for pull in drawn(seed, reaction=reaction).pulls)


@given(seed=seeds)
def test_slow_makers_leave_their_quotes_and_nobody_else_comes(seed: int) -> None:
    slow = drawn(seed, reaction="slow makers")

    assert slow.raids == ()
    assert min(pull.after_s for pull in slow.pulls) > 1.5


@given(seed=seeds)
def test_a_faster_rival_is_there_before_any_feed_can_speak(seed: int) -> None:
    fast = drawn(seed, reaction="faster rival")

    first = max(raid.after_s for raid in fast.raids)
    assert first < min(pull.after_s for pull in fast.pulls)
    assert max(pull.after_s for pull in fast.pulls) < min(
        timing.floor_ms / 1000 for timing in FIVE.values()
    )
    assert min(pull.requote_s for pull in fast.pulls) > STUNNED_S


def test_the_first_rival_is_usually_there_before_the_first_maker_has_pulled() -> None:
    races = [drawn(seed) for seed in range(400)]

    raids = [min(raid.after_s for raid in race.raids) for race in races]
    pulls = [min(pull.after_s for pull in race.pulls) for race in races]
    assert 0.15 < median(raids) < median(pulls) < 0.45
