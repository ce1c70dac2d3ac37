"""The private key: read once from a file that is safe, kept where nothing can print it.

Rules of the file: reference ``reliability.md`` section 6.2. Algorithms: reference
``kalshi.md`` section 1 (RSA-PSS over SHA-256 with a salt of 32 bytes, or Ed25519,
told apart by the key itself).
"""

import base64
import errno
import os
import stat
from typing import Final, Literal, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from typing_extensions import override

from actors.exchange.errors import KeyRefused
from actors.runtime.secret import keep

Algorithm = Literal["rsa", "ed25519"]

LARGEST_FILE: Final = 64 * 1024
SMALLEST_RSA_BITS: Final = 2048

_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_PSS: Final = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)


class SigningKey:
    """A private key that can sign requests and do nothing else.

    It prints as nothing, and cannot be pickled or copied: a key in a log, a dump
    or a traceback is a key lost.
    """

    __slots__ = ("__key", "algorithm")

    def __init__(self, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> None:
        self.__key = key
        self.algorithm: Algorithm = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ed25519"

    def sign(self, ts_ms: int, method: str, path: str) -> str:
        """Return the signature of a request, in standard base64.

        What is signed is the timestamp, the method and the path from the API's
        root on; a query is no part of it, nor is the body. An RSA signature takes
        some 300 microseconds: never on the way of an order.
        """
        text = f"{ts_ms}{method}{path.partition('?')[0]}".encode()
        if isinstance(self.__key, rsa.RSAPrivateKey):
            signature = self.__key.sign(text, _PSS, SHA256())
        else:
            signature = self.__key.sign(text)
        return base64.b64encode(signature).decode("ascii")

    @override
    def __repr__(self) -> str:
        return "SigningKey([redacted])"

    @override
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a private key is neither copied nor pickled")


def load_key(path: str, *, credential: bool = False) -> SigningKey:
    """Read the private key in ``path``, or say in one line why it must not be used.

    Args:
        path: A PEM file, not encrypted. It has to be a regular file and no link,
            ours, and closed to everybody else.
        credential: The file is one that systemd handed to this service
            (``$CREDENTIALS_DIRECTORY``): there the manager owns it, may let our
            group read it, and answers for it.

    Raises:
        KeyRefused: Anything is wrong with the file or the key in it.
    """
    data = _read(path, credential=credential)
    # Whoever prints a line of it by mistake prints nothing.
    keep(data.decode("ascii", "replace"))
    return _parse(path, data)


def _read(path: str, *, credential: bool) -> bytes:
    # Not following links, nor waiting for the other end of a pipe.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyRefused(f"{path}: is a symbolic link; name the key file itself") from error
        raise KeyRefused(f"{path}: {error.strerror}") from error
    try:
        _check(path, os.fstat(descriptor), credential=credential)
        data = bytearray()
        while len(data) <= LARGEST_FILE:
            piece = os.read(descriptor, LARGEST_FILE + 1 - len(data))
            if not piece:
                break
            data += piece
    except OSError as error:
        raise KeyRefused(f"{path}: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(data) > LARGEST_FILE:
        raise KeyRefused(f"{path}: larger than any key file ({LARGEST_FILE} bytes)")
    return bytes(data)


def _check(path: str, status: os.stat_result, *, credential: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyRefused(f"{path}: is not a regular file")
    us, mode = os.geteuid(), stat.S_IMODE(status.st_mode)
    if credential:
        if status.st_uid not in {0, us}:
            raise KeyRefused(f"{path}: belongs to user {status.st_uid}, not to root or to us")
        if mode & stat.S_IRWXO or mode & stat.S_IWGRP:
            raise KeyRefused(f"{path}: mode {mode:04o} opens a credential to others")
        return
    if status.st_uid != us:
        raise KeyRefused(f"{path}: belongs to user {status.st_uid}, and we are user {us}")
    if mode & _FOR_OTHERS:
        raise KeyRefused(f"{path}: mode {mode:04o} lets others in; run: chmod 600 {path}")


def _parse(path: str, data: bytes) -> SigningKey:
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:
        raise KeyRefused(f"{path}: the key is encrypted; keep it without a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        # The library's own words may quote the file, so they are not passed on.
        raise KeyRefused(f"{path}: no private key in PEM format") from error
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < SMALLEST_RSA_BITS:
            raise KeyRefused(f"{path}: RSA of {key.key_size} bits, less than {SMALLEST_RSA_BITS}")
    elif not isinstance(key, ed25519.Ed25519PrivateKey):
        raise KeyRefused(f"{path}: neither an RSA nor an Ed25519 key")
    return SigningKey(key)
