"""Laws of a crew around a goal."""

import pytest
import trio.testing

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker
from actors.model.score import Score
from actors.sim.agents import Maker, Rung
from actors.sim.crew import STANDARD_LOAD, Habits, Move, News
from actors.sim.script import Reaction
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.events import BookChanged, VenueEvent
from actors.sim.venue.order_entry import Created
from tests.sim.pitch import BUYER, ONE_GOAL, PENALTY, Pitch, pitch, play

GOAL_S = 20.0
AHEAD = Score(1, 0)


def goal(reaction: Reaction = "drawn") -> News:
    return News(occasion="goal-1", before=Score(0, 0), after=AHEAD, reaction=reaction)


def home(on: Pitch) -> Ticker:
    return on.crew.seat.tickers["home"]


async def bought(reaction: Reaction, after_s: float, seed: int = 1) -> int:
    """Buy at the old price so long after a goal; return the centi-contracts got."""
    on = pitch(ONE_GOAL, seed)
    limits: list[Pips] = []
    got: list[int] = []

    def look() -> None:
        limits.append(on.venue.book(home(on)).asks[0].price_pips)

    def buy() -> None:
        order = CreateOrder(
            ticker=home(on), side="bid", price_pips=limits[0], count_centi=CentiContracts(100)
        )
        taken = on.venue.create_order(BUYER, order)
        assert isinstance(taken, Created)
        got.append(taken.fill_count_centi)

    on.crew.open()
    await play(
        on,
        GOAL_S + 4,
        (GOAL_S - 0.001, look),
        (GOAL_S, lambda: on.crew.react(goal(reaction))),
        (GOAL_S + after_s, buy),
    )
    return got[0]


@pytest.mark.parametrize("seed", range(3))
async def test_before_slow_makers_everybody_buys_at_the_old_price(
    seed: int, autojump_clock: trio.testing.MockClock
) -> None:
    assert await bought("slow makers", 1.4, seed) == 100


@pytest.mark.parametrize("after_s", [0.05, 0.5, 1.9, 3.0])
async def test_after_a_faster_rival_nobody_buys_at_the_old_price(
    after_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    assert await bought("faster rival", after_s) == 0


async def test_of_many_goals_some_can_be_bought_and_some_cannot(
    autojump_clock: trio.testing.MockClock,
) -> None:
    got = [await bought("drawn", 0.22, seed) for seed in range(16)]

    assert 0 < sum(filled > 0 for filled in got) < len(got)


async def test_everybodys_move_is_noted_once(autojump_clock: trio.testing.MockClock) -> None:
    on, moves = pitch(), list[Move]()
    on.crew.open()

    await play(on, 25.0, (GOAL_S, lambda: on.crew.react(goal(), moves.append)))

    assert sorted((move.did, move.who) for move in moves) == [
        ("heard", "crowd"),
        *[("pulled", f"maker-{number}") for number in (1, 2, 3)],
        *[("quoted", f"maker-{number}") for number in (1, 2, 3)],
        ("took", "rival-1"),
        ("took", "rival-2"),
    ]


async def test_a_maker_never_quotes_on_news_older_than_what_it_pulled_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    on = pitch()
    on.crew.open()
    twice = News(occasion="goal-2", before=AHEAD, after=Score(2, 0))

    await play(
        on,
        26.0,
        (GOAL_S, lambda: on.crew.react(goal("slow makers"))),
        (GOAL_S + 0.1, lambda: on.crew.react(twice)),
    )

    assert all(maker.score == Score(2, 0) for maker in on.crew.makers)


async def test_a_penalty_is_priced_in_before_it_is_taken(
    autojump_clock: trio.testing.MockClock,
) -> None:
    on = pitch(PENALTY)
    prices: list[int] = []

    def look() -> None:
        prices.append(on.venue.book(home(on)).bids[0].price_pips)

    kick = News(occasion="penalty-1", before=Score(0, 0), after=Score(0, 0), kick="home")
    on.crew.open()
    await play(
        on,
        GOAL_S + 6,
        (GOAL_S - 2.3, look),
        (GOAL_S - 2.2, lambda: on.crew.react(kick)),
        (GOAL_S - 0.01, look),
        (GOAL_S, lambda: on.crew.react(goal())),
        (GOAL_S + 4, look),
    )

    before, waiting, after = prices
    assert before + 500 < waiting < after
    assert waiting - before > 0.6 * (after - before)


async def test_a_crew_that_left_does_nothing_more(autojump_clock: trio.testing.MockClock) -> None:
    on, heard = pitch(), list[VenueEvent]()
    on.crew.open()

    def leave() -> None:
        for ticker in on.crew.seat.tickers.values():
            on.venue.close_market(ticker)
        on.crew.leave()
        on.venue.listen(heard.append)

    await play(on, 30.0, (8.0, lambda: on.crew.react(goal())), (8.01, leave))

    assert heard == []


async def test_habits_set_how_many_book_messages_there_are(
    autojump_clock: trio.testing.MockClock,
) -> None:
    counts: dict[str, int] = {}
    for name, habits in (("usual", Habits()), ("standard load", STANDARD_LOAD)):
        on, heard = pitch(habits=habits), list[VenueEvent]()
        on.crew.open()
        on.venue.listen(heard.append)
        await play(on, 20.0)
        counts[name] = sum(isinstance(event, BookChanged) for event in heard)

    assert counts["standard load"] * 5 < counts["usual"]


async def intents(monkeypatch: pytest.MonkeyPatch, *, taking: bool) -> list[object]:
    """Return everything that makers mean to quote around a goal: who, when, where, how much."""
    on, meant = pitch(), list[object]()
    really = Maker.intended

    def listening(maker: Maker, at_s: float) -> dict[Rung, int]:
        rungs = really(maker, at_s)
        if at_s < GOAL_S + 3:
            # Beyond, the end of the play may cut one off or not.
            meant.append((maker.account, at_s, rungs))
        return rungs

    def take() -> None:
        for ticker in on.crew.seat.tickers.values():
            best = on.venue.book(ticker).asks[0].price_pips
            order = CreateOrder(
                ticker=ticker, side="bid", price_pips=best, count_centi=CentiContracts(50_000)
            )
            assert isinstance(on.venue.create_order(BUYER, order), Created)

    monkeypatch.setattr(Maker, "intended", listening)
    on.crew.open()
    acts = [(at_s, take) for at_s in (5.0, 6.3, 9.1, 14.8)] if taking else []
    await play(on, GOAL_S + 4, *acts, (GOAL_S, lambda: on.crew.react(goal("slow makers"))))
    monkeypatch.setattr(Maker, "intended", really)
    return meant


async def test_what_others_trade_moves_nothing_that_a_maker_means_to_quote(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    untouched = await intents(monkeypatch, taking=False)
    assert len(untouched) > 20
    assert await intents(monkeypatch, taking=True) == untouched
