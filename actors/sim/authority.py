"""The world's own certificate authority, and the keys it hands out.

Made anew for every world, valid for two days, trusted by nobody else: a client
names the authority's file and verifies as strictly as it does in the wild
(Python 3.13 asks for key usage and both key identifiers). Signed with P-256,
whose keys are made in no time. Not deterministic and not meant to be: a seeded
world speaks no TLS.
"""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from actors.runtime.env import Disk, ServerTls

VALID: Final = timedelta(days=2)
EARLY: Final = timedelta(hours=1)
"""Certificates begin in the past, so that a clock that is a little off does not matter."""
SECRET_MODE: Final = 0o600
PUBLIC_MODE: Final = 0o644
RSA_BITS: Final = 2048

_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@attrs.frozen(kw_only=True)
class Papers:
    """What the world's servers prove themselves with, and what clients check it by."""

    ca_file: str
    tls: ServerTls


def issue(disk: Disk, folder: str, now_s: int) -> Papers:
    """Make an authority and a certificate for this machine's loopback, written to ``folder``.

    Args:
        disk: Where to.
        folder: An existing folder.
        now_s: Wall clock, seconds since 1970.
    """
    now = datetime.fromtimestamp(now_s, UTC)
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _authority(ca_key, now)
    server = _server(server_key.public_key(), ca, ca_key, now)
    ca_file, certificate_file, key_file = (
        f"{folder}/{name}" for name in ("ca.pem", "server.pem", "server.key")
    )
    disk.write_whole(ca_file, _pem(ca), PUBLIC_MODE)
    disk.write_whole(certificate_file, _pem(server) + _pem(ca), PUBLIC_MODE)
    disk.write_whole(key_file, private_pem(server_key), SECRET_MODE)
    return Papers(
        ca_file=ca_file, tls=ServerTls(certificate_file=certificate_file, key_file=key_file)
    )


def rsa_key() -> rsa.RSAPrivateKey:
    """Return a new key of the kind that the venue issues."""
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def seeded_key(secret: bytes) -> ed25519.Ed25519PrivateKey:
    """Return the one key of these 32 bytes; it signs the same text the same way every time."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(secret)


def private_pem(key: _PrivateKey) -> bytes:
    """Write a private key as an unencrypted PKCS #8 PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(key: _PrivateKey) -> bytes:
    """Write a key's public half as PEM."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated world authority")])
    public = key.public_key()
    return (
        _draft(name, name, public, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    public: ec.EllipticCurvePublicKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    hosts = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _draft(name, ca.subject, public, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _draft(
    name: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + VALID)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
