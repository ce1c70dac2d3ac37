"""What each feed's part in the races was: wins, lags, phantoms, coverage. Pure."""

from collections import deque
from typing import Final

import attrs

KEPT: Final = 256
"""Newest lags and margins that are kept of each feed."""

RECENT: Final = 32
"""Newest lags that say what is usual for a feed today."""

PARDONED_AFTER: Final = 50
"""Goals that a feed must show, without a phantom among them, for one phantom to be forgiven."""


@attrs.frozen(kw_only=True)
class FeedLedger:
    """One feed's record at one instant. Race to the summary."""

    feed: str
    wins: int
    """Scores that were accepted on its word, traded or not."""
    echoes: int
    """Scores that it showed after another feed had won them."""
    earlier: int
    """Scores that it had shown before they were accepted, without the right to win them."""
    chances: int
    """Scores accepted while its connection was fresh and knew the match."""
    phantoms: int
    reversals: int
    """Scores that it took back by itself."""
    overturned: int
    """Scores accepted on its word that were later taken back."""
    unconfirmed: int
    """Scores that it called unconfirmed when it told of them first."""
    quarantined: bool
    lags_ns: tuple[int, ...]
    """Of the newest echoes: how long after the winner, oldest first."""
    margins_ns: tuple[int, ...]
    """Of the newest wins: how long before the first other feed, oldest first."""

    @property
    def coverage(self) -> float:
        """Share of its chances that it showed at all; 1.0 where it had none."""
        shown = self.wins + self.echoes + self.earlier
        return min(1.0, shown / self.chances) if self.chances else 1.0

    def lag_ns(self, quantile: float) -> int | None:
        """Return the ``quantile`` (0 to 1) of the lags; ``None`` before the first echo."""
        return _quantile(self.lags_ns, quantile)

    def margin_ns(self, quantile: float) -> int | None:
        """Return the ``quantile`` (0 to 1) of the margins; ``None`` before the first."""
        return _quantile(self.margins_ns, quantile)


@attrs.define(eq=False)
class Tally:
    """The running counts behind a ``FeedLedger``; the race keeps one per feed."""

    wins: int = 0
    echoes: int = 0
    earlier: int = 0
    chances: int = 0
    phantoms: int = 0
    reversals: int = 0
    overturned: int = 0
    unconfirmed: int = 0
    charges: int = 0
    """Phantoms that are not forgiven yet."""
    lags_ns: deque[int] = attrs.field(factory=lambda: deque(maxlen=KEPT))
    margins_ns: deque[int] = attrs.field(factory=lambda: deque(maxlen=KEPT))

    good: int = 0
    """Goals shown since the last phantom, or since one was forgiven."""

    def win(self) -> None:
        """Count a score that was accepted on its word."""
        self.wins += 1
        self._shown()

    def echo(self, behind_ns: int) -> None:
        """Count an echo that came ``behind_ns`` after the winner."""
        self.echoes += 1
        self.lags_ns.append(behind_ns)
        self._shown()

    def was_earlier(self) -> None:
        """Count a score that it had shown before it was accepted on another's word."""
        self.earlier += 1
        self._shown()

    def charge(self) -> None:
        """Count a phantom."""
        self.phantoms += 1
        self.charges += 1
        self.good = 0

    def _shown(self) -> None:
        if self.charges:
            self.good += 1
            if self.good >= PARDONED_AFTER:
                self.charges, self.good = self.charges - 1, 0

    @property
    def goals(self) -> int:
        """Scores that it showed, first or later: how well it is known."""
        return self.wins + self.echoes + self.earlier

    @property
    def usual_lag_ns(self) -> int:
        """The lag that nine of its ten newest echoes keep within; 0 before the first."""
        newest = tuple(self.lags_ns)[-RECENT:]
        return _quantile(newest, 0.9) or 0

    def ledger(self, feed: str, *, quarantined: bool) -> FeedLedger:
        """Return the record as a value."""
        return FeedLedger(
            feed=feed,
            wins=self.wins,
            echoes=self.echoes,
            earlier=self.earlier,
            chances=self.chances,
            phantoms=self.phantoms,
            reversals=self.reversals,
            overturned=self.overturned,
            unconfirmed=self.unconfirmed,
            quarantined=quarantined,
            lags_ns=tuple(self.lags_ns),
            margins_ns=tuple(self.margins_ns),
        )


def _quantile(values: tuple[int, ...], quantile: float) -> int | None:
    if not values:
        return None
    ordered = sorted(values)
    # The nearest rank: a lag that really happened, and no float in the result.
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]
