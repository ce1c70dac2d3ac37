"""The experiment's laws: half the error of pre-match prices alone, and no limit lifted."""

import re

from actors.cli.fair import run_fair
from actors.cli.tools import main


def test_our_values_are_twice_as_good_and_no_limit_rises() -> None:
    said: list[str] = []
    code = run_fair(matches=5, seed=3, say=said.append)

    assert code == 0, said
    assert len([line for line in said if "pre-match only  p50" in line or "ours " in line]) >= 4
    (rises,) = [line for line in said if line.startswith("book ahead")]
    assert re.search(r": 0 limits rose", rises)


def test_the_same_seed_says_the_same() -> None:
    one: list[str] = []
    other: list[str] = []
    run_fair(matches=1, seed=9, say=one.append)
    run_fair(matches=1, seed=9, say=other.append)

    assert one == other


def test_it_is_a_tool() -> None:
    assert main(["fair", "--matches", "1", "--seed", "1"]) in {0, 1}
