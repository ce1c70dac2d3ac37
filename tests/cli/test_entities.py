"""``python -m actors entities``: what is shown, what is taken, and every fault in one line."""

from pathlib import Path

import pytest

from actors.cli.tools import main
from actors.config.reviewed import (
    PROPOSED,
    REVIEWED,
    AliasRow,
    JoinRow,
    ProposalRow,
    RejectedRow,
    proposed_text,
    reviewed_rows,
)

PROPOSAL = ProposalRow(
    feed="bravo",
    id="77",
    home='Man "Utd"',
    away="Arsenal",
    match="KXEPLGAME-1",
    title="Manchester United vs Arsenal",
    venue_home="Manchester United",
    venue_away="Arsenal",
    kickoff="2026-09-09 19:00 UTC",
    sides="same",
    likeness=0.86,
)
LINE = (
    'bravo 77  Man "Utd" v Arsenal  ->  KXEPLGAME-1  Manchester United vs Arsenal,'
    " 2026-09-09 19:00 UTC  (likeness 0.86)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    there = tmp_path / "entities"
    there.mkdir()
    (there / PROPOSED).write_text(proposed_text([PROPOSAL]), "utf-8")
    return there


def run(folder: Path, *words: str) -> int:
    return main(["entities", *words, "--state", str(folder.parent)])


def rows(folder: Path) -> list[object]:
    return list(reviewed_rows((folder / REVIEWED).read_text("utf-8")))


def test_what_waits_is_shown_with_opponent_and_kick_off(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    assert capsys.readouterr().out.splitlines() == [LINE, "1 wait for review"]


def test_what_is_accepted_is_joined_with_its_names_and_waits_no_more(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / REVIEWED).write_text("# my own words\n", "utf-8")

    assert run(folder, "accept", "bravo", "77") == 0
    assert capsys.readouterr().out == f"accepted: {LINE}\n"
    assert rows(folder) == [
        JoinRow(feed="bravo", id="77", match="KXEPLGAME-1", sides="same"),
        AliasRow(feed="bravo", name='Man "Utd"', venue="Manchester United"),
        AliasRow(feed="bravo", name="Arsenal", venue="Arsenal"),
    ]
    assert (folder / REVIEWED).read_text("utf-8").startswith("# my own words\n")
    assert run(folder) == 0
    assert capsys.readouterr().out == "nothing waits for review\n"
    assert run(folder, "accept", "bravo", "77") == 2


def test_what_is_rejected_is_written_down_in_a_file_that_can_be_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "reject", "bravo", "77") == 0
    assert rows(folder) == [RejectedRow(feed="bravo", id="77")]
    capsys.readouterr()

    assert run(folder, "check") == 0
    assert capsys.readouterr().out == f"1 rows, no fault: {folder / REVIEWED}\n"


FAULTS = {
    '[[joins]]\nfeed = "b"\nid = "7"\nmatch = "K"\nsides = "both"\n': (
        "expected one of 'same', 'swapped', got 'both' @ reviewed.toml.joins[0].sides"
    ),
    '[[joins]]\nfeed = "b"\nid = "7"\nmacth = "K"\nmatch = "K"\nsides = "same"\n': (
        "unknown key 'macth' (did you mean 'match'?) @ reviewed.toml.joins[0]"
    ),
    '[[rejected]]\nfeed = "b"\nid = "7"\n[[rejected]]\nfeed = "b"\n': (
        "missing required key 'id' @ reviewed.toml.rejected[1]"
    ),
    '[[rejected]]\nfeed = "b"\nid = "7"\n[[rejected]]\nfeed = "b"\nid = "7"\n': (
        "b '7' has a row already at reviewed.toml.rejected[0] @ reviewed.toml.rejected[1]"
    ),
    '[[alias]]\nfeed = "b"\n': (
        "'alias' is none of [[joins]], [[rejected]], [[aliases]] @ reviewed.toml line 1"
    ),
    'name = "x"\n': (
        "'name' is none of [[joins]], [[rejected]], [[aliases]] @ reviewed.toml line 1"
    ),
    '[[rejected]]\nfeed = "b"\nid = ""\n': (
        "id has 1 to 200 characters, not 0 @ reviewed.toml.rejected[0]"
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values())
def test_a_fault_of_the_persons_is_one_line_that_names_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    text = next(text for text, line in FAULTS.items() if line == fault)
    (folder / REVIEWED).write_text(text, "utf-8")

    for words in (["check"], ["list"], ["accept", "bravo", "77"]):
        assert run(folder, *words) == 2
        assert capsys.readouterr().err == f"touchline: entities: {fault}\n"
    assert (folder / REVIEWED).read_text("utf-8") == text, "and the file is left as it was"


def test_what_is_no_toml_names_the_line_where_its_row_begins(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / REVIEWED).write_text('# one\n[[rejected]]\nfeed = "b"\nid = 7"\n', "utf-8")

    assert run(folder, "check") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("@ reviewed.toml line 2 and after")


@pytest.mark.parametrize(
    "words", [["accept"], ["accept", "bravo"], ["list", "bravo"], ["check", "bravo", "77"]]
)
def test_accept_and_reject_take_a_feed_and_an_id_and_nothing_else_does(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(folder, *words) == 2
    assert "accept and reject take FEED and ID" in capsys.readouterr().err


def test_where_nothing_was_ever_proposed_nothing_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "none") == 0
    assert capsys.readouterr().out == "nothing waits for review\n"
