"""How the venue says no: a value with an HTTP status, a code and the body's shape.

Reference ``kalshi.md`` section 3: shape A is nested, B flat (a JSON type error),
C one ``msg`` (a query parameter out of bounds). Clients must read all of them,
so the venue sends all of them.
"""

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Refused:
    """A request that changed nothing."""

    status: int
    code: str
    """The code to branch on; shape C carries none on the wire."""
    body: Mapping[str, object]


def refuse(
    status: int, code: str, details: str | None = None, message: str | None = None
) -> Refused:
    """Refuse in shape A: ``{"error": {"code", "message", "details"?}}``."""
    error = {"code": code, "message": message or code.replace("_", " ")}
    if details is not None:
        error["details"] = details
    return Refused(status=status, code=code, body={"error": error})


def bad_request(details: str) -> Refused:
    """Refuse in flat shape B: the body was not of the types the schema names."""
    body = {"code": "bad_request", "message": "bad request", "details": details}
    return Refused(status=400, code="bad_request", body=body)


def bad_parameter(details: str) -> Refused:
    """Refuse in shape C: a query parameter outside its bounds."""
    return Refused(status=400, code="bad_parameter", body={"msg": details})


def not_found() -> Refused:
    """Refuse what is not there. Byte-identical for cancelled, executed and unknown orders."""
    return refuse(404, "not_found")


def over_limit(operation: str, parameter: str, tag: str) -> Refused:
    """Refuse a page size over its maximum, in the validator's own words."""
    return bad_parameter(
        f"Parameter validation failed for {operation}: Key: '{operation}Params.{parameter}' "
        f"Error:Field validation for '{parameter}' failed on the '{tag}' tag"
    )
