"""The usual HTTP request and answer in a few steps: whole, plain, one at a time. Pure.

A busy client sends the same kind of request thousands of times, each in one piece. That
is recognized here with one expression, and everything that is not beyond doubt is left to
the grammar of h11: other versions, transfer codings, upgrades, expectations, goodbyes,
requests in pieces and more than one at once.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_HEAD: Final = re.compile(
    rb"(GET|POST|PUT|PATCH|DELETE) (/[!#$&-;=@-Z_a-z~]*) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ \t]*[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\r\n)+)\r\n"
)
"""No query and nothing encoded in the target; no empty value, and none but printable ASCII."""
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_UNUSUAL: Final = frozenset({"transfer-encoding", "connection", "upgrade", "expect"})


class Usual(NamedTuple):
    """A request that is as most are."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order sent."""
    body: bytes


def read_usual(data: bytes, *, header_bytes: int, body_bytes: int) -> Usual | None:
    """Return the request that ``data`` is, exactly; ``None`` if that is not beyond doubt.

    Args:
        data: What came after the end of the request before.
        header_bytes: The longest head that is not refused.
        body_bytes: The longest body that is not refused.
    """
    head = _HEAD.match(data)
    if head is None or head.end() > header_bytes:
        return None
    headers: list[tuple[str, str]] = []
    for line in head[3].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        headers.append((name.lower(), value.strip(" \t")))
    names = [name for name, _ in headers]
    if names.count("host") != 1 or not _UNUSUAL.isdisjoint(names):
        return None
    size = 0
    if "content-length" in names:
        declared = headers[names.index("content-length")][1]
        if names.count("content-length") > 1 or not _LENGTH.fullmatch(declared):
            return None
        size = int(declared)
    if size > body_bytes or len(data) - head.end() != size:
        return None
    return Usual(
        head[1].decode("ascii"), head[2].decode("ascii"), tuple(headers), data[head.end() :]
    )


def write_usual(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Write a whole answer whose headers are sound and say the body's length."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} \r\n{lines}\r\n".encode("ascii") + body
