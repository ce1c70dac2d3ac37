"""What ``flatten`` and ``custody`` share: an account, reached with its key and nothing else.

They read no journal, open no state folder and speak to no trading process.
"""

import argparse
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import trio

from actors.cli import guards
from actors.cli.codes import KEY, UNAVAILABLE, USAGE, say
from actors.cli.errors import Misuse, WorldGone
from actors.config.credentials import credentials_folder, is_handed
from actors.config.load import BadProfile, Loaded, load, world_names
from actors.config.profile import Profile
from actors.exchange.errors import KeyRefused
from actors.exchange.estate import Holding, Left, Outcome
from actors.exchange.keys import load_key
from actors.exchange.levers import Levers
from actors.exchange.signing import Signer
from actors.model.money import centi_text, micros_text
from actors.runtime import checkout
from actors.runtime.env import Endpoint, Env, RealEnv
from actors.runtime.errors import leaves
from actors.runtime.http import HttpClient
from actors.runtime.process import ChildFailed, read_handshake

DONE, LEFT = 0, 1
"""Exit codes beside those of ``codes``: as it was to be, and something is left."""
ASK_S: Final = 5.0
"""How long one question to the venue may take."""
INTERRUPTED: Final = 130

KNOWN: Final[tuple[tuple[type[BaseException], int, str], ...]] = (
    (BadProfile, USAGE, ""),
    (Misuse, USAGE, ""),
    (KeyRefused, KEY, "key: "),
    (WorldGone, UNAVAILABLE, ""),
)


@attrs.frozen(kw_only=True)
class Outside:
    """An account and its key."""

    env: Env
    loaded: Loaded
    key_id: str
    levers: Levers

    @property
    def profile(self) -> Profile:
        """The profile that names it."""
        return self.loaded.profile

    @property
    def name(self) -> str:
        """The account, for a person."""
        host = Endpoint.parse(self.profile.venue.rest).host
        return (
            f"account {self.profile.account} at {host} ({self.profile.environment}),"
            f" key {self.key_id}"
        )


def outside_options(parser: argparse.ArgumentParser) -> None:
    """Add what both commands understand."""
    parser.add_argument("--profile", required=True, help="a shipped profile's name, or a file")
    parser.add_argument("--world", metavar="FILE", help="a running simulated world's handshake")
    parser.add_argument("--key-id", metavar="ID", help="sign with another key than the profile's")
    parser.add_argument("--key-file", metavar="PEM", help="its private half")


def run_outside(
    chosen: argparse.Namespace, serve: Callable[[argparse.Namespace, Env], Awaitable[int]]
) -> int:
    """Run one of the commands; what is known to go wrong is a line and an exit code."""
    try:
        return trio.run(serve, chosen, RealEnv())
    except KeyboardInterrupt:
        return say(INTERRUPTED, "stopped before its end: look at the account")
    except Exception as error:
        found = [_known(leaf) for leaf in leaves(error)]
        first = found[0]
        if first is None or None in found:
            raise
        return say(*first)


def _known(error: BaseException) -> tuple[int, str] | None:
    for kind, code, what in KNOWN:
        if isinstance(error, kind):
            return code, f"{what}{error}"
    return None


@asynccontextmanager
async def outside(chosen: argparse.Namespace, env: Env) -> AsyncIterator[Outside]:
    """Reach the account while inside; nothing is asked of the venue yet.

    Raises:
        BadProfile: The profile cannot be used.
        KeyRefused: Nor the key.
        Misuse: The options do not fit each other, or the profile.
        WorldGone: The handshake is not there.
    """
    if (chosen.key_id is None) != (chosen.key_file is None):
        raise Misuse("--key-id and --key-file come together")
    handshake = await _handshake(chosen)
    loaded = load(chosen.profile, handshake, credentials_folder(os.environ))
    profile, venue = loaded.profile, loaded.profile.venue
    key_id, path = chosen.key_id or profile.key.id, chosen.key_file or profile.key.pem_file
    handed = is_handed(path, os.environ)
    if profile.environment == guards.GUARDED:
        guards.check_key_file(path, handed=handed, root=checkout.ROOT)
    sign = Signer(env=env, key_id=key_id, key=load_key(path, credential=handed))
    async with HttpClient(env, venue.rest, ca_file=venue.ca_file or None, timeout_s=ASK_S) as http:
        yield Outside(env=env, loaded=loaded, key_id=key_id, levers=Levers(http=http, sign=sign))


async def _handshake(chosen: argparse.Namespace) -> dict[str, object] | None:
    if not world_names(chosen.profile):
        if chosen.world is not None:
            raise Misuse(f"--world: the profile {chosen.profile!r} has no world")
        return None
    if chosen.world is None:
        raise Misuse(f"the profile {chosen.profile!r} needs --world FILE, a running world's line")
    try:
        line = (await trio.Path(chosen.world).read_bytes()).strip()
        return read_handshake(line, str(Path(chosen.world)))
    except (OSError, ChildFailed) as error:
        raise WorldGone(f"world: {chosen.world}: {error}") from error


def holdings_table(holdings: Sequence[Holding]) -> Iterator[str]:
    """Yield the lines of a table of positions."""
    rows = [
        (
            str(each.subaccount),
            each.ticker,
            str(each.exchange_index),
            centi_text(each.position_centi),  # type: ignore[arg-type]  # signed, as text only
            micros_text(each.cost_micros),
        )
        for each in holdings
    ]
    yield from _table(("sub", "market", "shard", "held", "cost"), rows)


def left_table(left: Sequence[Left]) -> Iterator[str]:
    """Yield the lines of a table of what is left."""
    rows = [
        (
            each.what,
            str(each.place[0]),
            each.place[1] or "-",
            centi_text(each.count_centi),  # type: ignore[arg-type]  # as text only
            each.why,
        )
        for each in left
    ]
    yield from _table(("what", "sub", "market", "count", "why"), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def verdict(outcome: Outcome) -> tuple[int, list[str]]:
    """Return the exit code of a closeout, and the lines that say how it ended."""
    lines = list(left_table(outcome.left)) if outcome.left else []
    if outcome.unseen:
        last = "; what was seen last:" if lines else ""
        why = f"the venue could not be looked at in the end: {outcome.unseen}{last}"
        return UNAVAILABLE, [why, *lines]
    if outcome.left:
        return LEFT, [f"{len(outcome.left)} left:", *lines]
    kept = f"no order; {len(outcome.kept)} positions are kept" if outcome.kept else ""
    return DONE, [kept or "nothing is left: no order, no position"]
