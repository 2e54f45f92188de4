"""Where recordings may be fetched from: a `recording_url` comes in a webhook, and a token goes where it points."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from calls.emulator.rest.tls import context
from calls.vonage import files
from calls.vonage.files import NotYet, fetch
from calls.vonage.recordings import NotAllowed, addresses_for, is_public, place_of, recording_url_of, sound_of
from tests.control.conftest import bad_server

pytestmark = pytest.mark.once
LOCAL = "http://127.0.0.1:3001"
FILE = "/v1/files/bbbbbbbb-aaaa-cccc-dddd-0123456789ab"

# Each address, and where it leads; "" is nowhere.
URLS = {
    f"https://api.nexmo.com{FILE}": "api.nexmo.com",
    f"https://api-us.nexmo.com{FILE}": "api-us.nexmo.com",
    f"https://api-us-3.vonage.com{FILE}": "api-us-3.vonage.com",
    f"https://API.NEXMO.COM:443{FILE}?a=b#c": "api.nexmo.com",
    f"http://api.nexmo.com{FILE}": "",
    f"https://api.nexmo.com:8443{FILE}": "",
    f"https://api.nexmo.com:99999{FILE}": "",
    f"https://api.nexmo.com.{FILE}": "",
    f"https://api.nexmo.com.example.org{FILE}": "",
    f"https://apinexmo.com{FILE}": "",
    f"https://nexmo.com{FILE}": "",
    f"https://api.nexmo.com@evil.example{FILE}": "",
    f"https://evil.example@api.nexmo.com{FILE}": "",
    f"https://evil.example\\@api.nexmo.com{FILE}": "",
    f"https://evil.example#.nexmo.com{FILE}": "",
    f"https://evil.example/.nexmo.com{FILE}": "",
    f"https://api%2enexmo.com{FILE}": "",
    f"https://api\uff0enexmo.com{FILE}": "",
    "http://169.254.169.254/latest/meta-data/": "",
    "https://169.254.169.254/latest/meta-data/": "",
    f"https://localhost{FILE}": "",
    f"https://2130706433{FILE}": "",
    f"https://[::1]{FILE}": "",
    f"https://[::ffff:169.254.169.254]{FILE}": "",
    f"https://[api.nexmo.com{FILE}": "",
    "file:///etc/passwd": "",
    f"ftp://api.nexmo.com{FILE}": "",
    f"//api.nexmo.com{FILE}": "",
    f"https://api.nexmo.com/a\r\nHost: evil.example{FILE}": "",
    f"https://a_b.nexmo.com{FILE}": "",
    f"https://.nexmo.com{FILE}": "",
    "https://api.nexmo.com/" + "a" * 2_000: "",
    "recording.mp3": "",
    "": "",
}
LOCALLY = {
    f"{LOCAL}/api.nexmo.com{FILE}": True,
    f"HTTP://127.0.0.1:3001{FILE}": True,
    f"http://127.0.0.1:3002{FILE}": False,
    f"http://127.0.0.1{FILE}": False,
    f"https://127.0.0.1:3001{FILE}": False,
    f"http://localhost:3001{FILE}": False,
    f"http://x@127.0.0.1:3001{FILE}": False,
    f"http://127.0.0.1:3001@evil.example{FILE}": False,
    f"https://api.nexmo.com{FILE}": False,
    "http://169.254.169.254/latest/meta-data/": False,
}


@pytest.mark.parametrize(("url", "host"), URLS.items())
def test_recordings_come_from_hosts_of_the_platform_alone(url: str, host: str) -> None:
    if not host:
        with pytest.raises(NotAllowed):
            place_of(url)
        return
    place = place_of(url)
    assert (place.scheme, place.host, place.port) == ("https", host, 443)
    assert place.path.startswith(FILE)
    assert "#" not in place.path


@pytest.mark.parametrize(("url", "taken"), LOCALLY.items())
def test_of_a_local_vonage_they_come_from_its_very_host_and_port(url: str, taken: bool) -> None:
    if taken:
        assert place_of(url, local=LOCAL).port == 3001
        return
    with pytest.raises(NotAllowed):
        place_of(url, local=LOCAL)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("none", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_asked(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_all_addresses_of_a_name_have_to_be_public() -> None:
    place = place_of(f"https://api.nexmo.com{FILE}")
    assert addresses_for(place, ["8.8.8.8", "8.8.4.4", "8.8.8.8"]) == ["8.8.8.8", "8.8.4.4"]
    for found in (["8.8.8.8", "10.0.0.1"], ["127.0.0.1"], []):
        with pytest.raises(NotAllowed):
            addresses_for(place, found)


@pytest.mark.parametrize(
    ("said", "begins", "kind"),
    [
        ("audio/mpeg", b"ID3\x04", "audio/mpeg"),
        ("audio/mpeg; charset=binary", b"\xff\xf3\x84", "audio/mpeg"),
        ("audio/x-wav", b"RIFF\x00\x00\x00\x00WAVE", "audio/wav"),
        ("AUDIO/OGG", b"OggS", "audio/ogg"),
        ("text/html", b"ID3\x04", ""),
        ("audio/mpeg", b"<!doctype html>", ""),
        ("audio/wav", b"ID3\x04", ""),
        ("application/octet-stream", b"ID3\x04", ""),
        ("audio/svg+xml", b"<svg", ""),
        ("", b"ID3\x04", ""),
    ],
)
def test_what_comes_has_to_be_sound_by_name_and_by_content(said: str, begins: bytes, kind: str) -> None:
    if kind:
        assert sound_of(said, begins) == kind
        return
    with pytest.raises(NotAllowed):
        sound_of(said, begins)


@pytest.mark.parametrize(
    ("payload", "url"),
    [
        ({"recording_url": "https://a"}, "https://a"),
        ({"speech": {"recording_url": "https://b", "results": []}}, "https://b"),
        ({"speech": "https://b"}, ""),
        ({"recording_url": {"a": 1}}, ""),
        ({"dtmf": {}}, ""),
        (["https://a"], ""),
        (None, ""),
    ],
)
def test_events_name_recordings_in_two_ways(payload: Any, url: str) -> None:
    assert recording_url_of(payload) == url


# Over a connection

SOUND = b"ID3\x04" + b"\0" * 400


def reply(body: bytes = SOUND, *, status: str = "200 OK", kind: str = "audio/mpeg", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n"
    return head.encode() + body


def token() -> str:
    return "a-token"


def no_token() -> str:
    raise AssertionError("a token was made for a place that may not be asked")


def test_a_sound_is_fetched_with_the_token() -> None:
    with bad_server(reply(more=f"Content-Length: {len(SOUND)}\r\n")) as server:
        file = fetch(server.url + FILE, token, local=server.url)
    assert (file.content, file.content_type) == (SOUND, "audio/mpeg")
    (head,) = server.requests
    assert head.startswith(f"GET {FILE} HTTP/1.1\r\n".encode())
    assert b"Authorization: Bearer a-token" in head


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply(status="401 Unauthorized"), NotYet, "does not take our token"),
        (reply(status="404 Not Found"), NotYet, "no such recording"),
        (reply(status="503 Service Unavailable"), NotYet, "status 503"),
        (reply(status="206 Partial Content"), NotYet, "status 206"),
        (reply(b""), NotYet, "sent nothing"),
        (reply(more="Content-Length: 5000\r\n"), NotYet, "broke off"),
        (reply(b"ID", more="Content-Length: 404\r\n"), NotYet, "broke off"),
        (b"no HTTP at all\r\n\r\n", NotYet, "broke off"),
        (b"", NotYet, "broke off"),
        (reply(b"<html>Hello</html>", kind="text/html"), NotAllowed, "no recording but text/html"),
        (reply(b"<html>Hello, hello</html>"), NotAllowed, "and is not"),
        (reply(more="Content-Encoding: gzip\r\n"), NotAllowed, "packed"),
        (reply(more="Content-Length: 50000001\r\n"), NotAllowed, "larger than 50 MB"),
    ],
)
def test_what_is_no_recording_is_said_in_a_sentence(answer: bytes, error: type[Exception], words: str) -> None:
    with bad_server(answer) as server, pytest.raises(error, match=words):
        fetch(server.url + FILE, token, local=server.url)


def test_one_that_never_ends_is_given_up_at_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1_000_000)
    with bad_server(reply(b"ID3\x04" + b"\0" * 1_200_000)) as server, pytest.raises(NotAllowed, match="larger"):
        fetch(server.url + FILE, token, local=server.url)


@contextmanager
def slow_server(send: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                try:
                    send(client, stop)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        thread.join(10)


def drip(text: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def send(client: socket.socket, stop: threading.Event) -> None:
        for at in range(len(text)):
            if stop.wait(0.02):
                return
            client.sendall(text[at : at + 1])

    return send


@pytest.mark.parametrize("answer", [reply(SOUND * 20), b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000, b""])
def test_one_that_drips_is_given_up_when_its_time_is_over(answer: bytes) -> None:
    def send(client: socket.socket, stop: threading.Event) -> None:
        drip(answer)(client, stop)
        stop.wait(20)

    with slow_server(send) as base:
        began = time.monotonic()
        with pytest.raises(NotYet, match=r"took too long|in time"):
            fetch(base + FILE, token, local=base, seconds=0.6)
        assert time.monotonic() - began < 3


def test_a_handshake_that_never_ends_is_given_up_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with slow_server(lambda client, stop: [stop.wait(20)].clear()) as base:
        address = ("127.0.0.1", int(base.rpartition(":")[2]))
        make = socket.create_connection
        monkeypatch.setattr(files, "resolve", lambda host, port: ["8.8.8.8"])
        monkeypatch.setattr(socket, "create_connection", lambda to, timeout: make(address, timeout))
        began = time.monotonic()
        with pytest.raises(NotYet):
            fetch(f"https://api.nexmo.com{FILE}", token, seconds=0.5)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("http://169.254.169.254/latest/", "not at"),
        ("https://api.nexmo.com/v1/files/x", "not at"),
        ("http://127.0.0.1:1/", "not at"),
        ("file:///etc/passwd", "not at"),
        (FILE, "leads on and on"),
    ],
)
def test_redirects_lead_nowhere_else(to: str, words: str) -> None:
    with bad_server(reply(status="302 Found", more=f"Location: {to}\r\n")) as server:
        with pytest.raises(NotAllowed, match=words):
            fetch(server.url + FILE, token, local=server.url)
        assert len(server.requests) == (4 if to == FILE else 1)


def test_no_token_is_made_for_a_place_that_may_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for url, host in URLS.items():
        if not host:
            with pytest.raises(NotAllowed):
                fetch(url, no_token)
    for address in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, address=address, **o: [(0, 0, 0, "", (address, 443))])
        with pytest.raises(NotAllowed, match="not public"):
            fetch(f"https://api.nexmo.com{FILE}", no_token)


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for another address a moment later is not looked up again."""
    answers = iter([["2001:4860:4860::8888", "8.8.8.8"], ["127.0.0.1"]])
    gone_to: list[Any] = []

    def connect(to: Any, timeout: float) -> socket.socket:
        gone_to.append(to)
        raise ConnectionRefusedError

    monkeypatch.setattr(files, "resolve", lambda host, port: next(answers))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotYet, match="cannot be reached"):
        fetch(f"https://api.nexmo.com{FILE}", token)
    assert gone_to == [("2001:4860:4860::8888", 443), ("8.8.8.8", 443)]


def test_a_name_that_nobody_answers_for_costs_no_more_time_than_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "resolve", lambda host, port: time.sleep(3) or ["8.8.8.8"])  # type: ignore[func-returns-value]
    began = time.monotonic()
    with pytest.raises(NotYet, match="in time"):
        fetch(f"https://api.nexmo.com{FILE}", no_token, seconds=0.3)
    assert time.monotonic() - began < 2


def test_a_name_that_is_not_known_may_be_known_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(files, "resolve", unknown)
    with pytest.raises(NotYet, match="cannot be reached"):
        fetch(f"https://api.nexmo.com{FILE}", no_token)


def test_a_certificate_of_somebody_else_gets_no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    heard: list[bytes] = []
    served, trusted = context(tmp_path)

    def serve(client: socket.socket, stop: threading.Event) -> None:
        with served.wrap_socket(client, server_side=True) as line:
            heard.append(line.recv(4096))

    make = socket.create_connection
    monkeypatch.setattr(files, "resolve", lambda host, port: ["8.8.8.8"])
    with slow_server(serve) as base:
        address = ("127.0.0.1", int(base.rpartition(":")[2]))
        monkeypatch.setattr(socket, "create_connection", lambda to, timeout: make(address, timeout))
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with pytest.raises(NotYet, match="not trusted"):  # it is trusted, but another name's
            fetch(f"https://api.nexmo.com{FILE}", token)
    assert heard == []
