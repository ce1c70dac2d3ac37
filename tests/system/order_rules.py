"""Every rule between a won race and a position that is sold again, and how to get it wrong.

Beside each file stand the tests that must notice. As in ``rules.py`` a text stands in its
file exactly once, and what is left out changes no outcome.
"""

from typing import Final

ORDERS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "actors/trader/fire.py": (
        ("no play, no order", "if play is None or not play.legs:", "if play is None:"),
        (
            "a play of another size is made anew",
            "play.legs if trigger.size_pm == FULL_PM else",
            "play.legs if trigger.size_pm else",
        ),
        ("what left is a goal that was traded", "self.desk.traded.add(key)", "pass"),
        ("an entry is the executor's", 'if word.purpose == "entry":', 'if word.purpose == "exit":'),
        (
            "no entry against the gate",
            "        if reason is not None:\n            self._alarm",
            "        if False:\n            self._alarm",
        ),
        ("no entry over its budget", "        if refusal is not None:", "        if False:"),
        (
            "the shard's budget",
            "shard=leg.exchange_index,\n        )\n        if refusal",
            "shard=0,\n        )\n        if refusal",
        ),
        ("a goal that wants too much halts", 'if reason == "children":', 'if reason == "":'),
        ("so does a pace", 'elif reason == "throttle" and', 'elif reason == "" and'),
        ("a fresh feed is heard at once", "desk.state.clear(STALE)", "pass"),
        (
            "the venue's hold",
            "series_closed=match is not None and desk",
            "series_closed=match is None and desk",
        ),
        ("the shard's group", "group_shut=leg.exchange_index in desk.groups.shut,", ""),
        (
            "a recess",
            "in_recess=any(begins <= due_wall_ns < ends for begins, ends in desk.recesses),",
            "",
        ),
        (
            "when its exit is due",
            "due_wall_ns = wall_ns + self.exit_after_ns",
            "due_wall_ns = wall_ns",
        ),
        ("our orders against it", "crosses_own=desk.inflight.crosses(ticker, leg.side),", ""),
        ("orders of the goal", "children=desk.children.of(key),", ""),
        ("the same order", "same_order_ns=desk.children.sent_ns(child_of(key, leg)),", ""),
        ("the disk's lag", "unsynced_since_ns=self.journal.unsynced_since_ns,", ""),
        ("an unknown outcome", "frozen=desk.is_frozen(ticker),", "frozen=False,"),
        ("a doubt", "in_doubt=key.match in desk.doubts,", "in_doubt=False,"),
        ("the clocks", "clock_fits=desk.clock.admits(now_ns, wall_ns),", ""),
        ("the tokens", "has_tokens=desk.budget.entry_fits(leg.exchange_index, now_ns),", ""),
        (
            "the pace",
            "brake=desk.throttle.brakes(key.match, now_ns, match.sport if match else None),",
            "",
        ),
        ("the play's own goal", "plausible=play is not None and _plausible(trigger, play),", ""),
        ("the size that a lone feed stands behind", "size_pm=trigger.size_pm,", ""),
        (
            "what may not be written gives its budget back",
            "self.desk.exposure.settle_outcome(leg.client_order_id, MicroDollars(0))",
            "pass",
        ),
        (
            "nothing leaves that was not written",
            '            return self._passed(trigger, leg, "journal", gated_ns)',
            "            seq = 0",
        ),
        (
            "what left is counted",
            "self.desk.throttle.take(key.match, sent_ns, match.sport if match else None)",
            "pass",
        ),
        ("and remembered", "self.desk.children.take(child_of(key, leg), sent_ns)", "pass"),
        ("a line that broke has sent something", "unsent = len(leg.tail)", "raise"),
        (
            "an order costs tokens",
            "self.desk.budget.take_order(leg.exchange_index, sent_ns)",
            "pass",
        ),
        ("the disk is asked", "self.journal.sync_soon()", "pass"),
        ("it is in flight", "self.desk.inflight.add(sent)", "pass"),
        ("and by its next one", "leg.attempt != lot.attempts + 1", "False"),
        ("no more than is left", "leg.count_centi <= lot.left_centi:", "leg.count_centi >= 0:"),
        ("a sale is counted", "lot.attempts += 1", "pass"),
        ("the scorer", "play.scorer == trigger.scorer", "True"),
        ("the period", "and report.period in PLAYING", ""),
        ("the clock", "<= CLOCK_MOST_S\n", "<= CLOCK_MOST_S * 2\n"),
        (
            "only what reduces can be sent whole",
            "return tuple(leg for leg in play.legs if leg.closes is not None)",
            "return play.legs",
        ),
    ),
    "actors/trader/executor.py": (
        (
            "a lost answer is an unknown order",
            "sent=sent, outcome=Unknown(reason=str(lost)),",
            'sent=sent, outcome=Rejected(status=0, code=""),',
        ),
        ("what is left is sent", "if sent.unsent_bytes:", "if False:"),
        ("nobody reads an orphan's line", "self.pool.discard(sent.connection, reason)", "pass"),
        (
            "an orphan is asked for once",
            "if owed and sent.client_order_id not in orphans:",
            "if owed:",
        ),
        (
            "an unknown order freezes its market",
            "            desk.freeze(sent)\n            self",
            "            self",
        ),
        ("until it is known", "            desk.thaw(sent)\n", ""),
        ("it is asked for", "done = await self.resolver.resolve(sent)", "pass"),
        (
            "what it cost is booked",
            "desk.exposure.settle_outcome(sent.client_order_id, most_paid_micros(sent, filled))",
            "pass",
        ),
        ("it is out no more", "desk.inflight.remove(sent.client_order_id)", "pass"),
        (
            "a fill is sold again",
            "plan is not None and (filled > 0 or",
            "plan is not None and (False or",
        ),
        ("a covered lot is told of nothing", "or sent.client_order_id in desk.lots)", "or False)"),
        (
            "a plan without a fill is forgotten",
            "desk.plans.pop(sent.client_order_id, None)",
            "pass",
        ),
        (
            "nothing filled cost nothing",
            "    if filled == 0:\n        return MicroDollars(0)\n",
            "",
        ),
        (
            "a share is rounded up",
            "-(-sent.worst_micros * filled // sent.count_centi)",
            "sent.worst_micros * filled // sent.count_centi - BALANCE_STEP_MICROS",
        ),
        (
            "never more than the worst case",
            "min(sent.worst_micros, share + BALANCE_STEP_MICROS)",
            "share + BALANCE_STEP_MICROS",
        ),
    ),
    "actors/trader/resolver.py": (
        (
            "a late copy may still come",
            "LATE_COPY_REFUSED_S: Final = 60.0",
            "LATE_COPY_REFUSED_S: Final = 40.0",
        ),
        ("two clean reads", "CLEAN_READS: Final = 2", "CLEAN_READS: Final = 1"),
        ("a failed read is not clean", 'found == "absent" and age_s', 'found != "" and age_s'),
        (
            "the reads may lag",
            "if is_clean and await self._is_current(sent) else 0",
            "if is_clean else 0",
        ),
        (
            "reads that are not clean begin anew",
            "self._is_current(sent) else 0",
            "self._is_current(sent) else clean_reads",
        ),
        ("by its own id", "if order.client_order_id != sent.client_order_id:", "if False:"),
        (
            "an order that is not over",
            (
                "            if order.status in OVER:\n"
                "                return _accepted(order)\n"
                "            if sent.rests"
            ),
            (
                "            if True:\n"
                "                return _accepted(order)\n"
                "            if sent.rests"
            ),
        ),
        ("what is to rest is taken out", "await self._cancel(sent, order.order_id)", "pass"),
        (
            "withdrawn is what the order says",
            "if order is not None and is_its and order.status in OVER:",
            "if order is not None and is_its:",
        ),
        (
            "of our own order",
            "is_its = order is not None and order.client_order_id == sent.client_order_id",
            "is_its = True",
        ),
        (
            "a person hears of it",
            (
                "self.on_trouble(_name(sent), why)\n"
                "            await trio.sleep(pause_s)\n"
                "            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)\n"
                "\n"
                "    async def withdraw"
            ),
            (
                "await trio.sleep(pause_s)\n"
                "            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)\n"
                "\n"
                "    async def withdraw"
            ),
        ),
        ("and that it is over", "self.on_known(_name(sent))", "pass"),
        (
            "a refused question is no answer",
            "        except (VenueRefused, VenueUnreachable):\n            return None",
            "        except VenueRefused:\n            return None",
        ),
        (
            "younger than the late copy",
            "as_of_ms > sent_wall_ms + LATE_COPY_REFUSED_S * 1_000",
            "as_of_ms > sent_wall_ms",
        ),
    ),
    "actors/trader/desk.py": (
        (
            "one reason halts",
            'return "HALTED" if len(self._reasons) > len(self._reducing) else "REDUCING"',
            'return "REDUCING"',
        ),
        (
            "no reason, no halt",
            'if not self._reasons:\n            return "ACTIVE"',
            'if self._reasons:\n            return "ACTIVE"',
        ),
        (
            "what reduces may come to halt",
            "if name not in self._reasons or name in self._reducing:",
            "if name not in self._reasons:",
        ),
        (
            "what halts is no less for reducing",
            (
                "        if name not in self._reasons:\n"
                "            self._reasons[name] = why\n"
                "            self._since_ns[name]"
            ),
            (
                "        if True:\n"
                "            self._reasons[name] = why\n"
                "            self._since_ns[name]"
            ),
        ),
        (
            "a cleared one reduces no more",
            (
                "            self._reducing.discard(name)\n"
                '            self.on_change(self.value, f"cleared'
            ),
            '            self.on_change(self.value, f"cleared',
        ),
        ("answers are rung for", "        self._answered.ring()\n", ""),
        ("a drain waits for the last", "            self._emptied.ring()", "            pass"),
        (
            "what rests owes nothing",
            "len(self._orders) > len(self._resting)",
            "len(self._orders) > 0",
        ),
        (
            "one side crosses the other",
            "sent.rests or sent.side != side",
            "sent.rests or sent.side == side",
        ),
        (
            "nothing goes beside what rests",
            "(sent.rests or sent.side != side)",
            "(sent.side != side)",
        ),
        (
            "too many requests empty the bucket",
            'self.budget.refused("write", sent.exchange_index, done.done_ns)',
            "pass",
        ),
        (
            "a refusal may be its group's",
            'if isinstance(outcome, Rejected) and sent.purpose == "entry":',
            'if isinstance(outcome, Rejected) and sent.purpose == "exit":',
        ),
        (
            "an answer tells the time",
            (
                "self.clock.hear_answer(outcome.venue_ts_ms, sent_ns=sent.sent_ns, "
                "received_ns=heard_ns)"
            ),
            "pass",
        ),
        ("only orders in play close a series", "        if is_live:", "        if True:"),
        (
            "a series opens again",
            "            self.state.clear(name)\n\n    def excuse",
            "            pass\n\n    def excuse",
        ),
        ("a fill counts", "self._heed(self.losses.book(fill))", "pass"),
        ("a settlement counts", "self._heed(self.losses.settle(ticker, value_micros))", "pass"),
        ("a mark counts", "self._heed(self.losses.mark(ticker, mark))", "pass"),
        (
            "other limits hold at once",
            "        self.losses.limits = limits\n        self._heed(self.losses.breach)",
            "        self.losses.limits = limits",
        ),
        (
            "a match is closed by each doubt",
            "keys.pop((doubt.cause, doubt.key), None)",
            "keys.clear()",
        ),
        ("it opens with the last", "            del self.doubts[match]", "            pass"),
        (
            "it opens with the last unknown",
            "            self._unknowns.pop(sent.ticker, None)",
            "            pass",
        ),
        (
            "and not before",
            "        orders.pop(sent.client_order_id, None)\n",
            "        orders.clear()\n",
        ),
    ),
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
ORDER_TESTS: Final[dict[str, tuple[str, ...]]] = {
    "actors/trader/fire.py": (
        "tests/trader/test_fire.py",
        "tests/trader/test_sizes.py",
        "tests/trader/test_groups.py",
        "tests/trader/test_executor.py",
        "tests/trader/test_reducing.py",
    ),
    "actors/trader/executor.py": (
        "tests/trader/test_executor.py",
        "tests/trader/test_fire.py",
        "tests/trader/test_reversals.py",
        "tests/trader/test_crashes.py",
    ),
    "actors/trader/resolver.py": (
        "tests/trader/test_resolver.py",
        "tests/trader/test_resting.py",
    ),
    "actors/trader/desk.py": (
        "tests/trader/test_desk.py",
        "tests/trader/test_fire.py",
        "tests/trader/test_groups.py",
        "tests/trader/test_day_watch.py",
        "tests/trader/test_executor.py",
        "tests/trader/test_resting.py",
        "tests/trader/test_exits.py",
    ),
    "actors/trader/exits.py": (
        *_LEAVING,
        "tests/trader/test_reversals.py",
        "tests/trader/test_netting.py",
        "tests/trader/test_recess_exits.py",
        "tests/trader/test_early_exits.py",
        "tests/trader/test_reducing.py",
        "tests/trader/test_resting.py",
        "tests/trader/test_crashes.py",
    ),
    "actors/trader/selling.py": (
        "tests/trader/test_reversals.py",
        "tests/trader/test_doubts.py",
        "tests/trader/test_netting.py",
        *_LEAVING,
        "tests/trader/test_resting.py",
        "tests/trader/test_crashes.py",
    ),
    "actors/trader/reversals.py": (
        "tests/trader/test_reversals.py",
        "tests/trader/test_doubts.py",
        "tests/trader/test_exit_lines.py",
    ),
    "actors/trader/entry_groups.py": ("tests/trader/test_groups.py",),
}
"""What is run for each of these files: its own laws, and those of the actors that live by it."""
