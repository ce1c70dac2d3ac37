"""The simulated venue's arithmetic of money, which is written apart from ours."""

from typing import Final

from tests.system.rules.mutants import Changes

VENUE: Final[Changes] = {
    "actors/sim/venue/fees.py": (
        ("direct grid", "DIRECT_GRID_MICROS: Final = 100", "DIRECT_GRID_MICROS: Final = 10"),
        (
            "intermediated grid",
            "INTERMEDIATED_GRID_MICROS: Final = 10_000",
            "INTERMEDIATED_GRID_MICROS: Final = 1_000",
        ),
        ("taker rate", "Fraction(7, 100)", "Fraction(70_001, 1_000_000)"),
        ("makers pay nothing", '"quadratic": Fraction(0)', '"quadratic": Fraction(1, 4)'),
        ("maker share", "Fraction(1, 4)", "Fraction(26, 100)"),
        ("combo maker share", "Fraction(1, 2)", "Fraction(1, 4)"),
        ("rule in force", "(FeeRule(0, 1),)", "(FeeRule(0, 100),)"),
        ("forerunner's step", "(FeeRule(0, 100), FeeRule(1_787", "(FeeRule(0, 10), FeeRule(1_787"),
        ("date of the rule", "1_787_788_800_000_000", "1_787_788_800_000_001"),
        ("a rule holds from its instant", "rule.since_us <= now_us", "rule.since_us < now_us"),
        ("flat is not traded", "if fee_type not in MAKER_SHARE:", "if not fee_type:"),
        ("multiplier", "taker = TAKER_RATE * multiplier", "taker = TAKER_RATE"),
        (
            "takers pay the taker rate",
            "self.taker if is_taker else self.maker",
            "self.maker if is_taker else self.taker",
        ),
        (
            "rebates are given back",
            "self.rounding_micros - self.rebate_micros",
            "self.rounding_micros + self.rebate_micros",
        ),
        (
            "one minus P",
            "price_pips * (10_000 - price_pips), (",
            "price_pips * price_pips, (",
        ),
        (
            "trade fee rounds up",
            "-(-exact // (parts * ceiling_micros))",
            "exact // (parts * ceiling_micros)",
        ),
        (
            "the balance change rounds down",
            "rounding = after % grid_micros",
            "rounding = -after % grid_micros",
        ),
        ("rounding is collected", "owed = carried_micros + rounding", "owed = rounding"),
        ("no fill is paid for", "most = min(owed, trade + rounding)", "most = owed"),
        (
            "no more back than was taken",
            "most = min(owed, trade + rounding)",
            "most = trade + rounding",
        ),
        ("rebates in whole steps", "rebate = most - most % grid_micros", "rebate = most"),
        ("rebates are spent", "carried_micros=owed - rebate", "carried_micros=owed"),
    ),
    "actors/sim/venue/listing.py": (
        (
            "an event's type goes first",
            "event.fee_type_override or series.fee_type",
            "series.fee_type",
        ),
        (
            "an event's multiplier goes first",
            "series.fee_multiplier if multiplier is None else multiplier",
            "series.fee_multiplier",
        ),
        (
            "a waiver ends at its instant",
            "now_us < until_us else self.fees",
            "now_us <= until_us else self.fees",
        ),
        ("a waiver waives", "return WAIVED if until_us", "return self.fees if until_us"),
    ),
    "actors/sim/venue/fee_schedule.py": (
        (
            "the rule's step is applied",
            "attrs.evolve(terms, ceiling_micros=rule.ceiling_micros)",
            "terms",
        ),
        (
            "a new series fee is for its series",
            "if market.event.series_ticker == change.series_ticker",
            "if False",
        ),
        ("a new override is for its event", "if market.event.event_ticker == ticker", "if False"),
        (
            "a series' new multiplier",
            "fee_multiplier=change.multiplier,",
            "fee_multiplier=floor.series[change.series_ticker].fee_multiplier,",
        ),
        (
            "dearer fees call for margin",
            "self._orders.margin_call(account, market.shard, now_us)",
            "pass",
        ),
    ),
    "actors/sim/venue/holdings.py": (
        ("a bid closes NO", "max(0, -held_centi) if side", "max(0, held_centi) if side"),
        ("what is held closes, no more", "return min(count_centi, other)", "return other"),
        ("NO costs one minus the price", "else CONTRACT_PIPS - price_pips", "else price_pips"),
        (
            "opening spends",
            "return brought - leg_pips(side, price_pips) * opened",
            "return brought + leg_pips(side, price_pips) * opened",
        ),
        (
            "closing brings the other leg",
            "brought = (CONTRACT_PIPS - leg_pips(side, price_pips)) * closed\n        return",
            "brought = leg_pips(side, price_pips) * closed\n        return",
        ),
        (
            "basis leaves in proportion",
            "self.cost_micros * closed / abs(self.yes_centi)",
            "self.cost_micros",
        ),
        (
            "profit is proceeds less basis",
            "self.realized_micros += brought - share",
            "self.realized_micros += brought",
        ),
        ("basis is released", "self.cost_micros -= share", "self.cost_micros -= 0"),
        (
            "cost joins the basis",
            "self.cost_micros += leg_pips(side, price_pips) * opened",
            "self.cost_micros += leg_pips(side, price_pips) * count_centi",
        ),
        ("position is signed", 'count_centi if side == "bid" else -count_centi', "count_centi"),
        ("fees add up", "self.fees_micros += fee_micros", "self.fees_micros = fee_micros"),
        ("settlement realises", "payout_micros - self.cost_micros", "payout_micros"),
        (
            "YES gets the value",
            "yes_value_micros if held_centi > 0 else",
            "yes_value_micros if held_centi < 0 else",
        ),
        (
            "NO gets the rest of the dollar",
            "else 1_000_000 - yes_value_micros",
            "else yes_value_micros",
        ),
    ),
    "actors/sim/venue/collateral.py": (
        ("an order needs its value", "return value + _fee_ceiling", "return _fee_ceiling"),
        (
            "an order needs its fee",
            "_fee_ceiling(self.rate, self.price_pips, open_centi) + self.slack_micros",
            "self.slack_micros",
        ),
        (
            "what closes needs nothing",
            "open_centi = self.count_centi - covered_centi",
            "open_centi = self.count_centi",
        ),
        (
            "a position relieves its closing side",
            'side: Side = "ask" if held_centi > 0',
            'side: Side = "ask" if held_centi < 0',
        ),
        ("the dearest is covered first", "reverse=True)", "reverse=False)"),
        ("a contract covers once", "cover_centi -= claim.count_centi", "cover_centi -= 0"),
        (
            "an old size is forgotten",
            "self._sums[claim.side] -= old.need_micros()",
            "self._sums[claim.side] -= 0",
        ),
        (
            "a gone order needs nothing",
            "self._sums[side] -= self._claims[side].pop(order_id).need_micros()",
            "self._claims[side].pop(order_id)",
        ),
    ),
    "actors/sim/venue/netting.py": (
        (
            "the sum less the largest",
            "sum(counts) - (0 if decided else max(counts, default=0))",
            "sum(counts)",
        ),
        (
            "less the largest, not the least",
            "(0 if decided else max(counts, default=0))\n\n",
            "(0 if decided else min(counts, default=0))\n\n",
        ),
        (
            "all are sure once one is YES",
            "(0 if decided else max(counts, default=0))\n\n",
            "max(counts, default=0)\n\n",
        ),
        ("what came back stays backed", "decided=decided) - returned_centi", "decided=decided)"),
        (
            "what backs cannot be sold",
            "return min(held, wanted) > self._free(account, market)",
            "return False",
        ),
        (
            "resting sales count",
            "order.remaining_centi for order in _bids(account, market) if order is not but",
            "0 for order in _bids(account, market) if order is not but",
        ),
        (
            "an event that is over is forgiven",
            "account.returned_micros.pop(event.event_ticker, None)",
            "account.returned_micros.get(event.event_ticker)",
        ),
        (
            "off unless switched on",
            "if not (account.netting and event.mutually_exclusive):",
            "if not event.mutually_exclusive:",
        ),
        (
            "only what excludes each other",
            "if not (account.netting and event.mutually_exclusive):",
            "if not account.netting:",
        ),
        (
            "only what is new comes back",
            "more = sure - account.returned_micros.get(event.event_ticker, 0)",
            "more = sure",
        ),
        (
            "it comes back as cash",
            "account.move_cash(event.exchange_index, more)",
            "account.move_cash(event.exchange_index, 0)",
        ),
        ("the house pays it", "self.floor.house_micros -= more", "self.floor.house_micros -= 0"),
        ("no more than is due", "max(0, min(due, payout_micros))", "payout_micros"),
        ("no more than was paid", "max(0, min(due, payout_micros))", "max(0, due)"),
        (
            "what is still sure stays",
            "due = returned - self._sure_micros(account, event)",
            "due = returned",
        ),
        ("a repayment counts", "= returned - taken", "= returned"),
        ("NO is what counts", "return max(0, -held.yes_centi)", "return max(0, held.yes_centi)"),
        ("stranded sales go", "            return bids\n", "            return []\n"),
        (
            "what ended YES backs nothing",
            'and market.verdict != "yes"',
            'and market.verdict != "no"',
        ),
        ("YES decides", 'market.verdict == "yes" for', 'market.verdict == "no" for'),
    ),
    "actors/sim/venue/clearing.py": (
        ("each side its rate", "fees.rate(is_taker=is_taker)", "fees.rate(is_taker=True)"),
        ("rounding is the order's", "carried_micros=order.carried_micros", "carried_micros=0"),
        (
            "rounding is kept",
            "order.carried_micros = paid.carried_micros",
            "order.carried_micros = 0",
        ),
        ("each member its grid", "grid_micros=account.grid_micros", "grid_micros=100"),
        ("the rule's step", "ceiling_micros=fees.ceiling_micros", "ceiling_micros=1"),
        (
            "fees at the time of the fill",
            "fees = market.fees_at(traded.now_us)",
            "fees = market.fees",
        ),
        (
            "the fee is paid",
            "account.move_cash(market.shard, revenue - paid.net_micros)",
            "account.move_cash(market.shard, revenue)",
        ),
        (
            "the house earns it",
            "self.floor.house_micros += paid.net_micros",
            "self.floor.house_micros += 0",
        ),
        (
            "open interest counts pairs",
            "market.open_interest_centi += max(0, held.yes_centi) - long_before",
            "market.open_interest_centi += count",
        ),
        (
            "a group counts its fills",
            "group.count(count, traded.now_us)",
            "group.count(0, traded.now_us)",
        ),
        (
            "the fee told is the fee",
            "fee_micros=MicroDollars(paid.net_micros)",
            "fee_micros=MicroDollars(paid.trade_micros)",
        ),
    ),
    "actors/sim/venue/lifecycle.py": (
        (
            "YES is a dollar",
            '{"yes": DOLLAR_MICROS, "no": 0}',
            '{"yes": DOLLAR_MICROS - 100, "no": 0}',
        ),
        ("NO is nothing", '{"yes": DOLLAR_MICROS, "no": 0}', '{"yes": DOLLAR_MICROS, "no": 100}'),
        ("payouts are on the grid", "int(exact) - int(exact) % account.grid_micros", "int(exact)"),
        (
            "payouts round down",
            "int(exact) - int(exact) % account.grid_micros",
            "-(-int(exact) // account.grid_micros) * account.grid_micros",
        ),
        (
            "what came back is kept",
            "account.move_cash(market.shard, payout - kept)",
            "account.move_cash(market.shard, payout)",
        ),
        (
            "the house pays",
            "self._floor.house_micros -= payout - kept",
            "self._floor.house_micros -= payout",
        ),
        (
            "the residue is the house's",
            "self._floor.house_micros += 10_000 * market.open_interest_centi",
            "self._floor.house_micros += 0",
        ),
        (
            "every account is paid",
            "for account in member.parts():\n                if market.ticker",
            "for account in member.parts()[:1]:\n                if market.ticker",
        ),
        (
            "the statement says what was paid",
            "payout_micros=payout,",
            "payout_micros=payout - kept,",
        ),
        ("nothing is paid before its time", "now_us + market.terms.settles_in_us", "now_us"),
        (
            "who holds nothing is not settled with",
            "collect(account, market, payout) if held_centi else 0",
            "collect(account, market, payout)",
        ),
        (
            "what is disputed is not paid",
            'market.status, market.settles_us = "disputed", None',
            'market.status, market.settles_us = "determined", market.settles_us',
        ),
    ),
    "actors/sim/venue/accounts.py": (
        (
            "each class has its grid",
            "return GRID_MICROS[self.membership]",
            'return GRID_MICROS["direct"]',
        ),
        (
            "nobody trades beyond the cash",
            "return extra <= 0 or extra <= self.available(market.shard)",
            "return True",
        ),
        (
            "what is reserved is not free",
            "return self.cash(shard) - self._reserved.get(shard, 0)",
            "return self.cash(shard)",
        ),
        ("an average is of the YES leg", "cost = 10_000 * self.filled_centi - cost", "cost = cost"),
        (
            "maker fees apart",
            "self.maker_fees_micros += fee_micros",
            "self.taker_fees_micros += fee_micros",
        ),
    ),
    "actors/sim/venue/treasury.py": (
        ("a transfer leaves its source", "(source, -micros)", "(source, 0)"),
        ("a transfer needs its money", "if free < transfer.amount_micros or", "if"),
        (
            "reserved cash stays",
            "account.available(shard) + amount_micros < 0",
            "account.cash(shard) + amount_micros < 0",
        ),
        ("no cent is lost in spreading", "sum(free.values()) - sum(wanted.values())", "0"),
    ),
    "actors/sim/venue/order_groups.py": (
        ("fifteen seconds", "WINDOW_US: Final = 15_000_000", "WINDOW_US: Final = 14_000_000"),
        (
            "the limit itself triggers",
            "self.matched_centi(now_us) >= self.limit_centi",
            "self.matched_centi(now_us) > self.limit_centi",
        ),
        (
            "old fills leave",
            "self._sum_centi -= self._matched.popleft()[1]",
            "self._matched.popleft()",
        ),
    ),
    "actors/sim/venue/order_entry.py": (
        (
            "the newest goes first",
            "max(orders, key=lambda each: each.number)",
            "min(orders, key=lambda each: each.number)",
        ),
        (
            "collateral comes back after a fill",
            "stranded = self.netting.give_back(account, taker.market.event, now_us)",
            "stranded = list[Order]()",
        ),
    ),
    "actors/sim/venue/admission.py": (
        (
            "reduce-only takes from what is held",
            "-held_centi if request.side",
            "held_centi if request.side",
        ),
        (
            "netted legs are refused",
            "if self.netting.blocks(account, market, request.side, count_centi, amended):",
            "if False:",
        ),
    ),
}
