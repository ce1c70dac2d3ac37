"""Laws of leaving by hand: nothing is changed unasked, and every end has its exit code."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from trio.testing import MockClock

from actors.cli import guards
from actors.cli.custody import custody_options, take_over
from actors.cli.errors import Misuse
from actors.cli.flatten import flatten_options, leave
from actors.cli.guards import Teller
from actors.cli.tools import main
from actors.config.load import BadProfile, load
from actors.exchange.errors import KeyRefused
from tests.exchange.test_closeout import Estate, buys, estate
from tests.sim.venue.hall import HOME, order, quote
from tests.sim.venue.papers import KEY_ID, ed25519_key

PROFILE = """\
extends = "prod"
environment = "{environment}"

[venue]
rest = "http://{authority}/trade-api/v2"
ws = "ws://{authority}/trade-api/ws/v2"

[key]
id = "{key_id}"
pem_file = "{pem_file}"

[custody]
floor = "0.05"
on_abandon = "{on_abandon}"
"""


def key_file(folder: Path, key: Ed25519PrivateKey, mode: int = 0o600) -> Path:
    path = folder / "key.pem"
    path.touch()
    path.chmod(mode)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@attrs.frozen(kw_only=True)
class Desk:
    """Somebody who leaves an account by hand."""

    there: Estate
    profile: Path

    def chosen(self, *words: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        flatten_options(parser)
        return parser.parse_args(["--profile", str(self.profile), *words])

    async def flatten(self, *words: str) -> int:
        return await leave(self.chosen(*words), self.there.site.env)

    async def custody(self) -> int:
        parser = argparse.ArgumentParser()
        custody_options(parser)
        return await take_over(
            parser.parse_args(["--profile", str(self.profile)]), self.there.site.env
        )


@asynccontextmanager
async def desk(
    folder: Path,
    *,
    environment: str = "demo",
    on_abandon: str = "hold",
    key: Ed25519PrivateKey | None = None,
    mode: int = 0o600,
) -> AsyncIterator[Desk]:
    """Have an account that holds ten contracts and has an order at rest."""
    async with estate() as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("us", quote("bid", 1000, 5_00))
        there.site.hall.create("maker", quote("bid", 4600, 20_00))
        profile = folder / "own.toml"
        profile.write_text(
            PROFILE.format(
                environment=environment,
                authority=there.site.endpoint.authority,
                key_id=KEY_ID,
                pem_file=key_file(folder, key or ed25519_key(), mode),
                on_abandon=on_abandon,
            )
        )
        yield Desk(there=there, profile=profile)


async def test_a_dry_run_shows_everything_and_changes_nothing(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as me:
        assert await me.flatten("--dry-run") == 0
        assert (me.there.held(), me.there.resting()) == (10_00, 1)

    said = capsys.readouterr().out
    assert "1 resting orders, 1 positions" in said
    assert "bid 5.00 KXWCGAME-26JUN15IRINZL-IRI at 0.1000" in said
    assert "10.00  5.000000" in said


async def test_everything_is_left_and_said(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as me:
        assert await me.flatten() == 0
        assert (me.there.held(), me.there.resting()) == (0, 0)

    assert capsys.readouterr().out.endswith("nothing is left: no order, no position\n")


async def test_real_money_is_not_sold_before_host_and_key_are_typed(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, environment="prod") as me:
        with pytest.raises(Misuse, match="say --yes"):
            await me.flatten()
        asked: list[str] = []
        monkeypatch.setattr(guards, "teller", lambda: Teller(write=asked.append, read=lambda: "y"))
        with pytest.raises(Misuse, match="nothing was changed"):
            await me.flatten()
        assert f"type 127.0.0.1/{KEY_ID} to do it" in asked[0]
        assert (me.there.held(), me.there.resting()) == (10_00, 1)

        typed = f"127.0.0.1/{KEY_ID}\n"
        monkeypatch.setattr(
            guards, "teller", lambda: Teller(write=asked.append, read=lambda: typed)
        )
        assert await me.flatten() == 0
        assert me.there.held() == 0


async def test_a_key_that_the_venue_does_not_take_is_78_and_one_that_lies_open_is_refused(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, key=Ed25519PrivateKey.generate()) as me:
        assert await me.flatten() == 78
    assert "the venue does not take it" in capsys.readouterr().err

    (tmp_path / "open").mkdir()
    async with desk(tmp_path / "open", mode=0o644) as me:
        with pytest.raises(KeyRefused, match="lets others in"):
            await me.flatten()


async def test_custody_does_what_the_profile_says(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as me:
        assert await me.custody() == 0
        assert (me.there.held(), me.there.resting()) == (10_00, 0)
    said = capsys.readouterr().err
    assert "no order; 1 positions are kept" in said
    assert "at most 5.000000 can be lost" in said

    (tmp_path / "two").mkdir()
    async with desk(tmp_path / "two", on_abandon="flatten") as me:
        assert await me.custody() == 0
        assert (me.there.held(), me.there.resting()) == (0, 0)


async def test_what_only_a_result_can_pay_is_told_by_custody_and_not_tried_for_ever(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, on_abandon="flatten") as me:
        me.there.site.hall.venue.close_market(HOME)
        assert await me.custody() == 0
        assert await me.flatten() == 1
    told = capsys.readouterr()
    assert "its market is closed: the result pays" in told.err
    assert "1 left:" in told.out


def test_what_makes_no_sense_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = {
        ("--profile", "sim"): "needs --world FILE",
        ("--profile", "sim", "--key-id", "a"): "--key-id and --key-file come together",
        ("--profile", "none"): "no such profile",
        ("--profile", "kalshi-demo", "--world", "w"): "has no world",
    }
    for words, line in lines.items():
        assert main(["flatten", *words]) == 2
        assert line in capsys.readouterr().err

    missing = str(tmp_path / "w.json")
    assert main(["flatten", "--profile", "sim", "--world", missing]) == 69
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("line", ['floor = "0"', 'floor = "1.00"', "within_s = 0.5", 'step = "0"'])
def test_terms_that_cannot_be_kept_are_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "exchange-key-id").write_text("k")
    profile = tmp_path / "own.toml"
    profile.write_text(f'extends = "prod"\n[custody]\n{line}\n')

    with pytest.raises(BadProfile, match="custody"):
        load(str(profile), credentials=tmp_path)
