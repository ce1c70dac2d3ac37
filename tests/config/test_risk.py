"""Laws of the section ``[risk]``: a slip in a file is one clear line and never a wider limit."""

from pathlib import Path

import pytest

from actors.config.load import BadProfile, load
from actors.config.risk import Risk
from actors.risk import gate


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('day_loss_dollars = "99999"', "the day's loss must be above 0 and at most"),
        ('drawdown_dollars = "0"', "the drawdown must be above 0"),
        ("losing_streak = 0", "the losing streak must be above 0"),
        ("orders_per_goal = 4", "orders_per_goal"),
        ("repeat_ms = 0", "repeat_ms"),
        ("journal_lag_ms = 50", "journal_lag_ms"),
        ("delay_max_ms = 6000", "delay_max_ms"),
        ("group_contracts = 50001", "group_contracts"),
        ("daily_loss = 3", "daily_loss"),
    ],
)
def test_what_is_beyond_its_ceiling_or_unknown_is_refused_in_a_line(
    line: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "base"\n[risk]\n{line}\n')

    with pytest.raises(BadProfile) as refused:
        load(str(path))

    (told,) = [each for each in str(refused.value).splitlines() if "risk" in each]
    assert says in told


def test_the_gate_goes_by_the_profiles_terms_in_its_own_units() -> None:
    terms = gate.Terms.of(Risk(repeat_ms=50, orders_per_goal=2, journal_lag_ms=100), 500)

    assert (terms.repeat_ns, terms.journal_lag_ns) == (50_000_000, 100_000_000)
    assert (terms.orders_per_goal, terms.single_feed_pm) == (2, 500)
