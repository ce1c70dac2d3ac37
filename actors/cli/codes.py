"""What the process says when it ends: the exit code, and the lines about why."""

import sys
from collections.abc import Sequence
from typing import Final

from actors.audit.errors import NotReconciled
from actors.exchange.errors import ClockOff
from actors.runtime.errors import JournalCorrupt, JournalFailed, leaves, reason
from actors.runtime.secret import redacted

USAGE, UNAVAILABLE, ESCALATED, JOURNAL, RISK, KEY = 2, 69, 70, 74, 75, 78
"""Exit codes (design section 4); 0 is done or drained."""

STRANGE: Final = ("nobody intended it", "of no order of ours", "cash on shard ")
"""Words of the differences that somebody else's trading leaves, or cash paid in or out."""
LINES_MOST: Final = 20
"""Lines about one error; the journal has them all."""


def say(code: int, text: str) -> int:
    """Say why it ends on stderr, and return ``code``."""
    sys.stderr.write("".join(f"touchline: {line}\n" for line in redacted(text).splitlines()))
    return code


def causes(error: BaseException) -> list[BaseException]:
    """Return the errors in ``error`` and, where a supervisor gave up, those that made it."""
    return [leaf for outer in leaves(error) for leaf in (outer, *getattr(outer, "causes", ()))]


def exit_code(error: BaseException) -> int:
    """Return what the process says of an error that ended the tree."""
    kinds = (
        (JournalFailed, JOURNAL),
        (JournalCorrupt, JOURNAL),
        (NotReconciled, RISK),
        (ClockOff, KEY),
    )
    for kind, code in kinds:
        if any(isinstance(cause, kind) for cause in causes(error)):
            return code
    return ESCALATED


def why(error: BaseException) -> str:
    """Return what ended the tree: a line, or one for each difference where the books disagree."""
    for cause in causes(error):
        if isinstance(cause, NotReconciled):
            lines = str(cause).splitlines()
            more = len(lines) - LINES_MOST
            return "\n".join([*lines[:LINES_MOST], *([f"and {more} more"] if more > 0 else [])])
        if isinstance(cause, ClockOff):
            return str(cause)
    return reason(error, 2_000)


def cure(error: BaseException, profile: str, state: str) -> str:
    """Return what a person may do about books that somebody else's trading parted; or nothing."""
    lines = [each for cause in causes(error) for each in getattr(cause, "lines", ())]
    return cure_of(lines, profile, state)


def cure_of(lines: Sequence[str], profile: str, state: str) -> str:
    """Return the same for what differs; it begins with the end of the line before it."""
    if not any(word in line for line in lines for word in STRANGE):
        return ""
    return (
        "\nsomebody else traded this account (custody, flatten, a person) or moved its cash; to"
        " look at it and take it over, once this process is gone: python -m actors takeover"
        f" --profile {profile} --state {state}"
    )
