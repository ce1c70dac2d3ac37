"""``python -m actors takeover``: puts on our books what others did in our account, once looked at.

For after custody, ``flatten`` or a person at the venue's own page: the next start finds orders
that nobody intended, and ends by 75. The trading process must not run. Exit codes: 0 the
journal agrees with the venue · 2 usage, or not confirmed · 69 the venue could not be asked ·
74 the journal · 75 something differs that no stranger's trading explains · 78 the key.
"""

import argparse
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import trio

from actors.audit.evidence import Evidence, read_evidence
from actors.audit.recovery import recover
from actors.audit.takeover import Takeover, taken_over
from actors.audit.venue_word import read_word
from actors.cli import guards
from actors.cli.codes import JOURNAL, RISK, UNAVAILABLE, say
from actors.cli.errors import Misuse
from actors.cli.outside import DONE, Outside, outside, outside_options, run_outside
from actors.cli.places import alone
from actors.cli.soil import CODEC, check_account, open_journal
from actors.config.calendar import trading_day
from actors.config.load import world_names
from actors.config.state import StateFolder, standing_folder
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.messages.recovered import RecoveredLot
from actors.model.fees import MemberClass
from actors.runtime import checkout
from actors.runtime.env import Env
from actors.runtime.errors import JournalError

SURE_S: Final = 10.0
"""For so long the venue's reads may go on moving."""
PAUSE_S: Final = 1.2
"""Between two of them: both have to say the same."""


def takeover_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``takeover`` understands."""
    outside_options(parser)
    parser.add_argument("--state", metavar="DIR", help="the state folder, as for supervisor.py")
    parser.add_argument("--dry-run", action="store_true", help="look, and write nothing")
    parser.add_argument("--yes", action="store_true", help="nobody is asked to type the account")
    parser.set_defaults(go=takeover)


def takeover(chosen: argparse.Namespace) -> int:
    """Take over; return the exit code."""
    return run_outside(chosen, take_in)


async def take_in(chosen: argparse.Namespace, env: Env) -> int:
    """Look, show, ask and write; what ``takeover`` does within its loop."""
    if chosen.state is None and world_names(chosen.profile):
        raise Misuse("takeover: say --state DIR, the run's own folder")
    state = standing_folder(Path(chosen.profile).stem, chosen.state, os.environ)
    if not env.disk.names(str(state.journal)):
        raise Misuse(f"{state.journal}: no journal there")
    with alone(state):
        async with outside(chosen, env) as there:
            try:
                return await _take_in(chosen, there, state)
            except (VenueRefused, VenueUnreachable) as error:
                return say(UNAVAILABLE, f"the venue could not be asked: {error}")
            except JournalError as error:
                return say(JOURNAL, f"journal: {error}")


async def _take_in(chosen: argparse.Namespace, there: Outside, state: StateFolder) -> int:
    env, folder = there.env, str(state.journal)
    day_of = partial(trading_day, there.profile.run)
    recovered = recover(env.disk, folder, CODEC, day_of=day_of)
    check_account(recovered.first, there.profile, folder)
    evidence = read_evidence(env.disk, folder, CODEC)
    if evidence.opening is None:
        print("this journal was never reconciled: its first start takes the account as it is")
        return DONE
    member = there.profile.venue.member
    found = await look(there.levers, env, evidence, recovered.lots, member)
    if found is None:
        return say(RISK, "somebody trades this account just now; nothing was written")
    if not found.lines:
        print("nothing to take over: journal and venue agree")
        return DONE
    _show(found)
    if found.wrong:
        return say(RISK, "\n".join(("not to be taken over, nothing was written:", *found.wrong)))
    if chosen.dry_run:
        return DONE
    await _confirmed(chosen, there)
    journal = open_journal(env, there.loaded, state, root=checkout.ROOT)
    try:
        for row in found.rows(env.wall_ns(), env.now_ns()):
            journal.append(row)
    finally:
        journal.close()
    halts = "".join(f"; still halted: {each}" for each in recovered.halts)
    print(f"taken over: {len(found.fills)} fills, {len(found.netted)} lots{halts}")
    return DONE


async def look(
    rest: Rest, env: Env, evidence: Evidence, lots: Sequence[RecoveredLot], member: MemberClass
) -> Takeover | None:
    """Read the venue until two readings say the same; ``None`` where none do.

    Raises:
        VenueRefused: It said no.
        VenueUnreachable: It did not answer.
    """
    before: Takeover | None = None
    give_up_s = trio.current_time() + SURE_S
    while True:
        is_over = trio.current_time() >= give_up_s
        try:
            word = await read_word(rest, env.wall_ns)
        except (VenueRefused, VenueUnreachable):
            # The balance may be read once a second, and others may have read it just now.
            if is_over:
                raise
        else:
            found = taken_over(evidence, word, lots, member)
            if found == before:
                return found
            if is_over:
                return None
            before = found
        await trio.sleep(PAUSE_S)


def _show(found: Takeover) -> None:
    print(f"journal and venue disagree: {len(found.lines)} differences")
    for line in found.lines:
        print(f"  {line}")
    print("to be written down:")
    for line in found.told():
        print(f"  {line}")


async def _confirmed(chosen: argparse.Namespace, there: Outside) -> None:
    """Have somebody type the account's name.

    Raises:
        Misuse: Nobody did.
    """
    if chosen.yes:
        return
    teller = guards.teller()
    if teller is None:
        raise Misuse("takeover: nobody here to confirm it; say --yes")
    teller.write(f"type {there.profile.account} to have all of this on our books: ")
    if (await there.env.blocking(teller.read)).strip() != there.profile.account:
        raise Misuse("takeover: not confirmed, and nothing was written")
