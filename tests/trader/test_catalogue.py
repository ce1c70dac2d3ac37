"""Laws of the catalogue: what may be traded, why the rest may not, and that it stays true."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import attrs
import msgspec
import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.config.sheet import Sheet
from actors.exchange.errors import VenueUnreachable
from actors.exchange.wire_market import VenueEvent, VenueMarket, VenueMilestone, VenueSeries
from actors.messages.catalogue import FeeTerms, Match
from actors.model.score import MatchId
from actors.runtime.errors import leaves
from actors.runtime.memory import run_seeded
from actors.sim.venue.listing import DECI_CENT, SeriesTerms
from actors.trader.almanac import ARMED_BEFORE_NS, BOUND_BEFORE_NS, read_match
from actors.trader.catalogue import BREATH_S
from tests.sim.venue.hall import SERIES
from tests.trader.door import error
from tests.trader.pit import AWAY, EVENT, HOME, TIE, Pit, open_pit

MINUTE_NS = 60 * 1_000_000_000
DAY_S = 86_400.0


@attrs.frozen(kw_only=True)
class Listed:
    """What the venue says of the match, and what a person has written beside it."""

    event: VenueEvent
    series: VenueSeries
    milestones: tuple[VenueMilestone, ...]
    sheet: Sheet | None

    def read(self, at_ns: int | None = None) -> Match:
        kickoff_ns = self.milestones[0].start_wall_ns if self.milestones else 0
        return read_match(
            self.event,
            self.series,
            self.milestones,
            self.sheet,
            kickoff_ns if at_ns is None else at_ns,
        )

    def with_legs(self, **changes: Any) -> "Listed":  # noqa: ANN401 - a market's own fields
        """Change every leg alike."""
        legs = tuple(msgspec.structs.replace(leg, **changes) for leg in self.event.markets)
        return self.of(*legs)

    def of(self, *legs: VenueMarket) -> "Listed":
        return attrs.evolve(self, event=msgspec.structs.replace(self.event, markets=legs))


@cache
def listed() -> Listed:
    """Ask the venue itself, once."""

    async def ask() -> Listed:
        async with open_pit() as pit:
            rest = pit.trading.reads.patient
            (event,) = await rest.events(series_ticker=SERIES, with_nested_markets=True)
            return Listed(
                event=event,
                series=await rest.series(SERIES),
                milestones=await rest.milestones(related_event_ticker=EVENT),
                sheet=pit.loaded.sheets[SERIES],
            )

    return run_seeded(0, ask)


def renamed(name: str, leg: int = 2) -> Listed:
    legs = list(listed().event.markets)
    legs[leg] = msgspec.structs.replace(legs[leg], yes_sub_title=name)
    return listed().of(*legs)


def milestoned(*milestones: VenueMilestone) -> Listed:
    return attrs.evolve(listed(), milestones=milestones)


def milestone(**changes: Any) -> VenueMilestone:  # noqa: ANN401 - a milestone's own fields
    return msgspec.structs.replace(listed().milestones[0], **changes)


def test_a_match_is_its_legs_with_their_roles_fees_grids_and_ids() -> None:
    match = listed().read()

    assert match.refusal == ""
    assert match.stage == "LIVE"
    assert (match.home_name, match.away_name) == ("Iran", "New Zealand")
    assert {market.role: market.ticker for market in match.markets} == {
        "home": HOME,
        "away": AWAY,
        "draw": TIE,
    }
    assert match.provider_ids == {"12345678901"}
    assert all(market.fees.fee_type == "quadratic_with_maker_fees" for market in match.markets)
    assert all(market.fees.multiplier_ppm == 1_000_000 for market in match.markets)


REFUSALS: dict[str, Callable[[], Listed]] = {
    "no reviewed sheet for the series": lambda: attrs.evolve(listed(), sheet=None),
    "another number of legs": lambda: listed().of(*listed().event.markets[:2]),
    "a leg that is no side of the match and no tie": lambda: renamed("Abandoned"),
    "two legs of the same name": lambda: renamed("Iran", leg=1),
    "a leg without its shard": lambda: listed().with_legs(exchange_index=None),
    "a leg without a price grid": lambda: listed().with_legs(price_ranges=()),
    "no milestone names it": milestoned,
    "two milestones name it": lambda: milestoned(milestone(), milestone(milestone_id="another")),
    "its milestone has no provider's id": lambda: milestoned(
        milestone(source_id=None, source_ids={})
    ),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_what_may_not_be_traded_is_refused_with_its_reason_and_not_left_out(why: str) -> None:
    match = REFUSALS[why]().read()

    assert match.stage == "REFUSED"
    assert match.refusal == why
    assert match.match == EVENT


def test_a_milestone_that_only_mentions_the_match_does_not_name_it() -> None:
    mentioned = milestoned(milestone(primary_event_tickers=("ANOTHER",)))

    assert mentioned.read().refusal == "no milestone names it"


def test_a_title_without_two_sides_names_no_leg() -> None:
    untitled = attrs.evolve(
        listed(), event=msgspec.structs.replace(listed().event, title="World Cup winner")
    )

    assert untitled.read().stage == "REFUSED"


STAGES = [
    ("initialized", 0, "BOUND"),
    ("initialized", -BOUND_BEFORE_NS - 1, "DISCOVERED"),
    ("active", -BOUND_BEFORE_NS - 1, "DISCOVERED"),
    ("active", -BOUND_BEFORE_NS, "BOUND"),
    ("inactive", -1, "BOUND"),
    ("inactive", 0, "PAUSED"),
    ("active", -ARMED_BEFORE_NS - 1, "BOUND"),
    ("active", -ARMED_BEFORE_NS, "ARMED"),
    ("active", -1, "ARMED"),
    ("active", 0, "LIVE"),
    ("active", 200 * MINUTE_NS, "LIVE"),
    ("closed", 100 * MINUTE_NS, "ENDED"),
    ("determined", 100 * MINUTE_NS, "DETERMINED"),
    ("disputed", 100 * MINUTE_NS, "DETERMINED"),
    ("amended", 100 * MINUTE_NS, "DETERMINED"),
    ("finalized", 100 * MINUTE_NS, "SETTLED"),
    ("a word that is newer than we", 0, "BOUND"),
]


@pytest.mark.parametrize(("status", "after_ns", "stage"), STAGES)
def test_a_match_stands_where_its_markets_and_the_clock_say(
    status: str, after_ns: int, stage: str
) -> None:
    match = listed().with_legs(status=status)

    assert match.read(match.milestones[0].start_wall_ns + after_ns).stage == stage


@given(st.lists(st.sampled_from([row[0] for row in STAGES]), min_size=3, max_size=3))
def test_a_match_trades_when_every_leg_does_and_is_settled_when_every_leg_is(
    statuses: list[str],
) -> None:
    legs = [
        msgspec.structs.replace(leg, status=status)
        for leg, status in zip(listed().event.markets, statuses, strict=True)
    ]
    stage = listed().of(*legs).read().stage

    assert (stage == "SETTLED") == (set(statuses) == {"finalized"})
    assert (stage == "LIVE") == (set(statuses) == {"active"})
    over = {"closed", "determined", "disputed", "amended", "finalized"}
    assert (stage in {"ENDED", "DETERMINED", "SETTLED"}) == (set(statuses) <= over)


def test_an_events_own_fee_stands_above_its_series() -> None:
    event = msgspec.structs.replace(
        listed().event, fee_type_override="quadratic", fee_multiplier_override=None
    )
    (fees, *_) = (m.fees for m in attrs.evolve(listed(), event=event).read().markets)

    assert (fees.fee_type, fees.multiplier_ppm) == ("quadratic", 1_000_000)


def charge(pit: Pit, multiplier: Fraction) -> None:
    """Have the venue change the event's fee."""
    floor = pit.venue.floor
    dearer = attrs.evolve(floor.events[EVENT], fee_multiplier_override=multiplier)
    floor.events[EVENT] = dearer
    for market in floor.markets.values():
        market.event = dearer


def regrid(pit: Pit) -> None:
    """Have the venue refine every leg's grid."""
    for market in pit.venue.floor.markets.values():
        market.terms = attrs.evolve(market.terms, price_ranges=DECI_CENT)


async def test_a_changed_fee_or_tick_is_told_once_to_whoever_plans(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("catalogue")
        assert len(pit.said(Match)) == 1
        await trio.sleep(5.0)
        assert len(pit.said(Match)) == 1, "nothing has changed"

        charge(pit, Fraction(2))
        await trio.sleep(3.0)
        assert pit.said(Match)[-1].markets[0].fees.multiplier_ppm == 2_000_000
        regrid(pit)
        await trio.sleep(3.0)
        assert pit.said(Match)[-1].markets[0].price_ranges[0].step_pips == 10
        assert len(pit.said(Match)) == 3


@pytest.mark.parametrize("in_s", [0.5, 100.0, 700.0])
async def test_an_announced_change_of_fees_is_known_when_it_comes(
    autojump_clock: MockClock, in_s: float
) -> None:
    async with open_pit(catalogue={"poll_s": 600.0}) as pit:
        at_us = pit.venue.now_us() + round(in_s * 1e6)
        pit.venue.fees.plan_series(SERIES, at_us, "quadratic", Fraction(2))
        await pit.start("catalogue")
        await trio.sleep(in_s + 4.0)

        (market, *_) = pit.desk.catalogue.value.matches[EVENT].markets
        assert market.fees == FeeTerms(fee_type="quadratic", multiplier_ppm=2_000_000)


async def test_a_venue_that_does_not_announce_its_fees_is_read_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        pit.reads.closed["/series/fee_changes"] = error(503, "unavailable")
        await pit.start("catalogue")

        assert pit.desk.catalogue.value.matches


async def test_an_unreachable_venue_keeps_the_last_word(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start("catalogue")
        before, read_ns = pit.desk.catalogue.value.matches, pit.desk.catalogue.value.read_ns
        pit.reads.closed[SERIES] = error(503, "unavailable")
        pit.venue.close_market(HOME)
        await trio.sleep(60.0)
        assert pit.desk.catalogue.value.matches == before
        assert pit.desk.catalogue.value.read_ns == read_ns, "and says how old it is"

        pit.reads.closed.clear()
        await trio.sleep(2.0)
        assert pit.desk.catalogue.value.read_ns > read_ns


async def test_half_a_reading_changes_nothing(autojump_clock: MockClock) -> None:
    async with open_pit(catalogue={"series": (SERIES, "KXOTHER")}) as pit:
        pit.venue.list_series(SeriesTerms(ticker="KXOTHER", title="Another cup"))
        await pit.start("catalogue")
        pit.reads.closed["KXOTHER"] = error(429, "too_many_requests")
        charge(pit, Fraction(2))
        await trio.sleep(30.0)
        assert len(pit.said(Match)) == 1

        pit.reads.closed.clear()
        await trio.sleep(3.0)
        assert len(pit.said(Match)) == 2


async def test_without_a_first_reading_it_does_not_report_ready(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        pit.reads.closed["/events"] = error(503, "unavailable")
        with pytest.raises(BaseExceptionGroup) as failed:
            await pit.start("catalogue")

        assert all(isinstance(leaf, VenueUnreachable) for leaf in leaves(failed.value))
        assert pit.desk.catalogue.value.matches == {}


async def test_an_event_that_is_listed_no_more_is_paused_and_after_a_week_forgotten(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(catalogue={"poll_s": DAY_S / 4}) as pit:
        await pit.start("catalogue")
        pit.trading.catalogue.nudge()
        del pit.venue.floor.events[EVENT]
        await trio.sleep(5.0)

        assert pit.desk.catalogue.value.matches[EVENT].stage == "PAUSED"
        assert set(pit.trading.market_data.wanted.value) == {HOME, AWAY, TIE}
        await trio.sleep(8 * DAY_S)
        assert not pit.desk.catalogue.value.matches
        assert pit.trading.market_data.wanted.value == (), "and nothing of it is followed"


async def test_a_life_that_goes_on_is_read_at_once_and_a_storm_of_news_seldom(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(catalogue={"poll_s": 600.0}) as pit:
        await pit.start("catalogue")
        await trio.sleep(10.0)
        pit.venue.close_market(HOME)
        pit.trading.catalogue.nudge()
        await trio.sleep(0.1)
        assert pit.desk.catalogue.value.read_ns > 10.0e9

        before = len(pit.reads.asked)
        began_s = trio.current_time()
        while trio.current_time() < began_s + 10.0:
            pit.trading.catalogue.nudge()
            await trio.sleep(0.01)
        readings = (len(pit.reads.asked) - before) / 2
        assert readings <= 10.0 / BREATH_S + 1


async def test_what_a_message_said_is_asked_for_twice_because_reads_lag(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(catalogue={"poll_s": 600.0}) as pit:
        await pit.start("catalogue")
        await trio.sleep(10.0)
        before = len(pit.reads.asked)
        pit.trading.catalogue.nudge()
        await trio.sleep(60.0)

        assert sum(path.endswith("/events") for path in pit.reads.asked[before:]) == 2


async def test_the_lives_of_other_series_are_not_read_about(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        concerns = pit.trading.catalogue.concerns

        assert all(concerns(name) for name in (SERIES, f"{SERIES}-26NOV01XXXYYY", HOME, EVENT))
        assert not any(concerns(name) for name in ("KXOTHER", f"{SERIES}X-1", "", "KX"))


async def test_a_day_is_settled_when_every_match_that_was_traded_is(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        assert not pit.trading.catalogue.all_settled, "nothing is known yet"
        await pit.start("catalogue")
        for ticker in (HOME, AWAY, TIE):
            pit.venue.close_market(ticker)
            pit.venue.determine(ticker, "no")
        await trio.sleep(0.2)
        assert not pit.trading.catalogue.all_settled

        await trio.sleep(5.0)
        assert pit.trading.catalogue.all_settled


async def test_a_match_that_closed_long_ago_is_asked_for_until_it_is_settled_and_then_dropped(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(catalogue={"poll_s": DAY_S / 4}) as pit:
        await pit.start("catalogue")
        for ticker in (HOME, AWAY, TIE):
            pit.venue.close_market(ticker)
        await trio.sleep(3 * DAY_S)
        assert pit.desk.catalogue.value.matches[EVENT].stage == "ENDED"
        asked = pit.reads.asked
        assert any(path.endswith(f"/events/{EVENT}") for path in asked), "it is listed no more"

        for ticker in (HOME, AWAY, TIE):
            pit.venue.determine(ticker, "no")
        await trio.sleep(DAY_S / 2)
        assert pit.said(Match)[-1].stage == "SETTLED"
        await trio.sleep(2 * DAY_S)
        assert pit.desk.catalogue.value.matches == {}
        assert pit.trading.catalogue.all_settled, "what is dropped was settled"


@pytest.mark.parametrize("otherwise", [{"stage": "PAUSED"}, {"sport": "tennis"}])
async def test_a_match_that_is_paused_or_of_another_sport_is_not_played(
    autojump_clock: MockClock, otherwise: dict[str, Any]
) -> None:
    async with open_pit(catalogue={"poll_s": 600.0}) as pit:
        await pit.start("market_data", "catalogue", "planner")
        pit.believe()
        await trio.sleep(8.0)
        assert pit.desk.plays

        known = pit.desk.catalogue.value
        changed = attrs.evolve(known.matches[EVENT], **otherwise)
        pit.desk.catalogue.set(attrs.evolve(known, matches={EVENT: changed}))
        pit.believe(clock_s=620)
        await trio.sleep(1.0)
        assert not pit.desk.plays


async def test_a_change_is_told_even_if_the_reader_dies_while_it_tells(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        reader, heard = pit.trading.catalogue, list[MatchId]()

        def fail_once(match: Match) -> None:
            heard.append(match.match)
            if len(heard) == 1:
                raise RuntimeError("dead")

        reader.on_change = fail_once
        with pytest.raises(RuntimeError, match="dead"):
            await reader.run()
        assert pit.desk.catalogue.value.matches.keys() == {EVENT}, "it was published"
        await pit.start("catalogue")

        assert heard == [EVENT, EVENT]
        assert len(set(pit.said(Match))) == 1
