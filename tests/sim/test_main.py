"""Laws of the world as a process: what it says, and when it leaves."""

import json
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import structlog
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from actors.runtime.env import Endpoint, RealEnv
from actors.sim.__main__ import catalogue, main
from actors.sim.control import command
from tests.sim.venue.papers import headers

ROOT = Path(__file__).parent.parent.parent
START_S = 60.0
"""How long a world may take to come up on a busy machine."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The world sets up logging for its process; this one goes on without it."""
    yield
    structlog.reset_defaults()


@attrs.define(kw_only=True)
class Running:
    process: trio.Process
    handshake: dict[str, Any]
    line: bytes

    async def rest_of_output(self) -> bytes:
        assert self.process.stdout is not None
        rest = b""
        with trio.fail_after(START_S):
            while data := await self.process.stdout.receive_some(65536):
                rest += data
            await self.process.wait()
        return rest


@asynccontextmanager
async def world(*arguments: str) -> AsyncIterator[Running]:
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "actors.sim", "--latency", "none", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with process.stdin, process.stdout, process.stderr:
            line = b""
            with trio.fail_after(START_S):
                while not line.endswith(b"\n"):
                    data = await process.stdout.receive_some(65536)
                    assert data, "it ended before it was up"
                    line += data
            yield Running(process=process, handshake=json.loads(line), line=line)
    finally:
        with trio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.wait()


async def get(url: str, ca_file: str, *lines: str) -> bytes:
    """Ask over TLS, verifying as strictly as can be."""
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    endpoint = Endpoint.parse(url)
    path = url.partition(endpoint.authority)[2]
    stream = await trio.open_ssl_over_tcp_stream(
        endpoint.host, endpoint.port, ssl_context=context, https_compatible=True
    )
    async with stream:
        head = (f"GET {path} HTTP/1.1", f"Host: {endpoint.authority}", "Connection: close")
        await stream.send_all("".join(f"{line}\r\n" for line in (*head, *lines, "")).encode())
        answer = b""
        while data := await stream.receive_some(65536):
            answer += data
    return answer


async def test_it_says_one_line_serves_and_leaves_when_its_input_ends(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    async with world("--folder", str(folder), "--matchday", "2026-06-28", "--hold") as running:
        said = running.handshake
        assert running.line.count(b"\n") == 1
        assert (said["v"], said["matchday"], said["keys"][0]["type"]) == (1, "2026-06-28", "rsa")
        key = trio.Path(said["keys"][0]["pem_file"])
        assert str(key.parent) == str(folder)
        assert stat.S_IMODE((await key.stat()).st_mode) == 0o600
        assert stat.S_IMODE((await key.parent.stat()).st_mode) == 0o700

        with trio.fail_after(START_S):
            answer = await get(f"{said['rest']}/exchange/status", said["ca_file"])
            control = Endpoint.parse(f"http://{said['control']}")
            status = await command(RealEnv(), control, do="status")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"trading_active":true' in answer
        assert status["ok"] is True
        assert status["begun"] is False

        assert running.process.stdin is not None
        await running.process.stdin.aclose()
        assert await running.rest_of_output() == b""
        assert running.process.returncode == 0


def signed(key: dict[str, str], path: str) -> list[str]:
    """Header lines by a key of the handshake, read from its file as any client would."""
    private = load_pem_private_key(Path(key["pem_file"]).read_bytes(), None)
    assert isinstance(private, RSAPrivateKey | Ed25519PrivateKey)
    pairs = headers(private, "GET", path, RealEnv().wall_ns() // 1_000_000, key["id"])
    return [f"{name}: {value}" for name, value in pairs]


async def test_the_venue_alone_serves_both_kinds_of_keys_until_a_signal() -> None:
    async with world("--venue-only", "--port", "0", "--print-urls") as running:
        said = running.handshake
        assert running.line.count(b"\n") == 1
        assert [key["type"] for key in said["keys"]] == ["rsa", "ed25519"]
        assert running.process.stdin is not None
        await running.process.stdin.aclose()
        with trio.fail_after(START_S):
            for key in said["keys"]:
                lines = signed(key, "/trade-api/v2/account/limits")
                answer = await get(f"{said['rest']}/account/limits", said["ca_file"], *lines)
                assert answer.startswith(b"HTTP/1.1 200")
                assert b'"usage_tier":"basic"' in answer
            upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13")
            refused = await get(said["ws"].replace("wss", "https"), said["ca_file"], *upgrade)
            assert refused.startswith(b"HTTP/1.1 4")
            listed = await get(f"{said['rest']}/markets?status=open", said["ca_file"])
        assert listed.count(b'"status":"active"') == 5

        running.process.send_signal(signal.SIGTERM)
        assert await running.rest_of_output() == b""
        assert running.process.returncode == 0


async def test_a_scene_and_faults_from_files_are_what_is_served(tmp_path: Path) -> None:
    scene, faults = tmp_path / "scene.toml", tmp_path / "faults.toml"
    scene.write_text(
        "[[accounts]]\nname = 'me'\ncash = { 0 = '5' }\n[[series]]\nticker = 'S'\n"
        "[[events]]\nticker = 'S-E'\nseries = 'S'\n"
        "[[markets]]\nticker = 'S-E-X'\nevent = 'S-E'\nbids = [['0.4000', '3']]\n"
    )
    faults.write_text("[[storms]]\nkind = 'rate_limited'\nat_s = 0\nfor_s = 3600\n")
    book = "/markets/S-E-X/orderbook"
    async with world("--venue-only", "--scene", str(scene)) as running:
        said = running.handshake
        with trio.fail_after(START_S):
            answer = await get(f"{said['rest']}{book}", said["ca_file"])
        assert b'"yes_dollars":[["0.4000","3.00"]]' in answer
    both = ("--scene", str(scene), "--faults", str(faults))
    async with world("--venue-only", *both) as running:
        said = running.handshake
        with trio.fail_after(START_S):
            answer = await get(f"{said['rest']}{book}", said["ca_file"])
        assert answer.startswith(b"HTTP/1.1 429")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scene", "x.toml"], "--scene is for --venue-only"),
        (["--port", "8443"], "--port is for --venue-only"),
        (["--venue-only", "--hold"], "--hold and --truth are for a day of matches"),
        (["--venue-only", "--scene", "/nowhere.toml"], "No such file or directory"),
        (["--venue-only", "--unconfirmed", "0.5"], "--unconfirmed is for a day of matches"),
        (["--faults", "/nowhere.toml"], "No such file or directory"),
        (["--venue-only", "--scene", __file__], "test_main.py: "),
    ],
)
def test_what_cannot_be_staged_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert said in told.err


async def test_it_leaves_on_a_signal_and_takes_its_own_folder_with_it() -> None:
    async with world("--matchday", "2026-06-28") as running:
        folder = trio.Path(running.handshake["ca_file"]).parent
        assert await folder.is_dir()

        running.process.send_signal(signal.SIGTERM)

        assert await running.rest_of_output() == b""
        assert running.process.returncode == 0
        assert not await folder.exists()


def test_an_unknown_day_is_one_line_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--matchday", "2026-07-08"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "no matches on '2026-07-08'; did you mean" in said.err


def test_a_place_it_cannot_write_to_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "no" / "such" / "folder" / "truth"

    assert main(["--matchday", "2026-06-28", "--truth", str(nowhere)]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "No such file or directory" in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hours", "0"], "--hours is a number above 0 and up to 1000, not 0"),
        (["--hours", "soon"], "--hours is a number above 0 and up to 1000, not soon"),
        (["--hours", "1e9"], "--hours is a number above 0 and up to 1000, not 1e9"),
        (["--truth", "x"], "--truth is for a world with clients, not for --tape"),
        (["--venue-only"], "--venue-only is for a world with clients, not for --tape"),
    ],
)
def test_a_tape_that_cannot_be_meant_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--tape", str(tmp_path / "tape"), *arguments]) == 2

    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"world: {said}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_tape_needs_a_place_and_hours_need_a_tape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--tape", str(tmp_path / "no" / "tape")]) == 2
    assert main(["--tape", str(tmp_path)]) == 2
    assert main(["--hours", "1"]) == 2
    assert main(["--venue-only", "--plan", "x"]) == 2

    said = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[2] for line in said] == [
        "No such file or directory",
        "a folder, not a file",
        "--hours is for --tape",
        "--plan is for a day of matches, not for --venue-only",
    ]


def test_a_tape_is_written_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tape = tmp_path / "tape"

    assert main(["--tape", str(tape), "--hours", "0.001", "--seed", "4"]) == 0

    assert capsys.readouterr() == ("", "")
    assert json.loads(tape.read_text().splitlines()[0])["seed"] == 4


async def test_a_plan_is_written_beside_the_truth(tmp_path: Path) -> None:
    truth = trio.Path(tmp_path / "truth")

    async with world("--matchday", "2026-06-28", "--seed", "3", "--hold", "--truth", str(truth)):
        pass

    written = await trio.Path(f"{truth}.plan").read_bytes()
    head, *acts = map(json.loads, written.splitlines())
    assert (head["kind"], head["seed"], head["matchday"]) == ("plan", 3, "2026-06-28")
    assert {"whistle", "goal", "act", "report", "faults"} <= {act["kind"] for act in acts}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "0"],
        ["--speed", "nan"],
        ["--seed", "x"],
        ["--min-gap", "-1"],
        ["--latency", "mars"],
        ["--seed", "-1"],
        ["--venue-only", "--port", "70000"],
        ["--unconfirmed", "1.1"],
        ["--unconfirmed", "often"],
        ["--sped"],
    ],
    ids=" ".join,
)
def test_bad_options_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_match_days_are_listed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-matchdays"]) == 0

    said = capsys.readouterr().out
    assert said == catalogue()
    assert said.count("\n") == 57
    assert "2022-11-21  3 matches  12 goals  England vs Iran, Senegal vs Netherlands" in said
