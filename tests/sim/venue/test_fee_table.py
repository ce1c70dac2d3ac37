"""The fee table of reference ``kalshi.md`` section 7: in both copies, and at the venue."""

from fractions import Fraction

import attrs
import pytest

from actors.model.fees import FeeAccumulator, MemberClass, fee_schedule
from actors.model.money import CentiContracts, Pips
from actors.sim.venue.fees import GRID_MICROS, Membership, charge, fee_terms
from actors.sim.venue.listing import DECI_CENT
from tests.sim.venue.hall import START_US, open_hall, order, quote

FEE_TYPE = "quadratic_with_maker_fees"


@attrs.frozen(kw_only=True)
class Row:
    """One row: contracts at a price, in so many equal fills of one order."""

    name: str
    count_centi: int
    price_pips: int
    trade: int
    """Micro-dollars, like all that follows; each fill's own."""
    rounding: int
    net: tuple[int, ...]
    cash: int
    """What the order moved in all, price and fees."""
    member: Membership = "direct"
    is_taker: bool = True

    @property
    def client_class(self) -> MemberClass:
        return "direct" if self.member == "direct" else "fcm"


ROWS = (
    Row(
        name="1 @ 0.52",
        count_centi=100,
        price_pips=5_200,
        trade=17_472,
        rounding=28,
        net=(17_500,),
        cash=-537_500,
    ),
    Row(
        name="1 @ 0.99",
        count_centi=100,
        price_pips=9_900,
        trade=693,
        rounding=7,
        net=(700,),
        cash=-990_700,
    ),
    Row(
        name="1 @ 0.055 non-direct",
        count_centi=100,
        price_pips=550,
        trade=3_639,
        rounding=1_361,
        net=(5_000,),
        cash=-60_000,
        member="intermediated",
    ),
    Row(
        name="100 @ 0.50",
        count_centi=10_000,
        price_pips=5_000,
        trade=1_750_000,
        rounding=0,
        net=(1_750_000,),
        cash=-51_750_000,
    ),
    Row(
        name="100 @ 0.25",
        count_centi=10_000,
        price_pips=2_500,
        trade=1_312_500,
        rounding=0,
        net=(1_312_500,),
        cash=-26_312_500,
    ),
    Row(
        name="100 @ 0.01",
        count_centi=10_000,
        price_pips=100,
        trade=69_300,
        rounding=0,
        net=(69_300,),
        cash=-1_069_300,
    ),
    Row(
        name="100 @ 0.25 non-direct",
        count_centi=10_000,
        price_pips=2_500,
        trade=1_312_500,
        rounding=7_500,
        net=(1_320_000,),
        cash=-26_320_000,
        member="intermediated",
    ),
    Row(
        name="10 @ 0.37",
        count_centi=1_000,
        price_pips=3_700,
        trade=163_170,
        rounding=30,
        net=(163_200,),
        cash=-3_863_200,
    ),
    Row(
        name="100 maker @ 0.50",
        count_centi=10_000,
        price_pips=5_000,
        trade=437_500,
        rounding=0,
        net=(437_500,),
        cash=-50_437_500,
        is_taker=False,
    ),
    Row(
        name="3 x 0.30 @ 0.50 non-direct",
        count_centi=30,
        price_pips=5_000,
        trade=5_250,
        rounding=4_750,
        net=(10_000, 10_000, 0),
        cash=-470_000,
        member="intermediated",
    ),
)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@each_row
def test_the_client_computes_the_row(row: Row) -> None:
    schedule = fee_schedule(
        FEE_TYPE, multiplier_ppm=1_000_000, member=row.client_class, at_ms=START_US // 1000
    )
    accumulator = FeeAccumulator()

    fees = [
        accumulator.charge(
            schedule,
            side="bid",
            price_pips=Pips(row.price_pips),
            count_centi=CentiContracts(row.count_centi),
            is_taker=row.is_taker,
        )
        for _ in row.net
    ]

    assert {(fee.trade_micros, fee.rounding_micros) for fee in fees} == {(row.trade, row.rounding)}
    assert tuple(fee.net_micros for fee in fees) == row.net


@each_row
def test_the_venue_computes_the_row(row: Row) -> None:
    carried, nets = 0, []
    for _ in row.net:
        paid = charge(
            rate=fee_terms(FEE_TYPE, Fraction(1)).rate(is_taker=row.is_taker),
            price_pips=row.price_pips,
            count_centi=row.count_centi,
            revenue_micros=-row.price_pips * row.count_centi,
            carried_micros=carried,
            grid_micros=GRID_MICROS[row.member],
        )
        carried = paid.carried_micros
        nets.append(paid.net_micros)
        assert (paid.trade_micros, paid.rounding_micros) == (row.trade, row.rounding)

    assert tuple(nets) == row.net


@each_row
def test_an_order_at_the_venue_pays_the_row(row: Row) -> None:
    hall = open_hall(fee_type=FEE_TYPE, ranges=DECI_CENT)
    hall.venue.open_account("payer", {0: 100_000_000}, on_record=True, membership=row.member)
    whole = row.count_centi * len(row.net)
    if row.is_taker:
        for _ in row.net:
            hall.create("maker", quote("ask", row.price_pips, row.count_centi))
        hall.create("payer", order("bid", row.price_pips, whole))
    else:
        hall.create("payer", quote("bid", row.price_pips, whole))
        hall.create("maker", order("ask", row.price_pips, whole))

    view = hall.venue.floor.account("payer").view
    assert view is not None
    assert tuple(fill.fee_micros for fill in view.fills) == row.net
    assert hall.cash("payer") - 100_000_000 == row.cash
