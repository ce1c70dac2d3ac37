"""What the venue says over REST that is new to us: it costs nothing, and is counted.

Fields that nobody knew and words that no list has are read past (``wire.py``): closed
lists have broken clients before (reference ``kalshi.md`` section 9). What is read past
may matter all the same, so whoever watches the trader is told of each once. The names
are those of the venue's OpenAPI document 3.34.0.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs
import msgspec

MOST_NAMES: Final = 200
"""Different oddities that are told apart; beyond them all are one."""
MOST_ROWS: Final = 100
"""Rows of one list that are looked at: enough to notice, and no page holds the loop up."""
LONGEST: Final = 60
BEYOND: Final = "others"


@attrs.frozen
class Vocabulary:
    """What is known of one kind of row."""

    fields: frozenset[str]
    words: Mapping[str, frozenset[str]] = attrs.field(factory=dict)
    """Of fields that hold one of few words."""


def _known(text: str, **words: str) -> Vocabulary:
    return Vocabulary(
        frozenset(text.split()),
        {name: frozenset(each.split("|")) for name, each in words.items()},
    )


_FEES: Final = "quadratic|quadratic_with_maker_fees|quadratic_with_combo_maker_fees|flat"
_SIDES: Final = {"side": "yes|no", "outcome_side": "yes|no"}
_MARKET: Final = _known(
    "ticker event_ticker market_type title subtitle yes_sub_title no_sub_title created_time"
    " updated_time open_time close_time expected_expiration_time expiration_time"
    " latest_expiration_time settlement_timer_seconds status yes_bid_dollars yes_bid_size_fp"
    " yes_ask_dollars yes_ask_size_fp no_bid_dollars no_ask_dollars last_price_dollars volume_fp"
    " volume_24h_fp result can_close_early open_interest_fp notional_value_dollars"
    " previous_yes_bid_dollars previous_yes_ask_dollars previous_price_dollars"
    " settlement_value_dollars settlement_ts settlement_bounds_type settlement_floor_dollars"
    " expiration_value occurrence_datetime fee_waiver_expiration_time early_close_condition"
    " strike_type floor_strike cap_strike functional_strike custom_strike rules_primary"
    " rules_secondary mve_collection_ticker mve_selected_legs primary_participant_key"
    " price_level_structure price_ranges is_provisional exchange_index",
    market_type="binary|scalar",
    status="initialized|inactive|active|closed|determined|disputed|amended|finalized",
    result="yes|no|scalar|",
    settlement_bounds_type="default|floor",
)
_EVENT: Final = _known(
    "event_ticker series_ticker sub_title title collateral_return_type mutually_exclusive category"
    " strike_date strike_period markets product_metadata settlement_sources last_updated_ts"
    " fee_type_override fee_multiplier_override exchange_index",
    collateral_return_type="MECNET|DIRECNET|",
    fee_type_override=_FEES,
)
_SERIES: Final = _known(
    "ticker frequency title category categories tags settlement_sources contract_url"
    " contract_terms_url product_metadata fee_type fee_multiplier additional_prohibitions"
    " volume_fp last_updated_ts exchange_index",
    fee_type=_FEES,
)
_ORDER: Final = _known(
    "order_id user_id client_order_id ticker side action outcome_side book_side type status"
    " yes_price_dollars no_price_dollars fill_count_fp remaining_count_fp initial_count_fp"
    " taker_fill_cost_dollars maker_fill_cost_dollars taker_fees_dollars maker_fees_dollars"
    " expiration_time created_time last_update_time self_trade_prevention_type order_group_id"
    " cancel_order_on_pause subaccount_number exchange_index",
    **_SIDES,
    type="limit|market",
    status="resting|canceled|executed",
)
_BANK: Final = _known(
    "id status type amount_cents fee_cents created_ts finalized_ts",
    status="pending|applied|failed|returned",
    type="ach|wire|crypto|debit|apm",
)
ROWS: Final[Mapping[str, Vocabulary]] = {
    "markets": _MARKET,
    "market": _MARKET,
    "price_ranges": _known("start end step"),
    "events": _EVENT,
    "event": _EVENT,
    "series": _SERIES,
    "series_fee_change_arr": _known(
        "id series_ticker fee_type fee_multiplier scheduled_ts", fee_type=_FEES
    ),
    "event_fee_changes": _known(
        "id event_ticker series_ticker fee_type_override fee_multiplier_override scheduled_ts",
        fee_type_override=_FEES,
    ),
    "milestones": _known(
        "id category type start_date end_date related_event_tickers title notification_message"
        " source_id source_ids details primary_event_tickers last_updated_ts"
    ),
    "trades": _known(
        "trade_id ticker count_fp yes_price_dollars no_price_dollars taker_side"
        " taker_outcome_side taker_book_side created_time is_block_trade",
        taker_side="yes|no",
        taker_outcome_side="yes|no",
        taker_book_side="bid|ask",
    ),
    "orders": _ORDER,
    "order": _ORDER,
    "fills": _known(
        "fill_id exchange_index trade_id order_id ticker market_ticker side action outcome_side"
        " book_side count_fp yes_price_dollars no_price_dollars is_taker created_time fee_cost"
        " subaccount_number ts",
        **_SIDES,
    ),
    "market_positions": _known(
        "ticker exchange_index total_traded_dollars position_fp market_exposure_dollars"
        " realized_pnl_dollars fees_paid_dollars last_updated_ts"
    ),
    "event_positions": _known(
        "event_ticker total_cost_dollars total_cost_shares_fp event_exposure_dollars"
        " realized_pnl_dollars fees_paid_dollars"
    ),
    "settlements": _known(
        "ticker exchange_index event_ticker market_result yes_count_fp yes_total_cost_dollars"
        " no_count_fp no_total_cost_dollars revenue settled_time fee_cost value",
        market_result="yes|no|scalar",
    ),
    "deposits": _BANK,
    "withdrawals": _BANK,
    "transfers": _known(
        "transfer_id client_transfer_id source destination source_exchange_shard"
        " destination_exchange_shard amount status created_ts",
        source="event_contract|margined",
        destination="event_contract|margined",
        status="pending|complete",
    ),
    "balance_breakdown": _known("exchange_index balance"),
    "exchange_index_statuses": _known(
        "exchange_index description exchange_active trading_active intra_exchange_transfers_active"
    ),
    "endpoint_costs": _known("method path cost"),
    "order_groups": _known(
        "id contracts_limit contracts_limit_fp is_auto_cancel_enabled exchange_index subaccount"
    ),
}
"""Kinds of rows by the field that they stand in."""
BODY: Final = (
    frozenset(ROWS)
    | _known(
        "cursor orderbook_fp orderbooks balance balance_dollars portfolio_value updated_ts"
        " usage_tier read write grants default_cost exchange_active trading_active schedule"
        " as_of_time order_id client_order_id reduced_by ts_ms"
        " intra_exchange_transfers_active exchange_estimated_resume_time"
    ).fields
)
"""Fields of whole answers."""
TEXTS: Final = frozenset({"source_id", "source_ids"})
"""Fields whose values are texts; others are known to come, and name no feed's match."""

_body: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list: Final = msgspec.json.Decoder(list[msgspec.Raw])


@attrs.define(eq=False)
class Oddities:
    """Counts what is new, by name: ``orders.colour`` is a field, ``orders.status=odd`` a word."""

    on_first: Callable[[str], None] = attrs.field(default=lambda _: None)
    """Told each name once."""
    counts: dict[str, int] = attrs.field(init=False, factory=dict)

    @property
    def total(self) -> int:
        """How much was new in all."""
        return sum(self.counts.values())

    def look(self, body: bytes) -> None:
        """Count what is new in an answer that was read already. Never raises for its content."""
        try:
            whole = _body.decode(body)
            for field, value in whole.items():
                if field not in BODY:
                    self.count(field)
                for row in _rows(value) if field in ROWS else ():
                    self._look_at(field, row)
        except (msgspec.DecodeError, RecursionError):
            self.count("an answer that is no object")

    def count(self, name: str) -> None:
        """Count one oddity."""
        name = name[:LONGEST]
        if name not in self.counts:
            if len(self.counts) >= MOST_NAMES:
                name = BEYOND
            if name not in self.counts:
                self.counts[name] = 0
                self.on_first(name)
        self.counts[name] += 1

    def _look_at(self, kind: str, row: object) -> None:
        if not isinstance(row, dict):
            return
        known = ROWS[kind]
        for field, value in row.items():
            words = known.words.get(field)
            if field not in known.fields:
                self.count(f"{kind}.{field}")
            elif words is not None and isinstance(value, str) and value not in words:
                self.count(f"{kind}.{field}={value}")
            elif field in TEXTS and not all(map(_is_text, _values(value))):
                self.count(f"{kind}.{field}: not text")
            elif field in ROWS and isinstance(value, list):
                for each in value[:MOST_ROWS]:
                    self._look_at(field, each)


def _rows(raw: msgspec.Raw) -> Iterator[object]:
    if not bytes(raw).startswith(b"["):
        yield msgspec.json.decode(raw)
        return
    for each in _list.decode(raw)[:MOST_ROWS]:
        yield msgspec.json.decode(each)


def _values(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else [value]


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)
