"""When a score is taken back, and what the officials' reviews do."""

from typing import Final

from tests.system.rules.mutants import Changes

BACK: Final[Changes] = {
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
}
