"""What providers that are pulled write: TxLINE actions as events, the venue's live data.

The shapes are those of reference feeds.md sections 2.4 and 2.5. Written here a second
time and not taken from the product's codecs, which they are there to test.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from actors.sim.feedframes import MatchState
from actors.sim.listing import team_id

STATUS: Final = {"NS": 1, "1H": 2, "HT": 3, "2H": 4, "FT": 5, "ET1": 7, "ETHT": 8, "ET2": 9}
"""Our providers' word for a period to the stream's number."""
HALF: Final = {"1H": "1st", "HT": "HT", "2H": "2nd"}


def action(state: MatchState, before: MatchState | None, seq: int, at_ms: int) -> str:
    """Return the JSON text of the action that led from ``before`` to ``state``."""
    what = "status"
    if before is not None and state.score != before.score:
        rose = state.score.home + state.score.away > before.score.home + before.score.away
        what = "goal" if rose else "action_discarded"
    body: dict[str, object] = {
        "FixtureId": state.sportradar_id,
        "GameState": "scheduled",
        "Participant1IsHome": True,
        "Participant1Id": team_id(state.home_team),
        "Participant2Id": team_id(state.away_team),
        "Type": "Soccer",
        "Action": what,
        "Id": seq,
        "Seq": seq,
        "Ts": at_ms,
        "StatusId": STATUS.get(state.period, 14),
        "Score": {
            "Participant1": {"Total": {"Goals": state.score.home}},
            "Participant2": {"Total": {"Goals": state.score.away}},
        },
    }
    if what == "goal":
        body["Confirmed"] = True
    if state.elapsed:
        minutes, _, seconds = state.elapsed.partition(":")
        body["Clock"] = {
            "Running": True,
            "Seconds": 60 * sum(map(int, minutes.split("+"))) + int(seconds or 0),
        }
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
