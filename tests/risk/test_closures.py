"""Laws of closures: no sale is left to fall due in one."""

from hypothesis import given, strategies as st

from actors.risk.closures import Closure, admits_entry, brought_forward, closure_of

times = st.integers(0, 1_000)
closures = st.lists(st.builds(Closure, times, times), max_size=5)


@given(due=times, known=closures, margin=st.integers(0, 50))
def test_a_sale_brought_forward_falls_into_no_closure_and_is_never_later(
    due: int, known: list[Closure], margin: int
) -> None:
    made = brought_forward(due, known, margin)

    assert made <= due
    assert closure_of(made, known, margin) is None
    assert (made == due) == (closure_of(due, known, margin) is None)


@given(now=times, due=times, known=closures, margin=st.integers(0, 50))
def test_an_entry_is_admitted_only_if_its_sale_stays_where_it_is_planned(
    now: int, due: int, known: list[Closure], margin: int
) -> None:
    is_open = not any(each.begins_wall_ns <= now < each.ends_wall_ns for each in known)

    assert admits_entry(now, due, known, margin) == (
        is_open and brought_forward(due, known, margin) == due
    )
