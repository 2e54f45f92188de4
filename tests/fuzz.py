"""Webhooks that no one at Vonage meant to send: real ones, changed at random, and what is to be kept of each.

`requests(seed, count)` makes them, always the same for a seed. `Odd.expected` says what must be kept, read with the
standard library alone, by the words of the README: U+0000 and lone surrogates become U+FFFD, numbers that no
database takes stay the text they came as, and what is no JSON object of at most 64 levels is refused.
"""

import copy
import json
import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.sequences.reading import NAMES, steps
from tests.vonage.examples import SENT
from tests.vonage_client import in_query
from tests.webhooks.bad_bodies import ODD_VALUES, SHAPES

Payload = dict[str, Any]

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 256 * 1024
MOST_LEVELS = 64
MOST_DIGITS = 4_200
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

WORDS = (
    *("started", "ringing", "answered", "completed", "busy", "rejected", "machine", "transcribed", "ANSWERED"),
    *("transfer", "record", "inbound", "outbound", "Unknown", "sip:a@example.com", "platform", "beep_start"),
)
TIMES = (
    *("2026-03-02T10:00:05.000Z", "2026-03-02 10:00:05", "2026-03-02T10:00:05+0000", "1999-12-31T23:59:59Z"),
    *("2026-03-02T10:00:05.123456789Z", "2026-02-30T00:00:00Z", "20260302", "2026-W10-1", "2099-12-31T23:59:59-23:59"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02T10:00:05.000+99:99"),
)
NASTY_TEXTS = (
    *("\x00", "a\x00b", "\ud800", "\udc00\ud800", "\u202e", "\ufeff", "\x1b[31m", "\r\nSet-Cookie: a=b", "{", '{"a":'),
    *("</script><script>alert(1)</script>", "=HYPERLINK(1)", "javascript:alert(1)", "../../etc/passwd", "0x10", "١٢٣"),
    *("1e400", "-0", "1_000", "+5", "٣", "Ⅷ", "9" * 30, "1e9999999", "sNaN", "0.000000001", " 7 ", "CON-", "leg:"),
)
NASTY_NUMBERS = (float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, -0.0, 2**31, 2**63, -(2**63) - 1, 10**4_198)
LITERALS = (
    *("1", "null", "{}", "1e400", "-1E+999", "[1e-400]"),
    *("9" * 4_500, f"[-{'9' * 4_500}]", "[" * 5_000 + "]" * 5_000),
)
SPLINTERS = (b"\x00", b"\xff", b'"', b"}", b"[", b"\\u0000", b"\\ud800", b"NaN", b"&=", b"%00")
NASTY = (*ODD_VALUES.values(), *NASTY_TEXTS, *NASTY_NUMBERS, *WORDS, *TIMES, *SENT.values())
NAMES_OF_FIELDS = sorted({name for shape in SHAPES.values() for name in shape} | {"call_uuid", "from_user", "reason"})
REAL = [step.payload for name in NAMES for step in steps(name)] + list(SHAPES.values())


@dataclass(frozen=True)
class Odd:
    """One request, at /event, /answer or /fallback."""

    door: str
    method: str
    body: bytes = b""
    query: str = ""
    content_type: str = "application/json"

    def expected(self) -> Payload | None:
        """Give what must be kept, or None where there is nothing to keep."""
        try:
            payload: Payload = stored_form(self.told())
        except (ValueError, RecursionError):
            return None
        return payload

    def told(self) -> Any:
        if self.method == "GET":
            return of_query(self.query)
        try:
            return of_json(self.body)
        except (ValueError, RecursionError):
            if self.content_type != FORM or not self.body.strip():
                raise
            return of_query(self.body.decode("utf-8", "replace"))


def of_json(text: str | bytes) -> Any:
    def whole(digits: str) -> int | str:
        return int(digits) if len(digits) <= MOST_DIGITS else digits

    def real(digits: str) -> float | str:
        return float(digits) if math.isfinite(float(digits)) else digits

    return json.loads(text, parse_int=whole, parse_float=real, parse_constant=str)


def of_query(query: str) -> Payload:
    payload: Payload = dict(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=2_000))
    for name, value in payload.items():
        if value.startswith(("{", "[")):
            try:
                payload[name] = of_json(value)
            except (ValueError, RecursionError):
                continue  # then it is a text
    return payload


def stored_form(value: Any, level: int = 1) -> Any:
    """Give it as a database can hold it. Raises ValueError where it is none of ours to keep."""
    if level == 1 and not isinstance(value, dict):
        raise ValueError("not an object")
    if isinstance(value, dict | list) and level > MOST_LEVELS:
        raise ValueError("too deep")
    if isinstance(value, dict):
        return {stored_form(name, 2): stored_form(inner, level + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [stored_form(inner, level + 1) for inner in value]
    return UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value


def requests(seed: int, count: int) -> Iterator[Odd]:
    """Make so many requests."""
    chance = random.Random(seed)
    for _ in range(count):
        payload = copy.deepcopy(chance.choice(REAL))
        for _ in range(chance.choice((1, 1, 2, 3, 6))):
            chance.choice(CHANGES)(chance, payload)
        yield send(chance, payload)


def send(chance: random.Random, payload: Payload) -> Odd:
    """Write it as JSON, as a form or as a query; at times, spoil what is written."""
    door = chance.choice(("event",) * 8 + ("answer", "fallback"))
    way = chance.choice(("json", "json", "json", "form", "query"))
    if way == "json":
        body = in_json(chance, payload)
        if chance.random() < 0.3:
            body = spoilt(chance, body)
        return Odd(door, "POST", body, content_type=chance.choice(("application/json", "text/plain", "", FORM)))
    fields = [(name, value) for name, value in in_query(payload).items() for _ in range(chance.choice((1, 1, 1, 2)))]
    text = urlencode(fields, errors="replace")
    if chance.random() < 0.3:
        text = spoilt(chance, text.encode()).decode("ascii", "ignore")
    if way == "form":
        return Odd(door, "POST", text.encode(), content_type=FORM)
    return Odd(door, "GET", query=re.sub(r"\s", "+", text))


def in_json(chance: random.Random, payload: Payload) -> bytes:
    """Write it in one of the ways in which JSON may be written; at times with a key again, or far too long."""
    text = json.dumps(payload, ensure_ascii=chance.random() < 0.7, indent=chance.choice((None, None, 2)))
    if payload and chance.random() < 0.1:
        text = text.rstrip()[:-1] + f", {json.dumps(chance.choice(sorted(payload)))}: {chance.choice(LITERALS)}}}"
    if chance.random() < 0.01:
        text += " " * MOST_BYTES
    return text.encode(chance.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-32-le")), "surrogatepass")


def spoilt(chance: random.Random, written: bytes) -> bytes:
    """Flip bits, cut, double or put in something."""
    spoiled = bytearray(written)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(spoiled) + 1)
        until = min(len(spoiled), at + chance.choice((1, 1, 10, 1_000)))
        match chance.choice(("flip", "flip", "flip", "cut", "double", "put in")):
            case "flip" if at < len(spoiled):
                spoiled[at] ^= 1 << chance.randrange(8)
            case "cut":
                del spoiled[at:until]
            case "double":
                spoiled[at:at] = spoiled[at:until]
            case _:
                spoiled[at:at] = chance.choice(
                    (b"\x00", b"\xff", b'"', b"}", b"[", b"\\u0000", b"\\ud800", b"NaN", b"&=", b"%00")
                )
    return bytes(spoiled)


Change = Callable[[random.Random, Payload], None]


def some_place(chance: random.Random, payload: Payload) -> tuple[dict[str, Any], str] | None:
    """Give an object within the payload, at any depth, and one of its keys."""
    place: dict[str, Any] = payload
    while place:
        name = chance.choice(list(place))
        inner = place[name]
        if not (isinstance(inner, dict) and inner and chance.random() < 0.6):
            return place, name
        place = inner
    return None


def nasty(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(NASTY))


def put_nasty(chance: random.Random, payload: Payload) -> None:
    if place := some_place(chance, payload):
        place[0][place[1]] = nasty(chance)


def put_number(chance: random.Random, payload: Payload) -> None:
    if place := some_place(chance, payload):
        place[0][place[1]] = chance.choice(NASTY_NUMBERS) * chance.choice((1, -1))


def put_into_a_known_field(chance: random.Random, payload: Payload) -> None:
    payload[chance.choice(NAMES_OF_FIELDS)] = nasty(chance)


def put_time(chance: random.Random, payload: Payload) -> None:
    payload[chance.choice(("timestamp", "timestamp", "start_time", "end_time"))] = chance.choice(TIMES)


def swap_type(chance: random.Random, payload: Payload) -> None:
    if place := some_place(chance, payload):
        holder, name = place
        value = holder[name]
        holder[name] = chance.choice(([value], {"value": value}, str(value), bool(value), None, len(str(value))))


def drop(chance: random.Random, payload: Payload) -> None:
    if place := some_place(chance, payload):
        del place[0][place[1]]


def rename(chance: random.Random, payload: Payload) -> None:
    if place := some_place(chance, payload):
        holder, name = place
        renamed = chance.choice(
            (name.upper(), f" {name}", f"{name}\x00", "", "__proto__", chance.choice(NAMES_OF_FIELDS))
        )
        holder[renamed] = holder.pop(name)


def swap_values(chance: random.Random, payload: Payload) -> None:
    if len(payload) > 1:
        one, other = chance.sample(list(payload), 2)
        payload[one], payload[other] = payload[other], payload[one]


def mix(chance: random.Random, payload: Payload) -> None:
    """Add fields of another event."""
    other = copy.deepcopy(chance.choice(REAL))
    payload.update({name: other[name] for name in chance.sample(list(other), min(3, len(other)))})


def nest(chance: random.Random, payload: Payload) -> None:
    """Put a value into many arrays or objects: some fewer than allowed, some more, some beyond what Python reads."""
    if place := some_place(chance, payload):
        holder, name = place
        for _ in range(chance.choice((2, 30, 60, 80))):
            holder[name] = chance.choice(([holder[name]], {"a": holder[name]}))


def rename_the_leg(chance: random.Random, payload: Payload) -> None:
    """Let it be of another leg or conversation: one of a few, so that odd events meet."""
    name = chance.choice(("uuid", "call_uuid", "conversation_uuid", "conversation_uuid_from", "conversation_uuid_to"))
    payload[name] = chance.choice(("a", "b", "c", "d", "CON-a", "CON-b", "CON-c", " a", 1, 1.0, "x" * 300))


CHANGES: tuple[Change, ...] = (
    *(put_nasty, put_nasty, put_number, put_into_a_known_field, put_into_a_known_field, put_time, swap_type),
    *(drop, rename, swap_values, mix, nest, rename_the_leg, rename_the_leg),
)
