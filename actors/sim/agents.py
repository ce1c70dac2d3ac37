"""The other traders: makers who quote, rivals who race, and a crowd that just bets.

Each acts through the venue like anybody else, on an account of its own, at times
that were drawn without looking at any account. They know the stadium clock, and
of the score what they have heard.
"""

import math
import random
from collections.abc import Mapping
from typing import Final, Protocol

import attrs

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.model.score import Score, Team
from actors.sim.beliefs import EVEN, OUTCOMES, Outcome, Rates, Swing, left_of, odds, odds_at_penalty
from actors.sim.draws import stream
from actors.sim.script import LEVEL
from actors.sim.timetable import MatchTimetable
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.order_entry import Cancelled, Created
from actors.sim.venue.refusals import Refused

CENT_PIPS: Final = 100
LOWEST_CENTS: Final = 1
HIGHEST_CENTS: Final = 99


class Market(Protocol):
    """What an agent may do at the venue."""

    def create_order(self, account: str, request: CreateOrder) -> Created | Refused:
        """Take an order."""
        ...

    def cancel_order(self, account: str, order_id: str) -> Cancelled | Refused:
        """Take a resting order out."""
        ...

    def open_orders(self, account: str, ticker: str, side: Side | None = None) -> tuple[str, ...]:
        """Return what an account has resting in a market."""
        ...


@attrs.frozen(kw_only=True)
class Seat:
    """One match as every agent in it sees it."""

    venue: Market
    match: MatchTimetable
    tickers: Mapping[Outcome, Ticker]

    def odds(
        self,
        at_s: float,
        score: Score,
        rates: Rates,
        *,
        kick: Team | None = None,
        swing: Swing | None = None,
    ) -> Mapping[Outcome, float]:
        """Return the odds as of ``at_s``, for somebody who knows of ``score``.

        Args:
            at_s: Seconds since the world's clock began.
            score: What they have heard.
            rates: What they take the sides' rates to have been at kick-off.
            kick: Who is about to take a penalty kick, if anybody is.
            swing: What they have heard of red cards; all there is to hear if ``None``.
        """
        rates = (self.match.swing_at(at_s) if swing is None else swing).of(rates)
        clock = self.match.clock_at(at_s)
        left = left_of(clock.period, clock.played_s)
        return odds_at_penalty(score, kick, rates, left) if kick else odds(score, rates, left)


@attrs.frozen(kw_only=True)
class Style:
    """How a maker quotes."""

    levels: int
    half_spread_cents: float
    contracts: tuple[int, int]
    """Least and most of one level."""

    def scaled(self, factor: float) -> "Style":
        """Return the same with so many times as much on each level."""
        least, most = self.contracts
        return attrs.evolve(
            self, contracts=(max(1, round(least * factor)), max(1, round(most * factor)))
        )


STYLES: Final = (
    Style(levels=4, half_spread_cents=0.6, contracts=(60, 220)),
    Style(levels=3, half_spread_cents=0.9, contracts=(30, 120)),
    Style(levels=2, half_spread_cents=1.4, contracts=(5, 40)),
)
"""Deep, ordinary and thin."""

Rung = tuple[Outcome, Side, int]
"""A price: the market, the side, the cents."""


@attrs.define(eq=False, kw_only=True)
class Maker:
    """Quotes both sides of a match's three markets, several levels deep."""

    account: str
    seat: Seat
    rates: Rates
    """As this maker estimates them."""
    style: Style
    seed: int
    score: Score = LEVEL
    """What it has heard."""
    kick: Team | None = None
    """Who is about to take a penalty kick, as far as it has heard."""
    swing: Swing = EVEN
    """What red cards have made of the rates, as far as it has heard."""
    _ladder: dict[Rung, str] = attrs.field(init=False, factory=dict)
    """Order ids of what was quoted last; some may have traded away since."""
    _turn: int = attrs.field(init=False, default=0)
    _looks: int = attrs.field(init=False, default=0)
    """How often it has looked at its quotes, which is by its own plan alone."""
    _quotes: bool = attrs.field(init=False, default=False)

    def quote(self, at_s: float, *outcomes: Outcome) -> None:
        """Bring the ladders of some markets, or of all, to what they should be at ``at_s``.

        Rungs that stay keep their place in the queue.
        """
        self._quotes = True
        wanted = self.intended(at_s)
        for outcome in outcomes or OUTCOMES:
            resting = set(self.seat.venue.open_orders(self.account, self.seat.tickers[outcome]))
            mine = [rung for rung in self._ladder if rung[0] == outcome]
            for rung in mine:
                if rung not in wanted or self._ladder[rung] not in resting:
                    self._withdraw(rung)
            for rung, contracts in wanted.items():
                if rung[0] == outcome and rung not in self._ladder:
                    self._place(rung, contracts)

    def intended(self, at_s: float) -> dict[Rung, int]:
        """Return how much it would put on each rung at this look.

        Drawn for each look, and looks are by its own plan: what has traded meanwhile, and
        with whom, moves none of it (design section 11).
        """
        self._looks += 1
        draws = self._draws("sizes", self._looks)
        return {rung: draws.randint(*self.style.contracts) for rung in self._wanted(at_s)}

    def follow(self, at_s: float) -> None:
        """Bring every ladder up to date, unless it has pulled."""
        if self._quotes:
            self.quote(at_s)

    def pull(self) -> None:
        """Take every quote of the match out, until ``quote`` is called again."""
        self._quotes = False
        for rung in tuple(self._ladder):
            self._withdraw(rung)

    def breathe(self, at_s: float) -> None:
        """Look after the next market in turn: follow the clock, renew one rung's size."""
        outcome = OUTCOMES[self._turn % len(OUTCOMES)]
        self._turn += 1
        if not self._quotes:
            return
        rungs = [rung for rung in self._wanted(at_s) if rung[0] == outcome]
        if rungs:
            renewed = self._draws("breath", self._turn).choice(rungs)
            if renewed in self._ladder:
                self._withdraw(renewed)
        self.quote(at_s, outcome)

    def hear(self, score: Score, kick: Team | None = None, swing: Swing = EVEN) -> None:
        """Know of a score, of who is about to take a penalty kick, and of red cards."""
        self.score, self.kick, self.swing = score, kick, swing

    def _draws(self, what: str, number: int) -> random.Random:
        return stream(self.seed, what, self.seat.match.match, self.account, number)

    def _wanted(self, at_s: float) -> dict[Rung, None]:
        chances = self.seat.odds(at_s, self.score, self.rates, kick=self.kick, swing=self.swing)
        half, wanted = self.style.half_spread_cents, dict[Rung, None]()
        for outcome in OUTCOMES:
            fair_cents = 100 * chances[outcome]
            bid, ask = math.floor(fair_cents - half), math.ceil(fair_cents + half)
            for step in range(self.style.levels):
                if bid - step >= LOWEST_CENTS:
                    wanted[outcome, "bid", bid - step] = None
                if ask + step <= HIGHEST_CENTS:
                    wanted[outcome, "ask", ask + step] = None
        return wanted

    def _place(self, rung: Rung, contracts: int) -> None:
        outcome, side, cents = rung
        taken = self.seat.venue.create_order(
            self.account,
            CreateOrder(
                ticker=self.seat.tickers[outcome],
                side=side,
                price_pips=Pips(cents * CENT_PIPS),
                count_centi=CentiContracts(contracts * 100),
                time_in_force="good_till_canceled",
                post_only=True,
            ),
        )
        # Refused where it would cross a maker who has not moved yet, or while halted.
        if isinstance(taken, Created):
            self._ladder[rung] = taken.order_id

    def _withdraw(self, rung: Rung) -> None:
        # What has traded away meanwhile is not found: as good as withdrawn.
        self.seat.venue.cancel_order(self.account, self._ladder.pop(rung))


@attrs.frozen(kw_only=True)
class Rival:
    """Takes what has gone stale, up to what it believes a leg to be worth."""

    account: str
    seat: Seat
    rates: Rates
    edge_cents: float = 2.0
    """What it must gain on a contract."""
    least_move_cents: float = 3.0
    """A leg that moves less is left alone."""

    def raid(self, at_s: float, before: Score, after: Score, contracts: int) -> int:
        """Take up to ``contracts`` of each leg that moved; return the centi-contracts got."""
        was = self.seat.odds(at_s, before, self.rates)
        worth = self.seat.odds(at_s, after, self.rates)
        moved = {outcome: 100 * (worth[outcome] - was[outcome]) for outcome in OUTCOMES}
        got_centi = 0
        for outcome in sorted(OUTCOMES, key=lambda each: -abs(moved[each])):
            if abs(moved[outcome]) < self.least_move_cents:
                continue
            side: Side = "bid" if moved[outcome] > 0 else "ask"
            cents = _limit_cents(side, 100 * worth[outcome], self.edge_cents)
            got_centi += _take(self.seat, self.account, (outcome, side, cents), contracts)
        return got_centi


@attrs.define(eq=False, kw_only=True)
class Crowd:
    """Bets a little now and then, and hears of goals last."""

    account: str
    seat: Seat
    rates: Rates
    draws: random.Random
    score: Score = LEVEL
    """What it has heard."""
    slack_cents: float = 4.0
    """How far from its belief it still bets."""
    contracts: tuple[int, int] = (1, 12)

    def hear(self, score: Score) -> None:
        """Know of a score."""
        self.score = score

    def bet(self, at_s: float) -> None:
        """Take a few contracts of some market at the price that there is."""
        outcome = self.draws.choice(OUTCOMES)
        sides: tuple[Side, Side] = ("bid", "ask")
        side = self.draws.choice(sides)
        contracts = self.draws.randint(*self.contracts)
        worth = self.seat.odds(at_s, self.score, self.rates)[outcome]
        cents = _limit_cents(side, 100 * worth, -self.slack_cents)
        _take(self.seat, self.account, (outcome, side, cents), contracts)


def _limit_cents(side: Side, worth_cents: float, edge_cents: float) -> int:
    if side == "bid":
        return math.floor(worth_cents - edge_cents)
    return math.ceil(worth_cents + edge_cents)


def _take(seat: Seat, account: str, rung: Rung, contracts: int) -> int:
    outcome, side, cents = rung
    if not LOWEST_CENTS <= cents <= HIGHEST_CENTS:
        return 0
    taken = seat.venue.create_order(
        account,
        CreateOrder(
            ticker=seat.tickers[outcome],
            side=side,
            price_pips=Pips(cents * CENT_PIPS),
            count_centi=CentiContracts(contracts * 100),
        ),
    )
    return taken.fill_count_centi if isinstance(taken, Created) else 0
