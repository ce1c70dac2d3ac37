"""``python -m actors fair``: our values against the simulator's truth, match after match.

Matches are played minute by minute: one set with a red card, one that is joined at
60' by a trader with no memory of it. What a leg would be worth after the next goal,
by our model and by one that knows pre-match prices alone, is held against what the
script's own rates make it. And before every goal the book moves ahead of every feed:
no limit may rise for it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from actors.config.load import load
from actors.messages.catalogue import FeeTerms, Market
from actors.model.book import Book
from actors.model.fair import USUAL, Rates, outlook, time_left
from actors.model.form import Form, Quote, Reading
from actors.model.grid import PriceRange
from actors.model.implied import fit
from actors.model.money import ONE_DOLLAR_PIPS, CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Side, Ticker
from actors.model.score import SOCCER, GoalKey, Score
from actors.sim.agents import STYLES
from actors.sim.beliefs import OUTCOMES, Outcome, Rates as TrueRates, left_of, odds, seen_through
from actors.sim.crew import NOISE
from actors.sim.draws import stream
from actors.sim.feedtiming import FIVE
from actors.sim.listing import event_ticker
from actors.sim.matchday import Fixture, matchdays
from actors.sim.script import CARD_CHANCE, match_script
from actors.sim.timetable import MatchTimetable, Pace, place
from actors.sim.truth import true_values
from actors.trader.assembly import write
from actors.trader.planner import caution, doubt
from actors.trader.plays import Position, Terms, plan
from actors.trader.pricing import Prospect, look

KICKOFF_S: Final = 60.0
PACE: Final = Pace(speed=1.0, min_gap_s=0.01, max_gap_s=1e9, break_s=60.0, open_s=30.0)
"""Every second is played; only the breaks are shortened."""
STEP_S: Final = 5
"""Between two looks at the book."""
MEASURED_S: Final = 60
JOINED_S: Final = 3_600
HEARS_S: Final = 0.3
"""After a goal, or a card, the book has heard of it."""
LEADS_S: Final = (0.2, 1.0, 4.9, 19.0)
"""How far the book is ahead of every feed; all within the freezing bound."""
RISE_AT_S: Final = 7
LEVEL_CENTI: Final = CentiContracts(20_000)
CENT: Final = (PriceRange(start_pips=Pips(0), end_pips=ONE_DOLLAR_PIPS, step_pips=Pips(100)),)
FEES: Final = FeeTerms(fee_type="quadratic_with_maker_fees", multiplier_ppm=1_000_000)
MARKETS: Final = tuple(
    Market(ticker=Ticker(role), role=role, exchange_index=0, price_ranges=CENT, fees=FEES)
    for role in OUTCOMES
)
NOWHERE: Final = {
    "rest": "http://127.0.0.1:1/trade-api/v2",
    "ws": "ws://127.0.0.1:1/ws",
    "ca_file": "",
    "key": {"id": "none", "pem_file": "/none"},
    "feeds": {name: {"url": "ws://127.0.0.1:1/ws"} for name in FIVE},
}
"""A world that is never dialled: the profile's figures are all that is wanted."""

Limits = Mapping[tuple[str, str, Side], int]
"""By state, market and side."""


@attrs.define(eq=False)
class Errors:
    """How far two models were off, in cents."""

    ours: list[float] = attrs.field(factory=list)
    before: list[float] = attrs.field(factory=list)
    silent: int = 0
    """Measurements at which we had no rates, and so no play."""


@attrs.define(eq=False)
class Watched:
    """One match, its makers and the trader who reads their book."""

    match: MatchTimetable
    makers: Sequence[TrueRates]
    terms: Terms
    form: Form

    def quotes(self, at_s: float, score: Score) -> dict[Outcome, Quote]:
        """Return the best prices of makers who know of ``score``; one who would cross waits."""
        clock = self.match.clock_at(at_s)
        left = left_of(clock.period, clock.played_s)
        swing = self.match.swing_at(at_s - HEARS_S)
        found: dict[Outcome, Quote] = {}
        chances = [odds(score, swing.of(rates), left) for rates in self.makers]
        for outcome in OUTCOMES:
            bid, ask = 0, 100
            for style, chance in zip(STYLES, chances, strict=True):
                low = math.floor(100 * chance[outcome] - style.half_spread_cents)
                high = math.ceil(100 * chance[outcome] + style.half_spread_cents)
                bid = max(bid, low) if low < ask else bid
                ask = min(ask, high) if high > bid else ask
            if bid >= 1 and ask <= 99:  # noqa: PLR2004 - the venue's last cent
                found[outcome] = Quote(Pips(100 * bid), Pips(100 * ask))
        return found

    def read(self, form: Form, at_s: float, score: Score, quotes: dict[Outcome, Quote]) -> None:
        """Have a form read these quotes, the feeds showing ``score``."""
        clock = self.match.clock_at(at_s)
        left = time_left(clock.period, clock.elapsed_s)
        if left is not None:
            form.read(
                Reading(at_ns=int(at_s * 1e9), score=score, generation=0, left=left, quotes=quotes)
            )

    def limits(self, form: Form, at_s: float, score: Score, quotes: dict[Outcome, Quote]) -> Limits:
        """Return the limits of every play that is ready at ``score``."""
        clock, strength = self.match.clock_at(at_s), form.strength
        left = time_left(clock.period, clock.elapsed_s)
        if isinstance(strength, str) or left is None:
            return {}
        seen = outlook(score, strength.rates, left)
        sights = [look(market, _book(quotes.get(market.role))) for market in MARKETS]
        found: dict[tuple[str, str, Side], int] = {}
        for after in SOCCER.next_scores(score):
            scorer = SOCCER.step(score, after)
            assert scorer is not None, "a next score is one step away"
            weight = doubt((), (), self.terms.settings)
            play = plan(
                sights=sights,
                key=GoalKey(self.match.match, 0, after.text),
                scorer=scorer,
                prospect=Prospect.of(
                    seen.now, seen.after(scorer).mixed(seen.now, weight), form.believed
                ),
                position=NOTHING,
                terms=self.terms,
                now_ns=0,
                wall_ms=WALL_MS,
            )
            for leg in play.legs:
                found[after.text, leg.ticker, leg.side] = leg.limit_pips
        return found

    def rises(self, at_s: float, score: Score, after: Score) -> int:
        """Count the limits that go further because the book hears a goal before the feeds.

        Held against the same instant with a book that has not moved, whether or not the
        rates went on learning from it.
        """
        count = 0
        for lead_s in LEADS_S:
            quiet, moved = self.form.twin(), self.form.twin()
            still, heard = self.quotes(at_s, score), self.quotes(at_s, after)
            for step in range(1 + math.ceil(lead_s)):
                then_s = at_s + min(lead_s, step)
                self.read(quiet, then_s, score, still)
                self.read(moved, then_s, score, heard)
            plain = self.limits(quiet, at_s + lead_s, score, still)
            lifted = self.limits(moved, at_s + lead_s, score, heard)
            before = self.limits(self.form, at_s + lead_s, score, still)
            for leg, limit in lifted.items():
                # A leg that was not worth playing before has no limit to be lifted from.
                were = [limits[leg] for limits in (plain, before) if leg in limits]
                if were:
                    count += max(were) < limit if leg[2] == "bid" else min(were) > limit
        return count


WALL_MS: Final = 1_795_000_000_000
NOTHING: Final = Position(
    held_centi=lambda _: 0, lots=(), headroom_micros=lambda _: MicroDollars(10**12)
)


def _unsent(_: OrderRequest) -> tuple[str, bytes]:
    return "", b""


def _terms() -> Terms:
    profile = load("sim", NOWHERE).profile
    return Terms(
        account="fair",
        settings=profile.plays,
        gates=profile.gates,
        order_max_centi=CentiContracts(40_000),
        member="direct",
        encode=_unsent,
        write=write,
        give_up=profile.exits.give_up,
    )


def run_fair(*, matches: int, seed: int, say: Callable[[str], object]) -> int:
    """Play the matches and print the errors; return 0 if ours are half as large and no limit rose.

    Args:
        matches: How many of each kind.
        seed: Of everything that is drawn.
        say: Prints a line.
    """
    terms, rose, goals, worst = _terms(), 0, 0, 0.0
    for kind, chance, joined_s in (
        ("with a red card", 1.0, 0),
        ("joined at 60'", CARD_CHANCE, JOINED_S),
    ):
        errors = Errors()
        for number in range(matches):
            watched = _open(seed, number, chance, terms)
            found = _play(watched, errors, joined_s)
            rose, goals = rose + found[0], goals + found[1]
        ours, before = _quantile(errors.ours, 0.9), _quantile(errors.before, 0.9)
        worst = max(worst, ours / before if before else math.inf)
        say(
            f"{kind}: {matches} matches, {len(errors.ours)} values after the next goal, "
            f"{errors.silent} more without rates"
        )
        for name, found_errors in (("ours", errors.ours), ("pre-match only", errors.before)):
            p50, p90 = _quantile(found_errors, 0.5), _quantile(found_errors, 0.9)
            say(f"  {name:<15} p50 {p50:5.2f} cents  p90 {p90:5.2f} cents")
    say(f"p90 of ours over that of pre-match only, at worst: {worst:.2f} (bar 0.50)")
    leads = ", ".join(f"{lead:g}" for lead in LEADS_S)
    say(f"book ahead of every feed by {leads} s at {goals} goals: {rose} limits rose (bar 0)")
    return 0 if worst <= 0.5 and rose == 0 else 1  # noqa: PLR2004 - the bar


def _open(seed: int, number: int, card_chance: float, terms: Terms) -> Watched:
    fixture = _fixture(seed, number)
    script = match_script(fixture, event_ticker(fixture), seed + number, card_chance=card_chance)
    match = place(script, KICKOFF_S, PACE, seed)
    makers = [
        seen_through(stream(seed, "makers", number, maker), script.rates, NOISE)
        for maker in range(len(STYLES))
    ]
    return Watched(match, makers, terms, Form(caution(terms.settings)))


def _fixture(seed: int, number: int) -> Fixture:
    fixtures = [match for day in matchdays().values() for match in day.matches]
    return stream(seed, "fixture", number).choice(fixtures)


def _play(watched: Watched, errors: Errors, joined_s: int) -> tuple[int, int]:
    """Play one match; return how many limits rose, and at how many goals."""
    match = watched.match
    opening = watched.quotes(0.0, Score(0, 0))
    before = USUAL if joined_s else _prior(opening)
    begins_s, measured_s = _measured_from(match, joined_s)
    rose = goals = 0
    for at_s, score, goal in _instants(match, begins_s):
        if goal is not None:
            rose, goals = rose + watched.rises(at_s, score, goal), goals + 1
            continue
        watched.read(watched.form, at_s, score, watched.quotes(at_s, score))
        if at_s >= measured_s and int(at_s) % MEASURED_S == 0:
            _measure(watched, errors, at_s, score, before)
    return rose, goals


def _measured_from(match: MatchTimetable, joined_s: int) -> tuple[float, float]:
    """Return from when a match is watched, and from when it counts."""
    if joined_s:
        begun = next(m.at_s for m in match.moments if m.incident.period == "2H")
        joins_s = begun + joined_s - 45 * 60
        return joins_s, joins_s
    card = next((m.at_s for m in match.moments if m.incident.kind == "card"), math.inf)
    return 0.0, card


def _instants(
    match: MatchTimetable, begins_s: float
) -> Iterator[tuple[float, Score, Score | None]]:
    """Yield the instants of regulation: looks at the book, and goals with what they make."""
    end_s = next(m.at_s for m in match.moments if m.incident.period == "FT")
    goals = [m for m in match.moments if m.incident.counts and m.at_s > begins_s + RISE_AT_S]
    at_s = math.ceil(begins_s / STEP_S) * STEP_S
    while at_s < end_s:
        while goals and goals[0].at_s <= at_s:
            goal = goals.pop(0)
            yield goal.at_s, match.score_at(goal.at_s - 0.001), goal.incident.score
        yield float(at_s), match.score_at(at_s), None
        at_s += STEP_S


def _measure(watched: Watched, errors: Errors, at_s: float, score: Score, before: Rates) -> None:
    clock, strength = watched.match.clock_at(at_s), watched.form.strength
    left = time_left(clock.period, clock.elapsed_s)
    if left is None or clock.period not in {"1H", "2H"}:
        return
    if isinstance(strength, str):
        errors.silent += 1
        return
    ours, theirs = outlook(score, strength.rates, left), outlook(score, before, left)
    for after in SOCCER.next_scores(score):
        scorer = SOCCER.step(score, after)
        assert scorer is not None, "a next score is one step away"
        truth = true_values(watched.match, at_s, after)
        for leg in OUTCOMES:
            errors.ours.append(100 * abs(ours.after(scorer).of(leg) - truth[leg]))
            errors.before.append(100 * abs(theirs.after(scorer).of(leg) - truth[leg]))


def _prior(opening: Mapping[Outcome, Quote]) -> Rates:
    """Return the rates that the opening prices imply; what is usual where there are none."""
    whole = time_left("pre", None)
    assert whole is not None, "a match that has not begun has all of its time left"
    prices = {leg: quote.price for leg, quote in opening.items()}
    return fit(prices, Score(0, 0), whole, believed=USUAL).rates


def _book(quote: Quote | None) -> Book:
    book = Book()
    if quote is not None:
        book.replace(
            [(quote.bid_pips, LEVEL_CENTI)],
            [(quote.ask_pips, LEVEL_CENTI)],
        )
    return book


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan
