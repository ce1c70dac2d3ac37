"""What an account may ask about its own limits, and anybody about what things cost."""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.sim.venue import figures, tariff
from actors.sim.venue.engine import Venue
from actors.sim.venue.rates import Kind, Meter, limits_of
from actors.sim.venue.routes import ROOT, Answer, Call, Json, Route

TRAILING_US: Final = 30 * 86_400 * 1_000_000
GOALS_CENTI: Final[Mapping[str, int]] = {
    "expert": 75_000_000,
    "premier": 125_000_000,
    "paragon": 250_000_000,
    "prime": 500_000_000,
    "prestige": 1_000_000_000,
}
"""What earns each level: the shares of reference section 6 of a venue that trades a billion."""


@attrs.frozen
class AccountReads:
    """Handlers of the routes below ``/account``, in accord with the meter that refuses."""

    venue: Venue
    meter: Meter
    others: tuple[Route, ...]
    """The routes that are paid for, apart from these two."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route(
                method="GET",
                path="/account/limits",
                operation="GetAccountApiLimits",
                handle=self.limits,
            ),
            Route(
                method="GET",
                path="/account/api_usage_level/volume_progress",
                operation="GetAccountApiUsageLevelVolumeProgress",
                handle=self.volume_progress,
            ),
            Route(
                method="GET",
                path="/account/endpoint_costs",
                operation="GetAccountEndpointCosts",
                handle=self.endpoint_costs,
                public=True,
            ),
        )

    def limits(self, call: Call) -> Answer:
        """Return the caller's tier and the two buckets it has for reads and writes."""
        tier = self.meter.tier_of(call.account)

        def bucket(kind: Kind) -> Json:
            rate, capacity = limits_of(tier, kind)
            return {"refill_rate": rate, "bucket_capacity": capacity}

        return Answer(
            {"usage_tier": tier, "read": bucket("read"), "write": bucket("write"), "grants": []}
        )

    def volume_progress(self, call: Call) -> Answer:
        """Return what the caller traded in thirty days, and what each level asks for."""
        view, now_us = self.venue.floor.account(call.account).view, self.venue.now_us()
        fills = () if view is None else view.fills
        traded = sum(each.count_centi for each in fills if each.now_us > now_us - TRAILING_US)
        goals: list[Json] = [
            {
                "level": level,
                "earn_volume_goal_fp": figures.count(goal),
                "keep_volume_goal_fp": figures.count(goal),
            }
            for level, goal in GOALS_CENTI.items()
        ]
        row: Json = {
            "computed_ts": now_us // 1_000_000,
            "trailing_30d_volume_fp": figures.count(traded),
            "goals": goals,
        }
        return Answer({"volume_progress": [row]})

    def endpoint_costs(self, _call: Call) -> Answer:
        """Return what each operation costs that does not cost what most do."""
        return Answer(tariff.endpoint_costs(self.others, ROOT))
