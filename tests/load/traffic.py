"""What Vonage sends of many answered calls: payloads in its order and shape, as signed HTTP requests ready to go."""

import hashlib
import heapq
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from calls.vonage.signatures import sign

Payload = dict[str, Any]

OURS = "442079460000"
CALLERS = [f"4477009001{number:02}" for number in range(100)]
RATE_EUR = 0.0045  # a minute
MOST_SECONDS = 240  # that people talk


@dataclass(frozen=True)
class Delivery:
    """One request, ready to be written to a connection."""

    identity: str  # of an event's content, see `identity_of`; "" for a question, which nobody promised to keep
    offset: float  # seconds after the call began
    request: bytes


Call = list[Delivery]  # in the order in which Vonage sends


def identity_of(payload: Payload) -> str:
    """Tell an event from others by its content, however a database spelt it. Our server's own digest is another."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:32]


def event_calls(count: int, secret: str, **options: Any) -> Iterator[Call]:
    """Sign the events of so many calls, each when it is asked for. `options` are those of `signed_call`."""
    return (signed_call(secret, **options) for _ in range(count))


def answer_calls(count: int, secret: str, *, to: str = OURS) -> list[Call]:
    """Give so many questions what to do with a call, each a call of its own."""
    return [[answer_request(names_of(to), secret)] for _ in range(count)]


def signed_call(secret: str, *, to: str = OURS, answer: bool = False, hurry: float = 1.0) -> Call:
    """Sign the events of one call; with `answer` the question what to do with it as well.

    `hurry` makes the time between them shorter by this factor, and leaves what the payloads tell as it is.
    """
    names = names_of(to)
    told = [event_request(payload, offset / hurry, secret) for offset, payload in payloads_of(names)]
    if answer:
        told.insert(2, answer_request(names, secret, offset=0.06 / hurry))
    return told


def as_time_goes(count: int, secret: str, *, calls_per_second: float) -> Iterator[Call]:
    """Sign the events of so many calls in the order in which all of them are told, each event by itself.

    So a log fills in reality: while people talk, others call. The first of these calls begins when all that was told
    of others is over, in some minutes.
    """
    begin = datetime.now(UTC) + timedelta(seconds=MOST_SECONDS)
    waiting: list[tuple[str, int, Payload]] = []
    for number in range(count):
        begun = begin + timedelta(seconds=number / calls_per_second)
        for place, (_, payload) in enumerate(payloads_of(names_of(), begun)):
            heapq.heappush(waiting, (payload["timestamp"], 4 * number + place, payload))
        while waiting[0][0] < written(begun):
            yield [event_request(heapq.heappop(waiting)[-1], 0, secret)]
    while waiting:
        yield [event_request(heapq.heappop(waiting)[-1], 0, secret)]


def names_of(to: str = OURS) -> Payload:
    """Who calls whom, with identities that no other call has."""
    leg, conversation = uuid.uuid4().hex, f"CON-{uuid.uuid4()}"
    return {"from": random.choice(CALLERS), "to": to, "uuid": leg, "conversation_uuid": conversation}


def payloads_of(names: Payload, begun: datetime | None = None) -> list[tuple[float, Payload]]:
    """Tell an answered call that begins now, or at another time: each payload with its seconds from the first.

    Rounded as Vonage does: `start_time` down, `end_time` up, `duration` between them.
    """
    begun = begun or datetime.now(UTC)
    talked = random.randint(3, MOST_SECONDS)
    first, last = begun.replace(microsecond=0), begun + timedelta(seconds=talked, milliseconds=600)
    ended = (last + timedelta(seconds=1)).replace(microsecond=0)
    duration = int((ended - first).total_seconds())

    def status(word: str) -> Payload:
        return {"status": word, "direction": "inbound"}

    completed = {
        "headers": {},
        "end_time": written(ended),
        "uuid": names["uuid"],
        "network": random.choice(["GB-MOBILE", "GB-FIXED", "23410"]),
        "duration": str(duration),
        "start_time": written(first),
        "rate": f"{RATE_EUR:.8f}",
        "price": f"{RATE_EUR * duration / 60:.8f}",
        "from": names["from"],
        "to": names["to"],
        "conversation_uuid": names["conversation_uuid"],
        **status("completed"),
        "timestamp": written(last),
        "disconnected_by": random.choice(["platform", "user"]),
        "sip_code": 200,
    }
    answered = {"headers": {}, "start_time": None, "rate": None, **names, **status("answered"), "network": None}
    return [
        (0.0, {"headers": {}, **names, **status("ringing"), "timestamp": written(begun)}),
        (0.01, {"headers": {}, **names, **status("started"), "timestamp": written(begun)}),
        (0.65, answered | {"timestamp": written(begun + timedelta(milliseconds=600))}),
        (7.8, completed),
    ]


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def event_request(payload: Payload, offset: float, secret: str, *, path: str = "/event") -> Delivery:
    """Write the POST request of an event, with a signature over its body."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n"
        f"Authorization: Bearer {sign(secret, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Delivery(identity_of(payload), offset, head.encode() + body)


def answer_request(names: Payload, secret: str, *, offset: float = 0.0) -> Delivery:
    """Write the GET request in which Vonage asks what to do with a call, signed over its fields."""
    fields = {name: names[name] for name in ("to", "from", "conversation_uuid", "uuid")}
    token = sign(secret, json.dumps(fields, separators=(",", ":")).encode())
    request = (
        f"GET /answer?{urlencode(fields)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    )
    return Delivery("", offset, request.encode())
