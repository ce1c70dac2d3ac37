"""A member's API keys and usage level over REST. Reference ``kalshi.md`` sections 1 and 6."""

from typing import Final

import attrs
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from actors.sim.venue.auth import KeyRing
from actors.sim.venue.engine import Venue
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.forms import UUID, Form, FormType, read_form
from actors.sim.venue.rates import Meter
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.routes import Answer, Call, Json, Route

SCOPES: Final = frozenset(
    {
        "read",
        "write",
        "read::block_trade_accept",
        "read::portfolio_balance",
        "write::trade",
        "write::transfer",
        "write::fcm_risk",
        "write::block_trade_accept",
    }
)
CREATE: Final = FormType(
    name="CreateApiKeyRequest",
    fields={"name": "string", "public_key": "string", "scopes": "array", "subaccount": "int"},
    required=("name", "public_key"),
)
GENERATE: Final = FormType(
    name="GenerateApiKeyRequest",
    fields={"name": "string", "key_type": "string", "scopes": "array", "subaccount": "int"},
    required=("name",),
)
RSA_BITS: Final = 2048
SECRET_BITS: Final = 256
LOWER_TIERS: Final = frozenset({"basic", "advanced", "expert"})
"""Who may not bring public keys of their own."""


@attrs.frozen
class KeyRoutes:
    """Handlers of the keys' routes, and of the step up from the lowest level."""

    venue: Venue
    keys: KeyRing
    meter: Meter

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return tuple(
            Route(method=method, path=path, operation=operation, handle=handle)
            for method, path, operation, handle in (
                ("GET", "/api_keys", "GetApiKeys", self.listed),
                ("POST", "/api_keys", "CreateApiKey", self.create),
                ("POST", "/api_keys/generate", "GenerateApiKey", self.generate),
                ("DELETE", "/api_keys/{api_key}", "DeleteApiKey", self.delete),
                (
                    "POST",
                    "/account/api_usage_level/upgrade",
                    "UpgradeAccountApiUsageLevel",
                    self.upgrade,
                ),
            )
        )

    def listed(self, call: Call) -> Answer:
        """List the caller's keys, and until when its location is attested."""
        rows: list[Json] = [
            {"api_key_id": key_id, "name": key.name, "scopes": list(key.scopes)}
            | ({} if key.subaccount is None else {"subaccount": key.subaccount})
            for key_id, key in self.keys.of(call.account)
        ]
        body: Json = {"api_keys": rows}
        until_us = self.venue.floor.attested_until_us.get(call.account)
        if until_us is not None:
            body["api_key_region_expiration_ts"] = until_us // 1_000_000
        return Answer(body)

    def create(self, call: Call) -> Answer | Refused:
        """Take a public key of the caller's own."""
        form = read_form(call.body, CREATE)
        if isinstance(form, Refused):
            return form
        if self.meter.tier_of(call.account) in LOWER_TIERS:
            return refuse(403, "insufficient_api_usage_level")
        granted = self._granted(call, form)
        if isinstance(granted, Refused):
            return granted
        scopes, subaccount = granted
        key_id, pem = self.venue.floor.uuid(), form.text("public_key").encode()
        try:
            self.keys.add(
                key_id,
                call.account,
                pem,
                name=form.text("name"),
                scopes=scopes,
                subaccount=subaccount,
            )
        except BadTerms:
            return form.invalid("public_key", "pem")
        return Answer({"api_key_id": key_id}, 201)

    def generate(self, call: Call) -> Answer | Refused:
        """Make a key pair for the caller; the private half is in this answer and nowhere else."""
        form = read_form(call.body, GENERATE)
        if isinstance(form, Refused):
            return form
        kind = form.text("key_type") if form.has("key_type") else "rsa"
        if kind not in {"rsa", "ed25519"}:
            return form.invalid("key_type", "oneof")
        granted = self._granted(call, form)
        if isinstance(granted, Refused):
            return granted
        scopes, subaccount = granted
        key_id, (private, public) = self.venue.floor.uuid(), self._pair(kind)
        self.keys.add(
            key_id,
            call.account,
            public,
            name=form.text("name"),
            scopes=scopes,
            subaccount=subaccount,
        )
        made: Json = {"api_key_id": key_id, "key_type": kind, "private_key": private.decode()}
        return Answer(made, 201)

    def _granted(self, call: Call, form: Form) -> tuple[tuple[str, ...], int | None] | Refused:
        scopes = _scopes(form)
        if isinstance(scopes, Refused):
            return scopes
        subaccount = form.integer("subaccount") if form.has("subaccount") else None
        if subaccount and subaccount not in self.venue.floor.account(call.account).subaccounts:
            return form.invalid("subaccount", "exists")
        return scopes, subaccount

    def _pair(self, kind: str) -> tuple[bytes, bytes]:
        """Return a private and a public PEM.

        An Ed25519 pair follows from the venue's seed. An RSA pair cannot: the library
        draws its primes from the system and takes no source of its own, and primes found
        here by hand would be a worse key. It is the one answer that differs between two
        runs of a seed, and it takes nothing from any stream that is seeded.
        """
        key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
        if kind == "rsa":
            key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
            written = serialization.PrivateFormat.TraditionalOpenSSL
        else:
            secret = self.venue.floor.rng.getrandbits(SECRET_BITS).to_bytes(32, "big")
            key = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
            written = serialization.PrivateFormat.PKCS8
        plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.private_bytes(pem, written, plain), key.public_key().public_bytes(pem, public)

    def delete(self, call: Call) -> Answer | Refused:
        """Take a key of the caller's away; it opens nothing from now on."""
        key_id = call.path["api_key"]
        if key_id not in dict(self.keys.of(call.account)):
            is_id = UUID.fullmatch(key_id) is not None
            return not_found() if is_id else refuse(400, "invalid_parameters", details="api_key")
        self.keys.remove(key_id)
        return Answer(None, 204)

    def upgrade(self, call: Call) -> Answer | Refused:
        """Lift a member that has ever placed an order from the lowest usage level."""
        view = self.venue.floor.account(call.account).view
        if view is None or not view.orders:
            return refuse(403, "no_api_orders")
        if self.meter.tier_of(call.account) == "basic":
            self.meter.grant(call.account, "advanced")
        return Answer(None, 201)


def _scopes(form: Form) -> tuple[str, ...] | Refused:
    if not form.has("scopes"):
        return ("read", "write")
    scopes = tuple(str(each) for each in form.rows("scopes"))
    if not scopes or set(scopes) - SCOPES or ("write" in scopes and "read" not in scopes):
        return form.invalid("scopes", "oneof")
    return scopes
