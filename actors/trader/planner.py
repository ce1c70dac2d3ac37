"""The planner: decides what each next score is worth before anybody has scored it.

It is woken by whatever a play depends on (book, standing, catalogue) and by time, which is
in every price; it plans each match at most once in five milliseconds, however often it is
woken, one next score a step. What lies behind the best prices bounds how much an order may
ask for and nothing else, and changes all the time: it is planned in turn, one match each
twenty milliseconds, and so is what nothing has woken for long.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import Final, Literal, Protocol

import attrs
import trio

from actors.config.profile import Plays
from actors.messages.catalogue import Market, Match
from actors.messages.race import Standing
from actors.messages.trading import Play
from actors.model.fair import Outlook, Settlement, TimeLeft, outlook, time_left
from actors.model.form import Absence, Caution, Form, Quote, Reading
from actors.model.money import MicroDollars, Pips
from actors.model.orders import Ticker
from actors.model.score import GoalKey, MatchId, Period, Policy, Score
from actors.runtime.env import Env
from actors.runtime.turns import give_way
from actors.trader.bell import Bell
from actors.trader.desk import Desk
from actors.trader.plays import Holding, Position, Terms, plan
from actors.trader.pricing import Prospect, Sight, look

DEPTH_S: Final = 0.02
"""Between two matches that are planned only because of what lies behind their best prices."""
AGED_S: Final = 2.5
"""A match that nothing has woken is planned again: its clock runs and its prices age."""
RECORD_NS: Final = 1_000_000_000
"""Between two looks at the feeds' records."""

NoPlay = Absence | Literal["no_clock"]
"""Why a match has no play at all."""


class FeedRecord(Protocol):
    """What the race has on record of one feed."""

    @property
    def feed(self) -> str:
        """Its name."""

    @property
    def wins(self) -> int:
        """Scores that were accepted on its word."""

    @property
    def phantoms(self) -> int:
        """Scores of its own that nobody else ever showed."""

    @property
    def overturned(self) -> int:
        """Scores accepted on its word that were taken back."""

    @property
    def quarantined(self) -> bool:
        """Whether it may not trigger at present."""


def doubt(records: Sequence[FeedRecord], triggers: Sequence[str], settings: Plays) -> float:
    """Return the chance that a first report is a phantom or falls, at its worst.

    A play is made before anybody knows which feed will win, and must be good
    whichever does: so the feed with the worst record counts, among those that may
    trigger. The profile's figure stands for a feed without one, and weighs like
    ``overturn_goals`` goals of it: the figure of a feed that never failed falls only
    slowly, and one that has just failed is not damned for a single goal.
    """
    weight = settings.overturn_goals
    fallen = settings.overturn_chance * weight
    chances = [
        (fallen + record.phantoms + record.overturned)
        / (weight + max(record.wins, record.phantoms + record.overturned))
        for record in records
        if record.feed in triggers and not record.quarantined
    ]
    return max(chances, default=settings.overturn_chance)


def caution(settings: Plays) -> Caution:
    """Return how slowly a profile believes a book."""
    return Caution(
        price_age_ns=int(settings.price_age_s * 1e9),
        freeze_pips=settings.freeze_move,
        freeze_ns=int(settings.freeze_s * 1e9),
        spread_pips=settings.spread_max,
        fit_pips=settings.fit_max,
    )


@attrs.define(eq=False, kw_only=True)
class Planner:
    """Keeps a play for each next score of each match that can be traded."""

    env: Env
    desk: Desk
    bell: Bell
    standing: Callable[[MatchId], Standing | None]
    policy: Policy
    terms: Terms
    settles_on: Mapping[str, Settlement] = attrs.field(factory=dict)
    """What a series settles on, as its sheet says; ninety minutes where none does."""
    records: Callable[[], Sequence[FeedRecord]] = tuple
    """The race's record of every feed."""
    triggers: Sequence[str] = ()
    """Feeds that may trigger."""
    speed: float = 1.0
    """Match seconds in a wall second."""
    too_late: Callable[[str], bool] = lambda _series: False
    """Whether the venue holds a series' orders until the market has repriced."""
    sizes: Callable[[MatchId], Sequence[int]] = lambda _match: ()
    """Thousandths of a play, less than the whole, that a goal would be traded at just now."""
    _forms: dict[MatchId, Form] = attrs.field(init=False, factory=dict)
    """What each match's book has taught; outlives a crash of the actor."""
    _match_of: dict[Ticker, MatchId] = attrs.field(init=False, factory=dict)
    """The match of each market, as the catalogue of ``_match_of_version`` has it."""
    _match_of_version: int = attrs.field(init=False, default=-1)
    _tops: dict[Ticker, tuple[Pips | None, Pips | None]] = attrs.field(init=False, factory=dict)
    """The best prices of each market when it was planned last."""
    _doubt: float | None = attrs.field(init=False, default=None)
    _doubt_ns: int = attrs.field(init=False, default=0)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Plan whatever is rung, and what has aged, until cancelled."""
        # Whatever a predecessor was about to plan is planned now.
        self._ring_all(self.bell.ring)
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._age)
            nursery.start_soon(self.bell.take_turns, DEPTH_S)
            while True:
                for match_id in await self.bell.answer():
                    await self._plan(match_id)
                    await give_way()

    async def _age(self) -> None:
        while True:
            await trio.sleep(AGED_S)
            self._ring_all(self.bell.ring_in_turn)

    def _ring_all(self, ring: Callable[[MatchId], None]) -> None:
        for match in self.desk.catalogue.value.matches.values():
            if _is_played(match) or match.match in self._forms:
                ring(match.match)

    async def _plan(self, match_id: MatchId) -> None:
        """Make a match's plays, one a step of the loop: a goal of another never waits for all."""
        match = self.desk.catalogue.value.matches.get(match_id)
        standing = self.standing(match_id)
        if match is None or not _is_played(match):
            self._forms.pop(match_id, None)
            standing = None
        if match is None or standing is None:
            self._withdraw(match_id)
            return
        now_ns = self.env.now_ns()
        sights = self._look(match, now_ns)
        seen = self._outlook(match, standing, sights, now_ns)
        planned: set[GoalKey] = set()
        for after in self.policy.next_scores(standing.score):
            await give_way()
            if self.standing(match_id) != standing:
                return  # It has rung for a plan of where it stands now.
            play = self._play(match, standing, after, sights, seen)
            self.desk.plays[play.key] = play
            planned.add(play.key)
        self._withdraw(match_id, planned)

    def _withdraw(self, match_id: MatchId, but: Container[GoalKey] = ()) -> None:
        """Take the plays of a match back that were not planned again."""
        plays = self.desk.plays
        for key in [key for key in plays if key.match == match_id and key not in but]:
            del plays[key]

    def _look(self, match: Match, now_ns: int) -> list[Sight]:
        quotable = self.desk.books.quotable
        sights = [look(market, quotable(market.ticker, now_ns)) for market in match.markets]
        for sight in sights:
            self._tops[sight.market.ticker] = (sight.bid, sight.ask)
        return sights

    def _play(
        self,
        match: Match,
        standing: Standing,
        after: Score,
        sights: Sequence[Sight],
        seen: Outlook | NoPlay,
    ) -> Play:
        """Return the play for one next score, at every size that it could be traded at now."""
        now_ns, wall_ms = self.env.now_ns(), self.env.wall_ns() // 1_000_000
        scorer = self.policy.step(standing.score, after)
        assert scorer is not None, "a next score is one step away by definition"
        key = GoalKey(match.match, standing.generation, self.policy.state(after))
        if not isinstance(seen, Outlook):
            return Play(key=key, scorer=scorer, legs=(), reason=seen, planned_ns=now_ns)
        late = self.too_late(match.series)
        play = plan(
            sights=sights,
            key=key,
            scorer=scorer,
            prospect=Prospect.of(
                seen.now,
                seen.after(scorer).mixed(seen.now, self._doubted(now_ns)),
                self._forms[match.match].believed,
            ),
            position=self._position(match.match),
            # What reduces leaves all the same: late is better than never.
            terms=attrs.evolve(self.terms, group=_no_entry) if late else self.terms,
            now_ns=now_ns,
            wall_ms=wall_ms,
        )
        if late and play.reason == "no_group":
            return attrs.evolve(play, reason="no_window")
        if play.resized is not None:
            for size_pm in self.sizes(match.match):
                play.resized(size_pm)
        return play

    def _outlook(
        self, match: Match, standing: Standing, sights: Sequence[Sight], now_ns: int
    ) -> Outlook | NoPlay:
        """Return what the match's legs are worth now and after a goal, or why nobody can say."""
        left = self._left(match, standing, now_ns)
        if left is None:
            return "no_clock"
        settlement = self.settles_on.get(match.series, "regulation")
        form = self._forms.get(match.match)
        if form is None:
            form = self._forms[match.match] = Form(caution(self.terms.settings), settlement)
        form.read(
            Reading(
                at_ns=now_ns,
                score=standing.score,
                generation=standing.generation,
                left=left,
                quotes={
                    sight.market.role: Quote(sight.bid, sight.ask)
                    for sight in sights
                    if sight.bid is not None and sight.ask is not None
                },
            )
        )
        strength = form.strength
        if isinstance(strength, str):
            return strength
        return outlook(standing.score, strength.rates, left, settlement)

    def _left(self, match: Match, standing: Standing, now_ns: int) -> TimeLeft | None:
        """Return what is left to play: by the last clock that was shown, run on since."""
        period: Period | Literal[""] = _PERIODS.get(standing.period, "")
        if not period and match.stage == "ARMED" and standing.score == _LEVEL:
            period = "pre"
        if not standing.clock_ns:
            return time_left(period, None)
        run_on_s = max(0, now_ns - standing.clock_ns) / 1e9 * self.speed
        return time_left(period, standing.clock_s + int(run_on_s))

    def value_pips(self, match_id: MatchId, ticker: Ticker, score: Score) -> Pips | None:
        """Return what a leg is worth at ``score``, by what was believed of the match last.

        ``None`` where nothing is believed of it, or its clock is not known.
        """
        match = self.desk.catalogue.value.matches.get(match_id)
        standing, form = self.standing(match_id), self._forms.get(match_id)
        rates = None if form is None else form.rates
        if match is None or standing is None or rates is None:
            return None
        left = self._left(match, standing, self.env.now_ns())
        if left is None:
            return None
        settlement = self.settles_on.get(match.series, "regulation")
        chances = outlook(score, rates, left, settlement).now
        roles = {market.ticker: market.role for market in match.markets}
        return chances.pips(roles[ticker]) if ticker in roles else None

    def _position(self, match: MatchId) -> Position:
        return Position(
            held_centi=lambda ticker: self.desk.held_centi.get(ticker, 0),
            lots=[
                Holding(plan=lot.plan, left_centi=lot.left_centi, attempt=lot.attempts + 1)
                for lot in self.desk.lots.values()
                if lot.plan.match == match
                and not self.desk.inflight.closes(lot.plan.entry_client_order_id)
            ],
            headroom_micros=partial(self._headroom_micros, match),
        )

    def _doubted(self, now_ns: int) -> float:
        if self._doubt is None or now_ns - self._doubt_ns > RECORD_NS:
            self._doubt = doubt(self.records(), self.triggers, self.terms.settings)
            self._doubt_ns = now_ns
        return self._doubt

    def _headroom_micros(self, match: MatchId, market: Market) -> MicroDollars:
        return self.desk.exposure.headroom_micros(market.ticker, match, market.exchange_index)

    def ring_market(self, ticker: Ticker) -> None:
        """Ask for the match of ``ticker`` to be planned again: at once if a best price moved."""
        catalogue = self.desk.catalogue
        if self._match_of_version != catalogue.version:
            self._match_of_version = catalogue.version
            self._match_of = {
                market.ticker: match.match
                for match in catalogue.value.matches.values()
                for market in match.markets
            }
            self._tops = {one: top for one, top in self._tops.items() if one in self._match_of}
        match_id = self._match_of.get(ticker)
        if match_id is None:
            return
        book = self.desk.books.whole(ticker)
        if (_NO_BOOK if book is None else book.top) == self._tops.get(ticker):
            self.bell.ring_in_turn(match_id)
        else:
            self.bell.ring(match_id)


def _no_entry(_shard: int) -> None:
    """Return the group of entries that may not leave."""


_NO_BOOK: Final = (None, None)
_PLAYED: Final = frozenset({"ARMED", "LIVE"})


def _is_played(match: Match) -> bool:
    # No other sport has a fair value yet: there the race guards, and nothing is planned.
    return match.stage in _PLAYED and match.sport == "soccer"


_LEVEL: Final = Score(0, 0)
_PERIODS: Final[Mapping[str, Period]] = {
    "pre": "pre",
    "1H": "1H",
    "HT": "HT",
    "2H": "2H",
    "FT": "FT",
    "ET1": "ET1",
    "ETHT": "ETHT",
    "ET2": "ET2",
    "AET": "AET",
    "PEN": "PEN",
    "END": "END",
}
