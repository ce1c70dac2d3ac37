"""An event as JSON: its figures, and every record that it rests on. Pure."""

from typing import Any

import msgspec

from actors.audit.events import Event
from actors.audit.report_facts import Fact, Order
from actors.audit.report_money import Money, money_of

VERSION = 1


def event_json(event: Event) -> str:
    """Return one event; amounts are integers whose unit ends the name."""
    whole: dict[str, Any] = {
        "v": VERSION,
        "number": event.number,
        "match": event.key.match,
        "generation": event.key.generation,
        "state": event.key.state,
        "before": event.before,
        "verdict": event.verdict,
        "ended": event.ended,
        "received_wall_ns": event.received_wall_ns,
        "feed": event.feed,
        "margin_ns": event.margin_ns,
        "size_pm": None if event.won is None else event.won.record.size_pm,
        "run": event.run.segment.record.run,
        "race": [
            {
                "feed": shown.feed,
                "behind_ns": shown.behind_ns,
                "judgement": None if shown.report is None else shown.report.record.judgement,
                "reason": None if shown.report is None else shown.report.record.reason,
                "seq": None if shown.report is None else shown.report.seq,
            }
            for shown in event.race
        ],
        "orders": [_order(order) for order in event.orders],
        "money": _money(money_of(event)),
        "markets": [
            {
                "ticker": leg.ticker,
                "role": leg.role,
                "quotes": [
                    {
                        "after_ns": quote.at_ns - event.received_ns,
                        "bid_pips": quote.bid_pips,
                        "ask_pips": quote.ask_pips,
                        "whole": quote.whole,
                    }
                    for quote in leg.quotes
                ],
                "prints": [_fact(fact) for fact in leg.prints],
                "books": leg.books,
            }
            for leg in event.legs
        ],
        "records": [_fact(fact) for fact in event.facts()],
    }
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=1).decode() + "\n"


def _order(order: Order) -> dict[str, Any]:
    intent = order.intent.record
    return {
        "client_order_id": order.name,
        "purpose": intent.purpose,
        "standing": order.standing,
        "count_centi": intent.count_centi,
        "filled_centi": order.filled_centi,
        "fee_micros": order.fee_micros,
        "frame_to_kernel_ns": order.wire_ns,
        "kernel_to_answer_ns": order.answer_ns,
    }


def _money(money: Money) -> dict[str, Any]:
    return {
        "cash_micros": money.cash_micros,
        "fees_micros": money.fees_micros,
        "profit_micros": money.profit_micros,
        "open_centi": money.open_centi,
    }


def _fact(fact: Fact[object]) -> dict[str, Any]:
    return {"seq": fact.seq, "type": type(fact.record).__name__, "record": fact.record}
