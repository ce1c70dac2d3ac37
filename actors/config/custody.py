"""What becomes of an account that nobody watches any more, as typed values of the profile.

Read by ``python -m actors flatten`` and by the custody program, which a service manager
starts where the trading process stays down (design sections 4 and 9).
"""

from typing import Literal

import attrs
from attrs import validators

from actors.model.money import Pips


@attrs.frozen(kw_only=True)
class Custody:
    """How positions are left from outside."""

    on_abandon: Literal["flatten", "hold"] = "hold"
    """Whether the custody program sells out or only stops entries and says what may be lost."""
    floor: Pips = attrs.field(
        default=Pips(100),
        validator=validators.and_(validators.ge(Pips(1)), validators.lt(Pips(10_000))),
    )
    """No contract, of either leg, is sold below it."""
    step: Pips = attrs.field(default=Pips(200), validator=validators.gt(Pips(0)))
    """How much further each order that filled nothing lets the price go."""
    pause_s: float = attrs.field(
        default=0.5, validator=validators.and_(validators.ge(0.1), validators.le(10.0))
    )
    """Between two looks at the venue."""
    settle_s: float = attrs.field(
        default=1.0, validator=validators.and_(validators.ge(0.1), validators.le(30.0))
    )
    """By how much what the venue shows must be younger than what was last done, to count."""
    within_s: float = attrs.field(
        default=180.0, validator=validators.and_(validators.ge(1.0), validators.le(3_600.0))
    )
    """After this what is left is said, and left."""
