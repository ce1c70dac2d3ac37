"""What a route is, and what its handlers get and give. Pure values."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from actors.sim.venue.queries import PageSize, Query
from actors.sim.venue.refusals import Refused

Json = dict[str, object]

ROOT: Final = "/trade-api/v2"


@attrs.frozen
class Answer:
    """A status and what is to be written as JSON; ``None`` for no body."""

    body: Json | None = None
    status: int = 200


@attrs.frozen(kw_only=True)
class Call:
    """One request, routed, identified and read."""

    account: str
    """Empty on a public route."""
    path: Mapping[str, str]
    """Values of the path's placeholders."""
    query: Query
    body: bytes
    locked: int | None = None
    """The one subaccount that the caller's key may touch; ``None`` for all."""


Handle = Callable[[Call], Answer | Refused]


@attrs.frozen(kw_only=True)
class Route:
    """One operation."""

    method: str
    path: str
    """Below ``ROOT``; ``{name}`` takes one segment."""
    operation: str
    """Its name in refusals."""
    handle: Handle
    public: bool = False
    scope: str = ""
    """What a key must be granted; empty for what its method says: read or write."""
    page: PageSize | None = None
    integers: frozenset[str] = frozenset()
    segments: tuple[str, ...] = attrs.field(init=False)

    @segments.default
    def _segments_of_path(self) -> tuple[str, ...]:
        return tuple(self.path.strip("/").split("/"))

    @property
    def needs(self) -> str:
        """Return the scope that a key must have."""
        return self.scope or ("read" if self.method == "GET" else "write")

    def match(self, segments: tuple[str, ...]) -> Mapping[str, str] | None:
        """Return the placeholders' values if the route takes a path, else ``None``."""
        if len(self.segments) != len(segments):
            return None
        values: dict[str, str] = {}
        for name, segment in zip(self.segments, segments, strict=True):
            if name.startswith("{"):
                values[name.strip("{}")] = segment
            elif name != segment:
                return None
        return values
