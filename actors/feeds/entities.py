"""Which of our matches a feed's report is about, and whether its sides are proved. Pure.

Identity is by provider id, as the venue's milestones have it; else by what a person has
reviewed: an id joined to a match, or both sides by their reviewed names with kick-off and
opponent. No name is ever guessed at (reference ``feeds.md`` section 5, where fuzzy scores
were measured to invert): what nobody knows is a stranger, for ``likeness.py`` to propose.

A feed may trigger once its sides are proved: by the catalogue's names or the providers'
team ids in the catalogue's order, by a person, or by the first uneven score in which it
agrees with a feed that is proved.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from actors.messages.catalogue import NOTHING_REVIEWED, Catalogue, Match, Reviewed, Stage
from actors.messages.feeds import FeedEvent
from actors.model.score import MatchId, Score, Sport

OPEN: frozenset[Stage] = frozenset({"BOUND", "ARMED", "LIVE"})
"""Stages in which a goal may be traded; whether a play stands ready is the planner's."""
OVER: frozenset[Stage] = frozenset({"ENDED", "DETERMINED", "SETTLED"})

NEAR_NS: Final = 6 * 3_600 * 1_000_000_000
"""A report this far from a kick-off may be about that match."""
AGAIN_NS: Final = 48 * 3_600 * 1_000_000_000
"""Two fixtures of the same sides this close together are told apart by an id alone."""
STRANGERS_MOST: Final = 256
"""Unknown ids remembered until somebody asks for them."""
SHOWN_MOST: Final = 64
"""Uneven scores remembered of one match."""


@attrs.frozen(kw_only=True)
class Bound:
    """The match that a report is about."""

    match: MatchId
    oriented: bool
    """Whether the feed's home side is proved to be ours. Unproved, it may only corroborate."""
    open: bool
    """Whether the match is at a stage in which it is traded."""
    sport: Sport = "soccer"
    """What is played: whose policy judges it."""


@attrs.frozen(kw_only=True)
class Unbound:
    """No match of ours, or none that could be told."""

    reason: str


Binding = Bound | Unbound

UNKNOWN = Unbound(reason="unbound")
"""The id, or its absence, names no match that we follow."""
REJECTED = Unbound(reason="rejected by review")
"""A person has said that this id is none of ours."""

Source = tuple[str, str]
"""A feed and its id of a match."""


@attrs.frozen(kw_only=True)
class Stranger:
    """An id that nobody knows, with the names that came with it."""

    feed: str
    feed_match: str
    home_name: str
    away_name: str
    seen_wall_ns: int


@attrs.frozen(kw_only=True)
class _Identity:
    """What one provider id stands for, its two answers made beforehand."""

    about: Match
    home_names: frozenset[str]
    away_names: frozenset[str]
    oriented: Bound
    unoriented: Bound


@attrs.define(eq=False)
class _Shown:
    """The uneven scores of one match that proved feeds have shown."""

    scores: dict[tuple[int, int], None] = attrs.field(factory=dict)
    newest: dict[str, int] = attrs.field(factory=dict)
    """Goals that each of them showed last."""
    muddled: bool = False
    """Whether one went back: a score and its mirror may both have been true."""


@attrs.define(eq=False)
class Bindings:
    """Every id of one catalogue, and which feeds have proved their sides.

    The proof is remembered per feed and id, because a dialect may name the teams
    in some frames only. A feed that once named the sides the other way round has
    no proof from then on, whatever it says later; names that we do not know
    prove nothing either way.
    """

    _identities: dict[str, _Identity | Unbound]
    _by_match: dict[MatchId, _Identity]
    _pairs: dict[tuple[str, str], list[_Identity]]
    """Matches that are not over by their two names, the home side's first."""
    _aliases: Mapping[str, str]
    _reviewed: Reviewed
    _proved: dict[Source, bool] = attrs.field(factory=dict)
    _joined: dict[Source, _Identity] = attrs.field(factory=dict)
    """What was found by review and not by id."""
    _shown: dict[MatchId, _Shown] = attrs.field(factory=dict)
    _waiting: dict[MatchId, dict[Source, tuple[int, int]]] = attrs.field(factory=dict)
    """The uneven score that each feed without a proof showed last."""
    _strangers: dict[Source, Stranger] = attrs.field(factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, aliases: Mapping[str, str] | None = None) -> "Bindings":
        """Read a catalogue; nothing is proved yet.

        Args:
            catalogue: What is traded.
            aliases: Reviewed: a feed's name of a team to the venue's.
        """
        return cls({}, {}, {}, {}, NOTHING_REVIEWED).renewed(catalogue, aliases)

    def renewed(self, catalogue: Catalogue, aliases: Mapping[str, str] | None = None) -> "Bindings":
        """Read a newer catalogue, keeping the proofs for ids that mean the same match still."""
        known = {} if aliases is None else aliases
        by_match = self._by_match if known == self._aliases else {}
        mine = {
            match.match: _identity(match, by_match.get(match.match), known)
            for match in catalogue.matches.values()
        }
        identities = _claimed(mine.values())
        fresh = Bindings(identities, mine, _paired(mine.values()), known, catalogue.reviewed)
        fresh._strangers = self._strangers
        same_review = catalogue.reviewed == self._reviewed
        for source, proof in self._proved.items():
            match, joined = _match_of(self._found(source)), self._joined.get(source)
            if match is None or source in self._reviewed.rejected:
                continue
            if match == _match_of(identities.get(source[1])):
                fresh._proved[source] = proof
            elif joined is not None and same_review and match in mine:
                # What was found by review is found again by the very same review.
                fresh._proved[source], fresh._joined[source] = proof, mine[match]
        for source in sorted(catalogue.reviewed.rejected):
            fresh._proved[source] = False
        for match in mine:
            if match in self._shown:
                fresh._shown[match] = self._shown[match]
            if match in self._waiting:
                fresh._waiting[match] = self._waiting[match]
        return fresh

    def lookup(self, report: FeedEvent) -> Binding:
        """Return the match that ``report`` is about, or why there is none."""
        feed_match = report.feed_match
        if feed_match is None:
            return UNKNOWN
        identity = self._identities.get(feed_match)
        source = (report.feed, feed_match)
        if not isinstance(identity, _Identity):
            return self._look_beyond(report, source) if identity is None else identity
        proved = self._proved.get(source)
        home_name, away_name = report.home_name, report.away_name
        if home_name is not None and away_name is not None and proved is not False:
            if home_name in identity.home_names and away_name in identity.away_names:
                self._proved[source] = True
                return identity.oriented
            return self._look_closer(identity, source, home_name, away_name)
        if proved is False and source in self._reviewed.rejected:
            return REJECTED
        return identity.oriented if proved else identity.unoriented

    def _look_closer(
        self, identity: _Identity, source: Source, home_name: str, away_name: str
    ) -> Binding:
        """Return what an id means that comes with other names than the catalogue's."""
        home, away = self._called(source[0], home_name), self._called(source[0], away_name)
        if home in identity.home_names and away in identity.away_names:
            self._proved[source] = True
            return identity.oriented
        if home in identity.away_names or away in identity.home_names:
            self._proved[source] = False
            return identity.unoriented
        for pair in ((home, away), (away, home)):
            for other in self._pairs.get(pair, ()):
                if other.about.match != identity.about.match:
                    # Two providers may give one number to two matches.
                    return Unbound(reason=f"names of {other.about.match} under another's id")
        return identity.unoriented

    def _look_beyond(self, report: FeedEvent, source: Source) -> Binding:
        """Return what a person's review makes of an id that the venue does not name."""
        identity = self._joined.get(source)
        if identity is None:
            if source in self._reviewed.rejected:
                return REJECTED
            identity = self._join(source) or self._meet(report, source)
            if identity is None:
                self._note(report, source)
                return UNKNOWN
            self._joined[source] = identity
        if report.home_name is not None and report.away_name is not None:
            home = self._called(report.feed, report.home_name)
            away = self._called(report.feed, report.away_name)
            if home in identity.away_names or away in identity.home_names:
                self._proved[source] = False
        return identity.oriented if self._proved.get(source) else identity.unoriented

    def _join(self, source: Source) -> _Identity | None:
        join = self._reviewed.joins.get(source)
        identity = None if join is None else self._by_match.get(join.match)
        if join is not None and identity is not None:
            self._proved.setdefault(source, not join.swapped)
        return identity

    def _meet(self, report: FeedEvent, source: Source) -> _Identity | None:
        """Return the one match of two reviewed names near its kick-off, not proved by that."""
        home_name, away_name, named = report.home_name, report.away_name, self._reviewed.aliases
        if home_name is None or away_name is None or not named:
            return None
        home, away = named.get((source[0], home_name)), named.get((source[0], away_name))
        if home is None or away is None:
            return None
        meetings = self._pairs.get((home, away), []) + self._pairs.get((away, home), [])
        near = [one for one in meetings if _apart_ns(one, report.received_wall_ns) <= NEAR_NS]
        if len(near) != 1:
            return None
        (found,) = near
        kickoff_ns = found.about.kickoff_wall_ns
        if sum(_apart_ns(one, kickoff_ns) <= AGAIN_NS for one in meetings) > 1:
            return None
        if home not in found.home_names:
            self._proved[source] = False
        return found

    def _note(self, report: FeedEvent, source: Source) -> None:
        if report.home_name is None or report.away_name is None:
            return
        if len(self._strangers) < STRANGERS_MOST and source not in self._strangers:
            self._strangers[source] = Stranger(
                feed=report.feed,
                feed_match=source[1],
                home_name=report.home_name,
                away_name=report.away_name,
                seen_wall_ns=report.received_wall_ns,
            )

    def strangers(self) -> list[Stranger]:
        """Return the unknown ids that were noted since somebody asked last."""
        found = list(self._strangers.values())
        self._strangers.clear()
        return found

    def learn(self, report: FeedEvent, binding: Binding) -> None:
        """Take from a report, once it was judged, what proves the sides of a feed.

        A score and its mirror are never both on the way of one match, unless a goal is
        taken back: from then on its scores prove nothing.
        """
        score, feed_match = report.score, report.feed_match
        if isinstance(binding, Unbound) or type(score) is not Score or feed_match is None:
            return
        pair, source = (score.home, score.away), (report.feed, feed_match)
        shown = self._shown.get(binding.match)
        if binding.oriented:
            if shown is None:
                shown = self._shown[binding.match] = _Shown()
            goals = score.home + score.away
            shown.muddled |= goals < shown.newest.get(report.feed, 0)
            shown.newest[report.feed] = goals
            if score.home == score.away or pair in shown.scores:
                return
            if len(shown.scores) < SHOWN_MOST:
                shown.scores[pair] = None
            for other, waits in list(self._waiting.get(binding.match, {}).items()):
                self._weigh(binding.match, shown, other, waits)
        elif score.home != score.away and self._proved.get(source) is None:
            self._waiting.setdefault(binding.match, {})[source] = pair
            if shown is not None:
                self._weigh(binding.match, shown, source, pair)

    def _weigh(self, match: MatchId, shown: _Shown, source: Source, pair: tuple[int, int]) -> None:
        agrees, opposes = pair in shown.scores, pair[::-1] in shown.scores
        if shown.muddled or agrees == opposes:
            return
        self._proved[source] = agrees
        del self._waiting[match][source]

    def _called(self, feed: str, name: str) -> str:
        return self._reviewed.aliases.get((feed, name), name)

    def _found(self, source: Source) -> _Identity | Unbound | None:
        return self._identities.get(source[1]) or self._joined.get(source)


def _identity(match: Match, known: _Identity | None, aliases: Mapping[str, str]) -> _Identity:
    if known is not None and known.about is match:
        return known
    home = _names(match.home_name, aliases) | match.home_ids
    away = _names(match.away_name, aliases) | match.away_ids
    is_open = match.stage in OPEN
    return _Identity(
        about=match,
        home_names=home - away,
        away_names=away - home,
        oriented=Bound(match=match.match, oriented=True, open=is_open, sport=match.sport),
        unoriented=Bound(match=match.match, oriented=False, open=is_open, sport=match.sport),
    )


def _claimed(identities: Iterable[_Identity]) -> dict[str, _Identity | Unbound]:
    claimed: dict[str, _Identity | Unbound] = {}
    ranks: dict[str, int] = {}
    for identity in identities:
        stage = identity.about.stage
        rank = 2 if stage == "REFUSED" else int(stage in OVER)
        for provider_id in sorted(identity.about.provider_ids):
            taken = ranks.get(provider_id)
            if taken is None or rank < taken:
                # A fixture that was listed anew has the id of the one that is over.
                ranks[provider_id], claimed[provider_id] = rank, identity
            elif rank == taken:
                # An id that two matches claim belongs to neither: a wrong match costs
                # more than a missed one.
                claimed[provider_id] = Unbound(reason=f"two matches claim id {provider_id}")
    return claimed


def _paired(identities: Iterable[_Identity]) -> dict[tuple[str, str], list[_Identity]]:
    pairs: dict[tuple[str, str], list[_Identity]] = {}
    for identity in identities:
        match = identity.about
        if match.stage != "REFUSED" and match.stage not in OVER:
            pairs.setdefault((match.home_name, match.away_name), []).append(identity)
    return pairs


def _apart_ns(identity: _Identity, wall_ns: int) -> int:
    return abs(identity.about.kickoff_wall_ns - wall_ns)


def _names(name: str, aliases: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        {name, *(alias for alias, venue_name in aliases.items() if venue_name == name)}
    )


def _match_of(identity: _Identity | Unbound | None) -> MatchId | None:
    return identity.about.match if isinstance(identity, _Identity) else None
