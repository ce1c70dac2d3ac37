"""Stops that need a person: entries are halted, and the process stays until nothing is held.

A loss or a drift between the books and the venue's ends entries at once and the process
only when the venue shows no position and no order of ours, or when a person takes over and
has it drained; then by exit code 75. What an operator halts, an operator resumes: that ends
nothing. A halt that an earlier life left standing ends nothing either, or nobody could ever
take it back.
"""

from typing import Final

import attrs
import trio

from actors.audit.reconciler import Meanwhile
from actors.config.profile import Run
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.runtime.mailbox import Mailbox
from actors.trader.assembly import Trading

DRIFT: Final = "drift"
"""Name of the halt that a lasting difference leaves."""
ENDING: Final = frozenset({DRIFT, "loss", "risk"})
"""Names of the halts after which the process ends by 75."""
LOOK_S: Final = 0.5
ASK_S: Final = 2.0
"""Between two questions to the venue whether anything is left."""


def meanwhile(trading: Trading, say: Mailbox[str], rules: Run) -> Meanwhile:
    """Return what the reconciler has to know of a running process, and whom it tells."""
    desk = trading.desk

    def on_drift(line: str) -> None:
        desk.state.halt(DRIFT, line)
        say.post(f"ALARM  our books and the venue's have parted, entries are halted: {line}")

    return Meanwhile(
        owes=lambda: desk.inflight.owes,
        rests=desk.inflight.is_resting,
        intended=desk.inflight.ever.__contains__,
        heard=desk.seen_trades.__contains__,
        on_drift=on_drift,
        on_settled=desk.hear_settlement,
        every_s=rules.reconcile_s,
        believe_s=rules.drift_s,
    )


@attrs.define(eq=False)
class Stops:
    """Waits for the end of what such a stop has left."""

    trading: Trading
    _before: frozenset[str] = attrs.field(init=False)
    """Names that have stood since the process began."""

    def __attrs_post_init__(self) -> None:
        self._before = frozenset(_names(self.trading))

    @property
    def standing(self) -> str:
        """Why the process has to end, in a line; empty where it need not."""
        for reason in self.trading.desk.state.reasons:
            name = reason.partition(":")[0]
            if name in ENDING and name not in self._before:
                return reason
        return ""

    async def until_over(self) -> None:
        """Return once such a stop stands and the venue shows nothing of ours any more."""
        while True:
            # One that a person took back and that comes again is a new one.
            self._before &= frozenset(_names(self.trading))
            await trio.sleep(ASK_S if self.standing else LOOK_S)
            if self.standing and await self._is_flat():
                return

    async def _is_flat(self) -> bool:
        """Ask the venue, whose word counts where the books have parted."""
        desk, rest = self.trading.desk, self.trading.reads.urgent
        if desk.lots or desk.inflight.of("entry") or desk.inflight.of("exit"):
            return False
        try:
            held = await rest.positions()
            resting = await rest.orders(status="resting")
        except (VenueUnreachable, VenueRefused):
            return False
        return not resting and not any(each.position_centi for each in held)


def _names(trading: Trading) -> list[str]:
    return [reason.partition(":")[0] for reason in trading.desk.state.reasons]
