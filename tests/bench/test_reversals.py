"""Laws of the reversals' figures: what is missed or not known is never left out of them."""

import pytest

from bench import reversals
from bench.harness import acknowledgement
from bench.reversals import CASES, EXITS_S, Played, Reversal
from bench.rows import Row

MS = 1_000_000


def reversal(*read_ms: int, lots: int = 3) -> Reversal:
    """Return one that began at nought and whose exits were read so late."""
    waited_s = EXITS_S if len(read_ms) < lots else max(read_ms) / 1e3
    return Reversal(
        match="M",
        began_ns=0,
        ended_ns=round(waited_s * 1e9),
        read_ns=tuple(each * MS for each in read_ms),
        lots=lots,
    )


def stamps(*sent_ms: int) -> reversals.Stamps:
    sent = [(each * MS, f"lot {number}") for number, each in enumerate(sent_ms)]
    return reversals.Stamps(received={"M": [MS]}, sent={"M": sent})


def test_the_last_lot_is_what_counts() -> None:
    (figures, *_) = reversals.figures_of(
        stamps(2, 3, 6), [Played(CASES[0], reversals=[reversal(3, 4, 7)])]
    )

    assert figures.whole_ns == (7 * MS,)
    assert figures.own_ns == (5 * MS,)
    assert (figures.missed, figures.unstamped) == (0, 0)


def test_a_missed_exit_counts_as_all_the_time_that_it_was_waited_for() -> None:
    (figures, *_) = reversals.figures_of(
        stamps(2, 3), [Played(CASES[0], reversals=[reversal(3, 4), reversal()])]
    )

    assert figures.whole_ns == (round(EXITS_S * 1e9),) * 2
    assert figures.own_ns == figures.whole_ns
    assert (figures.missed, figures.unstamped) == (4, 2)


@pytest.mark.parametrize(
    ("figure", "lost", "held"), [(4.0, 0, True), (4.0, 1, False), (6.0, 0, False)]
)
def test_a_row_that_lost_one_is_not_held(figure: float, lost: int, *, held: bool) -> None:
    row = Row(what="w", figure=figure, unit="ms", bar=5.0, n=2_000, lost=lost)

    assert row.held is held


def test_an_order_belongs_to_the_market_that_it_names() -> None:
    body = b'{"ticker":"A-B","client_order_id":"x"}'

    assert reversals.market_of(body) == b"A-B"
    assert b'"x"' in acknowledgement(body)
