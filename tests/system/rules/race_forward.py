"""Who reported a score first, and whether it is traded."""

from typing import Final

from tests.system.rules.mutants import Changes

FORWARD: Final[Changes] = {
    "actors/feeds/race.py": (
        ("a feed that nobody knows", "if runner is None:", "if False:"),
        ("an older connection", "elif not runner.hear(report, at_ns):", "elif False:"),
        ("history is not heard", "elif report.replay:", "elif False:"),
        (
            "a new connection shows anew",
            "if view is not None and view.epoch != report.epoch:",
            "if False:",
        ),
        (
            "a cancelled goal is taken back",
            'report.kind == "retraction" or report.conf == "cancelled"',
            'report.kind == "retraction"',
        ),
        ("a possible goal is none", 'or report.kind == "possible":', "or False:"),
        (
            "a name is noted",
            "if report.incident is not None and hearing.unfinished is None:",
            "if False:",
        ),
        (
            "what a feed took back over its connections",
            "shown = _shown_before(contest, runner, report) if takes_back else None",
            "shown = None",
        ),
        (
            "nothing is taken back by a score that counts it",
            "if score is None or contest.rules.reaches(score, before):",
            "if score is None:",
        ),
        ("words are explicit", "            hearing.explicit = True\n", ""),
        (
            "a step back is remembered",
            "            view.step_back(before, hearing.at_ns)\n",
            "",
        ),
        (
            "as the rules of play allow",
            "if policy.legal_decrease(before, score) and not hearing.explicit:",
            "if False:",
        ),
        ("only a trigger triggers", 'if entrant.role != "trigger":', "if False:"),
        ("a delayed feed does not", 'return "delayed" if entrant.delay_ns else ""', 'return ""'),
        (
            "steps back outlive a connection",
            "        view.crossings = old.crossings\n",
            "",
        ),
        (
            "so do denials",
            "view.denies, view.denies_since_ns = old.denies, old.denies_since_ns",
            "pass",
        ),
        ("the clock decides", "        if self._at_ns >= self._due_ns:", "        if False:"),
        (
            "before the report that comes after it",
            "        if at_ns >= self._due_ns:",
            "        if False:",
        ),
        (
            "a feed that closes may decide a doubt",
            "                settle(contest, hearing, hearing.report)\n",
            "                pass\n",
        ),
        (
            "it vouches for nothing any more",
            "                contest.watch_support(hearing.at_ns)\n        self._wake_after",
            "        self._wake_after",
        ),
        (
            "a match in doubt is kept",
            "if match in kept or contest.doubt is not None or contest.inquiries:",
            "if match in kept:",
        ),
        (
            "what was accepted stays known",
            "                self._standings[match] = standing\n",
            "                pass\n",
        ),
        (
            "entries are closed",
            "return contest.doubt is not None or bool(contest.inquiries)",
            "return contest.doubt is not None",
        ),
        (
            "before anybody reports, too",
            "left is not None and bool(left.doubted or left.reviews)",
            "left is not None and bool(left.doubted)",
        ),
        (
            "each sport has its policy",
            "attrs.evolve(self._rules, policy=POLICIES[sport])",
            "self._rules",
        ),
        (
            "a size for an unsure goal",
            "sizes.append(rules.size_pm(quorum, unconfirmed=True))",
            "pass",
        ),
    ),
    "actors/feeds/judging.py": (
        (
            "a match begins with sides that are proved",
            "        if view.oriented:\n            key = contest.begin",
            "        if True:\n            key = contest.begin",
        ),
        (
            "a first word of doubt",
            "    if _unsure(hearing):\n        view.tentative = score",
            "    if False:\n        view.tentative = score",
        ),
        (
            "a first word without one confirms",
            "        contest.confirm(view)\n    if score == accepted:",
            "        pass\n    if score == accepted:",
        ),
        (
            "late news at the beginning",
            "elif until_ns := late_news_until_ns(contest, view, at_ns):",
            "elif until_ns := 0:",
        ),
        (
            "who may not move the score",
            "elif bar := _bar(contest, view, accepted, at_ns) or _unsure(hearing):",
            "elif bar := _unsure(hearing):",
        ),
        (
            "or is not sure",
            "_bar(contest, view, accepted, at_ns) or _unsure(hearing):",
            "_bar(contest, view, accepted, at_ns):",
        ),
        (
            "late news in agreement",
            (
                "    view.apart_since_ns = None\n    if until_ns := late_news_until_ns("
                "contest, view, at_ns):"
            ),
            "    view.apart_since_ns = None\n    if until_ns := 0:",
        ),
        (
            "a step back that agrees counts",
            (
                "            view.runner.tally.reversals += 1\n    view.disowned_until_ns = 0\n"
                "    behind_ns"
            ),
            "            pass\n    view.disowned_until_ns = 0\n    behind_ns",
        ),
        (
            "late news ahead",
            (
                "    assert accepted is not None\n    if until_ns := late_news_until_ns("
                "contest, view, at_ns):"
            ),
            "    assert accepted is not None\n    if until_ns := 0:",
        ),
        (
            "who may not move it ahead",
            "    bar = _bar(contest, view, before, at_ns)\n",
            '    bar = ""\n',
        ),
        (
            "a period is asked for",
            "if not bar and scorer is not None and hearing.report.period is None:",
            "if False:",
        ),
        ("a match that is not open", "    elif bound.open:", "    elif True:"),
        (
            "a size of nothing",
            '_hold(contest, hearing, view, key) if size_pm else "one feed alone"',
            "_hold(contest, hearing, view, key)",
        ),
        (
            "a goal is traded once",
            "    contest.traded.add(key)\n",
            "",
        ),
        (
            "a goal that its feed doubts",
            "unconfirmed = view.tentative is not None and view.doubts_itself(contest.rules, score)",
            "unconfirmed = False",
        ),
        (
            "its name is noted",
            "    note_incident(contest, hearing.report, hearing.at_ns)\n",
            "",
        ),
        (
            "a move back is another sport's",
            "    if contest.rules.policy.legal_decrease(accepted, score) and not _bar(",
            "    if not _bar(",
        ),
        (
            "of a feed that may",
            (
                "legal_decrease(accepted, score) and not _bar(\n"
                "        contest, view, before, at_ns\n    ):"
            ),
            "legal_decrease(accepted, score):",
        ),
        (
            "news of a reversal is none",
            "was_late_news = view.disowned_until_ns > at_ns",
            "was_late_news = False",
        ),
        (
            "behind is no conflict",
            "        if policy.is_behind(score, accepted):\n            _judge_laggard",
            "        if False:\n            _judge_laggard",
        ),
        (
            "a conflict with what was withdrawn",
            "    if is_withdrawn(contest, view):",
            "    if False:",
        ),
        (
            "sides that are not proved contradict nobody",
            '    if not view.oriented:\n        hearing.judge("conflict", "unoriented")',
            '    if False:\n        hearing.judge("conflict", "unoriented")',
        ),
        (
            "a conflict denies",
            "    view.deny(accepted, hearing.at_ns)\n",
            "",
        ),
        (
            "a delayed feed contradicts nobody",
            '    if view.runner.entrant.delay_ns:\n        hearing.judge("conflict"',
            '    if False:\n        hearing.judge("conflict"',
        ),
        (
            "a conflict takes nothing back",
            "open_doubt(contest, hearing, view, said, takes_back=False)",
            "open_doubt(contest, hearing, view, said)",
        ),
        (
            "a reversal counts",
            "    view.runner.tally.reversals += 1\n    if view.denies is None",
            "    if view.denies is None",
        ),
        (
            "a reversal denies",
            "        view.deny(before, hearing.at_ns)\n",
            "        pass\n",
        ),
        (
            "the oldest that it denies",
            "if view.denies is None or contest.rules.reaches(before, view.denies):",
            "if True:",
        ),
        (
            "a delayed feed's reversal",
            "    if view.runner.entrant.delay_ns:\n        # It speaks",
            "    if False:\n        # It speaks",
        ),
        (
            "words of a feed whose sides are not proved",
            "believed = view.oriented and view.runner.barred != QUARANTINED",
            "believed = view.runner.barred != QUARANTINED",
        ),
        (
            "words of one that reports phantoms",
            "believed = view.oriented and view.runner.barred != QUARANTINED",
            "believed = view.oriented",
        ),
        (
            "a second feed within the window",
            "due_ns=at_ns + contest.rules.window_ns,",
            "due_ns=FOREVER,",
        ),
        (
            "a goal that must be confirmed",
            "claim.confirm_by_ns = at_ns + contest.rules.confirm_ns",
            "pass",
        ),
        (
            "all have to agree",
            "other.score != view.score and other.is_fresh(hearing.at_ns) for other in agreeing",
            "False for other in agreeing",
        ),
        (
            "a dead feed disagrees with nobody",
            "other.score != view.score and other.is_fresh(hearing.at_ns) for other in agreeing",
            "other.score != view.score for other in agreeing",
        ),
        (
            "a barred feed",
            "    if view.runner.barred:\n        return view.runner.barred\n",
            "",
        ),
        (
            "an unproved side",
            '    if not view.oriented:\n        return "unoriented"\n',
            "",
        ),
        (
            "a flaw of its own",
            "    if view.coverage.flaw:\n        return view.coverage.flaw\n",
            "",
        ),
        (
            "who contradicts itself",
            "        if not contest.rules.policy.is_behind(before, accepted):\n",
            "        if False:\n",
        ),
        (
            "who lost touch",
            "if since_ns is not None and at_ns - since_ns > contest.rules.window_ns:",
            "if False:",
        ),
        (
            "a doubt holds",
            "    if contest.doubt is not None:\n        return",
            "    if False:\n        return",
        ),
        ("a review holds", "    if contest.inquiries:\n", "    if False:\n"),
        ("a key that was traded", "    if key in contest.traded:\n", "    if False:\n"),
        (
            "an old report",
            "if hearing.judged_ns - report.received_ns > most_ns:",
            "if False:",
        ),
        (
            "old by its provider's clock",
            "if told_ns is not None and view.runner.clock.is_old(report.received_ns - told_ns):",
            "if False:",
        ),
        (
            "withdrawn a moment ago",
            "if withdrawal is not None and hearing.at_ns - withdrawal.at_ns <= rules.flap_ns:",
            "if False:",
        ),
        (
            "extra time",
            "if period is None or not contest.rules.policy.is_traded_in(period):",
            "if period is None:",
        ),
        (
            "another feed's period",
            "(other.coverage.is_over or other.period in BEYOND)",
            "other.coverage.is_over",
        ),
        (
            "another feed's word that it is over",
            "(other.coverage.is_over or other.period in BEYOND)",
            "other.period in BEYOND",
        ),
        (
            "one that reports phantoms says nothing of it",
            "            and other.runner.barred != QUARANTINED\n",
            "",
        ),
        (
            "a dead one neither",
            "            and other.is_fresh(hearing.at_ns)\n        ):\n            what",
            "        ):\n            what",
        ),
        (
            "a flap is no second echo",
            "    if view.runner.name in claim.seen_by:\n        return None\n",
            "",
        ),
        (
            "an echo may give the right back",
            "        view.runner.weigh(contest.rules)\n    return behind_ns",
            "        pass\n    return behind_ns",
        ),
        (
            "who counts it again denies no more",
            "        view.relent()\n",
            "        pass\n",
        ),
        (
            "an agreement vouches",
            "        contest.unvouched_since_ns = None\n",
            "        pass\n",
        ),
    ),
}
