"""What lies beside the repository is found in one way, missed loudly, and missed never in CI."""

from pathlib import Path

import pytest

from tests.shared import ROOT, shared


def test_the_variable_says_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "x.json").write_text("{}")
    monkeypatch.setenv("TOUCHLINE_SHARED", str(tmp_path))

    assert shared("spec", "x.json") == tmp_path / "spec" / "x.json"


@pytest.mark.parametrize("said", ["", None])
def test_without_it_they_are_looked_for_beside_the_checkout(
    said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if said is None:
        monkeypatch.delenv("TOUCHLINE_SHARED", raising=False)
    else:
        monkeypatch.setenv("TOUCHLINE_SHARED", said)

    with pytest.raises(pytest.skip.Exception, match="NOT THERE") as skipped:
        shared("no such file")

    assert str(ROOT.parent / "shared" / "no such file") in str(skipped.value)


def test_in_ci_a_missing_one_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHLINE_SHARED", str(tmp_path))
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="NOT THERE"):
        shared("x")


def test_nobody_looks_for_them_in_another_way() -> None:
    tests = ROOT / "tests"
    looking = {
        str(path.relative_to(tests))
        for path in tests.rglob("*.py")
        if "TOUCHLINE_SHARED" in path.read_text("utf-8")
    }

    assert looking == {"shared.py", "test_shared.py"}
