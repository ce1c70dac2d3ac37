"""What the race must know after a restart, read from the journal. Pure.

The intent names its key before anything is sent, so a key that may have been
traded is found here even if the process died in the next instant. The feeds' records
are counted again from what their reports were judged to be.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from actors.feeds.contest import Standing
from actors.feeds.judging import FIRST, TOOK_BACK
from actors.feeds.ledger import Tally
from actors.feeds.loose_ends import LooseEnds, policy_of
from actors.feeds.unsettled import Unsettled
from actors.messages.records import Intent, Report, Segment, Triggered
from actors.messages.records_review import DoubtRow
from actors.model.score import GoalKey, MatchId

ACCEPTING: Final = frozenset({"trigger", "advance", "stands"})
"""Judgements after which the score of their key is the accepted one."""
CONSEQUENCES: Final = frozenset({"overturned", "stands", "phantom"})
"""Judgements of reports that were judged before."""


@attrs.frozen(kw_only=True)
class Recalled:
    """The journal's word on every match. Recovery to the race."""

    traded: frozenset[GoalKey]
    """Keys that were triggered, or for which an entry may have left."""
    standings: dict[MatchId, Standing]
    unsettled: dict[MatchId, Unsettled]
    """What was open about each match."""
    tallies: dict[str, Tally]
    """Every feed's record."""


def recall(records: Iterable[object], wall_less_mono_ns: int = 0) -> Recalled:
    """Read the journal's records, oldest first; those that say nothing of races are passed over.

    Args:
        records: What the journal has.
        wall_less_mono_ns: This process's wall clock less its monotonic one, for what is
            measured from before the restart.

    Reports are written after the fact: one that was still waiting when an intent
    was written comes behind it. So a standing moves forward within a generation,
    and back only into a higher one.
    """
    traded: set[GoalKey] = set()
    standings: dict[MatchId, Standing] = {}
    past, ends = _Past(), LooseEnds()
    for record in records:
        key: GoalKey | None = None
        match record:
            case Intent(purpose="entry") | Triggered():
                key = GoalKey(MatchId(record.match), record.generation, record.state)
                traded.add(key)
                if isinstance(record, Intent):
                    ends.hear_intent(record)
            case Report():
                if record.judgement in ACCEPTING or record.reason == FIRST:
                    key = GoalKey(MatchId(record.match), record.generation, record.state)
                past.hear(record)
                ends.hear(record)
            case DoubtRow():
                ends.hear_doubt(record)
            case Segment(run=run):
                past.begin(run)
                ends.since_ns = record.wall_ns - record.mono_ns - wall_less_mono_ns
            case _:
                pass
        if key is not None:
            _note(standings, key)
    return Recalled(
        traded=frozenset(traded),
        standings=standings,
        unsettled=ends.unsettled(),
        tallies=past.tallies,
    )


@attrs.define(eq=False)
class _Past:
    """Counts what the race counted, from its judgements alone.

    What it cannot see is which feeds were silent but not yet given up when a score was
    accepted: coverage may come out a little lower than it was.
    """

    tallies: dict[str, Tally] = attrs.field(init=False, factory=dict)
    _run: str = attrs.field(init=False, default="")
    _epochs: dict[str, int] = attrs.field(init=False, factory=dict)
    """Connections that are open."""
    _shown: dict[str, dict[str, tuple[int, str]]] = attrs.field(init=False, factory=dict)
    """By match and feed: the connection that showed a score last, and which."""
    _winners: dict[GoalKey, str] = attrs.field(init=False, factory=dict)
    _alone: set[GoalKey] = attrs.field(init=False, factory=set)
    """Keys that only their winner has shown; asked for membership alone."""
    _matches: dict[tuple[str, str], str] = attrs.field(init=False, factory=dict)
    """By feed and its id of a match."""
    _tentative: dict[tuple[str, str], str] = attrs.field(init=False, factory=dict)
    """By the same: the score that the feed called unconfirmed last."""

    def begin(self, run: str) -> None:
        """Note that a segment begins; in another run every connection is a new one."""
        if run != self._run:
            self._run = run
            self._epochs.clear()
            self._shown.clear()

    def hear(self, report: Report) -> None:
        """Count one report."""
        judgement, feed = report.judgement, report.feed
        if report.kind == "opened":
            self._epochs[feed] = report.epoch
        elif report.kind == "closed":
            self._epochs.pop(feed, None)
        self._note_conf(report)
        if judgement in {"repeat", "ignored", "review"}:
            return
        key = GoalKey(MatchId(report.match), report.generation, report.state)
        tally = self._tally(feed)
        if judgement in {"phantom", "overturned"}:
            self._take_back(key, charged=tally if judgement == "phantom" else None)
            return
        self._note_shown(report)
        if judgement in {"trigger", "advance"}:
            self._accept(key, feed)
        elif judgement == "reversal" or report.reason == TOOK_BACK:
            tally.reversals += 1
        if report.behind_ns >= 0:
            tally.echo(report.behind_ns)
            if key in self._alone and report.conf != "unconfirmed":
                self._alone.discard(key)
                self._tally(self._winners[key]).margins_ns.append(report.behind_ns)

    def _note_conf(self, report: Report) -> None:
        name, state = (report.feed, report.feed_match), f"{report.home}-{report.away}"
        if report.judgement in CONSEQUENCES:
            return
        if report.conf in {"confirmed", "cancelled"}:
            self._tentative.pop(name, None)
        elif report.conf == "unconfirmed" and report.judgement != "ignored":
            is_new = self._tentative.get(name) != state and report.judgement != "baseline"
            self._tally(report.feed).unconfirmed += is_new
            self._tentative[name] = state

    def _tally(self, feed: str) -> Tally:
        return self.tallies.setdefault(feed, Tally())

    def _note_shown(self, report: Report) -> None:
        name = report.feed, report.feed_match
        if report.match:
            self._matches[name] = report.match
        match = self._matches.get(name)
        if match is not None and report.home >= 0:
            shown = self._shown.setdefault(match, {})
            shown[report.feed] = report.epoch, f"{report.home}-{report.away}"

    def _take_back(self, key: GoalKey, *, charged: Tally | None) -> None:
        if charged is not None:
            charged.charge()
        winner = self._winners.pop(key, None)
        self._alone.discard(key)
        if winner is not None:
            self._tally(winner).overturned += 1

    def _accept(self, key: GoalKey, winner: str) -> None:
        self._tally(winner).win()
        self._winners[key] = winner
        self._alone.add(key)
        for feed, (epoch, state) in self._shown.get(key.match, {}).items():
            if self._epochs.get(feed) != epoch:
                continue
            self._tally(feed).chances += 1
            if feed != winner and state == key.state:
                self._tally(feed).was_earlier()
                self._alone.discard(key)


def _note(standings: dict[MatchId, Standing], key: GoalKey) -> None:
    now = standings.get(key.match)
    states = (key.state,) if now is None else (now.score.text, key.state)
    policy = policy_of(*states)
    score = None if policy is None else policy.read(key.state)
    if policy is None or score is None:
        return
    then = Standing(generation=key.generation, score=score)
    before = None if now is None else policy.read(now.score.text)
    if (
        now is None
        or before is None
        or then.generation > now.generation
        or (then.generation == now.generation and policy.is_behind(before, score))
    ):
        standings[key.match] = then
