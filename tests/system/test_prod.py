"""Real processes under a profile for real money, whose venue is the world's: every guard is on."""

import os
import pty
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from actors.messages.records import Reconciled
from tests.system.stage import (
    BOLD,
    QUICK,
    SHOP,
    Trader,
    entries,
    make,
    traded_twice,
    trader,
    until,
    verify,
    world,
)

FEED = """
[[feeds]]
name = "{name}"
transport = "{transport}"
codec = "{codec}"
url = "${{world.feeds.{name}.url}}"
role = "trigger"
"""
FEEDS = (
    ("ws", "ws_json", "polymarket"),
    ("signalr", "signalr", "fields"),
    ("lightstreamer", "lightstreamer", "fields"),
    ("sse", "sse", "txline"),
    ("poll", "http_poll", "live_data"),
)
PROD = """\
extends = "prod"

[venue]
rest = "${world.rest}"
ws = "${world.ws}"
ca_file = "${world.ca_file}"
streams = 1

[key]
id = "${world.key.id}"
pem_file = "${world.key.pem_file}"

[catalogue]
poll_s = 5.0

[runtime]
keeps_awake = false

[run]
stop_when = "settled"
"""


def real(folder: Path, more: str = "") -> Path:
    """Write a profile that extends ``prod`` with the world's addresses and keys."""
    make(folder)
    feeds = [
        FEED.format(name=name, transport=transport, codec=codec) for name, transport, codec in FEEDS
    ]
    profile = folder / "real.toml"
    profile.write_text(PROD + more + "".join(feeds))
    return profile


def bold_words() -> str:
    """Return what makes a profile trade every goal of a quick day."""
    return BOLD.partition("\n")[2]


async def said(running: Trader, code: int) -> str:
    """Return the one line with which it refuses."""
    assert await running.ended() == code, running.errors
    assert "Traceback" not in running.errors
    (line,) = running.errors.splitlines()
    assert not entries(running.journal.look())
    return line


@pytest.mark.drill
async def test_a_day_is_traded_with_every_guard_on(tmp_path: Path) -> None:
    profile = real(tmp_path, bold_words())
    async with world(tmp_path, "--matchday", SHOP, *QUICK) as beside:
        needed = f"127.0.0.1/{beside.handshake['key']['id']}"
        line = ("--world", str(beside.file), "--confirm", needed)
        async with trader(tmp_path, *line, profile=profile) as running:
            assert await running.ended(120.0) == 0, running.errors

    records = running.journal.of(object)
    assert running.errors == ""
    assert running.output.startswith(f"PROD   127.0.0.1, key {needed.partition('/')[2]}, tier ")
    assert entries(records)
    assert not list(traded_twice(records))
    assert running.summary["statement_difference_microdollars"] == 0
    assert all(row.clean for row in records if isinstance(row, Reconciled))
    assert (await verify(running.state)).code == 0


async def test_each_guard_that_is_tripped_is_one_line_and_its_exit_code(tmp_path: Path) -> None:
    profile = real(tmp_path)
    async with world(tmp_path, "--hold") as beside:
        key = beside.handshake["key"]
        needed = f"127.0.0.1/{key['id']}"
        plain = ("--world", str(beside.file))

        async with trader(tmp_path / "a", *plain, profile=profile) as running:
            assert await said(running, 2) == (
                f"touchline: prod: nobody here to confirm it; say --confirm {needed}"
            )
        async with trader(tmp_path / "b", *plain, "--confirm", "yes", profile=profile) as running:
            assert await said(running, 2) == (
                f"touchline: prod: not confirmed: 'yes' is not {needed}"
            )
        pem = trio.Path(key["pem_file"])
        await pem.chmod(0o700)
        async with trader(tmp_path / "c", *plain, "--confirm", needed, profile=profile) as running:
            assert await said(running, 78) == (
                f"touchline: key: {pem}: mode 0700, not 0600 or 0400; run: chmod 600 {pem}"
            )
        await pem.chmod(0o600)
        stranger = tmp_path / "stranger"
        other = real(stranger)
        other.write_text(other.read_text().replace("${world.key.id}", "nobody-s"))
        line = (*plain, "--confirm", "127.0.0.1/nobody-s")
        async with trader(stranger, *line, profile=other) as running:
            line_said = await said(running, 78)
            assert line_said.startswith("touchline: key: the venue does not take it: 401 ")


@pytest.mark.drill
async def test_clocks_that_are_certainly_apart_are_one_line_and_78(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text("[clock]\nskew_ms = 3000\n")
    async with world(tmp_path, "--hold", "--faults", str(plan)) as beside:
        line = ("--world", str(beside.file), "--confirm")
        needed = f"127.0.0.1/{beside.handshake['key']['id']}"
        async with trader(tmp_path, *line, needed, profile=real(tmp_path)) as running:
            told = await said(running, 78)

    assert told.startswith("touchline: the venue's clock is at least ")
    assert "is this machine's clock set?" in told


@pytest.mark.drill
async def test_limits_that_cannot_be_read_are_one_line_and_70(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('[[storms]]\nkind = "bad_gateway"\nat_s = 0\nfor_s = 3600\n')
    async with world(tmp_path, "--hold", "--faults", str(plan)) as beside:
        needed = f"127.0.0.1/{beside.handshake['key']['id']}"
        line = ("--world", str(beside.file), "--confirm", needed)
        async with trader(tmp_path, *line, profile=real(tmp_path)) as running:
            told = await said(running, 70)

    assert told.startswith("touchline: prod: the account's limits could not be read: ")


@pytest.mark.drill
async def test_whoever_sits_at_the_terminal_is_shown_the_host_and_the_key_and_types_them(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, "--hold") as beside:
        needed = f"127.0.0.1/{beside.handshake['key']['id']}"
        ours, theirs = pty.openpty()
        try:
            async with trader(
                tmp_path,
                "--world",
                str(beside.file),
                profile=real(tmp_path),
                terminal=theirs,
            ) as running:
                os.set_blocking(ours, False)
                heard = bytearray()

                def asked() -> bool:
                    with suppress(BlockingIOError):
                        heard.extend(os.read(ours, 4_096))
                    return b"to trade: " in heard

                await until(asked, "the question")
                assert f"type {needed} to trade: " in heard.decode()
                os.write(ours, f"{needed}\n".encode())
                await running.sees(Reconciled, lambda row: row.clean)
        finally:
            os.close(ours)
            os.close(theirs)
