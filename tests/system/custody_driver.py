"""Ends the trading process in every way while it holds a position, and has custody take over.

Run as ``python tests/system/custody_driver.py [--seeds N] [--first-seed N]`` from the
checkout. Each case is one match in a world of its own. The units of ``deploy/`` are played:
their command lines are run, with their credentials, under a socket that hears what the
process tells a service manager; it is started again as often as its unit says, and when it
stays down the unit named by ``OnFailure=`` or ``OnSuccess=`` runs. Then the venue has to show
what the profile said. Custody signs with a key of its own, made for it at the venue, that
may trade and read and nothing else.
"""

import argparse
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import attrs
import trio

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.exchange.keys import load_key
from actors.exchange.levers import Levers
from actors.exchange.outcome import OrderAccepted
from actors.exchange.signing import API_ROOT, Signer
from actors.model.orders import OrderRequest
from actors.runtime import checkout
from actors.runtime.env import RealEnv
from actors.runtime.http import HttpClient
from tests.system.stage import BOLD, ROOT, SHOWER, World, end, make, program, until, world
from tests.system.units import TRADING, environment, unit

How = Literal["escalated", "journal", "risk", "killed", "drained"]
HOWS: Final[tuple[How, ...]] = ("escalated", "journal", "risk", "killed", "drained")
CODES: Final[dict[How, int]] = {
    "escalated": 70,
    "journal": 74,
    "risk": 75,
    "killed": -signal.SIGKILL,
    "drained": 0,
}
"""How the last life ends."""
STRICKEN: Final[dict[How, str]] = {"escalated": "martyr", "journal": "full"}
INSTANCE: Final = "drill"
WITHIN_S: Final = 120.0
PAUSE_S: Final = 0.1
WATCHDOG_S: Final = 10
GAPS: Final = {1: ("--min-gap", "3", "--max-gap", "3.5"), 5: ("--min-gap", "5", "--max-gap", "6")}
"""Between incidents, by lives: goals come soon, and the match lasts longer than any drill."""

PROFILE: Final = """
[key]
id = "${{credential.exchange-key-id}}"
pem_file = "${{credentials}}/exchange-key"

[exits]
after_match_s = 1000000.0   # nobody sells before custody does

[custody]
on_abandon = "{on_abandon}"
floor = "0.01"
within_s = 60.0
pause_s = 0.3
settle_s = 0.5
"""


@attrs.define(kw_only=True)
class Drill:
    """What one case came to."""

    how: How
    on_abandon: str
    codes: list[int] = attrs.field(factory=list)
    """Of each life, as they ended."""
    told: list[str] = attrs.field(factory=list)
    """What the service manager heard, each word once, in order."""
    before: dict[str, int] = attrs.field(factory=dict)
    after: dict[str, int] = attrs.field(factory=dict)
    notices: str = ""
    faults: list[str] = attrs.field(factory=list)

    @property
    def line(self) -> str:
        """What happened, for a person."""
        sums = (sum(map(abs, each.values())) / 100 for each in (self.before, self.after))
        held = " -> ".join(f"{each:.2f}" for each in sums)
        return f"{self.how}, {self.on_abandon}: exits {self.codes}, held {held}: " + (
            "; ".join(self.faults) or "as the profile said"
        )


@attrs.define(eq=False, kw_only=True)
class Manager:
    """Plays the service manager for one instance."""

    folder: Path
    profile: Path
    beside: World
    found: Drill
    ears: socket.socket

    async def life(self, ends: str) -> "Life":
        """Start the trading unit's command line, as the case has it."""
        trading = unit(TRADING, INSTANCE)
        words = trading.command(self.profile, TOUCHLINE_OPTIONS=f"--world {self.beside.file}")
        if ends:
            place = words.index(str(ROOT / "supervisor.py"))
            words[place : place + 1] = [str(ROOT / "tests/system/stricken.py"), ends]
        log = self.folder / f"life-{len(self.found.codes)}"
        with log.open("wb") as out:
            process = await trio.lowlevel.open_process(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                start_new_session=True,
                env=environment(
                    NOTIFY_SOCKET=str(self.folder / "notify"),
                    WATCHDOG_USEC=str(WATCHDOG_S * 1_000_000),
                    STATE_DIRECTORY=str(self.folder / "state"),
                    RUNTIME_DIRECTORY=str(self.folder / "run"),
                    CREDENTIALS_DIRECTORY=str(self.folder / "exchange"),
                ),
            )
        return Life(process=process, manager=self)

    def hear(self) -> list[str]:
        """Return every word that the process said since the last time."""
        words: list[str] = []
        try:
            while True:
                words += self.ears.recv(1_000).decode().split("\n")
        except BlockingIOError:
            pass
        self.found.told += [each for each in words if each and each not in self.found.told]
        return words

    async def follow(self, code: int) -> None:
        """Run what the unit hands over to."""
        name = unit(TRADING, INSTANCE).follower(failed=code != 0)
        custody = unit(name.replace(f"@{INSTANCE}.", "@."), INSTANCE)
        notices = self.folder / "notices"
        options = f"--world {self.beside.file} --notify 'tee -a {notices}'"
        done = await program(
            *custody.command(self.profile, CUSTODY_OPTIONS=options),
            within_s=WITHIN_S,
            environ=environment(
                CREDENTIALS_DIRECTORY=str(self.folder / "custody"),
                MONITOR_UNIT=f"touchline@{INSTANCE}.service",
                MONITOR_EXIT_STATUS=str(code),
            ),
        )
        self.found.notices = notices.read_text("utf-8") if notices.exists() else ""
        if done.code != 0:
            self.found.faults.append(f"custody: exit code {done.code}: {done.err}")


@attrs.define(eq=False, kw_only=True)
class Life:
    """One run of the trading process."""

    process: trio.Process
    manager: Manager

    async def is_ready(self) -> None:
        """Wait until it has said so, or has ended."""
        await until(
            lambda: "READY=1" in self.manager.hear() or self.process.returncode is not None,
            "ready",
            WITHIN_S,
        )

    async def ended(self) -> int:
        """Return its exit code, and hear its last words."""
        with trio.fail_after(WITHIN_S):
            code = await self.process.wait()
        self.manager.hear()
        return code


@asynccontextmanager
async def levers(beside: World) -> AsyncIterator[Levers]:
    """Reach the venue with the trader's key, as a witness."""
    said, env = beside.handshake, RealEnv()
    sign = Signer(env=env, key_id=said["key"]["id"], key=load_key(said["key"]["pem_file"]))
    async with HttpClient(env, said["rest"], ca_file=said["ca_file"]) as http:
        yield Levers(http=http, sign=sign)


async def held(witness: Levers) -> dict[str, int]:
    """Return every position of the account."""
    return {row.ticker: row.position_centi for row in await witness.held(0)}


async def credentials(folder: Path, beside: World) -> None:
    """Lay out both units' credentials; custody's key is made at the venue, for it alone."""
    said, env = beside.handshake["key"], RealEnv()
    make(folder / "exchange")
    make(folder / "custody")
    wish = {"name": "custody", "key_type": "ed25519", "scopes": ["read", "write::trade"]}
    sign = Signer(env=env, key_id=said["id"], key=load_key(said["pem_file"]))
    headers = (await sign("POST", f"{API_ROOT}/api_keys/generate")).pairs
    rest, ca_file = beside.handshake["rest"], beside.handshake["ca_file"]
    async with HttpClient(env, rest, ca_file=ca_file) as http:
        answer = await http.request(
            "POST",
            "/api_keys/generate",
            headers=(*headers, ("Content-Type", "application/json")),
            body=json.dumps(wish).encode(),
        )
    assert answer.status == 201, answer.body
    made = json.loads(answer.body)
    both = (
        ("exchange", said["id"], await trio.Path(said["pem_file"]).read_bytes()),
        ("custody", made["api_key_id"], made["private_key"].encode()),
    )
    for where, name, data in both:
        for file, content in (("exchange-key", data), ("exchange-key-id", name.encode())):
            path = trio.Path(folder / where / file)
            await path.touch(mode=0o600)
            await path.write_bytes(content)


async def drill(folder: Path, how: How, on_abandon: str, seed: int = 1) -> Drill:
    """Play one case in ``folder``, and judge what the venue shows afterwards."""
    found = Drill(how=how, on_abandon=on_abandon)
    make(folder / "run")
    profile = folder / "drill.toml"
    profile.write_text(BOLD + PROFILE.format(on_abandon=on_abandon))
    gaps = GAPS[1 if how in {"journal", "drained"} else 5]
    arguments = ("--matchday", SHOWER, "--seed", str(seed), "--speed", "600", *gaps)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.bind(str(folder / "notify"))
        ears.settimeout(0)
        async with world(folder, *arguments) as beside, levers(beside) as witness:
            await credentials(folder, beside)
            manager = Manager(folder=folder, profile=profile, beside=beside, found=found, ears=ears)
            await _lives(manager, witness)
            found.before = await held(witness)
            await manager.follow(found.codes[-1])
            found.after = await held(witness)
            resting = await witness.resting()
    if resting:
        found.faults.append(f"{len(resting)} orders rest")
    _judge(found)
    return found


async def _lives(manager: Manager, witness: Levers) -> None:
    """Live and end as the case has it, for as long as the unit starts it again."""
    trading, found = unit(TRADING, INSTANCE), manager.found
    while len(found.codes) < trading.burst:
        if found.how == "risk" and found.codes:
            await _trade_beside(witness)
        life = await manager.life(STRICKEN.get(found.how, ""))
        try:
            await life.is_ready()
            if not found.codes:
                await _holds(witness, life)
            _end(life, found)
            found.codes.append(await life.ended())
        finally:
            with trio.CancelScope(shield=True):
                await end(life.process)
        if not trading.restarts(found.codes[-1]):
            return


def _end(life: Life, found: Drill) -> None:
    """Do to a life what the case does to it."""
    match found.how:
        case "escalated" | "journal":
            (life.manager.folder / "state" / "strike").touch()
        case "risk" if found.codes:
            pass  # It has to find out by itself.
        case "killed" | "risk":
            life.process.kill()
        case _:
            life.process.terminate()


async def _holds(witness: Levers, life: Life) -> None:
    """Wait until the account holds something."""
    with trio.fail_after(WITHIN_S):
        while not await held(witness):
            assert life.process.returncode is None, "it ended by itself"
            await trio.sleep(PAUSE_S)


async def _trade_beside(witness: Levers) -> None:
    """Buy with the trader's key what its journal knows nothing of."""
    for number in range(20):
        for ticker, count in (await held(witness)).items():
            market = await witness.market(ticker)
            order = OrderRequest(
                client_order_id=f"somebody-else-{number}",
                ticker=market.ticker,
                side="bid" if count < 0 else "ask",
                price_pips=market.yes_ask_pips if count < 0 else market.yes_bid_pips,
                count_centi=type(market.yes_bid_centi)(100),
                exchange_index=market.exchange_index or 0,
            )
            done = await witness.place(order, 0)
            if isinstance(done, OrderAccepted) and done.fill_count_centi:
                return
        await trio.sleep(PAUSE_S)
    raise AssertionError("nobody traded with us")


def _judge(found: Drill) -> None:
    """Hold what happened to what was to happen."""
    faults = found.faults
    wanted = CODES[found.how]
    if found.codes[-1] != wanted:
        faults.append(f"the last exit is {found.codes[-1]}, not {wanted}")
    if found.how in {"killed", "escalated"} and len(found.codes) != unit(TRADING, INSTANCE).burst:
        faults.append(f"{len(found.codes)} lives")
    if not found.before:
        faults.append("nothing was held: nothing is shown")
    if found.on_abandon == "hold" and found.after != found.before:
        faults.append(f"not held: {found.before} -> {found.after}")
    if found.on_abandon == "flatten" and found.after:
        faults.append(f"not flat: {found.after}")
    for word in ("READY=1", "WATCHDOG=1", *(["STOPPING=1"] if found.how == "drained" else [])):
        if word not in found.told:
            faults.append(f"the service manager was not told {word}")
    says = "can be lost" if found.on_abandon == "hold" else "nothing is left"
    if f"custody of what touchline@{INSTANCE}.service left" not in found.notices:
        faults.append(f"nobody was told: {found.notices!r}")
    elif says not in found.notices:
        faults.append(f"nobody was told what came of it: {found.notices!r}")


def main() -> int:
    """Play every case; 0 if the venue showed each time what the profile said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many (1)")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--how", choices=HOWS, help="this end alone")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    cases = [
        (how, on_abandon, seed)
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds)
        for how in HOWS
        for on_abandon in ("flatten", "hold")
        if chosen.how in {None, how}
    ]
    good = 0
    for how, on_abandon, seed in cases:
        # A short name: a socket's path has little room.
        folder = Path(tempfile.mkdtemp(prefix="tl-"))
        found = trio.run(drill, folder, how, on_abandon, seed)
        print(f"seed {seed}: {found.line}", flush=True)
        good += not found.faults
        if found.faults:
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
    if chosen.proof is not None:
        _append_proof(chosen.proof, _said(chosen), len(cases), good)
    return 0 if good == len(cases) else 1


def _said(chosen: argparse.Namespace) -> str:
    how = f" --how {chosen.how}" if chosen.how else ""
    return f"--seeds {chosen.seeds} --first-seed {chosen.first_seed}{how}"


def _append_proof(path: Path, options: str, cases: int, good: int) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    line = {
        "target": "prove-custody",
        "commit": checkout.commit(ROOT),
        "command": f"python tests/system/custody_driver.py {options}",
        "n": cases,
        "figure": good,
        "bar": cases,
        "what": "ends of a trader that held a position, after which the venue showed what"
        " [custody] says",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
