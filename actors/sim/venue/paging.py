"""Pages of a list and the cursors between them. Pure.

The last page's cursor is the empty string, and a cursor that makes no sense is
silently the first page (reference ``kalshi.md`` section 4).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def page_from(rows: Sequence[T], limit: int, cursor: str) -> tuple[list[T], str]:
    """Return one page of a list that only grows at its end, and the next cursor."""
    start = _read(cursor) or 0
    page = list(rows[start : start + limit])
    end = start + len(page)
    return page, _write(end) if end < len(rows) else ""


def page_newest(
    rows: Iterable[T], number: Callable[[T], int], limit: int, cursor: str
) -> tuple[list[T], str]:
    """Return one page of ``rows``, newest first; a row that arrives meanwhile shifts nothing.

    Args:
        rows: Newest first.
        number: A row's place in the order of arrival.
        limit: The most rows on a page.
        cursor: Where the previous page ended.
    """
    before = _read(cursor)
    older = (row for row in rows if before is None or number(row) < before)
    page = list(islice(older, limit + 1))
    if len(page) <= limit:
        return page, ""
    return page[:limit], _write(number(page[limit - 1]))


def _write(place: int) -> str:
    return base64.urlsafe_b64encode(f"p{place}".encode()).decode("ascii")


def _read(cursor: str) -> int | None:
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    digits = text.removeprefix("p")
    return int(digits) if text != digits and digits.isdecimal() and len(digits) <= 18 else None  # noqa: PLR2004 - no list is longer than 64 bits can count
