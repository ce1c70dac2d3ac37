from actors.sim.venue.views import AccountView, CashView


def cash(amount_micros: int) -> CashView:
    return CashView(exchange_index=0, available_micros=amount_micros)


def test_a_change_is_seen_once_it_is_old_enough() -> None:
    view = AccountView(lag_us=300)
    view.post(1_000, cash(5))
    view.post(1_200, cash(7))

    view.advance(1_299)
    assert view.cash == {}
    view.advance(1_300)
    assert view.cash[0, 0].available_micros == 5
    assert view.updated_us == 1_000
    view.advance(1_500)
    assert view.cash[0, 0].available_micros == 7


def test_without_a_lag_a_change_is_seen_at_once() -> None:
    view = AccountView()
    view.post(1_000, cash(5))

    assert view.cash[0, 0].available_micros == 5
