"""What the journal keeps of its owner's hand: that somebody else's trading was taken over."""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class TakenOver:
    """A person has looked at what others did in our account, and it is in our books from here on.

    The fills themselves follow as rows of their own, of source ``taken over``.
    """

    order_ids: list[str]
    """The venue's ids of their orders."""
    lines: list[str]
    """What journal and venue disagreed about before."""
    wall_ns: int


OWNER_TYPES: Final[dict[int, tuple[type, int]]] = {17: (TakenOver, 1)}
"""These rows' part of the list in ``records.py``."""
