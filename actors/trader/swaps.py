"""What of a profile can be taken over while the process trades, and how it is.

Everything that is a figure which some actor goes by, and that no connection, feed or record was
made of. Whatever lets more through waits for a halt: who raises a bound in the middle of a
goal has not thought about it. All else needs a restart, and is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import attrs

from actors.config.profile import Profile
from actors.messages.race import FULL_PM
from actors.model.money import MicroDollars, Pips, pips_text
from actors.risk import gate
from actors.trader import budgets
from actors.trader.assembly import Trading
from actors.trader.reads import tolerance_of

Way = Literal["up", "down", "none", "any"]
"""Which way of a figure lets more through: greater, or smaller; neither; or nobody can say."""

SWAPPED: Final[Mapping[str, Mapping[str, Way]]] = {
    "limits": dict.fromkeys(
        (
            *("order_contracts", "order_dollars", "market_dollars", "match_dollars"),
            *("shard_dollars", "day_dollars", "account_dollars"),
        ),
        "up",
    ),
    "risk": {
        "repeat_ms": "down",
        "orders_per_goal": "up",
        "journal_lag_ms": "up",
        "delay_max_ms": "up",
        "day_loss_dollars": "up",
        "drawdown_dollars": "up",
        "losing_streak": "up",
    },
    "throttle": {
        **dict.fromkeys(("orders_per_s", "orders_per_min", "entries_per_match"), "up"),
        "trips_per_min": "up",
        "sports": "any",
    },
    "gates": {
        **dict.fromkeys(("collar", "bid_max", "report_age_ms", "book_age_ms"), "up"),
        "ask_min": "down",
    },
    "plays": {
        **dict.fromkeys(("chase", "play_dollars", "legs_max"), "up"),
        **dict.fromkeys(("margin", "exit_spread", "overturn_chance"), "down"),
        "overturn_goals": "any",
    },
    "exits": dict.fromkeys(
        (
            *("after_match_s", "slip", "give_up", "take_profit", "stop"),
            *("attempts", "retry_s", "recess_margin_s"),
        ),
        "none",
    ),
    "review": {
        **dict.fromkeys(("on_open", "liquidation_discount", "liquidation_steps"), "none"),
        **dict.fromkeys(("liquidation_wait_ms", "liquidation_floor"), "none"),
        "any_price": "up",
    },
    "clock": dict.fromkeys(("warn_ms", "halt_ms", "signed_ms"), "up"),
    "tokens": dict.fromkeys(("exit_reserve", "read_reserve"), "down"),
    # Nobody here reads it: flatten and custody do, from the file.
    "custody": dict.fromkeys(
        ("on_abandon", "floor", "step", "pause_s", "settle_s", "within_s"), "none"
    ),
}
"""By section and key."""


@attrs.frozen(kw_only=True)
class Change:
    """One key that is another in the file."""

    section: str
    key: str
    """Empty where a section is no table of figures."""
    old: object
    new: object
    kind: object
    """The key's type."""

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.section}.{self.key}" if self.key else self.section

    @property
    def way(self) -> Way | None:
        """Which way lets more through; ``None`` where it needs a restart."""
        return SWAPPED.get(self.section, {}).get(self.key)

    @property
    def widens(self) -> bool:
        """Whether more is let through than before."""
        old: Any = self.old
        new: Any = self.new
        match self.way:
            case "up":
                return bool(new > old)
            case "down":
                return bool(new < old)
            case way:
                return way == "any"

    @property
    def text(self) -> str:
        """The change, for a person."""
        return f"{self.name} {self._told(self.old)} -> {self._told(self.new)}"

    def _told(self, value: object) -> str:
        if self.kind is MicroDollars:
            return f"{value / 1_000_000:.2f}"  # type: ignore[operator]  # the line above settled it
        if self.kind is Pips:
            return pips_text(value)  # type: ignore[arg-type]  # as before
        return str(value)


def changes(before: Profile, after: Profile) -> Iterator[Change]:
    """Yield every key that differs, in the order in which the profile names them."""
    for section in attrs.fields(Profile):
        old, new = getattr(before, section.name), getattr(after, section.name)
        if old == new:
            continue
        if not attrs.has(type(old)):
            yield Change(section=section.name, key="", old=old, new=new, kind=section.type)
            continue
        for each in attrs.fields(type(old)):
            was, now = getattr(old, each.name), getattr(new, each.name)
            if was != now:
                yield Change(section=section.name, key=each.name, old=was, new=now, kind=each.type)


def swap(after: Profile, trading: Trading) -> None:
    """Have everybody go by another profile from this step on; plays are made anew.

    Only what ``SWAPPED`` names may be another than before.

    Raises:
        ValueError: A budget is above its ceiling; nothing has changed.
    """
    desk, fire, planner = trading.desk, trading.fire, trading.planner
    budgets.swap(after.limits, desk=desk, fire=fire, planner=planner)
    exits, gates = after.exits, after.gates
    fire.terms = gate.Terms.of(after.risk, round(after.race.single_feed_size * FULL_PM))
    fire.gates = gates
    fire.exit_after_ns = int(exits.after_match_s / planner.speed * 1e9)
    planner.terms = attrs.evolve(
        planner.terms,
        settings=after.plays,
        gates=gates,
        give_up=exits.give_up,
        take_profit=exits.take_profit,
        stop=exits.stop,
    )
    trading.exits.settings = trading.exits.seller.settings = exits
    trading.exits.seller.review = trading.reversals.review = after.review
    if desk.throttle.pace != after.throttle:
        desk.throttle.change(after.throttle)
    desk.books.old_ns = gates.book_age_ms * 1_000_000
    desk.holds.most_ns = after.risk.delay_max_ms * 1_000_000
    desk.clock.tolerance = tolerance_of(after.clock)
    desk.budget.exit_reserve = after.tokens.exit_reserve
    desk.budget.read_reserve = after.tokens.read_reserve
    desk.bound_losses(after.risk.losses())
