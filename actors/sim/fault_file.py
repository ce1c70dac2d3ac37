"""A fault plan as a person writes it: TOML, every field optional. Pure."""

from collections.abc import Mapping
from typing import Final

from actors.sim.errors import BadStage
from actors.sim.tables import Table
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.faults import (
    STORMS,
    ClockFaults,
    FaultPlan,
    Regrid,
    RequestFaults,
    Storm,
    StormKind,
    StreamFaults,
)
from actors.sim.venue.price_grids import grid

DAY_S: Final = 86_400.0
HOUR_MS: Final = 3_600_000
KINDS: Final[Mapping[str, StormKind]] = {kind: kind for kind in STORMS}


def read_plan(table: Table) -> FaultPlan:
    """Return the plan that a table describes.

    Raises:
        BadStage: It describes none; with the field's name.
    """
    lag_ms = table.number("read_lag_ms", 0.0, 0, HOUR_MS)
    plan = FaultPlan(
        orders=_requests(table.table("orders")),
        reads=_requests(table.table("reads")),
        stream=_stream(table.table("stream")),
        clock=_clock(table.table("clock")),
        read_lag_ms=lag_ms if table.has("read_lag_ms") else None,
        venue_delay_ms=table.number("venue_delay_ms", 0.0, 0, HOUR_MS),
        storms=tuple(map(_storm, table.tables("storms"))),
        regrids=tuple(
            sorted(map(_regrid, table.tables("regrids")), key=lambda change: change.at_s)
        ),
    )
    table.done()
    return plan


def _requests(table: Table) -> RequestFaults:
    odds = {name: _odds(table, name) for name, _ in RequestFaults().odds}
    _no_more_than_all(table, *odds.values())
    faults = RequestFaults(**odds, slow_ms=table.number("slow_ms", 1_000.0, 0, HOUR_MS))
    table.done()
    return faults


def _stream(table: Table) -> StreamFaults:
    faults = StreamFaults(
        gap=_odds(table, "gap"),
        channel_error=_odds(table, "channel_error"),
        duplicate_print=_odds(table, "duplicate_print"),
        late_print=_odds(table, "late_print"),
        command_timeout=_odds(table, "command_timeout"),
        pings=table.flag("pings", default=True),
    )
    _no_more_than_all(table, faults.gap, faults.channel_error)
    _no_more_than_all(table, faults.duplicate_print, faults.late_print)
    table.done()
    return faults


def _clock(table: Table) -> ClockFaults:
    def window(name: str) -> int | None:
        value = table.integer(name, 0, 0, HOUR_MS)
        return value if table.has(name) else None

    single_use = table.flag("single_use", default=False)
    faults = ClockFaults(
        skew_ms=table.number("skew_ms", 0.0, -HOUR_MS, HOUR_MS),
        past_ms=window("past_ms"),
        future_ms=window("future_ms"),
        single_use=single_use if table.has("single_use") else None,
    )
    table.done()
    return faults


def _storm(table: Table) -> Storm:
    storm = Storm(
        kind=table.one_of("kind", None, KINDS),
        at_s=table.number("at_s", None, 0, DAY_S),
        for_s=table.number("for_s", None, 0, DAY_S),
        every_s=table.number("every_s", 0.0, 0, DAY_S),
    )
    table.done()
    return storm


def _regrid(table: Table) -> Regrid:
    change = Regrid(
        ticker=table.text("ticker"),
        at_s=table.number("at_s", None, 0, DAY_S),
        structure=table.text("structure"),
    )
    try:
        grid(change.structure)
    except BadTerms as error:
        raise BadStage(f"{table.at('structure')}: {error}") from error
    table.done()
    return change


def _odds(table: Table, name: str) -> float:
    return table.number(name, 0.0, 0, 1)


def _no_more_than_all(table: Table, *odds: float) -> None:
    if sum(odds) > 1:
        raise BadStage(f"{table.at('*')}: the probabilities add up to more than 1")
