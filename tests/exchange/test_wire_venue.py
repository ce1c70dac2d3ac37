"""Laws of reading the venue's word about itself."""

import json
from typing import Any

from actors.exchange.wire import Decoder
from actors.exchange.wire_venue import (
    AccountLimits,
    EndpointCosts,
    ExchangeStatus,
    ScheduleBody,
    UserDataTimestamp,
)


def read(kind: type[Any], body: dict[str, Any]) -> Any:  # noqa: ANN401 - any row
    return Decoder(kind)(json.dumps(body))


def test_a_shard_that_is_listed_goes_by_its_own_flags() -> None:
    shard = {"description": "", "intra_exchange_transfers_active": True}
    status = read(
        ExchangeStatus,
        {
            "exchange_active": True,
            "trading_active": True,
            "exchange_index_statuses": [
                shard | {"exchange_index": 0, "exchange_active": True, "trading_active": True},
                shard | {"exchange_index": 3, "exchange_active": True, "trading_active": False},
            ],
        },
    )

    assert status.trades(0)
    assert not status.trades(3)
    assert status.trades(7)


def test_a_venue_that_does_not_trade_trades_on_no_shard() -> None:
    status = read(ExchangeStatus, {"exchange_active": True, "trading_active": False})

    assert not status.trades(0)
    assert status.resume_wall_ns is None


def test_limits_are_read_as_recorded() -> None:
    limits = read(
        AccountLimits,
        {
            "usage_tier": "basic",
            "read": {"refill_rate": 200, "bucket_capacity": 200},
            "write": {"refill_rate": 100, "bucket_capacity": 100},
            "grants": [],
        },
    )

    assert (limits.read.refill_rate, limits.write.bucket_capacity) == (200, 100)


def test_an_endpoint_that_is_not_listed_costs_the_default() -> None:
    costs = read(
        EndpointCosts,
        {
            "default_cost": 10,
            "endpoint_costs": [
                {"method": "GET", "path": "/portfolio/orders/{order_id}", "cost": 2}
            ],
        },
    )

    assert costs.cost("GET", "/portfolio/orders/{order_id}") == 2
    assert costs.cost("GET", "/portfolio/orders") == 10


def test_the_schedule_and_the_age_of_our_data_are_read() -> None:
    day = [{"open_time": "08:00", "close_time": "03:00"}]
    week = dict.fromkeys(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), day
    )
    hours = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2027-01-01T00:00:00Z", **week}
    window = {"start_datetime": "2026-06-11T07:00:00Z", "end_datetime": "2026-06-11T09:00:00Z"}

    schedule = read(
        ScheduleBody,
        {"schedule": {"standard_hours": [hours], "maintenance_windows": [window]}},
    ).schedule
    as_of = read(UserDataTimestamp, {"as_of_time": "2026-06-11T06:31:29.957081Z"})

    assert schedule.standard_hours[0].thursday[0].close_time == "03:00"
    assert schedule.maintenance_windows[0].end_wall_ns == 1_781_168_400_000_000_000
    assert as_of.as_of_wall_ns == 1_781_159_489_957_081_000
