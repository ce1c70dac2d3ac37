"""A TLCP session: what it asks for, what survives a drop, and when it is dead."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer.causes import CONTROL, SESSION, control_cause, session_cause
from actors.feeds.lightstreamer.lines import COUNTED
from actors.feeds.lightstreamer.requests import Account, Asked, Wanted, read_message
from actors.feeds.lightstreamer.session import (
    Behind,
    Bound,
    Cleared,
    Ended,
    Event,
    Idle,
    Looped,
    Lost,
    Session,
    Update,
)
from tests.shared import shared

VECTORS = json.loads(shared("spec", "feeds", "tlcp_vectors.json").read_text("utf-8"))
ACCOUNT = Account(adapter_set="SPORTS", user="ada", password="1&2", inactivity_ms=8_000)  # noqa: S106 - nobody's
WANTED = Wanted(group="match.1", schema=("home", "h", "a"), adapter="SCORES")
CONOK = "CONOK,S1,50000,5000,*\r\n"
AGREED = "SUBOK,1,1,3\r\nCONF,1,unlimited,filtered\r\n"
STREAM = "WSOK\r\n" + CONOK + "SERVNAME,x\r\nCLIENTIP,::1\r\nCONS,unlimited\r\nREQOK,1\r\n" + AGREED


def session_of(*lines: str, wanted: Sequence[Wanted] = (WANTED,)) -> Session:
    session = Session(ACCOUNT, wanted)
    session.open(0.0)
    session.feed("".join(lines), 0.0)
    session.take()
    return session


def heard(session: Session, text: str) -> list[Event]:
    return session.feed(text, 1.0)


def test_a_session_checks_its_socket_asks_and_subscribes() -> None:
    session = Session(ACCOUNT, [WANTED])
    session.open(0.0)
    check, create = session.take()

    assert check.message == "wsok"
    assert create.message == (
        "create_session\r\nLS_adapter_set=SPORTS&LS_user=ada&LS_password=1%262"
        "&LS_cid=mgQkwtwdysogQz2BJ4Ji%20kOj2Bg&LS_keepalive_millis=5000"
        "&LS_inactivity_millis=8000&LS_send_sync=false&LS_supported_diffs=T,P"
    )
    assert session.feed("WSOK\r\n" + CONOK, 0.0) == [Bound("S1", "new")]
    (control,) = session.take()
    assert control.message == (
        "control\r\nLS_reqId=1&LS_op=add&LS_subId=1&LS_mode=MERGE&LS_group=match.1"
        "&LS_schema=home%20h%20a&LS_data_adapter=SCORES&LS_snapshot=true"
    )
    assert read_message(control.message) == [control]


def test_the_first_update_of_an_item_is_its_snapshot() -> None:
    session = session_of(STREAM)

    first, second = heard(session, "U,1,1,Ajax|0|0\r\nU,1,1,|1|\r\n")

    assert first == Update(
        subscription=1, item=1, values={"home": "Ajax", "h": "0", "a": "0"}, snapshot=True
    )
    assert second == Update(
        subscription=1, item=1, values={"home": "Ajax", "h": "1", "a": "0"}, snapshot=False
    )
    assert session.count == 4


def test_in_command_mode_a_snapshot_lasts_until_its_end() -> None:
    wanted = Wanted(group="all", schema=("key", "command", "h"), mode="COMMAND")
    session = session_of("WSOK\r\n", CONOK, "SUBCMD,1,1,3,1,2\r\n", wanted=[wanted])

    told = heard(session, "U,1,1,7|ADD|0\r\nU,1,1,8|ADD|0\r\nEOS,1,1\r\nU,1,1,7|UPDATE|1\r\n")

    assert [one.snapshot for one in told if isinstance(one, Update)] == [True, True, False]


def test_what_is_not_data_is_told_as_it_is() -> None:
    session = session_of(STREAM, "U,1,1,Ajax|0|0\r\n")

    assert heard(session, "PROBE\r\nNOOP,padding\r\n") == [Idle()]
    assert heard(session, "OV,1,1,3\r\n") == [Lost(subscription=1, item=1, count=3)]
    assert heard(session, "SYNC,20\r\n") == [Behind(20, 1.0)]
    assert heard(session, "CS,1,1\r\n") == [Cleared(subscription=1, item=1)]
    assert heard(session, "MSGDONE,*,1,\r\n") == []
    assert session.rows() == []


def test_a_loop_binds_the_same_session_on_the_same_socket() -> None:
    session = session_of(STREAM, "U,1,1,Ajax|0|0\r\n")

    assert heard(session, "LOOP,0\r\n") == [Looped(0)]
    (bind,) = session.take()
    assert bind.message.startswith("bind_session\r\nLS_session=S1&LS_keepalive_millis=5000")
    assert "recovery" not in bind.message
    assert heard(session, CONOK) == [Bound("S1", "looped")]
    assert session.take() == []
    (update,) = heard(session, "U,1,1,|1|\r\n")
    assert isinstance(update, Update)
    assert not update.snapshot


def test_a_drop_is_recovered_by_count_and_repeats_are_dropped() -> None:
    session = session_of(STREAM, "U,1,1,Ajax|0|0\r\nU,1,1,|1|\r\nU,1,1,||1\r\n")
    session.feed("U,1,1,half a li", 1.0)

    session.open(2.0)
    _, bind = session.take()
    assert (bind.get("LS_session"), bind.get("LS_recovery_from")) == ("S1", "5")
    told = session.feed(f"WSOK\r\n{CONOK}PROG,3\r\nU,1,1,|1|\r\nU,1,1,||1\r\nU,1,1,|2|\r\n", 2.0)

    assert told == [
        Bound("S1", "recovered"),
        Update(subscription=1, item=1, values={"home": "Ajax", "h": "2", "a": "1"}, snapshot=False),
    ]
    assert session.count == 6


def test_a_recovery_from_beyond_what_was_heard_begins_anew() -> None:
    session = session_of(STREAM)
    session.open(2.0)

    (ended,) = session.feed(f"WSOK\r\n{CONOK}PROG,9\r\n", 2.0)

    assert isinstance(ended, Ended)
    assert ended.cure == "anew"
    session.open(3.0)
    assert session.take()[1].name == "create_session"
    assert session.count == 0


@pytest.mark.parametrize("tag", sorted(COUNTED))
def test_every_data_notification_counts(tag: str) -> None:
    assert set(VECTORS["recovery"]["client_count_tags"]) == COUNTED
    rest = {
        "U": "1,1,a|b|c",
        "SUBOK": "1,1,3",
        "SUBCMD": "1,1,3,1,2",
        "CONF": "1,1,1",
        "UNSUB": "1",
        "MSGFAIL": "*,1,2,x",
        "MSGDONE": "*,1,x",
        "OV": "1,1,1",
    }.get(tag, "1,1")
    session = session_of(STREAM)

    session.feed(f"{tag},{rest}\r\n", 1.0)

    assert session.count == 3


@pytest.mark.parametrize("tag", VECTORS["recovery"]["not_counted"])
def test_nothing_else_counts(tag: str) -> None:
    assert tag not in COUNTED


@pytest.mark.parametrize("code", [*SESSION, 0, -7, 999])
def test_every_session_error_is_told_and_ends_the_session(code: int) -> None:
    session = session_of(STREAM)

    (ended,) = heard(session, f"END,{code},because\r\nU,1,1,a|b|c\r\n")

    assert ended == Ended(*session_cause(code, "because"))
    assert session.session == ""


@pytest.mark.parametrize("line", ["REQERR,1,{},no", "ERROR,{},no"])
@pytest.mark.parametrize("code", [*CONTROL, 0, 999])
def test_every_control_error_is_told_and_ends_the_session(line: str, code: int) -> None:
    (ended,) = heard(session_of(STREAM), line.format(code) + "\r\n")

    assert isinstance(ended, Ended)
    assert control_cause(code, "no") in ended.why


@pytest.mark.parametrize(
    "lines",
    [
        "U,1,1,|1|",
        "U,2,1,a|b|c",
        "U,1,0,a|b|c",
        "U,1,2,a|b|c",
        "U,1,x,a|b|c",
        "U,1",
        "SUBOK,1,99999999,3",
        "SUBOK,1,1,4",
        "CONOK,S1,1,1,*",
        "LOOP",
        "END,x,y",
        "CONERR,9999999999999999999,y",
    ],
)
def test_what_breaks_the_protocol_forgets_the_session(lines: str) -> None:
    session = session_of(STREAM)

    with pytest.raises(FeedGarbled):
        heard(session, lines + "\r\n")

    assert session.session == ""


def test_data_before_a_session_is_refused() -> None:
    session = Session(ACCOUNT, [WANTED])
    session.open(0.0)
    with pytest.raises(FeedGarbled):
        session.feed("U,1,1,a|b|c\r\n", 0.0)


def test_a_stream_is_dead_three_seconds_after_its_keep_alive() -> None:
    session = Session(ACCOUNT, [WANTED])
    session.open(0.0)
    assert session.dead_at_s == 10.0

    session.feed(STREAM, 1.0)

    assert session.dead_at_s == 9.0
    session.feed("PROBE\r\n", 4.0)
    assert session.dead_at_s == 12.0


def test_we_say_that_we_are_there_twice_as_often_as_promised() -> None:
    session = session_of(STREAM)
    assert session.due_s == 4.0

    session.tick(3.9)
    assert session.take() == []
    session.tick(4.0)

    assert session.take() == [Asked("heartbeat")]
    assert session.due_s == 8.0


def test_over_http_nothing_is_checked_and_controls_name_their_session() -> None:
    session = Session(ACCOUNT, [WANTED], over="http")
    session.open(0.0)
    (create,) = session.take()
    assert create.target == "/lightstreamer/create_session.txt?LS_protocol=TLCP-2.5.0"

    session.feed(CONOK + AGREED, 0.0)
    (control,) = session.take()
    assert control.get("LS_session") == "S1"
    session.feed("LOOP,50\r\n", 1.0)
    assert session.take() == []
    session.open(2.0)

    (bind,) = session.take()
    assert (bind.name, bind.get("LS_recovery_from")) == ("bind_session", "")


LINES = st.lists(
    st.sampled_from(
        [
            "WSOK",
            CONOK.strip(),
            "SUBOK,1,1,3",
            "SUBOK,1,2,3",
            "CONF,1,1,1",
            "U,1,1,a|b|c",
            "U,1,1,|^2",
            "U,1,1,^Tab|#|$",
            'U,1,1,^P[{"op":"test","path":"","value":1}]|#|$',
            "U,1,2,1|b|c",
            "EOS,1,1",
            "CS,1,1",
            "OV,1,1,2",
            "PROBE",
            "LOOP,0",
            "PROG,1",
            "SYNC,1",
            "END,48,x",
            "UNSUB,1",
        ]
    )
    | st.text("UCON,1|^%# \r", max_size=12),
    max_size=20,
)


def said(session: Session, pieces: Sequence[bytes]) -> tuple[list[Event], bool, list[Asked]]:
    events: list[Event] = []
    try:
        for piece in pieces:
            events += session.feed(piece, 1.0)
    except FeedGarbled:
        return events, True, session.take()
    return events, False, session.take()


@given(LINES)
def test_one_byte_at_a_time_says_what_all_at_once_says(lines: list[str]) -> None:
    stream = "".join(f"{line}\r\n" for line in ["WSOK", CONOK.strip(), *lines]).encode()
    whole, single = Session(ACCOUNT, [WANTED]), Session(ACCOUNT, [WANTED])
    for session in (whole, single):
        session.open(0.0)

    at_once, broke, asked = said(whole, [stream])
    singly, broke_too, asked_too = said(single, [bytes([byte]) for byte in stream])

    assert (broke, asked, whole.count) == (broke_too, asked_too, single.count)
    # What stood before a bad line in the same read is given up with it.
    assert singly == at_once or broke


@given(st.binary(max_size=300))
def test_no_bytes_crash_a_session(data: bytes) -> None:
    session = session_of(STREAM)
    said(session, [data])
