"""Every run has its folder: a new one for a simulated day, the same one for a standing profile."""

from pathlib import Path

import pytest

from actors.config.state import day_folder, standing_folder

UTC = "20261122T120000Z"


def test_two_days_of_one_second_have_a_folder_each_and_latest_is_the_last(tmp_path: Path) -> None:
    runs = tmp_path / "runs"

    first, second, third = (day_folder(runs, UTC, "2026-07-01", 1) for _ in range(3))

    assert first.root.name == f"{UTC}-2026-07-01-1"
    assert second.root.name == f"{UTC}-2026-07-01-1-2"
    assert third.root.name == f"{UTC}-2026-07-01-1-3"
    assert (runs / "latest").resolve() == third.root
    assert {path.name for path in runs.iterdir()} == {
        "latest",
        *(folder.root.name for folder in (first, second, third)),
    }


def test_something_of_the_user_s_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()

    day_folder(tmp_path, UTC, "2026-07-01", 1)

    assert (tmp_path / "latest").is_dir()
    assert not (tmp_path / "latest").is_symlink()


@pytest.mark.parametrize(
    ("option", "environ", "root"),
    [
        ("/srv/x", {"STATE_DIRECTORY": "/var/a", "XDG_STATE_HOME": "/home/b"}, "/srv/x"),
        (None, {"STATE_DIRECTORY": "/var/a:/var/b", "XDG_STATE_HOME": "/home/b"}, "/var/a"),
        (None, {"XDG_STATE_HOME": "/home/b"}, "/home/b/touchline/prod"),
    ],
)
def test_a_standing_folder_is_the_user_s_or_the_service_s_or_the_home_s(
    option: str | None, environ: dict[str, str], root: str
) -> None:
    assert standing_folder("prod", option, environ).root == Path(root)


def test_without_any_of_them_it_is_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")

    folder = standing_folder("prod", None, {})

    assert folder.root == Path("/home/u/.local/state/touchline/prod")


def test_a_state_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = standing_folder("prod", str(tmp_path / "state"), {})

    folder.make()
    folder.make()

    for made in (folder.root, folder.journal, folder.pages, folder.world):
        assert made.stat().st_mode & 0o007 == 0
