"""How strong the sides of one match are today, read off its own book without believing it at once.

A book may have heard a goal before any feed. Rates therefore come only from prices
that were there long enough ago; they stand still while a leg lies further from what
they say than time explains; and what was read shortly before an accepted goal is
forgotten, because it may have known (design section 8, "Fair value"). Pure: time
comes with each reading.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.model.fair import USUAL, Rates, Result, Settlement, TimeLeft, outlook
from actors.model.implied import fit
from actors.model.money import ONE_DOLLAR_PIPS, Pips
from actors.model.score import Score

READ_EVERY_NS: Final = 250_000_000
"""Readings of one state are kept no closer than this."""
READINGS_MOST: Final = 512
"""Of one match: two minutes of a book that never rests."""
LEGS_LEAST: Final = 2
"""Fewer quotable legs say nothing of two rates."""

Absence = Literal["no_rates", "no_fit"]
"""Why a match has no rates: nothing was read for long enough, or no pair of rates fits."""


@attrs.frozen(kw_only=True)
class Caution:
    """How slowly a book is believed."""

    price_age_ns: int
    """No price younger than this is in a rate."""
    freeze_pips: int
    """A leg that lies further from what the rates say moves fast: the rates stand still."""
    freeze_ns: int
    """A book that disagrees for so long, and no goal came, knows something lasting."""
    spread_pips: int
    """A book with a wider spread is no price."""
    fit_pips: int
    """Legs that lie further from the best pair of rates fit none."""


@attrs.frozen
class Quote:
    """The best bid and ask of one leg."""

    bid_pips: Pips
    ask_pips: Pips

    @property
    def price(self) -> float:
        """The middle, as a probability."""
        return (self.bid_pips + self.ask_pips) / (2 * ONE_DOLLAR_PIPS)


@attrs.frozen(kw_only=True)
class Reading:
    """A match's book and its standing at one instant."""

    at_ns: int
    score: Score
    generation: int
    left: TimeLeft
    quotes: Mapping[Result, Quote]
    """Of the legs whose book was whole and two-sided."""


@attrs.frozen(kw_only=True)
class Strength:
    """What is believed of a match, and on which prices."""

    rates: Rates
    residual: float
    read_ns: int
    """When the prices that the rates are from were there."""
    score: Score
    generation: int
    quotes: Mapping[Result, Quote]
    """Those prices."""


@attrs.frozen
class _Kept:
    reading: Reading
    calm: bool
    """Whether it agreed with what was believed when it was read."""


class Form:
    """What one match's book has taught us so far."""

    def __init__(
        self, caution: Caution, settlement: Settlement = "regulation", usual: Rates = USUAL
    ) -> None:
        """Begin with nothing but what is usual."""
        self._caution = caution
        self._settlement = settlement
        self._usual = usual
        self._kept: deque[_Kept] = deque(maxlen=READINGS_MOST)
        self._newest: _Kept | None = None
        self._strength: Strength | None = None
        self._fits = True
        self._state: tuple[Score, int] | None = None
        self._strange_ns: int | None = None

    def twin(self) -> "Form":
        """Return one that knows the same and learns apart from now on."""
        other = Form(self._caution, self._settlement, self._usual)
        other._kept = self._kept.copy()
        other._newest, other._strength = self._newest, self._strength
        other._fits, other._state = self._fits, self._state
        other._strange_ns = self._strange_ns
        return other

    @property
    def rates(self) -> Rates | None:
        """The rates that were believed last, whatever the book does now; ``None`` if ever."""
        return None if self._strength is None else self._strength.rates

    @property
    def strength(self) -> Strength | Absence:
        """What is believed, or why nothing is."""
        if not self._fits:
            return "no_fit"
        return "no_rates" if self._strength is None else self._strength

    @property
    def believed(self) -> Mapping[Result, Quote]:
        """The quotes at this very score that are old enough; empty soon after a goal."""
        strength = self._strength
        if strength is None or (strength.score, strength.generation) != self._state:
            return {}
        return strength.quotes

    def read(self, reading: Reading) -> None:
        """Take in how the match and its book stand now."""
        quotes = {
            leg: quote
            for leg, quote in reading.quotes.items()
            if 0 <= quote.ask_pips - quote.bid_pips <= self._caution.spread_pips
        }
        if len(quotes) < len(reading.quotes):
            reading = attrs.evolve(reading, quotes=quotes)
        state = (reading.score, reading.generation)
        if state != self._state:
            self._forget_what_may_have_known(reading.at_ns)
            self._state = state
        if len(quotes) >= LEGS_LEAST:
            self._keep(reading)
        self._learn(reading.at_ns)

    def _forget_what_may_have_known(self, now_ns: int) -> None:
        young_ns = now_ns - self._caution.price_age_ns
        while self._kept and self._kept[-1].reading.at_ns > young_ns:
            self._kept.pop()
        self._newest, self._strange_ns = None, None

    def _keep(self, reading: Reading) -> None:
        calm = self._agrees(reading)
        if calm:
            self._strange_ns = None
        elif self._strange_ns is None:
            self._strange_ns = reading.at_ns
        newest = self._newest
        if newest is not None and (
            not self._kept
            or newest.reading.at_ns - self._kept[-1].reading.at_ns >= READ_EVERY_NS
            or newest.calm != calm
        ):
            self._kept.append(newest)
        self._newest = _Kept(reading, calm)

    def _agrees(self, reading: Reading) -> bool:
        """Return whether every leg is where it was believed to be by now."""
        bound = self._caution.freeze_pips / ONE_DOLLAR_PIPS
        if self._strength is None:
            return self._is_calm_start(reading, bound)
        seen = outlook(reading.score, self._strength.rates, reading.left, self._settlement)
        # What the rates never explained is no news: only what has changed since counts.
        slack = bound + self._strength.residual
        return all(
            abs(quote.price - seen.now.of(leg)) < slack for leg, quote in reading.quotes.items()
        )

    def _is_calm_start(self, reading: Reading, bound: float) -> bool:
        """Return whether a book that we know nothing of stands still; begin anew if not."""
        first = self._kept[0] if self._kept else self._newest
        if first is None:
            return True
        before = first.reading
        still = (before.score, before.generation) == (reading.score, reading.generation) and all(
            abs(quote.price - before.quotes[leg].price) < bound
            for leg, quote in reading.quotes.items()
            if leg in before.quotes
        )
        if not still:
            self._kept.clear()
            self._newest = None
        return True

    def _learn(self, now_ns: int) -> None:
        """Take the rates from the newest reading that may be believed by now."""
        newest, strange_ns = self._newest, self._strange_ns
        since_ns: int | None = None
        if strange_ns is not None:
            if now_ns - strange_ns < self._caution.freeze_ns:
                return
            since_ns = strange_ns
        old_ns = now_ns - self._caution.price_age_ns
        if newest is not None and newest.reading.at_ns <= old_ns:
            self._kept.append(newest)
            self._newest = None
        found: Reading | None = None
        while self._kept and self._kept[0].reading.at_ns <= old_ns:
            kept = self._kept.popleft()
            if kept.calm or (since_ns is not None and kept.reading.at_ns >= since_ns):
                found = kept.reading
        if found is None:
            return
        self._take(found)
        if since_ns is not None:
            self._strange_ns = None

    def _take(self, reading: Reading) -> None:
        before = self._strength
        found = fit(
            {leg: quote.price for leg, quote in reading.quotes.items()},
            reading.score,
            reading.left,
            believed=self._usual if before is None else before.rates,
            settlement=self._settlement,
        )
        self._fits = found.residual * ONE_DOLLAR_PIPS <= self._caution.fit_pips
        if self._fits:
            self._strength = Strength(
                rates=found.rates,
                residual=found.residual,
                read_ns=reading.at_ns,
                score=reading.score,
                generation=reading.generation,
                quotes=reading.quotes,
            )
