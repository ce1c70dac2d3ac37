"""Ways in which a command cannot be done, each with the line that its user sees.

* ``CliError``
  - ``Misuse``     what was asked for makes no sense here (exit code 2)
  - ``WorldGone``  the simulated world is not there, or not there any more (exit code 69)
"""


class CliError(Exception):
    """The root of this folder's errors. The message is for the user, one line a fault."""


class Misuse(CliError):
    """What was asked for makes no sense here."""


class WorldGone(CliError):
    """The simulated world is not there."""
