"""Keys, and requests signed with them, as a client makes them."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from actors.runtime.serve import Request
from actors.sim.venue.auth import KeyRing, Window
from actors.sim.venue.rates import Tier
from actors.sim.venue.rest import Rest
from tests.sim.venue.contract import judge
from tests.sim.venue.hall import Hall

ROOT = "/trade-api/v2"
KEY_ID = "a952bcbe-ec3b-4b5b-b8f9-11dae589608c"

Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def pem(key: Private) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sign(key: Private, text: str, salt: int = 32) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(text.encode())
    else:
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
        signature = key.sign(text.encode(), pss, hashes.SHA256())
    return base64.b64encode(signature).decode()


def headers(
    key: Private, method: str, path: str, stamp_ms: int, key_id: str = KEY_ID
) -> tuple[tuple[str, str], ...]:
    return (
        ("kalshi-access-key", key_id),
        ("kalshi-access-timestamp", str(stamp_ms)),
        ("kalshi-access-signature", sign(key, f"{stamp_ms}{method}{path}")),
    )


@attrs.define
class Desk:
    """A client that speaks to the venue's REST function, signing everything."""

    hall: Hall
    keys: KeyRing = attrs.field(factory=KeyRing)
    tier: Tier = "basic"
    key_id: str = KEY_ID
    scopes: tuple[str, ...] = ("read", "write")
    subaccount: int | None = None
    rest: Rest = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.keys.add(
            self.key_id,
            "us",
            pem(ed25519_key()),
            scopes=self.scopes,
            subaccount=self.subaccount,
        )
        self.rest = Rest(self.hall.venue, self.keys, self.tier)

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
        body: object = None,
        *,
        signed: bool = True,
    ) -> tuple[int, dict[str, Any]]:
        pairs = tuple(query.items()) if isinstance(query, Mapping) else query
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        )
        whole = ROOT + path
        response = self.rest.respond(
            Request(
                method=method,
                path=whole,
                query=pairs,
                headers=self._headers(method, whole) if signed else (),
                body=raw,
                target=whole + ("?..." if pairs else ""),
            )
        )
        assert isinstance(response.body, bytes)
        answer = msgspec.json.decode(response.body or b"{}")
        assert judge(method, whole, response.status, answer) == []
        return response.status, answer

    def _headers(self, method: str, path: str) -> tuple[tuple[str, str], ...]:
        stamp_ms = self.hall.clock.now_us // 1000
        return headers(ed25519_key(), method, path, stamp_ms, self.key_id)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        status, body = self.ask("GET", path, query)
        assert status == 200, body
        return body


STRICT = Window(past_ms=10_000, future_ms=10_000, single_use=True)
