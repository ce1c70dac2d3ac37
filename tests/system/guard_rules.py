"""Every rule that keeps an order in or a position small, and how to get it wrong.

Beside each file stand the tests that must notice. As in ``rules.py`` a text stands in its
file exactly once, and what is left out changes no outcome.
"""

from typing import Final

GUARDS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "actors/risk/gate.py": (
        ("a clock that does not fit", "if not moment.clock_fits:", "if False:"),
        ("a state that is not active", 'if moment.state != "ACTIVE":', "if False:"),
        ("which state is said", 'if moment.state == "REDUCING"', 'if moment.state == "HALTED"'),
        ("a closed series", "if moment.series_closed:", "if False:"),
        ("a triggered group", "if moment.group_shut:", "if False:"),
        ("a journal that is not healthy", "if not moment.journal_healthy:", "if False:"),
        (
            "a disk that is behind",
            "since_ns > terms.journal_lag_ns",
            "since_ns > 2 * terms.journal_lag_ns",
        ),
        ("a score in doubt", "if moment.in_doubt:", "if False:"),
        ("a frozen market", "if moment.frozen:", "if False:"),
        ("a goal is traded once", "if key in traded:", "if False:"),
        (
            "the last order of a goal",
            "moment.children >= terms.orders_per_goal",
            "moment.children > terms.orders_per_goal",
        ),
        ("an implausible report", "if not moment.plausible:", "if False:"),
        ("a report without a fresh feed", "if moment.fresh_feeds < 1:", "if False:"),
        (
            "one feed alone",
            "if moment.fresh_feeds == 1 and moment.size_pm",
            "if moment.fresh_feeds == 2 and moment.size_pm",
        ),
        (
            "size of one feed alone",
            "moment.size_pm > terms.single_feed_pm",
            "moment.size_pm > terms.single_feed_pm + 1",
        ),
        (
            "age of a report",
            "received_ns > gates.report_age_ms * 1_000_000",
            "received_ns >= gates.report_age_ms * 1_000_000",
        ),
        ("an order of nothing", "if not 0 < leg.count_centi", "if not 0 <= leg.count_centi"),
        (
            "the profile's size",
            "min(order_max_centi, ONE_ORDER_MAX_CENTI)",
            "ONE_ORDER_MAX_CENTI",
        ),
        ("the ceiling of a size", "min(order_max_centi, ONE_ORDER_MAX_CENTI)", "order_max_centi"),
        ("the ceiling itself", "CentiContracts(500_000)", "CentiContracts(500_001)"),
        ("an exit due in a recess", "if moment.in_recess:", "if False:"),
        ("an own order on the other side", "if moment.crosses_own:", "if False:"),
        (
            "the same order a moment ago",
            "moment.now_ns - before_ns < terms.repeat_ns",
            "moment.now_ns - before_ns < 0",
        ),
        (
            "an empty rate limit",
            'return moment.brake if moment.has_tokens else "tokens"',
            "return moment.brake",
        ),
        ("our own pace", "return moment.brake if moment", "return None if moment"),
        ("a book that is not whole", "if not moment.book_whole or best", "if best"),
        (
            "age of a book",
            "book_proved_ns > gates.book_age_ms * 1_000_000",
            "book_proved_ns > 2 * gates.book_age_ms * 1_000_000",
        ),
        ("highest bid", "limit_pips >= gates.bid_max", "limit_pips > gates.bid_max"),
        ("lowest ask", "limit_pips <= gates.ask_min", "limit_pips < gates.ask_min"),
        (
            "collar of a bid",
            "beyond_pips = limit_pips - best_pips",
            "beyond_pips = best_pips - limit_pips",
        ),
        (
            "collar of an ask",
            "beyond_pips = best_pips - limit_pips",
            "beyond_pips = limit_pips - best_pips",
        ),
        ("width of the collar", "beyond_pips > gates.collar", "beyond_pips > gates.collar + 1"),
        ("an exit is sent once", "if already_sent:", "if False:"),
        (
            "which side is owned",
            'held_centi if side == "ask" else -held_centi',
            "held_centi",
        ),
        (
            "an exit is no more than is held",
            "if not 0 < count_centi <= owned_centi:",
            "if not 0 < count_centi <= owned_centi + 1:",
        ),
        ("floor of a sale", "limit_pips < floor_pips if", "limit_pips < floor_pips - 1 if"),
        ("floor of a buy-back", "else limit_pips > floor_pips", "else limit_pips < floor_pips"),
    ),
    "actors/risk/ladder.py": (
        (
            "a sale goes down",
            "min(MOST_PIPS, value_pips - depth_pips)",
            "min(MOST_PIPS, value_pips + depth_pips)",
        ),
        (
            "a buy-back goes up",
            "max(LEAST_PIPS, value_pips + depth_pips)",
            "max(LEAST_PIPS, value_pips - depth_pips)",
        ),
        ("a sale is rounded up", "return at_least(ranges", "return at_most(ranges"),
        ("a buy-back is rounded down", "return at_most(ranges", "return at_least(ranges"),
        ("any price is asked for", "if settings.any_price:", "if True:"),
        (
            "the last rung stands at the floor",
            "depths.append((settings.liquidation_floor, last_wait_ms))",
            "pass",
        ),
        (
            "no limit twice",
            "if not rungs or limit != rungs[-1].limit_pips:",
            "if True:",
        ),
        ("waits are in milliseconds", "wait_ms * 1_000_000", "wait_ms * 1_000"),
    ),
    "actors/risk/closures.py": (
        ("an empty closure", "if each.begins_wall_ns < each.ends_wall_ns", "if True"),
        (
            "time for the attempts",
            "each.begins_wall_ns - margin_ns <= due_wall_ns",
            "each.begins_wall_ns <= due_wall_ns",
        ),
        (
            "the end is not in it",
            "<= due_wall_ns < each.ends_wall_ns",
            "<= due_wall_ns <= each.ends_wall_ns",
        ),
        ("the earliest", "min(found, default=None)", "max(found, default=None)"),
        (
            "closed now",
            "<= now_wall_ns < each.ends_wall_ns for",
            "<= now_wall_ns < each.begins_wall_ns for",
        ),
        ("brought before them all", "while (found :=", "if (found :="),
    ),
    "actors/risk/review.py": (
        ("a reversal blocks", '"reversal": "withdrawn",\n    "verdict"', '"verdict"'),
        (
            "a review without an end",
            '        "silence": "in_doubt",\n',
            "",
        ),
        (
            "the verdict ends a withdrawal",
            '{"upheld": "stands", "verdict": "overturned"}',
            '{"upheld": "stands"}',
        ),
        ("a doubt ends by agreement", '        "agreed": "stands",\n', ""),
        ("scored again", '{"goal": "scored_again"}', "{}"),
        (
            "under review nothing is bought",
            'frozenset({"under_review", "withdrawn", "in_doubt"})',
            'frozenset({"withdrawn", "in_doubt"})',
        ),
        (
            "a review of something else sells nothing",
            'doubt.cause == "review" or',
            "False or",
        ),
        ("a verdict sells", 'if word in {"reversal", "verdict"}:', 'if word == "reversal":'),
        ("one feed suffices", 'if word in {"reversal", "verdict"}:', 'if word == "verdict":'),
        ("hold is the default's word", '{"hold": None,', '{"hold": "sell",'),
        ("halve halves", '"halve": "halve",', '"halve": "sell",'),
        ("flatten sells", '"flatten": "sell"}', '"flatten": None}'),
    ),
    "actors/model/limits.py": (
        (
            "contracts of one order",
            "if count_centi > self.order_count_centi:",
            "if count_centi > self.order_count_centi + 1:",
        ),
        (
            "money of one order",
            '"order_notional" if worst_micros > self.order_notional_micros',
            '"order_notional" if worst_micros > self.order_notional_micros + 1',
        ),
        (
            "money of one reservation",
            "if worst_micros > limits.order_notional_micros:",
            "if worst_micros > limits.order_notional_micros + 1:",
        ),
        (
            "an order comes once",
            "if client_order_id in self._entries:\n            return",
            "if False:\n            return",
        ),
        (
            "market",
            "worst_micros > limits.market_micros",
            "worst_micros > 2 * limits.market_micros",
        ),
        ("match", "worst_micros > limits.match_micros", "worst_micros > 2 * limits.match_micros"),
        ("shard", "worst_micros > limits.shard_micros", "worst_micros > 2 * limits.shard_micros"),
        ("day", "worst_micros > limits.day_micros", "worst_micros > 2 * limits.day_micros"),
        (
            "account",
            "worst_micros > limits.account_micros",
            "worst_micros > 2 * limits.account_micros",
        ),
        ("no worst case of nothing", "if worst_micros <= 0:", "if worst_micros < 0:"),
        (
            "an unknown order counts whole",
            "return self.worst_micros if self.filled_micros is None",
            "return _NOTHING if self.filled_micros is None",
        ),
        (
            "what is open is no more than was held",
            "min(self.filled_micros, self.left_micros)",
            "self.filled_micros",
        ),
        (
            "an unknown one is not released",
            "if entry.filled_micros is not None and left_micros",
            "if left_micros",
        ),
        (
            "a release never raises",
            "and left_micros < entry.open_micros:",
            "and left_micros != entry.open_micros:",
        ),
        (
            "how much more it cost",
            "max(0, filled_micros - entry.spent_micros)",
            "max(0, filled_micros - entry.open_micros)",
        ),
        (
            "a match that plays on is carried",
            "self._carried = {match for match in counted if match in playing}",
            "self._carried = set()",
        ),
        (
            "an open position is not forgotten",
            "entry.day == ended or entry.open_micros or",
            "entry.day == ended or",
        ),
        (
            "carried over a restart",
            "{each.match for each in self._entries.values() if each.match in playing}",
            "set()",
        ),
        ("a match that ended", "self._carried.discard(match)", "pass"),
        (
            "room in the shard",
            "limits.shard_micros - self.open_shard_micros(shard)",
            "limits.shard_micros",
        ),
        (
            "room in the match",
            "limits.match_micros - self.open_match_micros(match)",
            "limits.match_micros",
        ),
        ("room in the day", "limits.day_micros - self._of_day,", "limits.day_micros,"),
        (
            "room in the account",
            "limits.account_micros - self._of_account,",
            "limits.account_micros,",
        ),
    ),
    "actors/model/losses.py": (
        ("the day's loss", ">= limits.day_micros:", "> limits.day_micros:"),
        (
            "the drawdown",
            "if fallen >= limits.drawdown_micros:",
            "if fallen > limits.drawdown_micros:",
        ),
        ("the streak", "if self.streak >= limits.streak:", "if self.streak > limits.streak:"),
        (
            "what is open is in the day",
            "if -self.day_micros - lost >=",
            "if -self.day_micros >=",
        ),
        (
            "what is open is in the drawdown",
            "self.best_micros - self.total_micros - lost",
            "self.best_micros - self.total_micros",
        ),
        ("fees are losses", "booked.realised_micros - fill.fee_micros", "booked.realised_micros"),
        ("an execution counts once", "if fill.trade_id not in self._seen:", "if True:"),
        (
            "what is open is no gain",
            "min(0, worth - position.basis_micros)",
            "worth - position.basis_micros",
        ),
        (
            "a mark of the other side",
            "if self.net_centi * position.net_centi <= 0:",
            "if self.net_centi == 0:",
        ),
        (
            "a mark goes with the size",
            "self.worth_micros * abs(position.net_centi) // abs(self.net_centi)",
            "self.worth_micros",
        ),
        (
            "a day's loss is carried",
            "{one: micros for one, micros in self._day.items() if one in playing}",
            "{}",
        ),
        ("until its match has ended", "self._carried.pop(ticker, 0)", "0"),
        ("a new day begins at nothing", "self.day_micros = sum(self._day.values())", "pass"),
        ("the best there was", "max(self.best_micros, self.total_micros)", "self.total_micros"),
        (
            "a person lets the best be",
            "self._carried.clear()\n        self.best_micros = self.total_micros",
            "self._carried.clear()",
        ),
        ("a person ends the streak", "self.day_micros, self.streak = 0, 0", "self.day_micros = 0"),
        (
            "what was looked at is written down",
            "basis = MicroDollars(position.basis_micros + lost)",
            "basis = position.basis_micros",
        ),
        (
            "a winner ends the streak",
            "self.streak + 1 if so_far < 0 else 0",
            "self.streak + 1 if so_far < 0 else self.streak",
        ),
        ("no gain is no loss", "if so_far < 0 else 0", "if so_far <= 0 else 0"),
        (
            "a mark goes with its position",
            "del self._marks[position.ticker]",
            "pass",
        ),
    ),
    "actors/model/throttle.py": (
        ("a second", "_is_full(lane.second, now_ns - SECOND_NS)", "False"),
        ("a minute", "_is_full(lane.minute, now_ns - MINUTE_NS):", "False:"),
        (
            "entries of a match",
            ">= lane.pace.entries_per_match",
            "> lane.pace.entries_per_match",
        ),
        ("they are counted", "self.entries(match) + 1", "self.entries(match)"),
        ("refusals", "self._trips.append(now_ns)", "pass"),
        ("the oldest is old", "instants[0] > since_ns", "instants[0] >= since_ns"),
        ("a change forgets nothing", "new.second.extend(old.second)", "pass"),
        ("nor of the minute", "new.minute.extend(old.minute)", "pass"),
        ("nor a refusal", "self._trips.extend(trips)", "pass"),
        (
            "a sport has its own lane",
            "self._named.get(sport, self._usual)",
            "self._usual",
        ),
    ),
    "actors/trader/delays.py": (
        ("late", "late.append(held_ns > self.most_ns)", "late.append(held_ns > 2 * self.most_ns)"),
        ("two close", "HOLDS_REDUCE: Final = 2", "HOLDS_REDUCE: Final = 3"),
        ("five halt", "HOLDS_HALT: Final = 5", "HOLDS_HALT: Final = 4"),
        ("the way is taken off", "answered_ns - probe_ns", "answered_ns"),
        ("a person forgets", "self._late.pop(series, None)", "pass"),
    ),
    "actors/trader/marks.py": (
        ("long against the bids", "book.bids() if net_centi > 0", "book.asks() if net_centi > 0"),
        ("level by level", "left -= count", "left = 0"),
        ("after the fee", "cost_micros(price, count) - fee", "cost_micros(price, count)"),
        (
            "a short one is worth the other leg",
            "else opposite_pips(level.price_pips)",
            "else level.price_pips",
        ),
        ("a fall must last", "Mark(net, max(whole), now_ns)", "Mark(net, whole[-1], now_ns)"),
        ("for three looks", "if len(whole) < LOOKS:", "if not whole:"),
    ),
    "actors/trader/windows.py": (
        ("over is over", "left <= 0", "left < 0"),
        (
            "what our orders met",
            "max(sheet.in_play_delay_ms, met_ms)",
            "sheet.in_play_delay_ms",
        ),
        ("what the sheet says", "max(sheet.in_play_delay_ms, met_ms)", "met_ms"),
        ("no window, no end", "if sheet is None or not sheet.window_ms:", "if sheet is None:"),
    ),
    "actors/audit/paid.py": (
        ("a transfer leaves", "row.source, -row.amount_micros", "row.source, 0"),
        ("a transfer arrives", "row.destination, row.amount_micros", "row.destination, 0"),
        ("a transfer counts once", "if row.transfer_id not in old:", "if True:"),
        (
            "a deposit counts once",
            "for row in moves.deposits if row.id not in old",
            "for row in moves.deposits",
        ),
        (
            "a withdrawal counts once",
            "for row in moves.withdrawals if row.id not in old",
            "for row in moves.withdrawals",
        ),
        ("a withdrawal is taken out", "rows += [(row, -1)", "rows += [(row, 1)"),
        (
            "to the last digit",
            "abs(micros) < BALANCE_STEP_MICROS for",
            "abs(micros) < 2 * BALANCE_STEP_MICROS for",
        ),
        ("too many are a person's", "len(rows) > ROWS_MOST", "False"),
        ("a fee may be in it", "row.amount_micros - sign * row.fee_micros", "row.amount_micros"),
    ),
    "actors/exchange/treasury.py": (
        (
            "a deposit is over",
            'deposits if row.status == "applied"',
            'deposits if row.status != "failed"',
        ),
        (
            "a withdrawal is over",
            'withdrawals if row.status == "applied"',
            'withdrawals if row.status != "failed"',
        ),
        (
            "a transfer is over",
            'transfers if row.status == "complete"',
            "transfers if row.status",
        ),
    ),
}

GUARD_TESTS: Final[dict[str, tuple[str, ...]]] = {
    "actors/risk/gate.py": ("tests/risk/test_gate.py",),
    "actors/risk/ladder.py": ("tests/risk/test_ladder.py",),
    "actors/risk/closures.py": ("tests/risk/test_closures.py",),
    "actors/risk/review.py": ("tests/risk/test_review.py",),
    "actors/model/limits.py": ("tests/model/test_limits.py", "tests/model/test_day_budget.py"),
    "actors/model/losses.py": ("tests/model/test_losses.py",),
    "actors/model/throttle.py": ("tests/model/test_throttle.py",),
    "actors/trader/delays.py": ("tests/trader/test_delays.py",),
    "actors/trader/marks.py": ("tests/trader/test_marks.py", "tests/trader/test_day_watch.py"),
    "actors/trader/windows.py": ("tests/trader/test_windows.py",),
    "actors/audit/paid.py": ("tests/audit/test_paid.py",),
    "actors/exchange/treasury.py": ("tests/exchange/test_treasury.py",),
}
"""What is run for each of these files: its own laws, not whatever else would stumble."""
