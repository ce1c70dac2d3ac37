"""Brings the official clients into the folder ``interop`` of the virtual environment.

Versions are pinned, and npm's packages by their hashes. A client that cannot be had is said in one
line and is no failure: its tests are skipped then.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

CLIENTS: Final = Path(__file__).resolve().parent / "clients"
HOME: Final = Path(sys.prefix) / "interop"
JAVASCRIPT: Final = HOME / "js"
PYTHON: Final = HOME / "py"
INSTALL_S: Final = 300.0


def fails(command: list[str]) -> str:
    """Run ``command``; return why it failed in one line, empty if it did not."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return "" if done.returncode == 0 else (words or [f"exit {done.returncode}"])[-1]


def javascript() -> str:
    """Install the JavaScript client; return why not, if so."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "there is no npm"
    JAVASCRIPT.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CLIENTS / name, JAVASCRIPT / name)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    return fails([npm, "ci", "--prefix", str(JAVASCRIPT), *quiet])


def python() -> str:
    """Install the Python client, in an environment of its own; return why not, if so."""
    interpreter = PYTHON / "bin" / "python"
    if not interpreter.exists():
        why = fails([sys.executable, "-m", "venv", str(PYTHON)])
        if why:
            return why
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check", "--no-deps"]
    wanted = str(CLIENTS / "requirements.txt")
    return fails([str(interpreter), "-m", "pip", "install", *quiet, "-r", wanted])


def main() -> None:
    """Install both, as far as they can be."""
    for name, install in (("the JavaScript client", javascript), ("the Python client", python)):
        why = install()
        if why:
            print(f"touchline: NOT INSTALLED: {name}: {why}")  # noqa: T201 - it is said to a person


if __name__ == "__main__":
    main()
