"""One seeded day through everything that the venue may do to a client; no order is lost in it."""

from collections import Counter
from typing import Final

import attrs
import pytest
import trio

from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.messages.codec import JournalCodec
from actors.messages.records import ActorRow, Intent, OrderOutcome, Reconciled
from actors.messages.records_venue import DelayRow
from actors.model.orders import Ticker
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.synthetic import synthetic_day
from actors.sim.venue.events import MarketStepped, VenueEvent
from actors.sim.venue.faults import CALM
from actors.sim.venue.hours import Maintenance
from actors.sim.venue.steps import MarketStep
from actors.sim.world import TRADER
from tests.sim.venue.weathers import WEATHERS, Weather
from tests.system.stage import traded_twice
from tests.system.test_seeded import of, until

SEED: Final = 15
HOURS: Final = 0.5
DAILY: Final = tuple(weather for weather in WEATHERS if weather.daily)
LASTS_S: Final = 6.0
STOPPED_S: Final = 25.0
CONTESTED_S: Final = 12.0
DELAY_NS: Final = 400_000_000
BOUND_NS: Final = 10_000_000
"""How far an estimate may be off: what the way there and back varies by."""


@attrs.define
class Lived:
    """A day, and how it went in each weather."""

    day: SeededDay
    spans: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    """From when to when each lasted."""
    disputed: list[Ticker] = attrs.field(factory=list)
    """Markets that we were to be paid by, and whose results were disputed and amended."""

    def orders(self) -> set[str]:
        """Return the client's ids of all our orders that the venue ever took."""
        view = self.day.world.venue.floor.account(TRADER).view
        assert view is not None
        return {order.client_order_id for order in view.orders.values()}


def in_play(day: SeededDay) -> str:
    """Return a market that is played for and quoted; an empty text for none."""
    quoted = (
        market.ticker
        for market in day.world.venue.floor.markets.values()
        if market.status == "active" and market.best("bid") and market.best("ask")
    )
    return next(quoted, "")


async def one(lived: Lived, weather: Weather) -> None:
    """Live in a weather until it was met."""
    day, server = lived.day, lived.day.world.server
    await until(lambda: bool(in_play(day)))
    opened_s = server.hostility._opened_s  # noqa: SLF001 - a plan's times count from there
    since_ns, before = day.env.now_ns(), Counter(server.hostility.counts)
    server.follow(weather.plan(trio.current_time() - opened_s + 0.1, in_play(day)))
    sent = day.tree.auditor.tally.sent

    def met() -> bool:
        counted = Counter(server.hostility.counts) - before
        held = not weather.holds_orders or day.tree.auditor.tally.sent > sent
        return held and {*weather.met} <= {*counted}

    await trio.sleep(1.0 if weather.met or weather.holds_orders else LASTS_S)
    await until(met)
    await trio.sleep(1.0)
    server.follow(CALM)
    lived.spans[weather.name] = since_ns, day.env.now_ns()


def contest(lived: Lived) -> None:
    """Have every result that we are paid by disputed, and later amended to a fair price."""
    venue = lived.day.world.venue

    def hear(event: VenueEvent) -> None:
        if isinstance(event, MarketStepped) and event.step == "determined":
            ticker = event.ticker
            if venue.position_centi(TRADER, ticker):
                lived.disputed.append(ticker)
                soon_us = venue.now_us() + 100_000
                venue.plan_step(MarketStep(ticker=ticker, do="dispute"), soon_us)
                fair = MarketStep(
                    ticker=ticker, do="amend", verdict="scalar", yes_value_micros=333_300
                )
                venue.plan_step(fair, soon_us + round(1e6 * CONTESTED_S))

    venue.listen(hear)


async def maintained(lived: Lived) -> None:
    """Live through maintenance in which nothing changes and every stream is cut."""
    day, venue = lived.day, lived.day.world.venue
    spent, now_us = venue.floor.account(TRADER).spent_ids, venue.now_us()
    taken = len(spent)
    since_ns = day.env.now_ns()
    venue.maintain(
        Maintenance(
            start_us=now_us,
            end_us=now_us + round(1e6 * STOPPED_S),
            stops="exchange",
            drops_streams=True,
        )
    )
    await trio.sleep(STOPPED_S)
    assert len(spent) == taken, "an order was taken while nothing might change"
    lived.spans["maintenance"] = since_ns, day.env.now_ns()


async def live(seed: int, weathers: tuple[Weather, ...]) -> Lived:
    """Live a day through some weathers and then maintenance, with calm between."""
    async with seeded_day(seed, synthetic_day(seed, HOURS)) as day:
        lived = Lived(day)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(day.tree.root.run)
            tally = day.tree.auditor.tally
            contest(lived)
            await until(lambda: tally.sent > 0)
            for weather in weathers:
                await one(lived, weather)
            await maintained(lived)
            sent = tally.sent
            await until(lambda: tally.sent > sent)
            await trio.sleep(20.0)
            day.tree.root.stop()
    return lived


def hold(lived: Lived) -> None:
    """Nothing was lost, nothing is there that we do not know of, and the books agree.

    Raises:
        AssertionError: Something was lost, in its own words.
    """
    day, rows = lived.day, of(object, lived.day)
    orders = lived.orders()
    intents = {each.client_order_id for each in rows if isinstance(each, Intent)}
    last = {each.client_order_id: each for each in rows if isinstance(each, OrderOutcome)}
    accepted = {name for name, each in last.items() if each.outcome == "accepted"}

    assert orders <= intents, "the venue has an order that we do not know of"
    assert intents == {*last}, "an order came to no end that we know"
    assert {each.outcome for each in last.values()} <= {"accepted", "rejected"}
    assert accepted == orders, "an order came to another end at the venue"
    assert list(traded_twice(rows)) == []
    assert not [row for row in rows if isinstance(row, ActorRow) and row.event == "escalated"]
    end = of(Reconciled, day)[-1]
    assert (end.phase, end.clean, end.unresolved) == ("end", True, 0)
    assert end.statement_difference_micros == 0
    assert day.world.server.counts.faults == 0


@pytest.mark.drill
def test_through_everything_that_the_venue_may_do_no_order_and_no_cent_is_lost() -> None:
    lived = run_seeded(SEED, live, SEED, DAILY)

    assert [*lived.spans] == [*(weather.name for weather in DAILY), "maintenance"]
    hold(lived)
    markets = lived.day.world.venue.floor.markets
    assert {markets[each].verdict for each in lived.disputed} == {"scalar"}
    assert {markets[each].status for each in lived.disputed} == {"finalized"}
    hold_delays(lived)


def hold_delays(lived: Lived) -> None:
    """What orders in play are held for is on record to within the bound, and before it nothing."""
    since_ns, until_ns = lived.spans["order delay"]
    slow_ns, over_ns = lived.spans["slow response"]
    held_ns: list[int] = []
    plain_ns: list[int] = []
    for entry in read(lived.day.env.disk, str(STATE.journal), JournalCodec()):
        row, at_ns = entry.record, entry.mono_ns
        if isinstance(row, DelayRow):
            assert row.in_play
            if since_ns + DELAY_NS <= at_ns <= until_ns:
                held_ns.append(row.held_ns)
            elif at_ns < since_ns and not slow_ns <= at_ns <= over_ns + 1_000_000_000:
                plain_ns.append(row.held_ns)

    assert held_ns
    assert all(abs(each - DELAY_NS) <= BOUND_NS for each in held_ns)
    assert plain_ns
    assert max(plain_ns) <= BOUND_NS
