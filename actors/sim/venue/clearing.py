"""What an execution does to the two who meet: fee, position, cash, and word of it."""

import attrs

from actors.model.matching import Execution
from actors.model.money import MicroDollars
from actors.sim.venue.accounts import Account, Order
from actors.sim.venue.events import Filled, Traded
from actors.sim.venue.fees import charge
from actors.sim.venue.floor import Floor
from actors.sim.venue.listing import Market
from actors.sim.venue.views import FillView


@attrs.frozen
class Clearing:
    """Books executions. The order entry calls it; nobody else moves cash for a trade."""

    floor: Floor

    def execute(self, taker: Order, maker: Order, execution: Execution, now_us: int) -> None:
        """Book one execution for both sides and post its print and its fills."""
        market, count, price = taker.market, execution.count_centi, execution.price_pips
        traded = Traded(
            trade_id=self.floor.uuid(),
            ticker=market.ticker,
            price_pips=price,
            count_centi=count,
            taker_side=taker.request.side,
            now_us=now_us,
        )
        self.floor.tape.append((self.floor.number(), traded))
        market.last_price_pips, market.last_size_centi = price, count
        market.volume_centi += count
        market.volume_micros += price * count
        # On one socket a print and its fills come in no fixed order (reference section 5).
        print_first = self.floor.chances.random() < 0.5  # noqa: PLR2004 - a fair coin
        if print_first:
            self.floor.bulletin.post(traded)
        self._fill(taker, traded, is_taker=True)
        self._fill(maker, traded, is_taker=False)
        market.candles.trade(now_us, price, count, market.open_interest_centi)
        if not print_first:
            self.floor.bulletin.post(traded)

    def recount(self, account: Account, market: Market, now_us: int) -> None:
        """Reserve anew for what rests, and write down what is free."""
        account.reserve(market)
        self.floor.post_cash(account, market.shard, now_us)

    def _fill(self, order: Order, traded: Traded, *, is_taker: bool) -> None:
        market, account = order.market, self.floor.holder(order)
        side, price, count = order.request.side, traded.price_pips, traded.count_centi
        held = account.holding(market.ticker)
        revenue = held.revenue_micros(side, price, count)
        fees = market.fees_at(traded.now_us)
        paid = charge(
            rate=fees.rate(is_taker=is_taker),
            price_pips=price,
            count_centi=count,
            revenue_micros=revenue,
            carried_micros=order.carried_micros,
            grid_micros=account.grid_micros,
            ceiling_micros=fees.ceiling_micros,
        )
        order.carried_micros = paid.carried_micros
        order.filled(price, count, paid.net_micros, is_taker=is_taker, now_us=traded.now_us)
        long_before = max(0, held.yes_centi)
        held.fill(side, price, count, paid.net_micros)
        market.open_interest_centi += max(0, held.yes_centi) - long_before
        account.move_cash(market.shard, revenue - paid.net_micros)
        self.floor.house_micros += paid.net_micros
        group = self.floor.groups.get(order.request.order_group_id)
        if group is not None:
            group.count(count, traded.now_us)
        filled = Filled(
            account=order.account,
            trade_id=traded.trade_id,
            order_id=order.order_id,
            client_order_id=order.request.client_order_id,
            ticker=market.ticker,
            exchange_index=market.shard,
            side=side,
            price_pips=price,
            count_centi=count,
            fee_micros=MicroDollars(paid.net_micros),
            is_taker=is_taker,
            post_position_centi=held.yes_centi,
            now_us=traded.now_us,
            subaccount=account.number,
        )
        self.floor.bulletin.post(filled)
        self._write_down(account, market, filled)

    def _write_down(self, account: Account, market: Market, filled: Filled) -> None:
        if account.view is None:
            return
        account.view.post(
            filled.now_us,
            FillView(
                number=self.floor.number(),
                trade_id=filled.trade_id,
                order_id=filled.order_id,
                ticker=filled.ticker,
                exchange_index=filled.exchange_index,
                side=filled.side,
                price_pips=filled.price_pips,
                count_centi=filled.count_centi,
                fee_micros=filled.fee_micros,
                is_taker=filled.is_taker,
                now_us=filled.now_us,
                subaccount=filled.subaccount,
            ),
        )
        self.floor.post_position(account, market, filled.now_us)
