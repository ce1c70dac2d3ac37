"""What carries a pulled feed, as its profile has it."""

from collections.abc import Callable, Sequence
from functools import partial

from actors.config.profile import Feed as FeedSettings
from actors.feeds.codecs import Decode, live_data, opticodds
from actors.feeds.codecs.sportradar import Sportradar
from actors.feeds.codecs.txline import TxLine
from actors.feeds.feed import Connect
from actors.feeds.pull.beside import Guest, Snapshots
from actors.feeds.pull.pipe import Address
from actors.feeds.pull.poll import connect_poll
from actors.feeds.pull.polling import Polling
from actors.feeds.pull.streams import Place, connect_events, connect_lines
from actors.runtime.env import Env


def pulled(env: Env, settings: FeedSettings) -> tuple[Connect, Decode]:
    """Return how to connect the feed of ``settings``, and what reads its frames.

    Both outlive every connection: where a stream was left, when a server wants to be
    asked again, and what a dialect remembers of its matches is in them.
    """
    address = Address(
        url=settings.url,
        ca_file=settings.ca_file or None,
        header_file=settings.header_file,
        redirect_hosts=settings.redirect_hosts,
        guest=Guest(settings.token_url) if settings.token_url else None,
    )
    match settings.codec:
        case "txline":
            actions = TxLine()
            connect = partial(connect_events, env, address, Place(), begin=actions.begin)
            beside = _snapshots(settings, lambda: actions.in_play)
            return partial(connect, snapshots=beside), actions
        case "opticodds":
            return partial(connect_events, env, address, Place()), opticodds.decode
        case "sportradar":
            events = Sportradar()
            beside = _snapshots(settings, lambda: events.in_play)
            return partial(connect_lines, env, address, snapshots=beside), events
        case _:
            rng = env.rng(f"feed.{settings.name}.poll")
            polling = Polling(every_s=settings.poll_s, rng=rng)
            return partial(connect_poll, env, address, polling), live_data.decode


def _snapshots(settings: FeedSettings, matches: Callable[[], Sequence[str]]) -> Snapshots | None:
    url = settings.snapshot_url
    return Snapshots(url=url, matches=matches) if url else None
