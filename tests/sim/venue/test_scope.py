"""Every published operation is either served or listed with the reason why it is not."""

import msgspec
import trio.testing

from actors.sim.venue.auth import KeyRing
from actors.sim.venue.rest import Rest
from actors.sim.venue.routes import ROOT
from tests.sim.venue.contract import DOCUMENT, operation, operations
from tests.sim.venue.hall import open_hall
from tests.sim.venue.published import require
from tests.sim.venue.scope import OUT_OF_SCOPE
from tests.sim.venue.site import seeded, serving


def served() -> set[str]:
    routes = Rest(open_hall().venue, KeyRing()).routes
    found = [operation(each.method, ROOT + each.path) for each in routes]
    return {each.name for each in found if each is not None}


def test_every_published_operation_is_served_or_out_of_scope_for_a_reason_and_never_both() -> None:
    require(DOCUMENT)
    published = {each.name for each in operations()}

    assert served() | OUT_OF_SCOPE.keys() == published
    assert not served() & OUT_OF_SCOPE.keys()
    assert all(OUT_OF_SCOPE.values())


async def test_over_a_socket_every_operation_in_scope_answers_and_none_out_of_it_does(
    autojump_clock: trio.testing.MockClock,
) -> None:
    require(DOCUMENT)
    async with serving(seeded()) as site:
        for each in operations():
            path = ROOT + each.pattern.pattern.replace("[^/]+", "none")
            status, body = await site.ask(each.method, path, msgspec.json.encode({}))

            unrouted = await site.ask(each.method, f"{ROOT}/no/such/path/at/all", b"{}")
            assert status < 500, each.name
            if each.name in OUT_OF_SCOPE:
                assert (status, body) == unrouted, each.name
