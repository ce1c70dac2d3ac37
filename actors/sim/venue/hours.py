"""When the exchange trades: the hours of its week in New York, and its maintenance. Pure.

Reference ``kalshi.md`` sections 4 and 8: in maintenance orders are not taken and cancels
are; where the whole exchange stops, nothing changes at all.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import attrs

Stops = Literal["trading", "exchange"]
Session = tuple[int, int]
"""Minutes of a day in New York: from the first, up to but without the second."""

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ZONE: Final = "America/New_York"
DAY_MINUTES: Final = 24 * 60
ALL_DAY: Final[tuple[Session, ...]] = ((0, DAY_MINUTES),)
SECOND_US: Final = 1_000_000
LOOK_DAYS: Final = 9
"""How far ahead a change of the week's hours is looked for: every day of it, and the edges."""


@attrs.frozen
class Week:
    """The sessions of each day, Monday first."""

    days: tuple[tuple[Session, ...], ...]

    @property
    def is_always(self) -> bool:
        """Whether it never closes."""
        return all(day == ALL_DAY for day in self.days)

    def trades_at(self, at_us: int) -> bool:
        """Return whether trading is on at an instant."""
        if self.is_always:
            return True
        local = _local(at_us)
        minute = 60 * local.hour + local.minute
        return any(since <= minute < until for since, until in self.days[local.weekday()])

    def edges(self, after_us: int) -> Iterator[int]:
        """Return the instants later than ``after_us`` at which sessions begin and end, rising."""
        first = _local(after_us).date()
        for number in range(-1, LOOK_DAYS):
            day = first + timedelta(days=number)
            sessions = self.days[day.weekday()]
            minutes = sorted({minute for session in sessions for minute in session})
            yield from (at_us for each in minutes if (at_us := _instant(day, each)) > after_us)


ALWAYS: Final = Week((ALL_DAY,) * 7)
KALSHI: Final = Week(
    (ALL_DAY, ALL_DAY, ALL_DAY, ((0, 3 * 60), (5 * 60, DAY_MINUTES)), ALL_DAY, ALL_DAY, ALL_DAY)
)
"""Thursdays from three to five there is maintenance (reference section 8)."""
WEEKS: Final = {"always": ALWAYS, "kalshi": KALSHI}


@attrs.frozen(kw_only=True)
class Maintenance:
    """A stretch of time in which orders are not taken, or nothing is."""

    start_us: int
    end_us: int
    stops: Stops = "trading"
    drops_streams: bool = False
    """Whether every stream is cut when it begins, as they may be."""

    def covers(self, at_us: int) -> bool:
        """Return whether it is on at an instant."""
        return self.start_us <= at_us < self.end_us


@attrs.frozen(kw_only=True)
class State:
    """Whether the exchange changes state, and whether it trades."""

    exchange_active: bool = True
    trading_active: bool = True


@attrs.frozen
class Hours:
    """The whole calendar of the exchange."""

    week: Week = ALWAYS
    windows: tuple[Maintenance, ...] = ()

    def state_at(self, at_us: int) -> State:
        """Return what the calendar says of an instant."""
        stopped = {window.stops for window in self.windows if window.covers(at_us)}
        exchange = "exchange" not in stopped
        trading = exchange and "trading" not in stopped and self.week.trades_at(at_us)
        return State(exchange_active=exchange, trading_active=trading)

    def next_change_us(self, after_us: int) -> int | None:
        """Return when the state is next another than at ``after_us``; ``None`` for never."""
        now = self.state_at(after_us)
        return next((at for at in self._edges(after_us) if self.state_at(at) != now), None)

    def resumes_us(self, at_us: int) -> int | None:
        """Return when all is open again after ``at_us``; ``None`` if it is, or never will be."""
        if self.state_at(at_us) == State():
            return None
        return next((at for at in self._edges(at_us) if self.state_at(at) == State()), None)

    def starting(self, at_us: int) -> tuple[Maintenance, ...]:
        """Return the windows that begin at an instant."""
        return tuple(window for window in self.windows if window.start_us == at_us)

    def ahead(self, now_us: int) -> tuple[Maintenance, ...]:
        """Return the windows that are not over, the first first."""
        left = (window for window in self.windows if window.end_us > now_us)
        return tuple(sorted(left, key=lambda window: window.start_us))

    def _edges(self, after_us: int) -> list[int]:
        edges = {at for window in self.windows for at in (window.start_us, window.end_us)}
        if not self.week.is_always:
            edges.update(self.week.edges(after_us))
        return sorted(at for at in edges if at > after_us)


def _local(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // SECOND_US, UTC).astimezone(ZoneInfo(ZONE))


def _instant(day: date, minute: int) -> int:
    """Return a minute of a day in New York, as its clocks show it, in microseconds since 1970."""
    day += timedelta(days=minute // DAY_MINUTES)
    hour, left = divmod(minute % DAY_MINUTES, 60)
    shown = datetime(day.year, day.month, day.day, hour, left, tzinfo=ZoneInfo(ZONE))
    return int(shown.timestamp()) * SECOND_US
