"""What the journal's codes mean, for somebody who does not know them. Pure."""

import re
from typing import Final

from actors.audit.events import Event
from actors.audit.report_facts import Order
from actors.audit.report_figures import count, price
from actors.messages.records import PassedRow, Report

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")
_NAME_MOST: Final = 80

PASSED: Final = {
    "no_play": "no play had been prepared for this score",
    "group": "the venue had triggered the order group of its shard",
    "no_group": "the venue's order group of its shard was not proved, or was triggered",
    "no_window": "the venue holds orders for so long that the market has repriced by then",
    "no_edge": "no leg was worth more than it cost after margin and fees",
    "no_book": "no order book could be trusted",
    "no_clock": "nobody knew how much of the match was left",
    "no_rates": "no price was old enough to say how strong the sides were",
    "no_fit": "the legs' prices fitted no pair of scoring rates",
    "no_connection": "every order connection was busy",
    "no_signature": "no fresh signed header set was ready",
    "halted": "trading was halted or reducing only",
    "collar": "the book had moved further than the price collar allows",
    "price": "the limit lay outside the absolute price gates",
    "size": "the order would have been empty or too large",
    "position": "nothing of the position was left to reduce",
    "duplicate": "this goal had been traded before",
    "repeat": "this order had been sent before",
    "stale_report": "the winning frame was too old when its turn came",
    "clock": "the venue's clock was not surely near enough to ours to sign an order",
    "tokens": "what the venue's rate limit had left was kept for exits",
    "stale_book": "the book had not been proved whole recently enough",
    "no_quorum": "no fresh feed stood behind the report",
    "doubt": "the score was in doubt",
    "frozen": "an earlier order of this market has no answer yet",
    "journal": "the journal could not be written",
    "floor": "the exit would have gone below its floor",
    "duplicate_order": "this order had reserved its money before",
    "order_count": "the order was larger than one order may be",
    "order_notional": "the order put more at stake than one order may",
    "market_budget": "the market's budget was used up",
    "match_budget": "the match's budget was used up",
    "shard_budget": "the budget of the market's shard was used up",
    "day_budget": "the day's budget was used up",
    "account_budget": "the account's budget was used up",
}
"""Why a trigger or a leg sent nothing."""

ADVANCED: Final = {
    "match not open": "the match was not open for trading",
    "more than one step": "more than one goal at once: nobody can say which came when",
    "in doubt": "the score was in doubt",
    "under review": "the officials were reviewing something",
    "one feed alone": "no second feed could have denied it, and the profile trades none such",
    "traded before": "this goal had been traded before",
    "too old": "the report was too old when its turn came",
    "withdrawn a moment ago": "the same score had been taken back a moment ago",
    "not regulation": "goals outside the ninety minutes do not count for these markets",
    "baseline ahead": "a feed showed it on connecting: nobody knows how old the goal is",
    "every fresh feed shows it": "only feeds that may not trigger had shown it",
}
"""Why an accepted score was no trigger."""

HELD: Final = {
    "attempts": "every attempt that the plan allows was made",
    "floor": "nobody would pay what it was worth without its goal, less the most it may cost",
    "market_closed": "the market had closed",
    "MARKET_INACTIVE": "the market had closed",
    "market_inactive": "the market had closed",
}

JUDGED: Final = {
    "trigger": "first, and the trigger",
    "advance": "first; accepted, no trigger",
    "echo": "the same score, later",
    "laggard": "an older score, later",
    "claim": "ahead, but may not trigger",
    "baseline": "showed it on connecting",
    "restored": "the old score again",
    "review": "told of a review by the officials",
    "conflict": "contradicts the accepted score",
    "reversal": "took its score back",
    "overturned": "reversal confirmed",
    "stands": "stands after the reversal",
    "phantom": "judged a phantom",
}


def file_stem(event: Event) -> str:
    """Return the name of an event's files, without the ending."""
    key = event.key
    name = f"{key.match}-{key.state}-g{key.generation}"
    return f"{event.number:03d}-{_NOT_IN_NAMES.sub('_', name)[:_NAME_MOST]}"


def score_text(state: str) -> str:
    """Write a score with the dash that scores have."""
    return state.replace("-", "\u2013")


def passed_words(passed: PassedRow) -> str:
    """Say why a trigger or a leg sent nothing."""
    return PASSED.get(passed.reason, passed.reason)


def advanced_words(report: Report) -> str:
    """Say why an accepted score was no trigger."""
    said = ADVANCED.get(report.reason)
    if said is None and report.reason.startswith("not regulation"):
        said = f"goals outside the ninety minutes do not count ({report.reason})"
    return said or report.reason or "no reason given"


def judged_words(report: Report) -> str:
    """Say what the race made of a report, with its reason."""
    said = JUDGED.get(report.judgement, report.judgement)
    return f"{said}: {report.reason}" if report.reason else said


def order_words(event: Event, order: Order) -> str:
    """Say what an order was, in words: ``Buy up to 190 England at 0.5400 or less``."""
    intent = order.intent.record
    name = event.side_name(intent.ticker)
    is_exit = intent.purpose == "exit"
    verb, bound = ("Buy", "less") if intent.side == "bid" else ("Sell", "more")
    if is_exit and intent.side == "bid":
        verb = "Buy back"
    much = f"{count(intent.count_centi)} {name}"
    return f"{verb} up to {much} at {price(intent.limit_pips)} or {bound}"
