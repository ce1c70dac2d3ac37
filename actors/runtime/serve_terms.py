"""What a request's target says, and what an answer's head may say. Pure."""

import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

QUERY_FIELDS: Final = 256

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
_OURS: Final = frozenset(
    {"content-length", "content-type", "transfer-encoding", "upgrade", "sec-websocket-accept"}
)


def sound_content_type(_: object, __: object, value: str) -> None:
    """Raise ``ValueError`` unless it can stand in a content type."""
    if not _VALUE.fullmatch(value):
        raise ValueError(f"not a content type: {value!r}")


def sound_headers(_: object, __: object, value: tuple[tuple[str, str], ...]) -> None:
    """Raise ``ValueError`` unless each is a header line that is not the server's to write."""
    for name, text in value:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(text):
            raise ValueError(f"not a header line: {name!r}: {text!r}")
        if name.lower() in _OURS:
            raise ValueError(f"the server writes {name!r} itself")


def split_target(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a target's decoded path, and the fields of its query.

    Raises:
        ValueError: It is not UTF-8, or has too many fields.
    """
    if not target.startswith("/") and "://" in target:
        # A client that takes us for a proxy sends the whole URL (RFC 9112 section 3.2.2).
        parts = urlsplit(target)
        path, query = parts.path or "/", parts.query
    else:
        path, _, query = target.partition("?")
    fields = parse_qsl(query, keep_blank_values=True, max_num_fields=QUERY_FIELDS, errors="strict")
    return unquote(path, errors="strict"), tuple(fields)
