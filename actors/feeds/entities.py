"""Which of our matches a feed's report is about, and whether its sides are proved. Pure.

Identity is by provider id alone: no name is ever guessed at (reference
``feeds.md`` section 5, where fuzzy scores were measured to invert). Names serve
one purpose, the proof of orientation: a feed's home and away must be the
catalogue's, exactly, after a reviewed table of aliases.
"""

from collections.abc import Mapping

import attrs

from actors.messages.catalogue import Catalogue, Stage
from actors.messages.feeds import FeedEvent
from actors.model.score import MatchId

OPEN: frozenset[Stage] = frozenset({"BOUND", "ARMED", "LIVE"})
"""Stages in which a goal may be traded; whether a play stands ready is the planner's."""


@attrs.frozen(kw_only=True)
class Bound:
    """The match that a report is about."""

    match: MatchId
    oriented: bool
    """Whether the feed's home side is proved to be ours. Unproved, it may only corroborate."""
    open: bool
    """Whether the match is at a stage in which it is traded."""


@attrs.frozen(kw_only=True)
class Unbound:
    """No match of ours, or none that could be told."""

    reason: str


Binding = Bound | Unbound

UNKNOWN = Unbound(reason="unbound")
"""The id, or its absence, names no match that we follow."""


@attrs.frozen(kw_only=True)
class _Identity:
    """What one provider id stands for, its two answers made beforehand."""

    home_names: frozenset[str]
    away_names: frozenset[str]
    oriented: Bound
    unoriented: Bound


@attrs.define(eq=False)
class Bindings:
    """Every id of one catalogue, and which feeds have proved their sides.

    The proof is remembered per feed and id, because a dialect may name the teams
    in some frames only. A feed that once named the sides the other way round has
    no proof from then on, whatever it says later; names that we do not know
    prove nothing either way.
    """

    _identities: dict[str, _Identity | Unbound]
    _proved: dict[tuple[str, str], bool] = attrs.field(factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, aliases: Mapping[str, str] | None = None) -> "Bindings":
        """Read a catalogue; nothing is proved yet.

        Args:
            catalogue: What is traded.
            aliases: Reviewed: a feed's name of a team to the venue's.
        """
        return cls(_identities(catalogue, aliases or {}))

    def renewed(self, catalogue: Catalogue, aliases: Mapping[str, str] | None = None) -> "Bindings":
        """Read a newer catalogue, keeping the proofs for ids that mean the same match still."""
        identities = _identities(catalogue, aliases or {})
        proved = {
            (feed, feed_match): proof
            for (feed, feed_match), proof in self._proved.items()
            if _match_of(identities.get(feed_match)) == _match_of(self._identities.get(feed_match))
        }
        return Bindings(identities, proved)

    def lookup(self, report: FeedEvent) -> Binding:
        """Return the match that ``report`` is about, or why there is none."""
        feed_match = report.feed_match
        if feed_match is None:
            return UNKNOWN
        identity = self._identities.get(feed_match, UNKNOWN)
        if isinstance(identity, Unbound):
            return identity
        source = (report.feed, feed_match)
        proved = self._proved.get(source)
        home_name, away_name = report.home_name, report.away_name
        if home_name is not None and away_name is not None and proved is not False:
            if home_name in identity.home_names and away_name in identity.away_names:
                self._proved[source] = True
                return identity.oriented
            if home_name in identity.away_names or away_name in identity.home_names:
                self._proved[source] = False
            return identity.unoriented
        return identity.oriented if proved else identity.unoriented


def _identities(catalogue: Catalogue, aliases: Mapping[str, str]) -> dict[str, _Identity | Unbound]:
    identities: dict[str, _Identity | Unbound] = {}
    for match in catalogue.matches.values():
        home, away = _names(match.home_name, aliases), _names(match.away_name, aliases)
        is_open = match.stage in OPEN
        identity = _Identity(
            home_names=home - away,
            away_names=away - home,
            oriented=Bound(match=match.match, oriented=True, open=is_open),
            unoriented=Bound(match=match.match, oriented=False, open=is_open),
        )
        for provider_id in sorted(match.provider_ids):
            # An id that two matches claim belongs to neither: a wrong match costs
            # more than a missed one.
            taken = provider_id in identities
            identities[provider_id] = (
                Unbound(reason=f"two matches claim id {provider_id}") if taken else identity
            )
    return identities


def _names(name: str, aliases: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        {name, *(alias for alias, venue_name in aliases.items() if venue_name == name)}
    )


def _match_of(identity: _Identity | Unbound | None) -> MatchId | None:
    return identity.oriented.match if isinstance(identity, _Identity) else None
