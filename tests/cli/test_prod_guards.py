"""Every guard of a start, tripped: one line, its exit code, and the row of the page about it."""

import fcntl
import json
import socket
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import attrs
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from trio.testing import MockClock

from actors.cli.errors import Misuse, VenueAway
from actors.cli.guards import AWAY_S, ask_venue, told
from actors.cli.run import KNOWN, run
from actors.config.load import load
from actors.config.profile import Profile
from actors.config.state import StateFolder
from actors.exchange.errors import ClockOff, KeyRefused
from actors.exchange.keys import SigningKey
from actors.sim.feedtiming import FIVE
from actors.sim.venue.faults import CALM, FaultPlan, Storm, StormKind
from tests.sim.venue.papers import KEY_ID, ed25519_key
from tests.sim.venue.site import Site, seeded, serving

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guards.md"
LONG_S = 3_600.0
DEMO = "demo-api.kalshi.co"
NOT_TAKEN = "key: the venue does not take it: 401 ..."
UNREAD = "prod: the account's limits could not be read: ..."
TOO_FAST = "prod: [throttle] lets 11 orders a second leave, tier basic pays for 10"
NO_ROOM = (
    "prod: [tokens] exit_reserve keeps 95 write tokens of tier basic's 100: no entry can leave"
)
REAL = """\
extends = "prod"
[venue]
rest = "${world.rest}"
ws = "${world.ws}"
[key]
id = "KEYID"
pem_file = "FILE"
"""


@attrs.define
class Start:
    """A start that every guard would let pass, as far as no venue is asked."""

    folder: Path
    pem: Path
    text: str = REAL
    """The profile's."""
    confirm: str | None = "HOST/KEYID"
    state: Path = attrs.field(init=False)
    spoken: dict[str, str] = attrs.field(init=False)
    """What stands for what in the page's lines."""

    def __attrs_post_init__(self) -> None:
        self.state = self.folder / "state"
        self.spoken = {"HOST": "127.0.0.1", "FILE": str(self.pem), "ROOT": str(ROOT)}
        self.spoken |= {"FOLDER": str(self.folder / "given"), "STATE": str(self.state)}

    def as_said(self, line: str) -> str:
        """Return a line of the page in the words of this start."""
        for word, stands_for in self.spoken.items():
            line = line.replace(word, stands_for)
        return line

    def names(self, path: Path) -> None:
        """Have the profile name another key file."""
        self.pem = path
        self.spoken["FILE"] = str(path)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A run sets up logging for its process; this one goes on without it."""
    yield
    structlog.reset_defaults()


def write_key(path: Path, lock: KeySerializationEncryption | None = None) -> Path:
    """Write a private key, for us alone."""
    path.touch(0o600)
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()))
    return path


@cache
def page() -> dict[str, str]:
    """Return each line of the page with its exit code."""
    rows = [line.split(" | ") for line in PAGE.read_text("utf-8").splitlines()]
    return {row[1].strip("`"): row[2].strip() for row in rows if len(row) > 3 and "`" in row[1]}


def nobody(start: Start) -> None:
    start.confirm = None


def another(start: Start) -> None:
    start.confirm = "yes"


def simulated(start: Start) -> None:
    start.text = 'extends = "sim"\n'


def gone(start: Start) -> None:
    start.names(start.folder / "gone.pem")


def wide_open(start: Start) -> None:
    start.pem.chmod(0o640)


def link(start: Start) -> None:
    there = start.folder / "link.pem"
    there.symlink_to(start.pem)
    start.names(there)


def folder(start: Start) -> None:
    there = start.folder / "folder.pem"
    there.mkdir(0o600)
    start.names(there)


def checkout(start: Start) -> None:
    start.names(ROOT / "README.md")


def nonsense(start: Start) -> None:
    start.pem.write_text("swordfish")


def locked(start: Start) -> None:
    write_key(start.pem, BestAvailableEncryption(b"swordfish"))


def says(more: str) -> Callable[[Start], None]:
    def arrange(start: Start) -> None:
        start.text += more

    return arrange


def demo_host(start: Start) -> None:
    start.text = start.text.replace("${world.rest}", f"https://{DEMO}/trade-api/v2")


def no_credential(start: Start) -> None:
    start.text = start.text.replace('"KEYID"', '"${credential.exchange-key-id}"')


def taken(start: Start) -> None:
    StateFolder(root=start.state).make()
    lock = StateFolder(root=start.state).lock
    lock.write_text("4242\n")


def no_folder(start: Start) -> None:
    start.state = start.folder / "pem" / "state"
    start.spoken["STATE"] = str(start.state)


TRIPPED: tuple[tuple[str, Callable[[Start], None]], ...] = (
    ("prod: nobody here to confirm it; say --confirm HOST/KEYID", nobody),
    ("prod: not confirmed: 'yes' is not HOST/KEYID", another),
    ("--confirm: 'sim' is not guarded, only prod is", simulated),
    ("key: FILE: No such file or directory", gone),
    ("key: FILE: mode 0640, not 0600 or 0400; run: chmod 600 FILE", wide_open),
    ("key: FILE: is a symbolic link; name the key file itself", link),
    ("key: FILE: is not a regular file", folder),
    ("key: FILE: lies in the checkout ROOT; keep it outside", checkout),
    ("key: FILE: no private key in PEM format", nonsense),
    ("key: FILE: the key is encrypted; keep it without a password", locked),
    (
        "day_dollars must be above 0 and at most 100,000: 100,001 @ real.toml.limits",
        says('[limits]\nday_dollars = "100001"\n'),
    ),
    (
        "the day's loss must be above 0 and at most 10000000000: 99999000000 @ real.toml.risk",
        says('[risk]\nday_loss_dollars = "99999"\n'),
    ),
    (
        "'orders_per_s' must be <= 1000: 1001 @ real.toml.throttle",
        says("[throttle]\norders_per_s = 1001\n"),
    ),
    (
        "unknown key 'day_dollar' (did you mean 'day_dollars'?) @ real.toml.limits",
        says('[limits]\nday_dollar = "1"\n'),
    ),
    (
        f"{DEMO} is the venue's demo host, and the environment is 'prod' @ real.toml.venue.rest",
        demo_host,
    ),
    ("FOLDER/exchange-key-id: No such file or directory @ real.toml.key.id", no_credential),
    ("STATE: in use by process 4242", taken),
    ("state: [Errno 20] Not a directory: 'STATE'", no_folder),
)


@pytest.mark.parametrize(("line", "arrange"), TRIPPED, ids=[line[:40] for line, _ in TRIPPED])
def test_a_guard_that_is_tripped_is_one_line_and_its_exit_code(
    line: str,
    arrange: Callable[[Start], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    start = Start(folder=tmp_path, pem=write_key(tmp_path / "pem"))
    arrange(start)
    profile = tmp_path / "real.toml"
    profile.write_text(start.text.replace("FILE", str(start.pem)))
    with socket.create_server(("127.0.0.1", 0)) as door:
        handshake = tmp_path / "world.json"
        handshake.write_text(
            json.dumps(
                {
                    "v": 1,
                    "rest": "http://127.0.0.1:1/trade-api/v2",
                    "ws": "ws://127.0.0.1:1/trade-api/ws/v2",
                    "ca_file": "",
                    "key": {"id": "k", "pem_file": str(start.pem)},
                    "feeds": {name: {"url": "ws://127.0.0.1:1/ws"} for name in FIVE},
                    "control": f"127.0.0.1:{door.getsockname()[1]}",
                    "speed": 1.0,
                }
            )
        )
        options = ["--profile", str(profile), "--state", str(start.state)]
        options += ["--world", str(handshake)]
        if start.confirm is not None:
            options += ["--confirm", start.as_said(start.confirm)]
        lock = StateFolder(root=start.state).lock
        if lock.exists():
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                code = run(options)
        else:
            code = run(options)
    out = capsys.readouterr()

    assert out.err == f"touchline: {start.as_said(line)}\n"
    assert out.out == ""
    assert page()[line] == str(code)


@pytest.fixture
def real(tmp_path: Path) -> Profile:
    (tmp_path / "exchange-key-id").write_text(f"{KEY_ID}\n")
    return load("prod", credentials=tmp_path).profile


def at(profile: Profile, site: Site) -> Profile:
    """Return the profile with a venue of the world's."""
    venue = attrs.evolve(profile.venue, rest=f"http://{site.endpoint.authority}/trade-api/v2")
    return attrs.evolve(profile, venue=venue)


def code_of(error: Exception) -> str:
    """Return what the process exits with, once a guard has raised this."""
    return next(str(code) for kind, code, _ in KNOWN if isinstance(error, kind))


def storm(kind: StormKind, for_s: float = LONG_S) -> FaultPlan:
    return attrs.evolve(CALM, storms=(Storm(kind=kind, at_s=0.0, for_s=for_s),))


async def refused(profile: Profile, plan: FaultPlan = CALM) -> Exception:
    """Ask a venue, and return what the guard says of its answers."""
    env = seeded()
    async with serving(env, tier="basic", plan=plan) as site:
        with pytest.raises((KeyRefused, ClockOff, Misuse, VenueAway)) as raised:
            await ask_venue(env, at(profile, site), SigningKey(ed25519_key()))
    return raised.value


@pytest.mark.parametrize("kind", ["rate_limited", "bad_gateway"])
async def test_limits_that_cannot_be_read_are_one_line_and_70(
    kind: StormKind, real: Profile, autojump_clock: MockClock
) -> None:
    error = await refused(real, storm(kind))

    assert str(error).startswith(UNREAD.removesuffix("..."))
    assert len(str(error).splitlines()) == 1
    assert code_of(error) == page()[UNREAD] == "70"


async def test_a_venue_that_is_away_for_moments_is_waited_for(
    real: Profile, autojump_clock: MockClock
) -> None:
    env = seeded()
    async with serving(env, tier="basic", plan=storm("bad_gateway", AWAY_S / 2)) as site:
        said = await ask_venue(env, at(real, site), SigningKey(ed25519_key()))

    line = told(real, said)
    assert line.startswith(f"PROD   external-api.kalshi.com, key {KEY_ID}, tier basic: 100 write")
    assert line.endswith("; at most $500.00 a day")
    paused = attrs.evolve(
        said, status=type(said.status)(exchange_active=True, trading_active=False)
    )
    assert told(real, paused).endswith(" a day; the exchange does not trade just now")


async def test_a_key_that_the_venue_does_not_take_is_78(
    real: Profile, autojump_clock: MockClock
) -> None:
    stranger = attrs.evolve(real, key=attrs.evolve(real.key, id="nobody-s"))
    error = await refused(stranger)

    assert str(error).startswith("the venue does not take it: 401 ")
    assert code_of(error) == page()[NOT_TAKEN] == "78"


async def test_a_tier_that_does_not_pay_for_the_profile_s_pace_is_2(
    real: Profile, autojump_clock: MockClock
) -> None:
    fast = attrs.evolve(real, throttle=attrs.evolve(real.throttle, orders_per_s=11))
    error = await refused(fast)

    assert str(error) == TOO_FAST
    assert code_of(error) == page()[TOO_FAST] == "2"


def test_every_row_of_the_page_is_tripped_here_or_says_where() -> None:
    here = {line for line, _ in TRIPPED} | {NOT_TAKEN, UNREAD, TOO_FAST}
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.count(" | `") in {1, 2}]
    for row in rows:
        _, line, _, where = (cell.strip("| `") for cell in row.split(" | "))
        assert (ROOT / where).is_file() if where else line in here, row
    assert {row.split(" | ")[1].strip("`") for row in rows} >= here
