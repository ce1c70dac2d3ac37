"""Laws of the exchange's hours: what is shut is shut, on nights when clocks change too."""

from datetime import UTC, datetime

from actors.exchange.wire_venue import MaintenanceWindow, OpenHours, Schedule, WeekHours
from actors.trader.recess import recesses

HOUR_NS = 3_600 * 10**9
ALL_DAY = (OpenHours(open_time="00:00", close_time="24:00"),)
THURSDAY = (
    OpenHours(open_time="00:00", close_time="03:00"),
    OpenHours(open_time="05:00", close_time="24:00"),
)


def at_ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def schedule(*windows: tuple[int, int], sunday: tuple[OpenHours, ...] = ALL_DAY) -> Schedule:
    week = WeekHours(
        start_wall_ns=0,
        end_wall_ns=at_ns("2100-01-01T00:00"),
        monday=ALL_DAY,
        tuesday=ALL_DAY,
        wednesday=ALL_DAY,
        thursday=THURSDAY,
        friday=ALL_DAY,
        saturday=ALL_DAY,
        sunday=sunday,
    )
    made = (MaintenanceWindow(start_wall_ns=one, end_wall_ns=two) for one, two in windows)
    return Schedule(standard_hours=(week,), maintenance_windows=tuple(made))


def test_a_weekly_pause_is_found_in_new_yorks_own_hours() -> None:
    # Tuesday the 24th of November 2026; New York is five hours behind.
    found = recesses(schedule(), at_ns("2026-11-24T12:00"))
    assert found == ((at_ns("2026-11-26T08:00"), at_ns("2026-11-26T10:00")),)


def test_maintenance_is_joined_with_what_it_touches_and_forgotten_when_it_is_over() -> None:
    now_ns, pause_ns = at_ns("2026-11-24T12:00"), at_ns("2026-11-26T08:00")
    over = (now_ns - 2 * HOUR_NS, now_ns - HOUR_NS)
    ahead = (pause_ns - HOUR_NS, pause_ns + HOUR_NS)
    assert recesses(schedule(over, ahead), now_ns) == ((ahead[0], pause_ns + 2 * HOUR_NS),)


def test_a_pause_over_a_change_of_clocks_is_as_long_as_the_night_is() -> None:
    from_one_to_four = (
        OpenHours(open_time="00:00", close_time="01:00"),
        OpenHours(open_time="04:00", close_time="24:00"),
    )
    for day, hours in (("2026-03-08", 2), ("2026-11-01", 4), ("2026-06-07", 3)):
        (found,) = recesses(schedule(sunday=from_one_to_four), at_ns(f"{day}T06:00"))[:1]
        assert found[1] - found[0] == hours * HOUR_NS


def test_no_hours_at_all_are_no_pause() -> None:
    nothing = Schedule(standard_hours=(), maintenance_windows=())
    assert recesses(nothing, at_ns("2026-11-24T12:00")) == ()
