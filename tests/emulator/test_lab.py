"""`/lab` and the command `vonage`: a program rings, presses, answers and watches, with no token."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from calls.emulator.people import Person
from calls.emulator.platform import Platform
from tests.emulator.keys import APPLICATION_ID, key_pair, token
from tests.emulator.test_rest import NUMBERS, ORDER, Client, on_platform
from tests.emulator.voice_application import NCCO, VoiceApplication, always, in_turn, nothing
from tests.machine import ending_with_us
from tests.ports import free_port

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


@pytest.mark.parametrize(("does", "outcome"), [("reject", "rejected"), ("answer", "answered")])
def test_second_telephone_is_in_the_hands_of_a_program(does: str, outcome: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        endpoint = {"type": "phone", "number": "447700900456"}
        voice.routes["/answer"] = always([{"action": "connect", "from": NUMBERS[0], "endpoint": [endpoint]}])
        async with client.session.ws_connect(f"{client.base}/lab/trace") as trace:
            _, first = await client("POST", "/lab/calls", {"by_hand": True})
            second = await told(trace, kind="status", status="ringing", party="447700900456")
            assert (await client("POST", f"/lab/legs/{second['leg']}/{does}"))[0] == 200
            if does == "answer":
                await told(trace, kind="joins", leg=first["uuid"])
                assert (await client("POST", f"/lab/legs/{second['leg']}/say", {"text": "Hello?"}))[0] == 200
                await told(trace, kind="hears", leg=first["uuid"], text="Hello?")
                assert (await client("POST", f"/lab/legs/{first['uuid']}/hangup"))[0] == 200
            await told(trace, kind="status", party="447700900123", status="completed")

    voice = on_platform(play, speed=20, person=Person(answer="no-answer"))
    called = [one["status"] for one in voice.told(to="447700900456") if "status" in one]
    assert outcome in called
    assert ("completed" in called) is (does == "answer")


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


def test_who_watches_and_goes_away_is_missed_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.get(f"{client.base}/lab/trace?kept=1") as watching:
            assert watching.status == 200
            platform.note("something")
            await watching.content.readline()
            assert len(platform.trace.watchers) == 1
            watching.close()
            for _ in range(100):
                platform.note("something", text="x" * 10_000)
        while platform.trace.watchers:
            await asyncio.sleep(0.01)

    on_platform(play)
    assert caplog.records == []


def test_who_rings_and_goes_away_hangs_up(caplog: pytest.LogCaptureFixture) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        async with client.session.post(f"{client.base}/lab/calls?watch=1", json={}) as response:
            await response.content.readline()
        (leg,) = platform.legs.values()
        await leg.ended
        assert leg.ended.result() == "user"
        await platform.clock.settle()
        assert not platform.trace.watchers

    on_platform(play, speed=1)
    assert caplog.records == []


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
    command = [*ending_with_us(), sys.executable, "manage.py", "vonage", "--port", port, *arguments]
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


def test_command_serves_https_to_who_trusts_its_certificate(tmp_path: Path) -> None:
    (tmp_path / "public.pem").write_text(key_pair("first")[1])
    options = ("--tls", "--application-id", APPLICATION_ID, "--public-key", str(tmp_path / "public.pem"))
    with vonage(*options, "--number", NUMBERS[0], "--url", "https://vonage.example") as (base, process):
        assert process.stdout
        line = next(line for line in process.stdout if "REQUESTS_CA_BUNDLE=" in line)
        certificate = line.strip().partition("REQUESTS_CA_BUNDLE=")[2]
        headers = {"Authorization": f"Bearer {token()}"}
        listed = requests.get(f"{base}/v1/calls", headers=headers, verify=certificate, timeout=10)
        assert (listed.status_code, listed.json()["count"]) == (200, 0)
        about = requests.get(f"{base}/lab", verify=certificate, timeout=10).json()
        assert about["url"] == "https://vonage.example"
        assert about["applications"][0]["numbers"] == [NUMBERS[0]]
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{base}/lab", timeout=10)


def test_calls_go_on_when_nobody_reads_what_it_says() -> None:
    voice = VoiceApplication()

    async def run() -> list[str]:
        async with voice.serving():
            urls = ("--answer-url", f"{voice.base}/answer", "--event-url", f"{voice.base}/event")
            with vonage(*urls, "--secret", SECRET, "--speed", "max") as (base, process):
                assert process.stdout
                process.stdout.close()
                async with aiohttp.ClientSession() as session:
                    for _ in range(2):
                        async with session.post(f"{base}/lab/calls?watch=1", json={}) as got:
                            told = await got.text()
                process.stdout = None
            return told.splitlines()

    assert json.loads(asyncio.run(run())[-1])["failures"] == []
    assert voice.statuses().count("completed") == 2


def test_file_of_applications_that_is_wrong_is_told(tmp_path: Path) -> None:
    file = tmp_path / "applications.yaml"
    file.write_text("applications:\n  - answer_url: nowhere\n")
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "vonage", "--applications", str(file)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "application 1: answer_url has to be a URL" in ended.stderr
