"""Where a recording may be fetched from. Pure: addresses in, verdicts out.

A `recording_url` comes in a webhook, and a token goes to where it points: so it counts only with https and a name of
the platform's, at an address of the public internet. A local Vonage's counts at its very host and port alone.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from calls.vonage.events import text_of

PLATFORM_DOMAINS = (".vonage.com", ".nexmo.com")
MOST_CHARACTERS = 2_000
PRINTABLE = re.compile(r"[!-~]+")
HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
# Networks whose addresses stand for an IPv4 address, and where in them it stands.
NAT64, SIX_TO_FOUR = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16")

SOUNDS = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg"}
OTHER_NAMES = {
    "audio/mp3": "audio/mpeg",
    "audio/mpeg3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
}


class NotAllowed(ValueError):
    """Nothing is fetched from there. The text is a sentence that says why."""


@dataclass(frozen=True)
class Place:
    """Where a file lies: all that is needed to ask for it."""

    scheme: str
    host: str
    port: int
    path: str  # with the query
    local: bool = False

    def __str__(self) -> str:
        usual = self.port == {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{self.host}{'' if usual else f':{self.port}'}"


def place_of(url: str, *, local: str = "") -> Place:
    """Read the URL of a recording. `local` is the base URL of a local Vonage where that is used. Raises NotAllowed."""
    if not PRINTABLE.fullmatch(url) or "\\" in url or len(url) > MOST_CHARACTERS:
        raise NotAllowed("The address of the recording is none.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise NotAllowed("The address of the recording is none.") from None
    if "@" in parts.netloc or "%" in parts.netloc:
        raise NotAllowed("The address of the recording hides its host behind a name or an escape.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if local:
        ours = urlsplit(local)
        if (parts.scheme, host, port or _usual(parts.scheme)) != (
            ours.scheme,
            (ours.hostname or "").lower(),
            ours.port or _usual(ours.scheme),
        ):
            raise NotAllowed(
                f"The recording is not at {ours.scheme}://{ours.netloc}, the local Vonage. "
                "What “ring” records by itself is gone when it ends: ring with --through."
            )
        return Place(parts.scheme, host, port or _usual(parts.scheme), path, local=True)
    if parts.scheme != "https":
        raise NotAllowed("The recording is not to be had over https.")
    if not HOST.fullmatch(host) or not host.endswith(PLATFORM_DOMAINS):
        raise NotAllowed(f"The recording is not at a host of Vonage: {host[:80] or 'it names none'}.")
    if port not in {None, 443}:
        raise NotAllowed(f"The recording is at an unusual port: {port}.")
    return Place("https", host, 443, path)


def _usual(scheme: str) -> int:
    return {"https": 443, "http": 80}.get(scheme, 0)


def addresses_for(place: Place, found: Iterable[str]) -> list[str]:
    """Give the addresses that the host's name stands for. All have to be public ones. Raises NotAllowed."""
    addresses = list(found)
    if not addresses:
        raise NotAllowed(f"{place.host} has no address.")
    if not place.local and not all(map(is_public, addresses)):
        raise NotAllowed(f"The name {place.host} leads to an address that is not public.")
    return list(dict.fromkeys(addresses))


def is_public(address: str) -> bool:
    """Whether it is an address of the public internet, itself and what it may stand for."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # also one with a zone, "fe80::1%eth0"
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.teredo:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def sound_of(content_type: str, beginning: bytes) -> str:
    """Give the kind of sound that a file is: what it says it is has to be what it begins as. Raises NotAllowed."""
    said = content_type.partition(";")[0].strip().lower()
    kind = OTHER_NAMES.get(said, said)
    if kind not in SOUNDS:
        raise NotAllowed(f"What came is no recording but {said[:60] or 'of no named kind'}.")
    if _kind_by_content(beginning) != kind:
        raise NotAllowed(f"What came says that it is {said[:60]}, and is not.")
    return kind


def _kind_by_content(beginning: bytes) -> str:
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WAVE":
        return "audio/wav"
    if beginning[:4] == b"OggS":
        return "audio/ogg"
    frame = len(beginning) > 1 and beginning[0] == 0xFF and beginning[1] & 0xE0 == 0xE0
    return "audio/mpeg" if beginning[:3] == b"ID3" or frame else ""


def recording_url_of(payload: Any) -> str:
    """Give the address that an event names: of a record event, or of what was said to an `input` with saveAudio."""
    if not isinstance(payload, dict):
        return ""
    speech = payload.get("speech")
    named = payload.get("recording_url") or (speech.get("recording_url") if isinstance(speech, dict) else None)
    return text_of(named, MOST_CHARACTERS + 1)
