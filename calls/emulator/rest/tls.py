"""A certificate of our own making, for the machine that the local Vonage runs on."""

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID = timedelta(days=365)
NAMES = ("localhost", "127.0.0.1", "::1")


def context(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """Give what serves with the certificate, and the file that clients have to trust. Both are kept in the folder.

    It is good for this machine, and for the names and addresses given. Raises OSError where the folder cannot be
    written, ValueError for a name that is none.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    wanted = [_name(name) for name in dict.fromkeys((*NAMES, *filter(None, names)))]
    if not (certificate.exists() and key.exists() and _is_good(certificate, wanted)):
        _make(certificate, key, wanted)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        served.load_cert_chain(certificate, key)
    except ssl.SSLError:  # the key is no key, or another's
        _make(certificate, key, wanted)
        served.load_cert_chain(certificate, key)
    return served, certificate


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_good(certificate: Path, wanted: list[x509.GeneralName]) -> bool:
    """Whether it can be read, has the names, and is good for a day at least."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return found.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1) and set(wanted) <= set(names)


def _make(certificate: Path, key: Path, names: list[x509.GeneralName]) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A local Vonage")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    key.parent.mkdir(parents=True, exist_ok=True)
    pem = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
