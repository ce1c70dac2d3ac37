"""Laws of what a restart knows of losses: as much as the process that died, whenever it did."""

from functools import partial

import attrs
import pytest

from actors.audit.relived import relive
from actors.messages.records import FillRow, MatchRow, SettlementRow, TradingState
from actors.messages.records_money import MarkRow
from actors.messages.records_review import ReviewRow
from actors.model.losses import Losses, LossLimits
from actors.model.money import MicroDollars
from actors.runtime.disk import MemoryDisk
from actors.runtime.journal import Journal
from actors.runtime.memory import MemoryNetwork
from tests.runtime.journals import ANCHORS, CODEC, FOLDER, memory_disk, opening
from tests.trader.glass import GlassEnv

LIMITS = LossLimits(streak=2)


def fill(number: int, side: str, fee: int = 0) -> FillRow:
    return FillRow(
        trade_id=f"t{number}",
        order_id="o",
        client_order_id="c",
        ticker="A",
        side=side,
        price_pips=5_000,
        count_centi=100,
        fee_micros=fee,
        model_fee_micros=fee,
        is_taker=True,
        exchange_index=0,
        venue_ts_ms=0,
        received_ns=0,
        source="stream",
    )


def match(stage: str, name: str = "M") -> MatchRow:
    return MatchRow(
        match=name,
        series="S",
        title="",
        home_name="",
        away_name="",
        stage=stage,
        refusal="",
        tickers=["A"],
        roles=["home"],
        exchange_index=0,
        fee_type="",
        fee_multiplier_ppm=0,
    )


ROWS = [
    match("LIVE"),
    fill(1, "bid"),
    fill(2, "ask", 30),
    fill(2, "ask", 30),
    match("LIVE", "N"),
    fill(3, "bid", 5),
    TradingState(state="ACTIVE", reason="cleared: operator", at_ns=0),
    fill(4, "ask", 5),
    TradingState(state="HALTED", reason="loss: 2 positions", at_ns=0),
    TradingState(state="ACTIVE", reason="cleared: loss", at_ns=0),
    fill(5, "bid"),
    SettlementRow(
        ticker="A",
        result="no",
        yes_count_centi=100,
        no_count_centi=0,
        value_micros=0,
        revenue_micros=0,
        fee_micros=0,
        settled_wall_ns=0,
    ),
    match("ENDED"),
]
EXPECTED = [0, 0, -30, -30, -30, -35, -35, -40, -40, -40, -40, -500_040, -500_040]


def written(rows: list[object]) -> MemoryDisk:
    disk = memory_disk()
    env = GlassEnv(1, MemoryNetwork(0), disk)

    def first(previous: str) -> object:
        return attrs.evolve(opening(previous), mono_ns=env.now_ns(), wall_ns=env.wall_ns())

    journal = Journal.open(env, FOLDER, CODEC, first, anchor_file=ANCHORS)
    for row in rows:
        journal.append(row)
    return disk


def read_again(disk: MemoryDisk) -> Losses:
    return relive(disk, FOLDER, CODEC, LIMITS, day_of=lambda _: "today").losses


@pytest.mark.parametrize("died_after", range(len(ROWS) + 1))
async def test_whenever_a_process_dies_the_next_one_knows_what_was_lost(died_after: int) -> None:
    losses = read_again(written(ROWS[:died_after]))

    assert losses.total_micros == ([0, *EXPECTED])[died_after]
    assert (losses.breach is not None) == (died_after in {8, 9})
    assert losses.limits.day_micros == MicroDollars(LIMITS.day_micros)


async def test_matches_that_had_not_ended_are_told() -> None:
    read = partial(relive, folder=FOLDER, codec=CODEC, limits=LIMITS, day_of=lambda _: "today")

    assert read(written(ROWS[:5])).playing == {"M", "N"}
    assert read(written(ROWS)).playing == {"N"}


async def test_each_goal_under_review_is_recalled_in_its_last_phase_while_its_match_is_played() -> (
    None
):
    def review(state: str, phase: str, of: str = "M") -> ReviewRow:
        return ReviewRow(match=of, generation=0, state=state, phase=phase, reason="", at_ns=0)

    rows = [
        match("LIVE"),
        match("LIVE", "N"),
        review("1-0", "under_review"),
        review("1-0", "under_review", "N"),
        review("2-0", "withdrawn"),
        review("1-0", "in_doubt"),
        match("ENDED", "N"),
    ]
    relived = relive(written(rows), FOLDER, CODEC, LIMITS, day_of=lambda _: "today")
    assert [(key.match, key.state, phase) for key, phase in relived.cases] == [
        ("M", "2-0", "withdrawn"),
        ("M", "1-0", "in_doubt"),
    ]


async def test_what_a_settlement_lost_counts_on_the_day_on_which_it_was_told() -> None:
    days = iter(["bought on", "settled on"])
    rows = [fill(1, "bid", 5), ROWS[11]]
    losses = relive(written(rows), FOLDER, CODEC, LIMITS, day_of=lambda _: next(days)).losses

    assert (losses.day, losses.day_micros) == ("settled on", -500_000)
    assert losses.total_micros == -500_005


async def test_what_was_lost_in_what_is_open_outlives_the_process_with_its_last_mark() -> None:
    mark = MarkRow(ticker="A", net_centi=100, basis_micros=500_000, worth_micros=1, at_ns=5)
    rows = [fill(1, "bid"), mark]
    losses = read_again(written(rows))
    assert losses.open_micros == -499_999
    assert losses.total_micros == losses.best_micros == 0

    cleared = TradingState(state="ACTIVE", reason="cleared: loss", at_ns=0)
    again = read_again(written([*rows, cleared]))
    assert (again.open_micros, again.total_micros, again.best_micros) == (0, -499_999, -499_999)


@pytest.mark.parametrize("ends", [False, True])
async def test_a_loss_of_before_the_day_counts_in_it_while_its_match_goes_on(ends: bool) -> None:  # noqa: FBT001 - the case's own parameter
    days = iter(["monday", "monday", "tuesday", "tuesday"])
    rows = [
        match("LIVE"),
        fill(1, "bid", 7),
        fill(2, "ask", 8),
        *([match("ENDED")] if ends else []),
        fill(3, "bid", 2),
        fill(4, "ask", 3),
    ]
    relived = relive(written(rows), FOLDER, CODEC, LIMITS, day_of=lambda _: next(days))
    assert relived.losses.day_micros == (-5 if ends else -20)
    assert relived.playing_markets == (frozenset() if ends else {"A"})
