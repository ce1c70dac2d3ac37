"""The catalogue: decides what is traded, from what the venue says and the reviewed sheets.

It reads the profile's series, their events, markets and milestones every
``poll_s`` and whenever a life-cycle message says that something changed. A match
moves from stage to stage; what cannot be traded is refused with a reason, not
left out. What the API does not say stands in the series sheet: no sheet, or
another number of legs, and there is no trading there (design section 4).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs
import trio

from actors.config.profile import Sheet
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.exchange.wire_market import VenueEvent, VenueMarket, VenueMilestone, VenueSeries
from actors.messages.catalogue import Catalogue, FeeTerms, LegRole, Market, Match, Stage
from actors.model.score import MatchId
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox

ARMED_BEFORE_NS: Final = 30 * 60 * 1_000_000_000
"""A match whose markets are active is armed from so long before its kick-off."""
BREATH_S: Final = 1.0
"""Between two readings at least: life-cycle messages come from every market of the venue."""
MILESTONES_KEPT_NS: Final = 10 * 60 * 1_000_000_000
OVER: Final = frozenset({"closed", "determined", "disputed", "amended"})


def read_match(
    event: VenueEvent,
    series: VenueSeries,
    milestones: Iterable[VenueMilestone],
    sheet: Sheet | None,
    wall_ns: int,
) -> Match:
    """Turn one event into a match, refused with a reason where it may not be traded. Pure."""
    title_home, _, title_away = event.title.partition(" vs ")
    names: dict[LegRole, str] = {"home": title_home, "away": title_away}
    if sheet is not None:
        names["draw"] = sheet.tie
    roles = {name: role for role, name in names.items()}
    fees = FeeTerms(
        fee_type=event.fee_type_override or series.fee_type,
        multiplier_ppm=(
            series.fee_multiplier_ppm
            if event.fee_multiplier_override_ppm is None
            else event.fee_multiplier_override_ppm
        ),
    )
    legs = [market for market in event.markets if market.yes_sub_title in roles]
    about = [m for m in milestones if event.event_ticker in m.primary_event_tickers]
    refusal = _refusal(event, legs, about, sheet)
    return Match(
        match=MatchId(event.event_ticker),
        series=event.series_ticker,
        title=event.title,
        home_name=title_home,
        away_name=title_away,
        stage="REFUSED" if refusal else _stage(event.markets, about[0].start_wall_ns, wall_ns),
        refusal=refusal,
        markets=tuple(_leg(market, roles[market.yes_sub_title], fees) for market in legs),
        provider_ids=about[0].provider_ids if len(about) == 1 else frozenset(),
        kickoff_wall_ns=about[0].start_wall_ns if about else 0,
    )


def _refusal(
    event: VenueEvent,
    legs: list[VenueMarket],
    about: list[VenueMilestone],
    sheet: Sheet | None,
) -> str:
    roles = {market.yes_sub_title for market in legs}
    checks = (
        (sheet is None, "no reviewed sheet for the series"),
        (sheet is not None and len(event.markets) != sheet.legs, "another number of legs"),
        (len(legs) != len(event.markets), "a leg that is no side of the match and no tie"),
        (len(roles) != len(legs), "two legs of the same name"),
        (any(market.exchange_index is None for market in legs), "a leg without its shard"),
        (any(not market.price_ranges for market in legs), "a leg without a price grid"),
        (not about, "no milestone names it"),
        (len(about) > 1, "two milestones name it"),
        (bool(about) and not about[0].provider_ids, "its milestone has no provider's id"),
    )
    return next((why for found, why in checks if found), "")


def _stage(markets: Iterable[VenueMarket], kickoff_wall_ns: int, wall_ns: int) -> Stage:
    statuses = {market.status for market in markets}
    if statuses <= {"finalized"}:
        return "SETTLED"
    if statuses <= OVER | {"finalized"}:
        return "ENDED"
    if "active" not in statuses or wall_ns < kickoff_wall_ns - ARMED_BEFORE_NS:
        return "BOUND"
    return "LIVE" if wall_ns >= kickoff_wall_ns else "ARMED"


def _leg(market: VenueMarket, role: LegRole, fees: FeeTerms) -> Market:
    return Market(
        ticker=market.ticker,
        role=role,
        exchange_index=market.exchange_index or 0,
        price_ranges=market.grid,
        fees=fees,
    )


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
    _nudged: trio.Event = attrs.field(init=False, factory=trio.Event)
    _known: dict[str, tuple[int, tuple[VenueMilestone, ...]]] = attrs.field(
        init=False, factory=dict
    )
    """Each event's milestones and when they were asked for."""

    def nudge(self) -> None:
        """Read again soon: a life-cycle message said that something changed."""
        self._nudged.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Read once, report ready, then keep reading until cancelled.

        Raises:
            VenueUnreachable: The first reading of this life failed.
            VenueRefused: The venue would not answer it.
        """
        await self._read()
        task_status.started()
        breath_s = min(BREATH_S, self.poll_s)
        while True:
            await trio.sleep(breath_s)
            with trio.move_on_after(self.poll_s - breath_s):
                await self._nudged.wait()
            self._nudged = trio.Event()
            try:
                await self._read()
            except (VenueUnreachable, VenueRefused):
                # What we know stays true for a while; the next round asks again, and
                # the health bound tells when that has gone on for too long.
                continue

    async def _read(self) -> None:
        found: dict[MatchId, Match] = {}
        for name in self.series:
            series = await self.rest.series(name)
            for event in await self.rest.events(series_ticker=name, with_nested_markets=True):
                match = read_match(
                    event,
                    series,
                    await self._milestones(event.event_ticker),
                    self.sheets.get(name),
                    self.env.wall_ns(),
                )
                found[match.match] = match
        self._publish(found)
        self.health.mark(self.env.now_ns())

    async def _milestones(self, event_ticker: str) -> tuple[VenueMilestone, ...]:
        """Return an event's milestones: asked for anew only when they may have changed."""
        now_ns = self.env.now_ns()
        asked_ns, known = self._known.get(event_ticker, (0, ()))
        if not known or now_ns - asked_ns > MILESTONES_KEPT_NS:
            known = await self.rest.milestones(related_event_ticker=event_ticker)
            self._known[event_ticker] = (now_ns, known)
        return known

    def _publish(self, found: dict[MatchId, Match]) -> None:
        before = self.latest.value.matches
        # An event that the venue no longer lists keeps its last word.
        merged = {**before, **found}
        self.latest.set(Catalogue(matches=merged, read_ns=self.env.now_ns()))
        for match in merged.values():
            if before.get(match.match) != match:
                self.to_auditor.post(match)
                self.on_change(match)

    @property
    def all_settled(self) -> bool:
        """Return whether there were matches, and every one that was traded is settled."""
        matches = self.latest.value.matches.values()
        return bool(matches) and all(m.stage in {"SETTLED", "REFUSED"} for m in matches)
