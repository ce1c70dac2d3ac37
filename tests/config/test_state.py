"""A run's state lies where the user, the service manager or the home folder says."""

from pathlib import Path

import pytest

from actors.config.state import day_folder, standing_folder


@pytest.mark.parametrize(
    ("option", "environ", "root"),
    [
        ("/var/a", {"STATE_DIRECTORY": "/var/b"}, "/var/a"),
        (None, {"STATE_DIRECTORY": "/var/b:/var/c"}, "/var/b"),
        (None, {"XDG_STATE_HOME": "/home/x/state"}, "/home/x/state/touchline/prod"),
    ],
)
def test_the_option_stands_above_the_service_managers_folder_and_that_above_the_home(
    option: str | None, environ: dict[str, str], root: str
) -> None:
    assert standing_folder("prod", option, environ).root == Path(root)


def test_a_simulated_day_has_a_folder_of_its_own_and_the_newest_is_latest(tmp_path: Path) -> None:
    runs = tmp_path / "runs"

    first = day_folder(runs, "20261122T120000Z", "2026-07-01", 1)
    second = day_folder(runs, "20261122T120001Z", "2026-07-01", 1)

    assert first.root != second.root
    assert (runs / "latest").resolve() == second.root


def test_a_state_folder_is_ours_and_our_groups_alone(tmp_path: Path) -> None:
    folder = standing_folder("sim", str(tmp_path / "state"), {})

    folder.make()
    folder.make()

    assert folder.journal.is_dir()
    assert folder.root.stat().st_mode & 0o007 == 0


def test_days_of_one_second_have_a_folder_each(tmp_path: Path) -> None:
    first, second, third = (day_folder(tmp_path, "20261122T120000Z", "x", 1) for _ in range(3))

    assert first.root.name == "20261122T120000Z-x-1"
    assert second.root.name == "20261122T120000Z-x-1-2"
    assert third.root.name == "20261122T120000Z-x-1-3"
    assert (tmp_path / "latest").resolve() == third.root
    assert len(list(tmp_path.iterdir())) == 4


def test_something_of_the_user_s_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()

    day_folder(tmp_path, "20261122T120000Z", "x", 1)

    assert (tmp_path / "latest").is_dir()
    assert not (tmp_path / "latest").is_symlink()
