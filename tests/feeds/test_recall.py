"""What the race knows again after a restart."""

from hypothesis import given, settings

from actors.audit.recording import report_row
from actors.feeds.contest import Standing
from actors.feeds.judging import FIRST
from actors.feeds.race import Race
from actors.feeds.recall import recall
from actors.messages.race import Judged
from actors.messages.records import DayRoll, Intent, Report, Segment, Triggered
from actors.model.score import GoalKey, MatchId, Score
from tests.feeds.story import FIVE, MATCH, Story
from tests.feeds.test_race_laws import (
    Happening,
    Line,
    happenings,
    lines,
    tell,
    truth_of,
    watch,
)


def report(judgement: str, state: str, generation: int = 0, reason: str = "") -> Report:
    return Report(
        frame_seq=0,
        feed="ada",
        epoch=1,
        frame_no=1,
        kind="snapshot",
        feed_match="1",
        home=-1,
        away=-1,
        period="",
        clock_s=0,
        judgement=judgement,
        reason=reason,
        match=MATCH,
        generation=generation,
        state=state,
        behind_ns=0,
        received_ns=0,
        decoded_ns=0,
        judged_ns=0,
    )


def intent(state: str, generation: int = 0, purpose: str = "entry") -> Intent:
    return Intent(
        client_order_id="a" * 26,
        purpose=purpose,
        match=MATCH,
        generation=generation,
        state=state,
        ticker="T",
        side="bid",
        limit_pips=1,
        count_centi=1,
        exchange_index=0,
        worst_micros=1,
        feed="ada",
        epoch=1,
        frame_no=1,
        exit_due_wall_ns=0,
        exit_floor_pips=0,
        entry_client_order_id="",
        body="{}",
    )


def triggered(state: str, generation: int = 0) -> Triggered:
    return Triggered(
        match=MATCH,
        generation=generation,
        state=state,
        scorer="home",
        feed="ada",
        epoch=1,
        frame_no=1,
        fresh_feeds=1,
        received_ns=0,
        received_wall_ns=0,
        judged_ns=0,
    )


def test_an_empty_journal_recalls_nothing() -> None:
    recalled = recall([DayRoll(day="2022-12-18", wall_ns=0)])

    assert recalled.traded == frozenset()
    assert recalled.standings == {}


def test_an_intent_alone_is_enough_to_know_that_its_key_may_have_been_traded() -> None:
    recalled = recall([intent("1-0")])

    assert recalled.traded == {GoalKey(MATCH, 0, "1-0")}
    assert recalled.standings == {MATCH: Standing(generation=0, score=Score(1, 0))}


def test_an_exit_is_no_trade_of_its_key() -> None:
    assert recall([intent("1-0", purpose="exit")]).traded == frozenset()


def test_a_trigger_that_sent_nothing_is_still_used_up() -> None:
    assert recall([triggered("1-0", 2)]).traded == {GoalKey(MATCH, 2, "1-0")}


def test_the_last_accepted_score_stands() -> None:
    recalled = recall(
        [
            report("baseline", "0-0", reason=FIRST),
            report("trigger", "1-0"),
            report("baseline", "9-9"),
            report("laggard", "0-0"),
            report("overturned", "1-0"),
            report("stands", "0-0", 1),
            report("advance", "0-1", 1),
        ]
    )

    assert recalled.standings == {MATCH: Standing(generation=1, score=Score(0, 1))}


def test_reports_that_come_after_a_later_intent_do_not_lead_back() -> None:
    recalled = recall([intent("2-0"), report("advance", "1-0"), triggered("2-0")])

    assert recalled.standings == {MATCH: Standing(generation=0, score=Score(2, 0))}


def test_a_state_of_another_sport_stands_by_its_own_policy() -> None:
    recalled = recall([intent("6-4 3-2"), intent("6-4 4-2"), intent("6-4 3-2")])

    assert recalled.traded == {GoalKey(MATCH, 0, "6-4 3-2"), GoalKey(MATCH, 0, "6-4 4-2")}
    assert recalled.standings[MATCH].score.text == "6-4 4-2"


@given(plot=lines)
def test_what_a_race_journals_is_enough_to_go_on_from(plot: list[Line]) -> None:
    story = tell(Story(), [line for line in plot if line.what != "restart"])
    rows = [
        report(one.judgement, one.key.state, one.key.generation, one.reason)
        for one in story.outputs
        if isinstance(one, Judged) and one.key is not None and one.key.match == MATCH
    ]

    recalled = recall(rows)

    assert recalled.standings.get(MatchId(MATCH)) == story.race.standing(MATCH)


@settings(max_examples=60, deadline=None)
@given(match=happenings("home", "away", slowest_s=11.5))
def test_the_feeds_records_are_counted_again_from_the_journal(match: list[Happening]) -> None:
    story = watch(truth_of(match))

    recalled = recall(row(one) for one in story.outputs if isinstance(one, Judged))

    for ledger in story.race.ledgers():
        tally = recalled.tallies[ledger.feed]
        assert tally.ledger(ledger.feed, quarantined=False) == ledger


def test_phantoms_and_what_was_taken_back_are_remembered_and_so_is_the_quarantine() -> None:
    story = Story()
    story.all_at("0-0")
    for at_s in (60, 120):
        story.say("ada", "1-0", at_s)
        story.wait_until(at_s + 13)
        story.say("ada", "0-0", at_s + 14)
    for feed in FIVE[1:]:
        story.say(feed, "0-1", 200)
    story.say("bob", "0-0", 210)
    story.say("cyd", "0-0", 211)
    before = {one.feed: one for one in story.race.ledgers()}

    recalled = recall(row(one) for one in story.outputs if isinstance(one, Judged))
    race = Race(feeds=story.feeds, tallies=recalled.tallies)

    after = {one.feed: one for one in race.ledgers()}
    assert before["ada"].quarantined
    assert after["ada"].quarantined
    for feed in FIVE:
        assert (after[feed].phantoms, after[feed].overturned, after[feed].reversals) == (
            before[feed].phantoms,
            before[feed].overturned,
            before[feed].reversals,
        )


def test_in_another_run_every_connection_is_a_new_one() -> None:
    story = Story()
    story.all_at("0-0")
    rows = [row(one) for one in story.outputs if isinstance(one, Judged)]
    goal = report("trigger", "1-0")

    same = recall([segment("a"), *rows, segment("a"), goal])
    other = recall([segment("a"), *rows, segment("b"), goal])

    assert sum(one.chances for one in same.tallies.values()) == len(FIVE)
    assert sum(one.chances for one in other.tallies.values()) == 0


def row(judged: Judged) -> Report:
    return report_row(judged, 0)


def segment(run: str) -> Segment:
    return Segment(
        run=run,
        account="",
        environment="",
        mono_ns=0,
        wall_ns=0,
        commit="",
        config_sha256="",
        lock_sha256="",
        previous_anchor="",
    )
