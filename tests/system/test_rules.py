"""The list of rules that ``make prove-rules`` gets wrong is about the code as it stands."""

from collections import Counter
from pathlib import Path

import pytest

from tests.system.rule_driver import Broken, first_failure
from tests.system.rules.lists import LISTS, TESTS, mutants
from tests.system.stage import ROOT


@pytest.mark.parametrize("file", [file for part in LISTS.values() for file in part])
def test_every_rule_on_the_list_stands_in_its_file_once(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")

    for mutant in mutants():
        if mutant.file == file:
            assert text.count(mutant.old) == 1, mutant.rule
            assert mutant.new != mutant.old


def test_no_change_is_listed_twice_and_every_test_that_is_run_is_there() -> None:
    changes = Counter((each.file, each.old, each.new) for each in mutants())

    assert [each for each, times in changes.items() if times > 1] == []
    run = {test for each in mutants() for test in TESTS[each.file]}
    assert [each for each in sorted(run) if not (ROOT / each).is_file()] == []
    assert TESTS.keys() == {each.file for each in mutants()}


@pytest.mark.parametrize(
    ("text", "said"),
    [("assert 1 + 1 == 2", ""), ("assert 1 + 1 == 3", "test_sum.py::test_sum")],
)
def test_the_first_failure_is_named_and_none_is_none(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "test_sum.py").write_text(f"def test_sum() -> None:\n    {text}\n", "utf-8")

    assert first_failure(tmp_path, ["test_sum.py"]) == said


def test_tests_that_cannot_be_run_are_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(Broken):
        first_failure(tmp_path, ["test_nowhere.py"])
