"""The file that says which applications the local Vonage knows, and what called parties do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from calls.emulator.application import Application
from calls.emulator.people import Callees, Person
from calls.emulator.reading import BadFile, mapping, read_yaml, seconds, text
from calls.emulator.scenario import EVERYBODY, number, read_callees

URLS = ("answer_url", "event_url", "fallback_url")
METHODS = ("answer_method", "event_method", "fallback_method")
SECONDS = ("connect_seconds", "answer_seconds", "event_seconds", "fallback_seconds")
TEXTS = ("name", "application_id", "secret", "api_key", "api_secret", "public_key", "private_key")
KNOWN = (*TEXTS, "numbers", *URLS, *METHODS, *SECONDS, "signed_callbacks")


def load(path: Path) -> tuple[list[Application], Callees]:
    """Read the file. Raises BadFile."""
    given = mapping(read_yaml(path), str(path), ("applications", "callees"))
    listed = given.get("applications")
    if not isinstance(listed, list) or not listed:
        raise BadFile(f"{path}: applications has to be a list of one or more.")
    found = [_application(one, f"{path}: application {index}", path) for index, one in enumerate(listed, 1)]
    ids = [one.application_id for one in found]
    if len(set(ids)) < len(ids):
        raise BadFile(f"{path}: two applications have the same application_id.")
    callees = read_callees(given.get("callees", {}), f"{path}: callees")
    return found, Callees(callees.pop(EVERYBODY, Person(answer="phone")), callees)


def public_key_of(private_key: str, where: str = "The private key") -> str:
    """Give the public key of a private one, both PEM. Raises BadFile."""
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        raise BadFile(f"{where} is no private key without a password, in PEM.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadFile(f"{where} is no RSA key.")
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def is_public_key(pem: str) -> bool:
    """Whether it can check the tokens of an application."""
    try:
        return isinstance(serialization.load_pem_public_key(pem.encode()), rsa.RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        return False


def new_key_pair() -> tuple[str, str]:
    """Make a private key and its public one, both PEM. It takes a moment."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return pem, public_key_of(pem)


def _application(value: Any, where: str, path: Path) -> Application:
    given = mapping(value, where, KNOWN)
    fields: dict[str, Any] = {name: text(given[name], f"{where}: {name}") for name in TEXTS if name in given}
    for name in URLS:
        if name in given:
            fields[name] = _url(given[name], f"{where}: {name}")
    for name in METHODS:
        if name in given:
            fields[name] = _method(given[name], f"{where}: {name}")
    fields |= {name: seconds(given[name], f"{where}: {name}") for name in SECONDS if name in given}
    fields["numbers"] = _numbers(given, where)
    private_key = _pem(fields.pop("private_key", ""), where, path)
    fields["public_key"] = _pem(fields.get("public_key", ""), where, path)
    if fields["public_key"] and not is_public_key(fields["public_key"]):
        raise BadFile(f"{where}: public_key is no RSA public key in PEM.")
    if private_key and not fields["public_key"]:
        fields["public_key"] = public_key_of(private_key, f"{where}: private_key")
    if "signed_callbacks" in given:
        fields["signed_callbacks"] = _flag(given["signed_callbacks"], f"{where}: signed_callbacks")
    return Application(**fields)


def _url(value: Any, where: str) -> str:
    url = text(value, where)
    try:
        good = urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except ValueError:
        good = False
    if not good:
        raise BadFile(f"{where} has to be a URL such as http://127.0.0.1:3000/answer.")
    return url


def _method(value: Any, where: str) -> str:
    if value not in {"GET", "POST"}:
        raise BadFile(f"{where} has to be GET or POST.")
    return str(value)


def _numbers(given: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    """Read the numbers that are linked; where nothing is said, any number is."""
    listed = given.get("numbers")
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise BadFile(f"{where}: numbers has to be a list.")
    return tuple(number(text(one, f"{where}: numbers")) for one in listed)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadFile(f"{where} has to be true or false.")
    return value


def _pem(value: str, where: str, path: Path) -> str:
    """A key is PEM text, or the name of a file beside this one."""
    if not value or "-----BEGIN" in value:
        return value
    try:
        return (path.parent / value).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadFile(f"{where}: the key file {value} cannot be read.") from None
