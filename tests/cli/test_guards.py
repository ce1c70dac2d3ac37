"""What real money is guarded by, guard by guard; ``tests/system/test_prod.py`` has all of them."""

from pathlib import Path

import attrs
import pytest

from actors.cli.errors import Misuse
from actors.cli.guards import Teller, check_key_file, confirm, question
from actors.config.credentials import credentials_folder, is_handed
from actors.config.load import BadProfile, Loaded, load
from actors.exchange.errors import KeyRefused
from actors.runtime.env import RealEnv

NEEDED = "external-api.kalshi.com/our-key-7"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("exchange-key-id", "exchange-demo-key-id"):
        (tmp_path / name).write_text("our-key-7\n")
    return tmp_path


@pytest.fixture
def prod(folder: Path) -> Loaded:
    return load("prod", credentials=folder)


def typed(answer: str, seen: list[str]) -> Teller:
    return Teller(write=seen.append, read=lambda: answer)


def test_every_shipped_profile_is_complete_and_what_is_whose_alone_lies_with_the_credentials(
    folder: Path,
) -> None:
    loaded = {name: load(name, credentials=folder) for name in ("prod", "paper", "kalshi-demo")}

    environments = {name: each.profile.environment for name, each in loaded.items()}
    assert environments == {"prod": "prod", "paper": "paper", "kalshi-demo": "demo"}
    for each in loaded.values():
        assert each.profile.key.id == "our-key-7"
        assert Path(each.profile.key.pem_file).parent == folder
        roles = {feed.name: feed.role for feed in each.profile.feeds}
        assert roles.pop("polymarket") == roles.pop("live_data") == "corroborate"
        assert set(roles.values()) == {"trigger"}
    assert loaded["prod"].profile.key.pem_file != loaded["kalshi-demo"].profile.key.pem_file
    assert "KXWCGAME" in loaded["prod"].sheets


def test_a_credential_that_is_not_there_is_a_line_and_what_it_holds_is_never_shown(
    tmp_path: Path,
) -> None:
    with pytest.raises(BadProfile) as none:
        load("prod")
    with pytest.raises(BadProfile) as missing:
        load("prod", credentials=tmp_path)
    (tmp_path / "exchange-key-id").write_text("one\ntwo-is-secret\n")
    with pytest.raises(BadProfile) as spoilt:
        load("prod", credentials=tmp_path)

    assert "there are no credentials" in str(none.value)
    assert str(missing.value) == (
        f"{tmp_path / 'exchange-key-id'}: No such file or directory @ prod.toml.key.id"
    )
    assert "is not one line of ASCII" in str(spoilt.value)
    assert "two-is-secret" not in str(spoilt.value)


def test_the_venue_s_hosts_are_each_for_their_own_environment(folder: Path) -> None:
    file = folder / "mixed.toml"
    file.write_text('extends = "prod"\nenvironment = "demo"\n')
    with pytest.raises(BadProfile) as mixed:
        load(str(file), credentials=folder)

    assert str(mixed.value).splitlines() == [
        f"{host} is the venue's prod host, and the environment is 'demo' @ mixed.toml.venue.{key}"
        for key, host in (
            ("rest", "external-api.kalshi.com"),
            ("ws", "external-api-ws.kalshi.com"),
        )
    ]


def test_the_credentials_are_the_service_manager_s_or_else_our_own(tmp_path: Path) -> None:
    handed = {"CREDENTIALS_DIRECTORY": "/run/credentials/x", "XDG_CONFIG_HOME": str(tmp_path)}

    assert credentials_folder(handed) == Path("/run/credentials/x")
    assert is_handed("/run/credentials/x/exchange-key", handed)
    assert not is_handed("/run/credentials/x/../exchange-key", handed)
    del handed["CREDENTIALS_DIRECTORY"]
    assert credentials_folder(handed) == tmp_path / "touchline" / "credentials"
    assert not is_handed("/run/credentials/x/exchange-key", handed)
    assert credentials_folder({}) == Path.home() / ".config" / "touchline" / "credentials"


@pytest.mark.parametrize("mode", [0o700, 0o640, 0o604, 0o660, 0o200])
def test_a_key_file_has_one_of_two_modes(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    path.touch()
    path.chmod(mode)

    with pytest.raises(KeyRefused, match=f"mode {mode:04o}, not 0600 or 0400"):
        check_key_file(str(path), handed=False, root=tmp_path / "checkout")
    check_key_file(str(path), handed=True, root=tmp_path / "checkout")
    for fine in (0o600, 0o400):
        path.chmod(fine)
        check_key_file(str(path), handed=False, root=tmp_path / "checkout")


def test_a_key_in_the_checkout_is_refused_also_by_a_detour(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    for path in (tmp_path / "key.pem", tmp_path / "runs" / "key.pem"):
        path.touch(0o600)
    detour = tmp_path / "runs" / ".." / "key.pem"

    for path in (tmp_path / "key.pem", detour):
        with pytest.raises(KeyRefused, match="lies in the checkout"):
            check_key_file(str(path), handed=True, root=tmp_path)
    check_key_file(str(tmp_path / "runs" / "key.pem"), handed=False, root=tmp_path)


async def test_only_the_host_and_the_key_s_id_confirm_it(prod: Loaded) -> None:
    env, seen = RealEnv(), list[str]()

    await confirm(env, prod.profile, NEEDED, None)
    await confirm(env, prod.profile, None, typed(f"{NEEDED}\n", seen))
    assert seen == [question(prod.profile)]
    assert NEEDED in seen[0]
    assert "at most $50.00 an order, $150.00 a match, $500.00 a day, $400.00 open" in seen[0]
    for given, asks in (
        ("yes", None),
        ("", None),
        (f"{NEEDED} ", None),
        (None, None),
        (None, typed("", seen)),
        (None, typed("yes\n", seen)),
    ):
        with pytest.raises(Misuse, match=NEEDED) as refused:
            await confirm(env, prod.profile, given, asks)
        assert len(str(refused.value).splitlines()) == 1


async def test_another_key_needs_another_word(prod: Loaded) -> None:
    other = attrs.evolve(prod.profile, key=attrs.evolve(prod.profile.key, id="other"))

    with pytest.raises(Misuse):
        await confirm(RealEnv(), other, NEEDED, None)
