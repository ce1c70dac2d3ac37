"""What ``deploy/`` promises a service manager, checked by its own tools where they are there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from actors.cli import codes
from actors.cli.tools import main
from actors.config.load import load
from tests.system.units import CUSTODY, DEPLOY, TRADING, UNITS, copy, unit

ANALYZE = shutil.which("systemd-analyze")
SYSUSERS = shutil.which("systemd-sysusers")
EXPOSURE_TENTHS = 15


def said(*line: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(word) for word in line], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(ANALYZE is None, reason="SKIPPED: systemd-analyze is not on this machine")
@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_understood_whole_and_exposes_little(name: str, tmp_path: Path) -> None:
    paths = [copy(each, tmp_path) for each in UNITS]
    path = next(each for each in paths if each.name == name)

    assert ANALYZE is not None
    assert said(ANALYZE, "verify", "--recursive-errors=yes", path) == (0, "")
    code, text = said(ANALYZE, "security", "--offline=true", f"--threshold={EXPOSURE_TENTHS}", path)
    assert code == 0, text


@pytest.mark.skipif(SYSUSERS is None, reason="SKIPPED: systemd-sysusers is not on this machine")
def test_the_users_of_the_units_are_declared() -> None:
    assert SYSUSERS is not None
    code, text = said(SYSUSERS, "--dry-run", DEPLOY / "touchline.sysusers")

    assert code == 0, text
    declared = {line.split()[1] for line in _lines("touchline.sysusers")}
    assert declared == {unit(name, "prod").one("User") for name in UNITS}


def _lines(name: str) -> list[str]:
    text = (DEPLOY / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_only_what_a_restart_may_cure_is_started_again() -> None:
    trading = unit(TRADING, "prod")
    stay_down = (codes.USAGE, codes.UNAVAILABLE, codes.JOURNAL, codes.RISK, codes.KEY)

    assert not any(trading.restarts(code) for code in (0, *stay_down))
    assert all(trading.restarts(code) for code in (codes.ESCALATED, -9, -6))
    assert trading.burst == 5


def test_whatever_ends_it_hands_over_to_custody_of_the_same_profile() -> None:
    trading = unit(TRADING, "prod")

    for failed in (True, False):
        assert trading.follower(failed=failed) == "touchline-custody@prod.service"
    assert "touchline-custody@prod.service" in trading.one("After").split()


def test_custody_has_its_own_user_and_key_and_cannot_see_the_trader_s_state() -> None:
    trading, custody = unit(TRADING, "prod"), unit(CUSTODY, "prod")

    assert trading.one("User") != custody.one("User")
    assert trading.credentials().keys() == custody.credentials().keys()
    assert not set(trading.credentials().values()) & set(custody.credentials().values())
    hidden = custody.one("InaccessiblePaths")
    assert hidden == "-/var/lib/touchline -/run/touchline"
    assert "StateDirectory" not in custody.settings


def test_the_manager_s_patience_is_longer_than_ours() -> None:
    drain_s = load("sim", _world()).profile.run.drain_s

    assert float(unit(TRADING, "prod").one("TimeoutStopSec")) > drain_s + 8
    custody = load("sim", _world()).profile.custody
    assert float(unit(CUSTODY, "prod").one("TimeoutStartSec")) > custody.within_s


def _world() -> dict[str, object]:
    url = {"url": "ws://h:1/"}
    feeds = dict.fromkeys(("ws", "signalr", "lightstreamer", "sse", "poll"), url)
    key = {"id": "k", "pem_file": "/p"}
    return {"rest": "https://h:1/r", "ws": "wss://h:1/w", "ca_file": "", "key": key, "feeds": feeds}


def test_the_command_lines_of_the_units_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    words = unit(CUSTODY, "sim").command(Path("sim"), CUSTODY_OPTIONS="--notify 'cat -'")
    after = words[words.index("actors") + 1 :]

    assert main(after) == codes.USAGE
    assert "needs --world FILE" in capsys.readouterr().err
