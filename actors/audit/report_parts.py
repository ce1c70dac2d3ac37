"""The pieces that pages are put together from: references, chips, tables, bars. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from actors.audit.report_facts import Fact
from actors.audit.report_figures import money_short
from actors.audit.report_html import Child, Html, join, tag

TONES: Final = {
    "filled": "good",
    "part filled": "good",
    "not filled": "warn",
    "rejected": "bad",
    "unknown": "bad",
    "overturned": "bad",
    "phantom": "bad",
}
"""How a verdict looks; what is not here is neutral."""


@attrs.frozen
class Column:
    """One column of a table."""

    head: str
    numeric: bool = False


def ref(*seqs: int) -> Html:
    """Point at the journal's records that a statement rests on."""
    return join([join(tag("a", f"#{seq}", class_="ref", href=f"#r{seq}"), " ") for seq in seqs])


def number(seq: int) -> Html:
    """Name a record that is not among those of the page."""
    return tag("span", f"#{seq}", class_="ref")


def refs(facts: Iterable[Fact[object]]) -> Html:
    """Point at several records."""
    return ref(*(fact.seq for fact in facts))


def chip(text: str, tone: str | None = None) -> Html:
    """Say one word in a colour that fits it."""
    looks = TONES.get(text, "") if tone is None else tone
    return tag("span", text, class_=f"chip {looks}".strip())


def tile(label: str, figure: Child, small: Child = None) -> Html:
    """Show one figure under its name."""
    return tag(
        "div",
        tag("dt", label),
        tag("dd", figure, None if small is None else tag("small", small)),
        class_="tile",
    )


def tiles(*shown: Html) -> Html:
    """Show figures side by side."""
    return tag("dl", *shown, class_="tiles")


def section(title: str, note: Child, *children: Child) -> Html:
    """Show one part of a page under its title."""
    told = None if note is None else tag("p", note, class_="note")
    return tag("section", tag("h2", title), told, *children)


def table(
    columns: Sequence[Column],
    rows: Iterable[tuple[str, Sequence[Child]]],
    *,
    class_: str | None = None,
) -> Html:
    """Show a table; each row is its class, which may be empty, and its cells."""
    head = tag("tr", *(tag("th", each.head, class_=_number(each)) for each in columns))
    body = [
        tag(
            "tr",
            *(
                tag("td", cell, class_=_number(column))
                for cell, column in zip(cells, columns, strict=True)
            ),
            class_=looks or None,
        )
        for looks, cells in rows
    ]
    whole = tag("table", tag("thead", head), tag("tbody", *body), class_=class_)
    return tag("div", whole, class_="scroll")


def track(share: float, looks: str = "") -> Html:
    """Show a share of a whole as a bar from the left."""
    width = f"width:{100 * min(max(share, 0.0), 1.0):.2f}%"
    return tag("div", tag("i", class_=looks or None, style=width), class_="track")


def gain(micros: int | None) -> Html:
    """Show a profit or a loss in its colour, with its sign, to the cent."""
    if micros is None:
        return tag("span", "open", class_="soft")
    looks = "up" if micros > 0 else "down" if micros < 0 else None
    return tag("span", money_short(micros, signed=True), class_=looks)


def _number(column: Column) -> str | None:
    return "n" if column.numeric else None
