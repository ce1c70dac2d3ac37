"""Laws of the world's certificates and keys."""

import ssl
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from actors.runtime.disk import FileDisk
from actors.sim.authority import Papers, issue, private_pem, public_pem, rsa_key, seeded_key


def papers(folder: Path) -> Papers:
    return issue(FileDisk(), str(folder), int(datetime.now(UTC).timestamp()))


def shake_hands(ours: Papers, trusted: str, host: str) -> None:
    """Let a strict client and our server talk through memory until both are content."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(ours.tls.certificate_file, ours.tls.key_file)
    client = ssl.create_default_context(cafile=trusted)
    client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        sides = [side for side in sides if not _finished(side.do_handshake)]
    assert not sides


def _finished(step: Callable[[], None]) -> bool:
    try:
        step()
    except ssl.SSLWantReadError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_strictest_client_trusts_the_world_at_home(tmp_path: Path, host: str) -> None:
    ours = papers(tmp_path)

    shake_hands(ours, ours.ca_file, host)


def test_nobody_trusts_the_world_by_another_name_or_authority(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    ours = papers(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(ours, ours.ca_file, "example.com")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ours, papers(other).ca_file, "127.0.0.1")


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    ours = papers(tmp_path)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"ca.pem": 0o644, "server.pem": 0o644, "server.key": 0o600}
    assert b"PRIVATE" not in Path(ours.ca_file).read_bytes()
    assert b"PRIVATE" not in Path(ours.tls.certificate_file).read_bytes()


def test_the_traders_key_is_of_the_venues_kind() -> None:
    key = load_pem_private_key(private_pem(rsa_key()), password=None)

    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048


def test_a_seeded_key_is_the_same_each_time() -> None:
    secret = bytes(range(32))

    assert private_pem(seeded_key(secret)) == private_pem(seeded_key(secret))
    assert public_pem(seeded_key(secret)).startswith(b"-----BEGIN PUBLIC KEY-----")
    key = load_pem_private_key(private_pem(seeded_key(secret)), password=None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
