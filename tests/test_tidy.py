"""House rules about the shape of the code, kept as tests so that nobody has to remember them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "supervisor.py", *sorted((ROOT / "actors").rglob("*.py"))]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# One test each for all files: one for each file and rule would cost more than what it does.
def test_every_module_says_first_what_it_is_for_and_fits_in_a_head() -> None:
    texts = {path: path.read_text("utf-8") for path in SOURCES}

    assert [path for path, text in texts.items() if not text.startswith('"""')] == []
    assert [path for path, text in texts.items() if text.count("\n") > 400] == []


def test_every_function_fits_on_a_screen() -> None:
    long = [
        f"{path}: {function.name}"
        for path in SOURCES
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= 70
    ]

    assert long == []


def imported(path: Path) -> Iterator[str | None]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_only_the_command_line_imports_the_supervisor() -> None:
    others = [path for path in SOURCES[1:] if not path.is_relative_to(ROOT / "actors" / "cli")]

    assert [path for path in others if "supervisor" in imported(path)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_pins_by_hash_and_names_no_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    packages = [line for line in text.splitlines() if line[:1].isalnum()]

    assert "://" not in text
    assert packages
    assert all("==" in line for line in packages)
    assert text.count("--hash=sha256:") >= len(packages)


def test_the_development_lock_pins_what_the_run_time_lock_pins() -> None:
    run, dev = (
        {line.split()[0] for line in (ROOT / name).read_text("utf-8").splitlines() if "==" in line}
        for name in ("requirements.lock", "requirements-dev.lock")
    )

    assert run <= dev
