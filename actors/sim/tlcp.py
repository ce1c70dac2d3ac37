"""The server's half of a TLCP session, without sockets: what it says, and says again.

Reference feeds.md section 2.3. One item in COMMAND mode holds all matches; a session keeps
what it said lately, so that a client that lost its connection is told what it missed.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from actors.feeds.lightstreamer.lines import join
from actors.feeds.lightstreamer.requests import Asked

GROUP: Final = "matches"
KEEPALIVE_S: Final = 5.0
REMEMBERED: Final = 1_000
"""Data notifications that a recovery can ask for."""
MOST_LIMIT: Final = 50_000

Fields = Mapping[str, str | int | bool]


def said(value: object) -> str:
    """Return one field's value as a ``U`` says it."""
    if value is None:
        return "#"
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if not text:
        return "$"
    encoded = quote(text, safe=" !\"#$&'()*+,-./:;<=>?@[]^_`{}~")
    return f"%{ord(encoded[0]):02X}{encoded[1:]}" if encoded[0] in "#$^" else encoded


class ServerSession:
    """One client's session."""

    def __init__(self, key: str) -> None:
        """Begin with nothing said."""
        self.key = key
        self.out: list[str] = []
        """Lines to be sent, in order, on the connection that the session is bound to."""
        self.is_over = False
        self._held: list[str] | None = None
        """After a loop, what waits for the stream to be bound anew; ``None`` at other times."""
        self._said = 0
        self._kept: deque[str] = deque(maxlen=REMEMBERED)
        self._schemas: dict[int, tuple[str, ...]] = {}
        self._rows: dict[int, list[str]] = {}

    def create(self) -> None:
        """The session is new."""
        self._connected()

    def bind(self, recover_from: int | None) -> bool:
        """The session goes on, on a new connection or after a loop; whether it can."""
        held, self._held = self._held or [], None
        if recover_from is None:
            self._connected()
            self.out.extend(held)
            return True
        first_kept = self._said - len(self._kept)
        if not first_kept <= recover_from <= self._said:
            return False
        self._connected()
        self.out.append(join("PROG", recover_from))
        self.out.extend(list(self._kept)[recover_from - first_kept :])
        return True

    def control(self, asked: Asked, matches: Mapping[str, Fields]) -> None:
        """Do what the client asks of its session."""
        request, place = asked.get("LS_reqId"), asked.get("LS_subId")
        match asked.get("LS_op"):
            case "add":
                self._add(asked, matches)
            case "delete" if place.isdigit() and int(place) in self._schemas:
                del self._schemas[int(place)]
                self.out.append(join("REQOK", request))
                self._data(join("UNSUB", place))
            case "delete":
                self._decline(request, 19, "Specified subscription not found")
            case "destroy":
                self.out.append(join("REQOK", request))
                self.end(31, "Destroy invoked by client")
            case _:
                self._decline(request, 67, "Malformed request")

    def tell(self, match: str, fields: Fields, command: str) -> None:
        """Tell every subscription how a match stands."""
        for place, schema in self._schemas.items():
            values: dict[str, str | int | bool] = {**fields, "key": match, "command": command}
            row = [said(values.get(name)) for name in schema]
            before = self._rows.get(place, [])
            self._rows[place] = row
            shown = [
                "" if at < len(before) and before[at] == value else value
                for at, value in enumerate(row)
            ]
            self._data(join("U", place, 1, "|".join(shown)))

    def loop(self) -> None:
        """Ask the client to bind its stream anew; until it has, nothing follows."""
        self.out.append(join("LOOP", 0))
        self._held = self._held or []

    def probe(self) -> None:
        """Say that there is nothing to say."""
        if self._held is None:
            self.out.append(join("PROBE"))

    def end(self, code: int, why: str) -> None:
        """End the session."""
        self.is_over = True
        self.out.append(join("END", code, why))

    def _connected(self) -> None:
        self.out.append(join("CONOK", self.key, MOST_LIMIT, int(KEEPALIVE_S * 1e3), "*"))
        self.out.append(join("SERVNAME", "Touchline world"))

    def _add(self, asked: Asked, matches: Mapping[str, Fields]) -> None:
        request, place = asked.get("LS_reqId"), asked.get("LS_subId")
        schema = tuple(asked.get("LS_schema").split())
        problem = self._problem(asked, place, schema)
        if problem is not None:
            self._decline(request, *problem)
            return
        self._schemas[int(place)] = schema
        self._rows.pop(int(place), None)
        self.out.append(join("REQOK", request))
        key, command = schema.index("key") + 1, schema.index("command") + 1
        self._data(join("SUBCMD", place, 1, len(schema), key, command))
        self._data(join("CONF", place, "unlimited", "filtered"))
        if asked.get("LS_snapshot") == "true":
            for match, fields in matches.items():
                self.tell(match, fields, "ADD")
            self._data(join("EOS", place, 1))

    @staticmethod
    def _problem(asked: Asked, place: str, schema: Sequence[str]) -> tuple[int, str] | None:
        if not (place.isascii() and place.isdigit() and len(place) < 9):  # noqa: PLR2004 - no client counts so far
            return 65, "Bad subscription"
        if asked.get("LS_group") != GROUP:
            return 21, "Bad Item Group name"
        if asked.get("LS_mode") != "COMMAND":
            return 24, "Subscription mode not allowed"
        if "key" not in schema:
            return 15, "No key field"
        return None if "command" in schema else (16, "No command field")

    def _decline(self, request: str, code: int, why: str) -> None:
        self.out.append(join("REQERR", request, code, why))

    def _data(self, line: str) -> None:
        self._said += 1
        self._kept.append(line)
        (self.out if self._held is None else self._held).append(line)
