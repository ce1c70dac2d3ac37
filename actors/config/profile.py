"""Everything that may differ between two runs, as typed values. One frozen class a section.

Secrets are never profile keys: a profile says where to find them. Durations:
``_s`` and ``_ms`` are wall time; ``_match_s`` is match time, which the
simulator's ``--speed`` divides (design section 6).
"""

from typing import Literal

import attrs
from attrs import validators

from actors.model.money import MicroDollars, Pips


@attrs.frozen(kw_only=True)
class Venue:
    """Where the exchange is."""

    rest: str
    """Base URL, API root included: ``https://host/trade-api/v2``."""
    ws: str
    orders: str = ""
    """Base URL for order entry, where that is another host; empty for ``rest``."""
    ca_file: str = ""
    """PEM of the authority to trust; empty for the system's."""
    member: Literal["direct", "fcm"]
    """Whose grid our balance is kept on: the venue's own members', or a broker's customers'."""


@attrs.frozen(kw_only=True)
class Key:
    """Which API key signs, and where its private half lies."""

    id: str
    pem_file: str


@attrs.frozen(kw_only=True)
class Feed:
    """One feed of the race."""

    name: str = attrs.field(validator=validators.matches_re(r"[a-z][a-z0-9_]{0,31}"))
    transport: Literal["ws_json"]
    codec: Literal["polymarket"]
    url: str
    ca_file: str = ""
    role: Literal["trigger", "corroborate"]
    delay_s: float = attrs.field(default=0.0, validator=validators.ge(0))
    """Delay that the provider's contract states; above zero a feed never triggers."""
    dead_after_s: float = attrs.field(
        default=30.0, validator=validators.and_(validators.gt(0), validators.le(30))
    )


@attrs.frozen(kw_only=True)
class Race:
    """How reports become triggers."""

    window_s: float = attrs.field(validator=validators.and_(validators.ge(1), validators.le(15)))
    max_trigger_age_ms: int = attrs.field(validator=validators.gt(0))


@attrs.frozen(kw_only=True)
class Orders:
    """The order connections and what is kept ready for them."""

    entry_connections: int = attrs.field(
        validator=validators.and_(validators.ge(1), validators.le(8))
    )
    header_sets: int = attrs.field(validator=validators.and_(validators.ge(1), validators.le(64)))
    """Signed header sets kept ready for entries."""
    refresh_s: float = attrs.field(validator=validators.and_(validators.gt(0), validators.le(2)))
    response_s: float = attrs.field(validator=validators.and_(validators.gt(0), validators.le(10)))
    """After this silence an order is Unknown."""
    keep_warm_s: float = attrs.field(validator=validators.gt(0))


@attrs.frozen(kw_only=True)
class Limits:
    """How much may be at stake. The ceilings in ``model/limits.py`` stand above these."""

    order_contracts: int = attrs.field(validator=validators.gt(0))
    """Whole contracts in one order."""
    order_dollars: MicroDollars
    market_dollars: MicroDollars
    match_dollars: MicroDollars
    day_dollars: MicroDollars
    account_dollars: MicroDollars


@attrs.frozen(kw_only=True)
class Gates:
    """What the last control before the send insists on."""

    collar: Pips
    """Furthest a limit may lie beyond the best opposite price of the last good book."""
    bid_max: Pips
    """No bid at or above it, whatever a table says."""
    ask_min: Pips
    """No ask at or below it."""
    report_age_ms: int = attrs.field(validator=validators.gt(0))
    book_age_ms: int = attrs.field(validator=validators.gt(0))
    """Age of the last proof that the book stream is whole."""


@attrs.frozen(kw_only=True)
class Band:
    """Value of a win for a side that leads by ``lead`` goals, from a minute on.

    A coarse table that stands in the profile until the fair-value model prices
    plays; conservative, because it knows no strengths.
    """

    lead: int
    from_minute: int = attrs.field(validator=validators.ge(0))
    value: Pips


@attrs.frozen(kw_only=True)
class Plays:
    """How the planner turns a next score into orders."""

    margin: Pips
    """Kept between the table's value and a limit."""
    chase: Pips
    """How far beyond the best opposite price a limit may reach."""
    play_dollars: MicroDollars
    """Worst case of one goal, over all its legs."""
    legs_max: int = attrs.field(validator=validators.and_(validators.ge(1), validators.le(3)))
    bands: tuple[Band, ...] = attrs.field(validator=validators.min_len(1))


@attrs.frozen(kw_only=True)
class Exits:
    """How a position is left."""

    after_match_s: float = attrs.field(validator=validators.gt(0))
    slip: Pips
    """How far below the best bid (above the best ask) an exit may be limited."""
    give_up: Pips
    """How far from the entry's limit the exit's floor lies."""
    attempts: int = attrs.field(validator=validators.and_(validators.ge(1), validators.le(50)))
    retry_s: float = attrs.field(validator=validators.gt(0))


@attrs.frozen(kw_only=True)
class CatalogueSettings:
    """What is looked for at the venue, and how often."""

    series: tuple[str, ...] = attrs.field(validator=validators.min_len(1))
    poll_s: float = attrs.field(validator=validators.gt(0))
    aliases: dict[str, str] = attrs.Factory(dict)
    """Reviewed: a feed's name of a team to the venue's."""


@attrs.frozen(kw_only=True)
class Run:
    """The run itself."""

    stop_when: Literal["never", "settled"]
    day_start: str = attrs.field(validator=validators.matches_re(r"([01]\d|2[0-3]):[0-5]\d"))
    day_zone: str
    drain_s: float = attrs.field(validator=validators.and_(validators.gt(0), validators.le(20)))


@attrs.frozen(kw_only=True)
class Sheet:
    """What the API does not say about a series, written down and reviewed by a person."""

    series: str
    sport: Literal["soccer"]
    settles_on: Literal["regulation"]
    legs: int = attrs.field(validator=validators.gt(0))
    exhaustive: bool
    tie: str
    """Title of the leg that pays on a draw."""
    void: str
    """What the rules say happens when no result stands."""
    in_play_delay_ms: int = attrs.field(validator=validators.ge(0))
    reviewed: str


@attrs.frozen(kw_only=True)
class Profile:
    """One way of running the system."""

    name: str
    environment: Literal["sim", "paper", "demo", "prod"]
    account: str = attrs.field(validator=validators.min_len(1))
    venue: Venue
    key: Key
    feeds: tuple[Feed, ...] = attrs.field(validator=validators.min_len(1))
    race: Race
    orders: Orders
    limits: Limits
    gates: Gates
    plays: Plays
    exits: Exits
    catalogue: CatalogueSettings
    run: Run

    @feeds.validator
    def _names_are_distinct(self, _field: object, feeds: tuple[Feed, ...]) -> None:
        names = [feed.name for feed in feeds]
        if len(set(names)) != len(names):
            raise ValueError("two feeds have the same name")
