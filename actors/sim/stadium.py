"""One match as it is played: it happens, feeds are told, others react, markets close and settle."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import attrs

from actors.model.orders import Ticker
from actors.model.score import Score, Team
from actors.sim import live_data, terms
from actors.sim.agenda import Agenda
from actors.sim.beliefs import OUTCOMES, Outcome
from actors.sim.course import Course
from actors.sim.crew import Crew, Habits, News
from actors.sim.feedserver import FeedServer, MatchState
from actors.sim.listing import game_id, leg_tickers, milestone_id, provider_id
from actors.sim.script import Incident
from actors.sim.timetable import MatchTimetable, Moment
from actors.sim.truth import Race, TruthLog
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import Verdict

KICK_LEAD_S: Final = 2.2
"""A penalty is given so long before it is taken; enough for every maker to price it in."""
NOT_BEGUN: Final = "NS"
"""The provider's word for a match that has not kicked off."""


@attrs.define(kw_only=True, eq=False)
class Stadium:
    """Where one match is played."""

    seed: int
    agenda: Agenda
    venue: Venue
    feeds: Sequence[FeedServer]
    timetable: MatchTimetable
    truth: TruthLog
    habits: Habits | None
    """``None`` where nobody but the clients trades."""
    settles_after_us: int
    course: Course = attrs.field(init=False)
    crew: Crew | None = attrs.field(init=False, default=None)
    verdicts: dict[str, Verdict] = attrs.field(init=False, factory=dict)
    """By ticker, once the ninety minutes are over."""
    is_listed: bool = attrs.field(init=False, default=False)
    _reversals: int = attrs.field(init=False, default=0)
    _reports: int = attrs.field(init=False, default=0)
    _reported_s: float = attrs.field(init=False, default=0.0)
    """When the newest report of live data is out: none overtakes another."""

    def __attrs_post_init__(self) -> None:
        self.course = Course(timetable=self.timetable)

    @property
    def tickers(self) -> Mapping[Outcome, Ticker]:
        """The markets, by the result each one is about."""
        script = self.timetable.script
        return leg_tickers(script.match, script.fixture)

    @property
    def is_settled(self) -> bool:
        """Whether every market has been paid out."""
        return self.is_listed and all(
            self.venue.market(ticker).status == "finalized" for ticker in self.tickers.values()
        )

    def prepare(self, listed_s: float) -> None:
        """Put the whole match on the agenda, and list it at ``listed_s``; now, if that is past."""
        if listed_s <= self.agenda.now_s():
            self._list()
        else:
            self.agenda.at(listed_s, self._list)
        previous_s = 0.0
        for moment in self.timetable.moments:
            self.agenda.at(moment.at_s, partial(self._happen, moment.incident))
            goal = moment.incident.goal
            if moment.incident.counts and goal is not None and goal.penalty:
                given_s = max(previous_s + 0.1, moment.at_s - KICK_LEAD_S)
                self.agenda.at(given_s, partial(self._give_penalty, moment))
            previous_s = moment.at_s

    def take_back(self) -> bool:
        """Take the newest goal back, for feeds and markets alike; return whether there was one."""
        before = self.course.score
        taken = self.course.take_back()
        if taken is None:
            return False
        self._reversals += 1
        race = self.truth.reversal(self.course, taken, before)
        self._tell()
        if taken.counts:
            self._react(f"reversal-{self._reversals}", before, race)
        return True

    def resume(self) -> None:
        """Let the makers look at markets that trade again."""
        if self.crew is not None:
            self.crew.look_again()

    def status(self) -> dict[str, object]:
        """Return the truth about the match."""
        at_s = self.agenda.now_s()
        clock = self.course.clock_at(at_s)
        return {
            "match": self.timetable.match,
            "name": self.timetable.script.fixture.name,
            "period": clock.period,
            "elapsed": clock.text,
            "score": self.course.score.text,
            "regulation": self.course.regulation.text,
            "kickoff_s": round(self.timetable.kickoff_s, 3),
            "ends_s": round(self.timetable.ends_s, 3),
            "over": self.course.is_over,
            "markets": {
                ticker: self.venue.market(ticker).status if self.is_listed else "unlisted"
                for ticker in self.tickers.values()
            },
            "settled": self.is_settled,
        }

    def _list(self) -> None:
        """List the match, open its markets and bring the crew to them when it is time."""
        script, now_us = self.timetable.script, self.venue.now_us()
        kickoff_us = now_us + int(1e6 * (self.timetable.kickoff_s - self.agenda.now_s()))
        self.venue.list_event(terms.event_terms(script))
        for market in terms.market_terms(
            script,
            now_us=now_us,
            kickoff_us=kickoff_us,
            settles_after_us=self.settles_after_us,
        ):
            self.venue.list_market(market)
        self.venue.list_milestone(terms.milestone_terms(script, kickoff_us=kickoff_us))
        self.is_listed = True
        self._tell()
        if self.habits is None:
            return
        self.crew = Crew.enlist(
            agenda=self.agenda,
            venue=self.venue,
            match=self.timetable,
            tickers=self.tickers,
            habits=self.habits,
            seed=self.seed,
        )
        if self.timetable.opens_s <= self.agenda.now_s():
            self.crew.open()
        else:
            self.agenda.at(self.timetable.opens_s, self.crew.open)

    def _happen(self, incident: Incident) -> None:
        before = self.course.score
        self.course.happen(incident)
        if incident.kind not in {"kick", "card"}:
            self._tell()  # the provider's channel knows no cards
        if incident.kind == "goal":
            race = self.truth.goal(self.course, incident, before)
            if incident.counts:
                self._react(f"goal-{incident.goal_no}", before, race, incident)
        if incident.kind == "card":
            self.truth.card(self.course, incident)
            self._price_in(f"card-{incident.at_s}")
        if incident.period == "FT":
            self._settle()

    def _give_penalty(self, moment: Moment) -> None:
        self._price_in(f"penalty-{moment.incident.goal_no}", moment.incident.side)

    def _price_in(self, occasion: str, kick: Team | None = None) -> None:
        """Let the makers hear of something that is no goal: a penalty kick, a red card."""
        score = self.course.score
        if self.crew is not None:
            self.crew.react(
                News(
                    occasion=occasion,
                    before=score,
                    after=score,
                    kick=kick,
                    swing=self.course.swing,
                )
            )

    def _react(
        self, occasion: str, before: Score, race: Race, goal: Incident | None = None
    ) -> None:
        if self.crew is not None:
            news = News(
                occasion=occasion,
                before=before,
                after=self.course.score,
                reaction="drawn" if goal is None else goal.reaction,
                swing=self.course.swing,
            )
            self.crew.react(news, race.moves.append)

    def _settle(self) -> None:
        """Close the markets and determine them on the ninety minutes; the venue pays them out."""
        if self.crew is not None:
            self.crew.leave()
        result = self.course.regulation
        lead = result.home - result.away
        winner: Outcome = "home" if lead > 0 else "away" if lead < 0 else "draw"
        for outcome in OUTCOMES:
            ticker = self.tickers[outcome]
            self.venue.close_market(ticker)
            self.verdicts[ticker] = "yes" if outcome == winner else "no"
            self.venue.determine(ticker, self.verdicts[ticker])
        self.truth.settled(self.course, self.verdicts)

    def _tell(self) -> None:
        """Tell the feeds how the match stands; each reports it in its own time."""
        clock = self.course.clock_at(self.agenda.now_s())
        fixture = self.timetable.script.fixture
        begun = self.course.incident is not None
        state = MatchState(
            game_id=game_id(self.timetable.match),
            sportradar_id=provider_id(self.timetable.match),
            home_team=fixture.home,
            away_team=fixture.away,
            score=self.course.score,
            period=clock.period if begun else NOT_BEGUN,
            elapsed=clock.text if begun else "",
            live=begun and not self.course.is_over,
            ended=self.course.is_over,
        )
        for feed in self.feeds:
            # How a match stands before kick-off is no race: it is there at once.
            feed.publish(state, lag_ms=None if begun else 0.0)
        self._report_live(begun=begun)

    def _report_live(self, *, begun: bool) -> None:
        """Have the venue's live data say how the match stands now, long after the feeds."""
        now_s, match = self.agenda.now_s(), self.timetable.match
        seen = live_data.details(self.course, self.course.clock_at(now_s), self.venue.now_us())
        report = partial(self.venue.report_live, milestone_id(match), seen)
        if not begun:
            if self.is_listed:
                report()
            return
        self._reports += 1
        late_s = live_data.delay_s(self.seed, match, self._reports)
        self._reported_s = max(self._reported_s, now_s + late_s)
        self.agenda.at(self._reported_s, report)
