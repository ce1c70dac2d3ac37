import pytest

from actors.sim.venue.auth import KeyRing
from actors.sim.venue.queries import FLAGS, PageSize, Query, read_query
from actors.sim.venue.refusals import Refused
from actors.sim.venue.rest import Rest
from tests.sim.venue.contract import DOCUMENT, operations
from tests.sim.venue.hall import open_hall
from tests.sim.venue.published import require

NUMBERS = frozenset({"min_ts", "max_ts"})
PAGES = PageSize(1000, tag="lte")


def query(*pairs: tuple[str, str], page: PageSize | None = PAGES) -> Query | Refused:
    return read_query(pairs, "GetMarkets", NUMBERS, page)


def test_a_limit_over_its_maximum_is_refused_in_the_validators_words() -> None:
    outcome = query(("limit", "1001"))

    assert isinstance(outcome, Refused)
    assert outcome.status == 400
    assert outcome.body == {
        "msg": "Parameter validation failed for GetMarkets: Key: 'GetMarketsParams.Limit' "
        "Error:Field validation for 'Limit' failed on the 'lte' tag"
    }


@pytest.mark.parametrize(("text", "limit"), [("1000", 1000), ("7", 7), ("0", 100), ("", 100)])
def test_a_limit_within_bounds_is_taken_and_none_is_the_default(text: str, limit: int) -> None:
    outcome = query(("limit", text))

    assert isinstance(outcome, Query)
    assert outcome.limit == limit


@pytest.mark.parametrize(
    ("name", "text"),
    [("limit", "-1"), ("limit", "ten"), ("min_ts", "1.5"), ("max_ts", "x"), ("min_ts", "9" * 30)],
)
def test_what_should_be_a_whole_number_must_be_one(name: str, text: str) -> None:
    outcome = query((name, text))

    assert isinstance(outcome, Refused)
    assert set(outcome.body) == {"msg"}


def test_an_instant_is_within_its_bounds_to_the_second() -> None:
    outcome = query(("min_ts", "10"), ("max_ts", "20"))

    assert isinstance(outcome, Query)
    assert [outcome.within(at_s * 1_000_000) for at_s in (9, 10, 20, 21)] == [
        False,
        True,
        True,
        False,
    ]


def test_values_may_be_repeated_or_listed() -> None:
    outcome = query(("tickers", "a,b"), ("tickers", "c"), ("flag", "true"), page=None)

    assert isinstance(outcome, Query)
    assert outcome.listed("tickers") == ("a", "b")
    assert outcome.texts_of("tickers") == ("a,b", "c")
    assert outcome.flag("flag")
    assert not outcome.flag("other")
    assert outcome.text("none") == ""


def test_a_flag_is_true_or_false_in_the_venues_own_spelling_and_nothing_else() -> None:
    for text, value in (("true", True), ("T", True), ("1", True), ("false", False), ("", False)):
        outcome = read_query((("is_block_trade", text),), "GetTrades", NUMBERS, PAGES)

        assert isinstance(outcome, Query)
        assert outcome.flag("is_block_trade") == value
    refused = read_query((("is_block_trade", "yes"),), "GetTrades", NUMBERS, PAGES)
    assert isinstance(refused, Refused)
    assert refused.body == {"msg": "Invalid format for parameter is_block_trade"}


def test_every_parameter_that_is_published_as_a_flag_or_a_number_is_read_as_one() -> None:
    require(DOCUMENT)
    published = {each.name: each.parameters for each in operations()}
    routes = [
        each for each in Rest(open_hall().venue, KeyRing()).routes if each.operation in published
    ]
    missing = []
    for route in routes:
        kinds = published[route.operation]
        flags = FLAGS.get(route.operation, frozenset())
        numbers = route.integers | ({route.page.name} if route.page else set())
        missing += [
            f"{route.operation} {name}"
            for name, kind in kinds.items()
            if (kind == "boolean" and name not in flags)
            or (kind == "integer" and name not in numbers)
        ]
        assert flags <= {name for name, kind in kinds.items() if kind == "boolean"}

    assert missing == []
    assert FLAGS.keys() <= {each.operation for each in routes}
