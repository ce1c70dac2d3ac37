"""The planner: decides what each next score is worth before anybody has scored it.

It is woken by whatever a play depends on (book, standing, catalogue), and plans
each match at most once in five milliseconds, however often it is woken.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import attrs
import trio

from actors.messages.catalogue import Match
from actors.messages.race import Standing
from actors.messages.trading import Play
from actors.model.money import MicroDollars
from actors.model.orders import Ticker
from actors.model.score import GoalKey, MatchId, Policy
from actors.runtime.env import Env
from actors.trader.desk import Desk
from actors.trader.plays import Terms, plan

CONFLATE_S: Final = 0.005


@attrs.define(eq=False)
class Bell:
    """Which matches have to be planned again. Rung by anyone, answered by the planner."""

    _rung: dict[MatchId, None] = attrs.field(init=False, factory=dict)
    _woken: trio.Event = attrs.field(init=False, factory=trio.Event)

    def ring(self, match: MatchId) -> None:
        """Ask for a match to be planned again. Never waits."""
        self._rung[match] = None
        self._woken.set()

    async def answer(self) -> list[MatchId]:
        """Wait until something was rung and return all of it, in order of ringing."""
        await self._woken.wait()
        self._woken = trio.Event()
        rung = list(self._rung)
        self._rung.clear()
        return rung


@attrs.define(eq=False, kw_only=True)
class Planner:
    """Keeps a play for each next score of each match that can be traded."""

    env: Env
    desk: Desk
    bell: Bell
    standing: Callable[[MatchId], Standing | None]
    policy: Policy
    terms: Terms

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Plan whatever is rung until cancelled."""
        # Whatever a predecessor was about to plan is planned now.
        for match in self.desk.catalogue.value.matches:
            self.bell.ring(match)
        task_status.started()
        while True:
            for match_id in await self.bell.answer():
                self._plan(match_id)
                await trio.lowlevel.checkpoint()
            await trio.sleep(CONFLATE_S)

    def _plan(self, match_id: MatchId) -> None:
        match = self.desk.catalogue.value.matches.get(match_id)
        standing = self.standing(match_id)
        stale = [key for key in self.desk.plays if key.match == match_id]
        fresh: dict[GoalKey, Play] = {}
        if match is not None and standing is not None and match.stage in {"ARMED", "LIVE"}:
            fresh = self._plays(match, standing)
        for key in stale:
            if key not in fresh:
                del self.desk.plays[key]
        self.desk.plays.update(fresh)

    def _plays(self, match: Match, standing: Standing) -> dict[GoalKey, Play]:
        fresh: dict[GoalKey, Play] = {}
        for after in self.policy.next_scores(standing.score):
            scorer = self.policy.step(standing.score, after)
            assert scorer is not None, "a next score is one step away by definition"
            key = GoalKey(match.match, standing.generation, self.policy.state(after))
            fresh[key] = plan(
                match=match,
                key=key,
                scorer=scorer,
                after=after,
                minute=standing.clock_s // 60,
                books=self.desk.books.whole,
                headroom_micros=partial(self._headroom_micros, match.match),
                terms=self.terms,
                now_ns=self.env.now_ns(),
                wall_ms=self.env.wall_ns() // 1_000_000,
            )
        return fresh

    def _headroom_micros(self, match: MatchId, ticker: Ticker) -> MicroDollars:
        return self.desk.exposure.headroom_micros(ticker, match)

    def ring_market(self, ticker: Ticker) -> None:
        """Ask for the match of ``ticker`` to be planned again."""
        for match in self.desk.catalogue.value.matches.values():
            if any(market.ticker == ticker for market in match.markets):
                self.bell.ring(match.match)
                return
