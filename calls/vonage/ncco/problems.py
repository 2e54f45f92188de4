"""What `check` hands back, and the words in which it speaks of what it was given."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

Ncco = list[dict[str, Any]]
Severity = Literal["error", "warning"]

_SHOWN = 40  # characters shown of a text
_MAX_DIGITS_BITS = 64  # longer integers are not written out: Python refuses to beyond 4,300 digits

# Errors stop the whole NCCO at Vonage. Warnings run, though perhaps not as meant.
RULES: dict[int, str] = {
    1: "The NCCO is JSON, and an array at the top.",
    2: "Each item is an object with a known action.",
    3: "talk has a text of 1 to 1,500 characters without tags; if SSML, it is well formed.",
    4: "stream has a streamUrl, an array of one http(s) URL.",
    5: "connect has an array of one endpoint of a known type, with its required fields.",
    6: "Numbers are E.164 digits without +.",
    7: "connect has either from or randomFromNumber.",
    8: "conversation has a name; mute and canSpeak exclude each other; transcription needs record.",
    9: "notify has a payload object and an eventUrl.",
    10: "eventUrl is an array of one http(s) URL.",
    11: "eventMethod is POST or GET.",
    12: "Options have the right type and range.",
    13: "input has a type; asynchronous is for keys alone and takes no dtmf object.",
    14: "record: channels need split; one key ends it.",
    15: "sip has either uri or user and domain; its headers are texts.",
    16: "websocket has a ws(s) URI, a known content-type, headers of at most 512 bytes.",
    17: "bargeIn needs an input after it.",
    18: "transfer has a conversationId.",
    19: "voiceName is deprecated.",
    20: "The pair of language and style is listed.",
    21: "The voice can do what is asked: premium, SSML.",
    22: "Nothing follows conversation or transfer.",
    23: "loop 0 has bargeIn.",
    24: "A last input asks a URL that returns an NCCO.",
    25: "A last record has an end condition.",
    26: "Options and tags are known.",
    27: "connect to a phone shows a number.",
    28: "connect does not ring the number that was called.",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `path` leads to it, counted from 0: "2.endpoint.0.number", empty for the whole NCCO."""

    rule: int
    severity: Severity
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Collects the problems of one action: its place and name begin each message."""

    problems: list[Problem]
    index: int
    action: str = ""

    def named(self, action: str) -> "Findings":
        return replace(self, action=action)

    def error(self, rule: int, key: str, text: str) -> None:
        self._add(rule, "error", key, text)

    def warn(self, rule: int, key: str, text: str) -> None:
        self._add(rule, "warning", key, text)

    def _add(self, rule: int, severity: Severity, key: str, text: str) -> None:
        path = f"{self.index}.{key}" if key else str(self.index)
        who = f"Action {self.index + 1} ({self.action})" if self.action else f"Action {self.index + 1}"
        self.problems.append(Problem(rule, severity, path, f"{who}: {text}"))


def quoted(text: str) -> str:
    """A text in double quotes, cut, and fit for any page, log and database: no control characters, no half ones."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return '"' + "".join(char if char.isprintable() else char.encode("unicode-escape").decode() for char in cut) + '"'


def shown(value: object) -> str:
    """A value as its author wrote it in JSON, or what kind of thing it is. Never raises."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= _MAX_DIGITS_BITS else "a number of very many digits"
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else "not a finite number"
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else f"a Python {type(value).__name__}"


def in_path(key: object) -> str:
    """A key as a part of a path."""
    return (
        quoted(key)[1:-1] if isinstance(key, str) else str(key) if type(key) is int and key.bit_length() < 32 else "?"
    )
