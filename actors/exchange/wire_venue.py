"""The venue itself: whether it is up, when it trades, how much it lets an account ask.

Field lists: the venue's OpenAPI document 3.34.0 and reference ``kalshi.md`` sections
4 and 6.
"""

from msgspec import Struct, field

from actors.exchange.wire import InstantText


class ShardStatus(Struct, frozen=True, kw_only=True):
    """Whether one shard trades."""

    exchange_index: int
    exchange_active: bool
    trading_active: bool


class ExchangeStatus(Struct, frozen=True, kw_only=True):
    """Whether the venue is up (``exchange_active``) and trades (``trading_active``)."""

    exchange_active: bool
    trading_active: bool
    resume_wall_ns: InstantText | None = field(name="exchange_estimated_resume_time", default=None)
    shards: tuple[ShardStatus, ...] = field(name="exchange_index_statuses", default=())

    def trades(self, exchange_index: int) -> bool:
        """Return whether a shard trades; one that is not listed goes as the whole does."""
        for shard in self.shards:
            if shard.exchange_index == exchange_index:
                return shard.exchange_active and shard.trading_active
        return self.exchange_active and self.trading_active


class OpenHours(Struct, frozen=True, kw_only=True):
    """A stretch of a weekday in which the venue trades, ``HH:MM`` in New York."""

    open_time: str
    close_time: str


class WeekHours(Struct, frozen=True, kw_only=True):
    """Hours of the week that hold between two instants."""

    start_wall_ns: InstantText = field(name="start_time")
    end_wall_ns: InstantText = field(name="end_time")
    monday: tuple[OpenHours, ...]
    tuesday: tuple[OpenHours, ...]
    wednesday: tuple[OpenHours, ...]
    thursday: tuple[OpenHours, ...]
    friday: tuple[OpenHours, ...]
    saturday: tuple[OpenHours, ...]
    sunday: tuple[OpenHours, ...]


class MaintenanceWindow(Struct, frozen=True, kw_only=True):
    """A stretch in which nothing can be placed."""

    start_wall_ns: InstantText = field(name="start_datetime")
    end_wall_ns: InstantText = field(name="end_datetime")


class Schedule(Struct, frozen=True, kw_only=True):
    """When the venue trades."""

    standard_hours: tuple[WeekHours, ...]
    maintenance_windows: tuple[MaintenanceWindow, ...]


class ScheduleBody(Struct, frozen=True, kw_only=True):
    """The body of the schedule."""

    schedule: Schedule


class UserDataTimestamp(Struct, frozen=True, kw_only=True):
    """How recent what the read side says of our account is."""

    as_of_wall_ns: InstantText = field(name="as_of_time")


class TokenBucket(Struct, frozen=True, kw_only=True):
    """A budget of request tokens, refilled each second."""

    refill_rate: int
    bucket_capacity: int


class AccountLimits(Struct, frozen=True, kw_only=True):
    """How fast this account may ask and trade. Obey it; it is not a constant."""

    usage_tier: str
    read: TokenBucket
    write: TokenBucket


class EndpointCost(Struct, frozen=True, kw_only=True):
    """Tokens that one endpoint costs when it is not the default."""

    method: str
    path: str
    cost: int


class EndpointCosts(Struct, frozen=True, kw_only=True):
    """Tokens that requests cost."""

    default_cost: int
    endpoint_costs: tuple[EndpointCost, ...]

    def cost(self, method: str, path: str) -> int:
        """Return the tokens of one endpoint, ``path`` as the venue templates it."""
        for endpoint in self.endpoint_costs:
            if (endpoint.method, endpoint.path) == (method, path):
                return endpoint.cost
        return self.default_cost
