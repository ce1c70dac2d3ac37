import contextlib
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from actors.model.money import CentiContracts, Pips
from actors.sim.errors import BadStage
from actors.sim.scene import Scene, SceneAccount, SceneLevel, first_night
from actors.sim.scene_file import read_scene, with_faults
from actors.sim.venue.faults import RequestFaults
from actors.sim.venue.latency import OHIO

SMALL = """
[venue]
agents = false
latency = "ohio"
tier = "advanced"
read_lag_ms = 0
seed = 9

[[series]]
ticker = "KXATPMATCH"
title = "ATP Match"
tags = ["Tennis"]
fee_type = "quadratic_with_maker_fees"
fee_multiplier = "0.5"
shard = 3

[[events]]
ticker = "KXATPMATCH-26NOV22SINALC"
series = "KXATPMATCH"
sub_title = "Nov 22"

[[markets]]
ticker = "KXATPMATCH-26NOV22SINALC-SIN"
event = "KXATPMATCH-26NOV22SINALC"
structure = "deci_cent"
in_play_in_s = -60
settles_after_s = 1
fair = "0.61"
bids = [["0.6050", "100"], ["0.6000", "20.50"]]
asks = [["0.6150", "100"]]

[[accounts]]
name = "trader"
tier = "premier"
cash = { 0 = "10000", 3 = "250.50" }

[faults.orders]
lost = 0.1
"""


def scene(text: str) -> Scene:
    return read_scene(tomllib.loads(text))


def test_a_scene_is_what_its_file_says() -> None:
    read = scene(SMALL)

    [series], [event], [market] = read.series, read.events, read.markets
    assert (series.fee_multiplier, series.exchange_index) == (Fraction(1, 2), 3)
    assert event.exchange_index == 3
    assert (market.name, market.in_play_in_s, market.fair_pips) == ("SIN", -60, 6_100)
    assert market.book[1] == SceneLevel("bid", Pips(6_000), CentiContracts(2_050))
    assert [level.side for level in market.book] == ["bid", "bid", "ask"]
    assert read.accounts == (
        SceneAccount(
            name="trader",
            cash_micros=((0, 10_000_000_000), (3, 250_500_000)),
            tier="premier",
        ),
    )
    assert (read.agents, read.latency, read.tier, read.seed) == (False, OHIO, "advanced", 9)
    assert read.faults.orders == RequestFaults(lost=0.1)


def test_times_count_from_the_opening() -> None:
    terms = scene(SMALL).markets[0].terms(10**15)

    assert terms.open_us == 10**15
    assert terms.occurrence_us == 10**15 - 60_000_000
    assert terms.settles_in_us == 1_000_000


def test_another_file_s_faults_take_the_place_of_its_own() -> None:
    changed = with_faults(scene(SMALL), {"reads": {"slow": 0.5}})

    assert changed.faults.orders == RequestFaults()
    assert changed.faults.reads == RequestFaults(slow=0.5)
    with pytest.raises(BadStage, match="no market X"):
        with_faults(
            first_night(), {"regrids": [{"ticker": "X", "at_s": 1, "structure": "deci_cent"}]}
        )


def test_tokens_need_not_be_counted() -> None:
    assert scene(SMALL.replace('tier = "advanced"', 'tier = "unlimited"')).tier is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("agents = false", "agents = 0", "venue.agents: true or false"),
        ('"ohio"', '"mars"', "venue.latency: 'mars' is none of none, nj, ohio"),
        ('"advanced"', '"vip"', "venue.tier: 'vip' is none of"),
        ("seed = 9", "sead = 9", "venue.sead: no such field"),
        ('"0.5"', '"1/0"', "series[0].fee_multiplier: no number"),
        ('"0.5"', '"-1"', "series[0].fee_multiplier: not between"),
        ('"quadratic_with_maker_fees"', '"flat"', "series[0].fee_type: "),
        ('series = "KXATPMATCH"', 'series = "X"', "events: KXATPMATCH-26NOV22SINALC is of no"),
        ('event = "KX', 'event = "Y', "markets: KXATPMATCH-26NOV22SINALC-SIN is of no event"),
        ('"0.6050"', '"0.60555"', "markets[0].bids[0]: "),
        ('"0.6050"', "0.6050", "markets[0].bids[0]: a price and a count are wanted"),
        ('"0.6050"', '"1.0000"', "markets[0].bids[0]: the price is between 0 and 1"),
        ('"0.6050"', '"0.6055"', "markets: a level of KXATPMATCH-26NOV22SINALC-SIN is off"),
        ('"0.6050"', '"0.6150"', "markets: the book of KXATPMATCH-26NOV22SINALC-SIN is crossed"),
        ("in_play_in_s = -60", "opens_in_s = 5", "markets: KXATPMATCH-26NOV22SINALC-SIN has a"),
        ("in_play_in_s = -60", "closes_in_s = 0", "markets[0].closes_in_s: it closes before"),
        ('name = "trader"', 'name = "house"', "accounts: the venue itself has house"),
        ("3 = ", "x = ", "accounts[0].cash.x: a shard from 0 to 63"),
        ('"250.50"', '"-1"', "accounts[0].cash.3: "),
        (
            "[faults.orders]",
            "[[milestones]]\nid = 'm'\nevents = ['X']\n[faults.orders]",
            "milestones: m is about an event not listed",
        ),
        ("[[accounts]]", "[[account]]", "account: no such field"),
        ("[faults.orders]", "[faults.order]", "faults.order: no such field"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(old: str, new: str, said: str) -> None:
    assert old in SMALL
    with pytest.raises(BadStage) as caught:
        scene(SMALL.replace(old, new))

    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_nothing_is_there_twice() -> None:
    with pytest.raises(BadStage, match="accounts: trader is there twice"):
        scene(SMALL + '[[accounts]]\nname = "trader"\n')


def test_somebody_has_to_have_a_key() -> None:
    with pytest.raises(BadStage, match="nobody has a key"):
        scene("")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=3), each),
    max_leaves=4,
)


@given(
    top=st.sampled_from(["venue", "series", "events", "markets", "accounts", "faults"]),
    name=st.sampled_from(["ticker", "fair", "bids", "cash", "name", "shard", "seed", "storms"]),
    value=JSON,
)
def test_whatever_stands_there_is_read_or_refused(top: str, name: str, value: object) -> None:
    values = tomllib.loads(SMALL)
    rows = values[top]
    (rows[0] if isinstance(rows, list) else rows)[name] = value
    with contextlib.suppress(BadStage):
        read_scene(values)


def test_the_examples_in_the_documents_can_be_staged() -> None:
    documents = Path(__file__).parents[2] / "docs"
    example = scene((documents / "scene.toml").read_text())
    hostile = with_faults(example, tomllib.loads((documents / "faults.toml").read_text()))

    assert [account.name for account in example.accounts] == ["trader", "second"]
    assert hostile.faults.orders.lost == 0.02
    [milestone] = example.milestones
    assert milestone.terms(7).source_ids == {"source_3_id": "12345678901"}
    assert len(hostile.faults.storms) == 2
