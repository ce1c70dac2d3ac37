"""What the process says to somebody's mistake: its lines, its exit code, and nothing of ours.

Real processes; ``tests/cli/test_run.py`` has the many cases that need none.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.system.stage import ROOT, Said, program, trader, world


async def run(*line: str | Path) -> Said:
    return await program(sys.executable, *line)


@pytest.mark.parametrize(
    ("line", "target"),
    [
        (("supervisor.py", "--profile", "sim"), "demo"),
        (("-m", "actors", "verify"), "setup"),
        (("-m", "actors.sim"), "setup"),
    ],
    ids=["supervisor", "tools", "world"],
)
async def test_a_missing_package_is_one_line_that_says_what_to_do(
    line: tuple[str, ...], target: str
) -> None:
    # Without `site` the interpreter has its own library and no package beside it.
    said = await run("-S", *line)

    assert said.code == 1
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("touchline: ")
    assert said.err.endswith(f" is not installed here; run: make {target}\n")


def old_pythons() -> Iterator[Path]:
    """Find interpreters below our floor, by name and where pyenv keeps its own."""
    for name in ("python3.10", "python3.9", "python3.8"):
        found = shutil.which(name)
        if found:
            yield Path(found)
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in (10, 9, 8):
        yield from sorted(versions.glob(f"3.{minor}.*/bin/python3"))


async def test_an_interpreter_that_is_too_old_is_one_line_that_says_so(tmp_path: Path) -> None:
    make = shutil.which("make")
    for old in old_pythons():
        # A shim may stand for a version that is not chosen.
        asked = await program(old, "-c", "import sys; print(sys.version_info < (3, 11))")
        if asked.out == "True\n" and make is not None:
            break
    else:
        pytest.skip("NO PYTHON BELOW 3.11 (OR NO MAKE) ON THIS MACHINE")

    said = await program(
        make, "--no-print-directory", "demo", f"PY={old}", f"VENV={tmp_path / 'venv'}"
    )

    assert said.code == 2
    assert said.out == ""
    (line,) = [line for line in said.lines if not line.startswith("make")]
    assert line.startswith("touchline: need Python >= 3.11, found 3.")
    assert not (tmp_path / "venv").exists()


async def test_a_key_that_others_may_read_is_refused_in_one_line(tmp_path: Path) -> None:
    async with world(tmp_path, "--hold") as beside:
        pem = beside.handshake["key"]["pem_file"]
        await trio.Path(pem).chmod(0o640)
        async with trader(tmp_path, "--world", str(beside.file)) as running:
            assert await running.ended() == 78

    assert running.errors == (
        f"touchline: key: {pem}: mode 0640 lets others in; run: chmod 600 {pem}\n"
    )
    assert running.output == ""


async def test_an_unknown_match_day_leaves_nothing_behind() -> None:
    said = await run("supervisor.py", "--profile", "sim", "--matchday", "2026-07-08")

    assert said.code == 2
    assert said.err == (
        "touchline: --matchday: no matches on '2026-07-08'; "
        "did you mean 2026-07-18 or 2026-07-10 or 2026-07-09?\n"
    )
    assert list(ROOT.glob("runs/*2026-07-08*")) == []
