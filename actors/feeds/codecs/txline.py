"""Dialect of the TxLINE scores stream: one action of one fixture an event, in either key style.

Sources: reference ``feeds.md`` sections 2.4 and 3. A dialect with a memory, because an
event may name only the participant whose score changed, and because a resumed stream
begins with history. One object serves one feed over all its connections.

* **History.** What is older than the connection (by the provider's own ``Date``, or up to
  the first heartbeat where there is none) is gathered and told as one state per fixture
  when the first live event comes; that state is the connection's baseline.
* **Unconfirmed goals** are held back until they are confirmed. Their totals are in no
  report before; what discards one then takes nothing back.
* **Reviews and doubts.** While a review is open, or the provider calls itself unreliable,
  the period is unknown, with which nothing triggers. The same holds for an adjustment of
  the score, which is no goal.
* **Shoot-outs** do not move the score.
"""

from typing import Final

import attrs

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    ALIVE,
    clock_of,
    goals,
    json_object,
    part,
    refuse,
    score_of,
    split_event,
    text_of,
    whole,
)
from actors.model.score import Period, Score

PERIODS: Final[dict[int, Period]] = {
    1: "pre",
    2: "1H",
    3: "HT",
    4: "2H",
    5: "FT",
    6: "FT",
    7: "ET1",
    8: "ETHT",
    9: "ET2",
    10: "AET",
    11: "AET",
    12: "PEN",
    13: "END",
    100: "END",
}
"""``StatusId`` to ours; the others (interrupted, abandoned, coverage lost) are no period."""
SHOOT_OUT: Final = frozenset({12, 13})
MOST_FIXTURES: Final = 512
MOST_PENDING: Final = 16
CONFIRM_MS: Final = 120_000
"""How long an unconfirmed goal may hold the score back, in the provider's time."""
_HEARTBEAT: Final = [Decoded(kind="heartbeat")]


@attrs.define(eq=False)
class _Fixture:
    """What is known of one match."""

    ts_ms: int = -1
    seq: int = -1
    first_is_home: bool | None = None
    status: int = 0
    totals: list[int | None] = attrs.field(factory=lambda: [None, None])
    pending: dict[int, int] = attrs.field(factory=dict)
    """Goals that are not confirmed, by id, and when they were reported."""
    told: Score | None = None
    before: Score | None = None
    """The score before the last goal that was told; ``None`` once it is taken back."""
    goal_id: int | None = None
    reviewed: str | None = None
    """What an open review is about."""
    reliable: bool = True
    baselined: bool = False
    """Whether this connection has told anything of it."""
    held: Decoded | None = None


@attrs.define(eq=False)
class TxLine:
    """The dialect of one feed. Call it with each frame; tell it of each connection."""

    _fixtures: dict[str, _Fixture] = attrs.field(init=False, factory=dict)
    _since_ms: int | None = attrs.field(init=False, default=None)
    _live: bool = attrs.field(init=False, default=False)

    def begin(self, provider_s: int | None) -> None:
        """Take note of a new connection, opened at ``provider_s`` by the provider's clock."""
        # A Date has whole seconds: what belongs to its own second may be history.
        self._since_ms = None if provider_s is None else 1_000 * (provider_s + 1)
        self._live = False
        for fixture in self._fixtures.values():
            fixture.baselined, fixture.held = False, None

    def __call__(self, frame: bytes | str) -> list[Decoded]:
        """Read one event.

        Raises:
            FeedGarbled: It is outside the dialect.
        """
        if frame in (ALIVE, b""):
            return _HEARTBEAT
        name, data = split_event(frame)
        body = json_object(data)
        if name == "heartbeat":
            at_ms = whole(body, "Ts", "ts")
            return [*self._caught_up(at_ms, is_heartbeat=True), *_HEARTBEAT]
        if name != "message":
            return _HEARTBEAT
        try:
            return self._read(body) or _HEARTBEAT
        except ValueError as error:
            refuse(str(error), frame)

    def _caught_up(self, at_ms: int | None, *, is_heartbeat: bool) -> list[Decoded]:
        """Note whether what comes now is live; return what history has left to be told."""
        since = self._since_ms
        if is_heartbeat and since is None:
            self._live = True
        is_live = self._live if since is None else at_ms is not None and at_ms >= since
        if not is_live:
            return []
        told = []
        for fixture in self._fixtures.values():
            if fixture.held is not None:
                told.append(fixture.held)
                fixture.baselined, fixture.held = True, None
        return told

    def _read(self, body: dict[str, object]) -> list[Decoded]:
        fixture_id = text_of(body, "FixtureId", "fixtureId")
        seq, ts_ms = whole(body, "Seq", "seq"), whole(body, "Ts", "ts")
        if fixture_id is None or seq is None or ts_ms is None:
            raise ValueError("an action without fixture, sequence or time")
        if body.get("VirtualFixture") is True or body.get("virtualFixture") is True:
            return []
        fixture = self._fixture(fixture_id)
        if seq <= fixture.seq and ts_ms <= fixture.ts_ms:
            return []
        fixture.seq, fixture.ts_ms = seq, ts_ms
        is_live = self._live if self._since_ms is None else ts_ms >= self._since_ms
        history = self._caught_up(ts_ms, is_heartbeat=False)
        said = _apply(fixture, fixture_id, body)
        if is_live:
            fixture.baselined = True
            return [*history, said]
        # Of a match that this connection has spoken of already, history is no baseline.
        blind = fixture.baselined
        fixture.held = _without_period(said) if blind else _as_state(said, fixture)
        return []

    def _fixture(self, fixture_id: str) -> _Fixture:
        fixture = self._fixtures.pop(fixture_id, None) or _Fixture()
        self._fixtures[fixture_id] = fixture
        if len(self._fixtures) > MOST_FIXTURES:
            del self._fixtures[next(iter(self._fixtures))]
        return fixture


def _without_period(said: Decoded) -> Decoded:
    return Decoded(
        kind="snapshot" if said.score is not None else "clock",
        feed_match=said.feed_match,
        score=said.score,
        provider_ts_ns=said.provider_ts_ns,
    )


def _as_state(said: Decoded, fixture: _Fixture) -> Decoded:
    return Decoded(
        kind="snapshot" if fixture.told is not None else "clock",
        feed_match=said.feed_match,
        score=fixture.told,
        period=said.period,
        clock_s=said.clock_s,
        provider_ts_ns=said.provider_ts_ns,
    )


def _apply(fixture: _Fixture, fixture_id: str, body: dict[str, object]) -> Decoded:
    """Change what is known by one action and return what it says."""
    action = (text_of(body, "Action", "action") or "").lower()
    data = part(body, "Data", "data")
    first_is_home = body.get("Participant1IsHome", body.get("participant1IsHome"))
    if isinstance(first_is_home, bool):
        fixture.first_is_home = first_is_home
    _note_status(fixture, action, body, data)
    retracted = _note_goal(fixture, action, body, data)
    # An amendment may carry the totals of another time, and says nothing of the score.
    if action != "action_amend" and fixture.status not in SHOOT_OUT:
        _note_totals(fixture, part(body, "Score", "score"))
    score, kind = _score(fixture), "clock"
    if fixture.pending:
        score = None
    elif retracted:
        score, kind = fixture.before, "retraction"
    if score is not None:
        was, fixture_score = fixture.told, score
        if kind != "retraction":
            kind = "snapshot"
            if was is not None and (score.home < was.home or score.away < was.away):
                kind = "retraction"
        if kind == "retraction":
            fixture.before = None
            fixture.totals = _totals(fixture, fixture_score)
        elif was is not None and was != score:
            fixture.before, fixture.goal_id = was, whole(body, "Id", "id")
        fixture.told = fixture_score
    period = PERIODS.get(fixture.status)
    is_blind = not fixture.reliable or fixture.reviewed is not None or action == "score_adjustment"
    return Decoded(
        kind="retraction" if kind == "retraction" else "snapshot" if score is not None else "clock",
        feed_match=fixture_id,
        score=score,
        period=None if is_blind else period,
        clock_s=clock_of(whole(part(body, "Clock", "clock"), "Seconds", "seconds")),
        provider_ts_ns=fixture.ts_ms * 1_000_000 if 0 < fixture.ts_ms < 2**43 else None,
        ended=True if action == "game_finalised" else None,
    )


def _note_status(
    fixture: _Fixture, action: str, body: dict[str, object], data: dict[str, object]
) -> None:
    status = whole(body, "StatusId", "statusId") or 0
    if action == "status":
        status = whole(data, "StatusId", "statusId") or status
    elif action == "game_finalised":
        status = 100
    if status in PERIODS:
        # An older status beside a later action is a field that was not brought up to date.
        fixture.status = max(fixture.status, status)
    elif status:
        fixture.reliable = False
    match action:
        case "suspend":
            fixture.reliable = data.get("Reliable", data.get("reliable")) is True
        case "disconnected":
            fixture.reliable = False
        case "var":
            fixture.reviewed = text_of(data, "Type", "type") or "Other"
        case _:
            pass


def _note_goal(
    fixture: _Fixture, action: str, body: dict[str, object], data: dict[str, object]
) -> bool:
    """Keep the list of unconfirmed goals; return whether the last told goal is taken back."""
    incident = whole(body, "Id", "id")
    confirmed = body.get("Confirmed", body.get("confirmed"))
    for known, at_ms in list(fixture.pending.items()):
        if fixture.ts_ms - at_ms > CONFIRM_MS:
            del fixture.pending[known]
            _forget_unconfirmed(fixture)
    match action:
        case "goal" if incident is not None and confirmed is False:
            if len(fixture.pending) < MOST_PENDING:
                fixture.pending[incident] = fixture.ts_ms
        case "goal" if incident is not None:
            fixture.pending.pop(incident, None)
        case "score_adjustment":
            fixture.pending.clear()
            fixture.reviewed = None
        case "action_discarded":
            held = incident is not None and fixture.pending.pop(incident, None) is not None
            if held:
                _forget_unconfirmed(fixture)
            fixture.reviewed = None
            own = incident is not None and incident == fixture.goal_id
            return own and not held and fixture.before is not None
        case "var_end":
            subject, fixture.reviewed = fixture.reviewed, None
            outcome = (text_of(data, "Outcome", "outcome") or "").lower()
            is_goal = subject is None or subject.lower() == "goal"
            return (
                outcome == "overturned"
                and is_goal
                and not fixture.pending
                and fixture.before is not None
            )
        case _:
            pass
    return False


def _forget_unconfirmed(fixture: _Fixture) -> None:
    told = fixture.told
    fixture.totals = [None, None] if told is None else _totals(fixture, told)


def _note_totals(fixture: _Fixture, score: dict[str, object]) -> None:
    for index, names in enumerate(
        (("Participant1", "participant1"), ("Participant2", "participant2"))
    ):
        total = goals(part(part(score, *names), "Total", "total"), "Goals", "goals")
        if total is not None:
            fixture.totals[index] = total


def _score(fixture: _Fixture) -> Score | None:
    first, second = fixture.totals
    if fixture.first_is_home is None:
        return None
    return score_of(first, second) if fixture.first_is_home else score_of(second, first)


def _totals(fixture: _Fixture, score: Score) -> list[int | None]:
    return [score.home, score.away] if fixture.first_is_home else [score.away, score.home]
