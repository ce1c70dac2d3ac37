"""What SIGHUP does: reads the profile anew, checks it, and takes it over; or says why not.

What may change while the process runs is listed in ``trader/swaps.py``; it does so in one step.
What lets more through waits for a halt. A key that needs a restart is named, and so is whatever
else is wrong, in one line; nothing has changed then.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs

import supervisor
from actors.cli import guards
from actors.cli.errors import Misuse
from actors.config.load import BadProfile, Loaded, load
from actors.messages.records import TradingState
from actors.runtime.env import Env
from actors.trader.swaps import changes, swap


class _Refused(Exception):
    """Why nothing was changed, in one line."""


@attrs.define(eq=False, kw_only=True)
class Reload:
    """The running profile, and where it was read from."""

    env: Env
    source: str
    """A profile's name or a file, as on the command line."""
    world: Mapping[str, Any] | None
    credentials: Path
    loaded: Loaded

    async def __call__(self, tree: "supervisor.Tree") -> str:
        """Read the profile anew; return the line that says what came of it."""
        try:
            said = self._swap(tree, await self._read())
        except _Refused as why:
            return f"RELOAD refused, nothing is changed: {why}"
        return f"RELOAD {said}"

    async def _read(self) -> Loaded:
        try:
            return await self.env.blocking(partial(load, self.source, self.world, self.credentials))
        except BadProfile as error:
            first, *others = str(error).splitlines()
            more = f" (and {len(others)} more)" if others else ""
            raise _Refused(f"{first}{more}") from error

    def _swap(self, tree: "supervisor.Tree", fresh: Loaded) -> str:
        """Put what is new in force; nothing else runs meanwhile."""
        before, after = self.loaded.profile, fresh.profile
        found = list(changes(before, after))
        fixed = [each.name for each in found if each.way is None]
        if fresh.sheets != self.loaded.sheets:
            fixed.append("sheets")
        if fixed:
            raise _Refused(f"a restart is needed for {', '.join(fixed)}")
        if not found:
            return "nothing to change"
        trading = tree.trading
        state = trading.desk.state
        wider = [each.name for each in found if each.widens]
        if wider and state.value == "ACTIVE":
            raise _Refused(f"what lets more through waits for a halt: {', '.join(wider)}")
        budget = trading.desk.budget
        try:
            if after.environment == guards.GUARDED and budget.learnt:
                guards.check_tier(after, budget.limits)
            swap(after, trading)
        except (ValueError, Misuse) as error:
            raise _Refused(str(error)) from error
        self.loaded = fresh
        told = ", ".join(each.text for each in found)
        # On record as what was said of the trading state, which it did not change.
        tree.auditor.inbox.post(
            TradingState(state=state.value, reason=f"profile: {told}", at_ns=self.env.now_ns())
        )
        return told
