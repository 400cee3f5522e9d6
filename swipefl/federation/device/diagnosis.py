"""Why no call gets through, where that can never pass: gRPC calls all of it unavailable.

A connection of our own, the way that gRPC goes, finds it out. It tells nothing of this device but the certificate that
TLS may ask for, and says no more than the first words of HTTP/2.
"""

import os
import pkgutil
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from swipefl.errors import Remedy, UsageError
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.protocol.address import Address

PATIENCE_S = 3.0  # for each answer
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # HTTP/2, and empty SETTINGS
_SETTINGS = re.compile(rb"...\x04.\x00\x00\x00\x00", re.DOTALL)  # how everybody who speaks HTTP/2 begins
_FRAME_HEAD = 9
_NOT_YET_VALID, _EXPIRED, _OTHER_NAMES = 9, 10, (62, 63, 64)  # OpenSSL's X509_V_ERR_*
_UNKNOWN_AUTHORITIES = (2, 18, 19, 20, 21, 24, 27, 79)
_MOST_NAMES = 5


@dataclass(frozen=True)
class Seen:
    """What answers at an address: does anybody, is it what is wanted (else the `fault`), and by which certificates.

    `why` says in a few words what keeps anybody from answering; `chain` begins with the one of the coordinator, and is
    empty without TLS.
    """

    answers: bool
    fault: UsageError | None = None
    why: str = ""
    chain: tuple[x509.Certificate, ...] = ()


def seen(endpoint: Endpoint) -> Seen:
    """What a connection finds there. Takes seconds."""
    chain: tuple[x509.Certificate, ...] = ()
    with suppress(OSError, ValueError, UsageError):
        chain = _chain(endpoint) if endpoint.is_secure else ()
    try:
        _look(endpoint)
    except UsageError as error:
        return Seen(True, error, chain=chain)
    except TimeoutError:
        return Seen(False, why="no answer in time", chain=chain)
    except OSError as error:
        return Seen(False, why=(error.strerror or type(error).__name__).lower(), chain=chain)
    except ValueError:
        return Seen(True, why="its certificate is beyond understanding", chain=chain)
    return Seen(True, chain=chain)


def fault_of(endpoint: Endpoint) -> UsageError | None:
    """Why no coordinator can ever be spoken to like this; None where nothing is wrong or it may pass. Takes seconds."""
    try:
        _look(endpoint)
    except UsageError as error:
        return error
    except (OSError, ValueError):  # nobody is there, or cuts, or takes too long; a certificate beyond understanding
        pass
    return None


def _look(endpoint: Endpoint) -> None:
    """Raises UsageError for what never passes; OSError and ValueError."""
    if endpoint.is_secure:
        _look_over_tls(endpoint)
    else:
        _look_without_tls(endpoint)


def other_host(endpoint: Endpoint) -> UsageError:
    """The error for a certificate that is for another host. Takes seconds."""
    names = "others"
    with suppress(OSError, ValueError, UsageError):
        names = names_of(_certificate(endpoint))
    other = "the certificate of {address} is another host's: it is for {names}"
    return UsageError("other-host", other, Remedy.CHECK_ADDRESS, address=endpoint.where, names=names)


def not_a_coordinator(where: str, what: str) -> UsageError:
    """The error for an address where something else answers."""
    another = "what answers at {address} is no coordinator of swipefl but {what}"
    return UsageError("not-a-coordinator", another, Remedy.CHECK_ADDRESS, address=where, what=what)


def _look_over_tls(endpoint: Endpoint) -> None:
    try:
        with _handshake(endpoint, _trusting(endpoint)) as tls:
            said = _first_words(tls)
    except ssl.SSLCertVerificationError as error:
        raise _fault_of_certificate(endpoint, error) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return
    except ssl.SSLError as error:
        if "ALERT" in (reason := error.reason or ""):
            raise _fault_of_alert(endpoint, reason.partition("ALERT_")[2].lower().replace("_", " ")) from error
        _look_beside_tls(endpoint)
        return
    if said and not _SETTINGS.match(said):
        raise not_a_coordinator(endpoint.where, _named(said))
    if not said and _ends_older_tls(endpoint):
        raise _fault_of_own(endpoint, "without a word")


def _look_beside_tls(endpoint: Endpoint) -> None:
    """What answers TLS in another language."""
    with _connected(endpoint) as connection:
        said = _first_words(connection)
    if _SETTINGS.match(said):
        raise UsageError("no-tls-there", "no TLS is spoken at {address}", Remedy.WITHOUT_TLS, address=endpoint.where)
    if said:
        raise not_a_coordinator(endpoint.where, _named(said))


def _ends_older_tls(endpoint: Endpoint) -> bool:
    """Whether TLS 1.2 is ended in its handshake: there a client shows its certificate before it hears of success.

    In TLS 1.3 that comes after, and gRPC closes without a word where it wants another or any.
    """
    context = _trusting(endpoint)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with _handshake(endpoint, context):
            return False
    except ssl.SSLError:
        return True


def _fault_of_alert(endpoint: Endpoint, why: str) -> UsageError:
    """What a server ends TLS for."""
    if "certificate" in why or "unknown ca" in why:
        return _fault_of_own(endpoint, why)
    ends = "the TLS handshake is ended by {address} ({why})"
    return UsageError("no-common-tls", ends, Remedy.ASK_OWNER, address=endpoint.where, why=why)


def _fault_of_own(endpoint: Endpoint, why: str) -> UsageError:
    """This device's certificate is not the one that is wanted."""
    if endpoint.certificate is None:
        wanted = "a certificate of this device is asked for by {address}, and none is set"
        return UsageError("certificate-wanted", wanted, Remedy.SET_CERTIFICATE, address=endpoint.where)
    until = x509.load_pem_x509_certificate(endpoint.certificate).not_valid_after_utc
    if until < datetime.now(UTC):
        why = f"it expired on {_moment(until)}"
    refused = "this device's certificate is refused by {address} ({why})"
    return UsageError("certificate-refused", refused, Remedy.CHANGE_CERTIFICATE, address=endpoint.where, why=why)


def _look_without_tls(endpoint: Endpoint) -> None:
    with _connected(endpoint) as connection:
        said = _first_words(connection)
    if _SETTINGS.match(said):
        return
    if _speaks_tls(endpoint):
        raise UsageError("tls-there", "only TLS is spoken at {address}", Remedy.WITH_TLS, address=endpoint.where)
    if said:
        raise not_a_coordinator(endpoint.where, _named(said))


def _speaks_tls(endpoint: Endpoint) -> bool:
    try:
        with _handshake(endpoint, _blind()):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


@contextmanager
def _connected(endpoint: Endpoint) -> Iterator[socket.socket]:
    """A connection. Raises OSError, UsageError where a proxy will never let it through."""
    address, proxy = Address.parse(endpoint.address), endpoint.proxy()
    if proxy is None:
        with socket.create_connection((address.host, address.port), PATIENCE_S) as connection:
            yield connection
        return
    connection, status = proxy.connected(address, PATIENCE_S)
    with connection:
        if status != 200 and may_never_pass(status):
            refuses = "the proxy {proxy} lets nothing through to {address} (HTTP status {status})"
            facts = {"proxy": proxy, "address": address, "status": status}
            raise UsageError("proxy-refuses", refuses, Remedy.CHECK_PROXY, **facts)
        if status != 200:
            raise ConnectionError
        yield connection


def may_never_pass(status: int) -> bool:
    """Whether the same HTTP request will always be answered like this: too soon, too many and 5xx may pass."""
    return status < 500 and status not in (0, 408, 425, 429)


@contextmanager
def _handshake(endpoint: Endpoint, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """A connection over TLS. Raises OSError, ssl.SSLError among them."""
    name = Address.parse(endpoint.address).host.partition("%")[0]
    with _connected(endpoint) as connection, context.wrap_socket(connection, server_hostname=name) as tls:
        yield tls


def _trusting(endpoint: Endpoint) -> ssl.SSLContext:
    """TLS that trusts whom gRPC trusts: not what Python or the system does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_TRUSTED_FIRST
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # BoringSSL has opinions of its own
    context.set_alpn_protocols(["h2"])
    context.load_verify_locations(cadata=(endpoint.ca or _roots()).decode("ascii", "ignore"))
    if endpoint.certificate and endpoint.key:
        _show(context, endpoint.certificate + endpoint.key)
    return context


def _blind() -> ssl.SSLContext:
    """TLS that trusts anybody, and is told nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    return context


def _roots() -> bytes:
    """The authorities that gRPC trusts where it is told none."""
    with suppress(OSError, KeyError):
        return Path(os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]).read_bytes()
    return pkgutil.get_data("grpc", "_cython/_credentials/roots.pem") or b""


def _show(context: ssl.SSLContext, certificate_and_key: bytes) -> None:
    """Lets TLS show the device's certificate. Python reads it from files only: from one that is on no disk."""
    if not hasattr(os, "memfd_create"):
        raise OSError("no file without a disk")
    with open(os.memfd_create("certificate"), "w+b") as file:
        file.write(certificate_and_key)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")


def _first_words(connection: socket.socket) -> bytes:
    """What answers a greeting of HTTP/2, b"" where it hangs up. Raises OSError where nothing comes, ssl.SSLError."""
    said = b""
    try:
        connection.sendall(_HELLO)
        while len(said) < _FRAME_HEAD and (more := connection.recv(64)):
            said += more
    except (ssl.SSLError, TimeoutError):
        if not said:
            raise
    except ConnectionError:  # what was said before counts
        pass
    return said


def _named(said: bytes) -> str:
    """Who speaks like that."""
    if said.startswith(b"HTTP/"):
        return "a web server"
    return "an SSH server" if said.startswith(b"SSH-") else "something else"


def _fault_of_certificate(endpoint: Endpoint, error: ssl.SSLCertVerificationError) -> UsageError:
    """What is wrong with the certificate that was shown. Raises OSError where it is shown no more."""
    where, code = endpoint.where, error.verify_code
    if code in (_NOT_YET_VALID, _EXPIRED):
        return _fault_of_dates(where, code, _certificate(endpoint), datetime.now(UTC))
    if code in _OTHER_NAMES:
        return other_host(endpoint)
    if code in _UNKNOWN_AUTHORITIES and endpoint.ca:
        other = "the certificate of {address} comes from another authority than the one that this device was given"
        return UsageError("other-authority", other, Remedy.GIVE_AUTHORITY, address=where)
    if code in _UNKNOWN_AUTHORITIES:
        unknown = "the certificate of {address} comes from an authority that is not known here"
        return UsageError("unknown-authority", unknown, Remedy.GIVE_AUTHORITY, address=where)
    unusable = "the certificate of {address} cannot be trusted ({why})"
    return UsageError("bad-certificate", unusable, Remedy.ASK_OWNER, address=where, why=error.verify_message)


@contextmanager
def _told_as_value_error() -> Iterator[None]:
    """What is odd with a certificate as ValueError, where the library has errors of its own for it."""
    try:
        yield
    except (
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
    ) as error:
        raise ValueError(*error.args[:1]) from error


@_told_as_value_error()
def _certificate(endpoint: Endpoint) -> x509.Certificate:
    """What is shown there, whatever it is worth. Raises OSError, ValueError."""
    with _handshake(endpoint, _blind()) as tls:
        return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")


@_told_as_value_error()
def _chain(endpoint: Endpoint) -> tuple[x509.Certificate, ...]:
    """All that is shown there, the coordinator's own first. Raises OSError, ValueError."""
    with _handshake(endpoint, _blind()) as tls:
        # public from Python 3.13 on, and until then under its own name
        shown = getattr(tls, "get_unverified_chain", None) or getattr(tls._sslobj, "get_unverified_chain", None)  # type: ignore[attr-defined]
        ders = [_der(each) for each in (shown() if shown else None) or [tls.getpeercert(binary_form=True)]]
    return tuple(x509.load_der_x509_certificate(each) for each in ders)


def _der(shown: Any) -> bytes:
    return bytes(shown if isinstance(shown, bytes) else ssl.PEM_cert_to_DER_cert(shown.public_bytes()))


def _fault_of_dates(where: str, code: int, shown: x509.Certificate, now: datetime) -> UsageError:
    """A certificate, or an authority that it comes from, out of its time: by a clock that may be what is wrong."""
    since, until = shown.not_valid_before_utc, shown.not_valid_after_utc
    facts = {"address": where, "since": _moment(since), "until": _moment(until), "clock": _moment(now)}
    if code == _NOT_YET_VALID:
        early = "this device's clock says {clock}, before the certificate of {address} or its authority is valid"
        return UsageError("early-certificate", early, Remedy.SET_CLOCK, **facts)
    if until < now:
        expired = "the certificate of {address} expired on {until}, and this device's clock says {clock}"
        return UsageError("expired-certificate", expired, Remedy.RENEW_OR_SET_CLOCK, **facts)
    expired = "the authority of the certificate of {address} has expired, by this device's clock, which says {clock}"
    return UsageError("expired-authority", expired, Remedy.RENEW_OR_SET_CLOCK, **facts)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


@_told_as_value_error()
def names_of(shown: x509.Certificate) -> str:
    """For whom a certificate is; anybody may have written it. Raises ValueError."""
    texts = [str(name.value) for name in shown.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    with suppress(x509.ExtensionNotFound):
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        texts = [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]
    safe = [re.sub(r"[^A-Za-z0-9.:*_-]", "?", text)[:80] for text in texts[:_MOST_NAMES]]
    return ", ".join(safe) + (" and others" if len(texts) > _MOST_NAMES else "") or "no host"
