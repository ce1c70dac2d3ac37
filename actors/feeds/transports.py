"""What carries a feed, as its profile has it: a way to connect, and what reads the frames."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from actors.config.profile import Feed as FeedSettings
from actors.feeds import websocket
from actors.feeds.codecs import Decode, fields, polymarket
from actors.feeds.cookies import Cookies
from actors.feeds.dials import MeteredEnv
from actors.feeds.errors import FeedUnreachable
from actors.feeds.feed import Connect, Frames
from actors.feeds.lightstreamer.link import LightstreamerLink
from actors.feeds.lightstreamer.requests import Account, Wanted
from actors.feeds.pull.carriers import pulled
from actors.feeds.pull.pipe import credentials
from actors.feeds.signalr.classic_link import ClassicLink, ClassicSettings
from actors.feeds.signalr.link import HubSettings, SignalrLink
from actors.runtime.env import Env
from actors.runtime.secret import NONE, Secret

LARGEST_SECRET: Final = 16 * 1024


@attrs.frozen(kw_only=True)
class Carrier:
    """One feed's way in. It outlives every connection, and the actor that makes them."""

    connect: Connect
    decode: Decode
    answers: Mapping[str, str] = attrs.field(factory=dict)


def carrier(env: Env, settings: FeedSettings) -> Carrier:
    """Return what carries the feed of ``settings``."""
    env, ca_file = MeteredEnv(env), settings.ca_file or None
    match settings.transport:
        case "ws_json":
            return Carrier(
                # The provider's machines do not all know the same: a cookie leads to one.
                connect=partial(_with_headers, env, settings, Cookies()),
                decode=polymarket.decode,
                answers={polymarket.PING: polymarket.PONG},
            )
        case "signalr":
            hub = SignalrLink(
                env=env,
                settings=HubSettings(
                    url=settings.url,
                    topics=(settings.topic,),
                    stateful=settings.stateful,
                    negotiates=settings.negotiates,
                    ca_file=ca_file,
                ),
            )
            return Carrier(connect=partial(_armed, hub, settings), decode=hub.decode)
        case "signalr_classic":
            older = ClassicLink(
                env=env,
                settings=ClassicSettings(
                    url=settings.url,
                    hub=settings.hub,
                    topics=(settings.topic,),
                    ca_file=ca_file,
                ),
            )
            return Carrier(connect=partial(_armed, older, settings), decode=older.decode)
        case "lightstreamer":
            session = LightstreamerLink(
                env=env,
                url=settings.url,
                account=Account(adapter_set=settings.adapter_set, user=settings.user),
                wanted=Wanted(
                    group=settings.group,
                    schema=("key", "command", *fields.SCHEMA),
                    mode="COMMAND",
                    adapter=settings.adapter,
                ),
                ca_file=ca_file,
            )
            return Carrier(connect=partial(_armed, session, settings), decode=session.decode)
        case "sse" | "push_json" | "http_poll":
            connect, decode = pulled(env, settings)
            return Carrier(connect=connect, decode=decode)


@asynccontextmanager
async def _with_headers(
    env: Env, settings: FeedSettings, cookies: Cookies
) -> AsyncIterator[Frames]:
    """Connect with the headers that the profile's file holds now."""
    headers = credentials(env, settings.header_file)
    ca_file = settings.ca_file or None
    async with websocket.connect(
        env, settings.url, ca_file=ca_file, headers=headers, cookies=cookies
    ) as frames:
        yield frames


@asynccontextmanager
async def _armed(
    link: SignalrLink | ClassicLink | LightstreamerLink, settings: FeedSettings
) -> AsyncIterator[Frames]:
    """Connect with the secret as it is now: a rotated one needs no restart."""
    secret = _secret(settings)
    match link:
        case SignalrLink():
            link.settings = attrs.evolve(link.settings, token=secret)
        case ClassicLink():
            link.settings = attrs.evolve(link.settings, token=secret)
        case LightstreamerLink():
            link.account = attrs.evolve(link.account, password=secret)
    async with link.connect() as frames:
        yield frames


def _secret(settings: FeedSettings) -> Secret:
    if not settings.secret_file:
        return NONE
    try:
        with Path(settings.secret_file).open("rb") as file:
            text = file.read(LARGEST_SECRET).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FeedUnreachable(f"{settings.name}: secret_file: {type(error).__name__}") from error
    if not text.isprintable():
        raise FeedUnreachable(f"{settings.name}: secret_file holds more than one line")
    return Secret(text)
