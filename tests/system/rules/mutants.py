"""One rule, got wrong."""

from typing import Final, Literal, get_args

import attrs

Changes = dict[str, tuple[tuple[str, str, str], ...]]
"""By file: the name of each rule, the text that has it, and that text with it got wrong."""

Part = Literal["rules", "guards", "orders", "race"]
"""What has a target of its own: the rules of money, what guards it, its orders, the race."""
PARTS: Final[tuple[Part, ...]] = get_args(Part)


@attrs.frozen
class Mutant:
    """One rule, got wrong."""

    part: Part
    file: str
    rule: str
    old: str
    new: str
