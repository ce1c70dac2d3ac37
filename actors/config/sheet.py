"""What a person has written down about a series, because the venue's API does not say it."""

from typing import Literal

import attrs
from attrs import validators

from actors.model.score import Sport


@attrs.frozen(kw_only=True)
class Sheet:
    """What the API does not say about a series, written down and reviewed by a person."""

    series: str
    sport: Sport
    settles_on: Literal["regulation", "extra", "advance"]
    """Ninety minutes; extra time too; or who goes through, shoot-out included."""
    legs: int = attrs.field(validator=validators.gt(0))
    exhaustive: bool
    tie: str
    """Title of the leg that pays on a draw; empty where nobody can draw."""
    title: Literal["home vs away", "away vs home", "away at home"] = "home vs away"
    """How an event's title names its sides."""
    void: str
    """What the rules say happens when no result stands."""
    in_play_delay_ms: int = attrs.field(validator=validators.ge(0))
    """How long the venue holds an order in play before it is matched."""
    window_ms: int = attrs.field(default=0, validator=validators.ge(0))
    """How long after a goal its old price stands; 0 where nobody has measured it."""
    window_source: str = attrs.field(default="")
    """Where that figure comes from."""
    reviewed: str

    @window_source.validator
    def _has_a_window(self, _field: object, source: str) -> None:
        if self.window_ms and not source:
            raise ValueError("window_ms needs a window_source: where the figure comes from")
        if self.in_play_delay_ms and not self.window_ms:
            raise ValueError("in_play_delay_ms needs the window_ms that it is taken off")
