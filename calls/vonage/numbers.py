"""Who is calling: telephone numbers as people read them, and what else Vonage writes in `from` and `to`.

Both are free text: E.164 digits without "+", a SIP URI, an app user's name, a word for a hidden caller, or nothing.
"""

import json
import unicodedata
from functools import cache, lru_cache
from importlib import resources

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

HIDDEN = {"", "unknown", "anonymous", "restricted", "private", "unavailable", "withheld"}  # the word is the carrier's
WITHHELD = "Withheld"
NOT_TOLD = "Not told"

HIDES = {"Cf", "Cc", "Cs", "Zl", "Zp"}  # categories of characters that don't show, or turn the text around
JOINERS = "\u200c\u200d"  # Persian and Indic names are written with them

BETWEEN_DIGITS = str.maketrans("", "", " \u00a0-./()")
# What comes along when a number is copied from an address book: directions, and hyphens that don't break.
COPIED_ALONG = str.maketrans("", "", "\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2068\u2069\u2010\u2011\u2013")

MOST_LETTERS = 255  # of a SIP address

# Where the table that comes with the time zones is short or unusual.
OTHER_NAMES = {
    "AC": "Ascension Island",
    "GB": "United Kingdom",
    "KP": "North Korea",
    "KR": "South Korea",
    "TA": "Tristan da Cunha",
    "XK": "Kosovo",
}


def is_hidden(party: str) -> bool:
    """Say whether the caller's number was not sent: by a word for that or, over SIP, by an address without a name."""
    text = party.strip().lower()
    return text in HIDDEN or text.removeprefix("sips:").removeprefix("sip:").startswith("anonymous@")


def identity(party: str) -> str:
    """Give the one spelling by which a party is known, however it comes: "442079460010", "sip:anna@example.com".

    "" for whoever can't be told from others: a hidden caller, or one who sends but a name.
    """
    if len(party) > 2 * MOST_LETTERS or is_hidden(party):
        return ""
    address = _sip(party) if "@" in party or party.lstrip()[:4].lower().startswith("sip") else ""
    if address:
        return address
    digits = written(party)
    return digits if digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 15 else ""


def written(text: str) -> str:
    """Read a number as `typed` does, also as address books spell it: "0044 20…", "+44 (0)20…"."""
    text = unicodedata.normalize("NFKC", text[: 2 * MOST_LETTERS]).translate(COPIED_ALONG)
    return typed(text.replace("(0)", "")).removeprefix("00")


def _sip(text: str) -> str:
    """Give "sip:anna@example.com" for any spelling of it, without display name, password, port and parameters."""
    inner = text.partition("<")[2].partition(">")[0] or text
    scheme, colon, rest = inner.strip().lower().partition(":")
    rest = rest if colon and scheme in {"sip", "sips"} else inner.strip().lower()
    user, at, host = rest.partition(";")[0].partition("?")[0].rpartition("@")
    user, host = user.partition(":")[0], host.partition(":")[0]
    found = f"sip:{user}@{host}"
    fit = at and user and host and len(found) <= MOST_LETTERS and found.isprintable() and not set(found) & set(' <>"')
    return found if fit else ""


def shown(party: str) -> str:
    """Spell a caller for people: "442079460010" as "+44 20 7946 0010". What is no number stays as it is, but for
    characters that would not show or would turn it round: they are spelt out.
    """
    return WITHHELD if is_hidden(party) else _spelt(party)


def shown_called(party: str) -> str:
    """Spell who was called. Nobody withholds that: where it is missing, it was not told."""
    return _spelt(party) or NOT_TOLD


def visible(text: str, but: str = "") -> str:
    """Spell out what would not show or would turn the text around: bidi marks, zero-width and control characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        json.dumps(letter)[1:-1] if unicodedata.category(letter) in HIDES and letter not in but else letter
        for letter in text
    )


@lru_cache(maxsize=4096)
def _spelt(party: str) -> str:
    number = _parse(party)
    if number:
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    return visible(party.strip(), but=JOINERS)


@lru_cache(maxsize=4096)
def country(party: str) -> str:
    """Name the country of a number, "" where there is none. Of a shared code and an unused range: its main country."""
    number = _parse(party)
    if not number or not number.country_code:
        return ""
    region = phonenumbers.region_code_for_number(number)
    return _country_names().get(region or phonenumbers.region_code_for_country_code(number.country_code), "")


def typed(text: str) -> str:
    """Read a number as people write it, "+44 (20) 7946-0010": "442079460010". Anything else stays for a validator."""
    return text.strip().removeprefix("+").translate(BETWEEN_DIGITS)


@lru_cache(maxsize=4096)
def dialable(party: str) -> str:
    """Give what a `tel:` link takes, "+442079460010", or "" for what cannot be dialled."""
    number = _parse(party)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else ""


def _parse(party: str) -> PhoneNumber | None:
    digits = party.strip().removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        return None
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


@cache
def _country_names() -> dict[str, str]:
    """Read ISO 3166's names, which the tzdata package brings along."""
    table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[0]: row[1] for row in rows} | OTHER_NAMES
