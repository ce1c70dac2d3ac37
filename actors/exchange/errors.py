"""Ways in which dealing with the venue can fail.

* ``ExchangeError``
  - ``ClockOff``          the venue's clock is too far from ours; the program ends with 78
  - ``KeyRefused``        a key file that must not be used; the program ends with 78
  - ``BadOrder``          an order that the venue's rules forbid: a mistake of ours
  - ``WireGarbled``       bytes that are not what the venue's documents promise
  - ``VenueRefused``      the venue answered, and the answer is no
  - ``VenueUnreachable``  no answer that says anything
  - ``ResponseLost``      the response to an order that was sent will never be read
  - ``StreamFailed``      the stream cannot go on; a new connection cures it
    - ``StreamSilent``    nothing came back in time, not even the answer to a ping

What becomes of an order is never an exception: see ``outcome.py``.
"""

import attrs
from typing_extensions import override


class ExchangeError(Exception):
    """The root of this folder's errors."""


class KeyRefused(ExchangeError):
    """A private key file that must not be used. The message is one line for its owner."""


class ClockOff(ExchangeError):
    """Nothing that we sign would be taken. The message is one line for the machine's owner."""


class BadOrder(ExchangeError, ValueError):
    """An order that the venue's rules forbid and that we must never encode."""


class WireGarbled(ExchangeError):
    """Bytes that are not what the venue's documents promise. The message says where."""


@attrs.frozen(kw_only=True)
class VenueError:
    """What an error body says, whichever of its four shapes it has (``kalshi.md`` section 3)."""

    status: int
    """The HTTP status that came with it."""
    code: str
    """The venue's word for it; ``http_<status>`` where the body names none."""
    message: str = ""
    details: str = ""

    @override
    def __str__(self) -> str:
        tail = ": ".join(text for text in (self.message, self.details) if text)
        return f"{self.status} {self.code}" + (f": {tail}" if tail else "")


class VenueRefused(ExchangeError):
    """The venue answered a request other than an order with an error."""

    def __init__(self, error: VenueError) -> None:
        super().__init__(str(error))
        self.error = error


class VenueUnreachable(ExchangeError):
    """No answer, or one that says nothing about the request (a 5xx, a proxy's page)."""


class ResponseLost(ExchangeError):
    """The response to a request that was sent will never be read.

    Whether the venue acted on it is not known; for an order that is *Unknown*,
    and only a query resolves it (reference ``reliability.md`` section 3.2).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StreamFailed(ExchangeError):
    """The stream cannot go on: the venue ended it, or refused what we asked of it."""


class StreamSilent(StreamFailed):
    """The connection gave no sign of life for as long as we are willing to wait."""
