"""When the exchange does not trade in the next days, from its published hours. Pure.

Hours are of New York (reference ``kalshi.md``), so that a night on which clocks change is as
long as it is; maintenance is named by its instants.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time as hour_of_day, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from actors.exchange.wire_venue import OpenHours, Schedule, WeekHours

ZONE: Final = ZoneInfo("America/New_York")
AHEAD_DAYS: Final = 3
"""How far is looked ahead: longer than any exit is put off."""
SECOND_NS: Final = 1_000_000_000
DAY_END: Final = ("24:00", "23:59", "00:00")
"""Ways to say that a day is open to its end."""


def recesses(schedule: Schedule, wall_ns: int) -> tuple[tuple[int, int], ...]:
    """Return the stretches, in wall nanoseconds, in which nothing trades; joined, in order.

    Looks from the beginning of today to the end of the third day from now. A day of which
    the hours say nothing at all is open: an exchange that tells none is not one that is
    always closed.
    """
    today = datetime.fromtimestamp(wall_ns // SECOND_NS, UTC).astimezone(ZONE).date()
    shut: list[tuple[int, int]] = [
        (each.start_wall_ns, each.end_wall_ns)
        for each in schedule.maintenance_windows
        if each.end_wall_ns > wall_ns
    ]
    for number in range(AHEAD_DAYS + 1):
        shut += _night(schedule.standard_hours, today + timedelta(days=number))
    return _joined(shut)


def _night(weeks: Iterable[WeekHours], day: date) -> list[tuple[int, int]]:
    begins, ends = _instant(day, "00:00"), _instant(day + timedelta(days=1), "00:00")
    week = next((each for each in weeks if each.start_wall_ns <= begins < each.end_wall_ns), None)
    if week is None:
        return []
    named: tuple[OpenHours, ...] = (
        week.monday,
        week.tuesday,
        week.wednesday,
        week.thursday,
        week.friday,
        week.saturday,
        week.sunday,
    )[day.weekday()]
    shut: list[tuple[int, int]] = []
    at_ns = begins
    for opens_ns, closes_ns in sorted(_open(day, each) for each in named):
        if opens_ns > at_ns:
            shut.append((at_ns, opens_ns))
        at_ns = max(at_ns, closes_ns)
    return [*shut, (at_ns, ends)] if at_ns < ends else shut


def _open(day: date, hours: OpenHours) -> tuple[int, int]:
    next_day = day + timedelta(days=1)
    until_end = hours.close_time in DAY_END
    closes = _instant(next_day, "00:00") if until_end else _instant(day, hours.close_time)
    return _instant(day, hours.open_time), closes


def _instant(day: date, text: str) -> int:
    hour, minute = map(int, text.split(":")[:2])
    local = datetime.combine(day, hour_of_day(hour, minute), ZONE)
    return int(local.timestamp()) * SECOND_NS


def _joined(stretches: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for begins, ends in sorted(stretches):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return tuple(joined)
