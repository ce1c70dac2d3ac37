"""What providers that are pulled write: TxLINE actions as events, the venue's live data.

The shapes are those of reference feeds.md sections 2.4 and 2.5. Written here a second
time and not taken from the product's codecs, which they are there to test.
"""

from collections.abc import Iterable
from typing import Final

import attrs
import msgspec

from actors.sim.feedframes import GoalWord, MatchState, ReviewWord
from actors.sim.listing import team_id

STATUS: Final = {"NS": 1, "1H": 2, "HT": 3, "2H": 4, "FT": 5, "ET1": 7, "ETHT": 8, "ET2": 9}
"""Our providers' word for a period to the stream's number."""
HALF: Final = {"1H": "1st", "HT": "HT", "2H": "2nd"}


def action(
    state: MatchState, before: MatchState | None, seq: int, at_ms: int, goals: list[int]
) -> str:
    """Return the JSON text of the action that led from ``before`` to ``state``.

    Args:
        state: The match from now on.
        before: The match until now.
        seq: The action's number.
        at_ms: When it is told, by the wall.
        goals: The ids of the goals that stand, oldest first; brought up to date.
    """
    body = _body(state, seq, at_ms)
    if before is not None and state.score != before.score:
        rose = state.score.home + state.score.away > before.score.home + before.score.away
        if rose:
            goals.append(seq)
            body["Confirmed"] = state.sure
        body |= {"Action": "goal" if rose else "action_discarded"}
        # What is taken back has the number of the goal that it was.
        body["Id"] = seq if rose or not goals else goals.pop()
    return msgspec.json.encode(body).decode()


def _body(state: MatchState, seq: int, at_ms: int) -> dict[str, object]:
    body: dict[str, object] = {
        "FixtureId": state.sportradar_id,
        "GameState": "scheduled",
        "Participant1IsHome": True,
        "Participant1Id": team_id(state.home_team),
        "Participant2Id": team_id(state.away_team),
        "Type": "Soccer",
        "Action": "status",
        "Id": seq,
        "Seq": seq,
        "Ts": at_ms,
        "StatusId": STATUS.get(state.period, 14),
        "Score": {
            "Participant1": {"Total": {"Goals": state.score.home}},
            "Participant2": {"Total": {"Goals": state.score.away}},
        },
    }
    if state.elapsed:
        minutes, _, seconds = state.elapsed.partition(":")
        body["Clock"] = {
            "Running": True,
            "Seconds": 60 * sum(map(int, minutes.split("+"))) + int(seconds or 0),
        }
    return body


def review(state: MatchState, word: ReviewWord, seq: int, at_ms: int) -> str:
    """Return the JSON text of the action by which a review of a goal opens or ends."""
    body = _body(state, seq, at_ms)
    if word == "opened":
        body |= {"Action": "var", "Data": {"Type": "Goal"}}
    else:
        body |= {"Action": "var_end", "Data": {"Outcome": word.capitalize()}}
    return msgspec.json.encode(body).decode()


def possible(state: MatchState, before: MatchState, seq: int, at_ms: int) -> str:
    """Return the JSON text of the action by which a goal may be coming, the score as it was."""
    body = _body(attrs.evolve(state, score=before.score), seq, at_ms)
    return msgspec.json.encode(body | {"Action": "possible", "Data": {"Goal": True}}).decode()


def later(state: MatchState, word: GoalWord, goal: int, seq: int, at_ms: int) -> str:
    """Return the JSON text of the action that says more of the goal told as ``goal``."""
    body = _body(state, seq, at_ms) | {"Id": goal}
    if word == "confirmed":
        body |= {"Action": "goal", "Confirmed": True, "Data": {"GoalType": "Shot"}}
    else:
        body |= {"Action": "action_amend", "Data": {"New": {"PlayerId": 100 + goal}}}
    return msgspec.json.encode(body).decode()


def event(at_ms: int, index: int, data: str) -> bytes:
    """Return one event of the stream, with the id that resumes after it."""
    return f"id: {at_ms}:{index}\ndata: {data}\n\n".encode()


def heartbeat(at_ms: int) -> bytes:
    """Return the event that only says that the stream lives."""
    return f'event: heartbeat\ndata: {{"Ts": {at_ms}}}\n\n'.encode()


def batch(states: Iterable[MatchState]) -> bytes:
    """Return the body that tells all of ``states``, in their order."""
    return msgspec.json.encode({"live_datas": [_live(state) for state in states]})


def _live(state: MatchState) -> dict[str, object]:
    status = "finished" if state.ended else "live" if state.live else "none"
    return {
        "milestone_id": state.sportradar_id,
        "type": "soccer_tournament_multi_leg",
        "details": {
            "status": status,
            "home_id": team_id(state.home_team),
            "away_id": team_id(state.away_team),
            "half": HALF.get(state.period, ""),
            "time": f"{state.elapsed.partition(':')[0]}'" if state.elapsed else "",
            "home_same_game_score": state.score.home,
            "away_same_game_score": state.score.away,
        },
    }
