"""Every rule of the race, and how to get it wrong.

Beside the files stand the tests that must notice. As in ``rules.py`` a text stands in its
file exactly once, and what is left out changes no outcome.
"""

from typing import Final

RACE: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
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
    "actors/feeds/doubts.py": (
        ("two deniers", "DENIERS: Final = 2", "DENIERS: Final = 3"),
        ("not one", "DENIERS: Final = 2", "DENIERS: Final = 1"),
        (
            "a doubt is told once",
            "if claim not in known and not contest.rules.reaches(view.score, claim.score)",
            "if not contest.rules.reaches(view.score, claim.score)",
        ),
        (
            "only what it does not count",
            "if claim not in known and not contest.rules.reaches(view.score, claim.score)",
            "if claim not in known",
        ),
        (
            "unproved sides say not what stands",
            "restored = view.score if view.oriented or not newly else newly[-1].before",
            "restored = view.score",
        ),
        (
            "a doubt grows",
            "doubt.claims = [claim for claim in reversed(contest.trail) if claim in newly + known]",
            "pass",
        ),
        ("words are certain", "        explicit\n        or len", "        False\n        or len"),
        (
            "two feeds are certain",
            "        or len(against) >= DENIERS\n",
            "",
        ),
        (
            "nobody holds against it",
            "or (bool(against) and not _holding(contest, doubt.claims[0], sitting.at_ns))",
            "or False",
        ),
        (
            "a dead feed denies nothing",
            (
                "        and not contest.rules.reaches(view.score, claim.score)\n"
                "        and view.is_fresh(at_ns)\n    ]\n\n\ndef _holding"
            ),
            (
                "        and not contest.rules.reaches(view.score, claim.score)\n    ]\n\n\n"
                "def _holding"
            ),
        ),
        (
            "a feed that is merely behind",
            (
                "        if view.denies is not None\n"
                "        and contest.rules.reaches(view.denies, claim.score)\n"
            ),
            "        if True\n",
        ),
        (
            "old news holds nothing",
            "        if view.disowned_until_ns <= at_ns\n        and contest",
            "        if contest",
        ),
        (
            "a dead feed holds nothing",
            (
                "        and contest.rules.reaches(view.score, claim.score)\n"
                "        and view.is_fresh(at_ns)\n    ]\n\n\ndef _standing_of"
            ),
            (
                "        and contest.rules.reaches(view.score, claim.score)\n    ]\n\n\n"
                "def _standing_of"
            ),
        ),
        (
            "who decided it says what stands",
            "told.sort(key=lambda view: view is not reporter)",
            "pass",
        ),
        (
            "the most advanced denial",
            "        if policy.is_behind(best.score, view.score):\n            best = view",
            "        if False:\n            best = view",
        ),
        (
            "only proved sides say what stands",
            "told = [view for view in against if view.oriented]",
            "told = list(against)",
        ),
        (
            "a new generation",
            "    contest.generation += 1\n",
            "",
        ),
        (
            "whatever falls was doubted first",
            '            sitting.doubt(claim.key, "taken back", in_doubt=True, restored=to)\n',
            "            pass\n",
        ),
        ("what falls is remembered", "        contest.withdraw(claim, at_ns)\n", ""),
        (
            "the verdict is told",
            '        sitting.doubt(claim.key, "overturned", in_doubt=False, restored=to)\n',
            "        pass\n",
        ),
        ("its reviews end", "    end_moot(contest, sitting, taken_back)\n", ""),
        (
            "what restored says nothing of lag",
            "        claim.seen_by.update(contest.views)\n",
            "",
        ),
        (
            "who reached it denies no more",
            "    if rules.reaches(view.score, to):\n        view.denies = None\n",
            "",
        ),
        (
            "what it shows was taken back",
            "        view.disowned_until_ns = FOREVER\n",
            "        pass\n",
        ),
        (
            "an older goal that is denied too",
            "    if not doubt.claims or not _denied(contest, doubt):",
            "    if True:",
        ),
        (
            "what fell is doubted no more",
            "    doubt.claims = [claim for claim in doubt.claims if claim in contest.trail]\n",
            "",
        ),
        (
            "a doubt ends with the last denial",
            "    if doubt is None or _denied(contest, doubt):",
            "    if doubt is None:",
        ),
        (
            "it is told that it stands",
            '        sitting.doubt(claim.key, "stands", in_doubt=False)\n',
            "        pass\n",
        ),
        (
            "not confirmed in time",
            "        if at_ns >= claim.confirm_by_ns:",
            "        if False:",
        ),
        (
            "nobody else has shown it",
            "        if not claim.corroborated and at_ns >= claim.due_ns:",
            "        if False:",
        ),
        (
            "what was shown is none",
            "        if not claim.corroborated and at_ns >= claim.due_ns:",
            "        if at_ns >= claim.due_ns:",
        ),
        ("overdue reviews end", "        end_overdue(contest, sitting)\n", "        pass\n"),
        (
            "a doubt ends with its window",
            "        _end_of_window(contest, sitting, doubt)\n",
            "        pass\n",
        ),
        (
            "lost support",
            "        _withdraw_unvouched(contest, sitting)\n",
            "        pass\n",
        ),
        (
            "the winner denies nothing",
            "            runner.name != claim.feed\n            and ",
            "            ",
        ),
        (
            "a slow feed calls nothing a phantom",
            "            and usual_ns < contest.rules.window_ns\n",
            "",
        ),
        (
            "who is ahead calls nothing a phantom",
            (
                "            and contest.rules.policy.is_behind(view.score, claim.score)\n"
                "            and view.is_fresh(at_ns)\n        )"
            ),
            "            and view.is_fresh(at_ns)\n        )",
        ),
        (
            "a dead one neither",
            (
                "            and contest.rules.policy.is_behind(view.score, claim.score)\n"
                "            and view.is_fresh(at_ns)\n        )"
            ),
            "            and contest.rules.policy.is_behind(view.score, claim.score)\n        )",
        ),
        ("a phantom is charged", "        winner.runner.tally.charge()\n", "        pass\n"),
        (
            "and weighed",
            "        winner.runner.weigh(contest.rules)\n    overturn",
            "        pass\n    overturn",
        ),
        (
            "more hold than deny",
            "    if held > len(_against(contest, top, sitting.at_ns)):",
            "    if True:",
        ),
        (
            "a doubt is not taken for lost support",
            "or not older or contest.doubt is not None:",
            "or not older:",
        ),
        (
            "a lone feed that is far behind",
            "if agree >= DENIERS or contest.rules.policy.step(best.score, accepted) is not None:",
            "if True:",
        ),
        (
            "one that is a goal behind",
            "if agree >= DENIERS or contest.rules.policy.step(best.score, accepted) is not None:",
            "if agree >= DENIERS:",
        ),
        (
            "two that are further behind",
            "if agree >= DENIERS or contest.rules.policy.step(best.score, accepted) is not None:",
            "if contest.rules.policy.step(best.score, accepted) is not None:",
        ),
    ),
    "actors/feeds/reviews.py": (
        (
            "a delayed feed's review",
            "    if view is not None and view.runner.entrant.delay_ns:",
            "    if False:",
        ),
        (
            "a review that takes back",
            'if review.outcome != "overturned" or not _take_back(contest, hearing, view, review):',
            "if True:",
        ),
        (
            "one that stands confirms",
            "        contest.confirm(view)\n    end(contest",
            "        pass\n    end(contest",
        ),
        (
            "its end is its end",
            "    end(contest, hearing, report.feed, review.outcome)\n",
            "",
        ),
        (
            "of a goal alone",
            'if view is None or review.subject != "goal":',
            "if view is None:",
        ),
        (
            "of the goal that was looked at",
            'if inquiry.cause == "goal_review" and claim.key == inquiry.key',
            'if inquiry.cause == "goal_review"',
        ),
        (
            "a goal that was not given",
            "if goal is None or to is None or not contest.rules.reaches(view.score, goal.score):",
            "if goal is None or to is None:",
        ),
        (
            "the officials are explicit",
            "    hearing.explicit = True\n",
            "",
        ),
        (
            "its feed has gone back",
            "    view.step_back(before, hearing.at_ns)\n",
            "",
        ),
        (
            "an unsure goal",
            '    if conf == "unconfirmed":\n',
            '    if conf == "":\n',
        ),
        (
            "an unsure feed",
            "        view.runner.hesitates = True\n",
            "",
        ),
        (
            "counts for nothing",
            "        and not view.runner.unconfirmed_pm(rules)\n",
            "        and False\n",
        ),
        (
            "unless it has a record",
            "        and not view.runner.unconfirmed_pm(rules)\n",
            "",
        ),
        (
            "its own word confirms",
            "            return _hear_confirmed(contest, hearing, view, score)\n",
            "            pass\n",
        ),
        (
            "a confirmed one stands alone",
            "    if not (is_news and accept_by_all(contest, hearing, view)):",
            "    if True:",
        ),
    ),
    "actors/feeds/inquiries.py": (
        (
            "how long a goal is looked at",
            "REVIEWABLE_NS: Final = 300_000_000_000",
            "REVIEWABLE_NS: Final = 600_000_000_000",
        ),
        (
            "a baseline is no goal",
            "if claim is None or claim.before is None or at_ns - claim.at_ns > REVIEWABLE_NS:",
            "if claim is None or at_ns - claim.at_ns > REVIEWABLE_NS:",
        ),
        (
            "of a goal or of something else",
            "goal = reviewable(contest, sitting.at_ns) if about_goal else None",
            "goal = reviewable(contest, sitting.at_ns)",
        ),
        (
            "what is looked at is no phantom",
            "        goal.confirm_by_ns = FOREVER\n",
            "        pass\n",
        ),
        (
            "nobody gives more time",
            (
                "due_ns = min((one.due_ns for one in known), "
                "default=sitting.at_ns + contest.rules.review_ns)"
            ),
            "due_ns = sitting.at_ns + contest.rules.review_ns",
        ),
        ("it is told once", "    if not known:\n", "    if True:\n"),
        (
            "one review replaces another",
            '        _say_end(contest, sitting, before, "another review began")\n',
            "        pass\n",
        ),
        (
            "who died tells no end",
            "            view is None or not view.is_fresh(sitting.at_ns)\n",
            "            False\n",
        ),
        (
            "who lives does",
            "            view is None or not view.is_fresh(sitting.at_ns)\n",
            "            True\n",
        ),
        (
            "an end that was missed",
            "        if sitting.at_ns >= inquiry.due_ns:",
            "        if False:",
        ),
        (
            "its name",
            "            _say_end(contest, sitting, inquiry, UNTOLD)\n",
            '            _say_end(contest, sitting, inquiry, "stands")\n',
        ),
        (
            "reviews of what fell",
            'if inquiry.cause == "goal_review" and inquiry.key in gone:',
            'if inquiry.cause == "goal_review":',
        ),
        (
            "over with the last of them",
            (
                "        if (other.cause, other.key) == (inquiry.cause, inquiry.key):\n"
                "            return\n"
            ),
            "        if False:\n            return\n",
        ),
    ),
    "actors/feeds/contest.py": (
        ("two make a quorum", "QUORUM: Final = 2", "QUORUM: Final = 1"),
        ("a record of fifty", "SEASONED: Final = 50", "SEASONED: Final = 49"),
        (
            "one alone is traded for less",
            "FULL_PM if quorum >= QUORUM else self.single_feed_pm if quorum else 0",
            "FULL_PM if quorum >= QUORUM else self.single_feed_pm",
        ),
        (
            "an unsure goal, too",
            "return size_pm * self.unconfirmed_pm // FULL_PM if unconfirmed else size_pm",
            "return size_pm",
        ),
        (
            "so many phantoms",
            "QUARANTINED if self.tally.charges >= rules.quarantine_after",
            "QUARANTINED if self.tally.charges > rules.quarantine_after",
        ),
        (
            "no other bar is lifted",
            "if not self.barred or self.barred == QUARANTINED:",
            "if True:",
        ),
        ("an older connection", "        if report.epoch < self.epoch:", "        if False:"),
        (
            "a process that stops",
            'self.open = report.kind != "closed" or report.reason == STOPPED',
            'self.open = report.kind != "closed"',
        ),
        (
            "history tells no time",
            "if report.provider_ts_ns is not None and not report.replay:",
            "if report.provider_ts_ns is not None:",
        ),
        (
            "since when it denies",
            "        if self.denies is None:\n            self.denies_since_ns = at_ns",
            "        if True:\n            self.denies_since_ns = at_ns",
        ),
        (
            "who relents never went back",
            (
                "        self.crossings = [one for one in self.crossings if one.at_ns < "
                "self.denies_since_ns]\n"
            ),
            "",
        ),
        (
            "a connection of before",
            "            and runner.epoch == self.epoch\n",
            "",
        ),
        (
            "silence",
            "            and at_ns - runner.heard_ns <= runner.entrant.dead_after_ns\n        )",
            "        )",
        ),
        (
            "unproved sides see nothing",
            "                view.oriented\n                and not runner",
            "                not runner",
        ),
        ("delayed ones neither", "                and not runner.entrant.delay_ns\n", ""),
        ("blind ones neither", "                and not view.coverage.is_blind\n", ""),
        (
            "nor who lost touch",
            "                and (since_ns is None or since_ns >= earliest_ns)\n",
            "",
        ),
        (
            "nor a closed one",
            "                and runner.open\n                and runner.epoch",
            "                and runner.epoch",
        ),
        (
            "nor a silent one",
            (
                "                and at_ns - runner.heard_ns <= runner.entrant.dead_after_ns\n"
                "            ):"
            ),
            "            ):",
        ),
        (
            "who showed it before corroborates",
            (
                "                        claim.corroborated, claim.confirm_by_ns = True, FOREVER\n"
                "        winner.apart"
            ),
            "                        pass\n        winner.apart",
        ),
        (
            "not by late news",
            "            elif view.disowned_until_ns <= at_ns:",
            "            elif True:",
        ),
        (
            "nor if it is not sure",
            "                    if not view.doubts_itself(self.rules, score):\n",
            "                    if True:\n",
        ),
        (
            "another feed's goal",
            "                claim.feed != name\n                and self",
            "                self",
        ),
        (
            "that it counts",
            "                and self.rules.reaches(score, claim.score)\n                and not",
            "                and not",
        ),
        (
            "and is sure of",
            "                and not view.doubts_itself(self.rules, claim.score)\n",
            "",
        ),
        (
            "an earlier process's clock",
            "if winner is not None and claim.before is not None and not claim.is_recalled:",
            "if winner is not None and claim.before is not None:",
        ),
        (
            "one goal before",
            "return claim.before if is_one_goal else None",
            "return claim.before",
        ),
        (
            "the winner was wrong",
            "            winner.runner.tally.overturned += 1\n",
            "            pass\n",
        ),
        (
            "as often as it fell",
            "Withdrawal(claim.score, last.claimed_ns, at_ns, last.times + 1)",
            "Withdrawal(claim.score, claim.at_ns, at_ns, 1)",
        ),
        (
            "in short succession",
            "claim.at_ns - last.at_ns <= 2 * self.rules.window_ns:",
            "True:",
        ),
        (
            "a fresh one vouches",
            (
                "                if rules.reaches(view.score, accepted):\n"
                "                    self.unvouched_since_ns = None\n                    return\n"
            ),
            "",
        ),
        (
            "a dead one does not",
            "                if not view.is_fresh(at_ns):\n                    continue\n",
            "",
        ),
        (
            "only older scores withdraw it",
            "        if not older:\n            self.unvouched_since_ns = None\n        elif",
            "        if",
        ),
        (
            "the window began with the first",
            "        elif self.unvouched_since_ns is None:",
            "        else:",
        ),
    ),
    "actors/feeds/late_news.py": (
        (
            "only what counts what fell",
            "        if not (is_news and rules.reaches(view.score, score)):",
            "        if not is_news:",
        ),
        (
            "the same name is the same goal",
            "        if is_new is False:",
            "        if False:",
        ),
        (
            "who has crossed is believed",
            "        elif is_new is None and not has_crossed(contest, view, withdrawal):",
            "        elif is_new is None:",
        ),
        (
            "a new name is a new goal",
            "        elif is_new is None and not has_crossed",
            "        elif not has_crossed",
        ),
        (
            "its own lag",
            "patience_ns = rules.window_ns + view.runner.tally.usual_lag_ns",
            "patience_ns = rules.window_ns",
        ),
        (
            "the window",
            "patience_ns = rules.window_ns + view.runner.tally.usual_lag_ns",
            "patience_ns = view.runner.tally.usual_lag_ns",
        ),
        (
            "a name of that score",
            "if report.incident is None or report.score != withdrawal.score:",
            "if report.incident is None:",
        ),
        (
            "who gave none cannot tell",
            "return report.incident not in told if told else None",
            "return report.incident not in told",
        ),
        (
            "back before it was claimed",
            "        one.at_ns >= withdrawal.claimed_ns\n        and reaches",
            "        reaches",
        ),
        (
            "back over it",
            "        and not reaches(one.after, score)\n",
            "",
        ),
        ("as often", "return known >= withdrawal.times", "return known >= 1"),
        (
            "another goal by the same score",
            "    view.disowned_until_ns = 0\n    return OTHER_SCORE",
            "    return OTHER_SCORE",
        ),
    ),
    "actors/feeds/coverage.py": (
        (
            "unreliable is blind",
            'self.is_blind = not self.reliable or self.status == "coverage_lost"',
            'self.is_blind = self.status == "coverage_lost"',
        ),
        (
            "so is lost",
            'self.is_blind = not self.reliable or self.status == "coverage_lost"',
            "self.is_blind = not self.reliable",
        ),
        ("over is over", "self.is_over = self.status in OVER", "self.is_over = False"),
        ("live is played", "self.status is None or self.status in PLAYED", "self.status is None"),
        ("unreliable is a flaw", "        if not self.reliable:\n", "        if False:\n"),
    ),
    "actors/feeds/clocks.py": (
        ("three spans", "LEAST_SPANS: Final = 3", "LEAST_SPANS: Final = 2"),
        ("six are kept", "SPANS_KEPT: Final = 6", "SPANS_KEPT: Final = 7"),
        ("steady", "STEADY_NS: Final = 1_500_000_000", "STEADY_NS: Final = 2_500_000_000"),
        ("old", "OLD_NS: Final = 3_000_000_000", "OLD_NS: Final = 2_000_000_000"),
        (
            "the quickest of a span",
            "self._least_ns = min(self._least_ns, behind_ns)",
            "self._least_ns = max(self._least_ns, behind_ns)",
        ),
        ("the quickest of all", "quickest = min(self._past)", "quickest = max(self._past)"),
    ),
}

_RACE: Final = tuple(
    f"tests/feeds/test_{name}.py"
    for name in (
        "race",
        "moves",
        "doubts",
        "denials",
        "reviews",
        "late_news",
        "unsettled",
        "race_sports",
        "clocks",
        "contest",
        "ledger",
        "arbiter",
        "adversarial_race",
        "race_laws",
    )
)
RACE_TESTS: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(RACE, _RACE)
"""What is run for each of these files: the race's laws, whichever of its files they are about."""
