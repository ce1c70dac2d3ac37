import pytest
from hypothesis import given, strategies as st

from actors.model import money
from actors.model.money import BadAmount, CentiContracts, MicroDollars, Pips
from tests.strategies import centi_contracts, pips


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.56", 5_600), ("0.5600", 5_600), ("0.0001", 1), ("1", 10_000), ("1.0000", 10_000)],
)
def test_a_price_is_read_in_pips(text: str, expected: int) -> None:
    assert money.parse_pips(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("3", 300), ("3.5", 350), ("-40.00", -4_000)])
def test_a_count_is_read_in_hundredths_and_may_be_negative(text: str, expected: int) -> None:
    assert money.parse_centi(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("98.0186", 98_018_600), ("0.017500", 17_500)])
def test_an_amount_is_read_in_micro_dollars(text: str, expected: int) -> None:
    assert money.parse_micros(text) == expected


def test_zeros_beyond_the_last_decimal_change_nothing() -> None:
    assert money.parse_pips("0.56000000") == 5_600


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "0.", ".5", "+1", "1e2", " 1", "1 ", "1,0", "0x1", "--1", "nan", "1.2.3", "1_0"],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(BadAmount, match="not a decimal"):
        money.parse_micros(text)


def test_digits_of_other_scripts_are_refused() -> None:
    with pytest.raises(BadAmount, match="not a decimal"):
        money.parse_micros("\u0663.\u0661")


@pytest.mark.parametrize("text", ["0.00001", "0.12345"])
def test_a_price_finer_than_a_pip_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(BadAmount, match="finer"):
        money.parse_pips(text)


def test_an_absurdly_long_amount_is_refused() -> None:
    with pytest.raises(BadAmount, match="too large"):
        money.parse_micros("1" * 16)


def test_a_refusal_quotes_no_more_than_a_line_of_the_text() -> None:
    with pytest.raises(BadAmount) as caught:
        money.parse_micros("x" * 10_000)

    assert len(str(caught.value)) < 100


@given(st.integers(-(10**15), 10**15))
def test_writing_and_reading_an_amount_returns_it(value: int) -> None:
    assert money.parse_pips(money.pips_text(Pips(value))) == value
    assert money.parse_centi(money.centi_text(CentiContracts(value))) == value
    assert money.parse_micros(money.micros_text(MicroDollars(value))) == value


def test_amounts_are_written_with_the_decimals_of_the_venue() -> None:
    assert money.pips_text(Pips(5_600)) == "0.5600"
    assert money.centi_text(CentiContracts(-50)) == "-0.50"
    assert money.micros_text(MicroDollars(17_500)) == "0.017500"


@given(pips, centi_contracts)
def test_both_legs_of_a_trade_together_cost_one_dollar_a_contract(
    price: Pips, count: CentiContracts
) -> None:
    yes = money.cost_micros(price, count)
    no = money.cost_micros(money.opposite_pips(price), count)

    assert (yes + no) * money.ONE_CONTRACT_CENTI == money.ONE_DOLLAR_MICROS * count


@given(pips)
def test_the_opposite_of_the_opposite_price_is_the_price(price: Pips) -> None:
    assert money.opposite_pips(money.opposite_pips(price)) == price
