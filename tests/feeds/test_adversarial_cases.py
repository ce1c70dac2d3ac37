"""That every adversarial case of reference ``feeds.md`` section 7 has a test named for it."""

import re
from types import ModuleType

import pytest

from tests.feeds import test_adversarial_race, test_adversarial_wires

CASES = 43
MODULES: tuple[ModuleType, ...] = (test_adversarial_race, test_adversarial_wires)


@pytest.mark.parametrize("number", range(1, CASES + 1))
def test_every_case_has_a_test_of_its_number(number: int) -> None:
    named = re.compile(rf"test_a{number:02d}_\w+")

    assert any(named.fullmatch(name) for module in MODULES for name in vars(module))
