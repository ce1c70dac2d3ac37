"""What comes before a hub's socket, in the new protocol and in the classic one."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, strategies as st

from actors.feeds.cookies import Cookies
from actors.feeds.errors import FeedGarbled, FeedUnreachable
from actors.feeds.signalr.classic import (
    Answered,
    Beat,
    Classic,
    Progressed,
    Pushed,
    Reconnect,
    Started,
    Terms,
    read_terms,
)
from actors.feeds.signalr.negotiation import (
    Granted,
    Redirected,
    hub_url,
    negotiate_url,
    origin_and_target,
    read_answer,
)
from actors.runtime.secret import revealed

OFFERED = [{"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}]


def answer(**said: object) -> bytes:
    return json.dumps({"availableTransports": OFFERED, **said}).encode()


def test_each_version_names_the_connection_in_its_own_way() -> None:
    newer = answer(negotiateVersion=1, connectionId="i", connectionToken="t", x=1)
    assert read_answer(200, newer) == Granted(id="t", stateful=False)
    assert read_answer(200, answer(connectionId="i")) == Granted(id="i", stateful=False)
    kept = answer(negotiateVersion=1, connectionToken="t", useStatefulReconnect=True)
    assert read_answer(200, kept) == Granted(id="t", stateful=True)


def test_a_redirect_names_where_and_as_whom() -> None:
    body = answer(url="https://b/hub", accessToken="k")
    assert read_answer(200, body) == Redirected(url="https://b/hub", token="k")  # noqa: S106 - nobody's


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"no"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, answer(error="not you")),
        (200, answer(ProtocolVersion="1.5", ConnectionToken="t")),
        (200, answer(negotiateVersion=1, connectionId="i")),
        (200, answer(connectionId=5)),
        (200, answer(url=5)),
        (200, b'{"connectionId":"i","availableTransports":[{"transport":"LongPolling"}]}'),
        (200, b" " * 70_000),
    ],
)
def test_whoever_has_nothing_for_us_is_unreachable(status: int, body: bytes) -> None:
    with pytest.raises(FeedUnreachable):
        read_answer(status, body)


@given(st.binary(max_size=80))
def test_no_answer_crashes(body: bytes) -> None:
    for reads in (read_answer, read_terms):
        with pytest.raises(FeedUnreachable):
            reads(200, body)


def test_addresses_keep_their_own_query() -> None:
    base = "wss://h:1/hub?tenant=a%20b"
    assert negotiate_url(base, stateful=True) == (
        "https://h:1/hub/negotiate?tenant=a%20b&negotiateVersion=1&useStatefulReconnect=true"
    )
    assert hub_url("https://h:1/hub", "k/&") == "wss://h:1/hub?id=k%2F%26"
    assert hub_url("wss://h:1/hub", None) == "wss://h:1/hub"
    assert origin_and_target("https://h:1/hub?x=1") == ("https://h:1", "/hub?x=1")


def test_cookies_are_carried_on_and_a_later_one_wins() -> None:
    cookies = Cookies()
    assert not cookies.headers
    cookies.take((("Set-Cookie", "a=1; Path=/"), ("x", "y"), ("set-cookie", "b=2")))
    cookies.take((("set-cookie", "a=3; Secure"),))
    assert revealed(cookies.headers) == [("Cookie", "a=3; b=2")]


def test_a_classic_server_states_its_timers() -> None:
    terms = read_terms(
        200, b'{"ConnectionToken":"t","KeepAliveTimeout":20.0,"DisconnectTimeout":40,"x":1}'
    )
    assert terms == Terms(token="t", keepalive_s=20.0, disconnect_s=40.0)  # noqa: S106 - nobody's
    none = read_terms(200, b'{"ConnectionToken":"t","KeepAliveTimeout":null}')
    assert none == Terms(token="t", keepalive_s=None, disconnect_s=30.0)  # noqa: S106 - nobody's


def test_a_classic_server_that_moved_says_where() -> None:
    moved = b'{"RedirectUrl":"https://there/signalr","AccessToken":"k"}'
    assert read_terms(200, moved) == Redirected(url="https://there/signalr", token="k")  # noqa: S106 - nobody's
    with pytest.raises(FeedUnreachable, match="redirect"):
        read_terms(200, b'{"RedirectUrl":7}')


def asked(target: str) -> tuple[str, dict[str, list[str]]]:
    parts = urlsplit(target)
    return parts.path, parse_qs(parts.query)


def test_a_classic_connection_is_taken_up_where_its_cursor_stands() -> None:
    classic = Classic(["Scores"])
    path, query = asked(classic.connect("t/+"))
    assert (path, query["connectionToken"], query["connectionData"]) == (
        "/connect",
        ["t/+"],
        ['[{"name":"Scores"}]'],
    )
    assert asked(classic.negotiate)[0] == "/negotiate"
    assert asked(classic.start("t"))[0] == "/start"
    assert classic.feed('{"C":"d-1","S":1,"M":[]}') == [Started()]
    push = '{"C":"d-2","G":"g","M":[{"H":"Scores","M":"feed","A":["match",{},"t"]}]}'
    assert classic.feed(push) == [Pushed(hub="Scores", method="feed", arguments=["match", {}, "t"])]

    path, query = asked(classic.connect("t"))

    assert (path, query["messageId"], query["groupsToken"]) == ("/reconnect", ["d-2"], ["g"])


def test_classic_calls_beats_and_ends() -> None:
    classic = Classic(["Scores"])
    key, text = classic.call("Scores", "Subscribe", [["match"]])
    assert json.loads(text) == {"H": "Scores", "M": "Subscribe", "A": [["match"]], "I": 0}
    assert classic.feed('{"R":{"match":{}},"I":"0"}') == [Answered(id=key, result={"match": {}})]
    assert classic.feed('{"I":"0","E":"no"}') == [Answered(id="0", error="no")]
    assert classic.feed('{"I":"0","P":{"D":1}}') == [Progressed("0")]
    assert classic.feed("{}") == [Beat()]
    assert classic.feed('{"T":1}') == [Reconnect()]
    with pytest.raises(FeedGarbled):
        classic.feed('{"E":"gone"}')


@given(st.text('{}[]"CMSTIHA:,015', max_size=40) | st.text(max_size=20))
def test_no_classic_message_crashes(text: str) -> None:
    classic = Classic(["Scores"])
    try:
        classic.feed(text)
    except FeedGarbled:
        return
