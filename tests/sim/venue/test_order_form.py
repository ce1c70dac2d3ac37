from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.order_form import read_order
from actors.sim.venue.refusals import Refused

WHOLE: Mapping[str, object] = {
    "ticker": "KXWCGAME-26JUN15IRINZL-IRI",
    "client_order_id": "2b8394e0-515e-4b89-b624-f34067756855",
    "side": "bid",
    "count": "1.00",
    "price": "0.9900",
    "time_in_force": "immediate_or_cancel",
    "self_trade_prevention_type": "taker_at_cross",
}


def read(**changes: object) -> CreateOrder | Refused:
    return read_order(msgspec.json.encode({**WHOLE, **changes}))


def refusal(**changes: object) -> Refused:
    outcome = read(**changes)
    assert isinstance(outcome, Refused)
    assert outcome.status == 400
    return outcome


def test_a_whole_order_is_read() -> None:
    outcome = read(
        reduce_only=True, exchange_index=3, subaccount=0, post_only=None, expiration_time=7
    )

    assert isinstance(outcome, CreateOrder)
    assert (outcome.price_pips, outcome.count_centi) == (9_900, 100)
    assert (outcome.reduce_only, outcome.post_only) == (True, False)
    assert (outcome.exchange_index, outcome.expires_us) == (3, 7_000_000)


def test_without_a_shard_the_order_is_routed_by_its_ticker() -> None:
    outcome = read()

    assert isinstance(outcome, CreateOrder)
    assert outcome.exchange_index == -1


@pytest.mark.parametrize("name", ["count", "price"])
def test_a_number_where_a_string_belongs_is_the_flat_refusal(name: str) -> None:
    assert refusal(**{name: 1}).body == {
        "code": "bad_request",
        "message": "bad request",
        "details": "json: cannot unmarshal number into Go struct field "
        f"CreateOrderV2Request.{name} of type string",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("post_only", "true"),
        ("reduce_only", 1),
        ("expiration_time", "7"),
        ("expiration_time", 1.5),
        ("subaccount", True),
        ("exchange_index", 2**70),
        ("side", ["bid"]),
        ("ticker", {}),
    ],
)
def test_every_field_has_one_type(name: str, value: object) -> None:
    refused = refusal(**{name: value})

    assert refused.code == "bad_request"
    assert f"CreateOrderV2Request.{name} of type" in str(refused.body["details"])


@pytest.mark.parametrize(
    "name",
    ["ticker", "side", "count", "price", "time_in_force", "self_trade_prevention_type"],
)
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_what_is_required_must_be_there(name: str, value: object) -> None:
    assert refusal(**{name: value}).code == "invalid_parameters"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("side", "yes"),
        ("time_in_force", "GTT"),
        ("self_trade_prevention_type", "both"),
        ("subaccount", 64),
        ("subaccount", -1),
    ],
)
def test_a_value_outside_its_list_is_refused(name: str, value: object) -> None:
    assert refusal(**{name: value}).code == "invalid_parameters"


@pytest.mark.parametrize("price", ["0.5", "1", ".50", "0.50000", "-0.50", "0,50", "1e-1", " 0.50"])
def test_a_price_has_two_to_four_decimals(price: str) -> None:
    assert refusal(price=price).code == "invalid_price"


@pytest.mark.parametrize("count", ["1.000", "-1", "1.", "one", "", "1e3"])
def test_a_count_has_at_most_two_decimals(count: str) -> None:
    assert refusal(count=count).code in {"invalid_order_size", "invalid_parameters"}


@pytest.mark.parametrize("count", ["10", "10.0", "10.00"])
def test_a_count_may_be_spelled_three_ways(count: str) -> None:
    outcome = read(count=count)

    assert isinstance(outcome, CreateOrder)
    assert outcome.count_centi == 1_000


def test_unknown_fields_are_ignored() -> None:
    assert isinstance(read(type="market", yes_price=56, buy_max_cost=None), CreateOrder)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    outcome = read_order(body)

    assert isinstance(outcome, Refused)
    assert outcome.code == "bad_request"


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(WHOLE)), json))
def test_no_body_is_ever_an_error_of_the_venue(changes: dict[str, object]) -> None:
    outcome = read_order(msgspec.json.encode({**WHOLE, **changes}))

    assert isinstance(outcome, CreateOrder) or outcome.status == 400
