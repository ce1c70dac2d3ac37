"""Tables that keep their newest rows and let go of the oldest, so that none grows for ever."""

from collections import OrderedDict, deque
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

PAGES: Final = 4


def keep(rows: OrderedDict[K, V], name: K, value: V, most: int) -> None:
    """Put a row in, and let go of the oldest if there are then more than ``most``.

    An ``OrderedDict``, because a plain one looks for its first row past the places of
    all that were let go of before: thousands of steps for each row of a full table.
    """
    rows[name] = value
    if len(rows) > most:
        rows.popitem(last=False)


class Pages(Generic[K, V]):
    """A table for a thousand new rows a second: the oldest quarter goes all at once.

    One large table is copied whole now and then, which takes milliseconds; no page is
    large enough for that.
    """

    def __init__(self, most: int) -> None:
        """Keep at most ``most`` rows, and at least the newest three quarters of that."""
        self._page_most = most // PAGES
        self._pages: deque[dict[K, V]] = deque([{}], maxlen=PAGES)

    def get(self, name: K) -> V | None:
        """Return the newest row called ``name`` if it is still there."""
        for page in self._pages:
            if name in page:
                return page[name]
        return None

    def keep(self, name: K, value: V) -> None:
        """Put a row in."""
        if len(self._pages[0]) >= self._page_most:
            self._pages.appendleft({})
        self._pages[0][name] = value
