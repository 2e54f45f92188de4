"""What Vonage tells and asks of calls of several kinds: the payloads of a model call, with offsets in seconds.

Each kind has VARIANTS models, of different lengths, keys and words. Their numbers and ids stand for others: see
`copies.py`. Shapes and rounding are those of real webhooks: `start_time` down, `end_time` up to the whole second.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from calls.vonage.events import Event, Payload
from calls.vonage.heads import HIDDEN, Head

BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)
CALLER, OURS, PERSON = "447000000001", "442000000001", "447000000002"
VARIANTS = 12
SENDERS = ("216.147.0.1", "216.147.7.4")  # of Vonage's range
WAY = 0.04  # seconds of a webhook's way to us
RATE, RATE_OUT = "0.00450000", "0.02270000"
WORDS = (
    "I would like to change my order",
    "Is the workshop open on Saturday",
    "Somebody rang me from this number",
    "My parcel has not arrived yet",
    "Can I speak to the accounts department",
    "I want to book an appointment",
)
NCCO = [{"action": "talk", "language": "en-GB", "text": "Thanks for calling. For orders press 1, for the workshop 2."}]


@dataclass
class Model:
    """A call as it is told: its events, the last of which came in last."""

    weight: float
    number: int  # its own: the call log reads all models at once
    events: list[Event] = field(default_factory=list)
    lasts: float = 0.0

    @property
    def legs(self) -> tuple[str, str]:
        return f"a1a1a1a1a1a1a1a1a1a1a1a1{self.number:08x}", f"b2b2b2b2-b2b2-4b2b-8b2b-b2b2{self.number:08x}"

    @property
    def room(self) -> str:
        return f"CON-c3c3c3c3-c3c3-4c3c-8c3c-c3c3{self.number:08x}"

    @property
    def file(self) -> str:
        return f"d4d4d4d4-d4d4-4d4d-8d4d-d4d4{self.number:08x}"

    def tell(self, at: float, payload: Payload, *, door: str = "event", signed: bool = True) -> None:
        received_at = BEGIN + timedelta(seconds=at + WAY)
        head = head_of(door, SENDERS[self.number % len(SENDERS)], asked="reply" in payload)
        self.events.append(Event(payload=payload, received_at=received_at, door=door, signed=signed, head=head))
        self.lasts = max(self.lasts, at)

    def status(self, word: str, at: float, leg: int = 0, **more: Any) -> None:
        """A status webhook of a leg; the second one is rung by us, and so is the first of a call that we place."""
        out = bool(leg) or more.pop("out", False)
        parties = {"from": OURS, "to": PERSON if leg else CALLER} if out else {"from": CALLER, "to": OURS}
        names = {"uuid": self.legs[leg], "conversation_uuid": self.room, "direction": "outbound" if out else "inbound"}
        self.tell(at, {"headers": {}, **parties, **names, "status": word, "timestamp": written(at), **more})

    def answered(self, at: float, leg: int = 0, **more: Any) -> None:
        self.status("answered", at, leg, start_time=None, rate=None, network=None, **more)

    def completed(self, at: float, since: float, leg: int = 0, *, by: str = "user", **more: Any) -> None:
        """The end of a leg that was answered `since`."""
        seconds = ceil(at) - int(since)
        rate = RATE_OUT if leg or more.get("out") else RATE
        cost = {"duration": str(seconds), "rate": rate, "price": f"{float(rate) * seconds / 60:.8f}"}
        times = {"start_time": written(int(since)), "end_time": written(ceil(at))}
        network = "23410" if leg else "GB-MOBILE"
        self.status("completed", at, leg, network=network, disconnected_by=by, sip_code=200, **cost, **times, **more)

    def begun(self, *steps: str) -> None:
        """A call comes in, and we say what it hears, by these steps."""
        self.status("ringing", 0)
        self.status("started", 0)
        asked = {"to": OURS, "from": CALLER, "conversation_uuid": self.room, "uuid": self.legs[0]}
        path = [{"step": str(place), "kind": name.lower(), "name": name} for place, name in enumerate(steps, 1)]
        reply = {"ncco": NCCO, "milliseconds": 1.25, "version": None, "path": path}
        self.tell(0.05, {**asked, "reply": reply}, door="answer")
        self.answered(0.59)

    def heard(self, at: float, **what: Any) -> None:
        names = {"from": CALLER, "to": OURS, "uuid": self.legs[0], "conversation_uuid": self.room}
        self.tell(at, {**what, **names, "timestamp": written(at)})

    def message(self, at: float, until: float) -> None:
        """A message: the recording of a conversation, which names no leg, as it came back to its voicemail step."""
        file = {
            "recording_url": f"https://api.nexmo.com/v1/files/{self.file}",
            "recording_uuid": self.file,
            "size": 36288,
        }
        times = {"start_time": written(int(at), ""), "end_time": written(ceil(until), "")}
        names = {"conversation_uuid": self.room, "timestamp": written(until + 0.4)}
        path = [{"step": "2", "kind": "voicemail", "name": "Voicemail"}]
        self.tell(until + 0.4, {**times, **file, **names, "reply": {"version": None, "path": path}})


def head_of(door: str, sender: str, *, asked: bool = False) -> Head:
    """The head of a request through the proxy of the compose file, as it is kept. `asked`: one of our questions."""
    line = f"GET /{door}?… HTTP/1.1" if door == "answer" else f"POST /{door}{f'/{HIDDEN}' if asked else ''} HTTP/1.1"
    told = [("Host", "calls.example.com"), ("User-Agent", "Apache-HttpAsyncClient/4.1 (Java/1.8.0_66)")]
    if door != "answer":
        told.append(("Content-Type", "application/json"))
    way = [("Via", "1.1 Caddy"), ("X-Forwarded-For", sender), ("X-Forwarded-Proto", "https")]
    way += [("X-Forwarded-Host", "calls.example.com"), ("Authorization", f"Bearer {HIDDEN}")]
    return Head(line, (*told, *way))


def written(at: float, places: str = ".000") -> str:
    """A time as Vonage writes it: with milliseconds, but for those of recordings."""
    moment = BEGIN + timedelta(milliseconds=round(at * 1000))
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{moment.microsecond // 1000:03}" if places else "") + "Z"


def notice(model: Model, chance: random.Random) -> None:
    model.begun("Greeting")
    end = 4.21 + chance.random() * 20
    model.completed(end, 0.59, by=chance.choice(["platform", "user"]))


def gave_up(model: Model, chance: random.Random) -> None:
    model.status("ringing", 0)
    model.status("started", 0)
    end = 1.31 + chance.random() * 15
    model.status("cancelled", end, sip_code=487)
    model.status("completed", end + 0.01, sip_code=487)


def _pressed(model: Model, chance: random.Random) -> float:
    model.begun("Hours", "Menu")
    at = 4.18 + chance.random() * 6
    digits = {"digits": str(chance.randint(1, 9)), "timed_out": False}
    model.heard(at, speech={"error": "Speech was not enabled"}, dtmf=digits)
    return at


def _rung(model: Model, chance: random.Random, at: float) -> float:
    model.status("started", at, 1)
    model.status("ringing", at + 1.4, 1)
    return at + 3.2 + chance.random() * 12


def put_through(model: Model, chance: random.Random) -> None:
    at = _rung(model, chance, _pressed(model, chance) + 1)
    model.answered(at, 1)
    end = at + min(15 + chance.expovariate(1 / 150), 1_500)
    model.completed(end, at, 1, by=chance.choice(["user", "platform"]))
    model.completed(end + 0.06, 0.59, by="platform")


def nobody(model: Model, chance: random.Random) -> None:
    at = _rung(model, chance, _pressed(model, chance) + 1) + 8
    word, code = chance.choice([("timeout", 480), ("timeout", 480), ("busy", 486), ("unanswered", 480)])
    model.status(word, at, 1, sip_code=code)
    model.status("completed", at + 0.01, 1, sip_code=code)
    model.completed(at + 1.2, 0.59)


def voicemail(model: Model, chance: random.Random) -> None:
    at = 0.6
    if chance.random() < 0.3:
        at = _rung(model, chance, _pressed(model, chance) + 1) + 8
        model.status("timeout", at, 1, sip_code=480)
    else:
        model.begun("Hours", "Voicemail")
    until = at + 9.3 + chance.random() * 60
    model.message(at + 7, until)
    model.completed(until + 2, 0.59)


def spoken(model: Model, chance: random.Random) -> None:
    model.begun("Hours", "Menu")
    at = 6.4 + chance.random() * 4
    found = [{"confidence": "0.9034", "text": chance.choice(WORDS)}]
    model.heard(at, speech={"timeout_reason": "end_on_silence_timeout", "results": found})
    model.completed(at + 12, 0.59)


def failed(model: Model, chance: random.Random) -> None:
    model.status("ringing", 0)
    model.status("started", 0)
    model.status("failed", 1.4 + chance.random(), detail=chance.choice(["internal_error", "cannot_route"]))


def placed(model: Model, chance: random.Random) -> None:
    model.status("started", 0, out=True)
    model.status("ringing", 2.1, out=True)
    at = 4.6 + chance.random() * 10
    model.answered(at, out=True)
    model.completed(at + 9 + chance.expovariate(1 / 100), at, out=True)


def not_reached(model: Model, chance: random.Random) -> None:
    model.status("started", 0, out=True)
    model.status("ringing", 2.1, out=True)
    more = chance.choice([{"word": "unanswered", "detail": "unavailable"}, {"word": "rejected", "detail": "declined"}])
    model.status(more["word"], 9.3 + chance.random() * 20, out=True, detail=more["detail"], sip_code=480)


# How many of a hundred calls are of each kind.
KINDS: tuple[tuple[float, Callable[[Model, random.Random], None]], ...] = (
    (34, notice),
    (14, put_through),
    (6, nobody),
    (8, voicemail),
    (13, gave_up),
    (3, spoken),
    (3, failed),
    (13, placed),
    (6, not_reached),
)


def models(chance: random.Random) -> Iterator[Model]:
    """Make the models of all kinds. One of them came unsigned in part, and one with a repeat."""
    for place, (share, make) in enumerate(KINDS):
        for variant in range(VARIANTS):
            model = Model(share / VARIANTS, place * VARIANTS + variant)
            make(model, chance)
            if make is notice and variant == 0:
                model.weight /= 5
                model.events = [*model.events[:-1], _unsigned(model.events[-1])]
            if make is notice and variant == 1:
                model.events.append(model.events[-1])
            yield model


def _unsigned(event: Event) -> Event:
    head = event.head and Head(event.head.line, event.head.headers[:-1])  # without the authorization
    return replace(event, signed=False, head=head)
