"""``python -m actors flatten``: leave everything at the venue, now, from outside.

It needs the key and nothing else: no journal, no running process, no state folder. Exit
codes: 0 nothing is left · 1 something is, and the table says what and why · 2 usage, or not
confirmed · 69 the venue could not be looked at · 78 the key.
"""

import argparse
from typing import Final

import trio

from actors.cli import guards
from actors.cli.codes import KEY, UNAVAILABLE, say
from actors.cli.errors import Misuse
from actors.cli.outside import (
    DONE,
    Outside,
    holdings_table,
    outside,
    outside_options,
    run_outside,
    verdict,
)
from actors.exchange.closeout import Closeout
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.estate import Sight
from actors.model.money import centi_text, pips_text
from actors.runtime.env import Env

TRIES: Final = 3
"""Looks that may fail before it says that it cannot begin."""
AGAIN_S: Final = 1.0
NO_KEY: Final = frozenset({401, 403})


def flatten_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``flatten`` understands."""
    outside_options(parser)
    parser.add_argument("--dry-run", action="store_true", help="look, and change nothing")
    parser.add_argument(
        "--yes", action="store_true", help="prod: nobody is asked to type host and key id"
    )
    parser.set_defaults(go=flatten)


def flatten(chosen: argparse.Namespace) -> int:
    """Leave everything; return the exit code."""
    return run_outside(chosen, leave)


async def leave(chosen: argparse.Namespace, env: Env) -> int:
    """Look, ask where money is real, and leave; what ``flatten`` does within its loop."""
    async with outside(chosen, env) as there:
        closeout = Closeout(
            env=env,
            levers=there.levers,
            settings=there.profile.custody,
            account=there.profile.account,
            say=_print,
        )
        sight = await _first_look(closeout)
        if not isinstance(sight, Sight):
            return say(*sight)
        _show(there, sight)
        if chosen.dry_run:
            return DONE
        await _confirmed(chosen, there)
        code, lines = verdict(await closeout.run())
    for line in lines:
        _print(line)
    return code


async def _first_look(closeout: Closeout) -> Sight | tuple[int, str]:
    """Look at the account before anybody is asked anything."""
    found = (UNAVAILABLE, "")
    for number in range(TRIES):
        await trio.sleep(AGAIN_S * (number > 0))
        try:
            return await closeout.look()
        except VenueRefused as error:
            if error.error.status in NO_KEY:
                found = (KEY, f"key: the venue does not take it: {error}")
            else:
                found = (UNAVAILABLE, f"the venue refuses: {error}")
        except VenueUnreachable as error:
            found = (UNAVAILABLE, f"the venue cannot be reached: {error}")
    return found


def _show(there: Outside, sight: Sight) -> None:
    _print(f"{there.name}: {len(sight.resting)} resting orders, {len(sight.holdings)} positions")
    for order in sight.resting:
        count, price = centi_text(order.remaining_count_centi), pips_text(order.price_pips)
        _print(f"  {order.side} {count} {order.ticker} at {price}, order {order.order_id}")
    if sight.holdings:
        for line in holdings_table(sight.holdings):
            _print(f"  {line}")


async def _confirmed(chosen: argparse.Namespace, there: Outside) -> None:
    """Have somebody type host and key id where real money is sold at once.

    Raises:
        Misuse: Nobody did.
    """
    if there.profile.environment != guards.GUARDED or chosen.yes:
        return
    teller = guards.teller()
    needed = f"{guards.wanted(there.profile).rpartition('/')[0]}/{there.key_id}"
    if teller is None:
        raise Misuse("flatten: nobody here to confirm it; say --yes")
    floor = pips_text(there.profile.custody.floor)
    teller.write(f"SELL EVERYTHING down to {floor} a contract. type {needed} to do it: ")
    if (await there.env.blocking(teller.read)).strip() != needed:
        raise Misuse("flatten: not confirmed, and nothing was changed")


def _print(line: str) -> None:
    print(line, flush=True)
