"""How a profile's amounts are held to the ceilings in code, in the words of whoever wrote them."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

DOLLAR: Final = 1_000_000

Amount = TypeVar("Amount", bound=int)


def up_to(ceiling: Amount, *, one: int = DOLLAR) -> Callable[[object, Any, Amount], None]:
    """Return a check that an amount is above zero and at most its ceiling.

    Args:
        ceiling: In the amount's own unit.
        one: How many of it are one of what a person writes: a dollar, if not said.
    """

    def check(_: object, attribute: Any, value: Amount) -> None:  # noqa: ANN401 - of attrs, of any type
        if not 0 < value <= ceiling:
            told = f"{value / one:,.2f}".removesuffix(".00")
            raise ValueError(
                f"{attribute.name} must be above 0 and at most {ceiling // one:,}: {told}"
            )

    return check
