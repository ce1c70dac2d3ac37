"""Everything that the venue may do to a client, as a person writes it down: one row for each."""

import tomllib
from typing import Any, Final

import attrs

from actors.sim.fault_file import read_plan
from actors.sim.tables import Table
from actors.sim.venue.faults import FaultPlan


@attrs.frozen(kw_only=True)
class Weather:
    """One thing that goes wrong."""

    name: str
    text: str
    """A plan of faults; ``{at_s}`` stands for when, ``{ticker}`` for a market in play."""
    met: tuple[str, ...] = ()
    """What is counted when it has happened; where nothing is, it lasts for a while."""
    holds_orders: bool = False
    """Whether it is over when an order was held."""
    daily: bool = True
    """Whether the suite's one day has it; the long proof has every one."""

    def values(self, at_s: float = 0.0, ticker: str = "T") -> dict[str, Any]:
        """Return the plan as a file's content, to begin ``at_s`` after the venue opened."""
        return tomllib.loads(self.text.format(at_s=at_s, ticker=ticker))

    def plan(self, at_s: float = 0.0, ticker: str = "T") -> FaultPlan:
        """Return the plan."""
        return read_plan(Table(self.values(at_s, ticker)))


def storm(kind: str, for_s: float) -> str:
    return f'[[storms]]\nkind = "{kind}"\nat_s = {{at_s}}\nfor_s = {for_s}\n'


WEATHERS: Final = (
    Weather(name="lost response after commit", text="[orders]\nlost = 1\n", met=("order_lost",)),
    Weather(name="no answer ever", text="[orders]\nsilent = 1\n", met=("order_silent",)),
    Weather(name="slow response", text="[orders]\nslow = 1\nslow_ms = 900\n", met=("order_slow",)),
    Weather(
        name="reset mid-body",
        text="[orders]\ntorn = 1\n[reads]\ntorn = 0.1\n",
        met=("order_torn", "read_torn"),
    ),
    Weather(
        name="502, never heard of",
        text="[orders]\nbad_gateway = 1\n[reads]\nbad_gateway = 0.1\n",
        met=("order_bad_gateway", "read_bad_gateway"),
    ),
    Weather(name="502, and done", text="[orders]\nlate_gateway = 1\n", met=("order_late_gateway",)),
    Weather(
        name="503", text="[orders]\nunavailable = 1\n", met=("order_unavailable",), daily=False
    ),
    Weather(name="order delay", text="venue_delay_ms = 400\n", holds_orders=True),
    Weather(
        name="401 storm, of the key",
        text=storm("unauthorized", 900),
        met=("storm_unauthorized",),
        daily=False,
    ),
    Weather(name="401 storm, of the time", text=storm("expired", 900), met=("storm_expired",)),
    Weather(name="stale reads", text="read_lag_ms = 360\n"),
    Weather(name="sequence gaps", text="[stream]\ngap = 0.1\n", met=("message_lose",)),
    Weather(name="channel errors", text="[stream]\nchannel_error = 0.1\n", met=("message_end",)),
    Weather(
        name="commands time out",
        text="[stream]\ncommand_timeout = 0.5\nchannel_error = 0.1\n",
        met=("message_end", "command_timeout"),
    ),
    Weather(name="frozen stream with live pings", text=storm("frozen", 6)),
    Weather(name="streams cut", text=storm("dropped", 1), met=("dropped",)),
    Weather(name="prints told twice", text="[stream]\nduplicate_print = 1\n", met=("print_twice",)),
    Weather(name="prints out of order", text="[stream]\nlate_print = 1\n", met=("print_late",)),
    Weather(name="clock skew", text="[clock]\nskew_ms = 300\n"),
    Weather(
        name="tight timestamp window",
        text="[clock]\npast_ms = 6000\nfuture_ms = 6000\nsingle_use = true\n",
    ),
    Weather(name="rate-limit storm", text=storm("rate_limited", 900), met=("storm_rate_limited",)),
    Weather(name="502 storm", text=storm("bad_gateway", 900), met=("storm_bad_gateway",)),
    Weather(
        name="price-structure change in play",
        text='[[regrids]]\nticker = "{ticker}"\nat_s = {at_s}\nstructure = "deci_cent"\n',
    ),
)
