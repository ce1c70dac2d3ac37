"""Where a process can be reached: one place after the other, and never a path too long."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.cli.errors import Misuse
from actors.cli.places import reachable, socket_of
from actors.config.state import StateFolder


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a name that leaves room for a socket's, wherever the tests keep theirs."""
    with tempfile.TemporaryDirectory(prefix="tl") as name:
        yield Path(name)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(root=tmp_path / "state")
    folder.make()
    return folder


def test_a_service_manager_s_folder_comes_first_and_gets_the_health_too(
    short: Path, state: StateFolder
) -> None:
    given = {"RUNTIME_DIRECTORY": f"{short}:/other", "XDG_RUNTIME_DIR": "/elsewhere"}
    with reachable(state, given) as places:
        assert places.socket == short / "control.sock"
        assert places.health == short / "health.json"
        assert socket_of(state.root) == places.socket

    assert short.is_dir(), "it is not ours to take away"
    with pytest.raises(Misuse, match="nobody runs there"):
        socket_of(state.root)


def test_else_the_session_s_folder_has_one_of_ours_that_nobody_else_may_enter(
    short: Path, state: StateFolder
) -> None:
    given = {"XDG_RUNTIME_DIR": str(short)}
    with reachable(state, given) as places:
        folder = places.socket.parent
        assert folder.parent == short
        assert folder.stat().st_mode & 0o777 == 0o700
        assert places.health == state.root / "health.json"
    assert not folder.exists()
    with reachable(state, given) as again:
        assert again.socket == places.socket, "one state folder, one place"


def test_else_a_temporary_one_which_is_gone_afterwards(state: StateFolder) -> None:
    with reachable(state, {}) as places:
        folder = places.socket.parent
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_a_path_that_a_socket_cannot_have_is_refused(tmp_path: Path, state: StateFolder) -> None:
    with (
        pytest.raises(Misuse, match="longer than 100 bytes; set RUNTIME_DIRECTORY"),
        reachable(state, {"RUNTIME_DIRECTORY": f"{tmp_path}/{'x' * 100}"}),
    ):
        pass


def test_what_a_killed_process_left_is_replaced(short: Path, state: StateFolder) -> None:
    given = {"RUNTIME_DIRECTORY": str(short)}
    temporary = Path(tempfile.mkdtemp(prefix="touchline-"))
    for left in (short / "gone" / "control.sock", temporary / "control.sock"):
        (state.root / "control.sock").symlink_to(left)
        with reachable(state, given) as places:
            assert socket_of(state.root) == places.socket

    assert not temporary.exists(), "nobody else would take it away"
    assert short.is_dir()
