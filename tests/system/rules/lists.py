"""Every rule that is got wrong, by part, and the tests that must notice."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.system.rules.client import CLIENT
from tests.system.rules.entries import ENTRIES, ENTRY_TESTS
from tests.system.rules.exits import EXIT_TESTS, EXITS
from tests.system.rules.guards import GUARD_TESTS, GUARDS
from tests.system.rules.mutants import PARTS, Changes, Mutant, Part
from tests.system.rules.race_back import BACK
from tests.system.rules.race_facts import FACTS
from tests.system.rules.race_forward import FORWARD
from tests.system.rules.venue import VENUE

CLIENT_TESTS: Final = (
    "tests/model/test_fee_rules.py",
    "tests/model/test_positions.py",
    "tests/model/test_fees.py",
)
VENUE_TESTS: Final = tuple(
    f"tests/sim/venue/test_{name}.py"
    for name in (
        "fees",
        "fee_table",
        "fee_dates",
        "holdings",
        "collateral",
        "netting",
        "netting_sales",
        "fee_schedule",
        "lifecycle",
        "order_groups",
        "order_money",
        "order_entry",
        "engine",
        "treasury",
        "order_routes",
        "whole",
    )
)
RACE_TESTS: Final = tuple(
    f"tests/feeds/test_{name}.py"
    for name in (
        "race",
        "moves",
        "doubts",
        "denials",
        "reviews",
        "late_news",
        "unsettled",
        "race_sports",
        "clocks",
        "contest",
        "ledger",
        "arbiter",
        "adversarial_race",
        "race_laws",
    )
)
"""Whichever of the race's files is wrong, its laws must notice."""

LISTS: Final[Mapping[Part, Changes]] = {
    "rules": CLIENT | VENUE,
    "guards": GUARDS,
    "orders": ENTRIES | EXITS,
    "race": FORWARD | BACK | FACTS,
}
TESTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(CLIENT, CLIENT_TESTS),
    **dict.fromkeys(VENUE, VENUE_TESTS),
    **GUARD_TESTS,
    **ENTRY_TESTS,
    **EXIT_TESTS,
    **dict.fromkeys(LISTS["race"], RACE_TESTS),
}
"""By file: the tests that must notice a rule of it that is wrong."""


def mutants() -> Iterator[Mutant]:
    """Yield every rule got wrong, part by part."""
    for part in PARTS:
        for file, changes in LISTS[part].items():
            for rule, old, new in changes:
                yield Mutant(part, file, rule, old, new)
