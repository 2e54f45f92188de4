"""The phone's doors: the page and its parts, what it is told, whom it rings, and who may not use it."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from calls.emulator.people import Person
from calls.emulator.phone.page import FOLDER, SHARED
from calls.emulator.platform import Platform
from tests.emulator.test_rest import NUMBERS, ORDER, Client, on_platform
from tests.emulator.voice_application import NCCO, VoiceApplication, always

pytestmark = pytest.mark.once
RINGS_HERE = Person(answer="phone", after=1, talks=1)
CONNECT = [{"action": "connect", "endpoint": [{"type": "phone", "number": "447700900456"}]}, *NCCO]
STRANGER = "https://example.com"


async def told(socket: aiohttp.ClientWebSocketResponse, kind: str, **fields: Any) -> dict[str, Any]:
    """Read on until this happens."""
    async with asyncio.timeout(10):
        while True:
            happening: dict[str, Any] = await socket.receive_json()
            if happening["kind"] == kind and all(happening.get(name) == value for name, value in fields.items()):
                return happening


def test_page_and_its_parts_are_served_under_a_policy() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        names = [one.name for one in (*FOLDER.iterdir(), *SHARED) if one.suffix in {".css", ".js", ".svg"}]
        assert len(names) > 5
        for path in ("/phone", *(f"/phone/{name}" for name in names)):
            async with client.session.get(client.base + path) as response:
                assert response.status == 200, path
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                text = await response.text()
                assert "http://" not in text.replace("http://www.w3.org/", "")
        async with client.session.get(f"{client.base}/phone") as response:
            html = await response.text()
        assert "<style" not in html
        assert "style=" not in html
        assert html.count("<script") == html.count("<script src=")
        for name in names:
            assert f"/phone/{name}" in html or name.endswith(".js")  # the others are modules of phone.js

    on_platform(play)


@pytest.mark.parametrize("path", ["/phone/page.py", "/phone/phone.html", "/phone/none.js", "/phone/..%2fclock.py"])
def test_nothing_else_of_the_folder_is_served(path: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        assert (await client("GET", path))[0] == 404

    on_platform(play)


def test_bare_address_leads_to_the_page() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        for path in ("", "/", "/phone/"):
            async with client.session.get(client.base + path) as response:
                assert response.url.path == "/phone"

    on_platform(play)


def test_page_is_told_what_there_is_and_what_happens() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/answer"] = always(NCCO)
        async with client.session.ws_connect(f"{client.base}/phone/happenings") as socket:
            hello = await socket.receive_json()
            assert hello["kind"] == "hello"
            assert hello["applications"][0]["numbers"] == list(NUMBERS)
            assert hello["callees"]["everybody"]["answer"] == "answer"
            assert hello["speed"] == "inf"
            await client("POST", "/lab/calls", {"to": NUMBERS[0]})
            asked = await told(socket, "webhook", door="answer")
            assert asked["question"] is True
            replied = await told(socket, "reply", door="answer")
            assert (replied["number"], replied["status"]) == (asked["number"], 200)
            assert (await told(socket, "says"))["text"] == NCCO[0]["text"]
            await told(socket, "status", status="completed")

    on_platform(play)


def test_forwarded_call_rings_on_the_page_until_somebody_picks_up() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/answer"] = always(CONNECT)
        async with client.session.ws_connect(f"{client.base}/phone/happenings") as socket:
            await client("POST", "/lab/calls", {"to": NUMBERS[0]})
            rings = await told(socket, "awaits", party="447700900456")
            assert rings["seconds"] == pytest.approx(58.6)
            assert (await client("POST", f"/lab/legs/{rings['leg']}/answer"))[0] == 200
            await told(socket, "joins", leg=rings["leg"])
            assert (await client("POST", f"/lab/legs/{rings['leg']}/sound", {"seconds": 2}))[0] == 200
            heard = await told(socket, "hears", by=rings["leg"])
            assert (heard["text"], heard["seconds"]) == ("", 2)
            assert (await client("POST", f"/lab/legs/{rings['leg']}/hangup"))[0] == 200
            await told(socket, "status", status="completed", leg=rings["leg"])

    on_platform(play, speed=20, person=RINGS_HERE)


def test_who_rejects_is_told_as_rejected() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.ws_connect(f"{client.base}/phone/happenings") as socket:
            await client("POST", "/v1/calls", ORDER)
            rings = await told(socket, "awaits")
            assert rings["caller"] == ORDER["from"]["number"]
            assert (await client("POST", f"/lab/legs/{rings['leg']}/reject"))[0] == 200
            await told(socket, "reply")

    voice = on_platform(play, speed=20, person=RINGS_HERE)
    assert voice.statuses() == ["started", "ringing", "rejected"]


def test_without_a_page_it_is_answered_by_itself() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.ws_connect(f"{client.base}/phone/happenings") as socket:
            await socket.receive_json()
        while platform.phones:
            await asyncio.sleep(0.01)
        _, made = await client("POST", "/v1/calls", ORDER)
        await platform.legs[made["uuid"]].ended

    voice = on_platform(play, person=RINGS_HERE)
    assert "answered" in voice.statuses()


def test_page_that_goes_away_hangs_up() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.ws_connect(f"{client.base}/phone/happenings") as socket:
            _, made = await client("POST", "/lab/calls", {"to": NUMBERS[0]})
            await told(socket, "says")
            await socket.send_str("nonsense")
            await socket.send_json({"holds": [made["uuid"], "of nobody"]})
        async with asyncio.timeout(10):
            assert await platform.legs[made["uuid"]].ended == "user"

    voice = on_platform(play, speed=20)
    assert voice.completed()["disconnected_by"] == "user"


def test_called_parties_are_changed_one_by_one() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        assert (await client("PATCH", "/lab/callees", {"447700900456": "busy"}))[0] == 200
        assert (await client("PATCH", "/lab/callees", {"everybody": "reject"}))[0] == 200
        _, callees = await client("GET", "/lab/callees")
        assert {name: one["answer"] for name, one in callees.items()} == {"447700900456": "busy", "everybody": "reject"}
        assert (await client("PATCH", "/lab/callees", {"everybody": "sings"}))[0] == 400

    on_platform(play)


def test_time_runs_faster_and_as_ours_again() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        assert (await client("PUT", "/lab/clock", {"speed": 1000}))[0] == 200
        async with asyncio.timeout(5):
            await platform.clock.sleep(100)
        assert (await client("PUT", "/lab/clock", {"speed": 1}))[0] == 200
        before = platform.clock.elapsed()
        await asyncio.sleep(0.2)
        assert 0.2 <= platform.clock.elapsed() - before < 5
        for wrong in (0, "fast", True, None):
            assert (await client("PUT", "/lab/clock", {"speed": wrong}))[0] == 400

    on_platform(play, speed=1)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/lab/calls", {}, 201),  # a program
        ("POST", "/lab/calls", {"Sec-Fetch-Site": "same-origin"}, 201),
        ("POST", "/lab/calls", {"Sec-Fetch-Site": "cross-site", "Origin": STRANGER}, 403),
        ("POST", "/lab/calls", {"Origin": STRANGER}, 403),  # an old browser
        ("POST", "/lab/calls", {"Origin": "http://203.0.113.5"}, 403),  # a site that has no name
        ("POST", "/lab/calls", {"Origin": "null"}, 403),
        ("POST", "/lab/calls", {"Host": "rebound.example.com:3001"}, 403),
        ("POST", "/lab/calls", {"Host": "rebound.example.com", "Origin": "http://rebound.example.com"}, 403),
        ("GET", "/lab", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ("GET", "/phone/happenings", {"Origin": STRANGER}, 403),
        ("GET", "/phone/phone.js", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ("GET", "/phone", {"Host": "rebound.example.com"}, 403),
        ("GET", "/phone", {"Host": "LOCALHOST:3001"}, 200),
        ("GET", "/phone", {"Host": "[::1]:3001"}, 200),
        ("GET", "/phone", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        # A link on another site may lead there, a frame may not.
        (
            "GET",
            "/phone",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
            200,
        ),
        (
            "GET",
            "/phone",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
            403,
        ),
    ],
    ids=str,
)
def test_who_may_use_it(method: str, path: str, headers: dict[str, str], status: int) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        body = json.dumps({"to": NUMBERS[0]}) if method == "POST" else None
        async with client.session.request(method, client.base + path, data=body, headers=headers) as response:
            assert response.status == status
        assert len(platform.legs) == (status == 201)

    on_platform(play, speed=1)
