"""Tells a race to the law: who says what, when, in one line each."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs

from actors.audit.recording import doubt_row, report_row, triggered
from actors.feeds.contest import Entrant, Standing
from actors.feeds.entities import UNKNOWN, Binding, Bound
from actors.feeds.ledger import Tally
from actors.feeds.race import Race
from actors.feeds.recall import recall
from actors.messages.feeds import FeedEvent, Kind, Review
from actors.messages.race import Cause, Judged, MatchDoubt, RaceOutput, Trigger
from actors.model.score import SOCCER, GoalKey, MatchId, Period, Policy, Score, Sport

MATCH = MatchId("KXWCGAME-22DEC18ARGFRA")
FIVE = ("ada", "bob", "cyd", "dan", "eve")
SECOND = 1_000_000_000
TAKEN_BACK = Score(99, 99)
"""What a feed shows that took a goal back without saying what stands instead."""
Subject = Literal["goal", "penalty", "red", "other"]
Outcome = Literal["open", "stands", "overturned", "unknown"]


def score_of(text: str) -> Score:
    home, _, away = text.partition("-")
    return Score(int(home), int(away))


@attrs.define(eq=False)
class Story:
    """One race, told in seconds. Checks with every line what must hold in every race."""

    feeds: Mapping[str, Entrant] = attrs.field(
        factory=lambda: {name: Entrant(dead_after_ns=10**18) for name in FIVE}
    )
    traded: Iterable[GoalKey] = ()
    standings: Mapping[MatchId, Standing] = attrs.field(factory=dict)
    policy: Policy = SOCCER
    sport: Sport = "soccer"
    """Of whatever is said; the race judges all but soccer by their own policies."""
    stage_is_open: bool = True
    goals_known: int = 0
    """Goals that each feed showed before the story begins."""
    single_feed_pm: int = 500
    """Of a play, where one feed alone follows the match."""
    finishes: bool = True
    """Whether the books are kept after every report, or only when somebody asks."""
    race: Race = attrs.field(init=False)
    outputs: list[RaceOutput] = attrs.field(init=False, factory=list)
    epochs: dict[str, int] = attrs.field(init=False, factory=dict)
    frames: int = attrs.field(init=False, default=0)
    _traded_ever: set[GoalKey] = attrs.field(init=False, factory=set)
    _in_doubt: set[tuple[Cause, GoalKey]] = attrs.field(init=False, factory=set)
    _doubted_before: set[tuple[Cause, GoalKey]] = attrs.field(init=False, factory=set)
    """Before a restart, and not told of since."""
    _shown: dict[tuple[str, int, MatchId], Score] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self._traded_ever = set(self.traded)
        tallies = {name: Tally(echoes=self.goals_known) for name in self.feeds}
        self.race = Race(
            feeds=self.feeds,
            policy=self.policy,
            traded=self.traded,
            standings=self.standings,
            tallies=tallies,
            single_feed_pm=self.single_feed_pm,
        )

    def restart(self) -> None:
        """Die, and come back with nothing but what a journal keeps."""
        recalled = recall(self.journal())
        left = recalled.unsettled.get(MATCH)
        self._in_doubt.clear()
        self._doubted_before.clear()
        if left is not None:
            self._doubted_before |= {("score", key) for key in left.doubted}
            self._doubted_before |= {(one.cause, one.key) for one in left.reviews.values()}
        self.race = Race(
            feeds=self.feeds,
            policy=self.policy,
            traded=recalled.traded | self._traded_ever,
            standings=recalled.standings,
            unsettled=recalled.unsettled,
            tallies=recalled.tallies,
            single_feed_pm=self.single_feed_pm,
        )

    def journal(self) -> list[object]:
        """Return what an auditor would have kept of it so far."""
        rows = list[object]()
        for one in self.outputs:
            match one:
                case Judged():
                    rows.append(report_row(one, 0))
                case MatchDoubt():
                    rows.append(doubt_row(one))
                case Trigger():
                    rows.append(triggered(one))
        return rows

    def open(self, *feeds: str, at_s: float = 0) -> None:
        """Begin a connection of each feed."""
        for feed in feeds:
            self.epochs[feed] = self.epochs.get(feed, 0) + 1
            self._enter(self._event(feed, "opened", at_s), UNKNOWN)

    def close(self, *feeds: str, at_s: float, reason: str = "") -> None:
        """End the connection of each feed."""
        for feed in feeds:
            self._enter(attrs.evolve(self._event(feed, "closed", at_s), reason=reason), UNKNOWN)

    def beat(self, *feeds: str, at_s: float) -> None:
        """Let each feed send a heartbeat."""
        for feed in feeds:
            self._enter(self._event(feed, "heartbeat", at_s), UNKNOWN)

    def all_at(self, score: str = "0-0", at_s: float = 0, *, period: Period = "1H") -> None:
        """Connect every feed, each with ``score`` as its baseline."""
        for feed in self.feeds:
            self.open(feed, at_s=at_s)
            self.say(feed, score, at_s, period=period)

    def say(
        self,
        feed: str,
        score: str | Score | None,
        at_s: float,
        *,
        kind: Kind = "snapshot",
        period: Period | None = "1H",
        oriented: bool = True,
        waited_s: float = 0,
        match: MatchId = MATCH,
        **says: Any,  # noqa: ANN401 - the event's own fields
    ) -> list[RaceOutput]:
        """Let ``feed`` show ``score``; return what the race made of it."""
        shown = score_of(score) if isinstance(score, str) else score
        event = self._event(feed, kind, at_s, score=shown, period=period)
        if says:
            event = attrs.evolve(event, **says)
        bound = Bound(match=match, oriented=oriented, open=self.stage_is_open, sport=self.sport)
        return self._enter(event, bound, waited_s)

    def review(
        self, feed: str, subject: Subject, outcome: Outcome, at_s: float
    ) -> list[RaceOutput]:
        """Let ``feed`` tell where a review stands; return what the race made of it."""
        return self.say(
            feed, None, at_s, kind="review", review=Review(subject=subject, outcome=outcome)
        )

    def wait_until(self, at_s: float) -> list[RaceOutput]:
        """Let the clock go on, waking the race whenever it asked to be woken."""
        told: list[RaceOutput] = []
        for _ in range(1_000):
            due_ns = self.race.next_deadline_ns
            if due_ns is None or due_ns > at_s * SECOND:
                break
            told += self._check(self.race.tick(due_ns))
        told += self._check(self.race.tick(round(at_s * SECOND)))
        return told

    def _event(
        self,
        feed: str,
        kind: Kind,
        at_s: float,
        score: Score | None = None,
        period: Period | None = None,
    ) -> FeedEvent:
        self.frames += 1
        at_ns = round(at_s * SECOND)
        return FeedEvent(
            feed=feed,
            epoch=self.epochs.get(feed, 0),
            frame_no=self.frames,
            kind=kind,
            feed_match=None if kind in {"opened", "closed", "heartbeat"} else "1",
            score=score,
            period=period,
            received_ns=at_ns,
            received_wall_ns=at_ns,
            decoded_ns=at_ns,
        )

    def _enter(self, event: FeedEvent, binding: Binding, waited_s: float = 0) -> list[RaceOutput]:
        now_ns = event.received_ns + round(waited_s * SECOND)
        if not self.finishes:
            return self._check(self.race.enter(event, binding, now_ns))
        before, was_in_doubt = self.race.standing(MATCH), self.race.is_in_doubt(MATCH)
        outputs = self.race.enter(event, binding, now_ns)
        outputs += self.race.finish()
        told = [one for one in outputs if isinstance(one, Judged)]
        own = [one.report for one in told if not one.consequence]
        assert own == [event], "each report is judged once"
        triggers = [one for one in outputs if isinstance(one, Trigger)]
        assert len(triggers) <= 1, "a report triggers once at most"
        for trigger in triggers:
            assert trigger.report is event
            assert trigger.score == event.score
            assert trigger.key not in self._traded_ever, "a key is traded once"
            self._traded_ever.add(trigger.key)
            shown = self._shown.get((event.feed, event.epoch, trigger.key.match))
            assert shown not in {None, event.score}, "a trigger is the feed's own move"
            if before is not None and trigger.key.match == MATCH and len(told) == 1:
                assert not was_in_doubt, "nothing is traded in doubt"
                assert self.policy.step(before.score, trigger.score) == trigger.scorer
        said = next(one for one in told if one.report is event and not one.consequence)
        is_hearsay = said.judgement == "ignored" or said.reason == "unconfirmed"
        if isinstance(binding, Bound) and said.judgement == "reversal" and event.score is None:
            self._shown[event.feed, event.epoch, binding.match] = TAKEN_BACK
        elif isinstance(binding, Bound) and event.score is not None and not is_hearsay:
            self._shown[event.feed, event.epoch, binding.match] = event.score
        return self._check(outputs, before)

    def _check(self, outputs: list[RaceOutput], before: Standing | None = None) -> list[RaceOutput]:
        self.outputs += outputs
        if not self.finishes:
            return outputs
        after = self.race.standing(MATCH)
        if before is not None:
            assert after is not None
            assert after.generation >= before.generation, "the generation never falls"
            if after.generation == before.generation:
                assert before.score.text == after.score.text or (
                    self.policy.is_behind(before.score, after.score)
                    or self.policy.legal_decrease(before.score, after.score)
                )
        for one in outputs:
            if isinstance(one, MatchDoubt):
                doubted = one.cause, one.key
                assert (doubted in self._in_doubt) is not one.in_doubt, "doubts open and end"
                (self._in_doubt.add if one.in_doubt else self._in_doubt.remove)(doubted)
                self._doubted_before.discard(doubted)
        doubts = self._in_doubt | self._doubted_before
        closed = any(key.match == MATCH for _, key in doubts)
        assert closed == self.race.is_in_doubt(MATCH)
        return outputs

    @property
    def triggers(self) -> list[tuple[str, int, str]]:
        """Every trigger so far: the winner, the generation, the state."""
        return [
            (one.report.feed, one.key.generation, one.key.state)
            for one in self.outputs
            if isinstance(one, Trigger)
        ]

    @property
    def doubts(self) -> list[tuple[bool, int, str]]:
        """Every word about doubts so far: whether it opened, and the key's two numbers."""
        return [
            (one.in_doubt, one.key.generation, one.key.state)
            for one in self.outputs
            if isinstance(one, MatchDoubt)
        ]

    @property
    def sizes_pm(self) -> list[int]:
        """The size of every trigger so far, in thousandths."""
        return [one.size_pm for one in self.outputs if isinstance(one, Trigger)]

    @property
    def standing(self) -> tuple[int, str] | None:
        """What is accepted."""
        standing = self.race.standing(MATCH)
        return None if standing is None else (standing.generation, standing.score.text)


def judgements(outputs: list[RaceOutput]) -> list[str]:
    """Return the judgements among ``outputs``, in their order."""
    return [one.judgement for one in outputs if isinstance(one, Judged)]


def reasons(outputs: list[RaceOutput]) -> list[str]:
    """Return the reasons of the judgements among ``outputs``."""
    return [one.reason for one in outputs if isinstance(one, Judged)]
