"""A feed's record."""

from hypothesis import given, strategies as st

from actors.feeds.contest import Entrant
from actors.feeds.ledger import KEPT, PARDONED_AFTER, RECENT, Tally
from actors.feeds.race import Race
from tests.feeds.story import Story, judgements, reasons

LONG = Entrant(dead_after_ns=10**18)


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


def test_fifty_goals_pardon_one_phantom() -> None:
    tally = Tally()
    tally.charge()
    tally.charge()

    for _ in range(PARDONED_AFTER - 1):
        tally.echo(0)
    assert tally.charges == 2
    tally.win()
    assert tally.charges == 1
    for _ in range(PARDONED_AFTER - 1):
        tally.was_earlier()
    tally.charge()
    for _ in range(PARDONED_AFTER):
        tally.echo(0)

    assert tally.charges == 1, "a phantom among them begins the count anew"
    assert tally.phantoms == 3, "what was, was"


@given(phantoms=st.integers(1, 4), shown=st.integers(0, 300))
def test_a_feed_is_quarantined_while_its_unpardoned_phantoms_are_too_many(
    phantoms: int, shown: int
) -> None:
    tally = Tally()
    for _ in range(phantoms):
        tally.charge()
    for _ in range(shown):
        tally.echo(1)

    race = Race(feeds={"ada": Entrant()}, quarantine_after=2, tallies={"ada": tally})

    (ledger,) = race.ledgers()
    assert ledger.quarantined == (phantoms - min(phantoms, shown // PARDONED_AFTER) >= 2)


def test_a_quarantined_feed_corroborates_and_earns_its_right_back() -> None:
    tallies = {"ada": Tally(charges=2, phantoms=2, good=PARDONED_AFTER - 2), "bob": Tally()}
    race = Race(feeds={"ada": LONG, "bob": LONG}, tallies=tallies)
    story = Story({"ada": LONG, "bob": LONG})
    story.race = race
    story.all_at("0-0")

    assert reasons(story.say("ada", "1-0", 60)) == ["quarantined"]
    assert judgements(story.say("bob", "1-0", 61)) == ["trigger"]
    story.say("bob", "2-0", 90)
    assert judgements(story.say("ada", "2-0", 91)) == ["echo"]
    story.wait_until(200)

    assert judgements(story.say("ada", "3-0", 201)) == ["trigger"]
    assert story.doubts == []
