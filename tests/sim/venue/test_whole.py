"""One law over everything that moves money: whatever is done, in whatever order, it stays whole.

A small sample of what ``make prove-venue`` proves over ten thousand histories.
"""

import ast
import json
from pathlib import Path

import pytest

from tests.sim.venue import histories, history_driver, second_ledger
from tests.sim.venue.bustle import Bustle
from tests.sim.venue.history_driver import Batch, live_all

SAMPLE = 60
PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_done_in_whatever_order_books_and_money_stay_whole(part: int) -> None:
    each = SAMPLE // PARTS

    lived = live_all(range(part * each, (part + 1) * each))

    assert lived.failed == []
    assert lived.fills > 0
    assert lived.settlements > 0
    assert lived.returned > 0


def test_the_same_seed_is_the_same_history() -> None:
    assert histories.live(7) == histories.live(7)


def test_a_micro_dollar_out_of_nowhere_is_found() -> None:
    bustle = Bustle(1)
    bustle.venue.floor.account("us").cash_micros[0] += 1

    with pytest.raises(AssertionError, match="shard 0: -1"):
        histories.check(bustle)


def test_a_crossed_book_is_found() -> None:
    bustle = Bustle(1)
    bustle.heard.books["KXWCGAME-26JUN15IRINZL-IRI"]["bid"][5000] = 100

    with pytest.raises(AssertionError):
        histories.check(bustle)


def test_a_history_that_is_not_whole_is_named_with_the_command_that_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def some(first: int, _histories: int, _jobs: int) -> list[Batch]:
        return [Batch(lived=2, failed=[(first + 1, "AssertionError: us is short")])]

    monkeypatch.setattr(history_driver, "batches", some)
    proof = tmp_path / "proofs.jsonl"
    arguments = ["--histories", "2", "--first-seed", "41", "--proof", str(proof)]
    monkeypatch.setattr("sys.argv", ["history_driver.py", *arguments])

    assert history_driver.main() == 1
    said = capsys.readouterr().out
    assert "seed 42: AssertionError: us is short" in said
    assert "--first-seed 42 --histories 1" in said
    line = json.loads(proof.read_text("utf-8"))
    assert (line["target"], line["figure"], line["bar"]) == ("prove-venue", 1, 2)
    assert line["held"] is False


def test_the_second_arithmetic_takes_nothing_of_the_venues_own() -> None:
    tree = ast.parse(Path(second_ledger.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name for name in imported if name and name.startswith(("actors", "tests"))} == {
        "actors.sim.venue.events"
    }
