"""Laws of what a scene says of times: each is kept, and each mistake is one line with its place."""

import tomllib

import pytest

from actors.sim.errors import BadStage
from actors.sim.scene import Scene
from actors.sim.scene_file import read_scene
from actors.sim.venue.hours import ALWAYS, KALSHI
from actors.sim.venue.steps import MarketStep

STAGE = """
[[series]]
ticker = "S"
[[events]]
ticker = "E"
series = "S"
[[markets]]
ticker = "E-A"
event = "E"
opens_in_s = 5
closes_in_s = 100
settles_after_s = 10
[[accounts]]
name = "trader"
cash = { 0 = "10" }
"""


def scene(text: str) -> Scene:
    return read_scene(tomllib.loads(STAGE + text))


def step(at_s: float, do: str, more: str = "", market: str = "E-A") -> str:
    return f'[[steps]]\nmarket = "{market}"\nat_s = {at_s}\ndo = "{do}"\n{more}\n'


def test_a_scene_that_says_nothing_of_times_is_always_open() -> None:
    plain = scene("")

    assert (plain.week, plain.maintenance, plain.steps) == (ALWAYS, (), ())
    assert plain.hours(0).next_change_us(0) is None


def test_hours_and_windows_are_counted_from_the_opening() -> None:
    read = scene(
        '[exchange]\nhours = "kalshi"\n[[exchange.maintenance]]\nstarts_in_s = -1\n'
        'lasts_s = 2.5\nstops = "exchange"\ndrops_streams = true\n'
    )
    hours = read.hours(10_000_000)
    (window,) = hours.windows

    assert hours.week == KALSHI
    assert (window.start_us, window.end_us) == (9_000_000, 11_500_000)
    assert (window.stops, window.drops_streams) == ("exchange", True)


def test_steps_are_taken_in_the_order_of_their_times() -> None:
    read = scene(
        step(30, "determine", 'result = "scalar"\nvalue = "0.3333"')
        + step(20, "close")
        + step(33, "dispute")
        + step(90, "amend", 'result = "no"')
    )

    assert [each.at_s for each in read.steps] == [20, 30, 33, 90]
    assert read.steps[1].step == MarketStep(
        ticker=read.markets[0].ticker, do="determine", verdict="scalar", yes_value_micros=333_300
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[exchange]\nhours = "lunch"', "exchange.hours: 'lunch' is none of always, kalshi"),
        ("[exchange]\nopen = 1", "exchange.open: no such field"),
        ("[[exchange.maintenance]]\nstarts_in_s = 1", "exchange.maintenance[0].lasts_s: missing"),
        (
            "[[exchange.maintenance]]\nstarts_in_s = 1\nlasts_s = 0",
            "exchange.maintenance[0].lasts_s: it is over before it begins",
        ),
        (
            '[[exchange.maintenance]]\nstarts_in_s = 1\nlasts_s = 1\nstops = "all"',
            "exchange.maintenance[0].stops: 'all' is none of trading, exchange",
        ),
        (step(10, "explode"), "steps[0].do: 'explode' is none of halt,"),
        (step(10, "halt", market="E-B"), "steps: no market E-B"),
        (step(10, "halt", 'result = "no"'), "steps[0].result: halt has none"),
        (step(10, "determine"), "steps[0].result: missing"),
        (step(10, "determine", 'result = "won"'), "steps[0].result: 'won' is none of yes, no, s"),
        (step(10, "determine", 'result = "scalar"'), "steps[0].value: missing"),
        (
            step(10, "determine", 'result = "yes"\nvalue = "1"'),
            "steps[0].value: yes is worth what it is worth",
        ),
        (
            step(10, "determine", 'result = "scalar"\nvalue = "1.01"'),
            "steps[0].value: $0.0001 is counted in, from 0 to 1 dollar",
        ),
        (
            step(10, "determine", 'result = "scalar"\nvalue = "0.33333"'),
            "steps[0].value: $0.0001 is counted in, from 0 to 1 dollar",
        ),
        (step(-1, "halt"), "steps[0].at_s: -1 is not between 0"),
        (step(4, "halt"), "steps: cannot halt E-A at 4 s: it is initialized"),
        (step(10, "resume"), "steps: cannot resume E-A at 10 s: it is active"),
        (step(100, "halt"), "steps: cannot halt E-A at 100 s: it is closed"),
        (
            step(10, "close") + step(11, "determine", 'result = "no"') + step(21.5, "dispute"),
            "steps: cannot dispute E-A at 21.5 s: it is finalized",
        ),
        (
            step(10, "close") + step(11, "determine", 'result = "no"') + step(12, "uphold"),
            "steps: cannot uphold E-A at 12 s: it is determined",
        ),
    ],
)
def test_each_mistake_is_one_line_that_names_its_place(text: str, said: str) -> None:
    with pytest.raises(BadStage) as refused:
        scene(text)

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
