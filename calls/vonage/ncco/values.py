"""What the value of an option may be. Each check says what is wrong with a value and the cure, or None."""

import math
import re
from collections.abc import Callable
from typing import Any

from calls.vonage.ncco.problems import quoted, shown

Check = Callable[[Any], str | None]

_E164 = re.compile(r"[1-9][0-9]{6,14}")
_HTTP = re.compile(
    r"https?://([^\s/?#@]*@)?([a-z0-9._~%-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?#][!-~]*)?", re.IGNORECASE
)
_NUMERIC = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?")
_LARGEST = 2**31 - 1  # of Vonage's integers


def flag(value: Any) -> str | None:
    """true or false; a text "true" makes Vonage refuse the NCCO."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return f"is {shown(value)}, where a boolean belongs. Write {value.lower()} without quotes."
    return f"is {shown(value)}, where a boolean belongs. Write true or false."


def number(low: float, high: float = _LARGEST, unit: str = "", *, whole: bool = True) -> Check:
    """A number from `low` to `high`; no text, no boolean, and no fraction if `whole`."""
    limits = f"{low:,g} to {high:,g} {unit}".rstrip() if high < _LARGEST else f"{low:g} or more"
    kind = "whole number" if whole else "number"

    def fault(value: Any) -> str | None:
        if isinstance(value, str) and _NUMERIC.fullmatch(value):
            return f"is {shown(value)}, where a number belongs. Write {value} without quotes."
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            return f"is {shown(value)}, where a {kind} belongs. Write one: {limits}."
        if low <= value <= high:
            return None
        if high == _LARGEST and value > high:
            return f"is {shown(value)}, which is too large for Vonage. Write a smaller number."
        return f"is {shown(value)}, but Vonage takes {limits}. Write a number in that range."

    return fault


def finite(value: Any) -> str | None:
    """Any number that JSON can say."""
    if isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf:
        return None
    return f"is {shown(value)}, where a number belongs. Write one, without quotes."


def one_of(*words: str) -> Check:
    """One of a few words, written exactly so."""
    listed = " or ".join(filter(None, [", ".join(map(quoted, words[:-1])), quoted(words[-1])]))
    cure = "Choose one of them." if len(words) > 1 else "Write that, or leave it out."

    def fault(value: Any) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        return f"is {shown(value)}, but Vonage takes {listed}. {cure}"

    return fault


def text(value: Any) -> str | None:
    """A text that is not blank."""
    if not isinstance(value, str):
        return f"is {shown(value)}, where text belongs. Write it in quotes."
    return None if value.strip() else "is empty. Write some text or leave it out."


def matching(pattern: str, wanted: str) -> Check:
    """A text of which all matches `pattern`; `wanted` says it in words."""
    compiled = re.compile(pattern)

    def fault(value: Any) -> str | None:
        if isinstance(value, str) and compiled.fullmatch(value):
            return None
        return f"is {shown(value)}, but Vonage takes {wanted}."

    return fault


def phone_number(value: Any) -> str | None:
    """E.164 digits as Vonage writes them: no plus, no spaces, 7 to 15 digits, a country code first."""
    if isinstance(value, str) and _E164.fullmatch(value):
        return None
    return (
        f"is {shown(value)}, which is no international number of 7 to 15 digits. "
        'Write the country code and the digits as text, without + or spaces: "447700900123".'
    )


def url(value: Any) -> str | None:
    """An absolute http(s) URL as text."""
    if isinstance(value, str) and _HTTP.fullmatch(value):
        return None
    return f'is {shown(value)}, which is no absolute web address. Write all of it: "https://…".'


def one_url(value: Any) -> str | None:
    """An array of one absolute http(s) URL: Vonage wants the array although there can be but one."""
    if isinstance(value, str):
        return f"is {shown(value)}, but Vonage takes an array of one URL. Put it in square brackets."
    if not isinstance(value, list):
        return f'is {shown(value)}, but Vonage takes an array of one URL. Write ["https://…"].'
    if len(value) != 1:
        return f"has {len(value):,} URLs, but Vonage takes exactly one. Write one."
    return url(value[0])


def tone(value: Any) -> str | None:
    """A URL as text (the reference), or an array of one (the SDK)."""
    return one_url(value) if isinstance(value, list) else url(value)


def texts(value: Any) -> str | None:
    """An array of texts, perhaps of none."""
    if not isinstance(value, list):
        return f"is {shown(value)}, where an array of texts belongs. Put it in square brackets."
    for item in value:
        if not isinstance(item, str) or not item:
            return f"holds {shown(item)}, where only texts belong. Write each in quotes."
    return None


def one_text(value: Any) -> str | None:
    """An array of one text."""
    if isinstance(value, list) and len(value) != 1:
        return f"has {len(value):,} items, but Vonage takes exactly one."
    return texts(value)


def any_object(value: Any) -> str | None:
    """An object, whatever is in it."""
    return None if isinstance(value, dict) else f"is {shown(value)}, where an object belongs. Write {{…}}."


def object_of_texts(value: Any) -> str | None:
    """An object of which all values are texts."""
    if not isinstance(value, dict):
        return any_object(value)
    wrong = [item for item in value.values() if not isinstance(item, str)]
    return f"holds {shown(wrong[0])}, but all its values are texts. Put it in quotes." if wrong else None


def one_object(value: Any) -> str | None:
    """An array of one object."""
    if isinstance(value, dict):
        return "is an object, but Vonage takes an array of one. Put it in square brackets."
    if not isinstance(value, list):
        return f"is {shown(value)}, but Vonage takes an array of one object. Write [{{…}}]."
    if len(value) != 1:
        return f"has {len(value):,} items, but Vonage takes exactly one. To ring several, write one action for each."
    return None if isinstance(value[0], dict) else f"holds {shown(value[0])}, where an object belongs. Write {{…}}."
