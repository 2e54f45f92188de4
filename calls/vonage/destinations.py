"""Where a call may go: which country a number is in, and what kind it is. Pure: numbers and rules in, reasons out.

Fraudsters let servers call numbers that they are paid for. A country code says little: +44 is Jersey as well, and +1 is
Jamaica. So the country is that of the number's own range, and a number of no known range is not called.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberType

# Ofcom keeps these for films and books: they belong to nobody, and demos use them.
DRAMA = re.compile(r"447700900\d{3}|44(113|114|115|116|117|118|121|131|141|151|161)496\d{4}|441632960\d{3}", re.ASCII)
BETWEEN = re.compile(r"[\s\-./()]")
NOWHERE = "001"  # what the library says of numbers of no country: satellites, ships, global networks
COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "a premium rate number",
    PhoneNumberType.SHARED_COST: "a number whose cost is shared",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, which may be put through anywhere",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.UAN: "a company's number, the cost of which is not known",
    PhoneNumberType.VOICEMAIL: "a number of voicemail",
}


@dataclass(frozen=True)
class Refusal:
    """Why a number is not called. `bad`: it is no number; `forbidden`: it is one, and it is not allowed."""

    kind: Literal["bad", "forbidden"]
    reason: str


@dataclass(frozen=True)
class Destination:
    """A number that can be called: E.164 digits without "+", and its country as ISO 3166 names it ("GB")."""

    number: str
    country: str


def digits_of(text: str) -> str:
    """Take away what people write between digits, and a plus before them."""
    return BETWEEN.sub("", text.strip()).removeprefix("+")


def read(text: str) -> Destination | Refusal:
    """Read a number as people write it, "+44 (7700) 900-456"."""
    if "@" in text or text.strip().lower().startswith(("sip:", "sips:", "tel:", "wss:", "ws:")):
        return Refusal("bad", f"“{_cut(text)}” is an address. Give a telephone number with its country code.")
    digits = digits_of(text)
    if not digits:
        return Refusal("bad", "Give the number to call, with its country code: 447700900456.")
    if not (digits.isascii() and digits.isdigit()):
        return Refusal("bad", f"“{_cut(text)}” is no telephone number. Give digits, with the country code.")
    if digits.startswith("0"):
        return Refusal("bad", f"“{_cut(text)}” has no country code. For a British number write 44 in place of the 0.")
    if len(digits) < 7:
        return Refusal("forbidden", f"{digits} is a short or an emergency number, which is not called from here.")
    if len(digits) > 15:
        return Refusal("bad", f"“{_cut(text)}” is too long: a number has 15 digits at most.")
    return _known(digits)


def refusal(destination: Destination, countries: Collection[str]) -> Refusal | None:
    """Say why a destination is not allowed by the list of countries. An empty list allows nobody."""
    if not countries:
        return Refusal("forbidden", "Calls out are switched off: OUTBOUND_COUNTRIES names no country.")
    if destination.country not in countries:
        allowed = ", ".join(sorted(countries))
        return Refusal(
            "forbidden",
            f"{destination.number} is in {destination.country}, and calls go to {allowed} only (OUTBOUND_COUNTRIES).",
        )
    return None


def _known(digits: str) -> Destination | Refusal:
    """Find the country, and refuse what costs more than a call to a person."""
    if DRAMA.fullmatch(digits):
        return Destination(digits, "GB")
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return Refusal("bad", f"{digits} begins with no country code.")
    region = phonenumbers.region_code_for_number(number)
    if region == NOWHERE or phonenumbers.region_code_for_country_code(number.country_code or 0) == NOWHERE:
        return Refusal("forbidden", f"{digits} is a satellite or global number, which is not called from here.")
    if not phonenumbers.is_possible_number(number):
        return Refusal("bad", f"{digits} is too short or too long for a number of its country.")
    if region is None or not phonenumbers.is_valid_number(number):
        return Refusal("forbidden", f"{digits} is in no range of numbers that is known, so it is not called.")
    kind = COSTLY.get(phonenumbers.number_type(number))
    if kind:
        return Refusal("forbidden", f"{digits} is {kind}. Such numbers are not called from here.")
    return Destination(digits, region)


def _cut(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
