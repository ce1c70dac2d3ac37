"""The feeds' record: one line each, every figure under its head, and none where there is none."""

from actors.cli.feed_record import feed_figures, feed_table
from actors.feeds.ledger import Tally

MS = 1_000_000


def test_every_feed_has_a_line_and_what_it_never_did_is_a_dash() -> None:
    ws, poll = Tally(), Tally()
    ws.wins, ws.chances = 3, 4
    ws.margins_ns.extend([10 * MS, 20 * MS, 250 * MS])
    figures = feed_figures(
        [ws.ledger("ws", quarantined=False), poll.ledger("poll", quarantined=False)]
    )

    head, first, second = (line.split() for line in feed_table(figures))

    assert head[:2] == ["feed", "wins"]
    assert first[:4] == ["ws", "3", "20.0", "250.0"]
    assert second[:6] == ["poll", "0", "-", "-", "-", "-"]
    assert {len(line) for line in feed_table(figures)} == {len(feed_table(figures)[0])}
