"""Laws of the order groups: one for each shard's entries, whatever dies; and none for an exit."""

from collections.abc import Callable

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.exchange.errors import BadOrder
from actors.exchange.wire_orders import encode_order
from actors.messages.records_venue import GroupRow
from actors.messages.trading import Passed
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest
from actors.runtime.segments import read
from actors.sim.venue.group_desk import GroupDesk
from actors.sim.venue.order_groups import OrderGroup
from actors.trader.desk import Desk
from actors.trader.entry_groups import HALT, EntryGroups, Shut
from actors.trader.group_keeper import SHUT_CENTI
from tests.runtime.journals import CODEC, FOLDER, memory_disk
from tests.trader.door import Fault, hung_up, lost, refused, said
from tests.trader.held import exits
from tests.trader.pit import HOME, KEY, TIE, US, Pit, open_pit
from tests.trader.test_planner import ACTORS, AGAINST, planning

RISK = {"group_contracts": 4_000}
SOON = {"after_match_s": 5.0}
CODE = "exceeded_order_group_risk_limit"
READY = ("journal", "catalogue", "groups")
TRADING = (*ACTORS, "groups", "signer", "entry_lines", "exit_lines", "exits", "executor")


def ours(pit: Pit) -> list[OrderGroup]:
    """Return every group of our account."""
    return pit.venue.groups.of(US)


def rows(pit: Pit) -> list[str]:
    """Return the steps that were written down."""
    entries = read(pit.disk, FOLDER, CODEC)
    return [each.record.step for each in entries if isinstance(each.record, GroupRow)]


def is_shut(pit: Pit) -> bool:
    """Return whether the venue lets nothing into our only group."""
    (group,) = ours(pit)
    return group.triggered


def group_of(desk: Desk) -> str | None:
    return desk.groups.of(0)


def made(groups: GroupDesk, contracts: int, shard: int = 0) -> str:
    """Have somebody make a group of ours."""
    group = groups.create(US, subaccount=0, shard=shard, limit_centi=contracts * 100)
    assert isinstance(group, OrderGroup)
    return group.group_id


async def until(what: Callable[[], bool], within_s: float = 120.0) -> None:
    with trio.fail_after(within_s):
        while not what():  # noqa: ASYNC110 - a condition of the other side's
            await trio.sleep(0.25)


async def test_a_group_is_made_once_and_every_process_after_it_takes_the_same(
    autojump_clock: MockClock,
) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk, risk=RISK) as pit:
        venue = pit.venue
        await pit.start(*READY)
        await until(lambda: group_of(pit.desk) is not None)
        (group,) = ours(pit)
        assert (group.shard, group.limit_centi) == (0, 400_000)
        assert rows(pit) == ["asked", "known"]
        await pit.kill("groups")
        await pit.start("groups")
        await trio.sleep(100.0)
    # An older one of the same limit is not the one that was written down.
    venue.groups.floor.groups = {
        made(venue.groups, 4_000): venue.groups.of(US)[-1],
        group.group_id: group,
    }
    async with open_pit(disk=disk, venue=venue, risk=RISK) as pit:
        await pit.start(*READY)
        await until(lambda: group_of(pit.desk) is not None)

        assert group_of(pit.desk) == group.group_id
        assert rows(pit) == ["asked", "known"]
        assert len(ours(pit)) == 2


@pytest.mark.parametrize(
    "fault",
    [
        hung_up(taken=True),
        lost(taken=True),
        said(502, b"", taken=True),
        said(201, b"?", taken=True),
    ],
    ids=["hung up", "lost", "fault", "garbage"],
)
async def test_a_lost_answer_is_found_in_the_list_and_nothing_is_asked_for_twice(
    autojump_clock: MockClock, fault: Fault
) -> None:
    async with open_pit(risk=RISK) as pit:
        pit.reads.group_faults.append(fault)
        await pit.start(*READY)
        await until(lambda: group_of(pit.desk) is not None)

        assert [group.group_id for group in ours(pit)] == [group_of(pit.desk)]
        assert sum(path.endswith("/create") for path in pit.reads.asked) == 1


async def test_a_request_that_never_arrived_is_made_anew_once_its_absence_is_proved(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk=RISK) as pit:
        pit.reads.group_faults.append(hung_up(taken=False))
        await pit.start(*READY)
        await trio.sleep(55.0)
        assert sum(path.endswith("/create") for path in pit.reads.asked) == 1
        assert group_of(pit.desk) is None
        await until(lambda: group_of(pit.desk) is not None)

        assert len(ours(pit)) == 1
        assert rows(pit) == ["asked", "asked", "known"]


@pytest.mark.parametrize("taken", [True, False])
async def test_whoever_dies_between_the_making_and_the_journal_leaves_one_group(
    autojump_clock: MockClock, *, taken: bool
) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk, risk=RISK) as pit:
        venue = pit.venue
        pit.reads.group_faults.append(lost(taken=taken))
        await pit.start(*READY)
        await until(lambda: rows(pit) == ["asked"])
        await trio.sleep(1.0)
    assert len(venue.groups.of(US)) == taken
    async with open_pit(disk=disk, venue=venue, risk=RISK) as pit:
        await pit.start(*READY)
        await trio.sleep(5.0)
        # What is not in the list yet may still come: nobody asks again so soon.
        assert len(ours(pit)) == taken
        assert (group_of(pit.desk) is not None) == taken
        await until(lambda: group_of(pit.desk) is not None)

        assert [group.group_id for group in ours(pit)] == [group_of(pit.desk)]


async def test_a_group_of_another_limit_or_shard_is_not_taken(autojump_clock: MockClock) -> None:
    async with open_pit(risk=RISK) as pit:
        other = made(pit.venue.groups, 3_999)
        await pit.start(*READY)
        await until(lambda: group_of(pit.desk) is not None)

        assert group_of(pit.desk) != other
        assert len(ours(pit)) == 2


async def test_a_venue_that_makes_no_group_has_no_entry(autojump_clock: MockClock) -> None:
    async with open_pit(risk=RISK) as pit:
        pit.reads.group_faults.append(refused(400, "invalid_parameters"))
        await planning(pit, *ACTORS)
        assert {play.reason for play in pit.desk.plays.values()} == {"no_group"}
        pit.desk.state.clear("boot")
        await pit.start("groups")
        await until(lambda: rows(pit)[:2] == ["asked", "refused"])
        pit.trading.fire(pit.trigger())

        assert pit.orders.orders == []
        assert [each.reason for each in pit.said(Passed)] == ["no_group"]
        # It asks again after a while, and then there is one.
        await until(lambda: bool(pit.desk.plays[KEY].legs))


async def test_every_entry_names_the_group_of_its_shard_and_no_exit_does(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk=RISK, exits=SOON) as pit:
        await planning(pit, *TRADING)
        await until(lambda: bool(pit.desk.plays[KEY].legs))
        play = pit.desk.plays[KEY]
        assert play.resized is not None
        small = play.resized(500)
        group = group_of(pit.desk)
        assert {leg.order_group_id for leg in (*play.legs, *small)} == {group}
        pit.trading.fire(pit.trigger())
        await until(lambda: bool(exits(pit)))

        entries = [came for came in pit.orders.orders if not came.body.get("reduce_only")]
        assert {came.body["order_group_id"] for came in entries} == {group}
        assert all("order_group_id" not in came.body for came in exits(pit))


async def test_an_exit_leaves_while_every_group_is_triggered_and_no_entry_does(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk=RISK, exits=SOON) as pit:
        await planning(pit, *TRADING)
        await until(lambda: bool(pit.desk.plays[KEY].legs))
        pit.trading.fire(pit.trigger())
        await until(lambda: pit.position_centi(HOME) > 0)
        for each in ours(pit):
            pit.venue.groups.trigger(each)
        (group,) = ours(pit)
        pit.play(AGAINST, (pit.leg("bid", 2_900, ticker=TIE, key=AGAINST, group=group.group_id),))
        await until(lambda: 0 in pit.desk.groups.shut)
        assert pit.fire(AGAINST) == []
        assert [each.reason for each in pit.said(Passed)] == ["group"]
        assert pit.state() == "ACTIVE", "other shards go on"
        before = len(pit.orders.orders) - len(exits(pit))
        await until(lambda: pit.position_centi(HOME) == 0)

        assert pit.position_centi(TIE) == 0
        assert all(leg.closes for play in pit.desk.plays.values() for leg in play.legs)
        assert len(pit.orders.orders) - len(exits(pit)) == before


async def test_a_triggered_group_is_let_in_by_a_person_alone(autojump_clock: MockClock) -> None:
    async with open_pit(risk=RISK) as pit:
        await planning(pit, *TRADING)
        (group,) = ours(pit)
        pit.venue.groups.trigger(group)
        pit.trading.fire(pit.trigger())
        await until(lambda: 0 in pit.desk.groups.shut)
        assert pit.position_centi(HOME) == 0
        await trio.sleep(100.0)
        assert is_shut(pit)
        assert rows(pit)[-1] == "shut"
        assert all(not play.legs for play in pit.desk.plays.values())
        pit.desk.groups.excuse()
        assert all(not play.legs for play in pit.desk.plays.values())
        await until(lambda: bool(pit.desk.plays[AGAINST].legs))

        assert not is_shut(pit)
        assert rows(pit)[-1] == "reset"
        assert ours(pit) == [group]


async def test_the_next_process_resets_nothing_before_a_person_has_resumed(
    autojump_clock: MockClock,
) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk, risk=RISK) as pit:
        venue = pit.venue
        await pit.start(*READY, "auditor")
        await until(lambda: group_of(pit.desk) is not None)
        (group,) = ours(pit)
        venue.groups.trigger(group)
        pit.desk.groups.hear_refusal(0, 400, CODE, 0)
        await until(lambda: rows(pit)[-1] == "shut")
    async with open_pit(disk=disk, venue=venue, risk=RISK) as pit:
        assert 0 in pit.desk.groups.shut, "before anything has been asked"
        await pit.start(*READY)
        await trio.sleep(70.0)
        assert is_shut(pit)
        assert group_of(pit.desk) is None
        pit.desk.groups.excuse()
        await until(lambda: group_of(pit.desk) == group.group_id)

        assert not is_shut(pit)


async def test_what_flatten_has_shut_is_seen_before_the_first_entry(
    autojump_clock: MockClock,
) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk, risk=RISK) as pit:
        venue = pit.venue
        await pit.start(*READY)
        await until(lambda: group_of(pit.desk) is not None)
        (group,) = ours(pit)
    # While nobody trades.
    venue.groups.trigger(group)
    venue.groups.set_limit(group, SHUT_CENTI)
    async with open_pit(disk=disk, venue=venue, risk=RISK) as pit:
        await planning(pit, *ACTORS, "groups")
        await until(lambda: 0 in pit.desk.groups.shut)
        pit.trading.fire(pit.trigger())
        assert pit.orders.orders == []
        assert pit.desk.groups.shut[0].why == "flatten or custody has shut it"
        await until(lambda: rows(pit)[-1] == "shut")
        pit.desk.groups.excuse()
        await until(lambda: group_of(pit.desk) == group.group_id)

        assert (group.triggered, group.limit_centi) == (False, 400_000)
        assert ours(pit) == [group]


async def test_a_group_that_somebody_deleted_is_made_anew(autojump_clock: MockClock) -> None:
    async with open_pit(risk=RISK) as pit:
        await planning(pit, *TRADING)
        (group,) = ours(pit)
        await trio.sleep(70.0)
        pit.venue.groups.delete(group)
        pit.trading.fire(pit.trigger())
        await until(lambda: bool(ours(pit)))
        await until(lambda: group_of(pit.desk) == ours(pit)[0].group_id)

        assert pit.state() == "ACTIVE"
        assert pit.position_centi(HOME) == 0


@pytest.mark.parametrize("code", [CODE, "EXCEEDED_ORDER_GROUP_RISK_LIMIT", "order_group_triggered"])
def test_a_refusal_that_names_the_group_shuts_its_shard_alone(code: str) -> None:
    groups = EntryGroups(contracts=1, proved={0: "a", 1: "b"})
    groups.hear_refusal(0, 409, code, 5)
    assert (groups.of(0), groups.of(1)) == (None, "b")
    assert groups.shut == {0: Shut(f"an entry was refused: {code}", 5)}
    groups.hear_refusal(1, 409, "insufficient_balance", 6)
    assert groups.of(1) == "b"
    groups.hear_refusal(1, 404, "not_found", 7)
    assert groups.of(1) is None
    assert list(groups.shut) == [0]


def test_the_stream_s_word_shuts_a_group_s_own_shard_also_before_it_is_proved() -> None:
    groups = EntryGroups(contracts=1, proved={0: "a", 1: "b"})
    for step in ("created", "reset", "limit_updated", "a new word"):
        groups.hear_step("a", step, 1)
    groups.hear_step("another's", "triggered", 2)
    assert (groups.of(0), groups.of(1)) == ("a", "b")
    groups.hear_step("b", "triggered", 3)
    assert (groups.of(0), groups.of(1)) == ("a", None)
    groups.hear_step("c", "triggered", 4)
    groups.prove(2, "c")
    assert groups.shut[2].since_ns == 4
    groups.hear_step("a", "deleted", 5)
    assert groups.of(0) is None
    assert 0 not in groups.shut


def test_who_has_resumed_does_so_again_where_it_is_triggered_again() -> None:
    groups = EntryGroups(contracts=1, proved={0: "a"})
    groups.close(0, "once", 1)
    groups.reopen(0)
    assert groups.of(0) is None, "nobody has resumed"
    groups.excuse()
    groups.close(0, "again", 2)
    groups.reopen(0)
    assert groups.of(0) is None
    groups.excuse()
    groups.reopen(0)
    assert groups.of(0) == "a"


async def test_the_stream_tells_of_a_trigger_before_any_entry_is_refused(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk=RISK) as pit:
        await planning(pit, *TRADING)
        await until(lambda: bool(pit.desk.plays[KEY].legs))
        (group,) = ours(pit)
        pit.venue.groups.trigger(group)
        await until(lambda: 0 in pit.desk.groups.shut, 1.0)
        pit.trading.fire(pit.trigger())

        assert pit.orders.orders == []
        # The planner may have heard of it as well by now.
        assert {each.reason for each in pit.said(Passed)} <= {"group", "no_group"}
        await until(lambda: rows(pit)[-1] == "shut")
        await until(lambda: all(not play.legs for play in pit.desk.plays.values()))


async def test_a_halt_that_a_journal_of_before_has_of_a_group_shuts_every_shard(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk=RISK) as pit:
        pit.desk.state.halt(HALT, "the order group of shard 0 is triggered")
        await pit.start(*READY)
        await until(lambda: 0 in pit.desk.groups.shut)
        pit.desk.state.clear(HALT)
        await trio.sleep(5.0)
        assert group_of(pit.desk) is None
        pit.desk.groups.excuse()
        await until(lambda: group_of(pit.desk) is not None)


def test_what_only_reduces_can_not_be_written_with_a_group() -> None:
    order = OrderRequest(
        client_order_id="a",
        ticker=HOME,
        side="bid",
        price_pips=Pips(5_000),
        count_centi=CentiContracts(100),
        order_group_id="g",
    )
    assert '"order_group_id":"g"' in encode_order(order)
    assert "order_group_id" not in encode_order(attrs.evolve(order, order_group_id=""))
    with pytest.raises(BadOrder, match="group"):
        encode_order(attrs.evolve(order, reduce_only=True))
