"""Whom we trust on the network, and what we prove ourselves with: the two TLS contexts."""

import ssl


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
