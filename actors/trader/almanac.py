"""What the venue's answers make of its events: matches, their stages, and when they are dropped.

Pure: the reader asks (``catalogue.py``), here it is decided. Nothing is read from a
ticker's text. The sides come from the reviewed shape of the event's title, and where the
venue names the providers' ids of the teams, these must agree with it (reference
``feeds.md`` section 5: neutral grounds and swapped participants are the traps).
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from actors.config.sheet import Sheet
from actors.exchange.wire_market import VenueEvent, VenueMarket, VenueMilestone, VenueSeries
from actors.messages.catalogue import Catalogue, FeeTerms, LegRole, Market, Match, Stage
from actors.model.orders import Ticker
from actors.model.score import MatchId

MINUTE_NS: Final = 60 * 1_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
BOUND_BEFORE_NS: Final = 24 * HOUR_NS
"""A match is followed from so long before its kick-off; earlier it is only known."""
ARMED_BEFORE_NS: Final = 30 * MINUTE_NS
"""A match whose markets are active is armed from so long before its kick-off."""
SAME_KICKOFF_NS: Final = MINUTE_NS
"""Two events of the same sides this close together are one fixture listed twice."""
SETTLED_KEPT_NS: Final = 24 * HOUR_NS
"""A settled match stays known for so long, for whoever still reads about it."""
UNLISTED_KEPT_NS: Final = 7 * 24 * HOUR_NS
"""A match that the venue does not list and does not settle is forgotten after so long."""
GONE: Final = "the venue does not list it any more"
MOST_FOLLOWED: Final = 1_500
"""Markets followed at once, the nearest kick-offs first; one stream carries no more than 2,000."""

FOLLOWED: Final[frozenset[Stage]] = frozenset({"BOUND", "ARMED", "LIVE", "PAUSED"})
"""Stages of a match whose books are followed."""
_OVER: Final = frozenset({"closed", "determined", "disputed", "amended", "finalized"})
_DETERMINED: Final = _OVER - {"closed"}
_PUT_OFF: Final = frozenset({"postponed", "cancelled", "canceled", "abandoned", "suspended"})
_LATER: Final[Mapping[Stage, int]] = {"ENDED": 1, "DETERMINED": 2, "SETTLED": 3}
"""From these there is no way back: an older answer that comes late reopens nothing."""
_TITLES: Final[Mapping[str, tuple[str, LegRole, LegRole]]] = {
    "home vs away": (" vs ", "home", "away"),
    "away vs home": (" vs ", "away", "home"),
    "away at home": (" at ", "away", "home"),
}


def read_match(
    event: VenueEvent,
    series: VenueSeries,
    milestones: Iterable[VenueMilestone],
    sheet: Sheet | None,
    wall_ns: int,
) -> Match:
    """Turn one event into a match, refused with a reason where it may not be traded."""
    separator, first, second = _TITLES["home vs away" if sheet is None else sheet.title]
    before, _, after = event.title.partition(separator)
    names: dict[LegRole, str] = {first: before, second: after}
    if sheet is not None and sheet.tie:
        names["draw"] = sheet.tie
    roles = {name: role for role, name in names.items()}
    fees = FeeTerms(
        fee_type=event.fee_type_override or series.fee_type,
        multiplier_ppm=(
            series.fee_multiplier_ppm
            if event.fee_multiplier_override_ppm is None
            else event.fee_multiplier_override_ppm
        ),
    )
    legs = [market for market in event.markets if market.yes_sub_title in roles]
    about = [m for m in milestones if event.event_ticker in m.primary_event_tickers]
    told = about[0] if len(about) == 1 else None
    refusal = _refusal(event, legs, about, sheet) or _contradiction(legs, roles, told)
    stage = _over(event.markets)
    if (refusal and stage != "SETTLED") or told is None:
        # What is paid for is, whatever else has become of it: nothing is at stake there.
        stage = "SETTLED" if stage == "SETTLED" else "REFUSED"
    elif stage is None:
        stage = _stage(event.markets, told, wall_ns)
    return Match(
        match=MatchId(event.event_ticker),
        series=event.series_ticker,
        title=event.title,
        home_name=names["home"],
        away_name=names["away"],
        stage=stage,
        refusal=refusal,
        markets=tuple(_leg(market, roles[market.yes_sub_title], fees) for market in legs),
        provider_ids=frozenset() if told is None else told.provider_ids,
        kickoff_wall_ns=about[0].start_wall_ns if about else 0,
        sport="soccer" if sheet is None else sheet.sport,
        home_ids=_only(None if told is None else told.home_team_id),
        away_ids=_only(None if told is None else told.away_team_id),
    )


def _only(identity: str | None) -> frozenset[str]:
    return frozenset() if identity is None else frozenset({identity})


def _refusal(
    event: VenueEvent,
    legs: list[VenueMarket],
    about: list[VenueMilestone],
    sheet: Sheet | None,
) -> str:
    roles = {market.yes_sub_title for market in legs}
    checks = (
        (sheet is None, "no reviewed sheet for the series"),
        (sheet is not None and len(event.markets) != sheet.legs, "another number of legs"),
        (len(legs) != len(event.markets), "a leg that is no side of the match and no tie"),
        (len(roles) != len(legs), "two legs of the same name"),
        (any(market.exchange_index is None for market in legs), "a leg without its shard"),
        (any(not market.price_ranges for market in legs), "a leg without a price grid"),
        (not about, "no milestone names it"),
        (len(about) > 1, "two milestones name it"),
        (bool(about) and not about[0].provider_ids, "its milestone has no provider's id"),
    )
    return next((why for found, why in checks if found), "")


def _contradiction(
    legs: list[VenueMarket], roles: Mapping[str, LegRole], told: VenueMilestone | None
) -> str:
    """Return why title and ids do not agree on the sides; empty if they do, or say nothing."""
    if told is None or told.home_team_id is None or told.away_team_id is None:
        return ""
    home, away = told.home_team_id, told.away_team_id
    if home == away:
        return "its milestone names one team twice"
    for leg in legs:
        named = {home, away}.intersection(leg.strike_ids)
        role = roles[leg.yes_sub_title]
        expected = {"home": home, "away": away}.get(role)
        if named and (expected is None or named != {expected}):
            return "title and ids name other home sides"
    return ""


def _over(markets: Iterable[VenueMarket]) -> Stage | None:
    """Return how far the venue is with a match that trades no more; ``None`` while it may."""
    statuses = {market.status for market in markets}
    if statuses <= {"finalized"}:
        return "SETTLED"
    if statuses <= _DETERMINED:
        return "DETERMINED"
    return "ENDED" if statuses <= _OVER else None


def _stage(markets: Iterable[VenueMarket], told: VenueMilestone, wall_ns: int) -> Stage:
    statuses = {market.status for market in markets}
    before_ns = told.start_wall_ns - wall_ns
    if before_ns > BOUND_BEFORE_NS:
        return "DISCOVERED"
    if statuses != {"active"}:
        # A leg that trades beside one that does not, or one that has been determined already.
        mixed = "active" in statuses or not statuses.isdisjoint(_OVER)
        return "PAUSED" if mixed or ("inactive" in statuses and before_ns <= 0) else "BOUND"
    if told.details.get("status") in _PUT_OFF:
        return "PAUSED"
    if before_ns > ARMED_BEFORE_NS:
        return "BOUND"
    return "ARMED" if before_ns > 0 else "LIVE"


def _leg(market: VenueMarket, role: LegRole, fees: FeeTerms) -> Market:
    return Market(
        ticker=market.ticker,
        role=role,
        exchange_index=market.exchange_index or 0,
        price_ranges=market.grid,
        fees=fees,
    )


def disentangled(found: Iterable[Match], series: Iterable[str]) -> dict[MatchId, Match]:
    """Refuse what the venue lists twice, and give each fixture to one event.

    An id that two events of one series claim is traded in neither. Where the events are of
    two series, the one that the profile names first has it. What is over claims nothing:
    a fixture that was put off and listed anew keeps its id.

    Args:
        found: Every match, refused ones too.
        series: The profile's order.
    """
    matches = {match.match: match for match in found}
    rivals = [
        match
        for match in matches.values()
        if match.stage != "REFUSED" and match.stage not in _LATER
    ]
    _refuse_twins(matches, rivals)
    _refuse_claims(matches, rivals, tuple(series))
    return matches


def _refuse_twins(matches: dict[MatchId, Match], rivals: Iterable[Match]) -> None:
    pairs: dict[tuple[str, str, str], list[Match]] = {}
    for match in rivals:
        pairs.setdefault((match.series, match.home_name, match.away_name), []).append(match)
    for meetings in pairs.values():
        meetings.sort(key=lambda match: (match.kickoff_wall_ns, match.match))
        for one, other in itertools.pairwise(meetings):
            if other.kickoff_wall_ns - one.kickoff_wall_ns < SAME_KICKOFF_NS:
                _refuse(matches, one, f"{other.match} has the same sides and kick-off")
                _refuse(matches, other, f"{one.match} has the same sides and kick-off")


def _refuse_claims(
    matches: dict[MatchId, Match], rivals: Iterable[Match], series: tuple[str, ...]
) -> None:
    order = {name: place for place, name in enumerate(series)}
    claims: dict[str, list[Match]] = {}
    for match in rivals:
        for identity in sorted(match.provider_ids):
            claims.setdefault(identity, []).append(match)
    for identity, claimants in claims.items():
        best = min(order.get(match.series, len(order)) for match in claimants)
        first = [match for match in claimants if order.get(match.series, len(order)) == best]
        for match in claimants:
            if match not in first:
                _refuse(matches, match, f"its fixture is followed as {first[0].match}")
            elif len(first) > 1:
                other = first[0] if first[0] is not match else first[1]
                _refuse(matches, match, f"{other.match} claims id {identity} too")


def _refuse(matches: dict[MatchId, Match], match: Match, why: str) -> None:
    if matches[match.match].stage != "REFUSED":
        matches[match.match] = attrs.evolve(match, stage="REFUSED", refusal=why)


def followed(catalogue: Catalogue) -> tuple[Ticker, ...]:
    """Return the markets whose books are wanted, in the catalogue's order."""
    matches = [one for one in catalogue.matches.values() if one.stage in FOLLOWED]
    if sum(len(match.markets) for match in matches) > MOST_FOLLOWED:
        matches = _nearest(matches)
    return tuple(market.ticker for match in matches for market in match.markets)


def _nearest(matches: list[Match]) -> list[Match]:
    left, kept = MOST_FOLLOWED, []
    for match in sorted(matches, key=lambda one: (one.stage == "BOUND", one.kickoff_wall_ns)):
        left -= len(match.markets)
        if left < 0:
            break
        kept.append(match)
    return kept


@attrs.define(eq=False, kw_only=True)
class Almanac:
    """Every match that is known, as the readings so far have it."""

    series: tuple[str, ...]
    matches: Mapping[MatchId, Match] = attrs.field(factory=dict)
    """Keyed by our id; replaced, never changed."""
    dropped: int = attrs.field(init=False, default=0)
    """Settled matches that are not kept any more."""
    _seen_ns: dict[MatchId, int] = attrs.field(init=False, factory=dict)
    """When each was listed last, or for a settled one, settled first. Wall time."""

    def same(self, match: Match) -> Match:
        """Return the match as it is known, if nothing has changed: the very same object."""
        old = self.matches.get(match.match)
        return match if old is None or old != match else old

    def unlisted(self, listed: Iterable[MatchId]) -> list[MatchId]:
        """Return the matches that ``listed`` leaves out although they are not settled."""
        there = frozenset(listed)
        return [
            match.match
            for match in self.matches.values()
            if match.match not in there and match.stage not in {"SETTLED", "REFUSED"}
        ]

    def take(
        self, found: Iterable[Match], wall_ns: int, unknown: Iterable[MatchId] = ()
    ) -> list[Match]:
        """Take in a whole reading; return every match that is new or has changed.

        A match that the reading leaves out keeps its last word until it is dropped. One
        that has not changed stays the same object.

        Args:
            found: Every match of the reading.
            wall_ns: When it was read.
            unknown: Matches that the venue does not even know by name. They are paused
                until it does, and refused with their last word.
        """
        before, seen_ns = self.matches, self._seen_ns
        read = disentangled((self._forward(match) for match in found), self.series)
        merged = {**before, **read}
        for match_id in unknown:
            if match_id in merged and merged[match_id].stage in FOLLOWED:
                merged[match_id] = attrs.evolve(merged[match_id], stage="PAUSED")
        changed: list[Match] = []
        for match_id, match in list(merged.items()):
            old, last = before.get(match_id), match
            if match_id in read and not (old is not None and old.stage == "SETTLED"):
                seen_ns[match_id] = wall_ns
            if self._is_past(match, wall_ns, is_listed=match_id in read):
                self.dropped += match.stage == "SETTLED"
                if match.stage not in {"SETTLED", "REFUSED"}:
                    last = attrs.evolve(match, stage="REFUSED", refusal=GONE)
                del merged[match_id], seen_ns[match_id]
            if old is not last and (old is None or old != last):
                changed.append(last)
            elif match_id in merged:
                merged[match_id] = old
        self.matches = merged
        return changed

    def _forward(self, match: Match) -> Match:
        old = self.matches.get(match.match)
        if old is None or old.stage not in _LATER:
            return match
        if _LATER.get(match.stage, 0) >= _LATER[old.stage]:
            return match
        return attrs.evolve(match, stage=old.stage)

    def _is_past(self, match: Match, wall_ns: int, *, is_listed: bool) -> bool:
        since_ns = wall_ns - self._seen_ns[match.match]
        if match.stage == "SETTLED":
            return not is_listed and since_ns > SETTLED_KEPT_NS
        if match.stage == "REFUSED":
            return not is_listed
        return since_ns > UNLISTED_KEPT_NS
