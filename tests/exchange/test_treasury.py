"""Laws of the owner's money: only what has really moved is told, and where it went."""

from typing import Any

import trio
from trio.testing import MockClock

from actors.exchange.treasury import NOTHING_MOVED, moves
from tests.exchange.test_rest import a_world, page


def bank(name: str, status: str) -> dict[str, Any]:
    return {"id": name, "status": status, "amount_cents": 1_050, "fee_cents": 50}


def transfer(name: str, status: str) -> dict[str, Any]:
    return {
        "transfer_id": name,
        "source_exchange_shard": 0,
        "destination_exchange_shard": 3,
        "amount": "12.3456",
        "status": status,
    }


BANKED = ("pending", "failed", "returned", "a word of next year")


async def test_what_is_pending_failed_or_came_back_has_not_moved(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.say(
        page("deposits", [bank(f"d {each}", each) for each in (*BANKED, "applied")]),
        page("withdrawals", [bank(f"w {each}", each) for each in (*BANKED, "applied")]),
        page("transfers", [transfer(each, each) for each in ("pending", "no word", "complete")]),
    )
    found = await moves(world.rest)

    assert [each.id for each in found.deposits] == ["d applied"]
    assert [each.id for each in found.withdrawals] == ["w applied"]
    (moved,) = found.transfers
    assert (moved.source, moved.destination, moved.amount_micros) == (0, 3, 12_345_600)
    (paid,) = found.deposits
    assert (paid.amount_micros, paid.fee_micros) == (10_500_000, 500_000)
    assert all(each.header("kalshi-access-signature") for each in world.asked)


async def test_nothing_listed_is_nothing_moved(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    for field in ("deposits", "withdrawals", "transfers"):
        world.say(page(field, []))

    assert await moves(world.rest) == NOTHING_MOVED
