"""Laws of closures: no sale is left to fall due in one."""

from hypothesis import example, given, strategies as st

from actors.risk.closures import Closure, admits_entry, brought_forward, closure_of

times = st.integers(0, 60)
closures = st.lists(st.builds(Closure, times, times), max_size=5)
margins = st.integers(0, 20)


def is_shut(at: int, known: list[Closure]) -> bool:
    return any(at in range(each.begins_wall_ns, each.ends_wall_ns) for each in known)


@given(due=times, known=closures, margin=margins)
@example(due=4, known=[Closure(5, 5)], margin=3)
def test_a_sale_stays_where_it_is_planned_if_all_its_attempts_find_the_venue_open(
    due: int, known: list[Closure], margin: int
) -> None:
    found = closure_of(due, known, margin)

    assert (found is None) == (not any(is_shut(due + later, known) for later in range(margin + 1)))
    for each in known:
        if closure_of(due, [each], margin) is not None:
            assert found is not None
            assert found <= each, "of several the earliest"


@given(due=times, known=closures, margin=margins)
def test_a_sale_is_brought_forward_no_further_than_it_must_be(
    due: int, known: list[Closure], margin: int
) -> None:
    made = brought_forward(due, known, margin)

    for later in range(made + 1, due + 1):
        assert closure_of(later, known, margin) is not None


@given(now=times, known=closures)
def test_nothing_is_entered_while_the_venue_is_closed(now: int, known: list[Closure]) -> None:
    assert admits_entry(now, 1_000, known) == (not is_shut(now, known))


@given(due=times, known=closures, margin=margins)
@example(due=30, known=[Closure(10, 20), Closure(25, 40)], margin=8)
def test_a_sale_brought_forward_falls_into_no_closure_and_is_never_later(
    due: int, known: list[Closure], margin: int
) -> None:
    made = brought_forward(due, known, margin)

    assert made <= due
    assert closure_of(made, known, margin) is None
    assert (made == due) == (closure_of(due, known, margin) is None)


@given(now=times, due=times, known=closures, margin=margins)
def test_an_entry_is_admitted_only_if_its_sale_stays_where_it_is_planned(
    now: int, due: int, known: list[Closure], margin: int
) -> None:
    is_open = not any(each.begins_wall_ns <= now < each.ends_wall_ns for each in known)

    assert admits_entry(now, due, known, margin) == (
        is_open and brought_forward(due, known, margin) == due
    )
