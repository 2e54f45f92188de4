"""How each of the 24 sequences comes about: what the application replies, and what the people and programs do.

Where the reference's times are examples, people and `wait` actions are told to take as long as they do there.
"""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from calls.emulator.legs import Endpoint
from calls.emulator.people import HangUp, Person, Press, Say, Wait
from calls.emulator.speech import seconds_to_say
from tests.emulator.voice_application import Handler, always, in_turn, nothing

CALLER, OURS, PERSON = "447700900123", "442079460010", "447700900456"
Ncco = list[dict[str, Any]]
Rest = Callable[[str, str, Any], Coroutine[Any, Any, tuple[int, Any]]]  # method, path, body


@dataclass(kw_only=True)
class Play:
    """`order`: a call that a program places by REST, with this beside the usual. `later`: by REST, seconds after the
    beginning. `beyond`: statuses that come after all that the sequence lists.
    """

    answer: Handler
    event: Handler = field(default_factory=nothing)
    fallback: Handler | None = None
    caller: Person = field(default_factory=Person)
    endpoint: Endpoint = Endpoint("phone", CALLER)  # noqa: RUF009 - it cannot change
    to: str = OURS
    extras: dict[str, Any] = field(default_factory=dict)
    callee: Person = field(default_factory=Person)
    order: dict[str, Any] | None = None
    later: tuple[float, dict[str, Any]] | None = None
    beyond: tuple[str, ...] = ()


def talk(text: str, **options: Any) -> dict[str, Any]:
    return {"action": "talk", "text": text} | options


def lasting(seconds: float, *actions: dict[str, Any]) -> Ncco:
    """Let what is said take so long: how long a talk takes is not documented."""
    said = sum(seconds_to_say(action["text"]) for action in actions)
    return [*actions, {"action": "wait", "timeout": round(seconds - said, 3)}]


def replies(name: str, *nccos: Ncco, values: tuple[str, ...] = ()) -> Handler:
    """Reply to events that have this field (one of these values), to each with the next; to others with nothing."""
    left = list(nccos)

    async def handler(request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())
        counts = name in told and (not values or told[name] in values)
        return await (always(left.pop(0)) if counts and left else nothing())(request)

    return handler


def forwarding(**options: Any) -> Handler:
    """Answer with a `connect`, whose events go to the application's event URL by its own name."""

    async def handler(request: web.Request) -> web.StreamResponse:
        endpoint = [{"type": "phone", "number": PERSON}]
        connect = {"action": "connect", "from": OURS, "timeout": 20, "endpoint": endpoint}
        events = {"eventUrl": [f"http://{request.host}/event"]}
        return await always([talk("Putting you through."), connect | events | options])(request)

    return handler


HELLO = talk("Thanks for calling.", language="en-AU", style=3)
MENU: Ncco = [
    talk("Press 1 for sales or 2 for support.", bargeIn=True),
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 5}},
]
SPOKEN_MENU: Ncco = [
    talk("Press 1 for sales or 2 for support.", bargeIn=True),
    {"action": "input", "type": ["dtmf", "speech"], "speech": {}},
]
VOICEMAIL: Ncco = [
    talk("Leave a message after the tone, then press hash."),
    {"action": "record", "format": "mp3", "endOnKey": "#", "endOnSilence": 5, "timeOut": 120, "beepStart": True},
    *lasting(2.3, talk("Thank you. Goodbye.")),
]
MESSAGE = "Please call me back about the order that I made last week."
NOBODY = talk("Nobody is free. Please call again later.")
FOR_EVER: Ncco = [talk("Please hold.", loop=0)]
BEEP = {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 60}
ANSWERS_AFTER = 4.85  # of the calls that we place: from ringing, as in all these sequences


def placed(callee: Person, answer: Ncco = FOR_EVER, **order: Any) -> Play:
    return Play(answer=always(answer), callee=callee, order=order)


PLAYS: dict[str, Play] = {
    "01_inbound_talk": Play(answer=always(lasting(7.1, HELLO))),
    "02_menu_key": Play(
        answer=always(MENU),
        event=replies("dtmf", lasting(3.45, talk("Sales is closed today."))),
        caller=Person([Wait(3.66), Press("1", now=True)]),
    ),
    "03_menu_no_key": Play(answer=always(MENU), event=replies("dtmf", MENU, lasting(2.38, talk("Goodbye.")))),
    "04_speech": Play(
        answer=always(SPOKEN_MENU),
        event=replies("dtmf", [talk("You said sales.")]),
        caller=Person([Wait(2.93), Say("sales", now=True, or_heard_as=("sails",))]),
        beyond=("completed",),
    ),
    "05_voicemail": Play(
        answer=always(VOICEMAIL),
        caller=Person([Say(MESSAGE), Wait(9.072 - 0.5 - seconds_to_say(MESSAGE) - 0.5), Press("#")]),
    ),
    "06_forward_answered": Play(answer=forwarding(), callee=Person([Wait(32.2), HangUp()], after=5.425)),
    "07_forward_busy": Play(
        answer=forwarding(eventType="synchronous"),
        event=replies("status", lasting(4.5, NOBODY), values=("busy",)),
        callee=Person(answer="busy"),
    ),
    "08_forward_timeout": Play(
        answer=forwarding(eventType="synchronous"),
        event=replies("status", lasting(4.3, NOBODY), values=("timeout",)),
        callee=Person(answer="no-answer"),
    ),
    "09_forward_caller_leaves": Play(
        answer=forwarding(), caller=Person(hangup_after=7.3), callee=Person(answer="no-answer")
    ),
    "10_inbound_cancelled": Play(answer=always([HELLO]), caller=Person(hangup_after=0.32)),
    "11_outbound_answered": placed(Person([Wait(4.9), HangUp()], after=ANSWERS_AFTER)),
    "12_outbound_busy": placed(Person(answer="busy", after=3.06)),
    "13_outbound_rejected": placed(Person(answer="reject", detail="restricted")),
    "14_outbound_unanswered": placed(Person(answer="unavailable", after=29.8)),
    "15_outbound_failed": placed(Person(answer="fail", after=0.66)),
    "16_outbound_timeout": placed(Person(answer="no-answer")),
    "17_outbound_cancelled": Play(
        answer=always(FOR_EVER), callee=Person(answer="no-answer"), order={}, later=(5.3, {"action": "hangup"})
    ),
    "18_detection_human": placed(Person([Wait(17.9), HangUp()], after=ANSWERS_AFTER), machine_detection="continue"),
    # No answer request is part of it: the call has its NCCO with it.
    "19_detection_hangup": placed(
        Person(answer="machine", after=ANSWERS_AFTER), machine_detection="hangup", ncco=FOR_EVER
    ),
    "20_detection_beep": placed(
        Person(answer="machine", after=ANSWERS_AFTER),
        lasting(5.4, talk("This is a message for you.")),
        advanced_machine_detection=BEEP,
    ),
    "21_fallback": Play(
        answer=nothing(503), fallback=always(lasting(4.1, talk("We are having trouble. Please call again.")))
    ),
    "22_bad_ncco": Play(answer=always(talk("not in an array"))),
    "23_moved_by_rest": Play(
        answer=in_turn(always(FOR_EVER), always(lasting(4.2, HELLO))),
        later=(12.0, {"action": "transfer", "destination": {"type": "ncco", "url": ["/answer"]}}),
    ),
    "24_app_user": Play(
        answer=always([{"action": "connect", "from": OURS, "endpoint": [{"type": "phone", "number": PERSON}]}]),
        endpoint=Endpoint("app", "Alice"),
        to=PERSON,
        extras={"custom_data": {"ticket": "A-17"}},
        callee=Person([Wait(4.3), HangUp()], after=11.25),
    ),
}
# The sequence of speech ends with what is sent when nothing is said, which is another call.
SILENT = Play(answer=always(SPOKEN_MENU))
