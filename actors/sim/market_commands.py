"""The control socket's verbs for markets and the exchange: steps of lives, pauses, maintenance."""

from collections.abc import Callable, Mapping
from typing import Final

from actors.model.orders import Ticker
from actors.sim.control import LONGEST_MS, Arguments, Command, CommandRefused, number, text
from actors.sim.errors import BadStage
from actors.sim.scene import SceneMaintenance
from actors.sim.scene_calendar import STOPS, read_step
from actors.sim.tables import Table
from actors.sim.venue.engine import Venue
from actors.sim.venue.errors import VenueError
from actors.sim.venue.hours import State
from actors.sim.venue.steps import StepName

LONGEST_S: Final = LONGEST_MS / 1e3
SECOND_US: Final = 1_000_000
STATES: Final[Mapping[str, State]] = {
    "trading": State(trading_active=False),
    "exchange": State(exchange_active=False, trading_active=False),
    "none": State(),
}
VERBS: Final[Mapping[str, StepName]] = {
    "halt_market": "halt",
    "resume_market": "resume",
    "close_market": "close",
    "determine_market": "determine",
    "dispute_market": "dispute",
    "uphold_market": "uphold",
    "amend_market": "amend",
    "finalize_market": "finalize",
}

Reply = Mapping[str, object]


def market_commands(venue: Venue) -> dict[str, Command]:
    """Return the verbs.

    Those of one market take ``ticker`` and answer with its status; ``determine_market``,
    ``amend_market`` and ``settle_market`` (which closes it first) also ``result``, and with
    ``scalar`` its ``value`` in dollars. ``pause`` takes ``what`` (trading, exchange, none)
    and, if it is to end by itself, ``for_s``; ``maintain`` takes ``for_s`` and, if wanted,
    ``in_s``, ``stops`` and ``drops_streams``.
    """

    def verb(act: Callable[[Venue, Arguments], Reply]) -> Command:
        async def run(given: Arguments) -> Reply:
            try:
                return act(venue, given)
            except (VenueError, BadStage) as error:
                raise CommandRefused(str(error)) from error

        return run

    def step(do: StepName) -> Command:
        return verb(lambda venue, given: _take(venue, given, (do,)))

    return {
        **{name: step(do) for name, do in VERBS.items()},
        "settle_market": verb(lambda venue, given: _take(venue, given, ("close", "determine"))),
        "pause": verb(_pause),
        "maintain": verb(_maintain),
    }


def _take(venue: Venue, given: Arguments, does: tuple[StepName, ...]) -> Reply:
    """Take a market through steps of which the last one may decide."""
    ticker = Ticker(text(given, "ticker"))
    result = Table({name: given[name] for name in ("result", "value") if name in given})
    bare = Table({})
    steps = [read_step(result if do == does[-1] else bare, do, ticker) for do in does]
    for each in steps:
        venue.take_step(each)
    return {"ticker": ticker, "status": venue.market(ticker).status}


def _pause(venue: Venue, given: Arguments) -> Reply:
    """Stop trading, or everything, on the whole exchange; or let it go on."""
    state = STATES.get(text(given, "what"))
    if state is None:
        raise CommandRefused(f"'what' is one of {', '.join(STATES)}")
    ends_us = None
    if "for_s" in given:
        ends_us = venue.now_us() + round(number(given, "for_s", LONGEST_S) * SECOND_US)
    venue.pause_exchange(
        exchange_active=state.exchange_active, trading_active=state.trading_active, ends_us=ends_us
    )
    return _exchange(venue)


def _maintain(venue: Venue, given: Arguments) -> Reply:
    """Put a window of maintenance into the calendar, from now or from later on."""
    stops = STOPS.get(text(given, "stops") if "stops" in given else "trading")
    if stops is None:
        raise CommandRefused(f"'stops' is one of {', '.join(STOPS)}")
    window = SceneMaintenance(
        starts_in_s=number(given, "in_s", LONGEST_S) if "in_s" in given else 0.0,
        lasts_s=number(given, "for_s", LONGEST_S),
        stops=stops,
        drops_streams=given.get("drops_streams") is True,
    )
    venue.maintain(window.window(venue.now_us()))
    return _exchange(venue)


def _exchange(venue: Venue) -> Reply:
    floor = venue.floor
    return {"exchange_active": floor.exchange_active, "trading_active": floor.trading_active}
