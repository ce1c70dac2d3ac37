"""Cuts risk the instant a goal is doubted: called by the race, it sells before anybody waits.

``hear_doubt`` runs in the step that read the feed's frame. It closes the match for entries,
sets the lots that were bought for the goal on their way down and sends the first order of
each; an entry whose outcome nobody knows is covered at its worst case. The exits read the
responses and do the rest, whenever they are there: what is owed outlives them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import attrs

from actors.config.profile import Profile
from actors.config.review import Review
from actors.exchange.orders import OrderPool
from actors.messages.race import UNTOLD, Judged, MatchDoubt
from actors.messages.records_review import ReviewRow
from actors.messages.recovered import RecoveredLot, Relived
from actors.messages.trading import ExitPlan, ToExits, Uncovered
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker, opposite
from actors.model.score import SOCCER, GoalKey, MatchId, Policy, Score
from actors.risk.ladder import ladder
from actors.risk.review import PHASES, Case, Cut, Word, cut, word_of
from actors.runtime.env import Env
from actors.runtime.errors import JournalFailed
from actors.runtime.journal import Journal
from actors.runtime.mailbox import Mailbox
from actors.trader.desk import Descent, Desk, OpenLot
from actors.trader.plays import Encode
from actors.trader.selling import Seller

CASES_MOST: Final = 512
"""Newest goals that anybody doubted, whose phase is remembered."""

Value = Callable[[MatchId, Ticker, Score], Pips | None]
"""What a leg is worth at a score; ``None`` where nobody can say."""


@attrs.define(eq=False, kw_only=True)
class Reversals:
    """Hears every doubt of the race. Owned by the tree; it never waits."""

    env: Env
    desk: Desk
    seller: Seller
    pool: OrderPool
    review: Review
    to_exits: Mailbox[ToExits]
    to_auditor: Mailbox[object]
    value: Value
    policy: Policy = SOCCER
    _cases: OrderedDict[GoalKey, Case] = attrs.field(init=False, factory=OrderedDict)
    _silent: dict[MatchId, dict[MatchDoubt, str]] = attrs.field(init=False, factory=dict)
    """Reviews whose end nobody told, each with the period that was played by then."""

    def hear_doubt(self, doubt: MatchDoubt) -> None:
        """Act on the race's word about a goal; in force when it returns."""
        word = word_of(doubt)
        if word == "silence":
            self._silent.setdefault(doubt.key.match, {})[doubt] = ""
        else:
            self.desk.hear_doubt(doubt)
        asked = cut(doubt, self.review.on_open)
        try:
            if asked == "keep":
                self._relent(doubt.key)
            elif asked is not None:
                self._cut(doubt, asked)
        except JournalFailed:
            # Trading is halted by now. What may not be written may not be sent; the exits
            # will find the same, and the tree goes down by its own rules.
            pass
        if doubt.takes_back:
            self._enter(doubt.key, word, doubt.reason)

    def hear_judged(self, judged: Judged) -> None:
        """Open a match again whose review never ended: a later score is agreed, or a period."""
        key = judged.key
        if key is None:
            return
        if judged.judgement in {"trigger", "advance"} and key in self._cases:
            self._enter(key, "goal", "scored again")
        waiting = self._silent.get(key.match)
        if waiting is None:
            return
        period = judged.report.period or ""
        for doubt, before in list(waiting.items()):
            is_agreed = judged.judgement == "echo" and key != doubt.key
            if is_agreed or (before and period and period != before):
                del waiting[doubt]
                self.desk.hear_doubt(doubt)
                self._enter(doubt.key, "agreed", "a later score" if is_agreed else period)
            elif period and not before:
                waiting[doubt] = period
        if not waiting:
            del self._silent[key.match]

    def recall(self, cases: Iterable[tuple[GoalKey, str]]) -> None:
        """Take up what an earlier process heard of each goal; nothing is sold for it anew.

        What the race still asks about it closes itself again. A review whose end nobody told
        is over for the race: it is closed from here, until what opens it comes.

        Args:
            cases: The phase that each goal was in last, the one heard of last at the end.
        """
        for key, said in cases:
            phase = next((each for each in PHASES if each == said), None)
            if phase is None:
                continue
            self._case(key).phase = phase
            if phase == "in_doubt":
                doubt = MatchDoubt(
                    match=key.match,
                    in_doubt=True,
                    reason=UNTOLD,
                    key=key,
                    cause="goal_review",
                    takes_back=False,
                )
                self.desk.hear_doubt(doubt)
                silent = self._silent.setdefault(key.match, {})
                silent[attrs.evolve(doubt, in_doubt=False)] = ""

    def _case(self, key: GoalKey) -> Case:
        case = self._cases.setdefault(key, Case())
        self._cases.move_to_end(key)
        while len(self._cases) > CASES_MOST:
            self._cases.popitem(last=False)
        return case

    def _enter(self, key: GoalKey, word: Word, reason: str) -> None:
        case = self._case(key)
        if case.hear(word):
            self.to_auditor.post(
                ReviewRow(
                    match=key.match,
                    generation=key.generation,
                    state=key.state,
                    phase=case.phase,
                    reason=reason,
                    at_ns=self.env.now_ns(),
                )
            )

    def _relent(self, key: GoalKey) -> None:
        """The goal counts after all: what is left of its lots has its plan again."""
        if any(
            each == key for cause, each in self.desk.doubts.get(key.match, ()) if cause != "review"
        ):
            return
        for lot in self.desk.lots.values():
            if lot.plan.key == key and lot.descent is not None:
                self.seller.end(lot, "stands")

    def _cut(self, doubt: MatchDoubt, asked: Cut) -> None:
        for lot in list(self.desk.lots.values()):
            if self._falls(lot.plan.key, doubt):
                self._begin(lot, doubt, asked)
        if asked == "halve":
            return  # Nobody knows the half of what an entry has not filled yet.
        entries = {sent.client_order_id: sent for sent in self.desk.inflight.of("entry")}
        for entry, plan in list(self.desk.plans.items()):
            if entry in self.desk.lots or not self._falls(plan.key, doubt):
                continue
            # In flight, unknown, or on its way to the exits: nobody knows yet what it filled.
            lot = OpenLot(plan=plan, left_centi=0, awaits_entry=True)
            self.desk.lots[entry] = lot
            sent = entries.get(entry)
            self._begin(
                lot, doubt, asked, worst=CentiContracts(0) if sent is None else sent.count_centi
            )

    def _falls(self, key: GoalKey, doubt: MatchDoubt) -> bool:
        """Return whether what was bought for ``key`` falls with the doubted goal.

        So does what was bought for a later goal, and for an earlier one that the restored
        score does not count either.
        """
        if key == doubt.key:
            return True
        if doubt.cause != "score" or doubt.restored is None:
            return False
        if (key.match, key.generation) != (doubt.key.match, doubt.key.generation):
            return False
        score = self.policy.read(key.state)
        restored = doubt.restored
        return (
            score is not None and score != restored and not self.policy.is_behind(score, restored)
        )

    def _begin(
        self, lot: OpenLot, doubt: MatchDoubt, asked: Cut, *, worst: CentiContracts | None = None
    ) -> None:
        keep = lot.left_centi // 2 if asked == "halve" else 0
        descent = lot.descent
        if descent is not None:
            if descent.keep_centi <= keep:
                return
            self.seller.end(lot, "a reversal")
        value: Pips | None = None
        if doubt.restored is not None:
            value = self.value(lot.plan.match, lot.plan.ticker, doubt.restored)
        self.seller.begin(lot, value_pips=value, keep_centi=keep, why=doubt.reason)
        self._send(lot, lot.left_centi - keep if worst is None else worst)

    def _send(self, lot: OpenLot, count: int) -> None:
        """Send a lot's first order at once, if there is a line and a signature for it.

        Where there is not, the exits send it as soon as there is.
        """
        if self.seller.bar(lot, count) is not None:
            return
        connection = self.pool.take_free()
        headers = None if connection is None else self.seller.headers.take(self.env.now_ns())
        if connection is not None and headers is not None:
            self.to_exits.post(self.seller.send(lot, CentiContracts(count), connection, headers))
        elif lot.awaits_entry:
            self.to_exits.post(Uncovered(entry_client_order_id=lot.plan.entry_client_order_id))


def restored_lot(lot: RecoveredLot, plan: ExitPlan, review: Review) -> OpenLot:
    """Return a lot as an earlier process left it, on its way down if it was on one.

    Args:
        lot: What the journal says of it.
        plan: Its plan, on this process's clock.
        review: The profile's way down.
    """
    made = OpenLot(
        plan=plan,
        left_centi=lot.left_centi,
        attempts=lot.attempts,
        spared=lot.spared,
        awaits_entry=lot.awaits_entry,
        rung=lot.rung,
        rungs=lot.rungs,
        episodes=lot.episodes,
    )
    row = lot.episode
    if row is not None:
        way = ladder(opposite(plan.entry_side), Pips(row.value_pips), review)
        made.descent = Descent(episode=row.episode, ladder=way, keep_centi=row.keep_centi)
    return made


class Setting(Protocol):
    """What of a run these are made for."""

    @property
    def env(self) -> Env:
        """The only door out."""

    @property
    def profile(self) -> Profile:
        """How the run was wanted."""

    @property
    def journal(self) -> Journal:
        """Where intents go."""

    @property
    def to_auditor(self) -> Mailbox[object]:
        """Where everything is told."""

    @property
    def relived(self) -> Relived:
        """What an earlier process heard of each goal."""


def seller_of(given: Setting, desk: Desk, encode: Encode, on_used: Callable[[], None]) -> Seller:
    """Make a run's seller."""
    profile = given.profile
    return Seller(
        env=given.env,
        journal=given.journal,
        desk=desk,
        headers=desk.exit_headers,
        to_auditor=given.to_auditor,
        settings=profile.exits,
        review=profile.review,
        account=profile.account,
        encode=encode,
        on_used=on_used,
    )


def reversals_of(
    given: Setting, seller: Seller, to_exits: Mailbox[ToExits], value: Value
) -> Reversals:
    """Make what a run hears doubts with."""
    made = Reversals(
        env=given.env,
        desk=seller.desk,
        seller=seller,
        pool=seller.desk.exits,
        review=given.profile.review,
        to_exits=to_exits,
        to_auditor=given.to_auditor,
        value=value,
    )
    made.recall(given.relived.cases)
    return made
