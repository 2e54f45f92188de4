"""The actions that are played, and those that are only named."""

import json
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web

from calls.emulator import flow
from calls.vonage.ncco import Ncco
from tests.emulator.voice_application import NCCO, Handler, Received, VoiceApplication, always, in_turn, nothing

pytestmark = pytest.mark.once
GOODBYE: Ncco = [{"action": "talk", "text": "Goodbye."}]
MENU: Ncco = [
    {"action": "talk", "text": "Press 1 for sales or 2 for support.", "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 5}},
]


def seconds_between(first: dict[str, Any], second: dict[str, Any]) -> float:
    times = [datetime.fromisoformat(event["timestamp"]) for event in (first, second)]
    return (times[1] - times[0]).total_seconds()


def inputs(voice: VoiceApplication) -> list[dict[str, Any]]:
    return [event for event in voice.events() if "dtmf" in event]


def asks_at(path: str, ncco: Ncco) -> Handler:
    """Answer with an NCCO whose first action asks at a URL of the application itself."""

    async def handler(request: web.Request) -> web.StreamResponse:
        first = ncco[0] | {"eventUrl": [f"http://{request.host}{path}"]}
        return await always([first, *ncco[1:]])(request)

    return handler


def test_nobody_presses_a_key() -> None:
    voice = VoiceApplication({"/answer": always(MENU)})
    assert voice.ring() == []
    (event,) = inputs(voice)
    assert list(event) == ["speech", "dtmf", "from", "to", "uuid", "conversation_uuid", "timestamp"]
    assert event["dtmf"] == {"digits": "", "timed_out": True}
    assert event["speech"] == {"error": "Speech was not enabled"}
    assert 8 < seconds_between(voice.events()[2], event) < 10  # the text, then five seconds
    assert "input: no key pressed" in voice.trace


def test_nobody_says_a_word() -> None:
    voice = VoiceApplication({"/answer": always([{"action": "input", "type": ["dtmf", "speech"], "speech": {}}])})
    assert voice.ring() == []
    (event,) = inputs(voice)
    assert event["speech"] == {"timeout_reason": "start_timeout", "results": []}
    assert event["dtmf"] == {"digits": None, "timed_out": False}
    assert 9.9 < seconds_between(voice.events()[2], event) < 11


def test_reply_to_an_input_replaces_the_rest() -> None:
    voice = VoiceApplication({"/answer": asks_at("/menu", [MENU[1], *NCCO]), "/menu": always(GOODBYE)})
    assert voice.ring(detailed=True) == []
    assert voice.trace[-4:] == [
        "input: no key pressed",
        "NCCO: talk",
        "talk (0.9 s): Goodbye.",
        "Call status: completed",
    ]
    assert [event.json["dtmf"]["timed_out"] for event in voice.at("/menu")] == [True]


def test_empty_reply_to_an_input_lets_the_flow_go_on() -> None:
    voice = VoiceApplication({"/answer": always([*MENU, *GOODBYE])})
    assert voice.ring(detailed=True) == []
    assert voice.trace[-2:] == ["talk (0.9 s): Goodbye.", "Call status: completed"]


def test_asynchronous_input_tells_nothing_when_nothing_is_pressed() -> None:
    voice = VoiceApplication({"/answer": always([{"action": "input", "type": ["dtmf"], "mode": "asynchronous"}])})
    assert voice.ring() == []
    assert inputs(voice) == []


def test_application_that_always_asks_again_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MOST_NCCOS", 5)
    again = always([{"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 1}}])
    voice = VoiceApplication({"/answer": again, "/event": replies_to_input(again)})
    assert voice.ring() == ["The call was given 5 NCCOs, so it was ended: let it end."]
    assert voice.statuses()[-1] == "completed"


def replies_to_input(handler: Handler) -> Handler:
    async def reply(request: web.Request) -> web.StreamResponse:
        return await (handler if "dtmf" in json.loads(await request.read()) else nothing())(request)

    return reply


def test_notify_tells_its_payload_and_obeys_the_reply() -> None:
    notify = {"action": "notify", "payload": {"order": 17, "paid": True}}
    voice = VoiceApplication({"/answer": asks_at("/notified", [notify]), "/notified": always(GOODBYE)})
    assert voice.ring(detailed=True) == []
    told = voice.at("/notified")[0].json
    assert list(told) == ["payload", "conversation_uuid", "timestamp"]
    assert told["payload"] == notify["payload"]
    assert voice.trace[-2] == "talk (0.9 s): Goodbye."


def test_nested_values_are_json_text_in_a_get() -> None:
    notify = {"action": "notify", "payload": {"order": 17}, "eventMethod": "GET"}
    voice = VoiceApplication({"/answer": asks_at("/notified?key=a%2Fb", [notify])})
    assert voice.ring() == []
    told: Received = voice.at("/notified")[0]
    assert told.method == "GET"
    assert told.query["payload"] == '{"order":17}'
    assert told.query["key"] == "a/b"


@pytest.mark.parametrize("words", ["OK", {}, {"received": True}])
def test_words_in_reply_to_an_event_are_passed_over(words: Any) -> None:
    voice = VoiceApplication({"/answer": always([*MENU, *GOODBYE]), "/event": replies_to_input(always(words))})
    assert voice.ring(detailed=True) == []
    assert not any("reason" in event for event in voice.events())
    assert voice.trace[-2] == "talk (0.9 s): Goodbye."


def test_reply_to_an_event_that_is_no_array_is_found_and_not_obeyed() -> None:
    voice = VoiceApplication({"/answer": always([*MENU, *GOODBYE]), "/event": replies_to_input(always(NCCO[0]))})
    (finding,) = voice.ring(detailed=True)
    assert "reads an array of actions" in finding
    assert not any("reason" in event for event in voice.events())
    assert voice.trace[-2] == "talk (0.9 s): Goodbye."


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (always([{"action": "sing"}]), "the NCCO is refused"),
        (always(GOODBYE, content_type="text/html"), "the reply has the content type text/html"),
    ],
)
def test_bad_ncco_in_reply_to_an_event_goes_to_the_fallback_url(reply: Handler, fault: str) -> None:
    routes = {"/answer": always(MENU), "/event": replies_to_input(reply), "/fallback": always(GOODBYE)}
    voice = VoiceApplication(routes)
    (finding,) = voice.ring(fallback_url="/fallback", detailed=True)
    assert f"/event: {fault}" in finding
    assert any("reason" in event for event in voice.events())
    told = voice.at("/fallback")[0].query
    assert json.loads(told["original_request"]) == {"url": f"{voice.base}/event", "type": "event"}
    assert json.loads(told["dtmf"]) == {"digits": "", "timed_out": True}
    assert voice.trace[-2] == "talk (0.9 s): Goodbye."


def test_event_without_reply_lets_the_flow_go_on_when_the_fallback_has_none_either() -> None:
    voice = VoiceApplication(
        {
            "/answer": always([*MENU, *GOODBYE]),
            "/event": replies_to_input(nothing(500)),
            "/fallback": in_turn(nothing()),
        }
    )
    (finding,) = voice.ring(fallback_url="/fallback", detailed=True)
    assert "status 500" in finding
    assert voice.trace[-2] == "talk (0.9 s): Goodbye."


def test_wait_lasts_as_long_as_it_says() -> None:
    voice = VoiceApplication({"/answer": always([{"action": "wait", "timeout": 42.5}, {"action": "wait"}])})
    assert voice.ring() == []
    assert 52.4 < seconds_between(voice.events()[2], voice.events()[3]) < 54


def test_talk_is_repeated_as_often_as_it_says() -> None:
    voice = VoiceApplication({"/answer": always([GOODBYE[0] | {"loop": 10}])})
    assert voice.ring() == []
    assert 8.9 < seconds_between(voice.events()[2], voice.events()[3]) < 10
