"""What the race must know after a restart, read from the journal. Pure.

The intent names its key before anything is sent, so a key that may have been
traded is found here even if the process died in the next instant. The feeds' records
are counted again from what their reports were judged to be.
"""

from collections.abc import Iterable

import attrs

from actors.feeds.contest import Standing
from actors.feeds.judging import FIRST, TOOK_BACK
from actors.feeds.ledger import Tally
from actors.messages.records import Intent, Report, Segment, Triggered
from actors.model.score import SOCCER, GoalKey, MatchId, Score


@attrs.frozen(kw_only=True)
class Recalled:
    """The journal's word on every match. Recovery to the race."""

    traded: frozenset[GoalKey]
    """Keys that were triggered, or for which an entry may have left."""
    standings: dict[MatchId, Standing]
    tallies: dict[str, Tally]
    """Every feed's record."""


def recall(records: Iterable[object]) -> Recalled:
    """Read the journal's records, oldest first; those that say nothing of races are passed over.

    Reports are written after the fact: one that was still waiting when an intent
    was written comes behind it. So a standing moves forward within a generation,
    and back only into a higher one.
    """
    traded: set[GoalKey] = set()
    standings: dict[MatchId, Standing] = {}
    past = _Past()
    for record in records:
        key: GoalKey | None = None
        match record:
            case Intent(purpose="entry") | Triggered():
                key = GoalKey(MatchId(record.match), record.generation, record.state)
                traded.add(key)
            case Report(judgement="trigger" | "advance" | "stands"):
                key = GoalKey(MatchId(record.match), record.generation, record.state)
                past.hear(record)
            case Report(judgement="baseline", reason=reason) if reason == FIRST:
                key = GoalKey(MatchId(record.match), record.generation, record.state)
                past.hear(record)
            case Report():
                past.hear(record)
            case Segment(run=run):
                past.begin(run)
            case _:
                pass
        if key is not None:
            _note(standings, key)
    return Recalled(traded=frozenset(traded), standings=standings, tallies=past.tallies)


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
            if key in self._alone:
                self._alone.discard(key)
                self._tally(self._winners[key]).margins_ns.append(report.behind_ns)

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
    home, _, away = key.state.partition("-")
    if not (home.isdecimal() and away.isdecimal()):
        # Another sport's state; it gets its own standing with its own policy.
        return
    then = Standing(generation=key.generation, score=Score(int(home), int(away)))
    now = standings.get(key.match)
    if (
        now is None
        or then.generation > now.generation
        or (then.generation == now.generation and SOCCER.is_behind(now.score, then.score))
    ):
        standings[key.match] = then
