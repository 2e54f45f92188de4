"""Plain HTTP: a request that we read ourselves means what gunicorn would have read, or is left to gunicorn."""

import re
import socket
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from callserver import plain

pytestmark = pytest.mark.once

SERVER, CLIENT = ("127.0.0.1", 3000), ("192.0.2.7", 50_000)
# What each makes of a connection for itself, and what webhooks do not ask for.
OWN = {"RAW_URI", "SERVER_SOFTWARE", "SCRIPT_NAME", "_consumed"}
BODY = b'{"status": "started"}'


def request(*more: bytes, line: bytes = b"POST /event HTTP/1.1", body: bytes = BODY, host: bool = True) -> bytes:
    lines = [line, *([b"Host: calls.example"] if host else []), *more, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


def by_gunicorn(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Have gunicorn read it, as shipped; gives the environ and the body."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        config = Config()
        config.set("limit_request_line", 0)
        req = next(RequestParser(config, ours, CLIENT))
        _, environ = wsgi.create(req, ours, CLIENT, SERVER, config)
        return dict(environ), environ["wsgi.input"].read()


def told(environ: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in environ.items() if "." not in name and name not in OWN}


@pytest.mark.parametrize(
    "data",
    [
        request(),
        request(b"Content-Type: application/json", b"Authorization: Bearer a.b.c", b"X-Forwarded-For: 192.0.2.1"),
        request(b"Accept: a", b"Accept: b", b"X-Empty:", b"X-Spaced:   a b  "),
        request(b"Connection: Keep-Alive", b"connection-of-ours: x"),
        request("User-Agent: Bj\u00f6rn".encode("latin-1")),
        request(body=b""),
        b"GET /answer?to=442079460000&from=%2B44&x=a%20b#c HTTP/1.1\r\nHost: h\r\n\r\n".replace(b"#c", b""),
        b"GET /event/token-1:of_ours HTTP/1.1\r\nHost: h\r\n\r\n",
        request(b"Connection: close"),
        request(line=b"POST /event HTTP/1.0"),
        request(b"Connection: close", line=b"POST /event HTTP/1.0"),
    ],
)
def test_a_plain_request_is_what_gunicorn_reads(data: bytes) -> None:
    environ = plain.read(data, SERVER, CLIENT)
    assert environ
    theirs, body = by_gunicorn(data)
    assert told(environ) == told(theirs)
    assert environ["wsgi.input"].read() == body


@pytest.mark.parametrize(
    ("data", "lasts"),
    [
        (request(), True),
        (request(b"Connection: keep-alive"), True),
        (request(b"Connection: Close"), False),
        (request(line=b"POST /event HTTP/1.0"), False),
    ],
)
def test_it_says_whether_the_connection_is_to_last(data: bytes, lasts: bool) -> None:
    environ = plain.read(data, SERVER, CLIENT)
    assert environ
    assert plain.lasts(environ) == lasts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        request()[:-1],  # not all of it yet
        request()[:30],
        request() + b"GET / HTTP/1.1\r\n\r\n",  # the next one right behind it
        request(b"Content-Length: 21"),  # twice
        request(b"Content-Length: 5"),
        request().replace(b"Content-Length: 21", b"Content-Length: +21"),
        request().replace(b"Content-Length: 21", "Content-Length: \u00b2\u00b9".encode("latin-1")),
        request(b"Transfer-Encoding: chunked"),
        request(b"Expect: 100-continue"),
        request(b"Upgrade: h2c", b"Connection: upgrade"),
        request(b"Connection: close, x"),
        request(b"Connection: keep-alive", line=b"POST /event HTTP/1.0"),
        request(b"Script_Name: /x"),
        request(b"X_Forwarded_For: 192.0.2.1"),
        request(b"X: a", b" folded"),
        request(b"X : a"),
        request(b": a"),
        request(b"X: a\x00b"),
        request(b"X: a\nY: b"),
        request(b"Host: another"),
        request(b"X: " + b"x" * 9_000),
        request(line=b"POST /event HTTP/2.0"),
        request(line=b"PUT /event HTTP/1.1"),
        request(line=b"HEAD /event HTTP/1.1", body=b""),
        request(line=b"post /event HTTP/1.1"),
        request(line=b"POST /ev%65nt HTTP/1.1"),
        request(line="POST /\u00e9vent HTTP/1.1".encode()),
        request(line=b"GET /answer?to=\xff HTTP/1.1"),
        b"GET / H\r\n\r\n",
        b"GET /event HTTP\r\n\r\n",
        request(line=b"POST /event#x HTTP/1.1"),
        request(line=b"POST /event?a#x HTTP/1.1"),
    ],
)
def test_all_else_is_left_to_gunicorn(data: bytes) -> None:
    assert plain.read(data, SERVER, CLIENT) is None


LINES = st.lists(
    st.sampled_from([b"GET", b"POST", b"/event", b"?", b"#", b"%41", b" ", b":", b"\r\n", b"\n", b"\t", b"HTTP/1.1"])
    | st.sampled_from([b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Connection: x", b"Host: h", b"A_B: c"])
    | st.binary(max_size=6),
    max_size=12,
).map(b"".join)


FIRST = st.sampled_from([b"POST /event HTTP/1.1", b"GET /answer?a=b HTTP/1.0", b"GET / H", b""]) | st.binary(max_size=9)


@given(FIRST, LINES, st.sampled_from([b"abc", b""]))
def test_what_we_read_gunicorn_reads_alike(first: bytes, lines: bytes, body: bytes) -> None:
    data = first + b"\r\n" + lines + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    environ = plain.read(data, SERVER, CLIENT)
    if environ is not None:
        theirs, their_body = by_gunicorn(data)
        assert told(environ) == told(theirs)
        assert environ["wsgi.input"].read() == their_body == body


@pytest.mark.parametrize("data", [request(), request(b"Connection: close"), request(body=b"x" * 60_000)])
def test_what_is_not_all_there_is_the_beginning_of_it(data: bytes) -> None:
    line = data.index(b"\r\n") + 2
    assert {plain.begun(data[:end]) for end in range(1, line)} == {""}
    assert {plain.begun(data[:end]) for end in range(line, len(data))} == {"/event"}
    assert plain.begun(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET /answer HTTP/1.1\r\nHost: h\r\n\r\n",  # whole
        request(b"X: " + b"x" * 9_000)[:9_000],
        request(body=b"x" * 70_000)[:1_000],
        request() + b"more",
        b"POST /event HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"hello, is anybody there\r\n",
        b"x" * 9_000,
        request(b"Expect: 100-continue")[:-1],
    ],
)
def test_what_else_has_begun_is_left_to_gunicorn(data: bytes) -> None:
    assert plain.begun(data) is None


def test_a_reply_is_spelt_as_gunicorn_does() -> None:
    data = plain.spell("200 OK", [("Content-Length", "2"), ("X-Stored", "db")], [b"a", b"b"], keep=True)
    head, _, body = data.partition(b"\r\n\r\n")
    status, server, date, *rest = head.split(b"\r\n")
    assert (status, server, body) == (b"HTTP/1.1 200 OK", b"Server: gunicorn", b"ab")
    assert re.fullmatch(rb"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", date)
    assert rest == [b"Connection: keep-alive", b"Content-Length: 2", b"X-Stored: db"]
    last = plain.spell("503 Service Unavailable", [], [], keep=False, version="HTTP/1.0")
    assert last.startswith(b"HTTP/1.0 503 Service Unavailable\r\n")
    assert b"\r\nConnection: close\r\n" in last
