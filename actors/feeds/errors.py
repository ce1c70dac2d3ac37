"""Ways a feed can fail. Each one ends its connection and is cured by a restart.

* ``FeedError``
  - ``FeedUnreachable``  the connection could not be opened
  - ``FeedLost``         the provider ended it
  - ``FeedStale``        nothing arrived for too long
  - ``FeedGarbled``      a frame we cannot read
  - ``FeedDeaf``         the provider does not take our answer to its heartbeat
"""


class FeedError(Exception):
    """Base of every feed failure."""


class FeedUnreachable(FeedError):
    """The provider could not be reached, or refused the connection."""


class FeedLost(FeedError):
    """The provider ended the connection, or the network did."""


class FeedStale(FeedError):
    """No whole frame, not even a heartbeat, within the allowed silence."""


class FeedGarbled(FeedError):
    """A frame outside the feed's dialect; the message shows its first 80 bytes, escaped."""


class FeedDeaf(FeedError):
    """An answer that the provider needs could not be written in time."""
