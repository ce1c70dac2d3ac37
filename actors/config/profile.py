"""Everything that may differ between two runs, as typed values. One frozen class a section.

Secrets are never profile keys: a profile says where to find them. Durations:
``_s`` and ``_ms`` are wall time; ``_match_s`` is match time, which the
simulator's ``--speed`` divides (design section 6).
"""

from typing import Final, Literal

import attrs
from attrs import validators

from actors.config.ceilings import up_to
from actors.config.custody import Custody
from actors.config.exits import Exits
from actors.config.review import Review
from actors.config.risk import Risk
from actors.model.limits import (
    ACCOUNT_CEILING_MICROS,
    DAY_CEILING_MICROS,
    MARKET_CEILING_MICROS,
    MATCH_CEILING_MICROS,
    ORDER_COUNT_CEILING_CENTI,
    ORDER_NOTIONAL_CEILING_MICROS,
    SHARD_CEILING_MICROS,
)
from actors.model.money import MicroDollars, Pips
from actors.model.throttle import Paces
from actors.runtime.collection import Mode


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
    streams: int = attrs.field(
        default=1, validator=validators.and_(validators.ge(1), validators.le(2))
    )
    """Connections that bring the books, each the whole of them; what one misses the other has."""
    compare_s: float = attrs.field(
        default=0.0,
        validator=validators.or_(
            validators.in_((0.0,)), validators.and_(validators.ge(1.0), validators.le(600.0))
        ),
    )
    """Between two books that are compared with what REST shows; 0 compares none."""
    read_lag_ms: int = attrs.field(
        default=1_000, validator=validators.and_(validators.ge(0), validators.le(10_000))
    )
    """How old what REST shows of a book may be."""


@attrs.frozen(kw_only=True)
class Key:
    """Which API key signs, and where its private half lies."""

    id: str
    pem_file: str


CARRIED: Final = {
    "ws_json": ("polymarket",),
    "signalr": ("fields",),
    "signalr_classic": ("fields",),
    "lightstreamer": ("fields",),
    "sse": ("txline", "opticodds"),
    "push_json": ("sportradar",),
    "http_poll": ("live_data",),
}
"""The dialects that each transport of a feed can carry."""
SILENCE_S: Final = {"ws_json": 12.0, "push_json": 12.0}
"""Silence after which a connection of such a transport is dead: its provider has a beat of
five seconds (reference ``feeds.md`` section 10). The others have ``dead_after_s`` alone."""


@attrs.frozen(kw_only=True)
class Feed:
    """One feed of the race."""

    name: str = attrs.field(validator=validators.matches_re(r"[a-z][a-z0-9_]{0,31}"))
    transport: Literal[
        "ws_json", "signalr", "signalr_classic", "lightstreamer", "sse", "push_json", "http_poll"
    ]
    codec: Literal["polymarket", "fields", "txline", "opticodds", "sportradar", "live_data"] = (
        attrs.field()
    )
    url: str
    ca_file: str = ""
    role: Literal["trigger", "corroborate"]
    delay_s: float = attrs.field(default=0.0, validator=validators.ge(0))
    """Delay that the provider's contract states; above zero a feed never triggers."""
    dead_after_s: float = attrs.field(
        default=30.0, validator=validators.and_(validators.gt(0), validators.le(30))
    )
    silence_s: float = attrs.field(
        default=0.0, validator=validators.and_(validators.ge(0), validators.le(30))
    )
    """The protocol's own bound on silence, inside ``dead_after_s``; 0 for its usual one.
    ``signalr`` and ``lightstreamer`` keep theirs besides, as their servers say it."""
    user: str = ""
    """Who we are to a provider that asks."""
    secret_file: str = ""
    """Where our bearer or our password lies; read anew for every connection."""
    topic: str = "match"
    """``signalr``, ``signalr_classic``: the topic that holds the matches."""
    stateful: bool = True
    """``signalr``: whether a dropped connection is to be taken up again, if the hub will."""
    negotiates: bool = True
    """``signalr``: whether the hub is asked before it is opened."""
    hub: str = "feed"
    """``signalr_classic``: the hub's name."""
    adapter_set: str = ""
    """``lightstreamer``: empty for the server's own."""
    adapter: str = ""
    """``lightstreamer``: the data adapter; empty for the set's own."""
    group: str = "matches"
    """``lightstreamer``: the item, in COMMAND mode, that holds the matches."""
    header_file: str = ""
    """``ws_json``, ``sse``, ``push_json``, ``http_poll``: file of header lines, keys among
    them; empty for none. Read anew for every connection."""
    token_url: str = ""
    """All but the first: where the provider hands out bearers to whoever may ask (TxLINE's guests).
    Asked when there is none yet, and again when one is refused; empty for never."""
    snapshot_url: str = ""
    """``sse``, ``push_json``: where the provider says how matches stand, asked before each
    stream opens; with ``{match}`` in it, for each match that is in play. Empty for nowhere."""
    redirect_hosts: tuple[str, ...] = ()
    """As ``token_url``: hosts besides the URL's own that may be redirected to, keys and all."""
    poll_s: float = attrs.field(
        default=1.0, validator=validators.and_(validators.ge(0.25), validators.le(20.0))
    )
    """``http_poll``: the shortest time between two requests."""

    @property
    def bound_s(self) -> float:
        """The silence after which a connection is given up: the shorter of the two bounds."""
        return min(self.dead_after_s, self.silence_s or SILENCE_S.get(self.transport, 30.0))

    @codec.validator
    def _is_spoken_there(self, _field: object, codec: str) -> None:
        if codec not in CARRIED[self.transport]:
            raise ValueError(f"{self.transport} does not carry the codec {codec}")


@attrs.frozen(kw_only=True)
class Race:
    """How reports become triggers."""

    window_s: float = attrs.field(validator=validators.and_(validators.ge(1), validators.le(15)))
    max_trigger_age_ms: int = attrs.field(validator=validators.gt(0))
    single_feed_size: float = attrs.field(
        default=0.5, validator=validators.and_(validators.ge(0), validators.le(1))
    )
    """Part of a play for a goal that no second feed of its match could deny; 0 trades none."""
    unconfirmed_size: float = attrs.field(
        default=0.25, validator=validators.and_(validators.ge(0), validators.le(1))
    )
    """Part of a play for a goal that a well-known feed calls unconfirmed; 0 waits for its word."""
    confirm_s: float = attrs.field(
        default=20.0, validator=validators.and_(validators.ge(1), validators.le(120))
    )
    """Such a goal must be confirmed within it, or is taken for a phantom."""
    quarantine_after: int = attrs.field(
        default=2, validator=validators.and_(validators.ge(1), validators.le(20))
    )
    """Phantoms after which a feed triggers no more; fifty goals that it shows pardon one."""


@attrs.frozen(kw_only=True)
class Orders:
    """The order connections and what is kept ready for them."""

    entry_connections: int = attrs.field(
        validator=validators.and_(validators.ge(1), validators.le(8))
    )
    exit_connections: int = attrs.field(
        default=4, validator=validators.and_(validators.ge(1), validators.le(8))
    )
    """One for each leg that a goal may have opened, for all are sold at once if it falls; and
    one to take over while another is probed. Two header sets are kept for each."""
    header_sets: int = attrs.field(validator=validators.and_(validators.ge(1), validators.le(64)))
    """Signed header sets kept ready for entries."""
    refresh_s: float = attrs.field(validator=validators.and_(validators.gt(0), validators.le(2)))
    response_s: float = attrs.field(validator=validators.and_(validators.gt(0), validators.le(10)))
    """After this silence an order is Unknown."""
    keep_warm_s: float = attrs.field(validator=validators.gt(0))


@attrs.frozen(kw_only=True)
class Limits:
    """How much may be at stake. The ceilings in ``model/limits.py`` stand above these."""

    order_contracts: int = attrs.field(validator=up_to(ORDER_COUNT_CEILING_CENTI // 100, one=1))
    """Whole contracts in one order."""
    order_dollars: MicroDollars = attrs.field(validator=up_to(ORDER_NOTIONAL_CEILING_MICROS))
    market_dollars: MicroDollars = attrs.field(validator=up_to(MARKET_CEILING_MICROS))
    match_dollars: MicroDollars = attrs.field(validator=up_to(MATCH_CEILING_MICROS))
    shard_dollars: MicroDollars = attrs.field(validator=up_to(SHARD_CEILING_MICROS))
    day_dollars: MicroDollars = attrs.field(validator=up_to(DAY_CEILING_MICROS))
    account_dollars: MicroDollars = attrs.field(validator=up_to(ACCOUNT_CEILING_MICROS))


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
    late_ms: int = attrs.field(
        default=2_000, validator=validators.and_(validators.ge(50), validators.le(4_000))
    )
    """A change of a book that is older than this when it comes makes its book unquotable."""


@attrs.frozen(kw_only=True)
class Clock:
    """How far the venue's clock may be from ours, as far as that is certain."""

    warn_ms: int = attrs.field(
        default=250, validator=validators.and_(validators.ge(10), validators.le(1_000))
    )
    halt_ms: int = attrs.field(
        default=1_000, validator=validators.and_(validators.ge(50), validators.le(4_000))
    )
    signed_ms: int = attrs.field(
        default=4_000, validator=validators.and_(validators.ge(1_000), validators.le(4_000))
    )
    """What may be possible at most: the venue refuses signatures ten seconds old, ours are
    up to five, and the way takes the rest."""


@attrs.frozen(kw_only=True)
class Tokens:
    """What of the venue's rate limits is kept for those who must not wait."""

    exit_reserve: int = attrs.field(
        default=30, validator=validators.and_(validators.ge(10), validators.le(1_000))
    )
    """Write tokens that no entry takes; an order costs ten."""
    read_reserve: int = attrs.field(
        default=50, validator=validators.and_(validators.ge(10), validators.le(1_000))
    )
    """Read tokens that only questions about our own orders and money take."""


@attrs.frozen(kw_only=True)
class Plays:
    """How the planner turns a next score into orders."""

    margin: Pips
    """Kept between what a leg is worth, less every cost, and its limit."""
    chase: Pips
    """How far beyond the price of the accepted score a limit may reach."""
    exit_spread: Pips
    """What leaving a position is expected to give away, beside the fee."""
    play_dollars: MicroDollars
    """Worst case of one goal over every result of the match, all opening legs together."""
    legs_max: int = attrs.field(validator=validators.and_(validators.ge(1), validators.le(3)))
    """Opening legs of one play; what reduces goes before them."""
    price_age_s: float = attrs.field(validator=validators.gt(0))
    """No price younger than this says anything of the sides' rates."""
    freeze_move: Pips
    """A leg that lies further from what the rates say than this moves fast."""
    freeze_s: float = attrs.field(validator=validators.gt(0))
    """So long a book may disagree, and no goal come, before its word is taken for lasting."""
    spread_max: Pips
    """A wider book is no price."""
    fit_max: Pips
    """Legs that lie further than this from the best pair of rates fit none: no play."""
    overturn_chance: float = attrs.field(
        validator=validators.and_(validators.ge(0), validators.lt(1))
    )
    """How often a first report is a phantom or is taken back, before a feed has a record."""
    overturn_goals: float = attrs.field(validator=validators.gt(0))
    """How many goals of a feed's own record weigh as much as that."""

    @freeze_s.validator
    def _outlasts_the_age(self, _field: object, freeze_s: float) -> None:
        if freeze_s < self.price_age_s:
            raise ValueError(f"freeze_s is below price_age_s ({self.price_age_s:g}): {freeze_s:g}")


@attrs.frozen(kw_only=True)
class CatalogueSettings:
    """What is looked for at the venue, and how often."""

    series: tuple[str, ...] = attrs.field(validator=validators.min_len(1))
    poll_s: float = attrs.field(validator=validators.gt(0))
    aliases: dict[str, str] = attrs.Factory(dict)
    """Reviewed: a feed's name of a team to the venue's."""
    reviews: str = ""
    """Folder of what a person is to review, ``proposed.toml``, and has, ``reviewed.toml``;
    empty for ``entities`` in the state folder."""


@attrs.frozen(kw_only=True)
class Run:
    """The run itself."""

    stop_when: Literal["never", "settled"]
    day_start: str = attrs.field(validator=validators.matches_re(r"([01]\d|2[0-3]):[0-5]\d"))
    day_zone: str
    drain_s: float = attrs.field(validator=validators.and_(validators.gt(0), validators.le(20)))
    loop_stall_s: float = attrs.field(default=2.0, validator=validators.gt(0))
    """How long the loop may go without turning before its stacks are written to the log."""
    reconcile_s: float = attrs.field(
        default=30.0, validator=validators.and_(validators.ge(1.0), validators.le(600.0))
    )
    """Between two comparisons of our books with the venue's while the process runs."""
    drift_s: float = attrs.field(
        default=10.0, validator=validators.and_(validators.ge(1.0), validators.le(60.0))
    )
    """How long the same difference lasts before it is believed: the venue's reads lag."""


@attrs.frozen(kw_only=True)
class Runtime:
    """How the process itself is run."""

    collection: Mode = "scheduled"
    """When garbage is collected."""
    keeps_awake: bool = False
    """Whether the loop keeps a core busy while a play stands, so that no frame has to wake it."""
    rehearse_ms: float = attrs.field(
        default=5.0, validator=validators.and_(validators.ge(0.0), validators.le(1_000.0))
    )
    """Between two imagined goals that keep the path warm while a play stands; 0 plays none."""


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
    plays: Plays = attrs.field()
    exits: Exits
    catalogue: CatalogueSettings
    run: Run
    runtime: Runtime = attrs.field(factory=Runtime)
    custody: Custody = attrs.field(factory=Custody)
    clock: Clock = attrs.field(factory=Clock)
    tokens: Tokens = attrs.field(factory=Tokens)
    throttle: Paces = attrs.field(factory=Paces)
    review: Review = attrs.field(factory=Review)
    risk: Risk = attrs.field(factory=Risk)

    @feeds.validator
    def _names_are_distinct(self, _field: object, feeds: tuple[Feed, ...]) -> None:
        names = [feed.name for feed in feeds]
        if len(set(names)) != len(names):
            raise ValueError("two feeds have the same name")

    @plays.validator
    def _every_leg_can_be_sold_at_once(self, _field: object, plays: Plays) -> None:
        lines = self.orders.exit_connections
        if lines < plays.legs_max:
            raise ValueError(f"orders.exit_connections {lines} is below plays.legs_max")
