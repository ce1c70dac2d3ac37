"""What happened, in sentences for somebody who does not know the codes. Pure."""

import re
from typing import Final

from actors.audit.events import Event, Order
from actors.audit.report_figures import clock, count, money, plural, price, span
from actors.messages.records import BookAt, PassedRow, Report

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")
_NAME_MOST: Final = 80

PASSED: Final = {
    "no_play": "no play had been prepared for this score",
    "no_edge": "no leg was worth more than it cost after margin and fees",
    "no_book": "no order book could be trusted",
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
    "day_budget": "the day's budget was used up",
    "account_budget": "the account's budget was used up",
}
"""Why a trigger or a leg sent nothing."""

ADVANCED: Final = {
    "match not open": "the match was not open for trading",
    "more than one step": "more than one goal at once: nobody can say which came when",
    "in doubt": "the score was in doubt",
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
    "market_closed": "the market had closed",
    "MARKET_INACTIVE": "the market had closed",
    "market_inactive": "the market had closed",
}

JUDGED: Final = {
    "trigger": "first; traded on",
    "advance": "first; accepted, not traded",
    "echo": "the same score, later",
    "laggard": "an older score, later",
    "claim": "ahead, but may not trigger",
    "baseline": "showed it on connecting",
    "restored": "the old score again",
    "conflict": "contradicts the accepted score",
    "reversal": "took its score back",
    "overturned": "reversal confirmed",
    "stands": "stands after the reversal",
    "phantom": "nobody else showed it in time",
}


def file_stem(event: Event) -> str:
    """Return the name of an event's files, without the ending."""
    key = event.key
    name = f"{key.match}-{key.state}-g{key.generation}"
    return f"{event.number:03d}-{_NOT_IN_NAMES.sub('_', name)[:_NAME_MOST]}"


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
    verb, bound = ("Buy", "less") if intent.side == "bid" else ("Sell", "more")
    return (
        f"{verb} up to {count(intent.count_centi)} {name} at {price(intent.limit_pips)} or {bound}"
    )


def reachable(book: BookAt, order: Order) -> list[list[int]]:
    """Return the levels that the order could have taken from a book, best first."""
    intent = order.intent.record
    if intent.side == "bid":
        return [level for level in book.asks if level[0] <= intent.limit_pips]
    return [level for level in book.bids if level[0] >= intent.limit_pips]


def explanation(order: Order) -> list[str]:
    """Explain an outcome that is not the ordinary whole fill, from the books around it."""
    standing = order.standing
    said: list[str] = []
    outcome = order.outcome
    if standing == "rejected" and outcome is not None:
        said.append(f"The venue refused it: {outcome.code or 'no code'} (HTTP {outcome.status}).")
    if standing == "unknown":
        why = "" if outcome is None or not outcome.code else f" ({outcome.code})"
        said.append(f"No answer is on record{why}: what became of it is not known here.")
    if standing in {"not filled", "part filled"}:
        said += _about_books(order)
    return said


def _about_books(order: Order) -> list[str]:
    said: list[str] = []
    intent = order.intent.record
    best_of = "ask" if intent.side == "bid" else "bid"
    beyond = "above" if intent.side == "bid" else "below"
    limit = price(intent.limit_pips)
    first, later = order.book(0), order.book(30)
    if first is not None:
        side = first.asks if intent.side == "bid" else first.bids
        offered = sum(level[1] for level in reachable(first, order))
        if not side:
            said.append(f"Just before the send nobody showed {_an(best_of)} at all.")
        elif not offered:
            said.append(
                f"Just before the send the best {best_of} was already {price(side[0][0])},"
                f" {beyond} our limit of {limit}."
            )
        else:
            said.append(
                f"Just before the send {count(offered)} contracts stood within our limit"
                f" of {limit}; the best {best_of} was {price(side[0][0])}."
            )
            if later is not None:
                left = sum(level[1] for level in reachable(later, order))
                said.append(
                    f"30 ms later {count(left)} of them were left: somebody else was faster."
                    if left < offered
                    else f"30 ms later {count(left)} were shown there."
                )
    return said


def _an(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def lede(event: Event, pnl_micros: int | None) -> list[str]:
    """Tell the event in a few sentences."""
    said = [_race_words(event)]
    if event.entries:
        said += _order_sentences(event)
    elif event.passed:
        whys = dict.fromkeys(passed_words(fact.record) for fact in event.passed)
        said.append(f"Nothing was sent: {'; '.join(whys)}.")
    elif event.accepted is not None:
        said.append(f"It was accepted but not traded: {advanced_words(event.accepted.record)}.")
    if event.ended == "overturned":
        said.append("The score was taken back later.")
    elif event.ended == "phantom":
        said.append("No other feed showed the score in time: it was a phantom.")
    if event.entries and event.fills:
        if pnl_micros is None:
            said.append("Part of the position is still open.")
        else:
            verb = "made" if pnl_micros >= 0 else "lost"
            said.append(f"The event {verb} {money(abs(pnl_micros))} after all fees.")
    return said


def _race_words(event: Event) -> str:
    at = clock(event.received_wall_ns)
    if not event.feed:
        return f"{event.key.state} was detected at {at}."
    margin = event.margin_ns
    nexts = [each for each in event.race if each.behind_ns is not None and each.behind_ns > 0]
    if margin is None or not nexts:
        return (
            f"{event.feed} showed {event.key.state} at {at} UTC; no other feed was seen to follow."
        )
    return (
        f"{event.feed} showed {event.key.state} first, at {at} UTC,"
        f" {span(margin)} before {nexts[0].feed}."
    )


def _order_sentences(event: Event) -> list[str]:
    said: list[str] = []
    sent = [order for order in event.entries if order.dispatched is not None]
    spans = [
        order.dispatched.record.sent_ns - order.dispatched.record.received_ns
        for order in sent
        if order.dispatched is not None and order.dispatched.record.received_ns
    ]
    many = plural(len(event.entries), "order")
    if spans:
        said.append(
            f"{many.capitalize()} left, the last one {span(max(spans))} after that frame was read."
        )
    else:
        said.append(f"{many.capitalize()} left.")
    wanted = sum(order.intent.record.count_centi for order in event.entries)
    filled = sum(order.filled_centi for order in event.entries)
    if filled:
        said.append(f"{count(filled)} of {count(wanted)} contracts were filled.")
    else:
        said.append("Nothing was filled.")
    return said
