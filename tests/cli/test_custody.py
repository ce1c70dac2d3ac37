"""Laws of taking an account over: which legs are a set, what may be lost, and who is told."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import get_args

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.cli.custody import Sets, stake_lines, tell
from actors.cli.outside import DONE, LEFT, verdict
from actors.config.custody import Custody
from actors.config.sheet import Sheet
from actors.exchange.estate import Left, Outcome
from actors.model.baskets import EventLegs
from actors.model.orders import Ticker
from tests.exchange.test_closeout import TERMS, Estate, buys, estate, leaves
from tests.sim.venue.hall import AWAY, EVENT, HOME, SERIES, order, quote

SHEET = Sheet(
    series=SERIES,
    sport="soccer",
    settles_on="regulation",
    legs=2,
    exhaustive=True,
    tie="",
    void="fair price",
    in_play_delay_ms=0,
    reviewed="for this test",
)
BOTH = EventLegs(event_ticker=EVENT, legs=(HOME, AWAY), exclusive=True, exhaustive=True)


def sets(there: Estate, hold: str, sheets: Mapping[str, Sheet] | None = None) -> Sets:
    return Sets(levers=there.levers, sheets=sheets or {SERIES: SHEET}, hold=hold)


def baskets(there: Estate) -> None:
    """Have the account hold 10 of the one leg and 6 of the other, and bids for both."""
    buys(there, order("bid", 5000, 10_00), 5000)
    buys(there, order("bid", 4000, 6_00, ticker=AWAY), 4000)
    for ticker in (HOME, AWAY):
        there.site.hall.create("maker", quote("bid", 3500, 20_00, ticker=ticker))


async def test_complete_sets_are_held_and_what_exceeds_them_is_sold(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        baskets(there)
        outcome = await leaves(there, sets(there, "flatten").keep)

        assert outcome.left == ()
        assert (there.held(HOME), there.held(AWAY)) == (6_00, 6_00)


async def test_without_a_reviewed_sheet_nothing_is_taken_for_a_set(
    autojump_clock: MockClock,
) -> None:
    other = attrs.evolve(SHEET, legs=3)
    async with estate() as there:
        baskets(there)
        await leaves(there, sets(there, "flatten", {SERIES: other}).keep)

        assert (there.held(HOME), there.held(AWAY)) == (0, 0)


async def test_to_hold_is_to_sell_nothing_and_to_say_what_can_be_lost(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        baskets(there)
        outcome = await leaves(there, sets(there, "hold").keep)
        sight = await there.closeout().look()

        assert len(outcome.kept) == 2
        assert (there.held(HOME), there.held(AWAY)) == (10_00, 6_00)
        (line,) = stake_lines(sight, 0, BOTH)
        assert "6.00 complete sets" in line
        assert "cost 7.400000, pays at least 6.000000: at most 1.400000 can be lost" in line


def test_how_it_ended_is_told_by_the_exit_code() -> None:
    left = Left(what="position", place=(0, Ticker("A")), count_centi=5, why="nobody pays")

    assert verdict(Outcome(left=()))[0] == DONE
    assert verdict(Outcome(left=(left,)))[0] == LEFT
    assert verdict(Outcome(left=(), unseen="no answer"))[0] == 69
    _, lines = verdict(Outcome(left=(left,)))
    assert lines[-1] == "position  0    A       0.05   nobody pays"


async def test_the_command_gets_the_notice_and_its_failure_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "told"
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read()); sys.exit(3)"

    await tell("two\nlines", [sys.executable, "-c", script, str(told)])
    await tell("nobody", [str(tmp_path / "missing")])

    assert await trio.Path(told).read_text() == "two\nlines\n"
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["touchline custody: two", "touchline custody: lines"]
    assert said[2].endswith("exit code 3")
    assert said[4].endswith("No such file or directory")


def test_under_a_service_manager_a_notice_is_critical(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")

    trio.run(partial(tell, "look", []))

    assert capsys.readouterr().err == "<2>touchline custody: look\n"


def test_an_account_that_nobody_watches_is_held_unless_the_profile_says_otherwise() -> None:
    assert Custody().on_abandon == "hold"
    assert set(get_args(attrs.fields(Custody).on_abandon.type)) == {"hold", "flatten"}
    assert TERMS.floor > 0
