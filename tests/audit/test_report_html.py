from html.parser import HTMLParser

from hypothesis import given, strategies as st
from typing_extensions import override

from actors.audit.report_html import join, page, tag, visible


class Heard(HTMLParser):
    """Keeps what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_any_text_comes_back_as_text_and_makes_no_markup(text: str) -> None:
    heard = Heard()
    heard.feed(tag("p", text).text)
    heard.close()

    assert heard.text == visible(text)
    assert [name for name, _ in heard.tags] == ["p"]


@given(st.text())
def test_any_attribute_stays_one_attribute(text: str) -> None:
    heard = Heard()
    heard.feed(tag("p", title=text).text)
    heard.close()

    assert heard.tags == [("p", {"title": visible(text)})]


@given(st.text())
def test_visible_text_holds_nothing_that_hides_or_turns(text: str) -> None:
    shown = visible(text)

    assert not set(shown) & set("\x00\x1b\u200b\u202e\u2066\ufeff")
    assert visible(shown) == shown


def test_children_may_be_text_numbers_markup_nothing_and_lists_of_them() -> None:
    made = tag("p", "a<b", 7, None, [tag("b", "c"), "d"], class_="x", data_no=None)

    assert made.text == '<p class="x">a&lt;b7<b>c</b>d</p>'
    assert join("<", tag("br")).text == "&lt;<br>"


def test_a_page_may_load_nothing() -> None:
    text = page("A <title>", "p{}", [tag("p", "x")])

    assert text.startswith("<!doctype html>\n<html lang=")
    assert "default-src &#x27;none&#x27;" in text
    assert "<title>A &lt;title&gt;</title>" in text
