"""The control socket's verbs for the venue: what goes wrong there, and when, at once."""

from collections.abc import Callable, Mapping
from typing import Final

from actors.sim.control import LONGEST_MS, Arguments, Command, CommandRefused, number, text
from actors.sim.errors import BadStage
from actors.sim.fault_file import KINDS, read_plan
from actors.sim.tables import Table
from actors.sim.venue.captions import recaption
from actors.sim.venue.errors import VenueError
from actors.sim.venue.price_grids import regrid
from actors.sim.venue.rates import TIERS
from actors.sim.venue.server import VenueServer
from actors.sim.venue.subscriptions import CHANNELS, Channel

MOST_MESSAGES: Final = 10_000.0

Reply = Mapping[str, object]


def venue_commands(hands: Callable[[], VenueServer]) -> dict[str, Command]:
    """Return the verbs; each answers with what went wrong so far.

    ``faults`` takes a ``plan`` as the file has it; ``calm`` ends everything.
    ``storm`` takes ``kind`` and ``for_s``; ``lose`` takes ``channel`` and, if wanted,
    ``messages``; ``break_channel`` takes ``channel``; ``drop_streams`` nothing;
    ``regrid`` takes ``ticker`` and ``structure``; ``caption`` takes
    ``ticker`` and ``words``; ``tier`` takes ``account`` and ``tier``.

    Args:
        hands: The server, once it is there.
    """

    def verb(act: Callable[[VenueServer, Arguments], Reply | None]) -> Command:
        async def run(given: Arguments) -> Reply:
            server = hands()
            try:
                said = act(server, given) or {}
            except (VenueError, BadStage) as error:
                raise CommandRefused(str(error)) from error
            return {**said, "went_wrong": dict(server.hostility.counts)}

        return run

    return {
        "faults": verb(_follow),
        "calm": verb(lambda server, _: server.calm()),
        "storm": verb(_storm),
        "lose": verb(_lose),
        "break_channel": verb(
            lambda server, given: {"ended": server.break_channel(_channel(given))}
        ),
        "drop_streams": verb(lambda server, _: {"dropped": server.drop_streams()}),
        "regrid": verb(_regrid),
        "caption": verb(_recaption),
        "tier": verb(_tier),
    }


def _follow(server: VenueServer, given: Arguments) -> None:
    server.follow(read_plan(Table(given.get("plan"), "plan")))


def _storm(server: VenueServer, given: Arguments) -> None:
    kind = KINDS.get(text(given, "kind"))
    if kind is None:
        raise CommandRefused(f"no such storm; known: {', '.join(KINDS)}")
    for_s = number(given, "for_s", LONGEST_MS / 1e3)
    if kind == "dropped":
        server.drop_streams()
    else:
        server.hostility.raise_storm(kind, for_s)


def _lose(server: VenueServer, given: Arguments) -> None:
    messages = number(given, "messages", MOST_MESSAGES) if "messages" in given else 1
    server.lose_next(_channel(given), int(messages))


def _regrid(server: VenueServer, given: Arguments) -> None:
    regrid(server.venue.floor, text(given, "ticker"), text(given, "structure"))


def _recaption(server: VenueServer, given: Arguments) -> None:
    recaption(server.venue.floor, text(given, "ticker"), text(given, "words"))


def _tier(server: VenueServer, given: Arguments) -> None:
    tier = next((tier for tier in TIERS if tier == text(given, "tier")), None)
    if tier is None:
        raise CommandRefused(f"no such tier; known: {', '.join(TIERS)}")
    if server.meter is None:
        raise CommandRefused("no tokens are counted here")
    server.meter.grant(text(given, "account"), tier)


def _channel(given: Arguments) -> Channel:
    channel = CHANNELS.get(text(given, "channel"))
    if channel is None:
        raise CommandRefused(f"no such channel; known: {', '.join(CHANNELS)}")
    return channel
