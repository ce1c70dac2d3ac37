"""The catalogue: decides what is traded, from what the venue says and the reviewed sheets.

It reads the profile's series, their events, markets and milestones every
``poll_s`` and whenever a life-cycle message says that something changed. A match
moves from stage to stage (``almanac.py``); what cannot be traded is refused with a
reason, not left out. What the API does not say stands in the series sheet: no sheet,
or another number of legs, and there is no trading there (design section 4).

It runs beside frames that must not wait: it asks for small pages and lets others run
after every few events, so that no step of it takes a millisecond.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

import attrs
import trio

from actors.config.sheet import Sheet
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.exchange.wire_market import VenueEvent, VenueMilestone, VenueSeries
from actors.messages.catalogue import NOTHING_REVIEWED, Catalogue, Match, Reviewed
from actors.model.score import MatchId
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.trader.almanac import Almanac, read_match

BREATH_S: Final = 1.0
"""Between two readings at least: life-cycle messages come from every market of the venue."""
ECHO_S: Final = 3.0
"""After a reading that a message asked for comes another one, unless the poll is sooner."""
MILESTONES_KEPT_NS: Final = 10 * 60 * 1_000_000_000
CLOSED_KEPT_S: Final = 2 * 86_400
"""An event whose markets closed earlier is not listed; it is asked for by name until settled."""
EVENTS_AT_ONCE: Final = 4
"""A page of events with their markets, small enough to be decoded within a millisecond."""
READ_AT_ONCE: Final = 4
"""Events read before others get their turn."""
TOLD_AT_ONCE: Final = 8
"""Changes told before others get their turn."""
ASKED_AT_ONCE: Final = 10
"""Events asked for by name in one reading."""
NOT_FOUND: Final = 404
FEES_LATE_S: Final = 2.0
"""After an announced change of fees they are read anew: the venue's clock is not ours."""


@attrs.define(eq=False, kw_only=True)
class CatalogueReader:
    """Keeps the catalogue true."""

    env: Env
    rest: Rest
    series: tuple[str, ...]
    sheets: Mapping[str, Sheet]
    poll_s: float
    latest: Latest[Catalogue]
    to_auditor: Mailbox[object]
    on_change: Callable[[Match], None]
    """Told of each match that is new or changed, after ``latest`` has it."""
    health: Health
    reviewed: Callable[[], Reviewed] = lambda: NOTHING_REVIEWED
    """What a person has said of feeds' names and ids; goes into the catalogue as it is."""
    _almanac: Almanac = attrs.field(init=False)
    _nudged: trio.Event = attrs.field(init=False, factory=trio.Event)
    _known: dict[str, tuple[int, tuple[VenueMilestone, ...]]] = attrs.field(
        init=False, factory=dict
    )
    """Each event's milestones and when they were asked for."""
    _fees: dict[str, tuple[int, tuple[int, ...]]] = attrs.field(init=False, factory=dict)
    """When each series' fees will change, in wall time, and when that was asked for."""
    _asked: int = attrs.field(init=False, default=0)
    """How many matches could have been asked for by name so far."""
    _untold: dict[MatchId, Match] = attrs.field(init=False, factory=dict)
    """What has changed and was not told yet; it outlives the actor, as the catalogue does."""

    def __attrs_post_init__(self) -> None:
        self._almanac = Almanac(series=self.series)

    def nudge(self) -> None:
        """Read again soon: a life-cycle message said that something changed."""
        self._nudged.set()

    def concerns(self, name: str) -> bool:
        """Return whether a market, an event or a series may be one of ours.

        By the beginning of its name, which decides nothing but when we read.
        """
        if name in self.series or name in self._almanac.matches:
            return True
        return any(name.startswith(f"{series}-") for series in self.series)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Read once, report ready, then keep reading until cancelled.

        Raises:
            VenueUnreachable: The first reading of this life failed.
            VenueRefused: The venue would not answer it.
        """
        await self._tell()
        await self._read()
        task_status.started()
        breath_s, echoed = min(BREATH_S, self.poll_s), True
        while True:
            await trio.sleep(breath_s)
            # The venue's reads lag behind its messages: what a message said is asked for twice.
            wait_s = min(
                self.poll_s if echoed else min(ECHO_S, self.poll_s), self._fees_change_in_s()
            )
            with trio.move_on_after(max(0.0, wait_s - breath_s)):
                await self._nudged.wait()
            echoed = not self._nudged.is_set()
            self._nudged = trio.Event()
            try:
                await self._read()
            except (VenueUnreachable, VenueRefused):
                # What we know stays true for a while; the next round asks again, and
                # the health bound tells when that has gone on for too long.
                continue

    async def _read(self) -> None:
        found: dict[MatchId, Match] = {}
        since_s = self.env.wall_ns() // 1_000_000_000 - CLOSED_KEPT_S
        terms: dict[str, VenueSeries] = {}
        for name in self.series:
            terms[name] = await self.rest.series(name)
            await self._note_fees(name)
            listed = await self.rest.events(
                series_ticker=name,
                with_nested_markets=True,
                min_close_s=since_s,
                page=EVENTS_AT_ONCE,
            )
            for number, event in enumerate(listed, 1):
                await self._note(found, event, terms[name])
                if not number % READ_AT_ONCE:
                    await trio.lowlevel.checkpoint()
        unknown: list[MatchId] = []
        for match_id in self._missing(found):
            try:
                event = await self.rest.event(match_id)
            except VenueRefused as refused:
                if refused.error.status != NOT_FOUND:
                    raise
                unknown.append(match_id)
                continue
            if event.series_ticker in terms:
                await self._note(found, event, terms[event.series_ticker])
        await self._publish(found, unknown)
        self.health.mark(self.env.now_ns())

    def _missing(self, found: Iterable[MatchId]) -> list[MatchId]:
        """Return some of the matches that a reading left out, others with every reading."""
        missing = self._almanac.unlisted(found)
        start = self._asked % max(1, len(missing))
        self._asked += ASKED_AT_ONCE
        return (missing[start:] + missing[:start])[:ASKED_AT_ONCE]

    async def _note(
        self, found: dict[MatchId, Match], event: VenueEvent, series: VenueSeries
    ) -> None:
        match = read_match(
            event,
            series,
            await self._milestones(event.event_ticker),
            self.sheets.get(event.series_ticker),
            self.env.wall_ns(),
        )
        found[match.match] = self._almanac.same(match)

    async def _note_fees(self, series: str) -> None:
        """Note when a series' fees will change; a venue that does not say costs no reading."""
        now_ns = self.env.now_ns()
        asked_ns, _ = self._fees.get(series, (-MILESTONES_KEPT_NS, ()))
        if now_ns - asked_ns < MILESTONES_KEPT_NS:
            return
        with suppress(VenueUnreachable, VenueRefused):
            ahead = await self.rest.series_fee_changes(series)
            self._fees[series] = (now_ns, tuple(change.scheduled_wall_ns for change in ahead))

    def _fees_change_in_s(self) -> float:
        wall_ns, late_ns = self.env.wall_ns(), int(FEES_LATE_S * 1e9)
        due = [at + late_ns for _, changes in self._fees.values() for at in changes]
        return min((at - wall_ns for at in due if at > wall_ns), default=2**62) / 1e9

    async def _milestones(self, event_ticker: str) -> tuple[VenueMilestone, ...]:
        """Return an event's milestones: asked for anew only when they may have changed."""
        now_ns = self.env.now_ns()
        asked_ns, known = self._known.get(event_ticker, (0, ()))
        if not known or now_ns - asked_ns > MILESTONES_KEPT_NS:
            known = await self.rest.milestones(related_event_ticker=event_ticker)
            self._known[event_ticker] = (now_ns, known)
        return known

    async def _publish(self, found: dict[MatchId, Match], unknown: Iterable[MatchId]) -> None:
        almanac = self._almanac
        changed = almanac.take(found.values(), self.env.wall_ns(), unknown)
        for ticker in [ticker for ticker in self._known if ticker not in almanac.matches]:
            del self._known[ticker]
        self._untold.update({match.match: match for match in changed})
        self.latest.set(
            Catalogue(matches=almanac.matches, read_ns=self.env.now_ns(), reviewed=self.reviewed())
        )
        await self._tell()

    async def _tell(self) -> None:
        told = 0
        while self._untold:
            # Told before it is forgotten: whoever hears it twice is none the worse.
            match_id, match = next(iter(self._untold.items()))
            self.to_auditor.post(match)
            self.on_change(match)
            self._untold.pop(match_id, None)
            told += 1
            if not told % TOLD_AT_ONCE:
                await trio.lowlevel.checkpoint()

    @property
    def all_settled(self) -> bool:
        """Return whether there were matches, every one that was traded is settled, and told."""
        matches = self.latest.value.matches.values()
        known = (bool(matches) or self._almanac.dropped > 0) and not self._untold
        return known and all(m.stage in {"SETTLED", "REFUSED"} for m in matches)
