"""What a page says of a goal that was looked at or taken back, and what was sold then. Pure."""

from collections.abc import Iterator
from typing import Final

from actors.audit.events import Event
from actors.audit.report_facts import Fact
from actors.audit.report_figures import clock, count, price, span
from actors.audit.report_html import Child
from actors.audit.report_parts import ref
from actors.messages.records_review import EpisodeRow, ReviewRow

PHASES: Final = {
    "under_review": "The officials looked at it",
    "stands": "It stood",
    "overturned": "It was taken back",
    "withdrawn": "A feed went back on it",
    "in_doubt": "Its review had no end that anybody told, and entries stayed closed",
    "scored_again": "It was scored again",
}
ENDS: Final = {
    "sold": "all that was to go was sold",
    "floor": "nobody paid as much as the floor, and the rest was held",
    "stands": "the goal stood after all, and the rest had its plan again",
}


def taken_back(event: Event) -> Iterator[list[Child]]:
    """Yield a sentence for each phase of a goal's review, and for each way down of a lot."""
    facts: list[Fact[ReviewRow] | Fact[EpisodeRow]] = [*event.reviews, *event.episodes]
    for fact in sorted(facts, key=lambda each: each.seq):
        row = fact.record
        said = _phase(row) if isinstance(row, ReviewRow) else _way(event, row)
        yield [f"{_at(event, fact)}: {said}. ", ref(fact.seq)]


def _at(event: Event, fact: Fact[ReviewRow] | Fact[EpisodeRow]) -> str:
    after_ns = event.since_ns(fact, fact.record.at_ns)
    if after_ns is None:
        return "In a later run"
    return f"{clock(event.received_wall_ns + after_ns)} UTC, {span(after_ns)} after the frame"


def _phase(row: ReviewRow) -> str:
    return f"{PHASES.get(row.phase, row.phase)} ({row.reason})"


def _way(event: Event, row: EpisodeRow) -> str:
    name, left = event.side_name(row.ticker), count(row.left_centi)
    if row.step == "opened":
        many = f"{left} of {name}" if row.left_centi > 0 else f"an unanswered order in {name}"
        keep = f", {count(row.keep_centi)} kept" if row.keep_centi else ""
        return (
            f"the liquidation of {many} began{keep}: worth {price(row.value_pips)} without the"
            f" goal, first offered at {price(row.first_pips)}, never beyond {price(row.floor_pips)}"
        )
    return f"the liquidation of {name} ended with {left} left: {ENDS.get(row.reason, row.reason)}"
