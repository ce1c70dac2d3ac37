"""Ways in which the books cannot be kept.

* ``AuditError``
  - ``NotReconciled``  journal and venue disagree: nothing may be traded, exit code 75
  - ``UnknownWord``    somebody posted what is not for the journal: a mistake of ours
"""

from collections.abc import Sequence


class AuditError(Exception):
    """The root of this folder's errors."""


class NotReconciled(AuditError):
    """Journal and venue disagree at the start. The message is the differences, a line each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(("journal and venue disagree; nothing is traded", *lines)))
        self.lines = tuple(lines)


class UnknownWord(AuditError, TypeError):
    """An object in the auditor's mailbox that no record is made of."""
