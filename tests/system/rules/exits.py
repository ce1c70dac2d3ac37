"""Between a position and its end, and the tests that must notice."""

from typing import Final

from tests.system.rules.mutants import Changes

EXITS: Final[Changes] = {
    "actors/trader/exits.py": (
        ("an orphan's line", 'self.pool.discard(orphan.connection, "exits restarted")', "pass"),
        ("an orphan's market", "self.desk.freeze(orphan)", "pass"),
        (
            "a lot is told of once",
            "        if not lot.awaits_entry:\n            return None\n",
            "",
        ),
        (
            "what filled is added",
            "lot.left_centi += news.count_centi",
            "lot.left_centi = news.count_centi",
        ),
        (
            "a lot that was covered goes again",
            "lot.awaits_entry, lot.rung, lot.rung_ns = False, 0, 0",
            "lot.awaits_entry = False",
        ),
        ("orphans are asked for first", "await self._settle_orphans(lot, orphans)\n", ""),
        ("a lot waits for its time", "if wait_s > 0 and not self._is_touched(lot):", "if False:"),
        (
            "take and stop come before it",
            "if wait_s > 0 and not self._is_touched(lot):",
            "if wait_s > 0:",
        ),
        (
            "so many attempts",
            "lot.attempts - lot.spared - lot.rungs >= self.settings.attempts",
            "lot.attempts - lot.spared - lot.rungs > self.settings.attempts",
        ),
        (
            "the way down is not counted",
            "if lot.attempts - lot.spared - lot.rungs >=",
            "if lot.attempts - lot.spared >=",
        ),
        (
            "an ended market is held",
            (
                "            if word in OVER:\n"
                "                return word\n"
                "            if lot.left_centi > 0:"
            ),
            "            if lot.left_centi > 0:",
        ),
        (
            "a pause is outlasted",
            (
                "            if word in PAUSED:\n"
                "                await outlast_pause(self.rest, lot.plan, "
                "self.settings.retry_s)\n"
                "        return"
            ),
            "        return",
        ),
        (
            "before the recess",
            "return brought_forward(wall_ns + wait_ns, known, margin_ns) - wall_ns",
            "return wait_ns",
        ),
        ("half the attempts are for its time", "and tried < self.settings.attempts // 2", ""),
        (
            "a half that is kept goes on",
            'return "" if descent.keep_centi else FLOOR',
            "return FLOOR",
        ),
        (
            "what is kept is kept",
            "if lot.left_centi <= descent.keep_centi:",
            "if lot.left_centi <= 0:",
        ),
        (
            "rung after rung, in time",
            "due_ns = lot.rung_ns + rungs[lot.rung].wait_ns if lot.rung_ns else 0",
            "due_ns = 0",
        ),
        ("a rung that was not taken comes again", "lot.rung = min(lot.rung, before)", "pass"),
        ("what was sold binds no budget", "self.desk.exposure.release_position(entry)", "pass"),
        ("what is held is told", "                ExitHeld(", "                str("),
        ("a plan is over with its lot", "self.desk.plans.pop(entry, None)", "pass"),
        ("turned away unread", "lot.spared += 1", "pass"),
        ("the rung, too", "lot.rung, lot.rungs = lot.rung - 1, lot.rungs - 1", "pass"),
        ("an unknown exit is asked for", "done = await self.resolver.resolve(done.sent)", "pass"),
        ("and freezes its market", "            self.desk.freeze(done.sent)\n", ""),
        ("lots against each other are netted", "self.seller.offset(lot)\n", "pass\n"),
        ("the venue's word counts", "owned = max(said or 0,", "owned = max(0,"),
        ("no more than is left", "min(lot.left_centi - keep, owned)", "owned"),
        (
            "what a review halves is kept",
            "keep = 0 if lot.descent is None else lot.descent.keep_centi",
            "keep = 0",
        ),
        (
            "what was sold is gone",
            "lot.left_centi -= done.outcome.fill_count_centi",
            "lot.left_centi = 0",
        ),
        ("its answer is there", "self.desk.inflight.remove(done.sent.client_order_id)", "pass"),
        ("its market opens", "self.desk.thaw(done.sent)", "pass"),
    ),
    "actors/trader/selling.py": (
        (
            "what reduces",
            "return sign(opposite(side)) * self.desk.held_centi.get(ticker, 0)",
            "return self.desk.held_centi.get(ticker, 0)",
        ),
        (
            "the floor of a way down",
            "return lot.plan.floor_pips if descent is None else",
            "return lot.plan.floor_pips if descent is not None else",
        ),
        (
            "never below the floor",
            "Pips(max(best - self.settings.slip, plan.floor_pips))",
            "Pips(best - self.settings.slip)",
        ),
        (
            "nor above it",
            "Pips(min(best + self.settings.slip, plan.floor_pips))",
            "Pips(best + self.settings.slip)",
        ),
        (
            "a lost book says nothing",
            "if lot.attempts == 0 or books.whole(plan.ticker) is not None:",
            "if True:",
        ),
        ("the rung that is next", "rungs[min(lot.rung, len(rungs) - 1)]", "rungs[0]"),
        (
            "one order of a lot",
            "already_sent=self.desk.inflight.closes(plan.entry_client_order_id),",
            "already_sent=False,",
        ),
        (
            "a goal that stands covers nothing",
            "or lot.descent is None or lot.rung:",
            "or lot.rung:",
        ),
        ("a cover is sent once", "or lot.descent is None or lot.rung:", "or lot.descent is None:"),
        ("an episode is written before it is told", "        self._write(row)\n", ""),
        ("each has its number", "number = lot.episodes + 1", "number = 1"),
        (
            "a way down begins anew",
            "lot.episodes, lot.rung, lot.rung_ns = number, 0, 0",
            "lot.episodes = number",
        ),
        ("lots of one side are not netted", "and other.plan.entry_side != lot.plan.entry_side", ""),
        ("of one market", "other.plan.ticker == lot.plan.ticker\n", "True\n"),
        (
            "not one whose order is out",
            "and other.left_centi > 0 and not busy:",
            "and other.left_centi > 0:",
        ),
        ("both sides of it", 'self._net(other, part, "opposite")', "pass"),
        (
            "the lesser of both",
            "part = min(lot.left_centi, other.left_centi)",
            "part = lot.left_centi",
        ),
        (
            "what was sold too much is another's",
            "                lot.left_centi += part",
            "                pass",
        ),
        ("of the same side", "if alike and other is not lot and", "if other is not lot and"),
        ("an order is counted", "        lot.attempts += 1\n", ""),
        (
            "intent before the bytes",
            (
                "seq = self._write(_intent(plan, request, body, self.floor_pips(lot)))\n"
                "        lot.attempts += 1\n"
                "        intent_ns = self.env.now_ns()\n"
                "        try:\n"
                "            unsent = connection.send_now(headers, tail)"
            ),
            (
                "lot.attempts += 1\n"
                "        intent_ns = self.env.now_ns()\n"
                "        try:\n"
                "            unsent = connection.send_now(headers, tail)\n"
                "            seq = self._write(_intent(plan, request, body, "
                "self.floor_pips(lot)))"
            ),
        ),
        ("a line that broke has sent something", "unsent = len(tail)", "raise"),
        (
            "a rung is taken",
            "lot.rung, lot.rungs, lot.rung_ns = lot.rung + 1, lot.rungs + 1, sent_ns",
            "pass",
        ),
        ("it is in flight", "self.desk.inflight.add(sent)", "pass"),
        ("an exit reduces", "reduce_only=True,", "reduce_only=False,"),
        ("each attempt has its id", "attempt=lot.attempts + 1,", "attempt=1,"),
        ("a journal that failed halts", 'self.desk.state.halt("journal", str(error))', "pass"),
    ),
    "actors/trader/reversals.py": (
        (
            "a doubt closes the match",
            "        else:\n            self.desk.hear_doubt(doubt)\n        asked",
            "        asked",
        ),
        ("an unending review stays closed", 'if word == "silence":', "if False:"),
        ("a goal that stands relents", 'if asked == "keep":', 'if asked == "":'),
        (
            "an echo of a later score agrees",
            'judged.judgement == "echo" and key != doubt.key',
            'judged.judgement == "echo"',
        ),
        ("or another period", "before and period and period != before", "False"),
        (
            "then it opens",
            "                self.desk.hear_doubt(doubt)\n                self._enter",
            "                self._enter",
        ),
        ("doubts outlive a restart", 'if phase == "in_doubt":', "if False:"),
        ("one doubt is enough to go on down", 'if cause != "review"', "if False"),
        (
            "of its own key",
            "if lot.plan.key == key and lot.descent is not None:",
            "if lot.descent is not None:",
        ),
        (
            "entries in flight fall too",
            "if entry in self.desk.lots or not self._falls(plan.key, doubt):",
            "if True:",
        ),
        (
            "half of what nobody knows",
            'if asked == "halve":\n            return',
            'if asked == "":\n            return',
        ),
        (
            "whole at the worst",
            "worst=CentiContracts(0) if sent is None else sent.count_centi",
            "worst=CentiContracts(0)",
        ),
        (
            "later goals fall too",
            (
                "score is not None and score != restored and not self.policy.is_behind(score, "
                "restored)"
            ),
            "False",
        ),
        (
            "earlier ones do not",
            (
                "score is not None and score != restored and not self.policy.is_behind(score, "
                "restored)"
            ),
            "True",
        ),
        (
            "of one generation",
            "(key.match, key.generation) != (doubt.key.match, doubt.key.generation)",
            "key.match != doubt.key.match",
        ),
        ("half is kept", 'keep = lot.left_centi // 2 if asked == "halve" else 0', "keep = 0"),
        ("what goes down goes on", "if descent.keep_centi <= keep:", "if False:"),
        (
            "at once",
            "        self._send(lot, lot.left_centi - keep if worst is None else worst)\n",
            "",
        ),
        (
            "not twice",
            "        if self.seller.bar(lot, count) is not None:\n            return\n",
            "",
        ),
        (
            "covered later",
            ("self.to_exits.post(Uncovered(entry_client_order_id=lot.plan.entry_client_order_id))"),
            "pass",
        ),
        ("an earlier process's way down", "    if row is not None:", "    if False:"),
    ),
    "actors/trader/entry_groups.py": (
        (
            "a shut group takes no entry",
            "return None if shard in self.shut else self.proved.get(shard)",
            "return self.proved.get(shard)",
        ),
        (
            "an unproved one neither",
            "else self.proved.get(shard)",
            'else self.proved.get(shard, "")',
        ),
        ("triggered before it was proved", "if early_ns is not None:", "if False:"),
        ("who resumed has to do so again", "self.resumed.pop(shard, None)", "pass"),
        (
            "triggered shuts",
            '        elif step == "triggered":\n            self.close',
            '        elif step == "":\n            self.close',
        ),
        ("deleted is not there", "            del self.proved[shard]", "            pass"),
        (
            "a refusal that names it",
            'if "order_group" in code.lower():',
            'if "order_group" in code:',
        ),
        ("one that is missing", "elif status == _MISSING:", "elif False:"),
        ("no reset without a person", "if shard in self.resumed:", "if shard in self.shut:"),
    ),
}

_LEAVING: Final = ("tests/trader/test_exits.py", "tests/trader/test_exit_lines.py")
EXIT_TESTS: Final[dict[str, tuple[str, ...]]] = {
    "actors/trader/exits.py": (
        *_LEAVING,
        "tests/trader/test_reversals.py",
        "tests/trader/test_reviews.py",
        "tests/trader/test_netting.py",
        "tests/trader/test_recess_exits.py",
        "tests/trader/test_early_exits.py",
        "tests/trader/test_reducing.py",
        "tests/trader/test_resting.py",
        "tests/trader/test_crashes.py",
    ),
    "actors/trader/selling.py": (
        "tests/trader/test_reversals.py",
        "tests/trader/test_reviews.py",
        "tests/trader/test_doubts.py",
        "tests/trader/test_netting.py",
        *_LEAVING,
        "tests/trader/test_resting.py",
        "tests/trader/test_crashes.py",
    ),
    "actors/trader/reversals.py": (
        "tests/trader/test_reversals.py",
        "tests/trader/test_reviews.py",
        "tests/trader/test_doubts.py",
        "tests/trader/test_exit_lines.py",
    ),
    "actors/trader/entry_groups.py": ("tests/trader/test_groups.py",),
}
"""What is run for each of these files: its own laws, and those of the actors that live by it."""
