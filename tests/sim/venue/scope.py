"""Which published operations the simulated venue does not have, and why not."""

from collections.abc import Mapping
from typing import Final

_NEGOTIATED: Final = "negotiated trades: this trader crosses the public book and nothing else"
_BROKERS: Final = "for futures commission merchants and their customers; this is a direct member"
_COMBOS: Final = "combined markets: no plan of this trader's has a leg in one"
_WEATHER: Final = "weather: no sport settles on it"
_FORECAST: Final = "forecasts of numeric events: a match has none"

OUT_OF_SCOPE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "GetCommunicationsID",
            "GetBlockTradeProposals",
            "ProposeBlockTrade",
            "AcceptBlockTradeProposal",
            "GetRFQs",
            "CreateRFQ",
            "GetRFQ",
            "DeleteRFQ",
            "GetRFQBatches",
            "CreateRFQBatch",
            "GetRFQBatch",
            "DeleteRFQBatch",
            "GetRFQBatchBestQuotes",
            "AcceptRFQBatch",
            "GetRFQBatchQuotes",
            "CreateRFQBatchQuote",
            "DeleteRFQBatchQuote",
            "ConfirmRFQBatchQuote",
            "GetQuotes",
            "CreateQuote",
            "GetQuote",
            "DeleteQuote",
            "AcceptQuote",
            "ConfirmQuote",
            "GetRFQQuote",
            "DeleteRFQQuote",
            "AcceptRFQQuote",
            "ConfirmRFQQuote",
        ),
        _NEGOTIATED,
    ),
    **dict.fromkeys(
        (
            "GetFCMFills",
            "GetFCMOrders",
            "GetFCMPositions",
            "CreateFCMPositionTransfer",
            "ListFCMSubtraders",
            "CreateFCMSubtrader",
            "GetFCMEventContractDailyCap",
            "UpdateFCMEventContractDailyCap",
            "DeleteFCMEventContractDailyCap",
            "GetFCMSubtraderBlockedCategories",
            "UpdateFCMSubtraderBlockedCategories",
        ),
        _BROKERS,
    ),
    **dict.fromkeys(
        (
            "GetMultivariateEventCollections",
            "GetMultivariateEventCollection",
            "CreateMarketInMultivariateEventCollection",
        ),
        _COMBOS,
    ),
    "GetWeatherIndex": _WEATHER,
    "GetWeatherIndexCalibrations": _WEATHER,
    "GetEventForecastPercentilesHistory": _FORECAST,
}
