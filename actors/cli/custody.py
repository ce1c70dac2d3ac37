"""``python -m actors custody``: takes over an account that nobody watches any more, once.

A service manager starts it where the trading process stays down (``deploy/``). It has a key
of its own, no journal and nothing in common with the trader but the profile; it stops
entries, and then sells out or holds as ``[custody] on_abandon`` says. Complete sets of an
event's legs are held in either case: nothing can be lost in them. Exit codes: 0 as the
profile says, as far as markets are open · 1 something is left that should not be · 2 usage ·
69 the venue could not be looked at · 78 the key.
"""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs
import trio

from actors.cli.errors import Misuse
from actors.cli.outside import DONE, LEFT, outside, outside_options, run_outside, verdict
from actors.config.sheet import Sheet
from actors.exchange.closeout import Closeout
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.estate import Holding, Place, Sight
from actors.exchange.levers import Levers
from actors.model.baskets import EventLegs, basket_centi, worst_payout_micros
from actors.model.money import MicroDollars, centi_text, micros_text
from actors.model.orders import Ticker
from actors.runtime.env import Env

NOTIFY_S: Final = 30.0
"""How long whoever is told may take; the account does not wait for it."""
CRITICAL: Final = "<2>"
"""How the journal of a service manager is told that a line is critical (``sd-daemon(3)``)."""
LEGS_S: Final = 20.0
"""For so long an event's legs are asked for; then a set is sold like everything else."""


def custody_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``custody`` understands."""
    outside_options(parser)
    parser.add_argument(
        "--notify", metavar="COMMAND", help="run with each notice on its standard input"
    )
    parser.set_defaults(go=custody)


def custody(chosen: argparse.Namespace) -> int:
    """Take the account over; return the exit code."""
    return run_outside(chosen, take_over)


async def take_over(chosen: argparse.Namespace, env: Env) -> int:
    """Stop entries, sell or hold, and tell; what ``custody`` does within its loop."""
    command = _command(chosen.notify)
    async with outside(chosen, env) as there, trio.open_nursery() as nursery:
        rules = there.profile.custody
        nursery.start_soon(tell, f"{_why(os.environ)}; {there.name}: {rules.on_abandon}", command)
        sets = Sets(levers=there.levers, sheets=there.loaded.sheets, hold=rules.on_abandon)
        closeout = Closeout(
            env=env,
            levers=there.levers,
            settings=rules,
            account=there.profile.account,
            say=_log,
            keep=sets.keep,
        )
        outcome = await closeout.run()
        code, lines = verdict(outcome)
        if code == LEFT and all(each.final for each in outcome.left):
            code = DONE  # Told all the same; but to be started again for it would be no use.
        lines += await _at_stake(closeout, sets)
        nursery.start_soon(tell, "\n".join((there.name, *lines)), command)
    return code


def _command(text: str | None) -> list[str]:
    try:
        return shlex.split(text or "")
    except ValueError as error:
        raise Misuse(f"--notify: {error}") from error


def _why(environ: Mapping[str, str]) -> str:
    """Return why we were started, in the words of the service manager."""
    unit = environ.get("MONITOR_UNIT")
    if not unit:
        return "custody was asked for"
    said = (environ.get(f"MONITOR_{name}", "") for name in ("SERVICE_RESULT", "EXIT_STATUS"))
    return f"custody of what {unit} left ({', '.join(filter(None, said))})"


async def tell(text: str, command: Sequence[str]) -> None:
    """Write a notice where a person looks, and hand it to the command, which may fail."""
    _log(text)
    if not command:
        return
    with trio.move_on_after(NOTIFY_S) as scope:
        try:
            done = await trio.run_process(
                list(command), stdin=f"{text}\n".encode(), stdout=subprocess.DEVNULL, check=False
            )
        except OSError as error:
            _log(f"--notify: {command[0]}: {error.strerror}")
            return
        if done.returncode:
            _log(f"--notify: {command[0]}: exit code {done.returncode}")
    if scope.cancelled_caught:
        _log(f"--notify: {command[0]}: not done within {NOTIFY_S:g} s")


def _log(text: str) -> None:
    # A service manager that reads our lines takes the first characters for their weight.
    weight = CRITICAL if os.environ.get("JOURNAL_STREAM") else ""
    for line in text.splitlines():
        sys.stderr.write(f"{weight}touchline custody: {line}\n")
    sys.stderr.flush()


@attrs.define(eq=False, kw_only=True)
class Sets:
    """Knows which legs belong together, and so what need not be sold."""

    levers: Levers
    sheets: Mapping[str, Sheet]
    hold: str
    _known: dict[str, EventLegs] = attrs.field(init=False, factory=dict)
    _until_s: float = attrs.field(init=False, factory=lambda: trio.current_time() + LEGS_S)

    async def keep(self, sight: Sight) -> Mapping[Place, int]:
        """Keep everything, or complete sets alone: what a closeout is to ask.

        Raises:
            VenueRefused: The venue does not show an event.
            VenueUnreachable: It does not answer.
        """
        if self.hold == "hold":
            return {each.place: abs(each.position_centi) for each in sight.holdings}
        kept: dict[Place, int] = {}
        for number, event_ticker in _events(sight):
            try:
                event = await self.legs(event_ticker)
            except (VenueRefused, VenueUnreachable):
                if trio.current_time() < self._until_s:
                    raise
                continue
            sets = abs(basket_centi(event, _held(sight.holdings, number, event)))
            kept.update({(number, leg): sets for leg in event.legs if sets})
        return kept

    async def legs(self, event_ticker: str) -> EventLegs:
        """Return an event's legs; all that may pay only where a reviewed sheet says so."""
        if event_ticker not in self._known:
            event = await self.levers.event(event_ticker)
            sheet = self.sheets.get(event.series_ticker)
            self._known[event_ticker] = EventLegs(
                event_ticker=event_ticker,
                legs=tuple(sorted(market.ticker for market in event.markets)),
                exclusive=event.mutually_exclusive,
                exhaustive=sheet is not None
                and sheet.exhaustive
                and sheet.legs == len(event.markets),
            )
        return self._known[event_ticker]


def _events(sight: Sight) -> list[tuple[int, str]]:
    """Return each subaccount and event in which something is held."""
    return sorted(
        {
            (each.subaccount, sight.markets[each.ticker].event_ticker)
            for each in sight.holdings
            if each.ticker in sight.markets
        }
    )


def _held(holdings: Sequence[Holding], number: int, event: EventLegs) -> dict[Ticker, int]:
    return {
        each.ticker: each.position_centi
        for each in holdings
        if each.subaccount == number and each.ticker in event.legs
    }


async def _at_stake(closeout: Closeout, sets: Sets) -> list[str]:
    """Return a line for each event in which something is held: the most it can lose."""
    try:
        sight = await closeout.look()
        events = [(number, await sets.legs(ticker)) for number, ticker in _events(sight)]
    except (VenueRefused, VenueUnreachable) as error:
        return [f"what is held is not shown: {error}"]
    return [line for number, event in events for line in stake_lines(sight, number, event)]


def stake_lines(sight: Sight, number: int, event: EventLegs) -> Iterator[str]:
    """Yield what one subaccount holds in one event and the most that it can lose there."""
    held = _held(sight.holdings, number, event)
    mine = [each for each in sight.holdings if each.subaccount == number and each.ticker in held]
    cost = sum(each.cost_micros for each in mine)
    pays = worst_payout_micros(event, held)
    loss = micros_text(MicroDollars(max(0, cost - pays)))
    sets = basket_centi(event, held)
    whole = f", {centi_text(sets)} complete sets" if sets else ""
    what = ", ".join(
        f"{centi_text(each.position_centi)} {each.ticker}"  # type: ignore[arg-type]  # signed text
        for each in mine
    )
    yield (
        f"held in {event.event_ticker}: {what}{whole}; cost {micros_text(MicroDollars(cost))},"
        f" pays at least {micros_text(pays)}: at most {loss} can be lost"
    )
