"""What a scene's file says of times: the exchange's hours, maintenance, steps of markets. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from actors.model.money import parse_micros
from actors.model.orders import Ticker
from actors.sim.errors import BadStage
from actors.sim.scene import DAY_S, SceneMaintenance, SceneMarket, SceneStep
from actors.sim.tables import Table
from actors.sim.venue.hours import WEEKS, Stops, Week
from actors.sim.venue.listing import DOLLAR_MICROS, Status, Verdict
from actors.sim.venue.steps import DECIDING, STEPS, MarketStep, StepName

YEAR_S: Final = 366 * DAY_S
STOPS: Final[Mapping[str, Stops]] = {"trading": "trading", "exchange": "exchange"}
VERDICTS: Final[Mapping[str, Verdict]] = {"yes": "yes", "no": "no", "scalar": "scalar"}
DOES: Final[Mapping[str, StepName]] = {name: name for name in STEPS}
PAYS: Final = frozenset[Status]({"determined", "amended"})


def read_exchange(table: Table) -> tuple[Week, tuple[SceneMaintenance, ...]]:
    """Return the hours of the week and the windows of maintenance.

    Raises:
        BadStage: The table describes none; with the field's name.
    """
    week = table.one_of("hours", "always", WEEKS)
    windows = tuple(map(_window, table.tables("maintenance")))
    table.done()
    return week, windows


def _window(table: Table) -> SceneMaintenance:
    window = SceneMaintenance(
        starts_in_s=table.number("starts_in_s", None, -YEAR_S, YEAR_S),
        lasts_s=table.number("lasts_s", None, 0, YEAR_S),
        stops=table.one_of("stops", "trading", STOPS),
        drops_streams=table.flag("drops_streams", default=False),
    )
    table.done()
    if not window.lasts_s:
        raise BadStage(f"{table.at('lasts_s')}: it is over before it begins")
    return window


def read_steps(tables: Iterable[Table]) -> tuple[SceneStep, ...]:
    """Return the steps that rows describe, in the order of their times.

    Raises:
        BadStage: A row describes none; with the field's name.
    """
    return tuple(sorted(map(_step, tables), key=lambda each: each.at_s))


def _step(table: Table) -> SceneStep:
    at_s = table.number("at_s", None, 0, YEAR_S)
    step = read_step(table, table.one_of("do", None, DOES), Ticker(table.text("market")))
    table.done()
    return SceneStep(step=step, at_s=at_s)


def read_step(table: Table, do: StepName, ticker: Ticker) -> MarketStep:
    """Return the step of a market, its result read from ``result`` and ``value``.

    Raises:
        BadStage: There is a result where none is wanted, or none that could be paid.
    """
    if do not in DECIDING:
        for name in ("result", "value"):
            if table.has(name):
                raise BadStage(f"{table.at(name)}: {do} has none")
        return MarketStep(ticker=ticker, do=do)
    verdict = table.one_of("result", None, VERDICTS)
    if verdict != "scalar":
        if table.has("value"):
            raise BadStage(f"{table.at('value')}: {verdict} is worth what it is worth")
        return MarketStep(ticker=ticker, do=do, verdict=verdict)
    micros = table.read("value", None, parse_micros)
    if not 0 <= micros <= DOLLAR_MICROS or micros % 100:
        raise BadStage(f"{table.at('value')}: $0.0001 is counted in, from 0 to 1 dollar")
    return MarketStep(ticker=ticker, do=do, verdict=verdict, yes_value_micros=micros)


def can_be_taken(steps: tuple[SceneStep, ...], markets: Mapping[str, SceneMarket]) -> None:
    """Refuse steps of markets that are not there, or stand elsewhere at that time.

    What is not foreseen is only what a running venue is told besides.

    Raises:
        BadStage: The first such step.
    """
    lives = {ticker: _Life(market) for ticker, market in markets.items()}
    for each in steps:
        life = lives.get(each.step.ticker)
        if life is None:
            raise BadStage(f"steps: no market {each.step.ticker}")
        life.take(each)


class _Life:
    """Where one market stands, as far as the scene tells."""

    def __init__(self, market: SceneMarket) -> None:
        self._market = market
        self._status: Status = "initialized"
        self._pays_s: float | None = None

    def take(self, each: SceneStep) -> None:
        self._advance(each.at_s)
        rule = STEPS[each.step.do]
        if self._status not in rule.before:
            ticker, do = each.step.ticker, each.step.do
            raise BadStage(f"steps: cannot {do} {ticker} at {each.at_s:g} s: it is {self._status}")
        self._status = rule.after
        waits = rule.after in PAYS
        self._pays_s = each.at_s + self._market.settles_after_s if waits else None

    def _advance(self, at_s: float) -> None:
        if self._status == "initialized" and self._market.opens_in_s <= at_s:
            self._status = "active"
        if self._status in STEPS["close"].before and self._market.closes_in_s <= at_s:
            self._status = "closed"
        # A step of the same instant was planned first, and is taken first.
        if self._pays_s is not None and self._pays_s < at_s:
            self._status, self._pays_s = "finalized", None
