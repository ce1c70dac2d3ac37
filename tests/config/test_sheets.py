"""What a person writes down about a series: every sport, and every fault in one line."""

from pathlib import Path

import pytest

from actors.config.load import BadProfile, load
from actors.model.sports import POLICIES

NOWHERE = {
    "rest": "http://127.0.0.1:1/trade-api/v2",
    "ws": "ws://127.0.0.1:1/trade-api/ws/v2",
    "ca_file": "",
    "key": {"id": "k", "pem_file": "/nowhere"},
    "feeds": {},
}
PROFILE = """
extends = "base"
environment = "sim"
[venue]
rest = "${world.rest}"
ws = "${world.ws}"
ca_file = ""
[key]
id = "k"
pem_file = "/nowhere"
[[feeds]]
name = "alpha"
transport = "ws_json"
codec = "polymarket"
url = "ws://127.0.0.1:1/ws"
role = "trigger"
[run]
stop_when = "never"
"""
SHEET = """
series = "KXNEW"
sport = "{sport}"
settles_on = "advance"
legs = 2
exhaustive = true
tie = ""
title = "{title}"
void = "fair price"
in_play_delay_ms = 0
reviewed = "2026-11-23"
"""


def write(folder: Path, sport: str = "tennis", title: str = "away at home") -> str:
    (folder / "sheets").mkdir()
    (folder / "sheets" / "KXNEW.toml").write_text(SHEET.format(sport=sport, title=title), "utf-8")
    profile = folder / "mine.toml"
    profile.write_text(PROFILE, "utf-8")
    return str(profile)


@pytest.mark.parametrize("sport", POLICIES)
def test_a_sheet_may_be_of_any_sport_that_has_a_policy(tmp_path: Path, sport: str) -> None:
    sheet = load(write(tmp_path, sport), NOWHERE).sheets["KXNEW"]

    assert (sheet.sport, sheet.title, sheet.tie) == (sport, "away at home", "")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"sport": "chess"}, "got 'chess' @ sheets/KXNEW.toml.sport"),
        ({"title": "home at away"}, "got 'home at away' @ sheets/KXNEW.toml.title"),
    ],
)
def test_a_fault_in_a_sheet_names_its_place(
    tmp_path: Path, changes: dict[str, str], fault: str
) -> None:
    with pytest.raises(BadProfile) as bad:
        load(write(tmp_path, **changes), NOWHERE)

    assert str(bad.value).endswith(fault)
    assert "\n" not in str(bad.value)


@pytest.mark.parametrize(
    ("delay", "window", "said"),
    [
        ("250", "0", "in_play_delay_ms needs the window_ms"),
        ("0", "900", "window_ms needs a window_source"),
    ],
)
def test_a_delay_is_taken_off_a_window_and_a_window_comes_from_somewhere(
    tmp_path: Path, delay: str, window: str, said: str
) -> None:
    profile = write(tmp_path)
    sheet = tmp_path / "sheets" / "KXNEW.toml"
    text = sheet.read_text("utf-8").replace("delay_ms = 0", f"delay_ms = {delay}")
    sheet.write_text(f"{text}window_ms = {window}\n", "utf-8")
    with pytest.raises(BadProfile, match=said):
        load(profile, NOWHERE)
