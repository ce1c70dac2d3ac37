"""Laws of what an event's positions are worth together at the worst."""

from hypothesis import given, strategies as st

from actors.model.baskets import EventLegs, basket_centi, worst_payout_micros
from actors.model.orders import Ticker

LEGS = tuple(Ticker(name) for name in ("HOME", "AWAY", "TIE"))
MATCH = EventLegs(event_ticker="E", legs=LEGS, exclusive=True, exhaustive=True)
LOOSE = EventLegs(event_ticker="E", legs=LEGS, exclusive=True, exhaustive=False)
APART = EventLegs(event_ticker="E", legs=LEGS, exclusive=False, exhaustive=False)
positions = st.tuples(*(st.integers(-50_00, 50_00) for _ in LEGS)).map(
    lambda counts: dict(zip(LEGS, counts, strict=True))
)


@given(held=positions, event=st.sampled_from([MATCH, LOOSE, APART]))
def test_a_complete_set_pays_the_same_whatever_happens(
    held: dict[Ticker, int], event: EventLegs
) -> None:
    sets = basket_centi(event, held)
    if sets:
        only = dict.fromkeys(LEGS, sets)
        pays_micros = 10_000 * (sets if sets > 0 else -sets * (len(LEGS) - 1))
        assert worst_payout_micros(event, only) == pays_micros


@given(held=positions)
def test_what_is_taken_for_a_set_is_held_in_every_leg(held: dict[Ticker, int]) -> None:
    sets = basket_centi(MATCH, held)

    assert all(abs(count) >= abs(sets) for count in held.values())
    assert all(count * sets >= 0 for count in held.values()) or not sets


def test_every_yes_is_no_set_where_no_leg_may_pay() -> None:
    held = dict.fromkeys(LEGS, 5_00)

    assert basket_centi(MATCH, held) == 5_00
    assert basket_centi(LOOSE, held) == 0
    assert worst_payout_micros(LOOSE, held) == 0
    assert basket_centi(LOOSE, dict.fromkeys(LEGS, -5_00)) == -5_00
    assert basket_centi(APART, dict.fromkeys(LEGS, -5_00)) == 0


@given(held=positions, event=st.sampled_from([MATCH, LOOSE, APART]))
def test_no_more_is_lost_than_everything(held: dict[Ticker, int], event: EventLegs) -> None:
    most = 10_000 * sum(abs(count) for count in held.values())

    assert 0 <= worst_payout_micros(event, held) <= most
