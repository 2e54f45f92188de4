"""What comes to the REST API from careless programs: it is refused by name, and never an error of the platform."""

import asyncio
import base64
import json
import random
from typing import Any

import pytest

from calls.emulator.faults import Faults
from calls.emulator.people import Person
from calls.emulator.platform import Platform
from tests.emulator.keys import APPLICATION_ID, token
from tests.emulator.test_rest import FOR_EVER, ORDER, Client, on_platform
from tests.emulator.voice_application import VoiceApplication

pytestmark = pytest.mark.once
BAD_URLS = ["http://[bad", "https://ex ample/", "ftp://example.com/", "https://example.com:abc", "//example.com", ""]
ODD: list[Any] = [
    *(None, True, 0, -1, 1e308, float("nan"), 10**30, "", "\ud800", "\x00", [], {}, [[]], [None], [{}]),
    *([url] for url in BAD_URLS),
    {"type": "phone"},
    {"type": "sip"},
    {"type": ["a"]},
    {"type": {}},
    [{"type": "websocket", "uri": "wss://example.com", "content-type": "audio/l16;rate=16000", "headers": "abc"}],
    [{"type": "sip", "uri": "sip:x@example.com", "headers": [1], "standard_headers": 5}],
    [{"type": "sip", "uri": "sip:" + "x" * 50 + "@example.com"}],
    [{"type": "sip", "user": "x", "domain": "example.com"}],
    [{"type": "phone", "number": "447700900456", "dtmfAnswer": 5}],
    [{"type": "vbc", "extension": 5}],
    [{"type": "app", "user": {}}],
    [{"action": ["talk"]}],
    [{"action": "connect", "endpoint": [{"type": "websocket", "uri": "wss://["}]}],
    *({name: []} for name in ("behavior", "mode", "beep_timeout")),
]
PLACES = ["to", "from", "random_from_number", "ncco", "answer_url", "answer_method", "event_url", "event_method"]
PLACES += ["machine_detection", "advanced_machine_detection", "length_timer", "ringing_timer"]
CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "": ({"action": "transfer", "destination": {"type": "ncco", "ncco": FOR_EVER}}, ["action", "destination"]),
    "/talk": ({"text": "x"}, ["text", "language", "style", "premium", "loop", "level", "voice_name"]),
    "/stream": ({"stream_url": ["https://example.com"]}, ["stream_url", "loop", "level"]),
    "/dtmf": ({"digits": "1"}, ["digits"]),
    "/input/dtmf": ({"event_url": ["https://example.com"]}, ["event_url"]),
}


def test_no_order_is_an_error_of_ours() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        chance, bearer = random.Random(7), f"Bearer {token()}"
        for place in PLACES:
            for odd in chance.sample(ODD, 14):
                body = {**ORDER, place: odd}
                if place.startswith("answer"):
                    del body["ncco"]
                data = json.dumps(body).encode()
                status, told = await client("POST", "/v1/calls", data=data, authorization=bearer)
                assert status in {201, 400, 429}, (place, odd)
                if status == 400:
                    assert told["invalid_parameters"][0]["name"].split(".")[0] in {*PLACES, "mode", "behavior"} | {
                        "beep_timeout"
                    }

    on_platform(play)


def test_no_change_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.emulator.rest.requests.REQUESTS_A_SECOND", 10_000)

    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        bearer = f"Bearer {token()}"
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        leg = platform.legs[made["uuid"]]
        while leg.answered_at is None:
            await asyncio.sleep(0.01)
        for path, (body, names) in CHANGES.items():
            for odd in random.Random(7).sample(ODD, 14):
                for name in names:
                    data = json.dumps({**body, name: odd}).encode()
                    status, _ = await client("PUT", f"/v1/calls/{leg.uuid}{path}", data=data, authorization=bearer)
                    assert status in {200, 204, 400}, (path, name, odd)
        assert not leg.is_over
        queries = ["page_size=x", "page_size=%00", "record_index=-1", "status=%ff", "date_start=2020x", "order=up"]
        for query in queries:
            assert (await client("GET", f"/v1/calls?{query}", authorization=bearer))[0] == 400, query
        assert (await client("GET", "/v1/calls?date_end=9999-12-31T23:59:59-23:00", authorization=bearer))[0] == 200

    on_platform(play, speed=100, person=Person(after=0))


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/talk", {}, "text"),
        ("/talk", {"text": "x", "level": 2}, "level"),
        ("/talk", {"text": "x", "level": "loud"}, "level"),
        ("/talk", {"text": "x", "style": "7"}, "style"),
        ("/talk", {"text": "x" * 1501}, "text"),
        ("/stream", {"stream_url": "https://example.com"}, "stream_url"),
        ("/stream", {"stream_url": ["https://example.com"], "loop": -1}, "loop"),
        ("/dtmf", {"digits": "A"}, "digits"),
        ("/input/dtmf", {"event_url": "https://example.com"}, "event_url"),
        ("", {"action": "transfer", "destination": {"type": "ncco", "url": "https://example.com"}}, "destination.url"),
        ("", {"action": "transfer", "destination": {"type": "ncco", "url": [], "ncco": []}}, "destination"),
        ("", {"action": "dance"}, "action"),
    ],
    ids=str,
)
def test_change_that_is_wrong_is_refused_by_name(path: str, body: dict[str, Any], name: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        leg = platform.legs[made["uuid"]]
        while leg.answered_at is None:
            await asyncio.sleep(0.01)
        status, problem = await client("PUT", f"/v1/calls/{leg.uuid}{path}", body)
        assert (status, problem["type"], problem["invalid_parameters"][0]["name"]) == (400, 400, name)

    on_platform(play, speed=20, person=Person(after=0))


def test_call_that_ends_while_a_body_comes_is_not_changed() -> None:
    """Two at once on one leg: the second finds it over, though it went on when that request began."""

    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        leg = platform.legs[made["uuid"]]
        while leg.answered_at is None:
            await asyncio.sleep(0.01)

        async def slowly() -> Any:
            yield b'{"action": "transfer", "destination": '
            leg.hang_up("platform")
            yield json.dumps({"type": "ncco", "ncco": FOR_EVER}).encode() + b"}"

        assert (await client("PUT", f"/v1/calls/{leg.uuid}", data=slowly()))[0] == 400
        await platform.clock.settle()

    voice = on_platform(play, speed=20, person=Person(after=0))
    assert not voice.told(type="transfer")


def test_many_changes_at_once_come_one_after_the_other() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        path = f"/v1/calls/{made['uuid']}"
        leg = platform.legs[made["uuid"]]
        while leg.answered_at is None:
            await asyncio.sleep(0.01)
        move = {"action": "transfer", "destination": {"type": "ncco", "ncco": FOR_EVER}}
        bodies = [move, {"action": "mute"}, move, {"action": "hangup"}, {"action": "hangup"}]
        answers = await asyncio.gather(*(client("PUT", path, body) for body in bodies))
        assert {status for status, _ in answers} <= {204, 400}
        assert sum(status == 204 for status, body in answers[3:]) == 1
        await platform.clock.settle()

    voice = on_platform(play, speed=20, person=Person(after=0))
    assert len(voice.told(status="completed")) == 1


def test_call_needs_an_event_url_from_somewhere() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        basic = "Basic " + base64.b64encode(b"abcd1234:its-secret").decode()
        gone = {"name": "Without webhooks"}
        assert (await client("PUT", f"/v2/applications/{APPLICATION_ID}", gone, authorization=basic))[0] == 200
        status, problem = await client("POST", "/v1/calls", ORDER)
        assert (status, problem["invalid_parameters"][0]["name"]) == (400, "event_url")
        here = {**ORDER, "event_url": [f"{voice.base}/here"]}
        assert (await client("POST", "/v1/calls", here))[0] == 201

    voice = on_platform(play)
    assert voice.at("/here")[0].json["status"] == "started"


def test_random_number_is_one_of_the_application() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        body = {name: value for name, value in ORDER.items() if name != "from"} | {"random_from_number": True}
        _, made = await client("POST", "/v1/calls", body)
        assert platform.legs[made["uuid"]].from_.shown in (platform.applications[0].numbers or ())
        assert (await client("POST", "/v1/calls", {**body, "from": ORDER["from"]}))[0] == 400

    on_platform(play)


def test_call_may_be_too_young_to_be_changed() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        platform.faults = Faults(too_young=True)
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        path = f"/v1/calls/{made['uuid']}"
        bad = {"type": "BAD_REQUEST", "error_title": "Bad Request"}
        assert await client("PUT", path, {"action": "hangup"}) == (400, bad)
        await platform.clock.sleep(1)
        assert await client("PUT", path, {"action": "hangup"}) == (204, None)

    voice = on_platform(play, speed=1)
    assert voice.statuses()[-2:] in (["cancelled", "completed"], ["completed", "cancelled"])
