import tomllib

import pytest

from actors.sim.errors import BadStage
from actors.sim.fault_file import read_plan
from actors.sim.tables import Table
from actors.sim.venue.faults import (
    CALM,
    ClockFaults,
    FaultPlan,
    Regrid,
    RequestFaults,
    Storm,
    StreamFaults,
)

EVERYTHING = """
read_lag_ms = 360
venue_delay_ms = 4000

[orders]
lost = 0.02
silent = 0.01
slow = 0.05
slow_ms = 800
torn = 0.01
bad_gateway = 0.01
late_gateway = 0.02
unavailable = 0.01
internal = 0.03
gateway_timeout = 0.02

[reads]
lost = 0.1

[stream]
gap = 0.001
channel_error = 0.0001
duplicate_print = 0.01
late_print = 0.02
pings = false

[clock]
skew_ms = -3000
past_ms = 5000
future_ms = 0
single_use = true

[[storms]]
kind = "unauthorized"
at_s = 30
for_s = 2.5
every_s = 60

[[regrids]]
ticker = "B"
at_s = 20
structure = "deci_cent"

[[regrids]]
ticker = "A"
at_s = 10
structure = "tapered_deci_cent"
"""


def plan(text: str) -> FaultPlan:
    return read_plan(Table(tomllib.loads(text)))


def test_every_field_of_a_plan_can_be_written_down() -> None:
    assert plan(EVERYTHING) == FaultPlan(
        orders=RequestFaults(
            lost=0.02,
            silent=0.01,
            slow=0.05,
            slow_ms=800,
            torn=0.01,
            bad_gateway=0.01,
            late_gateway=0.02,
            unavailable=0.01,
            internal=0.03,
            gateway_timeout=0.02,
        ),
        reads=RequestFaults(lost=0.1),
        stream=StreamFaults(
            gap=0.001, channel_error=0.0001, duplicate_print=0.01, late_print=0.02, pings=False
        ),
        clock=ClockFaults(skew_ms=-3000, past_ms=5000, future_ms=0, single_use=True),
        read_lag_ms=360,
        venue_delay_ms=4000,
        storms=(Storm(kind="unauthorized", at_s=30, for_s=2.5, every_s=60),),
        regrids=(
            Regrid(ticker="A", at_s=10, structure="tapered_deci_cent"),
            Regrid(ticker="B", at_s=20, structure="deci_cent"),
        ),
    )


def test_an_empty_file_is_a_plan_of_nothing() -> None:
    assert plan("") == CALM


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lost = 1", "lost: no such field; known here: "),
        ("[orders]\nlots = 1", "orders.lots: no such field"),
        ("[orders]\nlost = 1.5", "orders.lost: 1.5 is not between 0 and 1"),
        ("[orders]\nlost = nan", "orders.lost: nan is not between 0 and 1"),
        ("[orders]\nlost = true", "orders.lost: a number is wanted"),
        ("[orders]\nlost = 0.6\ntorn = 0.6", "orders.*: the probabilities add up to more than 1"),
        ("[stream]\nlate_print = 1\nduplicate_print = 1", "stream.*: the probabilities"),
        ("[stream]\npings = 1", "stream.pings: true or false is wanted"),
        ("orders = 3", "orders: not a table"),
        ("[clock]\npast_ms = -1", "clock.past_ms: a whole number from 0 to"),
        ("[[storms]]\nkind = 'rain'\nat_s = 1\nfor_s = 1", "storms[0].kind: 'rain' is none of"),
        ("[[storms]]\nkind = 'frozen'\nfor_s = 1", "storms[0].at_s: missing"),
        ("storms = 'all'", "storms: at most 10000 rows in brackets"),
        (
            "[[regrids]]\nticker = 'A'\nat_s = 1\nstructure = 'penny'",
            "regrids[0].structure: no price structure 'penny'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadStage) as caught:
        plan(text)

    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
