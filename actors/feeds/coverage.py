"""What a feed says of a match beside its score, and whether its goals are traded then. Pure."""

from typing import Final

import attrs

from actors.messages.feeds import FeedEvent, Status

PLAYED: Final[frozenset[Status]] = frozenset({"live"})
"""What a feed says of a match in which a goal of its own may be traded."""

OVER: Final[frozenset[Status]] = frozenset({"abandoned", "postponed", "cancelled", "ended"})
"""What a feed says of a match in which nobody's goal may be traded."""


@attrs.define(eq=False)
class Coverage:
    """What one feed says of one match beside its score, over its connections."""

    status: Status | None = None
    reliable: bool = True
    flaw: str = ""
    """Why no goal of its own is traded at present; empty where it may be."""
    is_blind: bool = False
    """Whether it would not notice a false goal either."""
    is_over: bool = False
    """Whether it says that nothing is played any more."""

    def hear(self, report: FeedEvent) -> None:
        """Take note of what a report says of it, if it says anything."""
        if report.status is not None:
            self.status = report.status
        if report.reliable is not None:
            self.reliable = report.reliable
        self.is_blind = not self.reliable or self.status == "coverage_lost"
        self.is_over = self.status in OVER
        if not self.reliable:
            self.flaw = "not reliable"
        elif self.status is None or self.status in PLAYED:
            self.flaw = ""
        else:
            self.flaw = self.status.replace("_", " ")
