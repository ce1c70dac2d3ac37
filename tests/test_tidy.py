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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_in_a_head_and_a_function_on_a_screen(path: Path) -> None:
    text = path.read_text("utf-8")

    assert text.startswith('"""'), "every module says first what it is for"
    assert text.count("\n") <= 400
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno
        assert length < 70, function.name


@pytest.mark.parametrize("path", SOURCES[1:], ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_imports_the_supervisor(path: Path) -> None:
    if path.is_relative_to(ROOT / "actors" / "cli"):
        return
    imported = {
        alias.name
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(parsed(path)) if isinstance(node, ast.ImportFrom)}

    assert "supervisor" not in imported


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
