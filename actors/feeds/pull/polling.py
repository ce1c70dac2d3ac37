"""When to ask again, with which conditions, and what an answer means. Pure.

Source: reference ``feeds.md`` section 2.5 (RFC 9110 and 9111 as far as one poller needs
them). Freshness is counted from the request, so that an answer's way back makes nobody late
(RFC 9111 section 4.2.3). A 304 and a body that we have already are proofs of life and no
news. A body older than one we have had, which another edge of a cache can serve, is neither.
"""

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final, Literal

import attrs

from actors.feeds.pull.answers import Head

LONGEST_WAIT_S: Final = 20.0
"""However long a cache says that its body is good: silence may last thirty seconds."""
LONGEST_RETRY_S: Final = 600.0
"""However long a server wants to be left alone."""
MOST_FAILURES: Final = 3
"""In a row; then the connection is given up."""
TOKENS: Final = 5.0
MOST_DOUBLINGS: Final = 5
"""Of the time between two requests, while they fail."""
LONGEST_FIELD: Final = 256
"""Characters of a mark that we send back."""
JITTER: Final = 0.1
NOT_MODIFIED: Final = 304
OK: Final = 200
_BUSY: Final = frozenset({429, 500, 502, 503, 504})

Verdict = Literal["news", "alive", "stale", "failed", "refused"]


def http_date_s(text: str) -> int | None:
    """Return the epoch seconds of an HTTP date; ``None`` where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):  # the parser's own slips too
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@attrs.define(eq=False, kw_only=True)
class Polling:
    """One URL's poller. The tree's own: what it learnt outlives every connection.

    Times are seconds of one clock that never goes back, the caller's.
    """

    every_s: float
    """The shortest time between two requests."""
    rng: random.Random
    """For the jitter."""
    next_s: float = 0.0
    """When to ask next."""
    failures: int = 0
    """In a row."""
    _etag: str = ""
    _modified: str = ""
    _hash: bytes = b""
    _origin_s: int = 0
    """Of the provider's clock: when the newest body that we took left its origin."""
    _tokens: float = TOKENS
    _filled_s: float = 0.0
    _asked_s: float | None = None
    """When the request left whose answer is awaited; ``None`` where none is."""

    def headers(self) -> list[tuple[str, str]]:
        """Return the conditions of the next request."""
        wanted = [("Accept", "application/json")]
        if self._etag:
            wanted.append(("If-None-Match", self._etag))
        if self._modified:
            wanted.append(("If-Modified-Since", self._modified))
        return wanted

    def asked(self, now_s: float) -> None:
        """Take note that a request leaves now; one without an answer is due again in time."""
        refilled = (now_s - self._filled_s) / self.every_s
        self._tokens = min(TOKENS, self._tokens + refilled) - 1.0
        self._filled_s = self._asked_s = now_s
        self._wait(now_s, self.every_s)

    def take(self, head: Head, body: bytes, now_s: float) -> Verdict:
        """Take one answer: return what it means and decide when to ask next."""
        asked_s, self._asked_s = self._asked_s, None
        if head.status in {NOT_MODIFIED, OK}:
            self.failures = 0
            self._wait(now_s if asked_s is None else asked_s, max(self.every_s, _fresh_s(head)))
            return "alive" if head.status == NOT_MODIFIED else self._body(head, body)
        self.failures += 1
        doubled = 2 ** min(self.failures, MOST_DOUBLINGS)
        self._wait(now_s, max(self.every_s * doubled, _retry_s(head)))
        return "failed" if head.status in _BUSY else "refused"

    def _body(self, head: Head, body: bytes) -> Verdict:
        digest = sha256(body).digest()
        if digest == self._hash:
            return "alive"
        sent_s = http_date_s(head.header("date"))
        if sent_s is not None:
            # Two edges' clocks may be a second apart.
            origin_s = sent_s - (_number(head.header("age")) or 0)
            if origin_s < self._origin_s - 1:
                return "stale"
            self._origin_s = max(self._origin_s, origin_s)
        self._hash = digest
        self._etag = _carried(head.header("etag"))
        self._modified = _carried(head.header("last-modified"))
        return "news"

    def forget(self) -> None:
        """Ask for the whole body next time: whoever reads it begins anew."""
        self._etag = self._modified = ""
        self._hash = b""

    def _wait(self, now_s: float, wait_s: float) -> None:
        wait_s = max(wait_s, self.every_s * max(0.0, 1.0 - self._tokens))
        self.next_s = now_s + wait_s * (1.0 + JITTER * self.rng.random())


def _carried(value: str) -> str:
    # What is sent back must fit a head of ours.
    return value if len(value) <= LONGEST_FIELD else ""


def _fresh_s(head: Head) -> float:
    """Return for how long a cache would go on giving the same body."""
    fresh = 0
    for directive in head.header("cache-control").lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name in {"max-age", "s-maxage"}:
            fresh = max(fresh, _number(value.strip('"')) or 0)
    return min(max(0, fresh - (_number(head.header("age")) or 0)), LONGEST_WAIT_S)


def _retry_s(head: Head) -> float:
    text = head.header("retry-after")
    wait = _number(text)
    if wait is None:
        until, sent = http_date_s(text), http_date_s(head.header("date"))
        wait = 0 if until is None or sent is None else max(0, until - sent)
    return min(wait, LONGEST_RETRY_S)


def _number(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None  # noqa: PLR2004 - nine digits are thirty years
