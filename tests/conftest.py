"""What every test shares: how many examples Hypothesis tries, and no deadline for one.

A busy machine is no failure, and the gate has minutes: ``TOUCHLINE_EXAMPLES=1000 make test``
looks longer at every law that names no number of its own.
"""

import os

from hypothesis import settings

EXAMPLES = 40

settings.register_profile(
    "touchline", deadline=None, max_examples=int(os.environ.get("TOUCHLINE_EXAMPLES", EXAMPLES))
)
settings.load_profile("touchline")
