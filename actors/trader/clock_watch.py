"""The clock's actor: asks the venue what time it is, and says when ours is too far from it.

Every answer over REST, every acceptance and the stream tell the time by the way; this one
asks by itself where they do not come, so that the gate always has something to go by, and
aims its first questions at a turn of the second, where each of them halves what is open.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.exchange.clock import ClockOffset, ClockWord, Verdict
from actors.exchange.errors import ClockOff, VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.messages.records_venue import ClockRow
from actors.runtime.env import Env
from actors.runtime.health import Health

HALT: Final = "clock"
"""Name of the halt that a clock which is off leaves; it ends with its cause."""
LOOK_S: Final = 0.5
"""Between two looks: a step of our own clock stops entries within this time, also in the
trading state (the gate itself asks with every order)."""
AIMED: Final = 8
"""Questions that are aimed at a turn of the second, at the start and after a contradiction."""
ASK_S: Final = 30.0
"""Between two questions when nothing is the matter."""
AGAIN_S: Final = 2.0
"""Between two questions when something is."""
MILLI_NS: Final = 1_000_000


@attrs.define(eq=False, kw_only=True)
class ClockWatch:
    """Keeps the venue's time known, and the trading state in accord with it."""

    env: Env
    rest: Rest
    clock: ClockOffset
    halt: Callable[[str, str], None]
    """Stops entries, given a name and a reason."""
    clear: Callable[[str], None]
    """Takes that reason back."""
    say: Callable[[str], None]
    """Told one line for a person when the verdict changes."""
    to_auditor: Callable[[object], None]
    health: Health
    _told: tuple[Verdict, bool] | None = attrs.field(init=False, default=None)
    _steps: int = attrs.field(init=False, default=0)
    _aimed: int = attrs.field(init=False, default=AIMED)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Ask once, report ready, and watch until cancelled.

        Raises:
            ClockOff: At the first answer of the process already the clocks are so far apart
                that nothing we sign would be taken.
        """
        await self._ask()
        word = self._word()
        if self._told is None and word.least_ns > self.clock.tolerance.signed_ns:
            raise ClockOff(far_apart(word))
        self._judge(word)
        task_status.started()
        next_s = trio.current_time() + self._pause_s(word)
        while True:
            until_s = min(next_s, trio.current_time() + LOOK_S)
            await trio.sleep_until(until_s)
            if trio.current_time() >= next_s:
                await self._ask()
                word = self._word()
                next_s = trio.current_time() + self._pause_s(word)
            word = self._word()
            if self._judge(word):
                next_s = min(next_s, trio.current_time() + AGAIN_S)
            self.health.mark(self.env.now_ns())

    def _word(self) -> ClockWord:
        return self.clock.word(self.env.now_ns(), self.env.wall_ns())

    async def _ask(self) -> None:
        """Ask something cheap; what its answer is dated is heard on the way."""
        try:
            await self.rest.exchange_status()
        except (VenueRefused, VenueUnreachable):
            return  # No answer tells nothing; one that refuses was dated all the same.

    def _pause_s(self, word: ClockWord) -> float:
        if self.clock.steps != self._steps:
            self._steps, self._aimed = self.clock.steps, AIMED
        if self._aimed:
            self._aimed -= 1
            # Never sooner than a look, so that a short way there and back is no burst.
            return LOOK_S + self.clock.aim_ns(self.env.now_ns() + int(LOOK_S * 1e9)) / 1e9
        return ASK_S if word.fits and word.verdict == "fine" else AGAIN_S

    def _judge(self, word: ClockWord) -> bool:
        """Put the trading state in accord with the clock; return whether that changed."""
        now = (word.verdict, word.fits)
        if now == self._told:
            return False
        was_fine = self._told in {None, ("fine", True)}
        self._told = now
        if word.fits:
            self.clear(HALT)
        else:
            self.halt(HALT, far_apart(word))
        if word.verdict != "fine" or not word.fits:
            self.say(f"CLOCK  {far_apart(word)}")
        elif not was_fine:
            self.say(f"the clocks agree again: {span(word)}")
        self.to_auditor(row(word, self.clock.steps, self.env.now_ns()))
        return True


def far_apart(word: ClockWord) -> str:
    """Say in one line what is wrong between the clocks, or what is not known."""
    if word.verdict == "unknown":
        return "the venue's time is not known"
    if not word.least_ns:
        return f"the venue's clock may be too far from ours: {span(word)}"
    side = "ahead of" if (word.low_ns or 0) > 0 else "behind"
    return (
        f"the venue's clock is at least {word.least_ns / 1e9:.3f} s {side} ours ({span(word)});"
        " is this machine's clock set?"
    )


def span(word: ClockWord) -> str:
    """Write the interval: ``-12 to +871 ms``, a side that is open as ``?``."""
    low, high = (
        "?" if side_ns is None else f"{side_ns // MILLI_NS:+d}"
        for side_ns in (word.low_ns, word.high_ns)
    )
    return f"{low} to {high} ms"


def row(word: ClockWord, steps: int, at_ns: int) -> ClockRow:
    """Return what the journal keeps of it."""
    is_open = (word.low_ns is None, word.high_ns is None)
    sides = {(True, True): "both", (True, False): "low", (False, True): "high"}
    return ClockRow(
        verdict=word.verdict,
        fits=word.fits,
        low_ns=word.low_ns or 0,
        high_ns=word.high_ns or 0,
        open_sides=sides.get(is_open, ""),
        steps=steps,
        at_ns=at_ns,
    )
