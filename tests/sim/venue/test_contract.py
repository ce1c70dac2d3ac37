import pytest

from tests.sim.venue.contract import DOCUMENT, judge, operation, operations, refusal_faults
from tests.sim.venue.published import require


def test_every_rest_answer_of_these_tests_is_held_against_the_published_document() -> None:
    require(DOCUMENT)

    assert len(operations()) > 100
    found = operation("GET", "/trade-api/v2/portfolio/orders/queue_positions")
    assert found is not None
    assert found.name == "GetOrderQueuePositions"


def test_a_field_that_no_document_names_is_a_fault() -> None:
    require(DOCUMENT)

    found = judge("GET", "/trade-api/v2/exchange/user_data_timestamp", 200, {"odd": 1})

    assert any("unknown field odd" in fault for fault in found)


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        ({"error": {"code": "not_found", "message": "not found"}}, True),
        ({"code": "bad_request", "message": "bad request", "details": "x"}, True),
        ({"msg": "x"}, True),
        ({"error": "too many requests"}, True),
        ({"error": {"code": "not_found"}}, False),
        ({"msg": "x", "code": "y"}, False),
        ({}, False),
    ],
)
def test_the_venue_refuses_in_four_shapes_and_no_other(body: object, *, fine: bool) -> None:
    assert (refusal_faults(body) == []) == fine
