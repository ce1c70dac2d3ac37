"""The record types that the modules beside ``records.py`` define, in one list."""

from typing import Final

from actors.messages.records_money import MONEY_TYPES
from actors.messages.records_owner import OWNER_TYPES
from actors.messages.records_review import REVIEW_TYPES
from actors.messages.records_stream import StreamRow
from actors.messages.records_venue import VENUE_TYPES

TYPES_BESIDE: Final[dict[int, tuple[type, int]]] = {
    35: (StreamRow, 1),
    **MONEY_TYPES,
    **OWNER_TYPES,
    **REVIEW_TYPES,
    **VENUE_TYPES,
}
"""These modules' part of the list in ``records.py``."""
