"""What every test shares: no deadline for Hypothesis, because a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("touchline", deadline=None)
settings.load_profile("touchline")
