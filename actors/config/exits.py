"""How positions are left: the profile's section ``[exits]``."""

import attrs
from attrs import validators

from actors.model.money import Pips


@attrs.frozen(kw_only=True)
class Exits:
    """How a position is left."""

    after_match_s: float = attrs.field(validator=validators.gt(0))
    slip: Pips
    """How far below the best bid (above the best ask) an exit may be limited."""
    give_up: Pips
    """How far from the entry's limit the exit's floor lies."""
    take_profit: Pips = attrs.field(default=Pips(0), validator=validators.ge(Pips(0)))
    """How far beyond the entry's limit a position is left for its profit; 0 waits for its time."""
    resting: bool = False
    """Whether it is offered there from the start, in an order that rests."""
    stop: Pips = attrs.field(default=Pips(0), validator=validators.ge(Pips(0)))
    """How far on the other side of it for its loss; 0 waits for its time."""
    attempts: int = attrs.field(validator=validators.and_(validators.ge(1), validators.le(50)))
    retry_s: float = attrs.field(validator=validators.gt(0))
    recess_margin_s: float = attrs.field(default=30.0, validator=validators.ge(0))
    """How long before a pause of the exchange's schedule a sale is made that is due in it."""
