"""Whom a flow may ring: numbers of our own numbers' countries always, others where OUTBOUND_COUNTRIES allows it.

A number that costs more than a call to a person, or is ours, is never rung, whoever asks for it: staff or a caller.
"""

from collections.abc import Callable, Iterable

import phonenumbers
from django.conf import settings

from calls.vonage import destinations

OURS = "{} is a number of ours: the call would ring itself. Give another phone, or use “Go to flow”."


def refusal(number: str, *, home: Iterable[str], owns: Callable[[str], bool]) -> str:
    """Say why a number, as people write it, may not be rung; "" where it may. `home`: our numbers that are called."""
    found = destinations.read(number)
    if isinstance(found, destinations.Refusal):
        return OURS.format(number) if owns(destinations.digits_of(number)) else found.reason
    if owns(found.number):
        return OURS.format(found.number)
    if found.country in (allowed := {*settings.OUTBOUND_COUNTRIES, *countries(home)}):
        return ""
    refused = destinations.refusal(found, allowed)
    return refused.reason if refused else ""


def international(digits: str, ours: str) -> str:
    """Read what a caller keyed in as one does in the country of our number: 07700900456, 00447700900456."""
    if digits.startswith("00") or not digits.startswith("0"):
        return digits.removeprefix("00")
    try:
        number = phonenumbers.parse(digits, next(iter(countries([ours])), None))
    except phonenumbers.NumberParseException:
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def countries(numbers: Iterable[str]) -> set[str]:
    """The countries of these numbers, "GB", of those that have one."""
    return {found.country for found in map(destinations.read, numbers) if isinstance(found, destinations.Destination)}
