"""The day's actor: turns the trading day, asks for the exchange's hours, looks at the surroundings.

Nothing here stands between a goal and its order: what the gate goes by is put on the desk
beforehand.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.config.calendar import trading_day
from actors.config.profile import Profile, Run
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.messages.race import FULL_PM
from actors.messages.records import DayRoll
from actors.messages.recovered import Relived
from actors.model.orders import Ticker
from actors.model.score import MatchId
from actors.risk import gate
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.trader.conditions import DISK, Conditions
from actors.trader.delays import Holds
from actors.trader.desk import Desk
from actors.trader.fire import Fire
from actors.trader.marks import Marks
from actors.trader.recess import recesses

LOOK_S: Final = 1.0
RATE: Final = "throttle"
"""Name of the halt for too high a rate; it clears itself."""
RATE_NS: Final = 60_000_000_000
"""So long after it began, it is over: the minute in which too much was wanted has passed."""
HOURS_S: Final = 60.0
"""Between two questions after the exchange's hours: a recess may be announced late, and what
is due in it has to be sold before it."""
AGAIN_S: Final = 10.0
"""The same, while they are not known."""
ENDED: Final = frozenset({"ENDED", "DETERMINED", "SETTLED"})


def fit(desk: Desk, fire: Fire, profile: Profile, relived: Relived) -> None:
    """Have a desk and its trigger go by the profile's ``[risk]``, and by what was lost before."""
    desk.exposure.carry(relived.playing)
    desk.losses = relived.losses
    desk.losses.limits = profile.risk.losses()
    desk.losses.roll(desk.exposure.day, relived.playing_markets)
    desk.holds = Holds(profile.risk.delay_max_ms * 1_000_000)
    fire.terms = gate.Terms.of(profile.risk, round(profile.race.single_feed_size * FULL_PM))
    loss = desk.losses.breach
    if loss is not None:
        # Whoever died before the halt was written down comes to the same end.
        desk.state.halt("loss", loss)


@attrs.define(eq=False)
class DayWatch:
    """Keeps the desk's day, and what follows from time alone."""

    env: Env
    desk: Desk
    run_rules: Run
    rest: Rest
    to_auditor: Callable[[object], None]
    health: Health
    conditions: Conditions
    folder: str
    """Whose disk must have room."""
    marks: Marks
    _rated_ns: int | None = attrs.field(init=False, default=None)
    """When the halt for the rate was first seen."""
    _said: bool = attrs.field(init=False, default=False)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look each second until cancelled."""
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            # By itself: neither a slow disk nor a venue that does not answer hides a loss.
            nursery.start_soon(self._mark)

    async def _mark(self) -> None:
        while True:
            self.marks.look()
            await trio.sleep(LOOK_S)

    async def _watch(self) -> None:
        next_s = trio.current_time()
        while True:
            self.look()
            self.conditions.look_at_feeds()
            await self._look_at_disk()
            if trio.current_time() >= next_s:
                known = await self._ask()
                next_s = trio.current_time() + (HOURS_S if known else AGAIN_S)
            self.health.mark(self.env.now_ns())
            await trio.sleep(LOOK_S)

    def look(self) -> None:
        """Turn the day if it is over, end what has ended, and clear a rate that has gone by."""
        desk, wall_ns = self.desk, self.env.wall_ns()
        day, matches = trading_day(self.run_rules, wall_ns), desk.catalogue.value.matches
        for match in matches.values():
            if match.stage in ENDED:
                desk.exposure.end_match(match.match)
                for market in match.markets:
                    desk.losses.end(market.ticker)
        if day > desk.exposure.day or not self._said:
            # A wall clock that was set back begins no day anew.
            day = max(day, desk.exposure.day)
            desk.exposure.roll_day(day, self._playing())
            desk.losses.roll(day, self._playing_markets())
            self._said = True
            self.to_auditor(DayRoll(day=day, wall_ns=wall_ns))
        self._pass_rate()

    async def _look_at_disk(self) -> None:
        """Ask the file system from a thread: one that hangs must not hold the loop."""
        try:
            free = await self.env.blocking(self.env.disk.free_bytes, self.folder)
        except OSError as error:
            self.desk.state.halt(DISK, f"{self.folder}: {error}")
        else:
            self.conditions.look_at_disk(free)

    def _playing(self) -> frozenset[MatchId]:
        matches = self.desk.catalogue.value.matches.values()
        return frozenset(each.match for each in matches if each.stage not in ENDED)

    def _playing_markets(self) -> frozenset[Ticker]:
        matches = self.desk.catalogue.value.matches.values()
        return frozenset(
            market.ticker for each in matches if each.stage not in ENDED for market in each.markets
        )

    def _pass_rate(self) -> None:
        now_ns = self.env.now_ns()
        if not self.desk.state.stands(RATE):
            self._rated_ns = None
        elif self._rated_ns is None:
            self._rated_ns = now_ns
        elif now_ns - self._rated_ns > RATE_NS:
            self.desk.state.clear(RATE)

    async def _ask(self) -> bool:
        try:
            schedule = await self.rest.schedule()
        except (VenueRefused, VenueUnreachable):
            return False  # What was known before stays.
        known = recesses(schedule, self.env.wall_ns())
        if known != self.desk.recesses:
            self.desk.recesses = known
            for lot in self.desk.lots.values():
                lot.woken.ring()  # Its sale may be due before a recess that nobody knew of.
        return True
