"""What an account may ask about its own limits, and anybody about what things cost."""

import attrs

from actors.sim.venue import tariff
from actors.sim.venue.rates import Kind, Meter, limits_of
from actors.sim.venue.routes import ROOT, Answer, Call, Json, Route


@attrs.frozen
class AccountReads:
    """Handlers of the routes below ``/account``, in accord with the meter that refuses."""

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

    def endpoint_costs(self, _call: Call) -> Answer:
        """Return what each operation costs that does not cost what most do."""
        return Answer(tariff.endpoint_costs(self.others, ROOT))
