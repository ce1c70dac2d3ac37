"""Our ledger against the venue's statement, to the micro-dollar. Pure.

``statement_difference_microdollars`` (design section 11) is the sum of

    |cash per shard: ledger - balance| + |fee per fill: model - ``fee_cost``|
    + |payout per market: ledger - settlement row|

each at the resolution of the venue's field (section 6): balances are written in
$0.0001 and settlement rows in whole cents, cut off below, with the cash as the finer
witness. A residue below that is listed and not counted. What is wrong without an
amount (a fill that one side lacks, an order that nobody intended) is a line alone.
"""

from collections.abc import Mapping

import attrs

from actors.audit.evidence import Evidence, VenueWord
from actors.audit.findings import Findings, Phase, created_ms
from actors.exchange.wire_orders import VenueFill
from actors.model.fees import MemberClass, rule_at
from actors.model.money import MicroDollars
from actors.model.orders import Ticker
from actors.model.positions import Ledger, LedgerBroken


@attrs.frozen(kw_only=True)
class Statement:
    """What came of the comparison."""

    total_micros: MicroDollars
    """The difference; 0 when every amount agrees."""
    lines: tuple[str, ...]
    """One per difference, with an amount or without; empty when all agrees."""
    residues: tuple[str, ...]
    """What is below a field's resolution, or could not be checked; not counted."""
    profit_micros: MicroDollars
    """Change of the ledger's cash since the journal's first reconciliation, apart from what
    the owner paid in or took out."""
    values: Mapping[Ticker, MicroDollars]
    """What one YES contract of each settled market paid."""
    late: tuple[VenueFill, ...] = ()
    """Executions of our own orders that the journal has not got yet."""

    @property
    def clean(self) -> bool:
        """Whether nothing differs."""
        return not self.lines


@attrs.frozen(kw_only=True)
class Opening:
    """With what a journal begins."""

    cash: dict[int, int]
    """By shard, before every fill that the venue tells of."""
    history_ms: int
    """The venue's time of the newest order or fill so far."""


def opening_of(word: VenueWord, member: MemberClass) -> Opening:
    """Reckon back from today's balance to the cash before every fill.

    So an account with a past is taken over as it is, and from then on every cent has
    to be explained by fills and settlements.

    Raises:
        LedgerBroken: The venue's own fills and settlements contradict each other.
    """
    ledger = _ledger(word, member)
    shards = sorted({*ledger.shards(), *word.cash})
    times = [each.venue_ts_ms for each in word.fills]
    times += [created_ms(each) for each in word.orders]
    return Opening(
        cash={shard: word.cash.get(shard, 0) - ledger.cash_micros(shard) for shard in shards},
        history_ms=max(times, default=0),
    )


def compare(evidence: Evidence, word: VenueWord, member: MemberClass, *, phase: Phase) -> Statement:
    """Compare the journal with the venue.

    At the start the ledger is of the venue's fills: the journal may lack the last
    ones, never have more. At the end it is of the journal's own, and fees, payouts
    and each order's executions are compared too. ``evidence.opening`` is given.
    """
    assert evidence.opening is not None, "there is an opening, or nothing to compare with"
    found = Findings(evidence, word, member)
    found.orders(phase)
    found.journal_fills()
    found.venue_fills(phase)
    fills = found.ledger_fills(phase)
    try:
        ledger = Ledger(
            {shard: MicroDollars(micros) for shard, micros in evidence.opening.items()},
            grid_micros=_grid(member, word.at_ms),
        )
        for shard, micros in evidence.moved.items():
            ledger.deposit(shard, MicroDollars(micros))
        for fill in fills:
            ledger.book(fill)
        found.settle(ledger, phase)
    except LedgerBroken as error:
        found.say(f"ledger: {error}")
        ledger = Ledger({}, grid_micros=_grid(member, word.at_ms))
    else:
        found.positions(ledger)
        found.cash(ledger)
    if phase == "end":
        found.executions()
        found.fees()
    return Statement(
        total_micros=MicroDollars(found.total_micros),
        lines=tuple(found.lines),
        residues=tuple(found.residues),
        profit_micros=MicroDollars(
            sum(ledger.cash_micros(shard) for shard in ledger.shards())
            - evidence.began_with_micros
            - sum(evidence.moved.values())
        ),
        values=word.values,
        late=tuple(found.late.values()),
    )


def ledger_at_start(evidence: Evidence, word: VenueWord, member: MemberClass) -> Ledger:
    """Return the ledger that a clean start comes to: of the venue's fills, from the opening on.

    Raises:
        LedgerBroken: The start was not clean.
    """
    assert evidence.opening is not None, "a clean start has an opening"
    ledger = Ledger(
        {shard: MicroDollars(micros) for shard, micros in evidence.opening.items()},
        grid_micros=_grid(member, word.at_ms),
    )
    found = Findings(evidence, word, member)
    for shard, micros in evidence.moved.items():
        ledger.deposit(shard, MicroDollars(micros))
    for fill in found.ledger_fills("start"):
        ledger.book(fill)
    found.settle(ledger, "start")
    return ledger


def _ledger(word: VenueWord, member: MemberClass) -> Ledger:
    """Return the ledger of the venue's own word, from nothing."""
    ledger = Ledger({}, grid_micros=_grid(member, word.at_ms))
    for each in word.fills:
        ledger.book(each.fill())
    for said in word.settlements:
        ledger.settle(said.ticker, word.values[said.ticker])
    return ledger


def _grid(member: MemberClass, at_ms: int) -> MicroDollars:
    return rule_at(at_ms).grid_micros(member)
