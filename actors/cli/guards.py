"""What stands between a profile for real money and its first order: the guards of ``prod``.

Each one that is tripped is one line and an exit code, before anything is planted:

* the key file lies outside the checkout, is ours, and has mode 0600 or 0400 (78)
* somebody confirms host and key id, by ``--confirm HOST/KEYID`` or by typing it (2)
* the clocks are not certainly further apart than ``clock.halt_ms`` (78)
* the venue takes the key and tells the account's limits (78; 70 while it cannot be asked)
* the account's tier pays for what the profile wants to send (2)

``docs/guards.md`` has every line that they say. They hold wherever the environment is ``prod``,
also where a profile that extends it has a simulated venue's addresses.
"""

import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs
import trio

from actors.cli.errors import Misuse, VenueAway
from actors.config.profile import Profile
from actors.exchange.asking import Asking
from actors.exchange.errors import ClockOff, KeyRefused, VenueRefused, VenueUnreachable
from actors.exchange.keys import SigningKey
from actors.exchange.rest import Rest
from actors.exchange.signing import Signer
from actors.exchange.tokens import DEFAULT_COST
from actors.exchange.wire_venue import AccountLimits, ExchangeStatus
from actors.model.money import MicroDollars
from actors.runtime.env import Endpoint, Env
from actors.runtime.http import HttpClient
from actors.trader.clock_watch import far_apart
from actors.trader.reads import budget_of, clock_of

GUARDED: Final = "prod"
"""The environment that is guarded."""
MODES: Final = frozenset({0o600, 0o400})
RUNS: Final = "runs"
"""Folder of the checkout that is never committed: a simulated day's own key lies there."""
ASKED: Final = 3
"""Questions by which the clocks are compared; each narrows what is certain."""
AWAY_S: Final = 20.0
"""How long a venue may be away before the start is given up."""
AGAIN_S: Final = 1.0
NO_KEY: Final = frozenset({401, 403})
LONGEST: Final = 200
"""Characters of what somebody types."""


@attrs.frozen(kw_only=True)
class Teller:
    """Whoever may be asked at a terminal."""

    write: Callable[[str], object]
    read: Callable[[], str]
    """Waits for a line; empty at the end of the input."""


@attrs.frozen(kw_only=True)
class Told:
    """What the venue says before a start."""

    limits: AccountLimits
    status: ExchangeStatus


def teller() -> Teller | None:
    """Return who sits at the terminal; ``None`` where nobody does."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    return Teller(write=write, read=lambda: sys.stdin.readline(LONGEST))


def check_key_file(path: str, *, handed: bool, root: Path) -> None:
    """Refuse a key file that lies where, or is open as, no real one should.

    Args:
        path: The file. ``load_key`` has its own rules besides.
        handed: The service manager handed it to us, and answers for its mode.
        root: The checkout.

    Raises:
        KeyRefused: One line that says why.
    """
    place = Path(path).resolve()
    inside = root.resolve()
    if place.is_relative_to(inside) and not place.is_relative_to(inside / RUNS):
        raise KeyRefused(f"{path}: lies in the checkout {inside}; keep it outside")
    if handed:
        return
    try:
        mode = stat.S_IMODE(place.stat().st_mode)
    except OSError as error:
        raise KeyRefused(f"{path}: {error.strerror}") from error
    if mode not in MODES:
        raise KeyRefused(f"{path}: mode {mode:04o}, not 0600 or 0400; run: chmod 600 {path}")


def wanted(profile: Profile) -> str:
    """Return what has to be confirmed: ``HOST/KEYID``."""
    return f"{Endpoint.parse(profile.venue.rest).host}/{profile.key.id}"


async def confirm(env: Env, profile: Profile, given: str | None, asks: Teller | None) -> None:
    """Have somebody say for which host and with which key this trades.

    Args:
        env: For the thread that waits for the terminal.
        profile: What is about to trade.
        given: ``--confirm``; ``None`` where it was not given.
        asks: Who is asked without it.

    Raises:
        Misuse: Nobody confirmed it, or something else was confirmed.
    """
    needed = wanted(profile)
    if given is None:
        if asks is None:
            raise Misuse(f"prod: nobody here to confirm it; say --confirm {needed}")
        asks.write(question(profile))
        given = (await env.blocking(asks.read)).strip()
    if given != needed:
        raise Misuse(f"prod: not confirmed: {ascii(given)[:LONGEST]} is not {needed}")


def question(profile: Profile) -> str:
    """Return what is shown before somebody types."""
    limits = profile.limits
    at_stake = ", ".join(
        f"{_dollars(amount)} {what}"
        for amount, what in (
            (limits.order_dollars, "an order"),
            (limits.match_dollars, "a match"),
            (limits.day_dollars, "a day"),
            (limits.account_dollars, "open at once"),
        )
    )
    return (
        f"REAL MONEY: account {profile.account} at {Endpoint.parse(profile.venue.rest).host},"
        f" key {profile.key.id}; at most {at_stake}.\ntype {wanted(profile)} to trade: "
    )


async def ask_venue(env: Env, profile: Profile, key: SigningKey) -> Told:
    """Compare the clocks and read the account's limits, before anything is planted.

    An exchange that does not trade just now is no reason to refuse: entries wait for it.

    Raises:
        ClockOff: The clocks are certainly further apart than ``clock.halt_ms``.
        KeyRefused: The venue does not take the key.
        Misuse: The account's tier does not pay for what the profile wants to send.
        VenueAway: It could not be asked.
    """
    clock = clock_of(profile.clock)
    asking = Asking(now_ns=env.now_ns, clock=clock, budget=budget_of(profile.tokens))
    sign = Signer(env=env, key_id=profile.key.id, key=key)
    venue = profile.venue
    give_up_s = trio.current_time() + AWAY_S
    async with HttpClient(env, venue.rest, ca_file=venue.ca_file or None) as http:
        rest = Rest(http=http, sign=sign, asking=asking)
        while True:
            try:
                statuses = [await rest.exchange_status() for _ in range(ASKED)]
                word = clock.word(env.now_ns(), env.wall_ns())
                if word.least_ns > clock.tolerance.halt_ns:
                    raise ClockOff(far_apart(word))
                limits = await rest.account_limits()
            except VenueRefused as error:
                if error.error.status in NO_KEY:
                    raise KeyRefused(f"the venue does not take it: {error}") from error
                why = str(error)
            except VenueUnreachable as error:
                why = str(error)
            else:
                check_tier(profile, limits)
                return Told(limits=limits, status=statuses[-1])
            if trio.current_time() >= give_up_s:
                raise VenueAway(f"prod: the account's limits could not be read: {why}")
            await trio.sleep(AGAIN_S)


def check_tier(profile: Profile, limits: AccountLimits) -> None:
    """Refuse a profile that wants to send more than the account's tier pays for.

    Raises:
        Misuse: One line that says which of the two has to change.
    """
    pace, paid = profile.throttle, limits.write.refill_rate // DEFAULT_COST
    named = [each.orders_per_s or pace.orders_per_s for each in pace.sports.values()]
    most = max(pace.orders_per_s, *named) if named else pace.orders_per_s
    if most > paid:
        raise Misuse(
            f"prod: [throttle] lets {most} orders a second leave, tier {_tier(limits)} pays for"
            f" {paid}"
        )


def told(profile: Profile, said: Told) -> str:
    """Return the line that a guarded start says when every guard has let it pass."""
    line = (
        f"PROD   {Endpoint.parse(profile.venue.rest).host}, key {profile.key.id}, tier"
        f" {_tier(said.limits)}: {said.limits.write.refill_rate} write tokens a second;"
        f" at most {_dollars(profile.limits.day_dollars)} a day"
    )
    if said.status.exchange_active and said.status.trading_active:
        return line
    return f"{line}; the exchange does not trade just now"


def _tier(limits: AccountLimits) -> str:
    return ascii(limits.usage_tier)[1:-1][:40]


def _dollars(amount: MicroDollars) -> str:
    return f"${amount / 1_000_000:,.2f}"
