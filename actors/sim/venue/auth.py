"""Who is calling: the three headers, verified.

The signature covers timestamp + method + path, without the query (reference
``kalshi.md`` section 1). RSA keys sign with PSS, SHA-256 and a salt of exactly 32
bytes; Ed25519 keys sign the text itself. Which it is, the PEM says.
"""

import base64
import binascii
from collections import deque
from typing import Final

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from actors.runtime.serve import Request
from actors.sim.venue.errors import AlreadyListed, BadTerms
from actors.sim.venue.refusals import Refused, refuse

SALT_BYTES: Final = 32
STAMP_DIGITS: Final = 16

MISSING: Final = refuse(401, "signature_is_missing_from_headers")
EXPIRED: Final = refuse(401, "header_timestamp_expired")
UNKNOWN: Final = refuse(
    401, "authentication_error", details="NOT_FOUND", message="authentication_error"
)
WRONG: Final = refuse(
    401,
    "authentication_error",
    details="INCORRECT_API_KEY_SIGNATURE",
    message="authentication_error",
)


@attrs.frozen(kw_only=True)
class Window:
    """How far a signature's timestamp may be from the venue's clock."""

    past_ms: int = 20_000
    future_ms: int = 45_000
    single_use: bool = False
    """Whether the same signature is refused a second time; undocumented at the venue."""


HOSTILE: Final = Window(past_ms=10_000, future_ms=10_000, single_use=True)


@attrs.frozen(kw_only=True)
class Key:
    """One key and what it may do."""

    account: str
    public: RSAPublicKey | Ed25519PublicKey
    name: str
    scopes: tuple[str, ...]
    subaccount: int | None
    """The one subaccount that it may read and trade; ``None`` for all."""

    def permits(self, scope: str) -> bool:
        """Return whether a scope, or the parent of it, was granted."""
        return scope in self.scopes or scope.partition("::")[0] in self.scopes

    def verifies(self, signature: bytes, text: bytes) -> bool:
        """Return whether the key signed ``text``."""
        try:
            if isinstance(self.public, Ed25519PublicKey):
                self.public.verify(signature, text)
            else:
                pss = PSS(mgf=MGF1(hashes.SHA256()), salt_length=SALT_BYTES)
                self.public.verify(signature, text, pss, hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class KeyRing:
    """Every key that the venue knows, and whose account it opens."""

    def __init__(self, window: Window | None = None) -> None:
        self.window = window or Window()
        self._keys: dict[str, Key] = {}
        self._used: set[bytes] = set()
        self._used_in_order: deque[tuple[int, bytes]] = deque()

    def add(
        self,
        key_id: str,
        account: str,
        public_pem: bytes,
        *,
        name: str = "key",
        scopes: tuple[str, ...] = ("read", "write"),
        subaccount: int | None = None,
    ) -> None:
        """Let a key act for ``account``.

        Args:
            key_id: What its owner names it by.
            account: Whose it is.
            public_pem: The public key.
            name: What it is called in lists.
            scopes: What it may do.
            subaccount: The only subaccount it may touch; ``None`` for all.

        Raises:
            AlreadyListed: The id is taken.
            BadTerms: Not the PEM of a public RSA or Ed25519 key.
        """
        if key_id in self._keys:
            raise AlreadyListed(key_id)
        try:
            public = load_pem_public_key(public_pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BadTerms(f"key {key_id}: not a public key: {error}") from error
        if not isinstance(public, RSAPublicKey | Ed25519PublicKey):
            raise BadTerms(f"key {key_id}: neither RSA nor Ed25519")
        self._keys[key_id] = Key(
            account=account, public=public, name=name, scopes=scopes, subaccount=subaccount
        )

    def identify(self, request: Request, now_ms: int) -> str | Refused:
        """Return the account that signed ``request``, or one of the four 401s."""
        key_id = request.header("kalshi-access-key")
        stamp = request.header("kalshi-access-timestamp")
        encoded = request.header("kalshi-access-signature")
        if not key_id or not stamp or not encoded:
            return MISSING
        key = self._keys.get(key_id)
        if key is None:
            return UNKNOWN
        if not self._is_timely(stamp, now_ms):
            return EXPIRED
        path = request.target.partition("?")[0]
        signature = _decode(encoded)
        text = f"{stamp}{request.method}{path}".encode("latin-1", "replace")
        if signature is None or not key.verifies(signature, text):
            return WRONG
        if self.window.single_use and not self._is_fresh(signature, now_ms):
            return WRONG
        return key.account

    def remove(self, key_id: str) -> None:
        """Forget a key.

        Raises:
            KeyError: There is none of that id.
        """
        del self._keys[key_id]

    def holds(self, key: Key) -> bool:
        """Return whether a key that once let somebody in still would."""
        return any(each is key for each in self._keys.values())

    def of(self, account: str) -> list[tuple[str, Key]]:
        """Return an account's keys with their ids."""
        return [(key_id, key) for key_id, key in self._keys.items() if key.account == account]

    def key_of(self, request: Request) -> Key:
        """Return the key of a request that ``identify`` has let in already."""
        return self._keys[request.header("kalshi-access-key") or ""]

    def account_of(self, request: Request) -> str:
        """Return whose key a request names that ``identify`` has let in already."""
        return self._keys[request.header("kalshi-access-key") or ""].account

    def _is_timely(self, stamp: str, now_ms: int) -> bool:
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= STAMP_DIGITS):
            return False
        age_ms = now_ms - int(stamp)
        return -self.window.future_ms <= age_ms <= self.window.past_ms

    def _is_fresh(self, signature: bytes, now_ms: int) -> bool:
        # After both ends of the window have passed, the timestamp alone refuses it.
        horizon_ms = now_ms - self.window.past_ms - self.window.future_ms
        while self._used_in_order and self._used_in_order[0][0] < horizon_ms:
            self._used.discard(self._used_in_order.popleft()[1])
        if signature in self._used:
            return False
        self._used.add(signature)
        self._used_in_order.append((now_ms, signature))
        return True


def _decode(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
