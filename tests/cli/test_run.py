"""Every way of starting it wrongly is one clear line for each fault, and an exit code."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from actors.audit.errors import NotReconciled
from actors.cli.codes import exit_code, why
from actors.cli.run import run
from actors.config.state import StateFolder
from actors.messages.codec import JournalCodec
from actors.messages.records import Segment
from actors.runtime.env import RealEnv
from actors.runtime.errors import Escalated
from actors.runtime.frames import pack
from actors.runtime.journal import Journal
from actors.sim.feedtiming import FIVE

WRONG = "touchline: "


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A run sets up logging for its process; this one goes on without it."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def said(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The handshake of a world of which only the door is there."""
    pem = tmp_path / "trader.pem"
    pem.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    pem.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield {
            "v": 1,
            "rest": "http://127.0.0.1:1/trade-api/v2",
            "ws": "ws://127.0.0.1:1/trade-api/ws/v2",
            "ca_file": "",
            "key": {"id": "k", "pem_file": str(pem)},
            "feeds": {name: {"url": "ws://127.0.0.1:1/ws"} for name in FIVE},
            "control": f"127.0.0.1:{door.getsockname()[1]}",
            "speed": 60.0,
        }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "world.json"


def refused(
    capsys: pytest.CaptureFixture[str], state: Path, *arguments: str | Path, profile: str = "sim"
) -> tuple[int, list[str]]:
    """Run it, and return its exit code and its lines without their prefix."""
    line = ["--profile", profile, "--state", str(state), *map(str, arguments)]
    code = run(line)
    out = capsys.readouterr()
    assert out.out == ""
    assert "Traceback" not in out.err
    lines = out.err.splitlines()
    assert all(each.startswith(WRONG) for each in lines), out.err
    return code, [each.removeprefix(WRONG) for each in lines]


def bad_keys(folder: Path, pem: Path) -> Iterator[tuple[Path, str]]:
    """Make key files that must not be used, and yield each with the line about it."""
    paths = {name: folder / f"{name}.pem" for name in ("open", "link", "nonsense", "huge", "gone")}
    for name in ("open", "nonsense", "huge"):
        paths[name].touch(0o600)
    paths["open"].write_bytes(pem.read_bytes())
    paths["open"].chmod(0o644)
    paths["link"].symlink_to(pem)
    paths["nonsense"].write_text("swordfish")
    paths["huge"].write_bytes(b"x" * 100_000)

    yield paths["open"], f"mode 0644 lets others in; run: chmod 600 {paths['open']}"
    yield paths["link"], "is a symbolic link; name the key file itself"
    yield paths["nonsense"], "no private key in PEM format"
    yield paths["huge"], "larger than any key file (65536 bytes)"
    yield paths["gone"], "No such file or directory"
    yield folder, "is not a regular file"


def test_a_bad_key_file_is_one_line_and_78(
    tmp_path: Path,
    state: Path,
    said: dict[str, Any],
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path, fault in bad_keys(tmp_path, Path(said["key"]["pem_file"])):
        said["key"]["pem_file"] = str(path)
        file.write_text(json.dumps(said))

        assert refused(capsys, state, "--world", file) == (78, [f"key: {path}: {fault}"])


def test_a_profile_s_faults_are_listed_all_at_once(
    tmp_path: Path,
    state: Path,
    said: dict[str, Any],
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file.write_text(json.dumps(said))
    bad = tmp_path / "bad.toml"
    bad.write_text('extends = "sim"\nfoo = 1\n[orders]\nresponse = 1\n[race]\nwindow_s = "soon"\n')

    code, lines = refused(capsys, state, "--world", file, profile=str(bad))

    assert code == 2
    assert sorted(lines) == [
        "expected a number, got str 'soon' @ bad.toml.race.window_s",
        "unknown key 'foo' @ bad.toml",
        "unknown key 'response' (did you mean 'response_s'?) @ bad.toml.orders",
    ]


def test_addresses_and_zones_that_name_nothing_are_faults_of_the_profile(
    tmp_path: Path,
    state: Path,
    said: dict[str, Any],
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said["feeds"]["signalr"]["url"] = "nonsense"
    file.write_text(json.dumps(said))
    bad = tmp_path / "bad.toml"
    bad.write_text('extends = "sim"\n[venue]\nrest = "ftp://x/y"\n[run]\nday_zone = "Mars/Base"\n')

    assert refused(capsys, state, "--world", file, profile=str(bad)) == (
        2,
        [
            "not an http(s) or ws(s) URL: 'ftp://x/y' @ bad.toml.venue.rest",
            "not an http(s) or ws(s) URL: 'nonsense' @ bad.toml.feeds[1].url",
            "not a time zone: 'Mars/Base' @ bad.toml.run.day_zone",
        ],
    )


def test_a_profile_that_is_not_there_names_those_that_are(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (line,) = refused(capsys, state, profile="sin")

    assert code == 2
    assert line.startswith("sin: no such profile (shipped: ")
    assert "sim" in line
    assert not state.exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hello", "not a handshake: b'hello'"),
        ("", "not a handshake: b''"),
        ('{"v": 2}', "not a handshake of version 1: b'{\"v\": 2}'"),
        ('{"v": 1}', "not a speed in its handshake: None"),
        ('{"v": 1, "speed": "fast"}', "not a speed in its handshake: 'fast'"),
        ('{"v": 1, "speed": 0}', "not a speed in its handshake: 0"),
        ('{"v": 1, "speed": 1e999}', "not a speed in its handshake: inf"),
        ('{"v": 1, "speed": 1}', "not a door in its handshake: None"),
        ('{"v": 1, "speed": 1, "control": "x:y"}', "not a door in its handshake: 'x:y'"),
        ('{"v": 1, "speed": 1, "control": "127.0.0.1:1"}', "nobody answers at 127.0.0.1:1"),
    ],
)
def test_a_file_that_is_no_world_s_handshake_is_one_line_and_69(
    text: str, line: str, state: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(text)

    assert refused(capsys, state, "--world", file) == (69, [f"world: {file}: {line}"])


def test_a_world_file_that_cannot_be_read_is_one_line_and_69(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"

    assert refused(capsys, state, "--world", gone) == (
        69,
        [f"world: {gone}: No such file or directory"],
    )
    assert refused(capsys, state, "--world", tmp_path) == (
        69,
        [f"world: {tmp_path}: Is a directory"],
    )


def test_what_a_handshake_does_not_name_is_a_fault_of_the_profile(
    state: Path, said: dict[str, Any], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del said["rest"]
    file.write_text(json.dumps(said))

    code, lines = refused(capsys, state, "--world", file)

    assert (code, lines) == (
        2,
        ["${world.rest}: the world did not name it @ sim.toml.venue.rest"],
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--matchday", "../../x"), "--matchday: no matches on '../../x'"),
        (
            ("--world", "w", "--matchday", "2026-07-01", "--speed", "2"),
            "--matchday, --speed: the world in w was started without us",
        ),
    ],
)
def test_options_that_no_world_could_follow_are_refused_before_anything_is_made(
    arguments: tuple[str, ...], line: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, state, *arguments) == (2, [line])
    assert not state.exists()


def test_a_world_s_options_make_no_sense_where_there_is_none(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tmp_path / "real.toml"
    real.write_text('extends = "base"\n')

    assert refused(capsys, state, "--seed", "3", "--world", "w", profile=str(real)) == (
        2,
        [f"--seed, --world: the profile '{real}' has no world"],
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--speed", "fast"), "--speed: must be a number above zero: fast"),
        (("--speed", "0"), "--speed: must be a number above zero: 0"),
        (("--min-gap", "nan"), "--min-gap: must be a number above zero: nan"),
        (("--summary", "/no/such/folder/x"), "--summary: cannot be written: /no/such/folder/x"),
        (("--summary", "/"), "--summary: cannot be written: /"),
        (("--seed", "x"), "--seed: invalid int value: 'x'"),
    ],
)
def test_an_option_s_bad_value_is_a_usage_error(
    arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--profile", "sim", *arguments])

    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: argument {why}\n")


def journal_of(state: Path, account: str) -> Path:
    """Begin a journal of ``account`` in a state folder."""
    folder = StateFolder(root=state)
    folder.make()

    def opening(previous_anchor: str) -> Segment:
        return Segment(
            run="1",
            account=account,
            environment="sim",
            mono_ns=1,
            wall_ns=2,
            commit="",
            config_sha256="",
            lock_sha256="",
            previous_anchor=previous_anchor,
        )

    Journal.open(
        RealEnv(), str(folder.journal), JournalCodec(), opening, anchor_file=str(folder.anchors)
    ).close()
    return folder.journal


def test_the_journal_of_another_account_is_refused_in_one_line(
    state: Path, said: dict[str, Any], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(json.dumps(said))
    journal = journal_of(state, "somebody")
    before = [path.read_bytes() for path in sorted(journal.iterdir())]

    assert refused(capsys, state, "--world", file) == (
        2,
        [f"{journal}: the journal of account 'somebody' in sim; this is 'trader' in sim"],
    )
    assert [path.read_bytes() for path in sorted(journal.iterdir())] == before


def test_a_journal_that_a_later_program_wrote_is_one_line_and_74(
    state: Path, said: dict[str, Any], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(json.dumps(said))
    folder = StateFolder(root=state)
    folder.make()
    (folder.journal / "0000000000000001.tlj").write_bytes(pack(1, 1, 1, 999, b"{}"))

    code, (line,) = refused(capsys, state, "--world", file)

    assert code == 74
    assert line.startswith("journal: 0000000000000001.tlj: record 1 at byte 0: ")


def test_a_state_folder_that_cannot_be_made_is_one_line_and_74(
    tmp_path: Path, file: Path, said: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(json.dumps(said))
    (tmp_path / "taken").write_text("")

    code, (line,) = refused(capsys, tmp_path / "taken" / "state", "--world", file)

    assert code == 74
    assert line.startswith("state: ")


def test_a_second_run_in_a_state_folder_is_refused_by_the_first_one_s_id(
    state: Path, said: dict[str, Any], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(json.dumps(said))
    state.mkdir()
    with StateFolder(root=state).lock.open("w") as held:
        held.write("4242\n")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)

        assert refused(capsys, state, "--world", file) == (2, [f"{state}: in use by process 4242"])


def test_what_a_killed_run_left_locks_nobody_out(
    state: Path, said: dict[str, Any], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said["key"]["pem_file"] = "/no/such/key"
    file.write_text(json.dumps(said))
    state.mkdir()
    StateFolder(root=state).lock.write_text("4242\n")

    code, _ = refused(capsys, state, "--world", file)

    assert code == 78
    assert StateFolder(root=state).lock.read_text() == f"{os.getpid()}\n"


def test_books_that_disagree_are_told_line_by_line_and_a_few_of_them_are_enough() -> None:
    lines = [f"fill {number}: not at the venue" for number in range(30)]
    disagree = NotReconciled(lines)
    escalated = Escalated("reconciler", "no restart cures this", (disagree,))

    said = why(ExceptionGroup("tree", [escalated])).splitlines()

    assert said[0] == "journal and venue disagree; nothing is traded"
    assert said[1:20] == lines[:19]
    assert said[20:] == ["and 11 more"]
    assert exit_code(escalated) == 75
    assert why(NotReconciled(["one"])).splitlines()[1:] == ["one"]


def test_whatever_else_ended_it_is_one_line() -> None:
    error = Escalated("executor", "too many restarts", (ValueError("a\nb"),))

    assert why(error) == "Escalated: executor: too many restarts"
    assert exit_code(error) == 70
