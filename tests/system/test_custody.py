"""What a trader leaves is taken over, as its units say; every end: ``make prove-custody``."""

import tempfile
from pathlib import Path

from tests.system.custody_driver import drill


async def test_a_drain_with_a_position_hands_it_to_custody_which_sells_it() -> None:
    # A short name: a socket's path has little room.
    with tempfile.TemporaryDirectory(prefix="tl-") as folder:
        found = await drill(Path(folder), "drained", "flatten")

    assert found.faults == []
    assert found.before
    assert found.after == {}
