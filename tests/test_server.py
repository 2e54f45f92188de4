"""The whole deployment, bare: `migrate`, then gunicorn, met over HTTP as Vonage meets it."""

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from calls.flows.numbers import save_number
from calls.flows.routing import directory
from calls.flows.steps import Greeting
from calls.models import Call, CallEvent
from calls.records import spool
from tests.factories import OURS, make_event
from tests.server import Server
from tests.vonage_client import sign

pytestmark = pytest.mark.django_db(transaction=True)


def database_url() -> str:
    """Where the test's own database is, as a DATABASE_URL."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def ready_of(server: Server) -> dict[str, Any]:
    """What a server says of itself at /readyz, which is to answer 200."""
    status, body = server.ask("GET", "/readyz")
    assert status == 200
    ready: dict[str, Any] = json.loads(body)
    return ready


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    save_number(OURS, greeting=Greeting(text="Good morning."))
    directory.look()
    server = Server(tmp_path / "spool", database_url())
    server.start()
    yield server
    server.stop()


def test_a_call_is_answered_and_kept_and_a_publication_is_heard_on_the_next_one(server: Server) -> None:
    identity: dict[str, Any] = {"uuid": "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "conversation_uuid": "CON-1"}
    for status in ("started", "ringing", "answered", "completed"):
        assert server.event(make_event(status, **identity)) == 200
        assert CallEvent.objects.filter(status=status).exists()  # a 200 means committed
    asked = {"to": OURS, "from": "447700900123"} | identity
    assert server.answer(**asked)[0]["text"] == "Good morning."
    save_number(OURS, greeting=Greeting(text="Good evening."))
    answers, until = 2, time.monotonic() + 2  # a process that looks just now may put what it saw in its place
    while server.answer(**asked)[0]["text"] != "Good evening.":
        assert time.monotonic() < until
        answers += 1
    server.stop()  # what was recorded beside the answers is written before the end
    assert CallEvent.objects.filter(kind="answer", call=Call.objects.get()).count() == answers
    assert "Call status: answered  CON-1  4477•••123 → 442079460000" in server.words
    assert "447700900123" not in server.words


def test_a_chunked_event_is_kept_whole_and_one_without_end_is_cut_off(server: Server) -> None:
    body = json.dumps(make_event("started", note="é" * 1000)).encode()
    talk = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    parts = (body[at : at + 100] for at in range(0, len(body), 100))
    talk.request("POST", "/event", parts, {"Authorization": sign(body)}, encode_chunked=True)
    assert talk.getresponse().status == 200
    talk.close()
    assert CallEvent.objects.get().payload["note"] == "é" * 1000
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"POST /event HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(1_000):
                line.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            assert line.recv(100).startswith(b"HTTP/1.1 413")
    assert server.event(make_event("ringing")) == 200


def test_what_is_no_request_is_told_in_one_line(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\x00b\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    words = server.log.read_text()
    assert "Invalid request from ip=127.0.0.1" in words
    assert "Traceback" not in words


def test_a_webhook_by_get_may_be_long(server: Server) -> None:
    results = [{"text": f"words that were heard, number {number}", "confidence": "0.9"} for number in range(200)]
    payload = make_event("", speech={"results": results})
    query = urlencode(
        {name: json.dumps(value) if isinstance(value, dict) else value for name, value in payload.items()}
    )
    assert len(query) > 10_000
    assert server.ask("GET", f"/event?{query}", Authorization=sign())[0] == 200
    assert CallEvent.objects.get().payload["speech"]["results"] == results
    assert server.ask("GET", f"/event?{'x' * 300_000}", Authorization=sign())[0] in {413, 414, 431}


def test_more_connections_than_threads_are_served_alike(server: Server) -> None:
    lines = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=10) for _ in range(50)]
    for _ in range(3):
        for line in lines:  # all at once, and then all are kept open
            line.request("GET", "/healthz")
        assert {line.getresponse().read() for line in lines} == {b"well\n"}
    for line in lines:
        line.close()


def test_whoever_sends_half_a_request_holds_up_no_call(server: Server) -> None:
    """Without a proxy in front. Where it is half a page all threads wait for the rest, and other pages with them."""
    half = [
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{" % path
        for path in (b"/event", b"/login/")
    ]
    lines = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(100)]
    for number, line in enumerate(lines):
        line.sendall(half[number % 2])
    begun = time.monotonic()
    assert server.answer(to=OURS)[0]["text"] == "Good morning."
    assert server.event(make_event("started")) == 200
    assert time.monotonic() - begun < 5
    assert CallEvent.objects.filter(status="started").count() == 1
    for line in lines:
        line.close()


def test_ctrl_c_reaches_all_processes_at_once_and_they_end(server: Server) -> None:
    """As a terminal sends it: to the master and to its workers, which the master asks to end as well."""
    master = server.process.pid
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert len(workers) >= 2
    for pid in (*map(int, workers), master):
        os.kill(pid, signal.SIGINT)
    assert server.process.wait(timeout=20) in {0, 3}  # 3: a worker was still starting
    assert "SIGKILL" not in server.words


def test_without_its_database_a_host_still_answers_and_keeps_events_until_it_is_back(server: Server) -> None:
    server.stop()
    away = Server(server.spool, "postgres://nobody@127.0.0.1:1/nothing")
    away.start()
    try:
        assert away.answer(to=OURS)[0]["text"] == "Good morning."
        assert "not in service" in away.answer(to="442079460099")[0]["text"]
        assert away.event(make_event("started", uuid="leg-1")) == 200
        until = time.monotonic() + 2 * spool.MEASURED_FOR  # the other process may have looked just before
        while not (ready := ready_of(away))["spool"]["files"]:
            assert time.monotonic() < until
        assert not ready["database"]["answers"]
    finally:
        away.stop()
    assert not CallEvent.objects.exists()
    back = Server(server.spool, server.database)
    back.start()
    try:
        deadline = time.monotonic() + 20
        while not CallEvent.objects.filter(status="started", leg__uuid="leg-1").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert ready_of(back)["database"]["answers"]
    finally:
        back.stop()
    assert CallEvent.objects.filter(kind="answer").count() == 2  # what it answered meanwhile is on record
