"""Chunked bodies, which Django alone reads as empty, and lengths that lie: through the application gunicorn runs."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from calls.flows.routing import directory
from calls.models import CallEvent, Refusal
from calls.webhooks.body import Application, WholeBody
from calls.webhooks.wsgi import Webhooks
from tests.conftest import connection_kept
from tests.vonage_client import sign
from tests.webhooks.bad_bodies import STARTED

LIMIT = 256 * 1024
BODY = json.dumps(STARTED).encode()


@pytest.fixture(params=["the short way", "by Django"])
def application(db: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Application]:
    """What gunicorn runs, without the thread that follows publications."""
    monkeypatch.setattr(directory, "start", lambda: None)
    from callserver import wsgi

    with connection_kept():
        yield WholeBody(
            Webhooks(wsgi.django_application) if request.param == "the short way" else wsgi.django_application
        )


def send(application: Application, stream: Any, *, authorization: str, **environ: str) -> tuple[int, bytes]:
    """Send one request as a WSGI server does after it has taken the chunks apart. Gives status and body."""
    statuses: list[str] = []
    given: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/event",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "3000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": authorization,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **environ,
    }
    chunks = application(given, lambda status, headers: statuses.append(status))
    content = b"".join(chunks)
    getattr(chunks, "close", lambda: None)()
    return int(statuses[0][:3]), content


class Stream:
    """What a WSGI server gives to read a body from."""

    def read(self, size: int = -1) -> bytes:
        raise NotImplementedError

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


class Endless(Stream):
    """A body without an end, that counts how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "an endless body was to be read to its end"
        self.taken += size
        return b"x" * size


class Dribble(Stream):
    """A body that comes in small pieces, whatever is asked for."""

    def __init__(self, body: bytes) -> None:
        self.pieces: Iterator[bytes] = (body[at : at + 7] for at in range(0, len(body), 7))

    def read(self, size: int = -1) -> bytes:
        return next(self.pieces, b"")


class Broken(Stream):
    """A body whose sender hung up."""

    def read(self, size: int = -1) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "gzip, chunked"])
def test_chunked_event_is_kept(application: Application, coding: str) -> None:
    answer = send(application, io.BytesIO(BODY), authorization=sign(BODY), HTTP_TRANSFER_ENCODING=coding)
    assert answer == (200, b"")
    assert CallEvent.objects.get().payload == STARTED


def test_chunks_may_be_small(application: Application) -> None:
    answer = send(application, Dribble(BODY), authorization=sign(BODY), HTTP_TRANSFER_ENCODING="chunked")
    assert answer == (200, b"")
    assert CallEvent.objects.get().payload == STARTED


def test_chunked_body_is_signed_over_its_bytes(application: Application) -> None:
    status, _ = send(application, io.BytesIO(BODY), authorization=sign(b"{}"), HTTP_TRANSFER_ENCODING="chunked")
    assert status == 401
    assert not CallEvent.objects.exists()


@pytest.mark.parametrize(("length", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
def test_chunked_body_may_have_256_kib(application: Application, length: int, status: int) -> None:
    body = b'{"a": "' + b"x" * (length - 9) + b'"}'
    told, _ = send(application, io.BytesIO(body), authorization=sign(body), HTTP_TRANSFER_ENCODING="chunked")
    assert told == status
    assert CallEvent.objects.count() == (status == 200)


def test_endless_body_is_not_read_to_its_end(application: Application) -> None:
    stream = Endless()
    status, _ = send(application, stream, authorization=sign(), HTTP_TRANSFER_ENCODING="chunked")
    assert status == 413
    assert stream.taken <= LIMIT + 1


def test_too_long_body_is_not_read_at_all(application: Application) -> None:
    stream = Endless()
    status, _ = send(application, stream, authorization=sign(), CONTENT_LENGTH=str(10**12))
    assert status == 413
    assert stream.taken == 0


def test_body_with_a_length_is_read_to_that_length(application: Application) -> None:
    stream = io.BytesIO(BODY + b"GET / HTTP/1.1")
    status, _ = send(application, stream, authorization=sign(BODY), CONTENT_LENGTH=str(len(BODY)))
    assert status == 200
    assert CallEvent.objects.get().payload == STARTED


@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "\u00b2", "1_000", "+5", " 5", "9" * 5_000])
def test_length_that_is_none_is_refused(application: Application, length: str) -> None:
    status, _ = send(application, io.BytesIO(BODY), authorization=sign(BODY), CONTENT_LENGTH=length)
    assert status in {400, 401, 413}
    assert not CallEvent.objects.exists()


@pytest.mark.parametrize("told", [{"CONTENT_LENGTH": str(len(BODY))}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_sender_who_hangs_up_causes_no_500(application: Application, told: dict[str, str]) -> None:
    status, _ = send(application, Broken(), authorization=sign(BODY), **told)
    assert status == 400
    assert not CallEvent.objects.exists()


def test_other_hosts_are_refused_and_staff_see_which(application: Application, request: pytest.FixtureRequest) -> None:
    length = str(len(BODY))
    status, _ = send(
        application,
        io.BytesIO(BODY),
        authorization=sign(BODY),
        CONTENT_LENGTH=length,
        HTTP_HOST="abc.tunnel.example",
    )
    assert status == 400
    assert not CallEvent.objects.exists()
    if "the short way" in request.node.name:  # that is what serves
        refusal = Refusal.objects.get()
        assert (refusal.door, refusal.http_status) == ("event", 400)
        assert "'abc.tunnel.example' is neither that of BASE_URL" in refusal.reason
