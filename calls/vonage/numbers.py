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
    """Say whether the caller's number was not sent."""
    return party.strip().lower() in HIDDEN


@lru_cache(maxsize=4096)
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
