"""The whole deployment, bare: `migrate`, then gunicorn, met over HTTP as Vonage meets it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from calls.flows.numbers import save_number
from calls.flows.routing import directory
from calls.flows.steps import Greeting
from calls.models import Call, CallEvent
from tests.factories import OURS, make_event
from tests.vonage_client import in_query, sign

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.django_db(transaction=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url() -> str:
    """Where the test's own database is, as a DATABASE_URL."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@dataclass
class Server:
    """gunicorn with its defaults, in a process of its own."""

    spool: Path
    database: str
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        from django.conf import settings

        given = {
            "DATABASE_URL": self.database,
            "PORT": str(self.port),
            "SPOOL_DIR": str(self.spool),
            "INGEST": "writer",
            "SECRET_KEY": settings.SECRET_KEY,
            "VONAGE_SIGNATURE_SECRET": settings.VONAGE_SIGNATURE_SECRET[0],
            "DJANGO_SETTINGS_MODULE": "callserver.settings",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "callserver/gunicorn.conf.py", "callserver.wsgi"],
                cwd=ROOT,
                env=os.environ | given,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask("GET", "/login/")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"The server did not start:\n{self.words}")

    @property
    def log(self) -> Path:
        return self.spool.parent / "server.log"

    @property
    def words(self) -> str:
        return self.log.read_text()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            talk.request(method, path, body or None, {"Connection": "close", **headers})
            response = talk.getresponse()
            return response.status, response.read()
        finally:
            talk.close()

    def event(self, payload: dict[str, Any]) -> int:
        body = json.dumps(payload).encode()
        return self.ask("POST", "/event", body, Authorization=sign(body))[0]

    def answer(self, **fields: str) -> Any:
        status, body = self.ask("GET", f"/answer?{urlencode(in_query(fields))}", Authorization=sign())
        assert status == 200
        return json.loads(body)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=40)


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
    assert server.answer(**asked)[0]["text"] == "Good evening."
    server.stop()  # what was recorded beside the answers is written before the end
    assert CallEvent.objects.filter(kind="answer", call=Call.objects.get()).count() == 2
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


def test_without_its_database_a_host_still_answers_and_asks_for_events_again(server: Server) -> None:
    server.stop()
    away = Server(server.spool, "postgres://nobody@127.0.0.1:1/nothing")
    away.start()
    try:
        assert away.answer(to=OURS)[0]["text"] == "Good morning."
        assert "not in service" in away.answer(to="442079460099")[0]["text"]
        assert away.event(make_event("started")) == 503
    finally:
        away.stop()
