import attrs
import pytest
from hypothesis import given, strategies as st

from actors.model.orders import OrderRequest, Side, Ticker, client_order_id, opposite, sign
from tests.strategies import order_requests, sides

ID = {
    "account": "acc",
    "match": "KXGAME-1",
    "generation": 0,
    "state": "1-0",
    "ticker": Ticker("KXGAME-1-A"),
    "side": "bid",
    "leg": 0,
    "attempt": 0,
}


def id_of(**changes: object) -> str:
    return client_order_id(**{**ID, **changes})  # type: ignore[arg-type]  # ID holds each kind


@given(sides)
def test_the_sides_are_each_others_opposites_and_move_the_position_apart(side: Side) -> None:
    assert opposite(opposite(side)) == side
    assert sign(side) == -sign(opposite(side))


def test_a_bid_adds_to_the_yes_position() -> None:
    assert sign("bid") == 1


def test_an_order_id_is_the_same_in_every_run() -> None:
    assert id_of() == "ciyarwpkqrcsq5j3rklghfk245"


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("account", "acc2"),
        ("match", "KXGAME-2"),
        ("generation", 1),
        ("state", "0-1"),
        ("ticker", Ticker("KXGAME-1-B")),
        ("side", "ask"),
        ("leg", 1),
        ("attempt", 1),
    ],
)
def test_every_part_of_what_an_order_is_for_changes_its_id(field: str, other: object) -> None:
    assert id_of(**{field: other}) != id_of()


def test_parts_cannot_run_into_each_other() -> None:
    assert id_of(generation=1, state="11-0") != id_of(generation=11, state="1-0")


@given(st.text(max_size=40), st.integers(0, 10**6))
def test_an_order_id_has_only_characters_that_the_venue_takes(match: str, generation: int) -> None:
    made = id_of(match=match, generation=generation)

    assert len(made) == 26
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz234567")


@given(order_requests)
def test_an_order_cannot_be_changed_after_it_was_meant(request: OrderRequest) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.leg = 1  # type: ignore[attr-defined]  # the point: not even a new attribute
