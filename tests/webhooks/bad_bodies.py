"""Bodies that a call server gets sooner or later: odd ones that it keeps, and others that it refuses."""

import json
from collections.abc import Iterator
from typing import Any

from tests.sequences.expected import CALLER, INBOUND_CONVERSATION, INBOUND_LEG, OURS

LONG = "x" * 100_000
STARTED: dict[str, Any] = {
    "headers": {},
    "from": CALLER,
    "to": OURS,
    "uuid": INBOUND_LEG,
    "conversation_uuid": INBOUND_CONVERSATION,
    "status": "started",
    "direction": "inbound",
    "timestamp": "2026-03-02T10:00:00.000Z",
}
COMPLETED: dict[str, Any] = STARTED | {
    "status": "completed",
    "start_time": "2026-03-02T10:00:01.000Z",
    "end_time": "2026-03-02T10:00:08.000Z",
    "duration": "7",
    "rate": "0.00450000",
    "price": "0.00052500",
    "network": "GB-MOBILE",
    "sip_code": 200,
    "disconnected_by": "user",
}
RECORD: dict[str, Any] = {
    "conversation_uuid": INBOUND_CONVERSATION,
    "recording_url": "https://api.nexmo.com/v1/files/bbbbbbbb-aaaa-cccc-dddd-0123456789ab",
    "recording_uuid": "c2d0a3b6-7a0e-4f43-9d5c-5f0f5e6b7a21",
    "size": 36288,
    "start_time": "2026-03-02T10:00:05Z",
    "end_time": "2026-03-02T10:00:14Z",
    "timestamp": "2026-03-02T10:00:14.512Z",
}
INPUT: dict[str, Any] = {name: STARTED[name] for name in ("from", "to", "uuid", "conversation_uuid", "timestamp")} | {
    "dtmf": {"digits": "1", "timed_out": False},
    "speech": {"error": "Speech was not enabled"},
}
TRANSFER: dict[str, Any] = {
    "conversation_uuid_from": INBOUND_CONVERSATION,
    "conversation_uuid_to": "CON-0b7c2f5e-3a61-4c1d-8f0a-7d5e9b1a2c33",
    "uuid": INBOUND_LEG,
    "type": "transfer",
    "timestamp": "2026-03-02T10:00:12.101Z",
}
ERROR: dict[str, Any] = {
    "reason": "Syntax error in NCCO. Invalid value type or action.",
    "conversation_uuid": INBOUND_CONVERSATION,
    "timestamp": "2026-03-02T10:00:00.140Z",
}
NOTIFY: dict[str, Any] = {
    "payload": {"ticket": "A-17"},
    "conversation_uuid": INBOUND_CONVERSATION,
    "timestamp": "2026-03-02T10:00:03.000Z",
}
TRANSCRIPTION: dict[str, Any] = {
    "type": "record",
    "status": "transcribed",
    "conversation_uuid": INBOUND_CONVERSATION,
    "recording_uuid": "c2d0a3b6-7a0e-4f43-9d5c-5f0f5e6b7a21",
    "transcription_url": "https://api.nexmo.com/v1/files/transcripts/cccccccc-aaaa-cccc-dddd-0123456789ab",
}
SHAPES: dict[str, dict[str, Any]] = {
    "started": STARTED,
    "completed": COMPLETED,
    "record": RECORD,
    "input": INPUT,
    "transfer": TRANSFER,
    "error": ERROR,
    "notify": NOTIFY,
    "transcription": TRANSCRIPTION,
}

# What may stand where a text, a number or a time belongs.
ODD_VALUES: dict[str, Any] = {
    "null": None,
    "empty": "",
    "blank": "  \t ",
    "long": LONG,
    "zero": 0,
    "negative": -1,
    "2**63": 2**63,
    "4,000 digits": 10**3_999,
    "4,000 digits as text": "9" * 4_000,
    "float": 0.1,
    "1e308": 1e308,
    "true": True,
    "false": False,
    "list": ["a", 1],
    "empty list": [],
    "object": {"a": {"b": None}},
    "nan in words": "NaN",
    "infinity in words": "-Infinity",
    "1e999 as text": "1e999",
    "1e-999999 as text": "1e-999999",
    "abc": "abc",
    "markup": "<script>alert(1)</script>",
    "sql": "'; DROP TABLE calls_call; --",
    "newlines": "a\r\nb\u2028c",
    "right to left": "\u202e123\u2066",
    "emoji": "\N{TELEPHONE RECEIVER}\N{VARIATION SELECTOR-16}\U0001f4de",
    "replacement": "\ufffd",
    "percent": "%s %00 {0} {{ a }} {% if %}",
}


def odd_objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each kind of event with each of its fields odd in every way, and without it."""
    for shape, payload in SHAPES.items():
        for field in payload:
            yield f"{shape} without {field}", {name: value for name, value in payload.items() if name != field}
            for odd, value in ODD_VALUES.items():
                yield f"{shape}, {field} is {odd}", payload | {field: value}


def nested(levels: int, *, of: str = "[]") -> bytes:
    """Give that many nested arrays, or objects, as JSON."""
    opening, closing = (b"[", b"]") if of == "[]" else (b'{"a":', b"}")
    return opening * levels + (b"1" if of == "{}" else b"") + closing * levels


def within(value: bytes) -> bytes:
    """Put a JSON text into an event of a leg."""
    return json.dumps(STARTED).encode()[:-1] + b', "odd": ' + value + b"}"


# Objects of sane depth: kept whole, as this payload.
KEPT: dict[str, tuple[bytes, dict[str, Any]]] = {
    "empty object": (b"{}", {}),
    "blanks around": (b"\r\n {} \t", {}),
    "unknown fields only": (b'{"hello": ["world"]}', {"hello": ["world"]}),
    "byte order mark": (b"\xef\xbb\xbf" + within(b"1"), STARTED | {"odd": 1}),
    "utf-16": (json.dumps(STARTED | {"odd": "\N{EURO SIGN}"}).encode("utf-16"), STARTED | {"odd": "\N{EURO SIGN}"}),
    "64 levels": (nested(64, of="{}"), json.loads(nested(64, of="{}"))),
    "63 levels within": (within(nested(63)), STARTED | {"odd": json.loads(nested(63))}),
    "same key twice": (b'{"a": 1, "a": 2}', {"a": 2}),
    "empty key": (within(b'{"": 1}'), STARTED | {"odd": {"": 1}}),
    "long key": (within(json.dumps({LONG: 1}).encode()), STARTED | {"odd": {LONG: 1}}),
    "4,000 digits": (within(b"9" * 4_000), STARTED | {"odd": int("9" * 4_000)}),
    "tiny float": (within(b"1e-400"), STARTED | {"odd": 0.0}),
    "escaped pair": (within(b'"\\ud83d\\udcde"'), STARTED | {"odd": "\U0001f4de"}),
    "1,500 fields": (json.dumps({f"f{n}": n for n in range(1_500)}).encode(), {f"f{n}": n for n in range(1_500)}),
    "1,500 items": (within(json.dumps(list(range(1_500))).encode()), STARTED | {"odd": list(range(1_500))}),
}

# Objects with something in them that a database refuses: a cleaned copy is kept, and the bytes beside it.
CLEANED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "U+0000 in a value": (within(rb'"a\u0000b"'), STARTED | {"odd": "a\ufffdb"}),
    "U+0000 in a key": (within(rb'{"a\u0000": 1}'), STARTED | {"odd": {"a\ufffd": 1}}),
    "U+0000 deep inside": (within(rb'[[{"a": ["\u0000"]}]]'), STARTED | {"odd": [[{"a": ["\ufffd"]}]]}),
    "lone high surrogate": (within(rb'"\ud800"'), STARTED | {"odd": "\ufffd"}),
    "lone low surrogate in a key": (within(rb'{"\udfff": 1}'), STARTED | {"odd": {"\ufffd": 1}}),
    "surrogates swapped": (within(rb'"\udcde\ud83d"'), STARTED | {"odd": "\ufffd\ufffd"}),
    "NaN": (within(b"NaN"), STARTED | {"odd": "NaN"}),
    "Infinity": (within(b"[Infinity, -Infinity]"), STARTED | {"odd": ["Infinity", "-Infinity"]}),
    "1e400": (within(b"1e400"), STARTED | {"odd": "1e400"}),
    "-1e400": (within(b"-1e400"), STARTED | {"odd": "-1e400"}),
    "5,000 digits": (within(b"9" * 5_000), STARTED | {"odd": "9" * 5_000}),
    **{
        f"U+0000 in {field}": (
            json.dumps(COMPLETED | {field: "a\x00b"}).encode(),
            COMPLETED | {field: "a\ufffdb"},
        )
        for field in COMPLETED
    },
    **{
        f"lone surrogate in {field}": (
            json.dumps(COMPLETED | {field: "a\ud800b"}).encode(),
            COMPLETED | {field: "a\ufffdb"},
        )
        for field in COMPLETED
    },
    **{
        f"NaN as {field}": (
            json.dumps(COMPLETED | {field: float("nan")}).encode(),
            COMPLETED | {field: "NaN"},
        )
        for field in COMPLETED
    },
}

REFUSED: dict[str, bytes] = {
    "empty": b"",
    "blanks": b" \r\n\t",
    "not JSON": b"hello",
    "half of a JSON text": json.dumps(STARTED).encode()[:-10],
    "two JSON texts": b"{}{}",
    "Python's spelling": str(STARTED).encode(),
    "array": json.dumps([STARTED]).encode(),
    "empty array": b"[]",
    "text": b'"started"',
    "number": b"42",
    "NaN": b"NaN",
    "null": b"null",
    "true": b"true",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "not UTF-8 from the first byte": b"\xff\xfe",
    "zeros": b"\x00" * 100,
    "bare U+0000 in a text": b'{"a": "\x00"}',
    "5,000 nested arrays": nested(5_000),
    "5,000 nested arrays in an event": within(nested(5_000)),
    "5,000 nested objects": nested(5_000, of="{}"),
    "5,000 open brackets": b"[" * 5_000,
    "100,000 nested arrays": nested(100_000),
    "900 levels": nested(900, of="{}"),
    "65 levels": nested(65, of="{}"),
    "64 levels within": within(nested(64)),
    "a form that says it is JSON": b"uuid=8b4f0d3c&status=started",
    "XML": b"<?xml version='1.0'?><event/>",
}
