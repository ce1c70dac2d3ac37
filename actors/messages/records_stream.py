"""What the journal keeps of the connections that bring the books."""

import attrs


@attrs.frozen(kw_only=True)
class StreamRow:
    """How one connection of the stream did in the last minute or two, and since it began."""

    stream: int
    messages: int
    """Changes of books since the process began, as all the counts below."""
    late: int
    age_p50_ms: int
    """Venue's stamp to our receipt, of late; -1 where nothing came."""
    age_p99_ms: int
    opened: int
    """Connections made in this place."""
    gaps: int
    """On the connection that stands now."""
    repeats: int
    """Changes that came by two connections, of all connections together, as what follows."""
    filled: int
    """Books that had a hole on one connection and stayed whole by another."""
    unquotable: int
    """Followed books that nobody may quote now."""
    at_ns: int
