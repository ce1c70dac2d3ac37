"""The words of the TxLINE stream, and ours for them. Pure.

Source: reference ``feeds.md`` section 3.
"""

from typing import Final, Literal

import attrs

from actors.feeds.codecs.json_values import part, text_of, whole
from actors.messages.feeds import Status
from actors.model.score import Period

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
"""``StatusId`` to ours."""
STATUSES: Final[dict[int, Status]] = {
    **dict.fromkeys((2, 4, 7, 9, 12), "live"),
    **dict.fromkeys((3, 6, 8, 11), "break"),
    **dict.fromkeys((5, 10, 13, 100), "ended"),
}
TROUBLES: Final[dict[int, Status]] = {
    14: "interrupted",
    15: "abandoned",
    16: "cancelled",
    17: "coverage_lost",
    18: "coverage_lost",
    19: "postponed",
}
Subject = Literal["goal", "penalty", "red", "other"]

SUBJECTS: Final[dict[str, Subject]] = {
    "goal": "goal",
    "penalty": "penalty",
    "redcard": "red",
    "secondyellowcard": "red",
}
SHOOT_OUT: Final = frozenset({12, 13})

Object = dict[str, object]
Outcome = Literal["stands", "overturned", "unknown"]


@attrs.frozen(kw_only=True)
class Action:
    """One event of the stream, its keys in either style."""

    name: str
    body: Object
    data: Object
    ts_ms: int
    id: int | None
    """Groups what is said of one happening."""
    confirmed: bool | None

    @classmethod
    def of(cls, body: Object, ts_ms: int) -> "Action":
        """Read the parts that every action may have."""
        confirmed = body.get("Confirmed", body.get("confirmed"))
        return cls(
            name=(text_of(body, "Action", "action") or "").lower(),
            body=body,
            data=part(body, "Data", "data"),
            ts_ms=ts_ms,
            id=whole(body, "Id", "id"),
            confirmed=confirmed if isinstance(confirmed, bool) else None,
        )


def outcome_of(action: Action) -> Outcome:
    """Return what an ended review came to."""
    match (text_of(action.data, "Outcome", "outcome") or "").lower():
        case "stands":
            return "stands"
        case "overturned":
            return "overturned"
        case _:
            return "unknown"
