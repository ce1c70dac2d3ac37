"""A feed's record."""

from hypothesis import given, strategies as st

from actors.feeds.ledger import KEPT, RECENT, Tally


@given(lags=st.lists(st.integers(0, 10**11), min_size=1, max_size=2 * KEPT))
def test_quantiles_are_lags_that_happened_and_rise(lags: list[int]) -> None:
    tally = Tally()
    for lag_ns in lags:
        tally.echo(lag_ns)
    ledger = tally.ledger("ada", quarantined=False)
    kept = lags[-KEPT:]

    quantiles = [ledger.lag_ns(quantile) for quantile in (0.0, 0.5, 0.9, 1.0)]

    assert quantiles[0] == min(kept)
    assert quantiles[-1] == max(kept)
    assert all(one in kept for one in quantiles)
    assert quantiles == sorted(kept[kept.index(one)] for one in quantiles if one is not None)
    assert ledger.echoes == len(lags)
    assert min(kept[-RECENT:]) <= tally.usual_lag_ns <= max(kept[-RECENT:])


def test_a_feed_without_echoes_is_not_called_slow() -> None:
    assert Tally().usual_lag_ns == 0


def test_coverage_is_the_share_of_chances_that_were_shown() -> None:
    tally = Tally(wins=1, echoes=2, chances=4)

    assert tally.ledger("ada", quarantined=False).coverage == 0.75
    assert Tally().ledger("ada", quarantined=False).coverage == 1.0
