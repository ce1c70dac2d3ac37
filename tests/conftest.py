"""What every test shares: which examples Hypothesis tries, and that a slow one is no failure.

The gate tries the same examples each time, so that it says the same of the same code, and it
has minutes: ``TOUCHLINE_EXAMPLES=1000 make test`` draws other ones each time, and looks longer
at every law that names no number of its own.
"""

import os
from itertools import chain

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = 40

wanted = os.environ.get("TOUCHLINE_EXAMPLES", "")
settings.register_profile(
    "touchline",
    deadline=None,
    derandomize=not wanted,
    max_examples=int(wanted or EXAMPLES),
    # How long drawing takes says something of the machine and nothing of the code.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("touchline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests of whole processes, which mostly wait, evenly among those that compute.

    Left at one end of the alphabet they would be run all at once, with the processors idle.
    """
    waiting = [item for item in items if item.path.parent.name == "system"]
    computing = [item for item in items if item.path.parent.name != "system"]
    placed = chain.from_iterable(
        ((place / len(some), item) for place, item in enumerate(some))
        for some in (computing, waiting)
    )
    items[:] = [item for _, item in sorted(placed, key=lambda each: each[0])]
