"""What the peers need on this machine; whatever is missing is installed, or said in one line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
BUILD: Final = HERE / "build"
NODE_HOME: Final = BUILD / "node"
INSTALL_S: Final = 600.0


class NotHere(Exception):
    """A peer that cannot be had on this machine, and why."""


def c_floor() -> Sequence[str]:
    """Build the C client; return its command line.

    Raises:
        NotHere: There is no compiler, or no OpenSSL to compile against.
    """
    program, source = BUILD / "floor", HERE / "peers" / "floor.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        compiler = _tool("gcc", "gcc", "libc6-dev", "libssl-dev")
        command = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)]
        command += ["-lssl", "-lcrypto"]
        if _fails(command):
            _apt("libc6-dev", "libssl-dev")
            why = _fails(command)
            if why:
                raise NotHere(f"gcc: {why}")
    return [str(program)]


def node() -> Sequence[str]:
    """Install ``ws`` for Node; return the command line of the Node client.

    Raises:
        NotHere: There is no Node, or npm could not bring ``ws``.
    """
    interpreter = _tool("node", "nodejs", "npm")
    if not (NODE_HOME / "node_modules" / "ws").is_dir():
        npm = _tool("npm", "npm")
        NODE_HOME.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        why = _fails([npm, "install", "--prefix", str(NODE_HOME), *quiet, "ws"])
        if why:
            raise NotHere(f"npm install ws: {why}")
    return [interpreter, str(HERE / "peers" / "node_client.js")]


def bare_trio() -> Sequence[str]:
    """Return the command line of the bare trio client."""
    return [sys.executable, str(HERE / "peers" / "bare_trio.py")]


def naive_httpx() -> Sequence[str]:
    """Return the command line of the httpx client."""
    return [sys.executable, str(HERE / "peers" / "naive_httpx.py")]


PEERS: Final[dict[str, Callable[[], Sequence[str]]]] = {
    "c_floor": c_floor,
    "bare_trio": bare_trio,
    "node": node,
    "naive_httpx": naive_httpx,
}
"""How each peer is had; each returns its command line or raises ``NotHere``."""


def _tool(name: str, *packages: str) -> str:
    if shutil.which(name) is None:
        _apt(*packages)
    found = shutil.which(name)
    if found is None:
        raise NotHere(f"no {name} on this machine")
    return found


def _apt(*packages: str) -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        why = "no apt-get here" if apt is None else "installing them needs root"
        raise NotHere(f"missing: {' '.join(packages)}; {why}")
    print(f"installing {' '.join(packages)}", flush=True)
    _fails([apt, "update", "-qq"])
    why = _fails([apt, "install", "-y", "-qq", "--no-install-recommends", *packages])
    if why:
        raise NotHere(f"apt-get install {' '.join(packages)}: {why}")


def _fails(command: Sequence[str]) -> str:
    """Run a command; return the last line of what it complained about, empty if it did its work."""
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=INSTALL_S,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired:
        return f"not done after {INSTALL_S:g} s"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"exit code {done.returncode}"
