"""When a poller asks again, and what an answer means to it."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedError, FeedGarbled, FeedLost
from actors.feeds.pull.answers import Exchange, Head
from actors.feeds.pull.polling import LONGEST_RETRY_S, LONGEST_WAIT_S, Polling, http_date_s

DATE = "Sun, 22 Nov 2026 20:00:00 GMT"


def head(status: int = 200, **headers: str) -> Head:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Head(status=status, headers=named)


def poller(every_s: float = 1.0) -> Polling:
    return Polling(every_s=every_s, rng=random.Random(1))


def read_all(answer: bytes) -> None:
    exchange = Exchange()
    exchange.ask("h", "/", [])
    exchange.feed(answer)
    while exchange.next():
        pass


def test_the_same_body_again_is_a_proof_of_life_and_no_news() -> None:
    polling = poller()

    assert polling.take(head(), b"{}", 0.0) == "news"
    assert polling.take(head(), b"{}", 1.0) == "alive"
    assert polling.take(head(304), b"", 2.0) == "alive"
    assert polling.take(head(etag='"same"'), b"[]", 3.0) == "news"


def test_what_an_answer_was_marked_with_is_the_next_condition() -> None:
    polling = poller()
    polling.take(head(etag='W/"7"', last_modified=DATE), b"{}", 0.0)

    assert dict(polling.headers())["If-None-Match"] == 'W/"7"'
    assert dict(polling.headers())["If-Modified-Since"] == DATE
    polling.forget()
    assert dict(polling.headers()) == {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [
        ({}, 1.0),
        ({"cache_control": "max-age=5, s-maxage=3", "age": "2"}, 3.0),
        ({"cache_control": "max-age=1", "age": "9"}, 1.0),
        ({"cache_control": "max-age=999999"}, LONGEST_WAIT_S),
        ({"cache_control": "max-age=-1, max-age=soon, max-age=99999999999999"}, 1.0),
    ],
)
def test_a_body_is_asked_for_again_when_it_is_no_longer_fresh(
    headers: dict[str, str], least_s: float
) -> None:
    polling = poller()
    polling.take(head(200, **headers), b"{}", 100.0)

    assert 100 + least_s <= polling.next_s <= 100 + 1.1 * least_s


def test_freshness_is_counted_from_the_request_and_not_from_its_answer() -> None:
    for answer, every_s in ((head(cache_control="max-age=1"), 0.5), (head(), 1.0)):
        polling, asked_s = poller(every_s), list[float]()
        for _ in range(100):
            asked_s.append(polling.next_s)
            polling.asked(asked_s[-1])
            # Each answer takes a third of a second.
            polling.take(answer, b"{}", asked_s[-1] + 0.333)

        apart_s = [then - now for now, then in pairwise(asked_s)]
        assert min(apart_s) >= 1.0, "a cache would give the same body again"
        assert max(apart_s) <= 1.1


def test_an_answer_that_took_longer_than_it_is_fresh_is_asked_for_again_at_once() -> None:
    polling = poller(0.5)
    polling.asked(10.0)
    polling.take(head(cache_control="max-age=1"), b"{}", 14.0)

    assert polling.next_s <= 14.0


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Sun, 22 Nov 2026 20:00:09 GMT", "date": DATE}, 9.0),
        ({"retry_after": "Sun, 22 Nov 2020 20:00:09 GMT", "date": DATE}, 2.0),
        ({"retry_after": "whenever"}, 2.0),
        ({"retry_after": "999999999"}, LONGEST_RETRY_S),
    ],
)
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(
    headers: dict[str, str], least_s: float
) -> None:
    polling = poller()

    assert polling.take(head(429, **headers), b"", 0.0) == "failed"
    assert least_s <= polling.next_s <= 1.1 * least_s


def test_an_older_body_from_another_edge_is_neither_news_nor_life() -> None:
    polling = poller()

    assert polling.take(head(date=DATE, age="0"), b"1-0", 0.0) == "news"
    assert polling.take(head(date=DATE, age="30"), b"0-0", 1.0) == "stale"
    assert polling.take(head(date=DATE), b"1-1", 2.0) == "news"


def test_no_more_than_the_bucket_holds_leaves_at_once() -> None:
    polling, now_s = poller(), 1_000.0
    for _ in range(20):
        polling.asked(now_s)

    assert polling.next_s >= now_s + 14


def test_a_refusal_is_told_from_a_busy_server() -> None:
    assert poller().take(head(403), b"", 0.0) == "refused"
    assert poller().take(head(503), b"", 0.0) == "failed"


def test_however_long_a_server_fails_the_wait_stays_bounded() -> None:
    polling = poller()
    for _ in range(2_000):
        polling.take(head(503), b"", 0.0)

    assert polling.next_s <= 40


DATES = st.text("0123456789 :,-+GMTSunNovJan", max_size=40) | st.text(max_size=40)


@given(DATES)
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = http_date_s(text)

    assert found is None or isinstance(found, int)


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_crash_the_reader_of_answers(data: bytes, begins_well: bool) -> None:  # noqa: FBT001 - drawn
    exchange = Exchange()
    exchange.ask("h", "/", [])
    try:
        exchange.feed((b"HTTP/1.1 200 OK\r\n" if begins_well else b"") + data)
        while exchange.next():
            pass
    except FeedError as error:
        assert len(str(error)) < 500  # noqa: PT017 - many inputs raise nothing


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", FeedGarbled),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", FeedGarbled),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 20_000, FeedGarbled),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9, FeedGarbled),
    ],
)
def test_a_hostile_answer_ends_the_connection_and_is_shown(
    answer: bytes, error: type[FeedError]
) -> None:
    with pytest.raises(error) as caught:
        read_all(answer)

    assert repr(answer[:40])[2:20] in str(caught.value)


def test_an_answer_cut_short_is_a_loss() -> None:
    exchange = Exchange()
    exchange.ask("h", "/", [])
    exchange.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    assert isinstance(exchange.next(), Head)
    assert exchange.next() == b"abc"
    exchange.feed(b"")

    with pytest.raises(FeedLost):
        exchange.next()
