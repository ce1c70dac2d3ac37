"""Whether the world's races are those of the original: its figures, counted over many goals.

A reference trader of the world's own hears the first of the feeds, sends one immediate-or-
cancel order for each leg that moved from where the latency profile has it, and sells again
a little later. The venue's engine is the real one; there are no sockets and no client. The
same goals are played twice, the second time with the trader's orders 30 ms earlier: nobody
else's acts are any different.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Final

import attrs
import trio

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, opposite
from actors.model.score import MatchId, Score
from actors.runtime.memory import MemoryNetwork, SeededEnv, run_seeded
from actors.sim import terms
from actors.sim.agenda import Agenda
from actors.sim.agents import Seat
from actors.sim.beliefs import OUTCOMES, Outcome, seen_through
from actors.sim.calibration_watch import SECOND_LOOK_S, Watch
from actors.sim.crew import CASH_MICROS, NOISE, Habits
from actors.sim.draws import stream
from actors.sim.feedframes import MatchState, Word
from actors.sim.feedtiming import Draw, FeedTiming, draw
from actors.sim.listing import game_id
from actors.sim.reactions import depth_of
from actors.sim.reviews import USUAL, Doubts
from actors.sim.stadium import Stadium
from actors.sim.synthetic import synthetic_day
from actors.sim.timetable import Pace
from actors.sim.truth import TruthLog
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.engine import Venue
from actors.sim.venue.latency import NJ, LatencyProfile
from actors.sim.venue.order_entry import Created

REFERENCE: Final = "reference"
AHEAD_S: Final = 0.030
"""How much faster the second play is."""
OWN_S: Final = 0.0003
"""From a frame to the order's bytes: the trader's own part."""
CONTRACTS: Final = 15
"""What it asks for of one leg."""
LEAST_MOVE_CENTS: Final = 6.0
"""A leg that moves less is left alone."""
MARGIN_CENTS: Final = 1.0
"""What a leg must be worth more than it costs."""
EXIT_S: Final = 11.5
"""After its entry it sells. At this pace two more things have happened in the match by then:
that is the risk of who holds for some minutes of a match."""
PACE: Final = Pace(speed=60.0, min_gap_s=4.5, max_gap_s=5.5)
GOALS_AN_HOUR: Final = 520.0
"""Fewer than three lanes score at this pace, so that a day is long enough."""
OLD_NEWS_S: Final = 60.0
"""A score that was traded so lately is not traded again: another feed has only now heard."""


@attrs.frozen(kw_only=True)
class Race:
    """One goal that a feed reported, and what the reference trader made of it."""

    match: MatchId
    at_s: float
    """When it fell, or would have."""
    stood: bool
    """Whether it was a goal and remained one."""
    penalty: bool
    depth: str
    arrived_s: float
    """When its orders met the book, after the goal."""
    first_s: float | None
    """When the first of the others moved, after the goal; ``None`` if nobody did."""
    last_pull_s: float | None
    asked: int
    """Legs that were asked for."""
    filled_centi: int
    pnl_micros: int
    """Of all its legs, fees included, sold again after ``EXIT_S``."""


@attrs.frozen(kw_only=True)
class Season:
    """Everything that was seen of one play of many goals."""

    races: tuple[Race, ...]
    priced_in: tuple[float, ...]
    """By penalty goal: the share of the price's way that was gone before the kick."""
    pulled: tuple[bool, ...]
    """By review: whether nobody quoted in the middle of it."""


@attrs.define(eq=False, kw_only=True)
class _Bet:
    """What the trader does about one report."""

    seat: Seat
    before: Score
    score: Score
    arrived_s: float
    asked: int = 0
    held: list[tuple[Outcome, Side, int]] = attrs.field(factory=list)
    """Leg, side and centi-contracts of what filled."""
    pnl_micros: Fraction = Fraction(0)


@attrs.define(eq=False, kw_only=True)
class _Scout:
    """A feed without a server: reports each incident to the trader after its lag."""

    name: str
    timing: FeedTiming
    seed: int
    trader: "_Trader"
    incidents: int = 0

    @property
    def scout(self) -> str:
        return self.timing.scout or self.name

    def publish(self, state: MatchState, lag_ms: float | None = None) -> Draw:
        self.incidents += 1
        drawn = draw(self.timing, self.seed, self.name, self.incidents)
        if lag_ms is not None:
            drawn = Draw(lag_ms, lost=False)
        if not drawn.lost:
            # The trader that is asked about lives so much earlier, all of it.
            after_s = max(0.0, drawn.lag_ms / 1000 - self.trader.ahead_s)
            self.trader.agenda.after(after_s, partial(self.trader.hear, self.name, state))
        return drawn

    def review(self, _state: MatchState, _word: Word) -> None:
        """Say nothing: the reference trader knows no reviews."""


@attrs.define(eq=False, kw_only=True)
class _Trader:
    """Hears scores, and trades each goal that it hears for the first time."""

    agenda: Agenda
    venue: Venue
    seed: int
    latency: LatencyProfile
    ahead_s: float
    wanted: int
    """So many goals with an order are enough."""
    traded_goals: int = 0
    enough: trio.Event = attrs.field(init=False, factory=trio.Event)
    seats: dict[int, Seat] = attrs.field(factory=dict)
    """By the feeds' id of the match."""
    shown: dict[tuple[str, int], Score] = attrs.field(factory=dict)
    """By feed and match."""
    traded: dict[tuple[int, Score], float] = attrs.field(factory=dict)
    """By match and score: when it was traded last."""
    bets: list[_Bet] = attrs.field(factory=list)

    def hear(self, feed: str, state: MatchState) -> None:
        game, after = state.game_id, state.score
        before = self.shown.get((feed, game))
        self.shown[feed, game] = after
        now_s = self.agenda.now_s()
        if before is None or not state.live or state.period not in {"1H", "2H"}:
            return
        is_goal = (after.home - before.home, after.away - before.away) in {(1, 0), (0, 1)}
        if not is_goal or now_s - self.traded.get((game, after), -math.inf) < OLD_NEWS_S:
            return
        self.traded[game, after] = now_s
        seat = self.seats[game]
        draws = stream(self.seed, "reference", seat.match.match, len(self.bets))
        arrived_s = now_s + OWN_S + self.latency.order_in.draw_s(draws)
        bet = _Bet(seat=seat, before=before, score=after, arrived_s=arrived_s)
        self.bets.append(bet)
        self.agenda.at(arrived_s, partial(self._enter, bet))
        self.agenda.at(arrived_s + EXIT_S, partial(self._leave, bet))

    def _enter(self, bet: _Bet) -> None:
        seat, at_s = bet.seat, self.agenda.now_s()
        script = seat.match.script
        rates = seen_through(
            stream(self.seed, "rates", script.match, REFERENCE), script.rates, NOISE
        )
        was, worth = (seat.odds(at_s, score, rates) for score in (bet.before, bet.score))
        for outcome in OUTCOMES:
            moved_cents = 100 * (worth[outcome] - was[outcome])
            if abs(moved_cents) < LEAST_MOVE_CENTS:
                continue
            side: Side = "bid" if moved_cents > 0 else "ask"
            margin = -MARGIN_CENTS if side == "bid" else MARGIN_CENTS
            cents = round(100 * worth[outcome] + margin)
            if 1 <= cents <= 99:  # noqa: PLR2004 - the ends of the grid
                bet.asked += 1
                filled = self._take(bet, (outcome, side), cents, CONTRACTS * 100)
                if filled:
                    bet.held.append((outcome, side, filled))
        self._count(bet)

    def _count(self, bet: _Bet) -> None:
        self.traded_goals += bet.asked > 0
        if self.traded_goals >= self.wanted:
            self.enough.set()

    def _leave(self, bet: _Bet) -> None:
        """Sell at whatever there is; what finds nobody is worth what the truth says."""
        for outcome, side, count_centi in bet.held:
            back: Side = opposite(side)
            sold = self._take(bet, (outcome, back), 99 if back == "bid" else 1, count_centi)
            at_s = self.agenda.now_s()
            score = bet.seat.match.score_at(at_s)
            value = bet.seat.odds(at_s, score, bet.seat.match.script.rates)[outcome]
            left = (count_centi - sold) * (1 if side == "bid" else -1)
            bet.pnl_micros += Fraction(left * round(1_000_000 * value), 100)

    def _take(self, bet: _Bet, leg: tuple[Outcome, Side], cents: int, count_centi: int) -> int:
        outcome, side = leg
        taken = self.venue.create_order(
            REFERENCE,
            CreateOrder(
                ticker=bet.seat.tickers[outcome],
                side=side,
                price_pips=Pips(cents * 100),
                count_centi=CentiContracts(count_centi),
            ),
        )
        if not isinstance(taken, Created) or not taken.fill_count_centi:
            return 0
        assert taken.average_price_micros is not None
        assert taken.average_fee_micros is not None
        cash = taken.average_price_micros * (-1 if side == "bid" else 1) - taken.average_fee_micros
        bet.pnl_micros += cash * taken.fill_count_centi / 100
        return taken.fill_count_centi


def play(
    seed: int,
    goals: int,
    *,
    feeds: Mapping[str, FeedTiming],
    habits: Habits | None = None,
    latency: LatencyProfile = NJ,
    doubts: Doubts = USUAL,
    ahead_s: float = 0.0,
) -> Season:
    """Play matches until ``goals`` goals have been reported and traded, and return what was seen.

    Args:
        seed: Of everything drawn.
        goals: How many reported goals.
        feeds: Their timings, by name; the reference trader hears all of them.
        habits: The other traders'; the usual ones if not given.
        latency: Where the reference trader sits.
        doubts: How often goals are doubted.
        ahead_s: How much earlier its orders arrive than by all this.
    """
    table = Ground(seed, feeds, habits or Habits(), latency, doubts, ahead_s)
    return run_seeded(seed, table.season, goals)


@attrs.frozen
class Ground:
    """Where a season is played, and by whose rules."""

    seed: int
    feeds: Mapping[str, FeedTiming]
    habits: Habits
    latency: LatencyProfile
    doubts: Doubts
    ahead_s: float

    async def season(self, goals: int) -> Season:
        """Play until there are enough goals."""
        hours = goals / GOALS_AN_HOUR
        timetable = synthetic_day(self.seed, hours, PACE, doubts=self.doubts)
        agenda = Agenda()
        clock_us = 1_900_000_000_000_000
        venue = Venue(
            now_us=lambda: clock_us + int(1e6 * agenda.now_s()),
            rng=stream(self.seed, "venue"),
            read_lag_us=0,
        )
        for account in (*self.habits.accounts, REFERENCE):
            venue.open_account(account, {terms.SHARD: CASH_MICROS})
        venue.list_series(terms.series_terms())
        trader = _Trader(
            agenda=agenda,
            venue=venue,
            seed=self.seed,
            latency=self.latency,
            ahead_s=self.ahead_s,
            wanted=goals,
        )
        scouts = [
            _Scout(name=name, timing=timing, seed=self.seed, trader=trader)
            for name, timing in self.feeds.items()
        ]
        env = SeededEnv(self.seed, MemoryNetwork(self.seed))
        truth = TruthLog(env=env, agenda=agenda)
        watch = Watch(agenda=agenda, venue=venue)
        stadiums = [
            Stadium(
                seed=self.seed,
                agenda=agenda,
                venue=venue,
                feeds=scouts,
                timetable=match,
                truth=truth,
                habits=self.habits,
                settles_after_us=0,
            )
            for match in timetable.matches
        ]
        for stadium in stadiums:
            stadium.prepare(stadium.timetable.opens_s)
            match, tickers = stadium.timetable, stadium.tickers
            seat = Seat(venue=venue, match=match, tickers=tickers)
            trader.seats[game_id(match.match)] = seat
            watch.follow(stadium)
        async with trio.open_nursery() as nursery:
            await nursery.start(agenda.run)
            with trio.move_on_after(timetable.ends_s):
                await trader.enough.wait()
            await trio.sleep(EXIT_S + SECOND_LOOK_S)
            nursery.cancel_scope.cancel()
        races = (self._race(bet, truth) for bet in trader.bets)
        return Season(
            races=tuple(race for race in races if race is not None)[:goals],
            priced_in=tuple(watch.priced_in),
            pulled=tuple(watch.pulled),
        )

    def _race(self, bet: _Bet, truth: TruthLog) -> Race | None:
        match = bet.seat.match
        reported = [
            moment
            for moment in match.moments
            if moment.incident.kind in {"goal", "phantom"} and moment.at_s <= bet.arrived_s
        ]
        if not reported or not bet.asked:
            return None
        moment = reported[-1]
        incident = moment.incident
        moves = next(
            (
                race.moves
                for race in truth.races
                if race.facts["match"] == match.match
                and race.facts["kind"] == "goal"
                and race.facts["goal_no"] == incident.goal_no
            ),
            [],
        )
        firsts = [move.after_s for move in moves if move.did in {"pulled", "took"}]
        pulls = [move.after_s for move in moves if move.did == "pulled"]
        depths = self.habits.depths
        return Race(
            match=match.match,
            at_s=moment.at_s,
            stood=incident.kind == "goal" and incident.verdict != "overturned",
            penalty=incident.goal is not None and incident.goal.penalty,
            depth=depth_of(self.seed, match.match, depths).name if depths else "",
            arrived_s=bet.arrived_s - moment.at_s,
            first_s=min(firsts, default=None) if incident.kind == "goal" else None,
            last_pull_s=max(pulls, default=None) if incident.kind == "goal" else None,
            asked=bet.asked,
            filled_centi=sum(count_centi for _, _, count_centi in bet.held),
            pnl_micros=round(bet.pnl_micros),
        )
