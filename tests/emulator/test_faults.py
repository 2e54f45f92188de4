"""Every fault of a voice application is found and named, and the call still ends as it would at the platform."""

import asyncio
import json
import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.emulator.voice_application import NCCO, VoiceApplication, always, in_turn, nothing

pytestmark = pytest.mark.once
WITHOUT_NCCO = ["answered", "completed"]
DOORS = ("event", "answer", "fallback")


def self_made(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that its own server signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def the_finding(voice: VoiceApplication, **options: Any) -> str:
    (finding,) = voice.ring(**options)
    return finding


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 500, 502])
def test_status_of_an_answer(status: int) -> None:
    voice = VoiceApplication({"/answer": always(NCCO, status=status) if status != 204 else nothing(204)})
    finding = the_finding(voice)
    assert finding.startswith(f"GET {voice.base}/answer: status {status} instead of 200.")
    assert len(voice.at("/answer")) == 1  # the platform does not ask again
    assert voice.statuses()[2:] == WITHOUT_NCCO


@pytest.mark.parametrize("status", [429, 503, 504])
def test_status_after_which_the_platform_asks_again(status: int) -> None:
    voice = VoiceApplication({"/answer": nothing(status)})
    assert f"status {status}" in the_finding(voice)
    assert len(voice.at("/answer")) == 2
    assert voice.statuses()[2:] == WITHOUT_NCCO


def test_refused_signature_says_which_secret_is_needed() -> None:
    voice = VoiceApplication({"/answer": nothing(401), "/event": nothing(401)})
    findings = voice.ring()
    assert [finding.partition(":")[0] for finding in findings] == ["POST http", "GET http"]
    assert all("the same signature secret" in finding for finding in findings)
    unsigned = VoiceApplication({"/answer": nothing(401)})
    assert "was not signed" in the_finding(unsigned, secret="")


def test_redirect_is_not_followed() -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/other"})

    voice = VoiceApplication({"/answer": elsewhere})
    assert "Redirects are not followed" in the_finding(voice)
    assert voice.at("/other") == []


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (NCCO, "text/html", "has the content type text/html"),
        (NCCO, "text/json", "has the content type text/json"),
        ("", "application/json", "not JSON"),
        ("[{", "application/json", "not JSON"),
        (b'[{"action": "talk", "text": "caf\xe9"}]', "application/json", "not JSON"),
        ('[{"action": "wait", "timeout": NaN}]', "application/json", "NaN is no JSON number"),
        ("[" * 100_000, "application/json", "nested too deeply"),
        ("[" + "9" * 5_000 + "]", "application/json", "not JSON"),
        ({}, "application/json", "the NCCO is refused"),
        ([{"action": "sing"}], "application/json", "the NCCO is refused"),
        ([{"action": "talk", "text": "x" * 1501}], "application/json", "the NCCO is refused"),
    ],
)
def test_answer_that_is_no_ncco(body: Any, content_type: str, says: str) -> None:
    voice = VoiceApplication({"/answer": always(body, content_type=content_type)})
    findings = voice.ring()
    assert says in findings[0]
    assert len(voice.at("/answer")) == 1
    assert [event["reason"] for event in voice.events() if "reason" in event] == [
        "Syntax error in NCCO. Invalid value type or action."
    ]
    assert voice.statuses()[2:] == WITHOUT_NCCO


def test_charset_beside_the_content_type_is_good() -> None:
    async def with_charset(request: web.Request) -> web.StreamResponse:
        return web.Response(text=json.dumps(NCCO), headers={"Content-Type": "Application/JSON; charset=utf-8"})

    assert VoiceApplication({"/answer": with_charset}).ring() == []


def test_reply_that_lets_the_caller_wait() -> None:
    voice = VoiceApplication({"/answer": always(NCCO, after=1.1)})
    assert re.search(r"/answer: the reply took 1\.\d s\. Reply within 1 s", the_finding(voice))
    assert int(voice.completed()["duration"]) >= 5  # it is played all the same


def test_slow_event_does_not_hold_up_the_call() -> None:
    voice = VoiceApplication({"/event": in_turn(always(b"", after=1.1), nothing())})
    assert "/event: the reply took 1." in the_finding(voice, hangup_after=0.8)
    started, asked = voice.at("/event")[0], voice.at("/answer")[0]
    assert asked.at - started.at < 0.9


def test_words_on_an_ordinary_event_are_passed_over() -> None:
    voice = VoiceApplication({"/event": always("webhook received", content_type="text/html")})
    assert voice.ring() == []
    assert voice.statuses()[2:] == WITHOUT_NCCO


@pytest.mark.parametrize("body", [[], NCCO])
def test_ncco_on_an_ordinary_event_is_one_fault(body: Any) -> None:
    voice = VoiceApplication({"/event": always(body)})
    assert the_finding(voice) == (
        f"POST {voice.base}/event: the reply to an ordinary event has an NCCO. Reply with 200 and nothing in it."
    )
    assert voice.statuses()[2:] == WITHOUT_NCCO


@pytest.mark.parametrize(("status", "times"), [(404, 4), (500, 4), (503, 8)])
def test_status_of_an_event(status: int, times: int) -> None:
    voice = VoiceApplication({"/event": nothing(status)})
    assert f"/event: status {status} instead of 200" in the_finding(voice)
    assert len(voice.at("/event")) == times
    assert int(voice.events()[-1]["duration"]) >= 5


@pytest.mark.parametrize("status", [201, 202, 204, 205])
def test_any_success_will_do_for_an_event(status: int) -> None:
    voice = VoiceApplication({"/event": nothing(status)})
    assert voice.ring() == []


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    voice = VoiceApplication()
    findings = voice.ring(answer_url=f"{base}/answer", event_url=f"{base}/event")
    assert [finding.partition(": no connection (")[0] for finding in findings] == [
        f"POST {base}/event",
        f"GET {base}/answer",
    ]
    assert voice.trace[-1] == "Call status: completed"


def test_name_that_does_not_exist() -> None:
    finding = the_finding(VoiceApplication(), answer_url="http://nowhere.invalid/answer")
    assert finding.startswith("GET http://nowhere.invalid/answer: no connection (")


def test_answer_that_does_not_come_is_asked_for_twice() -> None:
    voice = VoiceApplication({"/answer": always(NCCO, after=0.5)})
    assert "no whole reply within 0.2 s" in the_finding(voice, answer_seconds=0.2)
    assert len(voice.at("/answer")) == 2
    assert voice.statuses()[2:] == WITHOUT_NCCO


def test_event_that_is_not_acknowledged_is_repeated_word_for_word() -> None:
    voice = VoiceApplication({"/event": in_turn(always(b"", after=0.5), nothing())})
    assert "/event: no whole reply within 0.2 s" in the_finding(voice, event_seconds=0.2)
    started = [event.body for event in voice.at("/event") if event.json["status"] == "started"]
    assert len(started) == 2
    assert len(set(started)) == 1


def test_connection_that_cannot_be_made_in_time() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):  # the queue of a server that accepts nobody is full then
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/answer"
        finding = the_finding(VoiceApplication(), answer_url=url, connect_seconds=0.2)
        assert finding.startswith(f"GET {url}: no connection within 0.2 s.")


def test_connection_that_breaks_off() -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        return web.Response()

    voice = VoiceApplication({"/answer": break_off, "/fallback": always(NCCO)})
    assert "/answer: the connection broke off" in the_finding(voice, fallback_url="/fallback")
    assert len(voice.at("/answer")) == 2
    assert voice.at("/fallback")[0].query["reason"] == "Connection closed."


def test_reply_without_end_is_read_to_the_limit() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" " * 65_536)

    voice = VoiceApplication({"/answer": endless})
    assert "/answer: the reply is longer than 1,048,576 bytes" in the_finding(voice)
    assert voice.statuses()[2:] == WITHOUT_NCCO


def test_reply_that_drips_ends_some_time() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    voice = VoiceApplication({"/answer": drip})
    assert "no whole reply within 0.3 s" in the_finding(voice, answer_seconds=0.3, connect_seconds=0.2)


def test_server_whose_certificate_nobody_trusts(tmp_path: Path) -> None:
    voice = VoiceApplication(certificate=self_made(tmp_path))
    findings = voice.ring(fallback_url="/fallback")
    assert all("the TLS certificate or handshake is bad" in finding for finding in findings)
    assert [finding.split()[1] for finding in findings] == [f"{voice.base}/{door}:" for door in DOORS]


def test_url_that_cannot_be_used() -> None:
    voice = VoiceApplication()
    assert "the URL cannot be used" in the_finding(voice, answer_url="http://127.0.0.1:99999/answer")
    assert voice.statuses()[2:] == WITHOUT_NCCO


def test_fallback_that_fails_too_ends_the_call() -> None:
    voice = VoiceApplication({"/answer": nothing(500), "/fallback": always("<html>", content_type="text/html")})
    findings = voice.ring(fallback_url="/fallback")
    assert [finding.split()[1] for finding in findings] == [f"{voice.base}/answer:", f"{voice.base}/fallback:"]
    assert len(voice.at("/fallback")) == 1
    assert voice.statuses()[2:] == WITHOUT_NCCO


def test_fallback_is_told_in_a_post_when_that_is_its_method() -> None:
    voice = VoiceApplication({"/answer": always("no JSON"), "/fallback": always(NCCO)})
    the_finding(voice, fallback_url="/fallback", fallback_method="POST")
    told = voice.at("/fallback")[0].json
    assert told["original_request"] == {"url": f"{voice.base}/answer", "type": "answer"}
    assert told["reason"] == "Syntax error in NCCO. Invalid value type or action."
    assert int(voice.completed()["duration"]) >= 5


def test_call_that_is_broken_off_is_ended_as_by_the_caller() -> None:
    voice = VoiceApplication()

    async def break_off() -> None:
        ringing = asyncio.create_task(voice.rung(speed=1))
        while len(voice.events()) < 3:
            await asyncio.sleep(0.01)
        ringing.cancel()
        await ringing

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(break_off())
    assert voice.completed()["disconnected_by"] == "user"
