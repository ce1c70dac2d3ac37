"""Everybody who trades one match, from the opening of its markets to full time."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

import attrs

from actors.model.orders import Ticker
from actors.model.score import MatchId, Score, Team
from actors.sim.agenda import Agenda
from actors.sim.agents import STYLES, Crowd, Maker, Market, Rival, Seat, Style
from actors.sim.beliefs import EVEN, Outcome, Rates, Swing, seen_through
from actors.sim.draws import stream
from actors.sim.reactions import (
    DEPTHS,
    Delay,
    Depth,
    Raid,
    Reactions,
    Tempers,
    depth_of,
    reactions,
)
from actors.sim.script import Reaction
from actors.sim.timetable import MatchTimetable

NOISE: Final = 0.03
"""By how much each trader misjudges a side's rate: a cent or so of price."""
CASH_MICROS: Final = 20_000_000 * 1_000_000
"""What each of them brings: enough for any day."""
CROWD: Final = "crowd"
CROWD_HEARS: Final = Delay(2.5, 0.2)
SECOND_LOOK_S: Final = 0.4
"""After a goal a maker quotes twice: its first quotes may meet those of one still asleep."""
FOLLOWS_CUT: Final = Delay(0.15, 0.5)
"""How soon a maker follows the clock over a cut."""


@attrs.frozen(kw_only=True)
class Habits:
    """How busy the traders of a match are."""

    tempers: Tempers = attrs.field(factory=Tempers)
    styles: tuple[Style, ...] = STYLES
    """One maker for each."""
    breath_s: float = 2.5
    """Between two looks of one maker at its quotes; two book messages, or more if prices moved."""
    bet_s: float = 3.0
    """Between two bets of the crowd, on average."""
    depths: tuple[Depth, ...] = DEPTHS
    """Kinds of match, of which each match is one; empty where all are alike."""

    def of(self, seed: int, match: MatchId) -> "Habits":
        """Return the habits in one match, by the kind that it is."""
        if not self.depths:
            return self
        depth = depth_of(seed, match, self.depths)
        return attrs.evolve(
            self,
            tempers=self.tempers.at(depth),
            styles=tuple(style.scaled(depth.contracts) for style in self.styles),
            depths=(),
        )

    @property
    def accounts(self) -> tuple[str, ...]:
        """Names of the accounts that they trade on, the same in every match."""
        makers, rivals = range(len(self.styles)), range(len(self.tempers.rivals))
        return (
            *(_maker(number) for number in makers),
            *(_rival(number) for number in rivals),
            CROWD,
        )


STANDARD_LOAD: Final = Habits(
    styles=(Style(levels=1, half_spread_cents=0.8, contracts=(200, 500)),),
    breath_s=20.0,
    bet_s=20.0,
    depths=(),
)
"""For long seeded runs: over three matches about two book messages a second."""


@attrs.frozen
class Move:
    """What one trader did about a goal. Crew to whoever keeps the truth."""

    who: str
    did: str
    after_s: float
    """Seconds after the goal."""
    contracts_centi: int = 0
    """What a raid got."""
    wanted_centi: int = 0
    """What a raid was out for, of each market that moved."""


@attrs.frozen(kw_only=True)
class News:
    """Something that changes what a match is worth. The world's pump to the crew."""

    occasion: str
    """What the reactions are drawn by; one of its kind in the match."""
    before: Score
    after: Score
    reaction: Reaction = "drawn"
    kick: Team | None = None
    """Who is about to take a penalty kick."""
    swing: Swing = EVEN
    """What red cards have made of the rates."""
    review: Literal["", "opened", "stands", "overturned"] = ""
    """What it is about a goal's review; from ``opened`` to its end nobody quotes."""


Note = Callable[[Move], None]


def _unheard(_: Move) -> None:
    pass


@attrs.define(kw_only=True, eq=False)
class Crew:
    """The traders of one match."""

    agenda: Agenda
    seat: Seat
    makers: tuple[Maker, ...]
    rivals: tuple[Rival, ...]
    crowd: Crowd
    habits: Habits
    seed: int
    at_work: bool = False
    _occasions: int = attrs.field(init=False, default=0)
    _pulled_for: dict[str, int] = attrs.field(init=False, factory=dict)
    """By maker: the newest occasion it has pulled for, so that it never quotes on older news."""

    @classmethod
    def enlist(
        cls,
        *,
        agenda: Agenda,
        venue: Market,
        match: MatchTimetable,
        tickers: Mapping[Outcome, Ticker],
        habits: Habits,
        seed: int,
    ) -> "Crew":
        """Gather the crew of ``match``; each member sees the rates a little differently."""
        seat = Seat(venue=venue, match=match, tickers=tickers)
        habits = habits.of(seed, match.match)

        def rates(account: str) -> Rates:
            return seen_through(
                stream(seed, "rates", match.match, account), match.script.rates, NOISE
            )

        makers = tuple(
            Maker(
                account=_maker(number),
                seat=seat,
                rates=rates(_maker(number)),
                style=style,
                seed=seed,
            )
            for number, style in enumerate(habits.styles)
        )
        rivals = tuple(
            Rival(account=_rival(number), seat=seat, rates=rates(_rival(number)))
            for number in range(len(habits.tempers.rivals))
        )
        crowd = Crowd(
            account=CROWD,
            seat=seat,
            rates=rates(CROWD),
            draws=stream(seed, "crowd", match.match),
        )
        return cls(
            agenda=agenda,
            seat=seat,
            makers=makers,
            rivals=rivals,
            crowd=crowd,
            habits=habits,
            seed=seed,
        )

    def open(self) -> None:
        """Begin: makers quote at once; from kick-off on they follow the clock."""
        self.at_work = True
        match = self.seat.match
        for number, maker in enumerate(self.makers):
            maker.quote(self.agenda.now_s())
            first_s = match.kickoff_s + self.habits.breath_s * number / len(self.makers)
            self.agenda.at(first_s, self._breathing(maker))
            draws = stream(self.seed, "cuts", match.match, number)
            for cut_s in match.cuts_s:
                self.agenda.at(cut_s + FOLLOWS_CUT.draw(draws), self._following(maker))
        self.agenda.at(match.opens_s + self.habits.bet_s, self._betting())

    def look_again(self) -> None:
        """Bring every maker's quotes up to date soon: markets trade again."""
        draws = stream(self.seed, "looks", self._match)
        for maker in self.makers:
            self.agenda.after(FOLLOWS_CUT.draw(draws), self._following(maker))

    def leave(self) -> None:
        """Stop: the markets are closed, and with them went every quote."""
        self.at_work = False

    def react(self, news: News, note: Note = _unheard) -> None:
        """Let everybody react to ``news`` from now on, each in their drawn time."""
        drawn = reactions(
            self.seed,
            self._match,
            news.occasion,
            makers=len(self.makers),
            tempers=self.habits.tempers,
            reaction=news.reaction,
        )
        self._pull_and_requote(drawn, news, note)
        if news.before == news.after:
            return  # nobody races for a kick that may yet miss, nor for a card
        now_s = self.agenda.now_s()
        for rival, raid in zip(self.rivals, drawn.raids, strict=False):
            self.agenda.after(raid.after_s, partial(self._raid, rival, raid, news, now_s, note))
        hears_s = CROWD_HEARS.draw(stream(self.seed, "crowd hears", self._match, news.occasion))

        def hears() -> None:
            self.crowd.hear(news.after)
            if self.at_work:
                note(Move(self.crowd.account, "heard", self.agenda.now_s() - now_s))

        self.agenda.after(hears_s, hears)

    @property
    def _match(self) -> MatchId:
        return self.seat.match.match

    def _raid(self, rival: Rival, raid: Raid, news: News, began_s: float, note: Note) -> None:
        if self.at_work:
            at_s = self.agenda.now_s()
            got_centi = rival.raid(at_s, news.before, news.after, raid.contracts)
            note(Move(rival.account, "took", at_s - began_s, got_centi, 100 * raid.contracts))

    def _pull_and_requote(self, drawn: Reactions, news: News, note: Note) -> None:
        self._occasions += 1
        occasion, began_s = self._occasions, self.agenda.now_s()

        def pulls(maker: Maker) -> None:
            if self._pulled_for.get(maker.account, 0) > occasion:
                return  # it knows of something newer already
            self._pulled_for[maker.account] = occasion
            maker.pull()
            if self.at_work:
                note(Move(maker.account, "pulled", self.agenda.now_s() - began_s))

        def quotes(maker: Maker) -> None:
            if self.at_work and self._pulled_for[maker.account] == occasion:
                maker.hear(news.after, news.kick, news.swing)
                maker.quote(self.agenda.now_s())
                note(Move(maker.account, "quoted", self.agenda.now_s() - began_s))

        for maker, pull in zip(self.makers, drawn.pulls, strict=True):
            self.agenda.after(pull.after_s, partial(pulls, maker))
            if news.review == "opened":
                continue
            self.agenda.after(pull.requote_s, partial(quotes, maker))
            self.agenda.after(pull.requote_s + SECOND_LOOK_S, self._following(maker))

    def _following(self, maker: Maker) -> Callable[[], None]:
        def follows() -> None:
            if self.at_work:
                maker.follow(self.agenda.now_s())

        return follows

    def _breathing(self, maker: Maker) -> Callable[[], None]:
        def breathes() -> None:
            if self.at_work:
                maker.breathe(self.agenda.now_s())
                self.agenda.after(self.habits.breath_s, breathes)

        return breathes

    def _betting(self) -> Callable[[], None]:
        draws = stream(self.seed, "bets", self._match)

        def bets() -> None:
            if self.at_work:
                self.crowd.bet(self.agenda.now_s())
                self.agenda.after(draws.expovariate(1 / self.habits.bet_s), bets)

        return bets


def _maker(number: int) -> str:
    return f"maker-{number + 1}"


def _rival(number: int) -> str:
    return f"rival-{number + 1}"
