"""Rule 1: can an NCCO be sent as JSON, and is it of a size at which it can be looked at?"""

import math
from typing import Any

from calls.vonage.ncco.options import known_name
from calls.vonage.ncco.problems import Findings, Problem, in_path, shown

MAX_DEPTH = 100  # levels of arrays and objects; of ours, none has more than 7
MAX_VALUES = 100_000
_MAX_BITS = 63  # of an integer


def find_unsendable(ncco: list[Any]) -> tuple[list[Problem], bool]:
    """What cannot be sent as JSON (rule 1), and whether the rest can be looked at. An own stack: depth is no danger."""
    problems: list[Problem] = []
    stack: list[tuple[Any, str, int]] = [(ncco, "", 1)]
    count = 0
    while stack:
        value, path, depth = stack.pop()
        count += len(value)
        if count > MAX_VALUES:
            text = f"The NCCO holds more than {MAX_VALUES:,} values, too many for one call. Shorten it."
            return [Problem(1, "error", "", text)], False
        if depth > MAX_DEPTH:
            index = int(path.partition(".")[0])
            where = Findings([], index, known_name(ncco[index]))
            where.error(1, "", f"is nested more than {MAX_DEPTH} levels deep, so it was not read. Flatten it.")
            return where.problems, False
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, dict | list):
                stack.append((item, f"{path}.{in_path(key)}" if path else in_path(key), depth + 1))
            elif fault := _about_unsendable(item):
                _add(problems, ncco, path, key, fault)
            if isinstance(value, dict) and (fault := _about_key(key)):
                _add(problems, ncco, path, key, fault)
    return problems, True


def _add(problems: list[Problem], ncco: list[Any], path: str, key: object, fault: str) -> None:
    index, _, within = (f"{path}.{in_path(key)}" if path else in_path(key)).partition(".")
    Findings(problems, int(index), known_name(ncco[int(index)])).error(1, within, f"{within} {fault}".lstrip())


def _about_key(key: object) -> str | None:
    return _about_text(key) if isinstance(key, str) else f"is named by {shown(key)}, where text belongs. Write a text."


def _about_unsendable(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _about_text(value)
    if isinstance(value, int):
        long = value.bit_length() > _MAX_BITS
        return f"is {shown(value)}, which is too large to send. Write it as text." if long else None
    if isinstance(value, float) and math.isfinite(value):
        return None
    return f"is {shown(value)}, which JSON cannot say. Write a number, a text, an array or an object."


def _about_text(text: str) -> str | None:
    if text.isascii() and "\0" not in text:
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "has half a character (a lone surrogate), which cannot be sent. Type it anew."
    return "has the character U+0000, which cannot be kept. Remove it." if "\0" in text else None
