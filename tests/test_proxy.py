"""The real proxy with the real deploy/Caddyfile, between a client of ours and a server of ours."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.commands.test_run import wait_until
from tests.machine import ending_with_us
from tests.ports import free_port

pytestmark = pytest.mark.sqlite

ROOT = Path(__file__).parent.parent
CADDY = Path(sys.executable).parent / "caddy"
LIMIT = 256 * 1024


class Handler(BaseHTTPRequestHandler):
    """Notes what arrives, and answers 200; hangs up on the first of those whose path is in `hang_up_on`."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    hang_up_on: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            body = b"".join(iter(self.read_chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.path, dict(self.headers.items()), body))
        if self.path in self.hang_up_on:
            self.hang_up_on.discard(self.path)
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST

    def read_chunk(self) -> bytes:
        length = int(self.rfile.readline(), 16)  # ValueError, and no answer, where the sender hung up
        return self.rfile.read(length + 2)[:-2]

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Server(ThreadingHTTPServer):
    """A server of ours behind the proxy."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def handle_error(self, *_: object) -> None:
        """Write nothing: a client that hangs up is no news."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(10)


class Proxy:
    """Caddy as docker-compose.yml runs it, on a free port."""

    def __init__(self, folder: Path, base_url: str = "") -> None:
        self.port, self.behind, self.log = free_port(), free_port(), folder / "proxy.log"
        given = {"SITE": f"http://:{self.port}", "UPSTREAM": "127.0.0.1", "PORT": str(self.behind)}
        given |= {
            "BASE_URL": base_url,
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*ending_with_us(), CADDY, "run", "--config", "deploy/Caddyfile", "--adapter", "caddyfile"],
                cwd=ROOT,
                env=os.environ | given,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: b"serving initial configuration" in self.log.read_bytes(), self.log.read_text())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            talk.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = talk.getresponse()
            response.read()
            return response.status
        finally:
            talk.close()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


Start = Callable[..., Proxy]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a proxy, and behind it a server of ours unless told otherwise."""
    Handler.seen.clear()
    Handler.hang_up_on.clear()
    running: list[Proxy | Server] = []

    def begin(*, server: bool = True, base_url: str = "") -> Proxy:
        proxy = Proxy(tmp_path, base_url)
        running.append(proxy)
        if server:
            running.append(Server(proxy.behind))
        return proxy

    yield begin
    for one in running:
        one.stop()


@pytest.fixture
def proxy(start: Start) -> Proxy:
    return start()


SPOOFED: dict[str, Any] = {
    "X_Forwarded_For": "203.0.113.9",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "evil.example.com",
    "X_Forwarded_Port": "1",
    "X_Forwarded_Prefix": "/evil",
    "Forwarded": "for=203.0.113.9",
    "X_Real_IP": "203.0.113.9",
}


@pytest.mark.parametrize(
    ("base_url", "scheme"), [("", "http"), ("http://calls.internal", "http"), ("https://calls.example.com", "https")]
)
def test_who_came_and_how_is_said_by_the_proxy_alone(start: Start, base_url: str, scheme: str) -> None:
    assert start(base_url=base_url).ask("GET", "/answer", **SPOOFED) == 200
    ((_, headers, _),) = Handler.seen
    forwarded = {
        name: value for name, value in headers.items() if "forwarded" in name.lower() or "real" in name.lower()
    }
    assert forwarded.pop("X-Forwarded-Host").startswith("127.0.0.1:")
    assert forwarded == {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": scheme}


def test_a_body_of_256_kib_arrives_whole_and_a_larger_one_does_not(proxy: Proxy) -> None:
    assert proxy.ask("POST", "/event", b"x" * LIMIT) == 200
    assert Handler.seen[0][2] == b"x" * LIMIT
    assert proxy.ask("POST", "/event", b"x" * (LIMIT + 1)) == 413
    assert len(Handler.seen) == 1
    with proxy.connect() as line:
        line.sendall(b"POST /event HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n40001\r\n")
        line.sendall(b"x" * (LIMIT + 1) + b"\r\n0\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
    with proxy.connect() as line:
        line.sendall(b"POST /event HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.sendall(b"4\r\nwhol\r\n1\r\ne\r\n0\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200 ")
    assert [body for _, _, body in Handler.seen[1:]] == [b"whole"]


def test_a_sound_file_may_be_larger_than_a_webhook(proxy: Proxy) -> None:
    sound = b"x" * (10 * 1024 * 1024)
    assert proxy.ask("POST", "/admin/calls/sound/add/", sound) == 200
    assert Handler.seen[0][2] == sound
    for path, length in (("/admin/calls/sound/add/", 12 * 1024 * 1024), ("/admin/calls/call/add/", LIMIT + 1)):
        with proxy.connect() as line:
            line.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode())
            assert line.recv(100).startswith(b"HTTP/1.1 413 "), path
    assert len(Handler.seen) == 1


def test_slow_clients_are_sent_away_and_neither_reach_the_server_nor_keep_others_from_it(proxy: Proxy) -> None:
    head = b"POST /event HTTP/1.1\r\nHost: localhost\r\n"
    halves = [head, head + b"Content-Length: 100\r\n\r\nhalf"]
    slow = [proxy.connect() for _ in range(400)]
    try:
        for number, line in enumerate(slow):
            line.sendall(halves[number % 2])
        assert [proxy.ask("POST", "/event", b"{}") for _ in range(20)] == [200] * 20
        assert {line.recv(100) for line in slow[::2]} == {b""}
        assert {line.recv(100).partition(b"\r\n")[0] for line in slow[1::2]} == {b"HTTP/1.1 408 Request Timeout"}
        assert [body for _, _, body in Handler.seen] == [b"{}"] * 20
    finally:
        for line in slow:
            line.close()


def test_logs_hold_neither_queries_nor_headers_whatever_happens(start: Start) -> None:
    proxy = start(server=False)
    secret: dict[str, Any] = {
        "Authorization": "Bearer 447700900123",
        "Referer": "https://x/?q=447700900123",
        "Cookie": "s=447700900123",
    }
    assert proxy.ask("POST", "/other?q=447700900123", **secret) == 503
    server = Server(proxy.behind)
    assert proxy.ask("GET", "/answer?to=442079460000&from=447700900123", **secret) == 200
    server.stop()
    wait_until(lambda: proxy.log.read_bytes().count(b"handled request") == 2)
    log = proxy.log.read_text()
    assert "/answer" in log
    assert "/other" in log
    assert "447700900123" not in log


def test_a_server_that_is_away_is_waited_for_and_then_503_for_vonage_repeats_that(start: Start) -> None:
    proxy = start(server=False)
    assert proxy.ask("POST", "/event", b"{}") == 503
    statuses: list[int] = []
    asking = threading.Thread(target=lambda: statuses.append(proxy.ask("POST", "/event", b'{"uuid": "1"}')))
    asking.start()
    server = Server(proxy.behind)  # the successor of a container that was replaced
    asking.join(30)
    server.stop()
    assert statuses == [200]
    assert Handler.seen[-1][2] == b'{"uuid": "1"}'


@pytest.mark.parametrize("path", ["/event", "/event/token", "/webhooks/event", "/fallback"])
def test_a_webhook_whose_server_goes_away_meanwhile_is_asked_again_with_its_body(proxy: Proxy, path: str) -> None:
    Handler.hang_up_on.add(path)
    assert proxy.ask("POST", path, b'{"uuid": "1"}') == 200
    assert [body for _, _, body in Handler.seen] == [b'{"uuid": "1"}'] * 2


def test_what_people_send_is_never_sent_twice(proxy: Proxy) -> None:
    Handler.hang_up_on.add("/admin/")
    assert proxy.ask("POST", "/admin/", b"name=value") == 503
    assert len(Handler.seen) == 1


def test_the_configuration_is_in_shape() -> None:
    assert json.loads(
        subprocess.run(
            [CADDY, "adapt", "--config", "deploy/Caddyfile"],
            cwd=ROOT,
            env=os.environ | {"SITE": "https://calls.example.com", "PORT": "3000"},
            capture_output=True,
            check=True,
        ).stdout
    )["apps"]["http"]["servers"]["srv0"]["listen"] == [":443"]
    assert (
        subprocess.run([CADDY, "fmt", "deploy/Caddyfile"], cwd=ROOT, capture_output=True, check=True).stdout
        == (ROOT / "deploy" / "Caddyfile").read_bytes()
    )
