"""Laws of a goal's review: every word is heard in every phase, and what blocks is lifted again."""

from itertools import product
from typing import cast

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.messages.race import UNTOLD, Cause, MatchDoubt
from actors.model.score import GoalKey, MatchId
from actors.risk.review import CLOSED, PHASES, WORDS, Case, Phase, Word, advance, cut, word_of

KEY = GoalKey(MatchId("match"), 0, "1-0")
words = st.lists(st.sampled_from(WORDS), max_size=20)


def doubt(cause: str, reason: str = "", *, in_doubt: bool = True) -> MatchDoubt:
    return MatchDoubt(
        match="match", in_doubt=in_doubt, reason=reason, key=KEY, cause=cast("Cause", cause)
    )


@pytest.mark.parametrize(("phase", "word"), list(product(PHASES, WORDS)))
def test_every_word_is_heard_in_every_phase(phase: str, word: str) -> None:
    assert advance(phase, word) in PHASES  # type: ignore[arg-type]  # one of them each


@given(said=words)
def test_what_is_overturned_stays_so_until_it_is_scored_again(said: list[Word]) -> None:
    case = Case(phase="overturned")
    for word in said:
        before = case.phase
        case.hear(word)
        if before == "overturned":
            assert case.phase == ("scored_again" if word == "goal" else "overturned")


@given(said=words)
def test_from_every_phase_that_blocks_entries_a_word_leads_out(said: list[Word]) -> None:
    case = Case()
    for word in said:
        case.hear(word)
    if case.phase in CLOSED:
        assert advance(case.phase, "upheld") == "stands"
        assert advance(case.phase, "verdict") == "overturned"


@pytest.mark.parametrize("phase", [each for each in PHASES if each != "overturned"])
@pytest.mark.parametrize("word", ["review", "reversal"])
def test_whoever_doubts_a_goal_that_counts_closes_its_match(phase: Phase, word: Word) -> None:
    assert advance(phase, word) in CLOSED


@pytest.mark.parametrize("phase", PHASES)
def test_a_verdict_ends_every_goal_and_what_blocks_is_what_is_not_sure(phase: Phase) -> None:
    assert advance(phase, "verdict") == "overturned"
    assert (phase in CLOSED) == (phase in {"under_review", "withdrawn", "in_doubt"})


@given(said=words)
def test_hearing_the_same_word_twice_is_hearing_it_once(said: list[Word]) -> None:
    case = Case()
    for word in said:
        case.hear(word)
        assert not case.hear(word) or word == "goal"


def test_a_review_without_an_end_is_a_doubt_that_an_agreed_score_ends() -> None:
    case = Case()
    assert case.hear(word_of(doubt("goal_review")))
    assert case.hear(word_of(doubt("goal_review", UNTOLD, in_doubt=False)))
    assert case.phase == "in_doubt"
    assert advance(case.phase, "agreed") == "stands"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (doubt("score", "went back"), {"hold": "sell", "halve": "sell", "flatten": "sell"}),
        (
            doubt("score", "overturned", in_doubt=False),
            {"hold": "sell", "halve": "sell", "flatten": "sell"},
        ),
        (doubt("goal_review"), {"hold": None, "halve": "halve", "flatten": "sell"}),
        (doubt("review"), {"hold": None, "halve": None, "flatten": None}),
        (
            attrs.evolve(doubt("score", "shows 0-1"), takes_back=False),
            {"hold": None, "halve": None, "flatten": None},
        ),
        (
            # Of an earlier process, which has done what there was to do.
            attrs.evolve(doubt("goal_review", "doubted before a restart"), takes_back=False),
            {"hold": None, "halve": None, "flatten": None},
        ),
        (
            doubt("score", "stands", in_doubt=False),
            {"hold": "keep", "halve": "keep", "flatten": "keep"},
        ),
        (
            doubt("goal_review", UNTOLD, in_doubt=False),
            {"hold": None, "halve": None, "flatten": None},
        ),
    ],
)
def test_what_is_done_to_the_lots_is_what_the_word_and_the_profile_say(
    said: MatchDoubt, asked: dict[str, str | None]
) -> None:
    for on_open, expected in asked.items():
        assert cut(said, on_open) == expected  # type: ignore[arg-type]  # one of the three
