"""TLS: whom we trust, what we prove ourselves with, and the wire that runs under it."""

import ssl
from contextlib import suppress

import trio
from typing_extensions import override

from actors.runtime.wire import RECEIVE_BYTES, Connected, SocketWire


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """Return what a client checks a server with: its chain, its dates and its name.

    Args:
        ca_file: PEM file of the one authority to trust; ``None`` for the system's.

    Raises:
        OSError: The file cannot be read, or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise OSError(f"no authority to trust in {ca_file!r}: {error}") from error
    context.set_alpn_protocols(["http/1.1"])
    return _hardened(context)


def proving(certificate_file: str, key_file: str) -> ssl.SSLContext:
    """Return what a server proves itself with.

    Args:
        certificate_file: PEM file of the certificate and its chain.
        key_file: PEM file of its key.

    Raises:
        OSError: One of them cannot be read, or they do not fit each other.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # Nobody resumes a session here, and a ticket that the client has not read
    # when it closes turns its goodbye into a reset.
    context.num_tickets = 0
    try:
        context.load_cert_chain(certificate_file, key_file)
    except OSError as error:
        raise OSError(f"cannot use certificate {certificate_file!r}: {error}") from error
    return _hardened(context)


def _hardened(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A write must never wait for a read (``TlsWire``); only renegotiation could ask for that.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


class TlsWire(SocketWire):
    """One TCP connection under TLS, as client or as server.

    OpenSSL works on two buffers in memory and never sees the socket, so that
    encrypting and sending are one step without a wait. Reading may give birth to
    bytes that must leave (alerts, answers to a key update); they join the same
    queue. A peer that ends the connection without saying so in TLS has ended it:
    HTTP and WebSocket notice a cut by themselves.
    """

    __slots__ = ("_damage", "_ended", "_incoming", "_outgoing", "_shaken", "_tls")

    def __init__(
        self,
        raw: Connected,
        context: ssl.SSLContext,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
    ) -> None:
        """Take over ``raw``; nothing is sent before ``handshake``."""
        super().__init__(raw)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_side,
            server_hostname=server_hostname,
        )
        self._shaken = False
        self._ended = False
        self._damage: ssl.SSLError | None = None

    async def handshake(self) -> None:
        """Agree on keys and prove who the server is. To be called once, before all else.

        Raises:
            ssl.SSLError: They could not agree, or the certificate is not to be trusted.
            trio.BrokenResourceError: The connection went away.
        """
        with self._sender():
            while not self._shaken:
                try:
                    self._tls.do_handshake()
                    self._shaken = True
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    # The alert tells the peer why; whether it arrives is not our concern.
                    with suppress(trio.BrokenResourceError):
                        self._offer(self._outgoing.read())
                    self._fault = trio.BrokenResourceError
                    raise
                await self._drain(self._outgoing.read())
                if not self._shaken:
                    self._feed((await self._read(RECEIVE_BYTES))[0])

    @override
    def send_now(self, data: bytes) -> int:
        if self._sending or self._fault:
            self._refuse()
        return self._offer(self._encode(data))

    @override
    def _encode(self, data: bytes) -> bytes:
        if not self._shaken:
            raise RuntimeError("handshake first")
        if not data:  # OpenSSL would take an empty write for an error
            return b""
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise self._break(error) from error
        return self._outgoing.read()

    @override
    async def _receive(self, limit: int) -> bytes:
        waited = False
        while (data := self._decode(limit)) is None:
            encoded, slept = await self._read(RECEIVE_BYTES)
            waited = waited or slept
            self._feed(encoded)
        if not waited:
            await trio.lowlevel.cancel_shielded_checkpoint()
        return data

    @override
    def has_unread(self) -> bool:
        return self._incoming.pending > 0 or self._tls.pending() > 0 or super().has_unread()

    def _feed(self, encoded: bytes) -> None:
        if encoded:
            self._incoming.write(encoded)
        else:
            self._incoming.write_eof()

    def _decode(self, limit: int) -> bytes | None:
        """Return plain bytes, nothing at the end, ``None`` when more must come first."""
        if self._damage:
            raise trio.BrokenResourceError("TLS was broken before") from self._damage
        if self._ended:
            return b""
        try:
            data = self._tls.read(limit)
        except ssl.SSLWantReadError:
            data = None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            data = b""
        except ssl.SSLError as error:
            self._answer()
            self._damage = error
            raise self._break(error) from error
        self._answer()
        self._ended = data == b""
        return data

    def _answer(self) -> None:
        """Let out what reading made OpenSSL want to say, behind all that was said before.

        Right even while another task sends: that one looks at the queue anew
        whenever it wakes up.
        """
        encoded = self._outgoing.read()
        if encoded and not self._fault:
            with suppress(trio.BrokenResourceError):  # the next send or receive will tell
                self._offer(encoded)

    @override
    def _farewell(self) -> bytes:
        if self._shaken:
            # It also asks for the peer's goodbye, for which nobody here will wait.
            with suppress(ssl.SSLError):
                self._tls.unwrap()
        return self._outgoing.read()
