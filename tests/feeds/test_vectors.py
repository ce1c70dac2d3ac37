"""Every published vector of the feeds is read by a law: which one, and the laws left over."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from actors.config.profile import Feed as FeedSettings
from actors.exchange.wire import Decoder
from actors.exchange.wire_market import VenueMilestone
from actors.feeds.codecs import Decoded, polymarket
from actors.feeds.lightstreamer.requests import LARGEST_REQUEST, Asked, read, read_message
from actors.feeds.signalr.records import Ack, Ping, Record, Sequence, read as read_record
from actors.feeds.transports import carrier
from actors.model.score import Score
from actors.runtime.memory import MemoryNetwork, SeededEnv
from tests.shared import shared

FOLDER = shared("spec", "feeds")
TESTS = Path(__file__).parent
HERE = "test_vectors.py"

READERS = {
    "kalshi_live_data_shapes.json": {
        "get_live_data": "codecs/test_pulled.py::test_the_published_live_data_is_read_whole",
        "milestone": f"{HERE}::test_the_published_milestone_names_its_match_and_its_event",
        "clock_texts": "codecs/test_pulled.py::test_every_published_clock_text_is_read_or_unknown",
    },
    "polymarket_sports_frames.json": {
        "frames": f"{HERE}::test_every_published_frame_of_the_sports_channel_is_read",
        "client_reply": f"{HERE}::test_a_ping_is_answered_as_published",
    },
    "signalr_vectors.json": {
        "handshake": "signalr/test_hub.py::test_the_handshake_is_the_specifications",
        "messages": "signalr/test_records.py::"
        "test_every_message_of_the_specification_is_read_and_written_again",
        "protocol_errors": "signalr/test_records.py::"
        "test_every_protocol_error_of_the_specification_is_one",
        "framing": "signalr/test_hub.py::test_an_answer_and_the_first_records_may_share_a_frame",
        "stateful_reconnect_capture": f"{HERE}::test_every_captured_record_is_read",
    },
    "sportradar_push_shapes.json": {
        "heartbeat": "codecs/test_pulled.py::"
        "test_a_pushed_heartbeat_and_a_pushed_goal_are_told_apart",
        "tennis_payload": "codecs/test_pulled.py::"
        "test_sets_of_tennis_are_no_goals_and_a_shoot_out_moves_nothing",
        "soccer_timeline_events": "codecs/test_sportradar.py::"
        "test_the_published_events_are_a_goal_and_a_review_that_takes_it_back",
    },
    "sse_vectors.json": {
        "cases": "pull/test_event_stream.py::test_every_vector_of_the_standard_holds_for_every_cut",
    },
    "tlcp_vectors.json": {
        "line_split": "lightstreamer/test_values.py::test_a_line_has_the_arguments_of_its_tag",
        "update_schema": "lightstreamer/test_values.py::"
        "test_an_update_stream_gives_the_rows_of_the_specification",
        "update_stream": "lightstreamer/test_values.py::"
        "test_an_update_stream_gives_the_rows_of_the_specification",
        "json_patch": "lightstreamer/test_values.py::"
        "test_a_json_patch_gives_the_document_of_the_specification",
        "tlcp_diff_apply": "lightstreamer/test_values.py::"
        "test_a_text_difference_gives_the_official_text",
        "tlcp_diff_varint_official_sdk": "lightstreamer/test_values.py::"
        "test_a_count_is_read_as_the_official_client_reads_it",
        "recovery": "lightstreamer/test_session.py::test_every_data_notification_counts",
        "sdk_frames_captured": f"{HERE}::test_every_request_of_the_official_client_is_read",
    },
    "txline_scores.constructed.sse": {
        "": "codecs/test_txline.py::"
        "test_the_published_match_is_told_with_its_unconfirmed_goals_called_that",
    },
}
"""Which law reads each part of each file."""


def vector(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((FOLDER / name).read_text("utf-8"))


def test_every_part_of_every_vector_has_a_law_that_reads_it() -> None:
    parts = {
        path.name: [key for key in vector(path.name) if key != "source" and key[:5] != "note_"]
        if path.suffix == ".json"
        else [""]
        for path in sorted(FOLDER.iterdir())
    }

    assert {name: sorted(keys) for name, keys in parts.items()} == {
        name: sorted(readers) for name, readers in READERS.items()
    }


@pytest.mark.parametrize(
    "reader", sorted({one for each in READERS.values() for one in each.values()})
)
def test_the_law_is_there(reader: str) -> None:
    file, _, name = reader.partition("::")
    tree = ast.parse((TESTS / file).read_text("utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


FRAMES = [
    Decoded(kind="heartbeat"),
    Decoded(
        kind="snapshot",
        feed_match="19439",
        home_name="LAC",
        away_name="BUF",
        score=Score(3, 16),
        live=True,
        ended=False,
    ),
    Decoded(
        kind="period",
        feed_match="1317359",
        home_name="ARCRED",
        away_name="The glecs",
        period="FT",
        provider_ts_ns=1_753_036_200 * 10**9,
        live=False,
        ended=True,
    ),
    Decoded(
        kind="snapshot",
        feed_match="mci-liv-2025-02-03",
        score=Score(1, 0),
        period="1H",
        clock_s=1935,
        provider_ts_ns=1_738_612_216_939 * 10**6,
        live=True,
        ended=False,
    ),
]


def test_every_published_frame_of_the_sports_channel_is_read() -> None:
    frames = vector("polymarket_sports_frames.json")["frames"]
    texts = [one if isinstance(one, str) else json.dumps(one) for one in frames]

    assert [one for text in texts for one in polymarket.decode(text)] == FRAMES
    assert polymarket.decode("[" + ",".join(texts[1:]) + "]") == FRAMES[1:]


def test_a_ping_is_answered_as_published() -> None:
    settings = FeedSettings(
        name="alpha", transport="ws_json", codec="polymarket", url="ws://h/", role="trigger"
    )
    way = carrier(SeededEnv(1, MemoryNetwork(1)), settings)

    assert way.answers == vector("polymarket_sports_frames.json")["client_reply"]


def test_the_published_milestone_names_its_match_and_its_event() -> None:
    body = vector("kalshi_live_data_shapes.json")["milestone"]

    milestone = Decoder(VenueMilestone)(json.dumps(body))

    assert milestone.milestone_id == "m1"
    assert milestone.provider_ids == {"62a57ae8"}
    assert list(milestone.primary_event_tickers) == ["KXNFLGAME-26OCT11NYJCHI"]


def test_every_captured_record_is_read() -> None:
    lines = vector("signalr_vectors.json")["stateful_reconnect_capture"]
    records: list[Record] = [
        read_record(found.encode()) for line in lines for found in re.findall(r"\{[^{}]*\}", line)
    ]

    assert records == [Ping(), Ack(3), Sequence(1), Sequence(4), Ack(5)]


def asked_of(captured: str) -> Asked:
    if not captured.startswith("POST "):
        (asked,) = read_message(captured)
        return asked
    target, _, body = captured.removeprefix("POST ").partition(" body ")
    name = target.rpartition("/")[2].partition(".")[0]
    return read(name, body)


def test_every_request_of_the_official_client_is_read() -> None:
    captured = vector("tlcp_vectors.json")["sdk_frames_captured"]

    asked = [asked_of(one) for one in captured]

    assert [one.name for one in asked] == [
        "wsok",
        "create_session",
        "control",
        "bind_session",
        "bind_session",
    ]
    assert asked[2].get("LS_schema") == "home h a st"
    assert asked[4].get("LS_recovery_from") == "5"
    assert all(len(one) < LARGEST_REQUEST for one in captured)
