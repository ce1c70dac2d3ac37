"""TLCP's requests: written for either transport, and read again by whoever serves.

Over WebSocket a request is one message, its name and its parameters on two lines; over
HTTP it is a POST whose path names it (reference feeds.md section 2.3).
"""

from typing import Final, Literal, NamedTuple

import attrs

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer.lines import decoded, fields
from actors.runtime.secret import NONE, Secret, revealed, secret_of

SUBPROTOCOL: Final = "TLCP-2.5.0.lightstreamer.com"
PATH: Final = "/lightstreamer"
VERSION: Final = "TLCP-2.5.0"
CID: Final = "mgQkwtwdysogQz2BJ4Ji kOj2Bg"
"""What every client that is not Lightstreamer's own has to call itself."""
CONTENT_TYPE: Final = "application/x-www-form-urlencoded"

LARGEST_REQUEST: Final = 16 * 1024
MOST_PARAMETERS: Final = 64

Mode = Literal["MERGE", "DISTINCT", "COMMAND", "RAW"]


@attrs.frozen(kw_only=True)
class Wanted:
    """One subscription, as the provider names its things. Profile to session."""

    group: str
    """What the provider's adapter resolves into items."""
    schema: tuple[str, ...]
    """Names of the fields, in the order in which their values shall come."""
    mode: Mode = "MERGE"
    adapter: str = ""
    """Data adapter; empty for the set's own."""
    snapshot: bool = True

    def __attrs_post_init__(self) -> None:
        schema = self.schema
        if not schema or len(set(schema)) != len(schema) or len(schema) > MOST_PARAMETERS:
            raise ValueError(f"a schema is 1 to {MOST_PARAMETERS} different fields")
        if self.mode == "COMMAND" and not {"key", "command"} <= set(schema):
            raise ValueError("COMMAND mode needs the fields key and command")


@attrs.frozen(kw_only=True)
class Account:
    """Who asks, for which adapter set, and how the stream shall behave. Profile to session."""

    adapter_set: str = ""
    user: str = ""
    password: Secret = attrs.field(default=NONE, converter=secret_of)
    keepalive_ms: int = attrs.field(default=5_000, validator=attrs.validators.ge(0))
    """Silence after which the server says ``PROBE``; it may choose another, and tells."""
    inactivity_ms: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    """Our own silence that the server accepts; 0 promises it nothing."""
    diffs: str = "T,P"
    """Differences that we take; empty for none."""


class Asked(NamedTuple):
    """One request."""

    name: str
    parameters: tuple[tuple[str, str | Secret], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return the parameter ``name``."""
        return next((value for key, value in revealed(self.parameters) if key == name), default)

    @property
    def message(self) -> str:
        """The request as a WebSocket message."""
        return self.name if self.name == "wsok" else f"{self.name}\r\n{self.body}"

    @property
    def body(self) -> str:
        """The request's parameters, as the body of a POST."""
        return fields(revealed(self.parameters))

    @property
    def target(self) -> str:
        """Where the POST goes."""
        return f"{PATH}/{self.name}.txt?LS_protocol={VERSION}"


WSOK: Final = Asked("wsok")
HEARTBEAT: Final = Asked("heartbeat")


def create_session(account: Account) -> Asked:
    """Return the request for a new session."""
    said: list[tuple[str, str | Secret]] = [
        ("LS_adapter_set", account.adapter_set),
        ("LS_user", account.user),
        ("LS_password", account.password),
    ]
    return Asked(
        "create_session",
        (
            *(pair for pair in said if pair[1]),
            ("LS_cid", CID),
            *_stream(account),
            ("LS_supported_diffs", account.diffs),
        ),
    )


def bind_session(session: str, account: Account, recover_from: int | None) -> Asked:
    """Return the request to go on with ``session``, after a loop or, counted, after a drop."""
    counted = () if recover_from is None else (("LS_recovery_from", str(recover_from)),)
    return Asked("bind_session", (("LS_session", session), *counted, *_stream(account)))


def _stream(account: Account) -> tuple[tuple[str, str], ...]:
    named = (
        ("LS_keepalive_millis", account.keepalive_ms),
        ("LS_inactivity_millis", account.inactivity_ms),
    )
    return (*((name, str(ms)) for name, ms in named if ms), ("LS_send_sync", "false"))


def subscribe(request: int, number: int, wanted: Wanted) -> Asked:
    """Return the request for subscription ``number``."""
    adapter = (("LS_data_adapter", wanted.adapter),) if wanted.adapter else ()
    return Asked(
        "control",
        (
            ("LS_reqId", str(request)),
            ("LS_op", "add"),
            ("LS_subId", str(number)),
            ("LS_mode", wanted.mode),
            ("LS_group", wanted.group),
            ("LS_schema", " ".join(wanted.schema)),
            *adapter,
            ("LS_snapshot", "true" if wanted.snapshot else "false"),
        ),
    )


def unsubscribe(request: int, number: int) -> Asked:
    """Return the request to end subscription ``number``."""
    said = (("LS_reqId", str(request)), ("LS_op", "delete"), ("LS_subId", str(number)))
    return Asked("control", said)


def destroy(request: int, session: str) -> Asked:
    """Return the request to end ``session``."""
    said = (("LS_reqId", str(request)), ("LS_op", "destroy"), ("LS_session", session))
    return Asked("control", said)


def read_message(text: str) -> list[Asked]:
    """Read what one WebSocket message asks: several requests of one name may share it.

    Raises:
        FeedGarbled: It is no request.
    """
    if len(text) > LARGEST_REQUEST:
        raise FeedGarbled(f"a request of {len(text)} characters")
    name, *bodies = text.removesuffix("\r\n").split("\r\n")
    return [read(name, body) for body in bodies or [""]]


def read(name: str, body: str) -> Asked:
    """Read one request.

    Raises:
        FeedGarbled: It is none.
    """
    if not (name.isascii() and name.replace("_", "").isalpha()):
        raise FeedGarbled(f"not a request: {name[:80]!a}")
    parts = [part for part in body.split("&") if part] if body else []
    if len(parts) > MOST_PARAMETERS or len(body) > LARGEST_REQUEST:
        raise FeedGarbled(f"{name} with {len(parts)} parameters")
    said = (part.partition("=") for part in parts)
    return Asked(name, tuple((decoded(key), decoded(value)) for key, _, value in said))
