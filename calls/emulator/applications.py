"""The file that says which applications the local Vonage knows, and what called parties do."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization

from calls.emulator.application import Application
from calls.emulator.people import Callees
from calls.emulator.reading import BadFile, mapping, read_yaml, seconds, text
from calls.emulator.scenario import EVERYBODY, number, read_callees

URLS = ("answer_url", "event_url", "fallback_url")
METHODS = ("answer_method", "event_method", "fallback_method")
SECONDS = ("connect_seconds", "answer_seconds", "event_seconds", "fallback_seconds")
TEXTS = ("name", "application_id", "secret", "api_key", "api_secret", "public_key", "private_key")
KNOWN = (*TEXTS, "numbers", *URLS, *METHODS, *SECONDS)


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
    return found, Callees(callees.pop(EVERYBODY, None), callees)


def public_key_of(private_key: str, where: str = "The private key") -> str:
    """Give the public key of a private one, both PEM. Raises BadFile."""
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        raise BadFile(f"{where} is no private key without a password, in PEM.") from None
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


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
    if private_key and not fields["public_key"]:
        fields["public_key"] = public_key_of(private_key, f"{where}: private_key")
    names = {one.name for one in dataclasses.fields(Application)}
    return Application(**{name: value for name, value in fields.items() if name in names})


def _url(value: Any, where: str) -> str:
    url = text(value, where)
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise BadFile(f"{where} has to be a URL such as http://127.0.0.1:3000/answer.")
    return url


def _method(value: Any, where: str) -> str:
    if value not in {"GET", "POST"}:
        raise BadFile(f"{where} has to be GET or POST.")
    return str(value)


def _numbers(given: Mapping[str, Any], where: str) -> tuple[str, ...]:
    listed = given.get("numbers", [])
    if not isinstance(listed, list):
        raise BadFile(f"{where}: numbers has to be a list.")
    return tuple(number(text(one, f"{where}: numbers")) for one in listed)


def _pem(value: str, where: str, path: Path) -> str:
    """A key is PEM text, or the name of a file beside this one."""
    if not value or "-----BEGIN" in value:
        return value
    try:
        return (path.parent / value).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadFile(f"{where}: the key file {value} cannot be read.") from None
