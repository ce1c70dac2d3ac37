"""JSON texts pushed one a line over a response that never ends. Pure.

Source: reference ``feeds.md`` sections 1 and 2.6 (Sportradar push); a blank line is a
sign of life and nothing else.
"""

from actors.feeds.errors import FeedGarbled
from actors.feeds.pull.lines import LineReader


class PushedLines:
    """One response's body."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines = LineReader(lone_cr=False)

    def feed(self, data: bytes) -> list[str | None]:
        """Take the next bytes and return the lines that they complete.

        Returns:
            Texts in their order; ``None`` for blank lines, one for those that follow
            each other.

        Raises:
            FeedGarbled: A line is longer than we take, or is no UTF-8.
        """
        said: list[str | None] = []
        for line in self._lines.feed(data):
            if line.strip():
                try:
                    said.append(line.decode())
                except UnicodeDecodeError:
                    raise FeedGarbled(f"not UTF-8: {line[:80]!a}") from None
            elif not said or said[-1] is not None:
                said.append(None)
        return said
