"""Ways in which a command cannot be done, each with the line that its user sees.

* ``CliError``
  - ``Misuse``     what was asked for makes no sense here (exit code 2)
  - ``WorldGone``  the simulated world is not there, or not there any more (exit code 69)
  - ``VenueAway``  the real one cannot be asked; a later start may do better (exit code 70)
"""


class CliError(Exception):
    """The root of this folder's errors. The message is for the user, one line a fault."""


class Misuse(CliError):
    """What was asked for makes no sense here."""


class WorldGone(CliError):
    """The simulated world is not there."""


class VenueAway(CliError):
    """The venue could not be asked what has to be known before a start."""
