"""Each of the 24 sequences of tests/sequences/ is made by the local Vonage, and compared field by field.

Compared are the requests, their doors and methods, the fields in their order, and every value but those that differ
from call to call: of these, that they are there or empty, and that ids which are the same there are the same here.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from calls.emulator.application import Target
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint, Leg
from calls.emulator.lives import Order
from calls.emulator.people import Callees, Person, Press, Say
from calls.emulator.platform import Platform
from tests.emulator.voice_application import Handler, VoiceApplication, always, in_turn, nothing
from tests.sequences.reading import BEGIN, NAMES, steps

pytestmark = pytest.mark.once
CALLER, OURS, PERSON = "447700900123", "442079460010", "447700900456"
IDS = {"uuid", "call_uuid", "conversation_uuid", "conversation_uuid_from", "conversation_uuid_to"}
VARYING = {"timestamp", "start_time", "end_time", "duration", "price", "recording_url", "recording_uuid", "size"}
HELLO = [{"action": "talk", "text": "Thanks for calling.", "language": "en-AU", "style": 3}]
MENU = [
    {"action": "talk", "text": "Press 1 for sales or 2 for support.", "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 5}},
]
CONNECT = {"action": "connect", "from": OURS, "timeout": 20, "endpoint": [{"type": "phone", "number": PERSON}]}


def forward(**options: Any) -> list[dict[str, Any]]:
    return [{"action": "talk", "text": "Putting you through."}, CONNECT | options]


@dataclass(kw_only=True)
class Setting:
    """How a sequence comes about. `order`: it is a call that we place, with these options."""

    answer: Handler = field(default_factory=lambda: always(HELLO))
    event: Handler = field(default_factory=nothing)
    caller: Person = field(default_factory=Person)
    endpoint: Endpoint = Endpoint("phone", CALLER)  # noqa: RUF009 - it cannot change
    to: str = OURS
    extras: dict[str, Any] = field(default_factory=dict)
    callee: Person = field(default_factory=Person)
    order: dict[str, Any] | None = None
    fallback: Handler | None = None
    after: tuple[float, Callable[[Platform, Leg, str], None]] | None = None  # seconds, and what is done then
    # What the sequence has by inference alone, or leaves open: fields that are not compared, fields of which only
    # whether they are empty is compared, and requests that it does not list.
    inferred: set[str] = field(default_factory=set)
    vague: set[str] = field(default_factory=set)
    unlisted: set[tuple[str, str]] = field(default_factory=set)  # door, and status or direction

    def is_unlisted(self, door: str, payload: dict[str, Any]) -> bool:
        word = f"{payload.get('direction', '')} {payload.get('status', '')}".strip()
        return (door, word) in self.unlisted


def to_input(ncco: Any) -> Handler:
    """Reply to what an input heard, and to nothing else."""

    async def handler(request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())
        return await (always(ncco) if "dtmf" in told else nothing())(request)

    return handler


def to_failure(request_text: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())
        busy = told.get("status") in {"busy", "timeout"} and told["direction"] == "outbound"
        return await (always([{"action": "talk", "text": request_text}]) if busy else nothing())(request)

    return handler


def in_order(*nccos: Any) -> Handler:
    """Reply to the first input with the first, to the second with the second."""
    left = list(nccos)

    async def handler(request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())
        return await (always(left.pop(0)) if "dtmf" in told and left else nothing())(request)

    return handler


def move(platform: Platform, leg: Leg, base: str) -> None:
    platform.transfer(leg, Target(f"{base}/answer", "GET"))


def give_up(platform: Platform, leg: Leg, base: str) -> None:
    leg.hang_up("platform")


VOICEMAIL = [
    {"action": "talk", "text": "Leave a message after the tone, then press hash."},
    {"action": "record", "format": "mp3", "endOnKey": "#", "endOnSilence": 5, "timeOut": 120, "beepStart": True},
    {"action": "talk", "text": "Thank you. Goodbye."},
]
SPEECH = {"action": "input", "type": ["dtmf", "speech"], "speech": {}}
NOBODY = "Nobody is free. Please call again later."
APP_USER = Setting(
    answer=always([CONNECT]),
    endpoint=Endpoint("app", "Alice"),
    to=PERSON,
    extras={"custom_data": {"ticket": "A-17"}},
    callee=Person(after=11.9, talks=4.5),
    vague={"rate", "network", "region_url"},
    unlisted={("event", "outbound ringing")},  # not in the log; it is documented
)
OPENING = {("answer", "")}  # of an outbound call; the sequence begins after it
FOR_EVER = always([{"action": "talk", "text": "Please hold.", "loop": 0}])
SETTINGS: dict[str, Setting] = {
    "01_inbound_talk": Setting(),
    "02_menu_key": Setting(
        answer=always(MENU),
        event=to_input([{"action": "talk", "text": "Sales is closed today."}]),
        caller=Person([Press("1")]),
    ),
    "03_menu_no_key": Setting(answer=always(MENU), event=in_order(MENU, [{"action": "talk", "text": "Goodbye."}])),
    "04_speech": Setting(
        answer=always([SPEECH]),
        event=in_order(
            [{"action": "talk", "text": "You said sales."}, {"action": "input", "type": ["dtmf", "speech"]}]
        ),
        caller=Person([Say("sales")]),
        unlisted={("event", "inbound completed")},  # it ends before
    ),
    "05_voicemail": Setting(answer=always(VOICEMAIL), caller=Person([Say("Please call me back"), Press("#")])),
    "06_forward_answered": Setting(answer=always(forward()), callee=Person(after=5.4, talks=31)),
    "07_forward_busy": Setting(
        answer=always(forward(eventType="synchronous")), event=to_failure(NOBODY), callee=Person(answer="busy")
    ),
    "08_forward_timeout": Setting(
        answer=always(forward(eventType="synchronous")), event=to_failure(NOBODY), callee=Person(answer="no-answer")
    ),
    "09_forward_caller_leaves": Setting(answer=always(forward()), caller=Person(hangup_after=7)),
    "10_inbound_cancelled": Setting(caller=Person(hangup_after=0.32)),
    "11_outbound_answered": Setting(answer=FOR_EVER, callee=Person(hangup_after=11), order={}),
    "12_outbound_busy": Setting(callee=Person(answer="busy"), order={}),
    "13_outbound_rejected": Setting(callee=Person(answer="reject"), order={}, vague={"detail", "sip_code"}),
    "14_outbound_unanswered": Setting(callee=Person(answer="unavailable"), order={}),
    "15_outbound_failed": Setting(callee=Person(answer="fail"), order={}),
    "16_outbound_timeout": Setting(callee=Person(answer="no-answer"), order={}, inferred={"sip_code"}),
    "17_outbound_cancelled": Setting(
        callee=Person(answer="no-answer"), order={}, after=(5.2, give_up), inferred={"sip_code"}
    ),
    "18_detection_human": Setting(
        answer=FOR_EVER, callee=Person(hangup_after=24), order={"machine_detection": "continue"}
    ),
    "19_detection_hangup": Setting(
        answer=FOR_EVER, callee=Person(answer="machine"), order={"machine_detection": "hangup"}, unlisted=OPENING
    ),
    "20_detection_beep": Setting(
        answer=always([{"action": "talk", "text": "This is a message for you."}]),
        callee=Person(answer="machine"),
        order={"advanced_machine_detection": {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 60}},
    ),
    "21_fallback": Setting(
        answer=nothing(503),
        fallback=always([{"action": "talk", "text": "We are having trouble. Please call again."}]),
        vague={"reason"},
    ),
    "22_bad_ncco": Setting(answer=always({"action": "talk", "text": "not in an array"})),
    "23_moved_by_rest": Setting(answer=in_turn(FOR_EVER, always(HELLO)), after=(12, move)),
    "24_app_user": APP_USER,
}


Request = tuple[str, str, dict[str, Any]]


def shapes(requests: list[Request], setting: Setting) -> list[str]:
    """Write each request down so that two runs can be compared: ids as what they name, what varies as there or not."""
    names = names_of_ids(requests)

    def value(name: str, told: Any) -> Any:
        if name in IDS:
            return names[told]
        if name == "original_request":
            return {"url": bool(told["url"]), "type": told["type"]}
        if name == "speech":  # which other words it might have been is left to chance
            return told | {"results": told["results"][:1]} if "results" in told else told
        return told is not None if name in VARYING | setting.vague else told

    written = []
    for door, method, payload in requests:
        if not setting.is_unlisted(door, payload):
            fields = [[name, value(name, told)] for name, told in payload.items() if name not in setting.inferred]
            written.append(json.dumps([door, method, fields]))
    return sorted(written)


def names_of_ids(requests: list[Request]) -> dict[Any, str]:
    """A leg is named by its direction, a conversation by whether a leg was moved into it."""
    payloads = [payload for _, _, payload in requests]
    legs = {one["uuid"]: f"{one['direction']} leg" for one in payloads if "direction" in one and "uuid" in one}
    later = {one["conversation_uuid_to"] for one in payloads if "conversation_uuid_to" in one}
    all_ids = {told for one in payloads for name, told in one.items() if name in IDS}
    return {one: legs.get(one, "later conversation" if one in later else "conversation") for one in all_ids}


def expected(name: str) -> list[Request]:
    return [(step.door, step.method, unnested(step.payload)) for step in steps(name)]


def received(voice: VoiceApplication) -> list[Request]:
    return [
        (one.path.strip("/"), one.method, one.json if one.method == "POST" else unnested(one.query))
        for one in voice.received
    ]


def unnested(query: dict[str, Any]) -> dict[str, Any]:
    """In a GET a nested value is JSON text."""
    return {
        name: json.loads(value) if str(value).startswith("{") and isinstance(value, str) else value
        for name, value in query.items()
    }


async def perform(name: str, setting: Setting) -> VoiceApplication:
    """Let the sequence come about, against an application on a real port."""
    voice = VoiceApplication({"/answer": setting.answer, "/event": setting.event})
    if setting.fallback:
        voice.routes["/fallback"] = setting.fallback
    async with voice.serving():
        options = {"fallback_url": "/fallback"} if setting.fallback else {}
        ours = voice.application(numbers=(OURS, PERSON), **options)
        platform = Platform([ours], clock=Clock(AT_ONCE, start=BEGIN), callees=Callees(setting.callee), seed=7)
        async with platform:
            leg = begin(platform, setting, voice)
            if setting.after:
                seconds, do = setting.after
                platform.clock.later(seconds, lambda: do(platform, leg, voice.base))
            await leg.ended
            await platform.clock.settle()
    return voice


def begin(platform: Platform, setting: Setting, voice: VoiceApplication) -> Leg:
    (ours,) = platform.applications
    if setting.order is None:
        return platform.ring(ours, to=setting.to, caller=setting.endpoint, person=setting.caller, extras=setting.extras)
    answer = Target(f"{voice.base}/answer", "GET")
    order = Order(to=Endpoint("phone", PERSON), from_=Endpoint("phone", OURS), answer=answer, **setting.order)
    return platform.place(ours, order)


@pytest.mark.parametrize("name", NAMES)
def test_sequence_is_that_of_the_platform(name: str) -> None:
    setting = SETTINGS[name]
    voice = asyncio.run(perform(name, setting))
    assert shapes(received(voice), setting) == shapes(expected(name), setting)


def test_setting_for_each_sequence() -> None:
    assert sorted(SETTINGS) == NAMES
