"""From a won race to bytes with the kernel: one call, no checkpoint, nothing but the send.

The arbiter calls ``Fire`` with a trigger. Everything slow happened before: the
planner has priced and encoded the play, the signer has made the header sets, the
connections are warm. What is left is a look-up, the gate, one write to the page
cache and one non-blocking send (design section 8). No log, no lock, no crypto and
no await stand before the bytes; the words to the auditor come after them.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.config.profile import Gates
from actors.exchange.orders import OrderConnection
from actors.exchange.signing import HeaderSet
from actors.messages.race import FULL_PM, Trigger
from actors.messages.records import Intent
from actors.messages.trading import ExitPlan, Leg, Passed, Play, Sent, ToExits
from actors.model.children import Child
from actors.model.money import CentiContracts, MicroDollars
from actors.model.score import GoalKey
from actors.risk import gate
from actors.runtime.env import Env
from actors.runtime.errors import BadRecord, JournalFailed
from actors.runtime.journal import Journal
from actors.runtime.mailbox import Mailbox
from actors.trader.conditions import STALE
from actors.trader.desk import Desk


@attrs.define(eq=False, kw_only=True)
class Fire:
    """Sends the play of a won race."""

    env: Env
    journal: Journal
    desk: Desk
    gates: Gates
    exit_after_ns: int
    """Wall nanoseconds from a fill to its timed sale: ``after_match_s`` over the speed."""
    order_max_centi: CentiContracts
    terms: gate.Terms = gate.USUAL
    to_executor: Mailbox[Sent]
    to_exits: Mailbox[ToExits]
    """Hears of what was sold of its lots."""
    to_auditor: Mailbox[object]
    on_used: Callable[[], None]
    """Told after the bytes left that a header set is gone."""

    def __call__(self, trigger: Trigger) -> None:
        """Send every leg of the trigger's play that may leave; say what became of each."""
        desk, key = self.desk, trigger.key
        play = desk.plays.get(key)
        if play is None or not play.legs:
            self._pass(trigger, None, "no_play" if play is None else play.reason)
            return
        legs = play.legs if trigger.size_pm == FULL_PM else _resized(play, trigger.size_pm)
        if not legs:
            self._pass(trigger, None, "size")
            return
        said: list[Sent | Passed] = []
        try:
            for leg in legs:
                plan = leg.closes
                word = self._leg(trigger, leg) if plan is None else self._sell(trigger, leg, plan)
                said.append(word)
        finally:
            # What has left is seen through, even if a later leg could not be sent.
            self._tell(key, said)

    def _tell(self, key: GoalKey, said: list[Sent | Passed]) -> None:
        if any(isinstance(word, Sent) for word in said):
            self.desk.traded.add(key)
            self.on_used()
        for word in said:
            if isinstance(word, Sent):
                if word.purpose == "entry":
                    self.to_executor.post(word)
                else:
                    self.to_exits.post(word)
            self.to_auditor.post(word)

    def _leg(self, trigger: Trigger, leg: Leg) -> Sent | Passed:
        desk, now_ns = self.desk, self.env.now_ns()
        reason = self._judge(trigger, leg, now_ns)
        if reason is not None:
            self._alarm(trigger, reason, now_ns)
            return self._passed(trigger, leg, reason, now_ns)
        connection = desk.entries.take_free()
        if connection is None:
            return self._passed(trigger, leg, "no_connection", now_ns)
        headers = desk.entry_headers.take(now_ns)
        if headers is None:
            return self._passed(trigger, leg, "no_signature", now_ns)
        refusal = desk.exposure.reserve(
            leg.client_order_id,
            ticker=leg.ticker,
            match=trigger.key.match,
            worst_micros=leg.worst_micros,
            shard=leg.exchange_index,
        )
        if refusal is not None:
            return self._passed(trigger, leg, refusal, now_ns)
        return self._send(trigger, leg, connection, headers, now_ns)

    def _alarm(self, trigger: Trigger, reason: str, now_ns: int) -> None:
        """Halt where what stopped an order is no accident of the market's."""
        desk = self.desk
        if reason == "children":
            desk.state.halt(
                "risk",
                f"{trigger.key.match} {trigger.key.state} wanted more orders than it may have",
            )
        elif reason == "throttle" and desk.throttle.trips(now_ns):
            desk.state.halt("throttle", "more orders were wanted than may ever leave")

    def _judge(self, trigger: Trigger, leg: Leg, now_ns: int) -> str | None:
        desk, ticker, key = self.desk, leg.ticker, trigger.key
        if trigger.fresh_feeds and desk.state.stands(STALE):
            desk.state.clear(STALE)  # Whoever looks each second has not seen it come back yet.
        match, play = desk.catalogue.value.matches.get(key.match), desk.plays.get(key)
        wall_ns = self.env.wall_ns()
        due_wall_ns = wall_ns + self.exit_after_ns
        # How old the book may be is the gate's own question.
        book_whole, best_pips = desk.books.meets(ticker, leg.side, now_ns)
        moment = gate.Moment(
            now_ns=now_ns,
            received_ns=trigger.report.received_ns,
            state=desk.state.value,
            journal_healthy=self.journal.healthy,
            fresh_feeds=trigger.fresh_feeds,
            in_doubt=key.match in desk.doubts,
            series_closed=match is not None and desk.holds.closed(match.series),
            group_shut=leg.exchange_index in desk.groups.shut,
            size_pm=trigger.size_pm,
            plausible=play is not None and _plausible(trigger, play),
            same_order_ns=desk.children.sent_ns(child_of(key, leg)),
            crosses_own=desk.inflight.crosses(ticker, leg.side),
            children=desk.children.of(key),
            in_recess=any(begins <= due_wall_ns < ends for begins, ends in desk.recesses),
            unsynced_since_ns=self.journal.unsynced_since_ns,
            frozen=desk.is_frozen(ticker),
            clock_fits=desk.clock.admits(now_ns, wall_ns),
            has_tokens=desk.budget.entry_fits(leg.exchange_index, now_ns),
            brake=desk.throttle.brakes(key.match, now_ns, match.sport if match else None),
            book_whole=book_whole,
            book_proved_ns=desk.books.proved(ticker),
            best_opposite_pips=best_pips,
        )
        return gate.entry(
            leg,
            key,
            moment,
            gates=self.gates,
            order_max_centi=self.order_max_centi,
            traded=desk.traded,
            terms=self.terms,
        )

    def _send(
        self,
        trigger: Trigger,
        leg: Leg,
        connection: OrderConnection,
        headers: HeaderSet,
        gated_ns: int,
    ) -> Sent | Passed:
        report, form = trigger.report, leg.form
        assert form is not None, "an entry's intent is written ahead"
        due_wall_ns = self.env.wall_ns() + self.exit_after_ns
        try:
            seq = self.journal.append_ready(
                form.type_no,
                form.version,
                form.filled(
                    feed=report.feed,
                    epoch=report.epoch,
                    frame_no=report.frame_no,
                    exit_due_wall_ns=due_wall_ns,
                ),
            )
        except (JournalFailed, BadRecord) as error:
            self.desk.exposure.settle_outcome(leg.client_order_id, MicroDollars(0))
            self.desk.state.halt("journal", str(error))
            return self._passed(trigger, leg, "journal", gated_ns)
        intent_ns, unsent, sent_ns = self._hand_over(connection, headers, leg)
        key = trigger.key
        match = self.desk.catalogue.value.matches.get(key.match)
        self.desk.throttle.take(key.match, sent_ns, match.sport if match else None)
        self.desk.children.take(child_of(key, leg), sent_ns)
        self.desk.plans[leg.client_order_id] = ExitPlan(
            key=key,
            match=key.match,
            ticker=leg.ticker,
            entry_side=leg.side,
            entry_client_order_id=leg.client_order_id,
            exchange_index=leg.exchange_index,
            due_ns=gated_ns + self.exit_after_ns,
            due_wall_ns=due_wall_ns,
            floor_pips=leg.floor_pips,
            take_pips=leg.take_pips,
            stop_pips=leg.stop_pips,
        )
        return self._sent(trigger, leg, connection, (gated_ns, intent_ns, sent_ns), (seq, unsent))

    def _hand_over(
        self, connection: OrderConnection, headers: HeaderSet, leg: Leg
    ) -> tuple[int, int, int]:
        """Hand a leg's bytes to the kernel; return when, what is left over, and until when."""
        intent_ns = self.env.now_ns()
        try:
            unsent = connection.send_now(headers, leg.tail)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            # Some of it may have left: only the venue can say, so the executor asks.
            unsent = len(leg.tail)
        sent_ns = self.env.now_ns()
        self.desk.budget.take_order(leg.exchange_index, sent_ns)
        self.journal.sync_soon()
        return intent_ns, unsent, sent_ns

    def _sent(
        self,
        trigger: Trigger,
        leg: Leg,
        connection: OrderConnection,
        stamps_ns: tuple[int, int, int],
        record: tuple[int, int],
    ) -> Sent:
        plan = leg.closes
        sent = Sent(
            trigger=trigger,
            key=trigger.key if plan is None else plan.key,
            purpose="entry" if plan is None else "exit",
            entry_client_order_id="" if plan is None else plan.entry_client_order_id,
            connection=connection.index,
            client_order_id=leg.client_order_id,
            ticker=leg.ticker,
            side=leg.side,
            limit_pips=leg.limit_pips,
            count_centi=leg.count_centi,
            exchange_index=leg.exchange_index,
            worst_micros=leg.worst_micros,
            intent_seq=record[0],
            gated_ns=stamps_ns[0],
            intent_ns=stamps_ns[1],
            sent_ns=stamps_ns[2],
            unsent_bytes=record[1],
        )
        self.desk.inflight.add(sent)
        return sent

    def _sell(self, trigger: Trigger, leg: Leg, plan: ExitPlan) -> Sent | Passed:
        """Sell what the goal hurts of one lot, on a line and a header set of the exits.

        The lot stays the exits': they read the response, and sell what is left. Until
        then the order in flight keeps everybody else's hands off it. Nothing runs in
        between, so that a crash finds either nothing sent, or the order in flight.
        """
        desk, now_ns = self.desk, self.env.now_ns()
        entry = plan.entry_client_order_id
        lot = desk.lots.get(entry)
        reason: str | None = "repeat"
        if lot is not None and leg.count_centi <= lot.left_centi:
            reason = gate.reduction(
                side=leg.side,
                limit_pips=leg.limit_pips,
                floor_pips=plan.floor_pips,
                count_centi=leg.count_centi,
                held_centi=desk.held_centi.get(leg.ticker, 0),
                already_sent=desk.inflight.closes(entry) or leg.attempt != lot.attempts + 1,
            )
        if lot is None or reason is not None:
            return self._passed(trigger, leg, reason or "repeat", now_ns)
        connection = desk.exits.take_free()
        if connection is None:
            return self._passed(trigger, leg, "no_connection", now_ns)
        headers = desk.exit_headers.take(now_ns)
        if headers is None:
            return self._passed(trigger, leg, "no_signature", now_ns)
        try:
            seq = self.journal.append(_exit_intent(leg, plan))
        except (JournalFailed, BadRecord) as error:
            desk.state.halt("journal", str(error))
            return self._passed(trigger, leg, "journal", now_ns)
        intent_ns, unsent, sent_ns = self._hand_over(connection, headers, leg)
        lot.attempts += 1
        return self._sent(trigger, leg, connection, (now_ns, intent_ns, sent_ns), (seq, unsent))

    def _passed(self, trigger: Trigger, leg: Leg, reason: str, now_ns: int) -> Passed:
        return Passed(trigger=trigger, ticker=leg.ticker, reason=reason, decided_ns=now_ns)

    def _pass(self, trigger: Trigger, leg: Leg | None, reason: str) -> None:
        ticker = None if leg is None else leg.ticker
        now_ns = self.env.now_ns()
        self.to_auditor.post(
            Passed(trigger=trigger, ticker=ticker, reason=reason, decided_ns=now_ns)
        )


PLAYING: Final = frozenset({None, "1H", "2H", "ET1", "ET2"})
"""Periods in which somebody can score; a report need not name one."""
CLOCK_MOST_S: Final = 150 * 60
"""Longer than any match, its extra time and every stoppage."""


def _plausible(trigger: Trigger, play: Play) -> bool:
    report = trigger.report
    return (
        play.scorer == trigger.scorer
        and report.period in PLAYING
        and 0 <= (report.clock_s or 0) <= CLOCK_MOST_S
    )


def child_of(key: GoalKey, leg: Leg) -> Child:
    """Return what makes a leg's order the same as another."""
    return key, leg.ticker, leg.side, leg.limit_pips, leg.count_centi


def _resized(play: Play, size_pm: int) -> tuple[Leg, ...]:
    if play.resized is not None:
        return play.resized(size_pm)
    # Nobody can make what opens smaller, so that only what reduces may leave.
    return tuple(leg for leg in play.legs if leg.closes is not None)


def _exit_intent(leg: Leg, plan: ExitPlan) -> Intent:
    key = plan.key
    return Intent(
        client_order_id=leg.client_order_id,
        purpose="exit",
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=leg.ticker,
        side=leg.side,
        limit_pips=leg.limit_pips,
        count_centi=leg.count_centi,
        exchange_index=leg.exchange_index,
        worst_micros=leg.worst_micros,
        feed="",
        epoch=0,
        frame_no=0,
        exit_due_wall_ns=0,
        exit_floor_pips=plan.floor_pips,
        entry_client_order_id=plan.entry_client_order_id,
        body=leg.body,
    )
