"""Ways the world can misuse its venue. Each is a mistake in the world's own program.

What a trader gets wrong is never one of these: it is a ``Refused`` value.

* ``VenueError``
  - ``NotListed``      no such series, event, market, milestone or account
  - ``AlreadyListed``  listed or opened a second time under one name
  - ``BadTerms``       terms that no exchange could list
  - ``OutOfOrder``     a step its life cycle does not allow, such as finalizing an open market
"""


class VenueError(Exception):
    """The root: the world asked for what this venue cannot do."""


class NotListed(VenueError):
    """A name that the venue does not know."""


class AlreadyListed(VenueError):
    """A name that is already taken."""


class BadTerms(VenueError):
    """Terms that no exchange could list."""


class OutOfOrder(VenueError):
    """A step that the life cycle does not allow from where it stands."""
