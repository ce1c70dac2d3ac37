"""Looks at a match's books where the calibration asks how they behave: kicks and reviews."""

from functools import partial
from typing import Final

import attrs

from actors.sim.agenda import Agenda
from actors.sim.stadium import KICK_LEAD_S, Stadium
from actors.sim.timetable import Moment
from actors.sim.venue.engine import Venue

SECOND_LOOK_S: Final = 2.0
"""After a goal: by then everybody quotes again."""
JUST_BEFORE_S: Final = 0.05
LEAST_WAY_PIPS: Final = 500
"""A penalty goal that moves its leg by less says nothing."""


@attrs.define(eq=False, kw_only=True)
class Watch:
    """Looks at prices around penalty kicks, and at quotes in the middle of reviews."""

    agenda: Agenda
    venue: Venue
    priced_in: list[float] = attrs.field(factory=list)
    pulled: list[bool] = attrs.field(factory=list)

    def follow(self, stadium: Stadium) -> None:
        """Put what there is to look at in a match on the agenda."""
        moments = stadium.timetable.moments
        for before, moment, after in zip(moments, moments[1:], (*moments[2:], None), strict=False):
            goal = moment.incident.goal
            if moment.incident.counts and goal is not None and goal.penalty:
                given_s = max(before.at_s + 0.1, moment.at_s - KICK_LEAD_S)
                self._compare(stadium, moment, given_s)
            if moment.incident.kind == "review" and after is not None:
                self.agenda.at((moment.at_s + after.at_s) / 2, partial(self._look, stadium))

    def _compare(self, stadium: Stadium, moment: Moment, given_s: float) -> None:
        seen: list[float | None] = []
        side = moment.incident.side
        assert side is not None

        def look() -> None:
            asks = self.venue.book(stadium.tickers[side]).asks
            bids = self.venue.book(stadium.tickers[side]).bids
            seen.append((asks[0].price_pips + bids[0].price_pips) / 2 if asks and bids else None)
            if len(seen) == 3:  # noqa: PLR2004 - before the whistle, before the kick, after it
                plain, given, scored = seen
                if plain is not None and given is not None and scored is not None:
                    way = scored - plain
                    if abs(way) >= LEAST_WAY_PIPS:
                        self.priced_in.append((given - plain) / way)

        for at_s in (given_s - JUST_BEFORE_S, moment.at_s - JUST_BEFORE_S):
            self.agenda.at(at_s, look)
        self.agenda.at(moment.at_s + SECOND_LOOK_S, look)

    def _look(self, stadium: Stadium) -> None:
        crew = stadium.crew
        if crew is not None and crew.at_work:
            resting = (
                self.venue.open_orders(maker.account, ticker)
                for maker in crew.makers
                for ticker in stadium.tickers.values()
            )
            self.pulled.append(not any(resting))
