"""The arbiter actor: takes the feeds' reports in order and acts on what the race makes of them."""

import math
from collections.abc import Callable, Mapping
from typing import Final

import attrs
import trio

from actors.feeds.entities import Bindings, Stranger
from actors.feeds.ledger import FeedLedger
from actors.feeds.race import Race
from actors.messages.catalogue import Catalogue
from actors.messages.feeds import FeedEvent, Kind
from actors.messages.race import Judged, Judgement, MatchDoubt, RaceOutput, Trigger
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox

TURN_NS: Final = 300_000
"""How long reports that already wait are judged before the others get their turn."""


SPARE: Final[frozenset[Kind]] = frozenset({"clock", "heartbeat"})
"""What may be missed: the next frame says it again."""


def admission(inbox: Mailbox[FeedEvent]) -> Callable[[FeedEvent], None]:
    """Return what feeds post reports with.

    Where the arbiter is far behind, half of its mailbox is kept for reports that are said
    once; one for which there is no room at all still costs its feed the connection.

    Raises (what is returned):
        MailboxFull: The arbiter does not keep up, which means that it is dead.
    """
    post, most = inbox.post, inbox.capacity // 2

    def admit(report: FeedEvent) -> None:
        if report.kind not in SPARE or inbox.depth < most:
            post(report)

    return admit


@attrs.define(eq=False, kw_only=True)
class Arbiter:
    """Judges reports; fires first and tells afterwards.

    The race belongs to the tree and outlives the actor: whatever it has accepted
    or triggered before a crash stays accepted and triggered.
    """

    env: Env
    inbox: Mailbox[FeedEvent]
    race: Race
    catalogue: Latest[Catalogue]
    aliases: Mapping[str, str] = attrs.field(factory=dict)
    """Reviewed: a feed's name of a team to the venue's."""
    fire: Callable[[Trigger], None]
    """Trades a won race, at once and without waiting."""
    on_doubt: Callable[[MatchDoubt], None]
    """Closes or opens a match's entries; in force when it returns."""
    tell: Callable[[RaceOutput], None]
    """The auditor's mailbox: ``Mailbox.post``."""
    health: Health
    counts: dict[Judgement, int] = attrs.field(init=False, factory=dict)
    """Reports by what they were judged to be."""
    _bindings: Bindings = attrs.field(init=False)
    _armed_ns: int | None = attrs.field(init=False, default=None)
    _empty: trio.Event = attrs.field(init=False, factory=trio.Event)
    _patience: trio.CancelScope = attrs.field(init=False, factory=trio.CancelScope)
    _failure: Exception | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._bindings = Bindings.of(self.catalogue.value, self.aliases)

    @property
    def ledgers(self) -> tuple[FeedLedger, ...]:
        """Every feed's record so far, in the profile's order."""
        return self.race.ledgers()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Judge reports until the tree closes the mailbox, and then what is left in it."""
        self._failure = None
        async with trio.open_nursery() as nursery:
            await nursery.start(self._follow_catalogue)
            task_status.started()
            while await self._judge_until_due():
                self._tick()
            nursery.cancel_scope.cancel()

    def strangers(self) -> list[Stranger]:
        """Return the ids that nobody knows, noted since somebody asked last."""
        return self._bindings.strangers()

    async def drain(self) -> None:
        """Wait until every report posted so far is judged."""
        while self.inbox.depth:
            self._empty = trio.Event()
            await self._empty.wait()

    async def _follow_catalogue(self, *, task_status: trio.TaskStatus[None]) -> None:
        # Beside the reports and not before one: reading a catalogue takes longer
        # than any of them may wait.
        version = self.catalogue.version
        self._bind()
        task_status.started()
        while True:
            await self.catalogue.changed(version)
            version = self.catalogue.version
            self._bind()

    def _bind(self) -> None:
        catalogue = self.catalogue.value
        self._bindings = self._bindings.renewed(catalogue, self.aliases)
        if catalogue.matches:
            # An empty catalogue is one not read yet, and nothing to forget matches for.
            self.race.retain(catalogue.matches)

    async def _judge_until_due(self) -> bool:
        """Judge reports until the race wants the clock; ``False`` when there will be no more."""
        with trio.CancelScope() as self._patience:
            self._arm()
            while True:
                try:
                    await self.inbox.arrival(self.attend)
                except trio.EndOfChannel:
                    return False
                # No checkpoint from here until the race is fired.
                self._judge_waiting()
                self._arm()
        if self._failure is not None:
            raise self._failure
        return True

    def attend(self) -> None:
        """Judge a report in the step in which it is posted: what an arbiter that waits does.

        From the frame to the order there is then one step of the loop and no way through
        the scheduler, in which anybody else's step could stand. Nothing can be posted
        meanwhile, and whoever posts while a backlog is being worked off waits behind it.
        """
        if self._failure is not None:
            return
        try:
            self._judge_waiting()
            self._arm()
        except Exception as error:  # noqa: BLE001 - our failure is raised in our task, not the feed's
            self._failure = error
            self._patience.cancel()

    def _judge(self, report: FeedEvent) -> None:
        now_ns = self.env.now_ns()
        binding = self._bindings.lookup(report)
        self._act(self.race.enter(report, binding, now_ns))
        self._bindings.learn(report, binding)
        self.health.mark(now_ns)
        if not self.inbox.depth:
            self.health.rest()
            self._empty.set()

    def _judge_waiting(self) -> None:
        """Judge what waits, so that a burst does not take one pass each, for one turn at most.

        Several feeds post in one pass of the loop. Taken one a pass, a backlog would grow
        until the mailbox is full, and every feed would die of it.
        """
        inbox = self.inbox
        self._judge(inbox.receive_nowait())
        if inbox.depth:
            until_ns = self.env.now_ns() + TURN_NS
            while inbox.depth and self.env.now_ns() < until_ns:
                self._judge(inbox.receive_nowait())

    def _tick(self) -> None:
        # A report that was read before the deadline counts, even if it still waits.
        while self.inbox.depth:
            self._judge(self.inbox.receive_nowait())
        self._act(self.race.tick(self.env.now_ns()))

    def _act(self, outputs: list[RaceOutput]) -> None:
        try:
            for output in outputs:
                if isinstance(output, Trigger):
                    self.fire(output)
                elif isinstance(output, MatchDoubt):
                    self.on_doubt(output)
        finally:
            # The books are kept, and the auditor hears of a race, even if firing it failed.
            for output in (*outputs, *self.race.finish()):
                self.tell(output)
                if isinstance(output, Judged):
                    self.counts[output.judgement] = self.counts.get(output.judgement, 0) + 1

    def _arm(self) -> None:
        patience, due_ns = self._patience, self.race.next_deadline_ns
        if due_ns is None:
            patience.deadline = math.inf
        elif due_ns != self._armed_ns or patience.deadline == math.inf:
            left_s = (due_ns - self.env.now_ns()) / 1e9
            patience.deadline = trio.current_time() + max(0.0, left_s)
        self._armed_ns = due_ns
