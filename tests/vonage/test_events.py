"""What an event's digest is made of: the same text however quickly it is spelt, on every version of ours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.vonage.events import Event, canonical_text

ASCII = "".join(map(chr, range(128)))
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.once
@pytest.mark.parametrize(
    "told",
    [
        *({f"key {character}": f"{character} value"} for character in ASCII),
        {"status": "started", "headers": {"b": "2", "a": ["1", {"z": "", "y": ASCII[32:127]}]}},
        {"é": "a", "z": "\u2028", "\U0001f4de": "\ufffd", "from": "e\u0301"},
        {"": "an empty name", "/": "</script>", "'": '"'},
    ],
)
def test_the_quick_spelling_is_that_of_json(told: dict[str, Any]) -> None:
    spelt = canonical_text(Event(payload=told | {"reply": {"ncco": []}, "nothing": None}, received_at=NOW))
    assert spelt == f"event\n{json.dumps(without_blanks(told), sort_keys=True, separators=(',', ':'))}"


def without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_blanks(item) for name, item in value.items() if item != ""}
    return [*map(without_blanks, value)] if isinstance(value, list) else value
