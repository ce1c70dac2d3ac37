"""Whether a goal can still be traded once the venue has held the order. Pure.

After a goal the old price stands for a while, and then the market has repriced: that is the
series' window, which its sheet names together with where the figure comes from. In play the
venue may hold an order before it is matched, so that it meets the market as it is then. An
order that is held for as long as the window, or longer, comes when nothing is left of it.

What is taken off is the longer of two delays, never both: the one that the sheet names, and
the one that our own orders in play met of late, which has the sheet's in it. In between nothing
is scaled: a limit that pays only what the leg is worth pays no more for coming later; what the
delay costs is fills, and those that are not had cost nothing.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.config.sheet import Sheet
from actors.trader.delays import Delays

_MILLI_NS: Final = 1_000_000


@attrs.frozen
class Windows:
    """The windows of every series that a sheet names one of."""

    sheets: Mapping[str, Sheet]
    delays: Delays
    """How long our orders were held."""

    def left_ms(self, series: str) -> int | None:
        """Return what is left of a series' window when an order is matched.

        ``None`` where nobody has measured the window: then nothing can be taken off it.
        """
        sheet = self.sheets.get(series)
        if sheet is None or not sheet.window_ms:
            return None
        met = self.delays.figure(series, in_play=True)
        met_ms = 0 if met is None else met.p50_ns // _MILLI_NS
        return sheet.window_ms - max(sheet.in_play_delay_ms, met_ms)

    def is_over(self, series: str) -> bool:
        """Return whether an entry would come when the market has repriced."""
        left = self.left_ms(series)
        return left is not None and left <= 0
