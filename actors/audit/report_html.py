"""HTML by hand: every text is escaped when it becomes part of a page. Pure.

Only ``tag`` and ``page`` make ``Html``; whatever else comes in is text, so that
nothing a provider sent can become markup.
"""

import html
import re
from collections.abc import Iterable
from typing import Final

import attrs

VOID: Final = frozenset({"meta", "br", "hr", "img", "link", "input"})
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but tab and newline, and what has no width or turns text around."""


@attrs.frozen
class Html:
    """Markup that is safe to put into a page."""

    text: str


Child = Html | str | int | None | Iterable["Child"]
"""What a tag may hold: markup, text, a number, nothing, or several of these."""


def tag(name: str, /, *children: Child, **attributes: str | int | None) -> Html:
    """Return one element.

    Args:
        name: Of the element.
        children: Text is escaped; ``None`` is left out.
        attributes: Underscores become hyphens and one at the end goes, so that
            ``class_`` can be named; ``None`` is left out.
    """
    opened = name + "".join(
        f' {each.rstrip("_").replace("_", "-")}="{html.escape(visible(str(value)))}"'
        for each, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{opened}>")
    return Html(f"<{opened}>{_inside(children)}</{name}>")


def join(*children: Child) -> Html:
    """Return several pieces as one."""
    return Html(_inside(children))


def visible(text: str) -> str:
    """Return text in which no character hides or turns its neighbours around."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def page(title: str, style: str, body: Iterable[Child]) -> str:
    """Return a whole document, which loads nothing from anywhere.

    Args:
        title: Of the document, as text.
        style: Its style sheet, our own.
        body: What it shows.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        Html(f"<style>{style}</style>"),
    )
    whole = tag("html", head, tag("body", body), lang="en")
    return f"<!doctype html>\n{whole.text}\n"


def _inside(children: Iterable[Child]) -> str:
    return "".join(_one(child) for child in children)


def _one(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child.text
    if isinstance(child, int):
        return str(child)
    if isinstance(child, str):
        return html.escape(visible(child))
    return _inside(child)
