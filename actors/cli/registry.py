"""The registrar of a run, and its way into the catalogue."""

from collections.abc import Callable

from actors.cli.soil import Soil
from actors.feeds.arbiter import Arbiter
from actors.feeds.registrar import Registrar
from actors.runtime.child import Child
from actors.runtime.roster import Roster
from actors.trader.assembly import Trading


def registrar_of(
    soil: Soil, roster: Roster, say: Callable[[str], None], trading: Trading, arbiter: Arbiter
) -> Child:
    """Return the registrar of a run; what it reads goes where the catalogue publishes.

    Args:
        soil: What the tree is planted in.
        roster: Whom it belongs to.
        say: Writes a line for a person.
        trading: Holds the catalogue.
        arbiter: Notes the strangers.
    """
    registrar = Registrar(
        env=soil.env,
        folder=soil.entities,
        catalogue=trading.desk.catalogue,
        strangers=arbiter.strangers,
        on_review=trading.catalogue.nudge,
        say=say,
        health=roster.cell("registrar"),
    )
    trading.catalogue.reviewed = lambda: registrar.reviewed
    return roster.child("registrar", registrar.run, criticality="aux")
