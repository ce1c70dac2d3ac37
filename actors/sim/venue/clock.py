"""The venue's clock: this machine's, and as far off as it is set."""

from collections.abc import Callable

import attrs


@attrs.define(eq=False)
class VenueClock:
    """Microseconds since 1970, as the venue has them.

    Args:
        wall_ns: This machine's wall clock.
        skew_us: How far it is ahead from the start: what happens before a clock is set back
            lies in its future, where no read finds it.
    """

    wall_ns: Callable[[], int]
    skew_us: int = 0
    """How far it is ahead."""

    def __call__(self) -> int:
        """Return the venue's time."""
        return self.wall_ns() // 1000 + self.skew_us
