"""Laws of taking over: what others did is on our books to the cent, and nothing else is."""

import argparse
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.audit.evidence import read_evidence
from actors.audit.recovery import recover
from actors.audit.statement import opening_of
from actors.audit.takeover import Takeover, netted
from actors.audit.venue_word import read_word
from actors.cli import guards
from actors.cli.codes import cure, exit_code, why
from actors.cli.errors import Misuse
from actors.cli.guards import Teller
from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.cli.soil import CODEC, open_journal
from actors.cli.takeover import look, take_in, takeover_options
from actors.config.custody import Custody
from actors.config.load import load
from actors.config.state import StateFolder
from actors.exchange.closeout import Closeout
from actors.exchange.levers import Levers
from actors.messages.records import Reconciled
from actors.messages.recovered import RecoveredLot
from actors.messages.trading import ExitPlan
from actors.model.money import Pips
from actors.model.orders import Side
from actors.model.score import GoalKey, MatchId
from actors.runtime import checkout
from actors.runtime.http import HttpClient
from actors.runtime.memory import run_seeded
from actors.sim.synthetic import synthetic_day
from actors.sim.venue.tamper import Tamper
from tests.cli.test_flatten import PROFILE, Desk, key_file
from tests.exchange.test_closeout import buys, estate
from tests.sim.venue.hall import HOME, order, quote
from tests.sim.venue.papers import KEY_ID, ed25519_key

SEED = 1
HOURS = 0.01


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    yield
    structlog.reset_defaults()


async def held(day: SeededDay) -> None:
    """Run the first life until something of ours is held, and end it there."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(day.tree.root.run)
        while not day.tree.trading.desk.lots:  # noqa: ASYNC110 - a clock that jumps
            await trio.sleep(0.1)
        day.tree.root.stop()


async def sold_out(day: SeededDay, levers: Levers) -> None:
    """Custody leaves everything, as it does for a trader that stays down."""
    terms = Custody(on_abandon="flatten")
    closeout = Closeout(env=day.env, levers=levers, settings=terms, account="t", say=lambda _: None)
    assert not (await closeout.run()).left


async def found(day: SeededDay, levers: Levers) -> Takeover:
    """Return what there is to take over."""
    evidence = read_evidence(day.env.disk, str(STATE.journal), CODEC)
    lots = recover(day.env.disk, str(STATE.journal), CODEC).lots
    there = await look(levers, day.env, evidence, lots, "direct")
    assert there is not None
    return there


def test_after_custody_the_next_start_is_75_says_the_cure_and_that_cures_it() -> None:
    async def run() -> None:
        async with seeded_day(SEED, synthetic_day(SEED, HOURS)) as day:
            await held(day)
            rest = f"http://{day.venue.authority}/trade-api/v2"
            sign = day.tree.trading.market_data.sign
            async with HttpClient(day.env, rest, timeout_s=5.0) as http:
                levers = Levers(http=http, sign=sign)
                await sold_out(day, levers)

                with pytest.raises(Exception) as ended:  # noqa: PT011 - whatever ends a tree
                    await day.again().root.run()
                assert exit_code(ended.value) == 75
                assert why(ended.value).startswith("journal and venue disagree; nothing is traded")
                assert cure(ended.value, "mine", "/state").endswith(
                    "is gone: python -m actors takeover --profile mine --state /state"
                )

                there = await found(day, levers)
                assert (there.wrong, there.moved) == ((), ())
                assert there.fills
                assert there.netted
                after = day.again()
                for row in there.rows(day.env.wall_ns(), day.env.now_ns()):
                    after.journal.append(row)
                # Once more, because what it restored was read before that.
                after = day.again()
                assert not after.trading.desk.lots
                assert not after.trading.desk.exposure.open_account_micros
                assert (await found(day, levers)).lines == ()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(after.root.run)
                while after.trading.desk.state.stands("boot"):  # noqa: ASYNC110 - a clock that jumps
                    await trio.sleep(0.1)
                after.root.stop()
            assert after.reconciler.statement is not None
            assert after.reconciler.statement.lines == ()

    run_seeded(SEED, run)


@asynccontextmanager
async def account(folder: Path) -> AsyncIterator[Desk]:
    """Have an account with a past at the venue, and a profile that names it."""
    async with estate() as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        profile = folder / "own.toml"
        profile.write_text(
            PROFILE.format(
                environment="demo",
                authority=there.site.endpoint.authority,
                key_id=KEY_ID,
                pem_file=key_file(folder, ed25519_key()),
                on_abandon="hold",
            )
        )
        yield Desk(there=there, profile=profile)


async def begun(me: Desk, folder: Path) -> StateFolder:
    """Leave a journal that took the account as it was."""
    env, loaded = me.there.site.env, load(str(me.profile), credentials=folder)
    word = await read_word(me.there.levers, env.wall_ns)
    opening = opening_of(word, "direct")
    state = StateFolder(root=folder / "state")
    state.make()
    journal = open_journal(env, loaded, state, root=checkout.ROOT)
    journal.append(
        Reconciled(
            phase="start",
            clean=True,
            unresolved=0,
            statement_difference_micros=0,
            lines=[],
            balance_micros=word.balance_micros,
            opening=[[shard, micros] for shard, micros in opening.cash.items()],
            history_ms=opening.history_ms,
        )
    )
    journal.close()
    await trio.sleep(1.0)
    return state


async def takes_in(me: Desk, state: StateFolder, *words: str) -> int:
    parser = argparse.ArgumentParser()
    takeover_options(parser)
    line = ["--profile", str(me.profile), "--state", str(state.root), *words]
    return await take_in(parser.parse_args(line), me.there.site.env)


async def test_nothing_is_written_before_somebody_typed_the_account_and_then_all_is(
    tmp_path: Path,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with account(tmp_path) as me:
        state = await begun(me, tmp_path)
        name = load(str(me.profile), credentials=tmp_path).profile.account
        assert await takes_in(me, state) == 0
        assert capsys.readouterr().out == "nothing to take over: journal and venue agree\n"
        buys(me.there, order("bid", 5000, 3_00), 5000)
        assert await takes_in(me, state, "--dry-run") == 0
        with pytest.raises(Misuse, match="say --yes"):
            await takes_in(me, state)
        monkeypatch.setattr(guards, "teller", lambda: Teller(write=len, read=lambda: "no\n"))
        with pytest.raises(Misuse, match="nothing was written"):
            await takes_in(me, state)
        monkeypatch.setattr(guards, "teller", lambda: Teller(write=len, read=lambda: f"{name}\n"))
        capsys.readouterr()
        assert await takes_in(me, state) == 0
        said = capsys.readouterr().out
        assert "  fill " in said
        assert ": nobody intended it" in said
        assert said.endswith("taken over: 1 fills, 0 lots\n")
        assert await takes_in(me, state) == 0
        assert capsys.readouterr().out == "nothing to take over: journal and venue agree\n"


@pytest.mark.parametrize("written", [0, 1, 2])
async def test_whoever_dies_in_the_middle_takes_over_the_rest(
    written: int,
    tmp_path: Path,
    autojump_clock: MockClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with account(tmp_path) as me:
        env, state = me.there.site.env, await begun(me, tmp_path)
        for _ in range(2):
            buys(me.there, order("bid", 5000, 3_00), 5000)
        evidence = read_evidence(env.disk, str(state.journal), CODEC)
        there = await look(me.there.levers, env, evidence, (), "direct")
        assert there is not None
        assert len(there.fills) == 2
        journal = open_journal(
            env, load(str(me.profile), credentials=tmp_path), state, root=checkout.ROOT
        )
        for row in list(there.rows(env.wall_ns(), env.now_ns()))[:written]:
            journal.append(row)
        journal.close()

        assert await takes_in(me, state, "--yes") == 0
        assert f"taken over: {2 - written} fills, 0 lots\n" in capsys.readouterr().out
        assert await takes_in(me, state) == 0
        assert capsys.readouterr().out == "nothing to take over: journal and venue agree\n"


async def test_cash_that_no_fill_explains_was_paid_in_or_out_and_is_shown(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with account(tmp_path) as me:
        state = await begun(me, tmp_path)
        me.there.site.hall.venue.tamper(Tamper(kind="balance", amount_micros=12_340_000))

        assert await takes_in(me, state, "--yes") == 0
        assert "  cash on shard 0: 12.340000 came from outside\n" in capsys.readouterr().out
        assert await takes_in(me, state) == 0
        assert capsys.readouterr().out == "nothing to take over: journal and venue agree\n"


@given(
    lots=st.lists(st.tuples(st.sampled_from(["bid", "ask"]), st.integers(1, 900)), max_size=6),
    held=st.integers(-2_000, 2_000),
)
def test_what_is_left_of_the_lots_is_never_more_than_what_is_held(
    lots: list[tuple[Side, int]], held: int
) -> None:
    given_lots = [lot(str(number), *each) for number, each in enumerate(lots)]
    found = netted({HOME: held}, given_lots)

    sold = {entry: count for entry, _, count in found}
    for side, there in (("bid", max(0, held)), ("ask", max(0, -held))):
        mine = [each for each in given_lots if each.plan.entry_side == side]
        before = sum(each.left_centi for each in mine)
        left = [each.left_centi - sold.get(each.plan.entry_client_order_id, 0) for each in mine]
        assert all(each >= 0 for each in left)
        assert sum(left) == min(before, there)


def lot(entry: str, side: Side, left_centi: int) -> RecoveredLot:
    plan = ExitPlan(
        key=GoalKey(MatchId("M"), 0, "1-0"),
        match=MatchId("M"),
        ticker=HOME,
        entry_side=side,
        entry_client_order_id=entry,
        exchange_index=0,
        due_ns=0,
        due_wall_ns=0,
        floor_pips=Pips(100),
        take_pips=0,
        stop_pips=0,
    )
    return RecoveredLot(plan=plan, left_centi=left_centi, attempts=0)


async def test_an_order_of_others_that_rests_is_not_taken_over(
    tmp_path: Path, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with account(tmp_path) as me:
        state = await begun(me, tmp_path)
        me.there.site.hall.create("us", quote("bid", 1000, 5_00))

        assert await takes_in(me, state, "--yes") == 75
        err = capsys.readouterr().err
        assert "not to be taken over, nothing was written:" in err
        assert "it rests; take it out first" in err


async def test_a_folder_without_a_journal_is_a_slip(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with account(tmp_path) as me:
        with pytest.raises(Misuse, match="no journal there"):
            await takes_in(me, StateFolder(root=tmp_path / "nowhere"), "--yes")
