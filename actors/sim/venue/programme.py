"""What is planned to happen to markets, and when: steps of their lives, taken by the clock."""

from collections.abc import Callable, Mapping

import attrs

from actors.sim.venue.errors import NotListed, OutOfOrder
from actors.sim.venue.lifecycle import Lifecycle
from actors.sim.venue.steps import MarketStep, StepName


@attrs.define(eq=False)
class Programme:
    """Takes markets through planned steps, and remembers those that could not be taken."""

    lifecycle: Lifecycle
    missed: list[tuple[MarketStep, str]] = attrs.field(init=False, factory=list)
    """Planned steps whose market was not where they begin, and where it was."""
    _planned: list[MarketStep] = attrs.field(init=False, factory=list)

    def plan(self, step: MarketStep, at_us: int) -> None:
        """Have a step taken at ``at_us``, or with the next look if that has passed."""
        self._planned.append(step)
        self.lifecycle.schedule(at_us, "step", str(len(self._planned) - 1))

    def perform(self, name: str, _now_us: int) -> None:
        """Take the step of that number."""
        step = self._planned[int(name)]
        try:
            self.take(step)
        except (OutOfOrder, NotListed) as error:
            self.missed.append((step, str(error)))

    def take(self, step: MarketStep) -> None:
        """Take a market one step on.

        Raises:
            OutOfOrder: It is not where that step begins, or the result does not fit the step.
            NotListed: There is no such market.
        """
        if step.verdict is not None:
            decide = {"determine": self.lifecycle.determine, "amend": self.lifecycle.amend}
            if step.do in decide:
                decide[step.do](step.ticker, step.verdict, step.yes_value_micros)
                return
        elif step.do in self._plain:
            self._plain[step.do](step.ticker)
            return
        raise OutOfOrder(f"{step.ticker} cannot {step.do} with result {step.verdict}")

    @property
    def _plain(self) -> Mapping[StepName, Callable[[str], None]]:
        return {
            "halt": self.lifecycle.halt,
            "resume": self.lifecycle.resume,
            "close": self.lifecycle.close,
            "dispute": self.lifecycle.dispute,
            "uphold": self.lifecycle.uphold,
            "finalize": self.lifecycle.finalize,
        }
