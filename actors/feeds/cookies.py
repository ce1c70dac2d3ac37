"""What a provider wants to see again, so that a reconnect finds the same of its machines. Pure."""

from typing import Final

import attrs

from actors.runtime.secret import Secret

MOST_COOKIES: Final = 32
LONGEST_COOKIE: Final = 4_096
"""Characters of one; a longer one would not fit a request's head, and is passed over."""


@attrs.define
class Cookies:
    """What a server wants to see again, by name: attributes are of no use to one origin."""

    _held: dict[str, Secret] = attrs.field(factory=dict)

    def take(self, headers: tuple[tuple[str, str], ...]) -> None:
        """Keep what an answer sets."""
        for name, value in headers:
            if name.lower() != "set-cookie":
                continue
            key, equals, rest = value.partition(";")[0].partition("=")
            if len(value) > LONGEST_COOKIE:
                continue
            if equals and (key.strip() in self._held or len(self._held) < MOST_COOKIES):
                self._held[key.strip()] = Secret(rest.strip())

    @property
    def headers(self) -> tuple[tuple[str, Secret], ...]:
        """The header that sends them back, if there are any."""
        if not self._held:
            return ()
        told = "; ".join(f"{name}={value.reveal()}" for name, value in self._held.items())
        return (("Cookie", Secret(told)),)
