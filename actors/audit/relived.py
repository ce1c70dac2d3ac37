"""What was lost, what has ended and what was under review, read from the journal alone.

Whatever instant a process died in: a loss is made of fills, and a fill that it had not
written down yet the venue tells the next one.
"""

from collections.abc import Callable
from typing import Final

from actors.audit.rereading import reread
from actors.messages.records import FillRow, MatchRow, Segment, SettlementRow, TradingState
from actors.messages.records_money import MarkRow
from actors.messages.records_review import ReviewRow
from actors.messages.records_venue import GroupRow
from actors.messages.recovered import Relived
from actors.model.losses import Losses, LossLimits, Mark
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Ticker
from actors.model.score import GoalKey, MatchId
from actors.runtime.env import Disk
from actors.runtime.frames import RecordCodec

KINDS: Final = (
    GroupRow,
    Segment,
    FillRow,
    MarkRow,
    MatchRow,
    ReviewRow,
    SettlementRow,
    TradingState,
)
ENDED: Final = frozenset({"ENDED", "DETERMINED", "SETTLED"})
LOSS: Final = "loss"
"""Name of the halt that too great a loss leaves."""


def relive(
    disk: Disk,
    folder: str,
    codec: RecordCodec,
    limits: LossLimits,
    *,
    day_of: Callable[[int], str],
) -> Relived:
    """Read the journal in ``folder``; an empty one has lost nothing.

    Raises:
        JournalCorrupt: A place that is neither a record nor the torn end.
    """
    losses, stages = Losses(limits), dict[str, str]()
    phases, groups = dict[GoalKey, str](), dict[int, GroupRow]()
    markets: dict[Ticker, None] = {}
    wall_less_mono_ns = 0
    for entry in reread(disk, folder, codec, KINDS):
        match entry.record:
            case Segment() as segment:
                wall_less_mono_ns = segment.wall_ns - segment.mono_ns
            case FillRow() as row:
                losses.roll(day_of(wall_less_mono_ns + entry.mono_ns), markets)
                losses.book(_fill(row))
            case SettlementRow() as row:
                losses.roll(day_of(wall_less_mono_ns + entry.mono_ns), markets)
                losses.settle(Ticker(row.ticker), MicroDollars(row.value_micros))
            case MarkRow() as row:
                losses.mark(Ticker(row.ticker), Mark(row.net_centi, row.worth_micros))
            case MatchRow() as row:
                stages[row.match] = row.stage
                _hear_stage(row, losses, markets)
            case ReviewRow() as row:
                key = GoalKey(MatchId(row.match), row.generation, row.state)
                phases.pop(key, None)
                phases[key] = row.phase
            case GroupRow() as row:
                groups[row.exchange_index] = row
            case TradingState(reason=reason) if reason == f"cleared: {LOSS}":
                losses.excuse()
            case _:
                pass
    playing = frozenset(MatchId(each) for each, stage in stages.items() if stage not in ENDED)
    cases = tuple((key, phase) for key, phase in phases.items() if key.match in playing)
    return Relived(
        losses=losses,
        playing=playing,
        playing_markets=frozenset(markets),
        cases=cases,
        groups=tuple(groups.values()),
    )


def _hear_stage(row: MatchRow, losses: Losses, markets: dict[Ticker, None]) -> None:
    """Note which markets a match has, and that they carry no day's loss once it has ended."""
    for ticker in map(Ticker, row.tickers):
        if row.stage in ENDED:
            markets.pop(ticker, None)
            losses.end(ticker)
        else:
            markets[ticker] = None


def _fill(row: FillRow) -> Fill:
    return Fill(
        trade_id=row.trade_id,
        order_id=row.order_id,
        ticker=Ticker(row.ticker),
        side="bid" if row.side == "bid" else "ask",
        price_pips=Pips(row.price_pips),
        count_centi=CentiContracts(row.count_centi),
        fee_micros=MicroDollars(row.fee_micros),
        is_taker=row.is_taker,
        exchange_index=row.exchange_index,
        venue_ts_ms=row.venue_ts_ms,
    )
