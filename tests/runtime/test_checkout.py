"""The journal names the code that wrote it, or nothing."""

import subprocess
from pathlib import Path

import pytest

from actors.runtime import checkout


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *words],  # noqa: S607 - git made the checkout
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("then", [(), ("pack-refs", "--all"), ("checkout", "--detach", "-q")])
def test_the_commit_is_the_one_that_git_names(tmp_path: Path, then: tuple[str, ...]) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "a")
    if then:
        git(tmp_path, *then)

    assert checkout.commit(tmp_path) == git(tmp_path, "rev-parse", "HEAD")


@pytest.mark.parametrize("kind", [("-b", "b"), ("--detach",)])
def test_a_linked_worktree_names_its_own_commit(tmp_path: Path, kind: tuple[str, ...]) -> None:
    main, linked = tmp_path / "main", tmp_path / "linked"
    main.mkdir()
    git(main, "init", "-q")
    git(main, "commit", "-q", "--allow-empty", "-m", "a")
    git(main, "worktree", "add", "-q", *kind, str(linked))
    git(main, "commit", "-q", "--allow-empty", "-m", "b")

    assert checkout.commit(linked) == git(linked, "rev-parse", "HEAD") != checkout.commit(main)


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    assert checkout.commit(tmp_path) == ""


def test_a_file_that_is_not_there_has_no_hash(tmp_path: Path) -> None:
    assert checkout.file_sha256(tmp_path / "none") == ""
