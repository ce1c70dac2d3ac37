"""What a streaming feed asks for beside its stream: a bearer, and how its matches stand.

Both over connections of their own, bounded in time and size, before the stream opens.
"""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

import attrs
import msgspec
import trio

from actors.feeds import strict_json
from actors.feeds.codecs.json_values import LARGEST_SNAPSHOT, TYPED
from actors.feeds.errors import FeedError, FeedGarbled, FeedUnreachable
from actors.feeds.pull.answers import Head
from actors.feeds.pull.pipe import Address, Credentials, Headers, Pipe, dialled, open_pipe
from actors.runtime.env import Env
from actors.runtime.rfc6455_opening import host_of, resource_of
from actors.runtime.secret import NONE, Secret, bearer

MATCH: Final = "{match}"
MOST_MATCHES: Final = 16
BESIDE_S: Final = 5.0
"""For all of it together."""
LARGEST_TOKEN: Final = 8 * 1024
OK: Final = 200
UNAUTHORIZED: Final = 401


def _nobody() -> Sequence[str]:
    return ()


@attrs.frozen(kw_only=True)
class Snapshots:
    """Where the provider says how matches stand. Profile to link."""

    url: str
    """Asked as it is; with ``{match}`` in it, once for each match that is followed."""
    matches: Callable[[], Sequence[str]] = _nobody


async def frames_of(env: Env, address: Address, snapshots: Snapshots | None) -> list[str]:
    """Ask how the matches stand; what was answered is one frame each, ``event: snapshot``.

    What cannot be had is said in a frame of another name and is no failure: the stream's
    own first word is a baseline all the same.
    """
    if snapshots is None:
        return []
    urls = [snapshots.url]
    if MATCH in snapshots.url:
        names = list(snapshots.matches())[-MOST_MATCHES:]
        urls = [snapshots.url.replace(MATCH, quote(name, safe="")) for name in names]
    frames: list[str] = []
    with trio.move_on_after(BESIDE_S) as patience:
        try:
            await _ask_all(env, address, urls, frames)
        except FeedError as error:
            frames.append(f"{TYPED}no snapshot\n{error}")
    if patience.cancelled_caught:
        frames.append(f"{TYPED}no snapshot\nno answer within {BESIDE_S:g} s")
    return frames


async def _ask_all(env: Env, address: Address, urls: Sequence[str], frames: list[str]) -> None:
    left = list(urls)
    while left:
        there = attrs.evolve(address, url=left.pop(0))
        async with open_pipe(env, there, _wanted) as (pipe, head, url):
            frames.append(await _frame(pipe, head, url))
            host = host_of(dialled(url, address))
            # The others are asked for over the same connection while it can carry them.
            while left and pipe.exchange.reusable:
                url = left.pop(0)  # noqa: PLW2901 - the same connection, another question
                frames.append(
                    await _frame(pipe, await pipe.ask(host, resource_of(url), _wanted()), url)
                )


def _wanted() -> Headers:
    return [("Accept", "application/json")]


async def _frame(pipe: Pipe, head: Head, url: str) -> str:
    body = await pipe.body(LARGEST_SNAPSHOT)
    if head.status != OK:
        return f"{TYPED}no snapshot\n{url}: status {head.status}: {body[:80]!a}"
    if strict_json.is_too_much(body):
        return f"{TYPED}no snapshot\n{url}: over {strict_json.MOST_VALUES} values: {body[:80]!a}"
    try:
        return f"{TYPED}snapshot\n{body.decode()}"
    except UnicodeDecodeError:
        raise FeedGarbled(f"{url}: not UTF-8: {body[:80]!a}") from None


@attrs.define(eq=False)
class Guest:
    """A bearer that the provider gives to whoever may ask for one. It outlives connections."""

    url: str
    _token: Secret = attrs.field(init=False, default=NONE)

    async def headers(self, env: Env, address: Address) -> Credentials:
        """Return the header that shows the bearer, asking for one if there is none.

        Raises:
            FeedError: There is none to be had.
        """
        if not self._token:
            there = attrs.evolve(address, url=self.url, guest=None, method="POST")
            async with open_pipe(env, there, _wanted) as (pipe, head, url):
                body = await pipe.body(LARGEST_TOKEN)
            self._token = _token_of(head.status, body, url)
        return bearer(self._token)

    def refused(self) -> bool:
        """Forget the bearer; return whether there was one that a new one may replace."""
        had, self._token = bool(self._token), NONE
        return had


def _token_of(status: int, body: bytes, url: str) -> Secret:
    # What the answer holds is a secret: none of it is shown.
    try:
        said = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        said = None
    token = said.get("token") if isinstance(said, dict) else None
    if status != OK or not isinstance(token, str) or not (token.isascii() and token.isprintable()):
        raise FeedUnreachable(f"{url}: no token in an answer of status {status}")
    return Secret(token)
