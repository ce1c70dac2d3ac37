"""One match as it is played: it happens, feeds are told, others react, markets close and settle."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Literal, Protocol

import attrs

from actors.model.orders import Ticker
from actors.model.score import Score, Team
from actors.sim import live_data, terms
from actors.sim.agenda import Agenda
from actors.sim.beliefs import OUTCOMES, Outcome
from actors.sim.course import Course
from actors.sim.crew import Crew, Habits, News
from actors.sim.feedframes import MatchState, ReviewWord, Word as Told
from actors.sim.feedtiming import Draw
from actors.sim.listing import game_id, leg_tickers, milestone_id, provider_id
from actors.sim.reviews import phantom_feeds
from actors.sim.script import Incident, Reaction
from actors.sim.timetable import MatchTimetable, Moment
from actors.sim.truth import Race, TruthLog
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import Verdict

KICK_LEAD_S: Final = 2.2
"""A penalty is given so long before it is taken; enough for every maker to price it in."""
Word = Literal["", "opened", "stands", "overturned"]
NOT_BEGUN: Final = "NS"
"""The provider's word for a match that has not kicked off."""


class Provider(Protocol):
    """Whoever reports a match: a feed's server."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def scout(self) -> str:
        """Who watches the match for it."""
        ...

    def publish(self, state: MatchState, lag_ms: float | None = None) -> Draw:
        """Hear how a match stands; return when, and whether, it will report it."""
        ...

    def review(self, state: MatchState, word: Told) -> None:
        """Hear that a goal is looked at again, or how that ended; or that one is certain."""
        ...


@attrs.define(kw_only=True, eq=False)
class Stadium:
    """Where one match is played."""

    seed: int
    agenda: Agenda
    venue: Venue
    feeds: Sequence[Provider]
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
    _deceived: tuple[str, ...] = attrs.field(init=False, default=())
    """The feeds that have reported the newest phantom."""
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
        taken = self._take_back(f"reversal-{self._reversals + 1}")
        self._reversals += taken
        return taken

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
            "under_review": self.course.is_under_review,
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
        self.truth.happened(self.course, incident)
        match incident.kind:
            case "whistle":
                self._tell()
                if incident.period == "FT":
                    self._settle()
            case "goal":
                sure = not incident.unsure_s
                race = self.truth.goal(self.course, incident, before, self._tell(sure=sure))
                if not sure:
                    self._confirm_later(incident)
                if incident.counts:
                    self._react(f"goal-{incident.goal_no}", before, race, incident.reaction)
            case "card":
                race = self.truth.card(self.course, incident)
                self._price_in(f"card-{incident.at_s}", race)
            case "kick":
                pass  # no market here settles on it, and the providers' channel knows no kicks
            case _:
                self._doubt(incident)

    def _doubt(self, incident: Incident) -> None:
        """Let a review open or end, a goal be reported that never fell, or that be corrected."""
        match incident.kind:
            case "review":
                self._review(incident, "opened")
            case "stands":
                self._review(incident, "stands")
            case "overturn":
                if not self._take_back(f"overturn-{incident.goal_no}", incident.goal_no):
                    # Somebody took it back by hand meanwhile; quotes may stand again.
                    self._review(incident, "overturned")
            case "phantom":
                self._imagine(incident)
            case "correction":
                self.truth.correction(self.course, self._tell(self._deceived))
            case _:
                raise AssertionError(f"nothing happens by {incident.kind}")

    def _take_back(self, occasion: str, reviewed: int | None = None) -> bool:
        """Take back the goal numbered ``reviewed``, else the newest; return whether it stood."""
        before = self.course.score
        taken = self.course.take_back(reviewed)
        if taken is None:
            return False
        if reviewed is not None:
            self._tell_review("overturned")
        race = self.truth.reversal(
            self.course, taken, before, self._tell(), review=reviewed is not None
        )
        if taken.counts:
            review: Word = "" if reviewed is None else "overturned"
            self._react(occasion, before, race, review=review)
        return True

    def _give_penalty(self, moment: Moment) -> None:
        lead_s = moment.at_s - self.agenda.now_s()
        race = self.truth.penalty(self.course, moment.incident, lead_s)
        self._price_in(f"penalty-{moment.incident.goal_no}", race, moment.incident.side)

    def _review(self, incident: Incident, word: ReviewWord) -> None:
        """Let it be known that a goal is looked at again, or how that ended; the score stays."""
        self._tell_review(word)
        race = self.truth.review(self.course, incident, word)
        number = incident.goal_no
        self._react(f"review-{number}-{word}", self.course.score, race, review=word)

    def _confirm_later(self, goal: Incident) -> None:
        """Let providers that have words for it become sure of a goal, and perhaps amend it."""
        self.agenda.after(goal.unsure_s, partial(self._tell_review, "confirmed"))
        if goal.is_amended:
            self.agenda.after(2 * goal.unsure_s, partial(self._tell_review, "amended"))

    def _tell_review(self, word: Told) -> None:
        for feed in self.feeds:
            feed.review(self._state(), word)

    def _imagine(self, phantom: Incident) -> None:
        """Have some feeds report a goal that never fell; nobody who trades is taken in."""
        names = {feed.name: feed.scout for feed in self.feeds}
        match = self.timetable.match
        self._deceived = phantom_feeds(self.seed, match, names, is_shared=phantom.is_shared)
        score = self.course.score
        home, away = phantom.side == "home", phantom.side == "away"
        shown = Score(score.home + home, score.away + away)
        state = attrs.evolve(self._state(), score=shown, sure=not phantom.unsure_s)
        reports = {
            feed.name: feed.publish(state) for feed in self.feeds if feed.name in self._deceived
        }
        self.truth.phantom(self.course, phantom, shown, reports)

    def _price_in(self, occasion: str, race: Race, kick: Team | None = None) -> None:
        """Let the makers hear of something that is no goal: a penalty kick, a red card."""
        self._react(occasion, self.course.score, race, kick=kick)

    def _react(
        self,
        occasion: str,
        before: Score,
        race: Race,
        reaction: Reaction = "drawn",
        *,
        kick: Team | None = None,
        review: Word = "",
    ) -> None:
        if self.crew is not None:
            news = News(
                occasion=occasion,
                before=before,
                after=self.course.score,
                reaction=reaction,
                kick=kick,
                swing=self.course.swing,
                review=review,
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

    def _tell(self, names: Sequence[str] | None = None, *, sure: bool = True) -> Mapping[str, Draw]:
        """Tell feeds, all of them or those named, how the match stands.

        Each reports it in its own time; returned is when. Not every provider is ``sure`` of
        every goal at once.
        """
        state, begun = attrs.evolve(self._state(), sure=sure), self.course.incident is not None
        reports = {
            # How a match stands before kick-off is no race: it is there at once.
            feed.name: feed.publish(state, lag_ms=None if begun else 0.0)
            for feed in self.feeds
            if names is None or feed.name in names
        }
        if names is None:
            self._report_live(begun=begun)
        return reports

    def _state(self) -> MatchState:
        """Return how the match stands, as providers see it."""
        clock = self.course.clock_at(self.agenda.now_s())
        fixture = self.timetable.script.fixture
        begun = self.course.incident is not None
        return MatchState(
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

    def _report_live(self, *, begun: bool) -> None:
        """Have the venue's live data say how the match stands now, long after the feeds."""
        now_s, match = self.agenda.now_s(), self.timetable.match
        seen = live_data.details(self.course, now_s, self.venue.now_us())
        report = partial(self.venue.report_live, milestone_id(match), seen)
        if not begun:
            if self.is_listed:
                report()
            return
        self._reports += 1
        late_s = live_data.delay_s(self.seed, match, self._reports)
        self._reported_s = max(self._reported_s, now_s + late_s)
        self.agenda.at(self._reported_s, report)
