"""What an earlier run left behind, read from its journal. Recovery to the trading actors.

Times of an earlier process mean nothing on this one's monotonic clock: ``due_ns``
of a plan and the ``_ns`` of a ``Sent`` are 0 here, and whoever takes them up
reckons them anew from the wall times beside them.
"""

from collections.abc import Mapping

import attrs

from actors.messages.records import Segment
from actors.messages.records_review import EpisodeRow
from actors.messages.records_venue import GroupRow
from actors.messages.trading import ExitPlan, Sent
from actors.model.limits import Entry
from actors.model.losses import Losses
from actors.model.orders import Ticker
from actors.model.score import GoalKey, MatchId


@attrs.frozen(kw_only=True)
class RecoveredLot:
    """One entry's position that was still to be sold."""

    plan: ExitPlan
    left_centi: int
    """What the entry filled less what its exits, and others for it, are known to have sold."""
    attempts: int
    """The highest attempt of its exit orders; the next one takes the number after it."""
    spared: int = 0
    """Those of them that the venue turned away unread."""
    awaits_entry: bool = False
    """Whether its entry is unresolved, and an exit of it has left all the same."""
    episode: EpisodeRow | None = None
    """The way down that it was on."""
    rung: int = 0
    """Orders of that way down which have left."""
    rungs: int = 0
    """Orders of every way down."""
    episodes: int = 0
    """Ways down that were begun."""


@attrs.frozen(kw_only=True)
class Recovered:
    """The journal's word on everything that trading must not forget."""

    folder: str
    """Where the journal is."""
    first: Segment | None
    """The record that opened the journal; ``None`` in a new one."""
    epochs: Mapping[str, int]
    """The highest connection number of each feed."""
    entries: tuple[Entry, ...]
    """Every entry order at its worst case or its cost, in order of reservation."""
    lots: tuple[RecoveredLot, ...]
    unresolved: tuple[Sent, ...]
    """Orders whose outcome nobody has written down; ``trigger`` is ``None``."""
    sent_wall_ns: Mapping[str, int]
    """When each unresolved order was written down, by its client order id."""
    plans: tuple[ExitPlan, ...]
    """How the positions of unresolved entries are to be left."""
    trade_ids: frozenset[str]
    """Executions that the journal has."""
    opening_micros: Mapping[int, int] | None
    """Cash by shard with which the account began, before every fill; ``None`` if never
    reconciled."""
    halts: tuple[str, ...]
    """Reasons for which a person stopped trading and has not resumed it."""


@attrs.frozen(kw_only=True)
class Relived:
    """The journal's word on the losses, on what has ended, and on what was under review."""

    losses: Losses = attrs.field(factory=Losses)
    playing: frozenset[MatchId] = frozenset()
    """Matches that were known and had not ended."""
    playing_markets: frozenset[Ticker] = frozenset()
    """The markets of those."""
    cases: tuple[tuple[GoalKey, str], ...] = ()
    """The phase that each of their doubted goals was in last (``risk/review.py``), the goal
    heard of last at the end."""
    groups: tuple[GroupRow, ...] = ()
    """The last step of each shard's order group."""
