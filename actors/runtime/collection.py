"""Garbage collection by the clock and in quiet instants: none between a frame and its order.

Python collects when enough objects were made, which is when most is going on: in the
middle of a goal. Here the automatic collector is off while the actor lives; what there
was when the process became ready is frozen, and never looked at again; and each
generation is collected on a schedule, in an instant in which nothing is under way.
Nothing is put off for ever: at the end of its time a collection is made whatever is
going on. While the actor is down the automatic collector is on (design section 8).
"""

import gc
from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol, runtime_checkable

import attrs
import trio
from typing_extensions import override

from actors.runtime.health import Health
from actors.runtime.latest import Latest

Mode = Literal["scheduled", "automatic", "off"]
"""In quiet instants; as the interpreter likes; or never. The latter two are for measurements."""

LOOK_NS: Final = 5_000_000
"""Between two looks whether it has become calm: seldom enough to cost nothing."""
CROWD: Final = 100_000
"""So many containers beyond those of the last collection, and the youngest generation is
collected before its time: something makes cycles by the thousand."""
CROWD_NS: Final = 1_000_000_000
"""Between two looks at how many there are."""
MOST_KEPT_S: Final = 3_600.0
"""No schedule leaves garbage longer than that."""


@runtime_checkable
class Garbage(Protocol):
    """The interpreter's collector, as far as it is used here."""

    def automatic(self, *, on: bool) -> None:
        """Have it collect by itself, or not."""
        ...

    def freeze(self) -> None:
        """Keep everything that there is now out of all later collections."""
        ...

    def collect(self, generation: int) -> int:
        """Collect this generation and all younger ones; return how many objects had to go."""
        ...

    def young(self) -> int:
        """Return how many containers there are more than after the last collection."""
        ...


class MachineGarbage(Garbage):
    """The interpreter's own: one for the whole process, so that ``main`` alone hands it out."""

    @override
    def automatic(self, *, on: bool) -> None:
        if on:
            gc.enable()
        else:
            gc.disable()

    @override
    def freeze(self) -> None:
        gc.freeze()

    @override
    def collect(self, generation: int) -> int:
        return gc.collect(generation)

    @override
    def young(self) -> int:
        return gc.get_count()[0]


class NoGarbage(Garbage):
    """Touches nothing: for seeded runs and for tests, which share a process with others."""

    @override
    def automatic(self, *, on: bool) -> None:
        pass

    @override
    def freeze(self) -> None:
        pass

    @override
    def collect(self, generation: int) -> int:
        return 0

    @override
    def young(self) -> int:
        return 0


@attrs.frozen(kw_only=True)
class Rule:
    """When one generation is collected."""

    generation: int = attrs.field(
        validator=[attrs.validators.ge(0), attrs.validators.le(2)]  # CPython has three.
    )
    every_s: float = attrs.field(validator=attrs.validators.gt(0))
    """From then on it is wanted, and made in the first calm instant."""
    most_s: float = attrs.field(validator=attrs.validators.le(MOST_KEPT_S))
    """By then it is made, whatever is going on. From halfway on it need not be calm, only
    must nothing be under way: a feed that never pauses leaves no calm instant."""

    @most_s.validator
    def _leaves_room(self, _field: object, most_s: float) -> None:
        if most_s <= self.every_s:
            raise ValueError(f"generation {self.generation}: no room between wanted and overdue")

    @property
    def pressing_s(self) -> float:
        """From then on nothing need be calm."""
        return (self.every_s + self.most_s) / 2


RULES: Final = (
    Rule(generation=0, every_s=10.0, most_s=30.0),
    Rule(generation=1, every_s=60.0, most_s=120.0),
    Rule(generation=2, every_s=600.0, most_s=1_200.0),
)
"""Seldom: what goes on here makes a few dozen objects a second that wait for a collector,
while each collection goes through all that is alive, 2 to 20 ms of it under load
(``docs/performance.md``, garbage collection)."""


@attrs.frozen(kw_only=True)
class Collection:
    """One collection that was made."""

    generation: int
    collected: int
    """Objects that had to go."""
    began_ns: int
    took_ns: int
    forced: bool
    """Whether its time was up, so that something may have been under way."""


@attrs.frozen(kw_only=True)
class Collections:
    """All collections so far, for health."""

    count: tuple[int, int, int] = (0, 0, 0)
    """By generation."""
    forced: int = 0
    collected: int = 0
    total_ns: int = 0
    longest_ns: int = 0
    last: Collection | None = None

    def with_one(self, made: Collection) -> "Collections":
        """Return them with one more."""
        zero, one, two = (
            count + (made.generation == generation) for generation, count in enumerate(self.count)
        )
        return Collections(
            count=(zero, one, two),
            forced=self.forced + made.forced,
            collected=self.collected + made.collected,
            total_ns=self.total_ns + made.took_ns,
            longest_ns=max(self.longest_ns, made.took_ns),
            last=made,
        )


@attrs.frozen(kw_only=True)
class Instant:
    """How things stand when the schedule is asked."""

    now_ns: int
    heard_ns: int
    """When the last frame was dealt with."""
    busy: bool
    """Whether a frame waits, or an order is not answered."""
    crowded: bool = False
    """Whether there is more garbage, or more new life, than the schedule was made for."""


@attrs.define(eq=False)
class Schedule:
    """Says what to collect at an instant, and when to ask again. Pure."""

    rules: Sequence[Rule]
    calm_ns: int
    """Without a frame for so long, it is calm."""
    began_ns: int
    _made_ns: dict[int, int] = attrs.field(init=False)
    """When a generation was last collected, on its own or with an older one."""

    def __attrs_post_init__(self) -> None:
        self._made_ns = {rule.generation: self.began_ns for rule in self.rules}

    def due(self, at: Instant) -> tuple[Rule, bool] | None:
        """Return the oldest generation that may be collected now, and whether it is forced.

        An older generation takes the younger ones with it, so one collection is enough.
        """
        calm = not at.busy and at.now_ns - at.heard_ns >= self.calm_ns
        best: tuple[Rule, bool] | None = None
        for rule in self.rules:
            age_s = (at.now_ns - self._made_ns[rule.generation]) / 1e9
            forced = age_s >= rule.most_s
            early = at.crowded and rule.generation == 0
            idle = (age_s >= rule.pressing_s or early) and not at.busy
            if (forced or idle or (calm and age_s >= rule.every_s)) and (
                best is None or rule.generation > best[0].generation
            ):
                best = rule, forced and not calm
        return best

    def made(self, generation: int, at_ns: int) -> None:
        """Note that a generation was collected."""
        for each in self._made_ns:
            if each <= generation:
                self._made_ns[each] = at_ns

    def ask_again_ns(self, at: Instant) -> int | None:
        """Return when ``due`` may next say otherwise than now; ``None`` where there are no rules.

        Never in the past, and never so late that a bound is missed.
        """
        wanted = [at.now_ns + CROWD_NS] if self.rules else []
        for rule in self.rules:
            made_ns = self._made_ns[rule.generation]
            wanted_ns = made_ns + int(rule.every_s * 1e9)
            if wanted_ns > at.now_ns:
                wanted.append(wanted_ns)
                continue
            overdue_ns = made_ns + int(rule.most_s * 1e9)
            pressing_ns = made_ns + int(rule.pressing_s * 1e9)
            ends = [at.now_ns + LOOK_NS, overdue_ns]
            ends += [pressing_ns] if pressing_ns > at.now_ns else []
            wanted.append(max(at.now_ns, min(ends)))
        return min(wanted, default=None)


def _unheard(_made: Collection) -> None:
    """Nobody asked to be told."""


@attrs.define(eq=False, kw_only=True)
class Collector:
    """Collects garbage when nothing is under way. The tree keeps it over restarts of its actor.

    The last child of the tree: what exists when it starts is what is frozen. It holds
    up the loop for as long as a collection takes, which is what it is there to place.
    """

    garbage: Garbage
    now_ns: Callable[[], int]
    busy: Callable[[], bool]
    """Whether a frame waits to be judged, or an order of ours is not answered yet."""
    heard_ns: Callable[[], int]
    """When the last frame was dealt with; monotonic."""
    health: Health
    mode: Mode = "scheduled"
    rules: Sequence[Rule] = RULES
    """One for each generation that is collected."""
    calm_s: float = 0.003
    on_made: Callable[[Collection], None] = _unheard
    """Told of each collection after it was made. Must not wait."""
    counts: Latest[Collections] = attrs.field(factory=lambda: Latest(Collections()))
    _frozen: bool = attrs.field(init=False, default=False)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Collect on schedule until cancelled; ready once what there is is frozen."""
        garbage = self.garbage
        if self.mode == "automatic":
            task_status.started()
            await trio.sleep_forever()
        garbage.automatic(on=False)
        try:
            if not self._frozen:
                # Garbage that is frozen is kept for ever, so it goes first.
                garbage.collect(2)
                garbage.freeze()
                self._frozen = True
            task_status.started()
            rules = self.rules if self.mode == "scheduled" else ()
            await self._keep(Schedule(rules, int(self.calm_s * 1e9), self.now_ns()))
        finally:
            garbage.automatic(on=True)

    async def _keep(self, schedule: Schedule) -> None:
        while True:
            at = self._instant()
            due = schedule.due(at)
            if due is not None:
                rule, forced = due
                self._collect(rule.generation, forced=forced)
                schedule.made(rule.generation, at.now_ns)
            self.health.rest()
            at = self._instant()
            again_ns = schedule.ask_again_ns(at)
            if again_ns is None:
                await trio.sleep_forever()
            else:
                await trio.sleep((again_ns - at.now_ns) / 1e9)

    def _instant(self) -> Instant:
        return Instant(
            now_ns=self.now_ns(),
            heard_ns=self.heard_ns(),
            busy=self.busy(),
            crowded=self.garbage.young() >= CROWD,
        )

    def _collect(self, generation: int, *, forced: bool) -> None:
        began_ns = self.now_ns()
        collected = self.garbage.collect(generation)
        ended_ns = self.now_ns()
        made = Collection(
            generation=generation,
            collected=collected,
            began_ns=began_ns,
            took_ns=ended_ns - began_ns,
            forced=forced,
        )
        self.counts.set(self.counts.value.with_one(made))
        self.health.mark(ended_ns)
        self.on_made(made)
