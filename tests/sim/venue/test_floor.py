"""Every row of the floor, over a socket; and that no operation and no status is without one."""

from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from actors.sim.venue.auth import KeyRing
from actors.sim.venue.rest import Rest
from actors.sim.venue.routes import ROOT, Route
from tests.sim.venue import contract
from tests.sim.venue.contract import DOCUMENT, judge, operation, refusal_faults
from tests.sim.venue.floor import (
    MISFORTUNES,
    NAMED,
    NAMED_ONLY,
    NOT_PRODUCED,
    PUBLIC_401,
    ROWS,
    UNSIGNED,
    Row,
    Said,
)
from tests.sim.venue.floor_stage import SCENES, Answered, Stage, a_stage, misfortune
from tests.sim.venue.hall import open_hall
from tests.sim.venue.published import require
from tests.sim.venue.scope import OUT_OF_SCOPE


def routes() -> tuple[Route, ...]:
    return Rest(open_hall().venue, KeyRing()).routes


def firsts() -> dict[str, Row]:
    """Return each operation's first row: how it is asked when all is well."""
    found: dict[str, Row] = {}
    for row in ROWS:
        found.setdefault(row.operation, row)
    return found


def said(body: object) -> Said:
    """Return which of the shapes a body has, and what it says."""
    match body:
        case {"error": {"code": str(code), **rest}}:
            return Said("nested", code, str(rest.get("details", "")))
        case {"code": str(code), "message": str(), **rest}:
            return Said("flat", code, str(rest.get("details", "")))
        case {"msg": str(words)}:
            return Said("msg", "", words)
        case {"error": str(words)}:
            return Said("string", words, "")
        case bytes() if body.startswith(b"<html>"):
            return Said("html", "", "")
        case _:
            return Said("none", "", "")


def found(body: object, path: str) -> object:
    """Return what stands at a dotted path; ``None`` for nothing."""
    for part in path.split("."):
        if isinstance(body, list):
            body = body[int(part)] if part.isdecimal() and int(part) < len(body) else None
        elif isinstance(body, Mapping):
            body = body.get(part)
        else:
            return None
    return body


def wrong(answer: Answered, status: int, wanted: Said) -> list[str]:
    """Return what differs from the listed status, shape and code, and from the document."""
    heard = said(answer.body)
    if wanted.details is None:
        heard = attrs.evolve(heard, details=None)
    faults = []
    if answer.status != status or heard != wanted:
        faults.append(f"{answer.status} {answer.body!r}, not {status} {wanted}")
    if isinstance(answer.body, bytes):
        return faults
    if status < 500:
        return faults + judge(answer.method, answer.path, answer.status, answer.body)
    contract.ANSWERED[operation_of(answer), answer.status] += 1
    if wanted.shape != "none":
        faults += refusal_faults(answer.body)
    return faults


def operation_of(answer: Answered) -> str:
    entry = operation(answer.method, answer.path) if contract.is_at_hand() else None
    return entry.name if entry else answer.path


def unlike(row: Row, answer: Answered) -> list[str]:
    """Return what a row says of its answer that is not so."""
    faults = wrong(answer, row.status, row.said)
    for path, value in row.holds.items():
        got = found(answer.body, path)
        if got is None or (value is not ... and got != value):
            faults.append(f"{path}: {got!r}, not {value!r} in {answer.body!r}")
    return faults + [f"{path} is there" for path in row.lacks if found(answer.body, path)]


async def played(stage: Stage, row: Row) -> list[str]:
    stage.begin(row)
    if "$done_transfer" in row.path.values():
        await stage.transferred()
    with SCENES[row.when](stage):
        answer = await stage.play(row)
    return [f"{row.operation} {row.query or row.body!r}: {each}" for each in unlike(row, answer)]


async def test_every_row_of_the_floor_is_answered_so_over_a_socket() -> None:
    async with a_stage() as stage:
        faults = [fault for row in ROWS for fault in await played(stage, row)]

        assert not faults, "\n".join(faults)
        assert stage.site.server.counts.faults == 0
        contract.FLOOR.update(
            {"rows": len(ROWS), "operations": len(firsts()), "out of scope": len(OUT_OF_SCOPE)}
        )


async def test_each_signature_that_is_no_good_gets_its_401_from_every_operation_that_asks() -> None:
    faults, asked = [], 0
    async with a_stage() as stage:
        for row in firsts().values():
            route = stage.routes[row.operation]
            for signature, _, wanted in UNSIGNED:
                stage.begin(row)
                answer = await stage.play(attrs.evolve(row, times=1), signature)
                if route.public:
                    bad = wrong(answer, row.status, row.said)
                else:
                    bad, asked = wrong(answer, 401, wanted), asked + 1
                faults += [f"{row.operation} {signature}: {each}" for each in bad]
            if not route.public:
                stage.begin(row)
                narrow = await stage.play(attrs.evolve(row, key="narrow", times=1))
                refusal = Said("nested", "insufficient_scope", route.needs)
                bad, asked = wrong(narrow, 403, refusal), asked + 1
                faults += [f"{row.operation} without the scope: {each}" for each in bad]

        assert not faults, "\n".join(faults)
        contract.FLOOR["bad signatures and scopes"] = asked


async def test_each_misfortune_of_a_plan_gets_its_answer_from_every_operation() -> None:
    faults, asked = [], 0
    async with a_stage() as stage:
        for name, status, _, wanted in MISFORTUNES:
            for row in firsts().values():
                stage.begin(row)
                with SCENES[row.when](stage), misfortune(stage, name):
                    answer = await stage.play(attrs.evolve(row, times=1))
                of_status = row.operation == "GetExchangeStatus" and status in {500, 503, 504}
                bad = wrong(answer, status, Said("none") if of_status else wanted)
                faults += [f"{row.operation} {name}: {each}" for each in bad]
                asked += 1

        assert not faults, "\n".join(faults)
        contract.FLOOR["misfortunes"] = asked


def produced() -> Iterator[tuple[str, int]]:
    """Yield every operation and status that the tests above produce."""
    signed = {each.operation for each in routes() if not each.public}
    for row in ROWS:
        yield row.operation, row.status
    for name in firsts():
        yield from ((name, status) for _, status, _, _ in MISFORTUNES)
        if name in signed:
            yield from ((name, 401), (name, 403))


def test_every_operation_has_rows_of_its_success_and_of_every_published_status() -> None:
    require(DOCUMENT)
    done = set(produced())
    missing = []
    for route in routes():
        entry = operation(route.method, ROOT + route.path)
        if entry is None:
            assert route.operation == "LegacyOrder", f"{route.operation} is no published operation"
            continue
        listed = {(entry.name, int(status)) for status in entry.responses}
        if route.public:
            assert PUBLIC_401
            listed -= {(entry.name, 401)}
        missing += sorted(listed - done - NOT_PRODUCED.keys())
        assert any((entry.name, status) in done for status in (200, 201, 204)), entry.name

    assert missing == []
    assert not NOT_PRODUCED.keys() & done
    assert all(NOT_PRODUCED.values())


def test_every_route_of_the_first_generation_has_a_row() -> None:
    legacy = {f"{each.method} {each.path}" for each in routes() if each.operation == "LegacyOrder"}

    assert {row.route for row in ROWS if row.route} == legacy


def test_every_status_and_code_that_the_reference_names_has_a_row_and_no_row_another() -> None:
    done = Counter((row.status, row.said.code) for row in ROWS if row.said.code)
    done.update((401, wanted.code) for _, _, wanted in UNSIGNED)
    done.update((status, wanted.code) for _, status, _, wanted in MISFORTUNES if wanted.code)
    ours = {
        (403, "subaccount_not_permitted"),
        (403, "insufficient_api_usage_level"),
        (403, "no_api_orders"),
        (409, "transfer_already_exists"),
    }

    assert done.keys() == NAMED.keys() | ours, "those of ours are for what only the document names"
    assert not NAMED_ONLY.keys() & {code for _, code in done}
