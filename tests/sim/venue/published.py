"""Judges the venue's JSON by the published OpenAPI and AsyncAPI documents, where they are at hand.

They lie in a folder beside the repository and are never copied here. Stricter
than a client need be: a field that no document names is a fault too.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # no stubs in the lock, and two calls need none

from tests.shared import at_hand, shared

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


STREAM: Mapping[str, str] = {
    "orderbook_snapshot": "orderbookSnapshotPayload",
    "orderbook_delta": "orderbookDeltaPayload",
    "trade": "tradePayload",
    "ticker": "tickerPayload",
    "fill": "fillPayload",
    "user_order": "userOrderPayload",
    "market_position": "marketPositionPayload",
    "market_lifecycle_v2": "marketLifecycleV2Payload",
    "event_lifecycle": "eventLifecyclePayload",
    "event_fee_update": "eventFeeUpdatePayload",
    "order_group_updates": "orderGroupUpdatesPayload",
    "subscribed": "subscribedResponsePayload",
    "unsubscribed": "unsubscribedResponsePayload",
    "ok": "okResponsePayload",
    "list": "listSubscriptionsResponsePayload",
    "error": "errorResponsePayload",
}
"""Every message the venue's stream may send, and the schema that it has to fit."""
JUDGED: Counter[str] = Counter()
"""Frames of the stream that were held against the document in this process, by type."""


def require(name: str) -> Path:
    """Return the document's path; see ``shared`` for what happens without it."""
    return shared("spec", "kalshi", name)


Schema = dict[str, Any]


@cache
def document(name: str) -> Schema:
    loaded = yaml.load(require(name).read_bytes(), Loader=yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


def faults(value: object, schema: Schema, name: str, where: str = "") -> list[str]:
    """What is wrong with ``value``, each fault with its path."""
    if "$ref" in schema:
        named = _named(schema["$ref"], name) | {
            key: each for key, each in schema.items() if key == "nullable"
        }
        return faults(value, named, name, where)
    if value is None and schema.get("nullable"):
        return []
    found = [
        fault for part in schema.get("allOf", []) for fault in faults(value, part, name, where)
    ]
    if not _is_of_type(value, schema.get("type")):
        return [*found, f"{where}: {value!r} is no {schema['type']}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        found.append(f"{where}: {value!r} is not what is listed")
    if isinstance(value, int) and value < schema.get("minimum", value):
        found.append(f"{where}: {value!r} is too small")
    if isinstance(value, dict):
        found += _object_faults(value, schema, name, where)
    if isinstance(value, list):
        for index, each in enumerate(value):
            found += faults(each, schema.get("items", {}), name, f"{where}[{index}]")
    return found


def _named(reference: str, name: str) -> Schema:
    found = document(name)
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _is_of_type(value: object, kinds: str | list[str] | None) -> bool:
    if kinds is None:
        return True
    listed = [kinds] if isinstance(kinds, str) else kinds
    allowed = tuple(kind for each in listed for kind in TYPES[each])
    return isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))


def _object_faults(value: dict[str, object], schema: Schema, name: str, where: str) -> list[str]:
    properties = schema.get("properties")
    found = [f"{where}: no {key}" for key in schema.get("required", []) if key not in value]
    if properties is None:
        return found
    for key, each in value.items():
        if key in properties:
            found += faults(each, properties[key], name, f"{where}.{key}")
        elif "additionalProperties" not in schema:
            found.append(f"{where}: unknown field {key}")
    return found


def check_rest(schema: str, value: object) -> None:
    parts = document("openapi.yaml")["components"]["schemas"]
    assert faults(value, parts[schema], "openapi.yaml") == []


def check_stream(schema: str, value: object) -> None:
    parts = document("asyncapi.yaml")["components"]["schemas"]
    assert faults(value, parts[schema], "asyncapi.yaml") == []


def judge_frame(message: Mapping[str, Any]) -> None:
    """Hold one frame of the stream against the document, where that is at hand.

    The tests' own clients call it for whatever they read, so that no frame of any
    test goes unseen; ``test_contract`` says in capitals if the document is not there.
    """
    if at_hand("spec", "kalshi", "asyncapi.yaml") is None:
        return
    kind = str(message["type"])
    if kind == "ok" and isinstance(message.get("msg"), list):
        kind = "list"
    schema = STREAM[kind]
    if kind == "market_lifecycle_v2" and message["msg"]["event_type"] == "metadata_updated":
        schema = "marketMetadataUpdatedPayload"
    check_stream(schema, dict(message))
    JUDGED[kind] += 1


def stream_coverage() -> list[str]:
    """Which messages of the stream were held against the document, how often, and which never."""
    seen = [f"  {kind}: {JUDGED[kind]}" for kind in STREAM if JUDGED[kind]]
    unseen = [kind for kind in STREAM if not JUDGED[kind]]
    head = f"judged {len(seen)} of {len(STREAM)} message types that the venue sends"
    return [head, *seen, *([f"  never sent: {', '.join(unseen)}"] if unseen else [])]
