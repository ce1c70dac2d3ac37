"""How the account asks over REST: one client, one budget, and the venue's time heard by the way."""

from collections.abc import Callable

import attrs

from actors.config.profile import Clock, Profile, Tokens
from actors.exchange.asking import Asking
from actors.exchange.clock import MILLI_NS, ClockOffset, Tolerance
from actors.exchange.groups import Groups
from actors.exchange.rest import Rest
from actors.exchange.signing import Sign
from actors.exchange.tokens import Budget
from actors.messages.records_venue import OddRow
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.http import HttpClient
from actors.runtime.mailbox import Mailbox
from actors.trader.desk import Desk
from actors.trader.limits_reader import LimitsReader


@attrs.frozen(kw_only=True)
class Reads:
    """The REST interface for those who may wait a little, and for those who may not."""

    patient: Rest
    urgent: Rest
    """For questions about our own orders and money: they may take the last tokens."""
    limits: LimitsReader
    groups: Groups
    """Asks for the order groups that entries carry."""


def clock_of(settings: Clock) -> ClockOffset:
    """Return a clock of which nothing is known yet."""
    return ClockOffset(tolerance=tolerance_of(settings))


def tolerance_of(settings: Clock) -> Tolerance:
    """Return how far the venue's clock may be from ours."""
    return Tolerance(
        warn_ns=settings.warn_ms * MILLI_NS,
        halt_ns=settings.halt_ms * MILLI_NS,
        signed_ns=settings.signed_ms * MILLI_NS,
    )


def budget_of(settings: Tokens) -> Budget:
    """Return full buckets of the lowest tier."""
    return Budget(exit_reserve=settings.exit_reserve, read_reserve=settings.read_reserve)


def reads_of(
    env: Env,
    profile: Profile,
    sign: Sign,
    desk: Desk,
    *,
    to_auditor: Mailbox[object],
    cell: Callable[[str], Health],
) -> Reads:
    """Make the account's REST interface; what its answers tell goes to the desk."""
    http = HttpClient(env, profile.venue.rest, ca_file=profile.venue.ca_file or None)
    asking = Asking(now_ns=env.now_ns, clock=desk.clock, budget=desk.budget)
    asking.oddities.on_first = lambda name: to_auditor.post(OddRow(name=name, at_ns=env.now_ns()))
    patient = Rest(http=http, sign=sign, asking=asking)
    limits = LimitsReader(
        env=env,
        rest=patient,
        budget=desk.budget,
        to_auditor=to_auditor,
        health=cell("limits"),
    )
    asking.on_surprise = limits.nudge
    groups = Groups(http=http, sign=sign, asking=asking)
    return Reads(patient=patient, urgent=patient.urgently(), limits=limits, groups=groups)
