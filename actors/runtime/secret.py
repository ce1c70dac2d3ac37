"""What must never be seen: a type for it, words that are struck out of what is printed, no cores.

A secret that is held as ``Secret`` prints as nothing. One that slips into a message all the
same (an error that quotes a request, a library's own words) is struck out where text leaves
the process: the log, the errors, the health, the reasons in the journal.
"""

import ctypes
import hmac
import re
import resource
import sys
import traceback
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from typing_extensions import override

REDACTED: Final = "[redacted]"
SHORTEST: Final = 8
"""Characters below which a kept word would strike out innocent text."""
KEPT_MOST: Final = 4_096
PR_SET_DUMPABLE: Final = 4

_NAMES: Final = (
    r"kalshi-access-signature|authorization|proxy-authorization|x-api-key|x-api-token|cookie"
)
_SHAPES: Final = (
    # A private key, whole or cut off, with line ends as they are or as JSON writes them.
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)", re.DOTALL
        ),
        "",
    ),
    # A header or a field of one of these names, to the end of its line or of its quotes.
    (re.compile(rf"((?:{_NAMES})[\"']?\s*[:=,]\s*[\"']?)[^\"'\r\n\\]+", re.IGNORECASE), r"\1"),
    (
        re.compile(
            r"((?:access_token|api_key|apikey|token|password|key)=)[^\s&\"'\\]{8,}", re.IGNORECASE
        ),
        r"\1",
    ),
    (re.compile(r"(bearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), r"\1"),
    # A signature: nothing else that we print is so long and without a break. A digest is not,
    # and a path begins with its slash.
    (re.compile(r"(?<![A-Za-z0-9+/.])[A-Za-z0-9+][A-Za-z0-9+/]{79,}={0,2}"), ""),
)
_kept: dict[str, None] = {}


class Secret:
    """A text that prints as nothing, and is neither copied nor pickled."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        """Hold ``text``, and have it struck out wherever it is printed."""
        self.__text = text
        keep(text)

    def reveal(self) -> str:
        """Return the text, for whoever sends it."""
        return self.__text

    def __bool__(self) -> bool:
        return bool(self.__text)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.reveal().encode())

    @override
    def __hash__(self) -> int:
        return hash(Secret)

    @override
    def __repr__(self) -> str:
        return REDACTED

    @override
    def __format__(self, spec: str) -> str:
        return REDACTED

    @override
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is neither copied nor pickled")


def keep(text: str) -> None:
    """Have every line of a secret struck out of what is printed from now on."""
    for line in text.splitlines():
        word = line.strip()
        if len(word) >= SHORTEST and not word.startswith("-----"):
            _kept[word] = None
            while len(_kept) > KEPT_MOST:
                del _kept[next(iter(_kept))]


NONE: Final = Secret("")
"""No secret, where one might be."""


def secret_of(text: str | Secret) -> Secret:
    """Return ``text`` as a secret; one that is a secret already stays itself."""
    return text if isinstance(text, Secret) else Secret(text)


def bearer(token: Secret) -> tuple[tuple[str, Secret], ...]:
    """Return the header that shows a bearer; none where there is no token."""
    return (("Authorization", Secret(f"Bearer {token.reveal()}")),) if token else ()


def revealed(pairs: Iterable[tuple[str, str | Secret]]) -> list[tuple[str, str]]:
    """Return headers or parameters as they are sent, for whoever writes them on a wire."""
    return [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in pairs]


def redacted(text: str) -> str:
    """Return ``text`` without what is, or looks like, a secret."""
    for word in _kept:
        if word in text:
            text = text.replace(word, REDACTED)
    for shape, head in _SHAPES:
        text = shape.sub(head + REDACTED, text)
    return text


def redact_line(_logger: object, _name: str, line: Any) -> str:  # noqa: ANN401 - as structlog types it
    """Strike secrets out of a rendered log line: structlog's last processor."""
    return redacted(str(line))


def guard_tracebacks() -> None:
    """Have uncaught errors print without secrets."""

    def tell(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:  # noqa: ANN401 - a traceback or nothing
        lines = traceback.format_exception(kind, error, trace)
        sys.stderr.write(redacted("".join(lines)))

    sys.excepthook = tell
    sys.unraisablehook = lambda args: tell(args.exc_type, args.exc_value, args.exc_traceback)


def no_cores() -> None:
    """Have no core of this process ever written, and none but its owner look into it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def guard_process() -> None:
    """Do both, before a process reads its first secret."""
    no_cores()
    guard_tracebacks()
