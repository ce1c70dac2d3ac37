"""Child processes say one line, leave when their input ends, and never outlive us."""

from pathlib import Path

import pytest

from actors.runtime.process import ChildFailed, child_process, read_handshake


def module(tmp_path: Path, text: str) -> Path:
    (tmp_path / "guest.py").write_text(text)
    return tmp_path


async def test_a_child_says_its_line_and_leaves_when_its_input_ends(tmp_path: Path) -> None:
    root = module(
        tmp_path,
        'import sys\nprint(\'{"v": 1, "rest": "here"}\', flush=True)\nsys.stdin.read()\n',
    )

    async with child_process("guest", ["guest"], root=root, log=tmp_path / "log") as child:
        said = await child.first_line(20)

    assert said["rest"] == "here"
    assert await child.wait() == 0


async def test_a_child_that_ends_before_it_is_up_is_named(tmp_path: Path) -> None:
    root = module(tmp_path, "raise SystemExit(3)\n")

    async with child_process("guest", ["guest"], root=root, log=tmp_path / "log") as child:
        with pytest.raises(ChildFailed, match=r"guest: ended before it was up \(exit code 3\)"):
            await child.first_line(20)


async def test_a_child_that_says_nothing_is_given_up_and_ended(tmp_path: Path) -> None:
    root = module(tmp_path, "import sys\nsys.stdin.read()\n")

    async with child_process("guest", ["guest"], root=root, log=tmp_path / "log") as child:
        with pytest.raises(ChildFailed, match="said nothing"):
            await child.first_line(0.2)

    assert await child.wait() == 0


@pytest.mark.parametrize("line", [b"", b"hello", b"[]", b'{"v": 2}', b"[" * 100_000])
def test_only_a_handshake_is_a_handshake(line: bytes) -> None:
    with pytest.raises(ChildFailed, match="guest: not a handshake"):
        read_handshake(line, "guest")
