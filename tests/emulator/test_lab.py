"""`/lab` and the command `vonage`: a program rings, presses, answers and watches, with no token."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from calls.emulator.people import Person
from calls.emulator.platform import Platform
from tests.emulator.test_rest import NUMBERS, ORDER, Client, on_platform
from tests.emulator.voice_application import NCCO, VoiceApplication, always, in_turn, nothing

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
SECRET = "the-secret-of-the-account-and-no-other"
MENU = [
    {"action": "talk", "text": "Press 1 for sales.", "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
    *NCCO,
]


def test_scenario_is_played_and_watched() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/answer"] = always(MENU)
        wanted = {"steps": [{"press": "1"}], "expect": [{"said": "press 1"}, {"said": "closed"}]}
        async with client.session.post(f"{client.base}/lab/calls?watch=1", json=wanted) as response:
            told = [json.loads(line) async for line in response.content]
        assert {one["kind"] for one in told} >= {"webhook", "reply", "status", "says", "presses", "outcome"}
        assert told[-1]["findings"] == []
        (failure,) = told[-1]["failures"]
        assert failure.startswith("The caller did not hear “closed”, but:")

    on_platform(play)


def test_leg_is_answered_spoken_on_and_hung_up_by_a_program() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        ncco = [{"action": "input", "type": ["speech"], "speech": {}}, *NCCO]
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": ncco})
        leg = platform.legs[made["uuid"]]
        while leg.status != "ringing":
            await asyncio.sleep(0.01)
        path = f"/lab/legs/{leg.uuid}"
        assert (await client("POST", f"{path}/answer"))[0] == 200
        while not leg.ear.wants:
            await asyncio.sleep(0.01)
        assert (await client("POST", f"{path}/say", {"text": "hello"}))[0] == 200
        while "dtmf" not in str(voice.events()):
            await asyncio.sleep(0.01)
        assert (await client("POST", f"{path}/hangup"))[0] == 200
        assert (await client("POST", f"{path}/hangup"))[0] == 404

    voice = on_platform(play, speed=20, person=Person(answer="no-answer"))
    (heard,) = (event for event in voice.events() if "speech" in event)
    assert heard["speech"]["results"][0]["text"] == "hello"
    assert voice.completed()["disconnected_by"] == "user"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/lab/calls", {"steps": "press 1"}),
        ("/lab/calls", {"steps": [{"press": "A"}]}),
        ("/lab/calls", {"nonsense": 1}),
        ("/lab/calls", []),
    ],
)
def test_nonsense_is_refused(path: str, body: Any) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        assert (await client("POST", path, body))[0] == 400
        assert not platform.legs

    on_platform(play)


def test_number_that_nobody_has_is_not_rung() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        assert (await client("POST", "/lab/calls", {"to": "442079460999"}))[0] == 404

    on_platform(play)


async def told(socket: aiohttp.ClientWebSocketResponse, **wanted: Any) -> dict[str, Any]:
    """Read until something that has this is told."""
    while True:
        one: dict[str, Any] = json.loads(await socket.receive_str(timeout=10))
        if all(one.get(name) == value for name, value in wanted.items()):
            return one


def test_telephone_is_held_by_a_program() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/answer"] = always(MENU)
        async with client.session.ws_connect(f"{client.base}/lab/phones/447700900789") as phone:
            await phone.send_str("nonsense")
            await told(phone, kind="problem")
            await phone.send_json({"do": "press", "keys": "1"})
            assert (await told(phone, kind="problem"))["words"] == "There is no call."
            await phone.send_json({"do": "dial", "to": "442079460000"})
            assert (await told(phone, kind="phone"))["does"] == "dials"
            await told(phone, kind="says", text="Press 1 for sales.")
            await phone.send_json({"do": "press", "keys": "1"})
            await told(phone, kind="presses", key="1")
            await told(phone, kind="status", status="completed")
            assert (await told(phone, kind="phone"))["does"] == "idle"

    voice = on_platform(play, speed=20)
    (heard,) = voice.told(dtmf={"digits": "1", "timed_out": False})
    assert heard["from"] == "447700900789"


@pytest.mark.parametrize(("does", "outcome"), [("hangup", "rejected"), ("answer", "answered")])
def test_second_telephone_rings_and_decides(does: str, outcome: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        endpoint = {"type": "phone", "number": "447700900456"}
        voice.routes["/answer"] = always([{"action": "connect", "from": NUMBERS[0], "endpoint": [endpoint]}])
        numbers = ("447700900789", "447700900456")
        phones = [client.session.ws_connect(f"{client.base}/lab/phones/{number}") for number in numbers]
        async with phones[0] as first, phones[1] as second:
            await first.send_json({"do": "dial", "to": "442079460000"})
            rings = await told(second, kind="phone")
            assert (rings["does"], rings["from"]) == ("rings", NUMBERS[0])
            await told(second, kind="status", status="ringing")
            await second.send_json({"do": does})
            if does == "answer":
                await told(first, kind="joins")
                await second.send_json({"do": "say", "text": "Hello?"})
                await told(first, kind="hears", text="Hello?")
                await first.send_json({"do": "hangup"})
            assert (await told(second, kind="phone"))["does"] == "idle"

    voice = on_platform(play, speed=20)
    called = [one["status"] for one in voice.told(to="447700900456") if "status" in one]
    assert outcome in called
    assert ("completed" in called) is (does == "answer")


def test_telephone_in_use_is_busy_and_its_holder_hangs_up_by_going_away() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        path = f"{client.base}/lab/phones/447700900456"
        assert (await client("GET", "/lab/phones/447700900456"))[0] == 426
        async with client.session.ws_connect(path) as phone:
            assert (await client("GET", "/lab"))[1]["phones"] == ["447700900456"]
            with pytest.raises(aiohttp.WSServerHandshakeError) as taken:
                await client.session.ws_connect(path)
            assert taken.value.status == 409
            first, second = [(await client("POST", "/v1/calls", ORDER))[1]["uuid"] for _ in range(2)]
            await told(phone, kind="status", status="ringing")
            await phone.send_json({"do": "answer"})
            await told(phone, kind="status", status="answered")
            await platform.legs[second].ended
            assert platform.legs[second].outcome == "busy"
        await platform.legs[first].ended
        assert (await client("GET", "/lab"))[1]["phones"] == []
        assert platform.legs[first].ended.result() == "user"

    on_platform(play, speed=20)


def test_trace_is_watched_over_a_websocket() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.ws_connect(f"{client.base}/lab/trace") as watcher:
            _, leg = await client("POST", "/lab/calls", {"hangup_after": 5})
            assert (await told(watcher, kind="status", status="completed"))["leg"] == leg["uuid"]
        async with client.session.ws_connect(f"{client.base}/lab/trace?kept=1&leg={leg['uuid']}") as late:
            assert (await told(late))["words"] == "Call status: started"
        while platform.trace.watchers:  # both have gone
            await asyncio.sleep(0.01)

    on_platform(play, speed=100)


def test_who_rings_by_hand_and_goes_away_hangs_up() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.post(f"{client.base}/lab/calls?watch=1", json={}) as response:
            await response.content.readline()
        (leg,) = platform.legs.values()
        await leg.ended
        assert leg.ended.result() == "user"
        await platform.clock.settle()
        assert not platform.trace.watchers

    on_platform(play, speed=1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "http://127.0.0.1:3000"}, 200),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "example.com"}, 403),
        ({"Host": "vonage:3001"}, 200),
    ],
    ids=str,
)
def test_pages_of_strangers_do_not_reach_the_lab(headers: dict[str, str], status: int) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        for method in ("GET", "OPTIONS"):
            async with client.session.request(method, f"{client.base}/lab", headers=headers) as response:
                assert response.status in {status, 204 if status == 200 else status}
                allowed = response.headers.get("Access-Control-Allow-Origin")
                assert allowed == (headers.get("Origin") if status == 200 else None)

    on_platform(play)


@contextmanager
def vonage(*arguments: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start the command, on a free port unless one is given, wait until it serves, and end it."""
    port = arguments[arguments.index("--port") + 1] if "--port" in arguments else str(free_port())
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "manage.py", "vonage", "--port", port, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        words, base = process.stdout.readline().rsplit(maxsplit=1)
        assert words == "The local Vonage serves"
        assert base == f"http{'s' if '--tls' in arguments else ''}://127.0.0.1:{port}"
        yield base, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_command_serves_the_application_of_its_options() -> None:
    voice = VoiceApplication({"/answer": in_turn(always(NCCO)), "/event": nothing()})

    async def run() -> tuple[int, list[str]]:
        async with voice.serving():
            urls = ("--answer-url", f"{voice.base}/answer", "--event-url", f"{voice.base}/event")
            with vonage(*urls, "--secret", SECRET, "--speed", "max") as (base, process):
                async with (
                    aiohttp.ClientSession() as session,
                    session.post(f"{base}/lab/calls?watch=1", json={}) as got,
                ):
                    told = await got.text()
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                code = await asyncio.to_thread(process.wait, 20)
                assert time.monotonic() - began < 5
            return code, told.splitlines()

    code, told = asyncio.run(run())
    assert code == 0
    assert json.loads(told[-1]) == {"kind": "outcome", "findings": [], "failures": []}
    assert voice.statuses()[-1] == "completed"
    voice.check_signatures(SECRET)


def test_file_of_applications_that_is_wrong_is_told(tmp_path: Path) -> None:
    file = tmp_path / "applications.yaml"
    file.write_text("applications:\n  - answer_url: nowhere\n")
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "vonage", "--applications", str(file)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "application 1: answer_url has to be a URL" in ended.stderr
