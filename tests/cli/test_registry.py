"""What a person says reaches the running tree: from the table over the catalogue to the arbiter."""

import attrs
import trio

from actors.cli.seeds import seeded_day
from actors.config.profile import Profile
from actors.config.reviewed import REVIEWED, RejectedRow, row_text
from actors.feeds.registrar import LOOK_S
from actors.runtime.memory import run_seeded
from actors.sim.synthetic import synthetic_day

FOLDER = "/reviews"


def elsewhere(profile: Profile) -> Profile:
    return attrs.evolve(profile, catalogue=attrs.evolve(profile.catalogue, reviews=FOLDER))


async def reviewed_by() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Run a day; return what was rejected before a person wrote and after."""
    async with seeded_day(1, synthetic_day(1, 0.01), change=elsewhere) as day:
        catalogue = day.tree.trading.desk.catalogue
        disk = day.env.disk
        async with trio.open_nursery() as nursery:
            await nursery.start(day.tree.root.run)
            before = set(catalogue.value.reviewed.rejected)
            disk.make_folder(FOLDER)
            text = row_text("rejected", RejectedRow(feed="alpha", id="7"))
            disk.write_whole(f"{FOLDER}/{REVIEWED}", text.encode())
            await trio.sleep(2 * LOOK_S)
            after = set(catalogue.value.reviewed.rejected)
            nursery.cancel_scope.cancel()
        return before, after


def test_a_word_in_the_table_is_in_the_catalogue_within_seconds() -> None:
    before, after = run_seeded(1, reviewed_by)

    assert before == set()
    assert after == {("alpha", "7")}
