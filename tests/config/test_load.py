"""Profiles are read whole or not at all."""

from pathlib import Path
from typing import Any

import pytest

from actors.config import load
from actors.config.load import BadProfile

FEEDS = ("ws", "signalr", "lightstreamer", "sse", "poll")
WORLD: dict[str, Any] = {
    "rest": "https://127.0.0.1:1/trade-api/v2",
    "ws": "wss://127.0.0.1:1/trade-api/ws/v2",
    "ca_file": "/ca.pem",
    "key": {"id": "k", "pem_file": "/key.pem"},
    "feeds": {name: {"url": "ws://127.0.0.1:2/ws"} for name in FEEDS},
}


def faults(text: str, tmp_path: Path) -> list[str]:
    bad = tmp_path / "bad.toml"
    bad.write_text(text)
    with pytest.raises(BadProfile) as caught:
        load.load(str(bad), WORLD)
    return str(caught.value).splitlines()


def test_the_simulated_profile_is_complete_once_the_world_has_spoken() -> None:
    loaded = load.load("sim", WORLD)

    assert loaded.profile.environment == "sim"
    assert loaded.profile.venue.rest == WORLD["rest"]
    assert [feed.url for feed in loaded.profile.feeds] == ["ws://127.0.0.1:2/ws"] * 5
    assert tuple(feed.name for feed in loaded.profile.feeds) == FEEDS
    assert "KXWCGAME" in loaded.sheets


def test_money_in_a_profile_is_exact_dollars() -> None:
    loaded = load.load("sim", WORLD)

    assert loaded.profile.limits.day_dollars == 5_000_000_000
    assert loaded.profile.gates.bid_max == 9_700


def test_every_fault_is_reported_at_once_with_its_path(tmp_path: Path) -> None:
    lines = faults(
        'extends = "sim"\nenvironmnt = "sim"\n'
        '[race]\nwindow_s = "soon"\n'
        "[limits]\nday_dollars = 5000\n"
        '[[feeds]]\nname = "alpha"\ntransport = "ws_json"\n',
        tmp_path,
    )

    assert lines == [
        "missing required key 'codec' @ bad.toml.feeds[0]",
        "missing required key 'url' @ bad.toml.feeds[0]",
        "missing required key 'role' @ bad.toml.feeds[0]",
        "expected a number, got str 'soon' @ bad.toml.race.window_s",
        "expected dollars in quotes, got int 5000 @ bad.toml.limits.day_dollars",
        "unknown key 'environmnt' (did you mean 'environment'?) @ bad.toml",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('extends = "sim"\n[run]\nstop_when = 3\n', "expected one of"),
        ('extends = "sim"\n[orders]\nentry_connections = true\n', "expected int, got bool True"),
        ('extends = "sim"\n[orders]\nentry_connections = 99\n', "entry_connections"),
        ('extends = "sim"\n[orders]\nexit_connections = 9\n', "exit_connections"),
        ('extends = "sim"\n[orders]\nexit_connections = 1\n', "1 is below plays.legs_max"),
        ('extends = "sim"\n[gates]\ncollar = "0.12345"\n', "finer than 4 decimals"),
        ('extends = "sim"\n[race]\nsingle_feed_size = 1.5\n', "single_feed_size"),
        ('extends = "sim"\n[race]\nunconfirmed_size = -0.25\n', "unconfirmed_size"),
        ('extends = "sim"\n[race]\nconfirm_s = 0.5\n', "confirm_s"),
        ('extends = "sim"\n[review]\nreview_max_match_s = 7200.0\n', "review_max_match_s"),
        ('extends = "sim"\n[race]\nquarantine_after = 0\n', "quarantine_after"),
        ('extends = "sim"\n[throttle.sports.tenis]\norders_per_s = 5\n', "throttle.sports"),
        ('extends = "sim"\n[throttle.sports.tennis]\norders_per_s = 0\n', "orders_per_s"),
        ('extends = "sim"\nkey = 7\n', "expected a table"),
        ("extends = 3\n", "expected a profile's name"),
        ("= nonsense", "Invalid"),
    ],
)
def test_a_wrong_value_is_one_clear_line(text: str, line: str, tmp_path: Path) -> None:
    found = faults(text, tmp_path)

    assert len(found) == 1
    assert line in found[0]


def test_two_feeds_of_one_name_are_refused(tmp_path: Path) -> None:
    feed = (
        '[[feeds]]\nname = "alpha"\ntransport = "ws_json"\ncodec = "polymarket"\n'
        'url = "ws://127.0.0.1:2/ws"\nrole = "trigger"\n'
    )

    assert faults(f'extends = "sim"\n{feed}{feed}', tmp_path) == [
        "two feeds have the same name @ bad.toml"
    ]


def test_a_profile_may_not_extend_itself(tmp_path: Path) -> None:
    (line,) = faults('extends = "bad"\n', tmp_path)

    assert "extends itself" in line


def test_a_world_that_is_not_there_is_named_for_every_address_it_owes() -> None:
    with pytest.raises(BadProfile) as caught:
        load.load("sim", None)

    assert len(str(caught.value).splitlines()) == len(load.world_names("sim"))
    assert "there is no world" in str(caught.value)


def test_a_mistyped_name_lists_what_is_shipped() -> None:
    with pytest.raises(BadProfile, match=r"smi: no such profile \(shipped: .*sim"):
        load.load("smi", WORLD)


def test_the_digest_names_the_profile_and_not_the_world() -> None:
    other = {**WORLD, "rest": "https://127.0.0.1:9/trade-api/v2"}

    assert load.load("sim", WORLD).sha256 == load.load("sim", other).sha256


def test_addresses_and_zones_must_name_something(tmp_path: Path) -> None:
    lines = faults(
        'extends = "sim"\n'
        '[venue]\nrest = "ftp://x/y"\nws = "nowhere"\norders = "https://"\n'
        '[run]\nday_zone = "Mars/Base"\n',
        tmp_path,
    )

    assert lines == [
        "not an http(s) or ws(s) URL: 'ftp://x/y' @ bad.toml.venue.rest",
        "not an http(s) or ws(s) URL: 'nowhere' @ bad.toml.venue.ws",
        "not an http(s) or ws(s) URL: 'https://' @ bad.toml.venue.orders",
        "not a time zone: 'Mars/Base' @ bad.toml.run.day_zone",
    ]


@pytest.mark.parametrize("zone", ["", "/etc", "../x", "America"])
def test_a_zone_that_is_a_place_on_the_disk_is_none(zone: str, tmp_path: Path) -> None:
    assert faults(f'extends = "sim"\n[run]\nday_zone = "{zone}"\n', tmp_path) == [
        f"not a time zone: {zone!r} @ bad.toml.run.day_zone"
    ]


def test_a_sport_may_have_a_pace_of_its_own_and_else_has_the_usual_one(tmp_path: Path) -> None:
    good = tmp_path / "good.toml"
    good.write_text('extends = "sim"\n[throttle.sports.tennis]\nentries_per_match = 7\n')
    pace = load.load(str(good), WORLD).profile.throttle

    assert pace.of("tennis").entries_per_match == 7
    assert pace.of("tennis").orders_per_s == pace.orders_per_s
    assert pace.of("soccer").entries_per_match == 200
