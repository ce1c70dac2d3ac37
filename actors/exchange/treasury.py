"""Money that the owner moves: to and from the bank, and between shards, as the venue lists it.

Field lists: the venue's OpenAPI document 3.34.0, operations GetDeposits, GetWithdrawals and
GetIntraExchangeInstanceTransfers. A row from the bank does not say which shard it moved.
"""

from typing import Final

import attrs
from msgspec import Struct, field

from actors.exchange.rest import Rest
from actors.exchange.wire import CentsNumber, Decoder, MoneyText

BANK_PAGE: Final = 500
"""The most rows of these lists that the venue gives at once."""


class BankRow(Struct, frozen=True, kw_only=True):
    """Money from the bank, or to it."""

    id: str
    status: str
    """``pending``, ``applied`` (the balance has moved), ``failed`` or ``returned``."""
    amount_micros: CentsNumber = field(name="amount_cents")
    fee_micros: CentsNumber = field(name="fee_cents")


class DepositsPage(Struct, frozen=True, kw_only=True):
    """A page of deposits."""

    deposits: tuple[BankRow, ...]
    cursor: str = ""


class WithdrawalsPage(Struct, frozen=True, kw_only=True):
    """A page of withdrawals."""

    withdrawals: tuple[BankRow, ...]
    cursor: str = ""


class ShardTransfer(Struct, frozen=True, kw_only=True):
    """Money that moved from one shard to another."""

    transfer_id: str
    source: int = field(name="source_exchange_shard")
    destination: int = field(name="destination_exchange_shard")
    amount_micros: MoneyText = field(name="amount")
    status: str
    """``pending`` or ``complete``."""


class TransfersPage(Struct, frozen=True, kw_only=True):
    """A page of transfers; the last one names no cursor."""

    transfers: tuple[ShardTransfer, ...]
    cursor: str = ""


@attrs.frozen(kw_only=True)
class Moves:
    """What has moved without a trade, all of it that is over."""

    deposits: tuple[BankRow, ...]
    withdrawals: tuple[BankRow, ...]
    transfers: tuple[ShardTransfer, ...]


NOTHING_MOVED: Final = Moves(deposits=(), withdrawals=(), transfers=())


async def moves(rest: Rest) -> Moves:
    """Ask what the owner has paid in, taken out, and moved between shards.

    Raises:
        VenueRefused: The key may not ask that.
        VenueUnreachable: It could not be asked.
    """
    query = (("limit", str(BANK_PAGE)),)
    deposits = await rest.pages(
        _DEPOSITS, "/portfolio/deposits", query, lambda page: page.deposits, signed=True
    )
    withdrawals = await rest.pages(
        _WITHDRAWALS, "/portfolio/withdrawals", query, lambda page: page.withdrawals, signed=True
    )
    transfers = await rest.pages(
        _TRANSFERS,
        "/portfolio/intra_exchange_instance_transfers",
        query,
        lambda page: page.transfers,
        signed=True,
    )
    return Moves(
        deposits=tuple(row for row in deposits if row.status == "applied"),
        withdrawals=tuple(row for row in withdrawals if row.status == "applied"),
        transfers=tuple(row for row in transfers if row.status == "complete"),
    )


_DEPOSITS: Final = Decoder(DepositsPage)
_WITHDRAWALS: Final = Decoder(WithdrawalsPage)
_TRANSFERS: Final = Decoder(TransfersPage)
