"""The tools, as users call them: what they print, and what their exit code says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import trio

from actors.cli.tools import main
from actors.messages.codec import JournalCodec
from actors.runtime.env import RealEnv
from actors.runtime.frames import pack
from actors.runtime.journal import Journal
from tests.runtime.journals import opening, roll

RECORDS = 20


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Seeds set up logging for their process; this one goes on without it."""
    yield
    structlog.reset_defaults()


async def write(state: Path) -> None:
    journal = Journal.open(
        RealEnv(),
        str(state / "journal"),
        JournalCodec(),
        opening,
        anchor_file=str(state / "anchors.log"),
    )
    for number in range(RECORDS):
        journal.append(roll(number))
    journal.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a journal and its anchors."""
    trio.run(write, tmp_path)
    return tmp_path


def tool(capsys: pytest.CaptureFixture[str], *line: str | Path) -> tuple[int, str, str]:
    code = main([str(part) for part in line])
    said = capsys.readouterr()
    return code, said.out, said.err


def verify(capsys: pytest.CaptureFixture[str], state: Path) -> tuple[int, list[str]]:
    code, out, err = tool(capsys, "verify", "--journal", state / "journal")
    assert err == ""
    return code, out.splitlines()


def segment(state: Path) -> Path:
    (only,) = (state / "journal").iterdir()
    return only


def test_a_whole_journal_is_sound(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = verify(capsys, state)

    assert code == 0
    last = RECORDS + 2  # the segment's opening before them, the anchor behind
    assert lines[0].startswith(f"1 segments, {last} records (1 to {last}), last anchor ")
    assert lines[1:] == ["sound"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_flipped_bit_is_found_and_its_place_is_named(
    share: float, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = segment(state)
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= 0x10
    path.write_bytes(data)

    code, lines = verify(capsys, state)

    assert code == 1
    problems = [line for line in lines if line.startswith("problem: ")]
    assert problems[0].startswith(f"problem: {path.name}: byte ")
    assert lines[-1] == f"{len(problems)} problems"


def test_an_end_that_was_cut_off_is_known_by_the_anchors_outside(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = segment(state)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"TLJ1")])

    assert verify(capsys, state)[0] == 1
    (state / "anchors.log").unlink()
    assert verify(capsys, state)[0] == 0, "nobody could know"


def test_anchors_kept_elsewhere_can_be_named(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = (state / "anchors.log").rename(tmp_path / "safe.log")
    segment(state).unlink()

    code, out, _ = tool(capsys, "verify", "--journal", state / "journal", "--anchors", elsewhere)

    assert code == 1
    assert "its end is cut off" in out


@pytest.mark.parametrize("name", ["verify", "report"])
def test_a_folder_without_a_journal_is_not_called_sound(
    name: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = ("--out", state / "pages") if name == "report" else ()
    nothing = state / "nothing" / "here"
    nothing.mkdir(parents=True)

    code, _, err = tool(capsys, name, "--journal", nothing, *rest)
    assert code == 2
    assert err == f"touchline: {nothing}: no journal there\n"

    code, _, err = tool(capsys, name, "--journal", state, *rest)
    assert code == 2
    assert err == f"touchline: {state}: no journal there; there is one in {state / 'journal'}\n"


def test_pages_of_a_day_without_a_goal_are_an_index(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = state / "pages"

    code, out, err = tool(capsys, "report", "--journal", state / "journal", "--out", pages)

    assert (code, err) == (0, "")
    assert out == f"0 events, 1 pages: {pages / 'index.html'}\n"
    assert (pages / "index.html").is_file()


def test_pages_that_cannot_be_written_are_one_line(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = state / "taken"
    taken.write_text("")

    code, out, err = tool(capsys, "report", "--journal", state / "journal", "--out", taken)

    assert (code, out) == (2, "")
    assert err == f"touchline: {taken}: File exists\n"


def test_a_journal_that_a_later_program_wrote_is_one_line(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = segment(state)
    path.write_bytes(pack(1, 1, 1, 999, b"{}"))

    code, out, err = tool(capsys, "report", "--journal", path.parent, "--out", state / "pages")

    assert (code, out) == (1, "")
    assert err.startswith(f"touchline: {path.name}: record 1 at byte 0: ")
    assert err.count("\n") == 1


def test_seeds_say_what_each_came_to_and_keep_its_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = tool(
        capsys, "seeds", "--hours", "0.005", "--first-seed", "3", "--state", tmp_path / "kept"
    )

    assert (code, err) == (0, "")
    said, sha256 = out.splitlines()
    assert said.startswith("seed 3: ")
    assert said.endswith(", difference 0")
    assert len(sha256) == 64
    assert (tmp_path / "kept" / "seed-3.tlj").read_bytes().startswith(b"TLJ1")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ((), "the following arguments are required: TOOL"),
        (("verify",), "the following arguments are required: --journal"),
        (("verify", "--journal", "/no/such"), "argument --journal: no such folder: /no/such"),
        (("report", "--journal", "."), "the following arguments are required: --out"),
        (("seeds", "--seeds", "0"), "argument --seeds: must be at least 1: 0"),
        (("seeds", "--seeds", "x"), "argument --seeds: must be a number: x"),
        (("seeds", "--hours", "0"), "argument --hours: must be above 0 and at most 10,000: 0"),
        (("seeds", "--hours", "x"), "argument --hours: must be a number: x"),
    ],
)
def test_misuse_is_told_by_what_is_wrong(
    line: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line)

    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: {why}\n")


def test_every_tool_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "usage: python -m actors [-h] TOOL" in said
    for name, purpose in (
        ("verify", "check every byte of a journal"),
        ("report", "write one page per detected event"),
        ("seeds", "run the whole system from seeds"),
    ):
        assert f"    {name} " in said
        assert purpose in said
