"""Laws of the private key: which files may be used, what is signed, and that nothing shows it."""

import base64
import copy
import os
import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, strategies as st

from actors.exchange.errors import KeyRefused
from actors.exchange.keys import LARGEST_FILE, SigningKey, load_key

RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
ANY_KEY = RSA, ED25519, ec.generate_private_key(ec.SECP256R1())

AnyKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def pem(
    key: AnyKey,
    encryption: KeySerializationEncryption | None = None,
    shape: PrivateFormat = PrivateFormat.PKCS8,
) -> bytes:
    return key.private_bytes(Encoding.PEM, shape, encryption or NoEncryption())


def put(path: Path, data: bytes, mode: int = 0o600) -> str:
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def refusal(path: str | Path, *, credential: bool = False) -> str:
    with pytest.raises(KeyRefused) as caught:
        load_key(str(path), credential=credential)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("key", "shape", "algorithm"),
    [
        (RSA, PrivateFormat.PKCS8, "rsa"),
        (RSA, PrivateFormat.TraditionalOpenSSL, "rsa"),
        (ED25519, PrivateFormat.PKCS8, "ed25519"),
    ],
)
def test_the_algorithm_is_told_by_the_key_itself(
    tmp_path: Path, key: AnyKey, shape: PrivateFormat, algorithm: str
) -> None:
    assert load_key(put(tmp_path / "key.pem", pem(key, None, shape))).algorithm == algorithm


@given(
    st.integers(0, 2**53),
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.sampled_from(["/trade-api/v2/portfolio/balance", "/trade-api/ws/v2", "/a?b=c&d=e?f"]),
)
def test_an_ed25519_signature_is_of_timestamp_method_and_path_without_query(
    ts_ms: int, method: str, path: str
) -> None:
    signature = base64.b64decode(SigningKey(ED25519).sign(ts_ms, method, path), validate=True)

    text = f"{ts_ms}{method}{path.split('?', maxsplit=1)[0]}".encode()
    ED25519.public_key().verify(signature, text)


def test_an_rsa_signature_is_pss_over_sha_256_with_a_salt_of_32_bytes() -> None:
    text = SigningKey(RSA).sign(1_781_159_370_364, "GET", "/trade-api/v2/portfolio/fills?limit=5")

    RSA.public_key().verify(
        base64.b64decode(text, validate=True),
        b"1781159370364GET/trade-api/v2/portfolio/fills",
        padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32),
        SHA256(),
    )


def test_nothing_that_prints_or_copies_a_key_shows_it(tmp_path: Path) -> None:
    key = load_key(put(tmp_path / "key.pem", pem(ED25519)))

    assert repr(key) == str(key) == f"{key}" == "SigningKey([redacted])"
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        pickle.dumps(key)
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        copy.deepcopy(key)
    assert not hasattr(key, "__dict__")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere.pem")


def test_a_link_to_a_key_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "key.pem", pem(ED25519))
    link = tmp_path / "link.pem"
    link.symlink_to(tmp_path / "key.pem")

    assert "symbolic link" in refusal(link)


def test_what_is_no_regular_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)

    assert "regular file" in refusal(pipe)
    assert "regular file" in refusal(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777])
def test_a_file_that_lets_others_in_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    message = refusal(put(tmp_path / "key.pem", pem(ED25519), mode))

    assert f"{mode:04o}" in message
    assert "chmod 600" in message


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_us_alone_is_used(tmp_path: Path, mode: int) -> None:
    load_key(put(tmp_path / "key.pem", pem(ED25519), mode))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "key.pem", pem(ED25519))
    os.chown(path, 65_534, -1)

    assert "belongs to user 65534" in refusal(path)
    assert "not to root or to us" in refusal(path, credential=True)


def test_a_credential_may_be_read_by_our_group_but_by_nobody_else(tmp_path: Path) -> None:
    load_key(put(tmp_path / "key.pem", pem(ED25519), 0o440), credential=True)

    assert "opens a credential" in refusal(
        put(tmp_path / "open.pem", pem(ED25519), 0o444), credential=True
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no private key"),
        (b"not a key", "no private key"),
        (pem(ED25519)[:60], "no private key"),
        (
            ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "no private key",
        ),
        (pem(RSA, BestAvailableEncryption(b"secret")), "encrypted"),
        (pem(ANY_KEY[2]), "neither an RSA nor an Ed25519 key"),
        (b"x" * (LARGEST_FILE + 1), "larger than any key file"),
    ],
    ids=["empty", "prose", "cut", "public", "encrypted", "other", "huge"],
)
def test_a_file_without_a_usable_key_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    assert why in refusal(put(tmp_path / "key.pem", data))


def test_an_rsa_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    weak = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - the point: it is refused

    assert "1024 bits" in refusal(put(tmp_path / "key.pem", pem(weak)))


@given(st.binary(max_size=400))
def test_no_file_content_is_worse_than_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = put(tmp_path_factory.mktemp("key") / "key.pem", data)

    message = refusal(path)

    assert len(message) < 300 + len(path)
