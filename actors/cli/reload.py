"""What SIGHUP does: reads the profile anew, checks it, and swaps the budgets; or says why not.

Only ``[limits]`` can change while the process runs, all of them in one step. Wider ones wait
for a halt: who raises a budget in the middle of a goal has not thought about it. Whatever is
wrong is one line, and the old budgets stay.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs

import supervisor
from actors.config.load import BadProfile, Loaded, load
from actors.config.profile import Limits, Profile
from actors.messages.records import TradingState
from actors.runtime.env import Env
from actors.trader import budgets


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
        """Put the new budgets in force; nothing else runs meanwhile."""
        before, after = self.loaded.profile, fresh.profile
        others = _differing(before, attrs.evolve(after, limits=before.limits))
        if others or fresh.sheets != self.loaded.sheets:
            names = ", ".join(others or ["sheets"])
            raise _Refused(f"only [limits] can change while it runs, and not {names}")
        changes = _changes(before.limits, after.limits)
        if not changes:
            return "nothing to change"
        trading = tree.trading
        state = trading.desk.state
        wider = [name for name, old, new in changes if new > old]
        if wider and state.value == "ACTIVE":
            raise _Refused(f"wider limits wait for a halt: {', '.join(wider)}")
        try:
            budgets.swap(
                after.limits, desk=trading.desk, fire=trading.fire, planner=trading.planner
            )
        except ValueError as error:
            raise _Refused(str(error)) from error
        self.loaded = fresh
        told = ", ".join(_text(*change) for change in changes)
        # On record as what was said of the trading state, which it did not change.
        tree.auditor.inbox.post(
            TradingState(state=state.value, reason=f"limits: {told}", at_ns=self.env.now_ns())
        )
        return told


def _differing(before: Profile, after: Profile) -> list[str]:
    names = [field.name for field in attrs.fields(Profile)]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _changes(before: Limits, after: Limits) -> list[tuple[str, int, int]]:
    names = [field.name for field in attrs.fields(Limits)]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return [(name, old, new) for name, old, new in pairs if old != new]


def _text(name: str, old: int, new: int) -> str:
    if name.endswith("_dollars"):
        return f"{name} {old / 1_000_000:.2f} -> {new / 1_000_000:.2f}"
    return f"{name} {old} -> {new}"
