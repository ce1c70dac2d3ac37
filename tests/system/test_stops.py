"""A stop that needs a person ends the process only once nothing is held, or a person takes over."""

import signal
from pathlib import Path

import pytest

from actors.exchange.keys import load_key
from actors.exchange.signing import ORDERS_PATH, Signer
from actors.exchange.wire_orders import encode_order
from actors.messages.records import Intent, OrderOutcome, Reconciled, TradingState
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest, Side, Ticker
from actors.runtime.env import RealEnv
from actors.runtime.http import HttpClient
from tests.system.stage import LASTING, SHOWER, Trader, World, bold, trader, world

ROOT_OF_API = "/trade-api/v2"


def watchful(folder: Path) -> Path:
    """Write a profile that trades every goal and looks at its books each second."""
    profile = bold(folder)
    with profile.open("a") as file:
        file.write("\n[run]\nreconcile_s = 1.0\ndrift_s = 1.0\n")
        # Sold six seconds after they were bought.
        file.write("\n[exits]\nafter_match_s = 3600.0\n")
    return profile


async def by_hand(beside: World, side: Side, ticker: Ticker, name: str) -> float:
    """Trade one contract of our account as somebody at a browser would; return what filled."""
    said, env = beside.handshake, RealEnv()
    sign = Signer(env=env, key_id=said["key"]["id"], key=load_key(said["key"]["pem_file"]))
    request = OrderRequest(
        client_order_id=name,
        ticker=ticker,
        side=side,
        price_pips=Pips(9_900 if side == "bid" else 100),
        count_centi=CentiContracts(100),
        reduce_only=False,
        exchange_index=0,
    )
    async with HttpClient(env, said["rest"], ca_file=said["ca_file"]) as http:
        headers = (await sign("POST", ORDERS_PATH)).pairs
        answer = await http.request(
            "POST",
            ORDERS_PATH.removeprefix(ROOT_OF_API),
            headers=[*headers, ("Content-Type", "application/json")],
            body=encode_order(request).encode(),
        )
    assert answer.status in {200, 201}, answer.body
    return 1.0


async def drifts(running: Trader, beside: World) -> Ticker:
    """Have somebody trade the account by hand while we hold something of our own."""
    bought = await running.sees(OrderOutcome, lambda row: row.fill_count_centi > 0)
    intent = await running.sees(Intent, lambda row: row.client_order_id == bought.client_order_id)
    ticker = Ticker(intent.ticker)
    await by_hand(beside, "bid", ticker, "by-hand-1")
    await running.sees(TradingState, lambda row: row.reason.startswith("drift: order by-hand-1 "))
    return ticker


async def test_a_drift_halts_entries_and_ends_it_by_75_once_nothing_is_held(
    tmp_path: Path,
) -> None:
    async with (
        world(tmp_path, "--matchday", SHOWER, *LASTING) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=watchful(tmp_path)) as running,
    ):
        ticker = await drifts(running, beside)
        halted = running.mark()
        assert running.process.returncode is None, "it stays while something is held"
        await running.sees(Intent, lambda row: row.purpose == "exit")
        assert running.process.returncode is None
        await by_hand(beside, "ask", ticker, "by-hand-2")
        assert await running.ended() == 75

    assert running.errors.startswith(
        "touchline: stopped by the last position's end, not cleared: drift: order by-hand-1 "
    )
    (_, cure) = running.errors.splitlines()
    assert "python -m actors takeover --profile " in cure
    assert "ALARM  our books and the venue's have parted" in running.output
    later = running.journal.of(object)[halted:]
    assert {each.purpose for each in later if isinstance(each, Intent)} <= {"exit"}
    rows = running.journal.of(Reconciled)
    assert [(row.phase, row.clean) for row in rows[:2]] == [("start", True), ("running", False)]


@pytest.mark.drill
async def test_whoever_takes_over_after_a_drift_has_it_drained_and_is_told_75(
    tmp_path: Path,
) -> None:
    async with (
        world(tmp_path, "--matchday", SHOWER, *LASTING) as beside,
        trader(tmp_path, "--world", str(beside.file), profile=watchful(tmp_path)) as running,
    ):
        await drifts(running, beside)
        running.send(signal.SIGTERM)
        assert await running.ended() == 75

    assert running.errors.startswith("touchline: stopped by SIGTERM, not cleared: drift: ")
