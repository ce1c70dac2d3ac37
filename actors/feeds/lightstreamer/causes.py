"""What TLCP's codes mean, and what each asks of a client.

TLCP-2.5.0, appendices A (sessions: ``CONERR``, ``END``) and B (controls: ``REQERR``,
``ERROR``, ``MSGFAIL``), in our words; the same number means different things in the two.
"""

from typing import Final, Literal

Cure = Literal["anew", "later", "never"]
"""``anew``: a new session at once. ``later``: a new one after a pause. ``never``: the
profile or the licence has to change first, and whoever dials again is answered the same."""

SESSION: Final[dict[int, tuple[Cure, str]]] = {
    1: ("never", "user or password refused"),
    2: ("never", "no such adapter set"),
    3: ("anew", "the session was begun in another protocol"),
    4: ("anew", "what was to be recovered is no longer kept"),
    5: ("later", "the server is overloaded for the moment"),
    6: ("later", "the credentials cannot be checked for the moment"),
    7: ("later", "as many sessions as the licence allows are open"),
    8: ("later", "as many sessions as the server is set up for are open"),
    9: ("later", "the server is at its load limit"),
    10: ("later", "new sessions are blocked for the moment"),
    11: ("never", "the licence has no streaming"),
    20: ("anew", "no such session"),
    21: ("anew", "the session is another server's"),
    31: ("anew", "closed by a client's request"),
    32: ("anew", "closed by the server"),
    33: ("anew", "the server failed within the session"),
    34: ("anew", "the server failed within the session"),
    35: ("later", "this user opened another session and may have no more"),
    40: ("later", "another client bound the session"),
    48: ("anew", "the session reached its greatest age"),
    60: ("never", "the server does not support this client's version"),
    64: ("never", "the control part of a combined request failed"),
    65: ("never", "an argument is wrong"),
    66: ("later", "the metadata adapter failed"),
    67: ("never", "malformed request"),
    68: ("later", "the server failed"),
    69: ("anew", "a stream is already open on this WebSocket"),
    70: ("never", "no sessions on this port"),
    71: ("never", "the server does not support this kind of client"),
}
"""Appendix A."""

CONTROL: Final[dict[int, str]] = {
    3: "the session was begun in another protocol",
    11: "the session is another server's",
    13: "the frequency of an unfiltered subscription cannot be changed",
    15: "COMMAND mode without a field named key",
    16: "COMMAND mode without a field named command",
    17: "no such data adapter, or no default one",
    19: "no such subscription",
    20: "no such session",
    21: "bad item group",
    22: "bad item group for this schema",
    23: "bad field schema",
    24: "an item does not allow this mode",
    25: "bad selector",
    26: "unfiltered is not allowed: an item has a frequency limit",
    27: "unfiltered is not supported: an item is filtered beforehand",
    28: "the licence has no unfiltered dispatching",
    29: "the licence has no RAW mode",
    30: "the licence has no subscriptions",
    32: "the message's number is too low: enqueued or skipped before",
    33: "the message's number is too low: enqueued before",
    34: "the server failed at the message",
    35: "the metadata adapter failed at the message",
    38: "the message's number was skipped by timeout",
    39: "the message's number and some before it were skipped by timeout",
    40: "push notifications are disabled",
    41: "push notifications: internal failure",
    42: "push notifications: bad platform",
    43: "push notifications: bad application",
    44: "push notifications: bad trigger",
    45: "push notifications: bad device",
    46: "push notifications: bad subscription",
    47: "push notifications: bad argument name",
    48: "push notifications: the device is suspended",
    49: "push notifications: an argument is too long",
    50: "push notifications: no items or no fields",
    51: "push notifications: the payload is too long",
    52: "push notifications: the format is not JSON",
    53: "push notifications: the format is empty",
    56: "push notifications: the subscription does not match",
    65: "an argument is wrong",
    66: "the metadata adapter failed",
    67: "malformed request",
    68: "the server failed",
}
"""Appendix B."""


def session_cause(code: int, message: str) -> tuple[Cure, str]:
    """Return what a ``CONERR`` or an ``END`` asks for, and one line that tells it."""
    if code <= 0:
        # The provider's own word; it may be about us, and it may pass.
        return "later", f"{code}: the provider's own: {message[:80]!a}"
    cure, meaning = SESSION.get(code, ("later", "not in TLCP-2.5.0"))
    return cure, f"{code}: {meaning}: {message[:80]!a}"


def control_cause(code: int, message: str) -> str:
    """Return one line that tells a ``REQERR``, an ``ERROR`` or a ``MSGFAIL``."""
    meaning = "the provider's own" if code <= 0 else CONTROL.get(code, "not in TLCP-2.5.0")
    return f"{code}: {meaning}: {message[:80]!a}"
