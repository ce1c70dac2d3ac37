"""What the race knows of its feeds: what each shows, denies and may be believed."""

from typing import Final

from tests.system.rules.mutants import Changes

FACTS: Final[Changes] = {
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
