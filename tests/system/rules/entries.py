"""Between a won race and an order whose outcome is known, and the tests that must notice."""

from typing import Final

from tests.system.rules.mutants import Changes

ENTRIES: Final[Changes] = {
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
                "pass\n"
                "            await trio.sleep(pause_s)\n"
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
}

ENTRY_TESTS: Final[dict[str, tuple[str, ...]]] = {
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
        "tests/trader/test_reviews.py",
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
}
"""What is run for each of these files: its own laws, and those of the actors that live by it."""
