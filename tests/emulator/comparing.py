"""Comparing what the local Vonage sent with a sequence, field by field, and saying whence each is known.

Nothing is left out. A value is compared as it is, but for:

- ids: each must be the same wherever the sequence has the same, and look alike (digits, dashes, `CON-`);
- `timestamp`: within NEAR_SECONDS, for times between webhooks are examples in the reference; all times that are
  billed or told in whole seconds, the duration and the price are compared as they are;
- `size`: as long as that of a recording that is NEAR_FRAMES longer or shorter;
- the host of the application.

What comes at nearly one moment may come in any order.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.emulator.voice_application import Received
from tests.sequences.reading import Step

IDS = {
    "uuid",
    "call_uuid",
    "conversation_uuid",
    "conversation_uuid_from",
    "conversation_uuid_to",
    "recording_uuid",
    "recording_url",
}
NEAR_SECONDS = 0.6
NEAR_FRAMES, FRAME_BYTES = 3, 144
TOGETHER_SECONDS = 0.3  # requests that follow each other so soon may be swapped
HOST = "https://calls.example.com"
# Figures that the reference calls inferred, or gives as examples, wherever they stand.
EXAMPLES = {"timestamp", "start_time", "end_time", "duration", "price", "size"}
OF_UNANSWERED = {"start_time", "duration", "rate", "price", "network"}


@dataclass(frozen=True)
class Compared:
    """One field of one request. `wanted` and `got` are None where the field is missing."""

    request: str
    name: str
    basis: str
    wanted: Any
    got: Any
    is_same: bool

    def __str__(self) -> str:
        return f"{self.request} {self.name} ({self.basis}): {self.wanted!r}, but got {self.got!r}"


class Comparison:
    """Compares the requests of one call. `fields` has every field of every request."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.ids: dict[str, str] = {}
        self.fields: list[Compared] = []

    @property
    def differences(self) -> list[str]:
        return [str(field) for field in self.fields if not field.is_same]

    def compare(self, steps: Sequence[Step], received: Sequence[Received]) -> None:
        """Compare as many requests as the sequence has, in its order."""
        left = list(received)
        for together in _groups(steps):
            here, left = left[: len(together)], left[len(together) :]
            for step in together:
                match = next((one for one in here if _kind(_payload(one)) == _kind(step.payload)), None)
                if match is None:
                    got = [" ".join(_kind(_payload(one))) for one in here]
                    self._add(step, "(request)", " ".join(_kind(step.payload)), got, same=False)
                    continue
                here.remove(match)
                self._request(step, match)

    def _request(self, step: Step, got: Received) -> None:
        payload = _payload(got)
        self._add(step, "(door and method)", (step.door, step.method), (got.path.strip("/"), got.method))
        wanted_names = list(step.payload)
        self._add(step, "(fields in order)", wanted_names, list(payload))
        for name in dict.fromkeys([*wanted_names, *payload]):
            wanted, value = _plain(step.payload.get(name)), payload.get(name)
            same = name in step.payload and name in payload and self._is_same(name, wanted, value)
            self._add(step, name, wanted, value, same=same)

    def _is_same(self, name: str, wanted: Any, got: Any) -> bool:
        if name in IDS:
            return self._is_same_id(str(wanted), str(got))
        if name == "timestamp":
            return abs((_time(wanted) - _time(got)).total_seconds()) <= NEAR_SECONDS
        if name == "size":
            return bool(abs(wanted - got) <= NEAR_FRAMES * FRAME_BYTES)
        if name == "original_request":
            return bool(got == wanted | {"url": wanted["url"].replace(HOST, self.base)})
        return bool(wanted == got) and type(wanted) is type(got)

    def _is_same_id(self, wanted: str, got: str) -> bool:
        """Each id of the sequence stands for one of ours, and no two for the same."""
        known = self.ids.setdefault(wanted, got)
        return known == got and len(set(self.ids.values())) == len(self.ids) and _form(wanted) == _form(got)

    def _add(self, step: Step, name: str, wanted: Any, got: Any, *, same: bool | None = None) -> None:
        request = f"{step.at:%M:%S.%f}"[:9] + " " + " ".join(_kind(step.payload))
        is_same = wanted == got if same is None else same
        self.fields.append(Compared(request, name, basis_of(step, name), wanted, got, is_same))


def basis_of(step: Step, name: str) -> str:
    """Whence it is known. A letter each: D documented, L seen in logs, I inferred by the reference, E an example."""
    never_answered = step.payload.get("status") == "completed" and step.payload.get("start_time") is None
    if name == "sip_code" or (never_answered and name in OF_UNANSWERED):
        return "I"
    return "E" if name in EXAMPLES else step.basis


def _groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    group: list[Step] = []
    for step in steps:
        if group and (step.at - group[-1].at).total_seconds() > TOGETHER_SECONDS:
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def _kind(payload: dict[str, Any]) -> tuple[str, ...]:
    """What tells requests of one call apart."""
    for name in ("status", "type", "dtmf", "recording_url", "original_request", "reason"):
        if name in payload:
            told = payload[name] if name in {"status", "type"} else name
            return (str(told), str(payload.get("direction", payload.get("sub_state", ""))))
    return ("answer", "")


def _payload(one: Received) -> dict[str, Any]:
    fields: dict[str, Any] = one.json if one.method == "POST" else one.query
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    """A nested value is JSON text in a GET."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def _form(text: str) -> str:
    return re.sub("[0-9a-f]", "x", re.sub(r"^https://[^/]+", "host", text) if text.startswith("http") else text)


def _time(text: str) -> datetime:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text), text
    return datetime.fromisoformat(text)
