"""What is said of each feed at the end of a run."""

import attrs

from actors.cli.feed_record import feed_figures, feed_lines
from actors.feeds.ledger import FeedLedger

MS = 1_000_000
FIRST = FeedLedger(
    feed="lightstreamer",
    wins=3,
    echoes=1,
    earlier=0,
    chances=4,
    phantoms=1,
    reversals=0,
    overturned=1,
    unconfirmed=2,
    quarantined=False,
    lags_ns=(70 * MS,),
    margins_ns=(10 * MS, 46 * MS, 120 * MS),
)
NEVER = attrs.evolve(
    FIRST,
    feed="ws",
    wins=0,
    echoes=0,
    phantoms=0,
    overturned=0,
    unconfirmed=0,
    lags_ns=(),
    margins_ns=(),
    quarantined=True,
)


def test_every_feed_has_a_line_that_says_how_often_it_was_first_and_by_how_much() -> None:
    assert feed_lines([FIRST, NEVER]) == [
        (
            "feed lightstreamer  wins    3, ahead by 46 ms (p90 120 ms);"
            " behind by 70 ms (p90 70 ms); covers 100 %; phantoms 1;"
            " taken back 1; unconfirmed at first 2"
        ),
        (
            "feed ws             wins    0, ahead by -; behind by -; covers 0 %; phantoms 0;"
            " quarantined"
        ),
    ]


def test_the_summary_names_every_feed_with_its_figures() -> None:
    figures = feed_figures([FIRST, NEVER])

    assert list(figures) == ["lightstreamer", "ws"]
    assert figures["lightstreamer"] == {
        "wins": 3,
        "echoes": 1,
        "overturned": 1,
        "phantoms": 1,
        "unconfirmed": 2,
        "reversals": 0,
        "coverage": 1.0,
        "lag_ms_p50": 70.0,
        "lag_ms_p90": 70.0,
        "margin_ms_p50": 46.0,
        "margin_ms_p90": 120.0,
    }
    assert figures["ws"]["margin_ms_p90"] is None


def test_a_run_without_feeds_has_no_lines() -> None:
    assert feed_lines([]) == []
