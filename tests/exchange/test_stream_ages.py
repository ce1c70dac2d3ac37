"""Laws of message ages: quantiles of what was counted, and when old news stops being news."""

from hypothesis import given, strategies as st

from actors.exchange.stream_ages import HOLD_NS, MOST_MS, SPAN_NS, Ages

MILLI = 1_000_000
BASE_MS = 1_781_159_489_957


def ages(late_ms: int = 500) -> Ages:
    return Ages(late_ms, wall_less_mono_ns=BASE_MS * MILLI)


def hear(of: Ages, *age_ms: int, at_ns: int = 0) -> None:
    for age in age_ms:
        of.note(BASE_MS + at_ns // MILLI - age, at_ns)


@given(st.lists(st.integers(-50, 5_000), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_the_least_age_that_a_share_does_not_exceed(
    heard: list[int], share: float
) -> None:
    of = ages()
    hear(of, *heard)
    counted = sorted(min(max(age, 0), MOST_MS) for age in heard)

    (found,) = of.quantiles_ms(share)
    below = sum(age <= found for age in counted)
    assert below >= share * len(counted)
    assert sum(age < found for age in counted) < share * len(counted)
    assert (of.messages, of.ahead) == (len(heard), sum(age < 0 for age in heard))


def test_nothing_heard_is_no_age() -> None:
    of = ages()
    of.note(0, 5)
    assert of.messages == 0, "a message without a stamp says nothing"
    assert of.quantiles_ms(0.5, 0.99) == [-1, -1]


def test_old_news_speaks_against_its_connection_until_newer_comes_or_it_is_long_ago() -> None:
    of = ages(late_ms=500)
    hear(of, 500)
    assert not of.is_late(0)
    hear(of, 501)
    assert of.is_late(0)
    assert of.is_late(HOLD_NS - 1)
    assert not of.is_late(HOLD_NS)
    hear(of, 3)
    assert not of.is_late(1)
    assert of.late == 1


def test_what_is_older_than_two_spans_is_let_go() -> None:
    of = ages()
    of.turn(SPAN_NS)
    hear(of, 100)
    of.turn(2 * SPAN_NS)
    hear(of, 300, 300)
    assert of.quantiles_ms(0.1, 1.0) == [100, 300]
    of.turn(3 * SPAN_NS)
    assert of.quantiles_ms(0.1) == [300]
    of.turn(4 * SPAN_NS)
    assert of.quantiles_ms(0.1) == [-1]
