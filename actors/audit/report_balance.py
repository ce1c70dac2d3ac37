"""The money on a page: each order and settlement as the event's own books take it. Pure."""

from typing import Final

from actors.audit.events import Event
from actors.audit.report_figures import average, count, money
from actors.audit.report_html import Child, Html, join
from actors.audit.report_money import Money, Movement
from actors.audit.report_parts import Column, ref, section, table

MONEY_COLUMNS: Final = (
    Column("What"),
    Column("Market"),
    Column("Contracts", numeric=True),
    Column("Average price", numeric=True),
    Column("Fee", numeric=True),
    Column("Cash", numeric=True),
    Column("Realised", numeric=True),
    Column("Left", numeric=True),
    Column("Records"),
)


def money_section(event: Event, books: Money) -> Html | None:
    """Show every movement, and what they come to; ``None`` where nothing moved."""
    if not books.movements:
        return None
    rows: list[tuple[str, tuple[Child, ...]]] = [
        ("", _movement_cells(event, each)) for each in books.movements
    ]
    rows.append(
        (
            "total",
            (
                "Together",
                None,
                None,
                None,
                money(books.fees_micros),
                money(books.cash_micros, signed=True),
                money(books.realised_micros, signed=True),
                ", ".join(count(each) for each in books.open_centi.values()) or "flat",
                None,
            ),
        )
    )
    note = (
        "Positions are of YES contracts; below zero stands for NO. Cash has the fees in it,"
        " realised profit (by average cost) has not."
    )
    if books.open_centi:
        note += f" What is still open cost {money(books.basis_micros)}."
    return section("The money", note, table(MONEY_COLUMNS, rows))


def _movement_cells(event: Event, each: Movement) -> tuple[Child, ...]:
    if each.order is None:
        what, at = "settled", money(each.value_micros)
    else:
        what = f"{each.what}: {'bought' if each.count_centi > 0 else 'sold'}"
        at = average(each.order)
    shown = (
        ref(each.seqs[0])
        if len(each.seqs) == 1
        else join(ref(each.seqs[0]), "\u2026 ", ref(each.seqs[-1]))
    )
    return (
        what,
        event.side_name(each.ticker),
        ("+" if each.count_centi > 0 else "") + count(each.count_centi),
        at,
        money(each.fee_micros) if each.order is not None else None,
        money(each.cash_micros, signed=True),
        money(each.realised_micros, signed=True),
        count(each.left_centi),
        shown,
    )
