"""Voice webhooks: reading what came, and saying what it is. Never refused for being new, long or odd.

`read_body` and `read_query` turn a request into a payload; `Event` reads identities, kind, status and time
out of it. Sources: https://developer.vonage.com/en/voice/voice-api/webhook-reference and its history: human
and machine say `call_uuid`; record, notify, error and transcription events have no leg; transcription has no time.
"""

import hashlib
import json
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, overload

import orjson

from calls.vonage.heads import Head
from calls.vonage.queries import pairs_of

Payload = dict[str, Any]
Value = TypeVar("Value")

MAX_DEPTH = 64
MAX_FIELDS = 2_000  # of a query
MAX_DIGITS = 4_200  # of a whole number; beyond 4,300 Python neither reads nor writes one
NAME_LENGTH = 255
WORD_LENGTH = 64
LONG_NUMBER = re.compile(rb"\d{19}")  # orjson would round it
NUMBERS = (int, float)
EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
SANE_YEARS = range(2000, 2100)  # a time outside is a fault of the sender; ours then orders the event
REPLACEMENT = "\ufffd"

# Orders events of equal time. Vonage makes started and ringing at one moment, and a reason with its completed.
RANKS = {
    "started": 10,
    "ringing": 20,
    "answer": 25,  # our answer to the answer webhook
    "fallback": 26,
    "answered": 30,
    "human": 40,
    "machine": 40,
    "transfer": 42,
    "input": 44,
    "notify": 46,
    "action": 48,
    "unknown": 50,
    "error": 52,
    "record": 54,
    "disconnected": 60,
    "cancelled": 70,
    "timeout": 71,
    "unanswered": 72,
    "busy": 73,
    "failed": 74,
    "rejected": 75,
    "completed": 90,
    "transcription": 95,
}

# Statuses whose reply may be obeyed: of a synchronous `connect`, a closed WebSocket, or detection while the NCCO runs.
OBEYED = {"timeout", "failed", "rejected", "unanswered", "busy", "disconnected", "human", "machine"}

DELIVERIES = {"event"}  # doors where Vonage may bring the same thing twice


class EventError(ValueError):
    """A body that is no event: the message says why."""


def read_body(body: bytes, content_type: str = "") -> tuple[Payload, bool]:
    """Read a POST body: a JSON object, or a form. Gives the payload and whether it had to be cleaned.

    JSON is tried whatever the content type says. Raises EventError.
    """
    if not body.strip():
        raise EventError("the body is empty")
    changed: list[bool] = []
    try:
        value = _loads(body, changed)
    except (ValueError, RecursionError) as error:
        if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
            return read_query(body.decode("utf-8", "replace"))
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:150]
        raise EventError(f"the body is not JSON: {reason}") from error
    if not isinstance(value, dict):
        raise EventError("the body is not a JSON object")
    if _is_plain(body):
        return value, bool(changed)
    return cleaned(value, changed)


def _is_plain(body: bytes) -> bool:
    """Whether nothing in it can need cleaning, as a rule. A NUL is a sign of UTF-16 or UTF-32."""
    simple = body.isascii() and b"\\u" not in body and b"\0" not in body
    return simple and body.count(b"{") + body.count(b"[") <= MAX_DEPTH


def read_query(query: str) -> tuple[Payload, bool]:
    """Read a query string or a form. A nested object comes as JSON text in one parameter. Raises EventError."""
    if query.count("&") >= MAX_FIELDS:
        raise EventError(f"it has more than {MAX_FIELDS:,} fields")
    pairs = pairs_of(query)
    changed: list[bool] = []
    payload = {name: _unnested(value, changed) for name, value in pairs}
    plain = query.isascii() and "\0" not in query and "%00" not in query
    if plain and not any(isinstance(value, dict | list) for value in payload.values()):
        return payload, bool(changed)
    return cleaned(payload, changed)


def cleaned(payload: Payload, changed: list[bool]) -> tuple[Payload, bool]:
    """Replace U+0000 and lone surrogates in texts, which Postgres refuses. `changed` holds what was replaced before.

    Gives the payload and whether anything was replaced. Raises EventError for more than MAX_DEPTH levels.
    """
    return _clean(payload, 1, changed), bool(changed)


def _clean(value: Any, depth: int, changed: list[bool]) -> Any:
    if isinstance(value, str):
        return _clean_text(value, changed)
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise EventError(f"the body is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, list):
            return [_clean(item, depth + 1, changed) for item in value]
        return {_clean_text(str(key), changed): _clean(item, depth + 1, changed) for key, item in value.items()}
    return value


def _clean_text(text: str, changed: list[bool]) -> str:
    if "\x00" not in text and text.isascii():
        return text
    clean = "".join(REPLACEMENT if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in text)
    if clean != text:
        changed.append(True)
    return clean


def _loads(text: str | bytes, changed: list[bool]) -> Any:
    """Parse JSON. A number that no database takes, or Python would not write again, stays the text it came as.

    NaN and Infinity are such, 1e400, which would become infinite, and whole numbers beyond MAX_DIGITS.
    Raises ValueError, and RecursionError for deep nesting.
    """
    if isinstance(text, bytes) and not LONG_NUMBER.search(text):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:  # it is stricter, and takes none of these numbers but long ones
            pass

    def as_text(number: str) -> str:
        changed.append(True)
        return number

    def real(number: str) -> float | str:
        value = float(number)
        return value if math.isfinite(value) else as_text(number)

    def whole(number: str) -> int | str:
        return int(number) if len(number) <= MAX_DIGITS else as_text(number)

    return json.loads(text, parse_float=real, parse_int=whole, parse_constant=as_text)


def _unnested(value: str, changed: list[bool]) -> Any:
    if value[:1] not in {"{", "["}:
        return value
    kept_as_text: list[bool] = []
    try:
        found = _loads(value, kept_as_text)
    except (ValueError, RecursionError):
        return value
    changed += kept_as_text
    return found


def parse_time(value: Any) -> datetime | None:
    """Read every spelling of a time that Vonage has used; without a zone UTC is meant. None if it is none."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if moment.year not in SANE_YEARS:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def text_of(value: Any, length: int = NAME_LENGTH) -> str:
    """Read a text for a column: numbers as text, blanks around it off, cut to length; "" for anything else."""
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, NUMBERS):
            return ""
        value = str(value)
    text: str = value.strip()
    return text if len(text) <= length else text[:length].rstrip()


class once(Generic[Value]):
    """A property that is worked out once. That of functools takes a lock each time (Python 3.11): half of a fold."""

    def __init__(self, work_out: "Callable[[Event], Value]") -> None:
        self.work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, event: None, owner: type) -> "once[Value]": ...
    @overload
    def __get__(self, event: "Event", owner: type) -> Value: ...
    def __get__(self, event: "Event | None", owner: type) -> "Value | once[Value]":
        if event is None:
            return self
        value = vars(event)[self.name] = self.work_out(event)  # where Python looks first from now on
        return value


@dataclass(frozen=True, kw_only=True)
class Event:
    """One webhook, or one act of ours, as its payload tells it. Times are aware, in UTC."""

    payload: Payload
    received_at: datetime
    door: str = "event"  # "event", "answer", "fallback"; "us" for an act of our own
    raw: bytes | None = field(default=None, repr=False)  # where the payload had to be cleaned
    signed: bool = True
    head: Head | None = None  # of the request that brought it

    @once
    def kind(self) -> str:
        """The order of these tests is that of Vonage's own SDKs."""
        payload = self.payload
        if self.door != "event":
            return {"answer": "answer", "fallback": "fallback"}.get(self.door, "action")
        if payload.get("status") == "transcribed" or "transcription_url" in payload:
            return "transcription"
        if text_of(payload.get("status")):
            return "status"
        if payload.get("type") == "transfer" or "conversation_uuid_from" in payload:
            return "transfer"
        for name, kind in _MARKS:
            if name in payload:
                return kind
        return "unknown"

    @once
    def status(self) -> str:
        """Vonage's word, "" where it is not a status event."""
        return text_of(self.payload.get("status"), WORD_LENGTH) if self.kind == "status" else ""

    @once
    def leg_uuid(self) -> str:
        return text_of(self.payload.get("uuid")) or text_of(self.payload.get("call_uuid"))

    @once
    def conversation_uuid(self) -> str:
        """The conversation that the leg is in after this event."""
        moved_to = text_of(self.payload.get("conversation_uuid_to")) if self.kind == "transfer" else ""
        return moved_to or text_of(self.payload.get("conversation_uuid"))

    @once
    def conversation_from(self) -> str:
        """The conversation that the leg was in before a transfer, "" for other events."""
        return text_of(self.payload.get("conversation_uuid_from")) if self.kind == "transfer" else ""

    @once
    def conversations(self) -> list[str]:
        """Every conversation this event names, in the order in which the leg was in them."""
        return [uuid for uuid in (self.conversation_from, self.conversation_uuid) if uuid]

    @once
    def told_time(self) -> datetime | None:
        """When it happened by Vonage's clock; None for what we did and for a payload that tells no time."""
        if self.door != "event":
            return None
        for name in ("timestamp", "end_time", "start_time"):
            if moment := parse_time(self.payload.get(name)):
                return moment
        return None

    @once
    def occurred_at(self) -> datetime:
        return self.told_time or self.received_at

    @property
    def may_be_answered(self) -> bool:
        """Whether an NCCO in the reply would be obeyed, at least under some circumstances: a caller may be waiting."""
        return self.kind in {"input", "notify"} or self.status.lower() in OBEYED

    @once
    def rank(self) -> int:
        return RANKS.get(self.status.lower() if self.status else self.kind, RANKS["unknown"])

    @once
    def digest(self) -> uuid.UUID:
        """Tell a delivery from others by its content: Vonage gives no event ids. Our own acts are all different."""
        if self.door not in DELIVERIES:
            return uuid.uuid4()
        millisecond = millisecond_of(self.told_time) if self.told_time else 0
        return uuid.UUID(bytes=digest_of(canonical_text(self), millisecond))


_MARKS = (
    ("recording_url", "record"),
    ("reason", "error"),
    ("payload", "notify"),
    ("dtmf", "input"),
    ("speech", "input"),
)


def millisecond_of(moment: datetime) -> int:
    """Count the whole milliseconds since 1970."""
    return (moment - EPOCH) // MILLISECOND


def digest_of(text: str, millisecond: int) -> bytes:
    """Make a digest of a canonical text. The time that was told, or 0, comes first: so an index grows at its end."""
    return millisecond.to_bytes(6) + hashlib.sha256(text.encode()).digest()[:10]


def canonical_text(event: Event) -> str:
    """Spell a delivery so that whatever brings the same thing is spelt the same."""
    told = _canonical({name: value for name, value in event.payload.items() if name != "reply"})  # that is ours
    quick = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)  # it spells ASCII but DEL as json does, and is quicker
    alike = quick.isascii() and b"\x7f" not in quick
    text = quick.decode() if alike else json.dumps(told, sort_keys=True, separators=(",", ":"))
    return f"{event.door}\n{text}"


def _canonical(value: Any) -> Any:
    """Spell a payload in the one way that GET and POST share: scalars as text, empty ones left out."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items() if item is not None and item != ""}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)
