import base64
from collections.abc import Callable, Mapping

import pytest
from attrs import evolve
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from actors.runtime.serve import Request
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.errors import AlreadyListed, BadTerms
from actors.sim.venue.refusals import Refused
from tests.sim.venue.papers import (
    KEY_ID,
    STRICT,
    Private,
    ed25519_key,
    headers,
    pem,
    rsa_key,
    sign,
)

NOW_MS = 1_790_000_000_000
PATH = "/trade-api/v2/portfolio/balance"
KEYS: Mapping[str, Callable[[], Private]] = {"rsa": rsa_key, "ed25519": ed25519_key}


def ring(key: Private) -> KeyRing:
    keys = KeyRing()
    keys.add(KEY_ID, "us", pem(key))
    return keys


def request(
    key: Private, stamp_ms: int = NOW_MS, target: str = PATH, signed: str = PATH
) -> Request:
    return Request("GET", PATH, headers=headers(key, "GET", signed, stamp_ms), target=target)


def details(outcome: str | Refused) -> object:
    assert isinstance(outcome, Refused)
    assert outcome.status == 401
    error = outcome.body["error"]
    assert isinstance(error, dict)
    return error.get("details", error["code"])


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_signature_over_time_method_and_path_opens_the_account(kind: str) -> None:
    key = KEYS[kind]()

    assert ring(key).identify(request(key), NOW_MS) == "us"


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_query_is_not_signed(kind: str) -> None:
    key = KEYS[kind]()
    keys = ring(key)

    assert keys.identify(request(key, target=PATH + "?limit=5"), NOW_MS) == "us"
    with_query = request(key, target=PATH + "?limit=5", signed=PATH + "?limit=5")
    assert details(keys.identify(with_query, NOW_MS)) == "INCORRECT_API_KEY_SIGNATURE"


@pytest.mark.parametrize(
    ("age_ms", "accepted"),
    [(0, True), (20_000, True), (20_001, False), (-45_000, True), (-45_001, False)],
)
def test_the_timestamp_must_be_near_in_both_directions(age_ms: int, accepted: bool) -> None:  # noqa: FBT001 - a row of a table
    key = ed25519_key()

    outcome = ring(key).identify(request(key, NOW_MS - age_ms), NOW_MS)

    if accepted:
        assert outcome == "us"
    else:
        assert details(outcome) == "header_timestamp_expired"


@pytest.mark.parametrize("stamp", ["now", "1790000000.5", "-1", "9" * 40, "١٢٣"])
def test_a_timestamp_that_is_no_number_is_expired(stamp: str) -> None:
    key = ed25519_key()
    forged = tuple(
        (name, stamp if name.endswith("timestamp") else value)
        for name, value in headers(key, "GET", PATH, NOW_MS)
    )

    assert details(ring(key).identify(Request("GET", PATH, headers=forged), NOW_MS)) == (
        "header_timestamp_expired"
    )


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_header_is_named_as_a_missing_signature(missing: int) -> None:
    key = ed25519_key()
    some = [each for n, each in enumerate(headers(key, "GET", PATH, NOW_MS)) if n != missing]

    outcome = ring(key).identify(Request("GET", PATH, headers=tuple(some)), NOW_MS)

    assert details(outcome) == "signature_is_missing_from_headers"


def test_an_unknown_key_is_not_found() -> None:
    key = ed25519_key()
    foreign = Request("GET", PATH, headers=headers(key, "GET", PATH, NOW_MS, key_id="other"))

    assert details(ring(key).identify(foreign, NOW_MS)) == "NOT_FOUND"


def test_another_method_or_another_key_does_not_verify() -> None:
    key = ed25519_key()
    keys = ring(key)

    posted = evolve(request(key), method="POST")
    assert details(keys.identify(posted, NOW_MS)) == "INCORRECT_API_KEY_SIGNATURE"
    assert details(keys.identify(request(rsa_key()), NOW_MS)) == "INCORRECT_API_KEY_SIGNATURE"


@pytest.mark.parametrize("garbage", ["%%%", "", base64.b64encode(b"short").decode()])
def test_what_is_no_signature_is_a_wrong_one(garbage: str) -> None:
    key = ed25519_key()
    pairs = headers(key, "GET", PATH, NOW_MS)[:2]

    outcome = ring(key).identify(
        Request("GET", PATH, headers=(*pairs, ("kalshi-access-signature", garbage))), NOW_MS
    )

    assert details(outcome) in {
        "INCORRECT_API_KEY_SIGNATURE",
        "signature_is_missing_from_headers",
    }


def test_rsa_signs_with_pss_and_a_salt_of_32_bytes_and_with_nothing_else() -> None:
    key = rsa_key()
    text = f"{NOW_MS}GET{PATH}"
    old = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    for signature in (old, sign(key, text, salt=20)):
        pairs = (*headers(key, "GET", PATH, NOW_MS)[:2], ("kalshi-access-signature", signature))

        outcome = ring(key).identify(Request("GET", PATH, headers=pairs), NOW_MS)

        assert details(outcome) == "INCORRECT_API_KEY_SIGNATURE"


def test_a_strict_venue_takes_a_signature_once() -> None:
    key = ed25519_key()
    keys = KeyRing(STRICT)
    keys.add(KEY_ID, "us", pem(key))

    assert keys.identify(request(key), NOW_MS) == "us"
    assert details(keys.identify(request(key), NOW_MS)) == "INCORRECT_API_KEY_SIGNATURE"
    assert keys.identify(request(key, NOW_MS + 30_000), NOW_MS + 30_000) == "us"


def test_only_public_rsa_and_ed25519_keys_are_taken_and_once() -> None:
    keys = ring(ed25519_key())
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(AlreadyListed):
        keys.add(KEY_ID, "us", pem(ed25519_key()))
    for bad in (b"no pem", other):
        with pytest.raises(BadTerms):
            keys.add("another", "us", bad)
