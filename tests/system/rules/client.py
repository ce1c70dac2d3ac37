"""Our own arithmetic of money: fees, positions, grids."""

from typing import Final

from tests.system.rules.mutants import Changes

CLIENT: Final[Changes] = {
    "actors/model/fees.py": (
        (
            "taker rate",
            '"quadratic": FeeRates(taker_ppm=70_000,',
            '"quadratic": FeeRates(taker_ppm=70_001,',
        ),
        ("makers pay nothing", "maker_ppm=0)", "maker_ppm=17_500)"),
        (
            "taker rate with maker fees",
            "FeeRates(taker_ppm=70_000, maker_ppm=17_500)",
            "FeeRates(taker_ppm=69_999, maker_ppm=17_500)",
        ),
        ("maker rate", "maker_ppm=17_500)", "maker_ppm=17_501)"),
        (
            "combo taker rate",
            "FeeRates(taker_ppm=70_000, maker_ppm=35_000)",
            "FeeRates(taker_ppm=70_001, maker_ppm=35_000)",
        ),
        ("combo maker rate", "maker_ppm=35_000)", "maker_ppm=17_500)"),
        (
            "flat is not traded",
            "rates = RATES.get(fee_type)",
            'rates = RATES.get(fee_type, RATES["quadratic"])',
        ),
        (
            "date of the four decimals",
            "effective_ms=1_779_321_600_000",
            "effective_ms=1_779_321_600_001",
        ),
        (
            "date of the text in force",
            "effective_ms=1_787_788_800_000",
            "effective_ms=1_787_788_800_001",
        ),
        (
            "a rule holds from its instant",
            "if rule.effective_ms <= at_ms:",
            "if rule.effective_ms < at_ms:",
        ),
        (
            "trade fee to a micro-dollar",
            "trade_grid_micros=_ONE_MICRO,",
            "trade_grid_micros=ONE_CENTICENT_MICROS,",
        ),
        ("rebates in whole steps", 'rebate="grid",', 'rebate="one_cent",'),
        (
            "trade fee rounds up",
            "MicroDollars(-(-model // (_MODEL_DIVISOR * grid_micros)) * grid_micros)",
            "MicroDollars(model // (_MODEL_DIVISOR * grid_micros) * grid_micros)",
        ),
        (
            "one minus P",
            "count_centi * price_pips * opposite_pips(price_pips)",
            "count_centi * price_pips * price_pips",
        ),
        (
            "multiplier",
            "model = rate_ppm * multiplier_ppm * count_centi",
            "model = rate_ppm * _ONE_PPM * count_centi",
        ),
        (
            "takers pay the taker rate",
            "self.rates.taker_ppm if is_taker else self.rates.maker_ppm",
            "self.rates.maker_ppm if is_taker else self.rates.taker_ppm",
        ),
        (
            "each class has its grid",
            'self.direct_grid_micros if member == "direct" else',
            'self.direct_grid_micros if member == "fcm" else',
        ),
        (
            "the balance change rounds down",
            "(revenue_micros - trade_micros) % grid",
            "(trade_micros - revenue_micros) % grid",
        ),
        ("rounding is collected", "collected = carried_micros + rounding", "collected = rounding"),
        (
            "no fill is paid for",
            "min(collected // grid, charged // grid) * grid",
            "collected // grid * grid",
        ),
        (
            "no more back than was taken",
            "min(collected // grid, charged // grid) * grid",
            "charged // grid * grid",
        ),
        (
            "a cent exactly is not due",
            "collected > ONE_CENT_MICROS and",
            "collected >= ONE_CENT_MICROS and",
        ),
        ("a cent needs a cent", "charged >= ONE_CENT_MICROS", "charged > ONE_CENT_MICROS"),
        (
            "rebates are given back",
            "self.rounding_micros - self.rebate_micros)",
            "self.rounding_micros + self.rebate_micros)",
        ),
        (
            "rebates are spent",
            "carried_micros=MicroDollars(collected - rebate)",
            "carried_micros=MicroDollars(collected)",
        ),
        (
            "collected over the order",
            "self._carried_micros = fee.carried_micros",
            "self._carried_micros = _NOTHING",
        ),
        (
            "buyers spend",
            "MicroDollars(-sign(side) * cost_micros(price_pips, count_centi))",
            "MicroDollars(sign(side) * cost_micros(price_pips, count_centi))",
        ),
    ),
    "actors/model/positions.py": (
        (
            "opposites net",
            "if self.net_centi * step < 0 else 0",
            "if self.net_centi * step > 0 else 0",
        ),
        ("what is held closes, no more", "min(fill.count_centi, held)", "fill.count_centi"),
        ("a bid buys YES", "(yes_pips, no_pips) if step > 0", "(yes_pips, no_pips) if step < 0"),
        (
            "only the rest opens",
            "CentiContracts(fill.count_centi - closing)",
            "CentiContracts(fill.count_centi)",
        ),
        (
            "basis is released downwards",
            "self.basis_micros * closing // held",
            "-(-self.basis_micros * closing // held)",
        ),
        (
            "position is signed",
            "self.net_centi + step * fill.count_centi",
            "self.net_centi - step * fill.count_centi",
        ),
        (
            "cost joins the basis",
            "self.basis_micros - released + cost",
            "self.basis_micros - released",
        ),
        (
            "profit is proceeds less basis",
            "realised_micros=MicroDollars(proceeds - released)",
            "realised_micros=MicroDollars(proceeds)",
        ),
        ("fees are paid", "proceeds - cost - fill.fee_micros", "proceeds - cost"),
        (
            "YES gets the value",
            "value_micros if self.net_centi > 0 else",
            "value_micros if self.net_centi < 0 else",
        ),
        (
            "NO gets the rest of the dollar",
            "else ONE_DOLLAR_MICROS - value_micros",
            "else value_micros",
        ),
        (
            "payouts round down",
            "each * abs(self.net_centi) // ONE_CONTRACT_CENTI",
            "-(-each * abs(self.net_centi) // ONE_CONTRACT_CENTI)",
        ),
        ("payouts are on the grid", "rounding = owed % grid_micros", "rounding = 0"),
        ("settlement realises", "MicroDollars(owed - self.basis_micros)", "MicroDollars(owed)"),
        (
            "the rounding is not paid",
            "cash_micros=MicroDollars(owed - rounding)",
            "cash_micros=MicroDollars(owed)",
        ),
        (
            "profit after fees",
            "self.realised_micros - self.fees_micros - self",
            "self.realised_micros + self.fees_micros - self",
        ),
        ("profit after rounding", "- self.rounding_micros)", "+ self.rounding_micros)"),
        (
            "late fills are paid out",
            "return booked if value is None else _both(booked, self._pay_out(fill.ticker, value))",
            "return booked",
        ),
        (
            "a fill counts once",
            "            return None\n        holding",
            "            pass\n        holding",
        ),
        ("a deposit is no profit", "self._paid_in += amount_micros", "self._paid_in += 0"),
        (
            "a transfer leaves its source",
            "self._add_cash(source, -amount_micros)",
            "self._add_cash(source, amount_micros)",
        ),
        ("fees add up", "holding.fees_micros + fee_micros", "fee_micros"),
    ),
}
