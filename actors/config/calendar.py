"""The trading day: from ``day_start`` in a named zone to the next, whatever clocks do at night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from actors.config.profile import Run


def trading_day(run: Run, wall_ns: int) -> str:
    """Return the date of the trading day that ``wall_ns`` falls into, ``"2026-11-22"``.

    A day begins at the zone's own ``day_start`` (design section 6), so the days on
    which clocks change are an hour shorter or longer and still one day each.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: The zone is not known here.
    """
    local = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).astimezone(ZoneInfo(run.day_zone))
    hour, minute = map(int, run.day_start.split(":"))
    began_today = (local.hour, local.minute) >= (hour, minute)
    return (local.date() - timedelta(days=0 if began_today else 1)).isoformat()
