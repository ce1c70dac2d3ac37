"""The public reads around the markets: live data, metadata, the archive's edge, search, programmes.

Reference ``kalshi.md`` section 4. Live data is whatever the world has published
last; a milestone of which it has said nothing has none.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from actors.sim.venue import figures
from actors.sim.venue.catalogue_wire import SITE
from actors.sim.venue.engine import Venue
from actors.sim.venue.paging import page_from
from actors.sim.venue.queries import PageSize
from actors.sim.venue.refusals import Refused, bad_parameter, not_found
from actors.sim.venue.routes import Answer, Call, Json, Route

MILESTONES_AT_ONCE: Final = 100
SCORED: Final = "significant_events"


@attrs.frozen
class OtherReads:
    """Handlers of those routes."""

    venue: Venue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, fixed paths before those with placeholders."""

        def get(
            path: str,
            operation: str,
            handle: Callable[[Call], Answer | Refused],
            page: PageSize | None = None,
        ) -> Route:
            return Route(
                method="GET",
                path=path,
                operation=operation,
                handle=handle,
                public=True,
                page=page,
            )

        one = "/live_data/milestone/{milestone_id}"
        return (
            get("/live_data/batch", "GetLiveDatas", self.live_many),
            get("/live_data/events/{event_ticker}", "GetEventLiveData", self.live_of_event),
            get(one, "GetLiveDataByMilestone", self.live),
            get(f"{one}/game_stats", "GetGameStats", self.game_stats),
            get("/live_data/{type}/milestone/{milestone_id}", "GetLiveData", self.live),
            get("/events/multivariate", "GetMultivariateEvents", self.combos, PageSize(200)),
            get("/events/{event_ticker}/metadata", "GetEventMetadata", self.metadata),
            get("/historical/cutoff", "GetHistoricalCutoff", self.cutoff),
            get("/search/tags_by_categories", "GetTagsForSeriesCategories", self.tags),
            get("/search/filters_by_sport", "GetFiltersForSports", self.filters),
            get(
                "/structured_targets",
                "GetStructuredTargets",
                self.targets,
                PageSize(2000, name="page_size"),
            ),
            get("/structured_targets/{target_id}", "GetStructuredTarget", self.target),
            get(
                "/incentive_programs",
                "GetIncentivePrograms",
                self.incentives,
                PageSize(10_000),
            ),
        )

    def live(self, call: Call) -> Answer | Refused:
        """Return one milestone's live data."""
        found = self._live(call.path["milestone_id"])
        if found is None or call.path.get("type", found["type"]) != found["type"]:
            return not_found()
        return Answer({"live_data": found})

    def live_many(self, call: Call) -> Answer | Refused:
        """Return the live data of up to a hundred milestones; a comma list names none."""
        names = call.query.texts_of("milestone_ids")
        if not 1 <= len(names) <= MILESTONES_AT_ONCE:
            return bad_parameter("Parameter validation failed for GetLiveDatas: milestone_ids")
        found = [self._live(name) for name in dict.fromkeys(names)]
        return Answer({"live_datas": [each for each in found if each is not None]})

    def live_of_event(self, call: Call) -> Answer | Refused:
        """Return the live data of an event's milestone."""
        ticker = call.path["event_ticker"]
        for terms in self.venue.floor.milestones.values():
            found = self._live(terms.milestone_id)
            if ticker in terms.related_event_tickers and found is not None:
                named = {name: found[name] for name in ("type", "details")}
                return Answer({"live_data": named})
        return not_found()

    def game_stats(self, call: Call) -> Answer | Refused:
        """Return the play by play: both sides' significant events, as one period."""
        details = self.venue.floor.live.get(call.path["milestone_id"])
        if details is None:
            return not_found()
        events = [
            event for side in ("home", "away") for event in _listed(details, f"{side}_{SCORED}")
        ]
        return Answer({"pbp": {"periods": [{"events": events}]}})

    def combos(self, _call: Call) -> Answer:
        """Return combined events: none here."""
        return Answer({"events": [], "cursor": ""})

    def metadata(self, call: Call) -> Answer | Refused:
        """Return an event's pictures and sources."""
        floor = self.venue.floor
        event = floor.events.get(call.path["event_ticker"])
        if event is None:
            return not_found()
        source = floor.series[event.series_ticker].settlement_source
        rows = [
            {"market_ticker": market.ticker, "image_url": SITE, "color_code": "#000000"}
            for market in floor.markets.values()
            if market.event is event
        ]
        return Answer(
            {
                "image_url": SITE,
                "settlement_sources": [{"name": source, "url": SITE}],
                "market_details": rows,
            }
        )

    def cutoff(self, _call: Call) -> Answer:
        """Say from when on things are live data."""
        names = (
            "market_settled_ts",
            "trades_created_ts",
            "orders_updated_ts",
            "market_positions_last_updated_ts",
        )
        return Answer(dict.fromkeys(names, figures.stamp(self.venue.floor.cutoff_us)))

    def tags(self, _call: Call) -> Answer:
        """Return every category's tags."""
        found: dict[str, list[str]] = {}
        for terms in self.venue.floor.series.values():
            tags = found.setdefault(terms.category, [])
            tags += [tag for tag in terms.tags if tag not in tags]
        return Answer({"tags_by_categories": found})

    def filters(self, _call: Call) -> Answer:
        """Return the sports and their competitions, a competition being a series."""
        found: dict[str, Json] = {}
        for terms in self.venue.floor.series.values():
            for sport in terms.tags if terms.category == "Sports" else ():
                entry = found.setdefault(sport, {"scopes": ["Games"], "competitions": {}})
                competitions = entry["competitions"]
                assert isinstance(competitions, dict)
                competitions[terms.title] = {"scopes": ["Games"]}
        return Answer({"filters_by_sports": found, "sport_ordering": list(found)})

    def targets(self, call: Call) -> Answer:
        """List what markets' custom strikes name, such as teams."""
        ids, kind = call.query.texts_of("ids"), call.query.text("type")
        rows = [
            row
            for name, row in self._targets().items()
            if (not ids or name in ids) and kind in {"", row["type"]}
        ]
        page, cursor = page_from(rows, call.query.limit, call.query.cursor)
        return Answer({"structured_targets": page, "cursor": cursor})

    def target(self, call: Call) -> Answer | Refused:
        """Return one of them."""
        found = self._targets().get(call.path["target_id"])
        return not_found() if found is None else Answer({"structured_target": found})

    def _targets(self) -> dict[str, Json]:
        return {
            target_id: {
                "id": target_id,
                "name": market.terms.yes_sub_title,
                "type": kind,
                "details": {},
                "last_updated_ts": figures.stamp(market.created_us),
            }
            for market in self.venue.floor.markets.values()
            for kind, target_id in market.terms.custom_strike.items()
        }

    def incentives(self, _call: Call) -> Answer:
        """Return incentive programmes: none here."""
        return Answer({"incentive_programs": []})

    def _live(self, milestone_id: str) -> Json | None:
        floor = self.venue.floor
        details = floor.live.get(milestone_id)
        if details is None:
            return None
        return {
            "type": floor.milestones[milestone_id].type,
            "milestone_id": milestone_id,
            "details": dict(details),
        }


def _listed(details: Mapping[str, object], name: str) -> list[object]:
    found = details.get(name, [])
    return found if isinstance(found, list) else []
