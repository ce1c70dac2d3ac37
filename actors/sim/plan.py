"""What is going to happen and what everybody intends, before any of it has: pure, as JSON lines.

A function of the timetable, the traders' habits, the feeds' timings, the faults and the
seed, and of nothing that a client does (design section 11). Times are seconds since the
world's clock began. What an act comes to is not here; ``truth.py`` says that. Faults that
are drawn by the number of a request, a print or a message are named by that number.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import attrs
import msgspec

from actors.model.score import MatchId
from actors.sim.crew import CROWD_HEARS, Habits
from actors.sim.draws import stream
from actors.sim.feedtiming import FeedTiming, draw
from actors.sim.reactions import reactions
from actors.sim.reviews import phantom_feeds
from actors.sim.script import Incident, Reaction
from actors.sim.stadium import KICK_LEAD_S
from actors.sim.timetable import MatchTimetable, Moment, Timetable
from actors.sim.venue.faults import FaultPlan, command_times_out, print_fate, request_fate

NAMED_REQUESTS: Final = 10_000
"""Of each kind of request, and of prints and commands, so many draws are written down."""

TIMEOUT: Final = "timeout"
USUAL_FATES: Final = frozenset({"answered", "once", "obeyed"})

Act = dict[str, object]


@attrs.frozen(kw_only=True)
class Occasion:
    """Something that the traders of a match react to."""

    at_s: float
    name: str
    reaction: Reaction = "drawn"
    is_race: bool = False
    """Whether the score changes: then rivals race, and the crowd hears of it."""
    stay_away: bool = False
    """Whether makers pull and do not quote again on it: a review is open."""


def plan(
    timetable: Timetable,
    *,
    habits: Habits | None,
    feeds: Mapping[str, FeedTiming],
    faults: FaultPlan,
    list_ahead_s: float = 600.0,
) -> bytes:
    """Return the plan of a day: a line for the day, acts by their time, and the venue's faults.

    Args:
        timetable: The day; its seed is that of every draw.
        habits: How the other traders behave; ``None`` if there are none.
        feeds: The feeds' timings by name.
        faults: What goes wrong at the venue.
        list_ahead_s: A match is listed, and feeds told of it, so long before its makers come.
    """
    seed = timetable.day.seed
    head: Act = {
        "kind": "plan",
        "matchday": timetable.day.name,
        "seed": seed,
        "pace": attrs.asdict(timetable.pace),
        "matches": len(timetable.matches),
        "ends_s": _rounded(timetable.ends_s),
    }
    acts: list[tuple[float, int, Act]] = []

    def put(at_s: float, act: Act) -> None:
        acts.append((at_s, len(acts), {"at_s": _rounded(at_s), **act}))

    for match in timetable.matches:
        for moment in match.moments:
            put(moment.at_s, _happening(match.match, moment.incident))
        if habits is not None:
            theirs = habits.of(seed, match.match)
            for occasion in occasions(match):
                for at_s, act in _reacting(seed, match.match, occasion, theirs):
                    put(at_s, act)
    for at_s, act in _reporting(timetable, feeds, list_ahead_s):
        put(at_s, act)
    acts.sort(key=lambda act: act[:2])
    lines = [head, *(act for _, _, act in acts), *_failing(seed, faults)]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def occasions(match: MatchTimetable) -> Iterator[Occasion]:
    """Yield what the traders of a match react to, in the order of the script."""
    previous_s = 0.0
    for moment in match.moments:
        one, at_s = moment.incident, moment.at_s
        match one.kind:
            case "goal" if one.counts:
                if one.goal is not None and one.goal.penalty:
                    given_s = max(previous_s + 0.1, at_s - KICK_LEAD_S)
                    yield Occasion(at_s=given_s, name=f"penalty-{one.goal_no}")
                name = f"goal-{one.goal_no}"
                yield Occasion(at_s=at_s, name=name, reaction=one.reaction, is_race=True)
            case "card":
                yield Occasion(at_s=at_s, name=f"card-{one.at_s}")
            case "review":
                yield Occasion(at_s=at_s, name=f"review-{one.goal_no}-opened", stay_away=True)
            case "stands":
                yield Occasion(at_s=at_s, name=f"review-{one.goal_no}-stands")
            case "overturn":
                yield Occasion(at_s=at_s, name=f"overturn-{one.goal_no}", is_race=True)
            case _:
                pass
        previous_s = at_s


def _happening(match: MatchId, incident: Incident) -> Act:
    act: Act = {
        "kind": incident.kind,
        "match": match,
        "period": incident.period,
        "score": incident.score.text,
    }
    if incident.side is not None:
        act["side"] = incident.side
    if incident.goal_no:
        act |= {"goal_no": incident.goal_no, "verdict": incident.verdict}
    if incident.unsure_s:
        act["unsure_s"] = incident.unsure_s
    if incident.goal is not None:
        act |= {"penalty": incident.goal.penalty, "reaction": incident.reaction}
    return act


def _reacting(
    seed: int, match: MatchId, occasion: Occasion, habits: Habits
) -> Iterator[tuple[float, Act]]:
    """Yield when each maker pulls and quotes anew, each rival raids and the crowd hears."""
    drawn = reactions(
        seed,
        match,
        occasion.name,
        makers=len(habits.styles),
        tempers=habits.tempers,
        reaction=occasion.reaction,
    )
    traders = iter(habits.accounts)
    about: Act = {"match": match, "occasion": occasion.name}

    def act(who: str, did: str, after_s: float, **more: object) -> tuple[float, Act]:
        words = {"kind": "act", **about, "who": who, "does": did, "after_ms": _ms(after_s)}
        return occasion.at_s + after_s, {**words, **more}

    for pull, maker in zip(drawn.pulls, traders, strict=False):
        yield act(maker, "pull", pull.after_s)
        if not occasion.stay_away:
            yield act(maker, "quote", pull.requote_s)
    if not occasion.is_race:
        return
    rivals = habits.accounts[len(habits.styles) : -1]
    for raid, rival in zip(drawn.raids, rivals, strict=False):
        yield act(rival, "take", raid.after_s, contracts=raid.contracts)
    hears_s = CROWD_HEARS.draw(stream(seed, "crowd hears", match, occasion.name))
    yield act(habits.accounts[-1], "hear", hears_s)


def _reporting(
    timetable: Timetable, feeds: Mapping[str, FeedTiming], list_ahead_s: float
) -> Iterator[tuple[float, Act]]:
    """Yield what each feed reports and when, if nobody meddles with it.

    A feed numbers what it is told by all matches together, and keeps its order.
    """
    seed = timetable.day.seed
    told = _told(timetable, list(feeds), list_ahead_s, {n: t.scout or n for n, t in feeds.items()})
    for name, timing in feeds.items():
        number, last_due_s = 0, 0.0
        for at_s, match, incident, names in told:
            if name not in names:
                continue
            number += 1
            drawn = draw(timing, seed, name, number)
            if incident is None:
                last_due_s = max(last_due_s, at_s)
                continue
            last_due_s = max(last_due_s, at_s + drawn.lag_ms / 1e3)
            yield (
                last_due_s,
                {
                    "kind": "report",
                    "feed": name,
                    "match": match,
                    "of": incident.kind,
                    "happened_s": _rounded(at_s),
                    "lag_ms": _ms(drawn.lag_ms / 1e3),
                    "lost": drawn.lost,
                },
            )


def _told(
    timetable: Timetable, names: Sequence[str], list_ahead_s: float, scouts: Mapping[str, str]
) -> list[tuple[float, MatchId, Incident | None, Sequence[str]]]:
    """Return what feeds are told, by its time: a listing (``None``) or an incident, and to whom."""
    told: list[tuple[float, MatchId, Incident | None, Sequence[str]]] = []
    seed = timetable.day.seed
    for match in timetable.matches:
        told.append((max(0.0, match.opens_s - list_ahead_s), match.match, None, names))
        deceived: Sequence[str] = ()
        for moment in match.moments:
            incident = moment.incident
            if incident.kind == "phantom":
                shared = incident.is_shared
                deceived = phantom_feeds(seed, match.match, scouts, is_shared=shared)
            if incident.kind in {"whistle", "goal", "overturn"}:
                told.append((*_when(moment, match), names))
            elif incident.kind in {"phantom", "correction"}:
                told.append((*_when(moment, match), deceived))
    # Stable: acts of one instant are done in the order in which they were put down.
    return sorted(told, key=lambda each: each[0])


def _when(moment: Moment, match: MatchTimetable) -> tuple[float, MatchId, Incident]:
    return moment.at_s, match.match, moment.incident


def _failing(seed: int, faults: FaultPlan) -> Iterator[Act]:
    """Yield the plan of faults, and which request, print and command each chance meets."""
    yield {"kind": "faults", **attrs.asdict(faults)}
    told = faults.stream
    chances: tuple[tuple[str, bool, Callable[[int], str]], ...] = (
        *(
            (kind, not odds.is_calm, partial(request_fate, seed, kind, faults=odds))
            for kind, odds in (("order", faults.orders), ("read", faults.reads))
        ),
        (
            "print",
            bool(told.duplicate_print or told.late_print),
            partial(print_fate, seed, faults=told),
        ),
        (
            "command",
            bool(told.command_timeout),
            lambda number: TIMEOUT if command_times_out(seed, number, told) else "obeyed",
        ),
    )
    for kind, is_drawn, fate_of in chances:
        for number in range(1, NAMED_REQUESTS + 1) if is_drawn else ():
            fate = fate_of(number)
            if fate not in USUAL_FATES:
                yield {"kind": "fault", "of": kind, "number": number, "fate": fate}


def _rounded(at_s: float) -> float:
    return round(at_s, 6)


def _ms(seconds: float) -> float:
    return round(1e3 * seconds, 3)
