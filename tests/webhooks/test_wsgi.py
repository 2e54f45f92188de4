"""The short way to the webhooks, as any WSGI server goes it, and as one does that need not wait."""

import io
import json
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from calls.flows.engine import Served
from calls.flows.routing import directory
from calls.flows.run import Heard
from calls.flows.tokens import Place, url_of
from calls.models import CallEvent
from calls.records.writer import Writer
from calls.webhooks.body import WholeBody
from calls.webhooks.wsgi import Promised, Webhooks
from tests.factories import OURS, make_event
from tests.vonage_client import sign

pytestmark = pytest.mark.django_db(transaction=True)


def pages(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"a page"]


APPLICATION = WholeBody(Webhooks(pages))


class Asked:
    """A request, and what came of it so far."""

    def __init__(self, path: str, payload: dict[str, Any] | None = None, *, query: str = "") -> None:
        body = json.dumps(payload).encode() if payload else b""
        self.status = ""
        self.headers: dict[str, str] = {}
        self.body = APPLICATION(
            {
                "REQUEST_METHOD": "POST" if payload else "GET",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_AUTHORIZATION": sign(body),
                "HTTP_HOST": "localhost",
                "SERVER_NAME": "localhost",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.input": io.BytesIO(body),
            },
            self.start_response,
        )

    def start_response(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)


@pytest.mark.parametrize(
    ("path", "prompt"),
    [
        ("/event", True),
        ("/webhooks/answer/", True),
        ("/fallback", True),
        ("/event/a-token", True),
        ("/", False),
        ("/events", False),
        ("/calls/event", False),
        ("/healthz", False),
    ],
)
def test_webhooks_are_prompt_and_pages_are_not(path: str, prompt: bool) -> None:
    assert APPLICATION.is_prompt(path) == prompt


def test_without_webhooks_of_its_own_nothing_is_prompt() -> None:
    assert not WholeBody(pages).is_prompt("/event")


def test_any_server_waits_for_what_is_promised(writer: Writer) -> None:
    asked = Asked("/event", make_event("started"))
    assert isinstance(asked.body, Promised)
    assert b"".join(asked.body) == b""
    assert (asked.status, asked.headers["X-Stored"]) == ("200 OK", "db")
    assert CallEvent.objects.get().status == "started"


def test_a_server_that_does_not_wait_is_told(writer: Writer) -> None:
    asked, ready = Asked("/event", make_event("started")), threading.Event()
    assert isinstance(asked.body, Promised)
    assert asked.body.seconds == 1.5
    assert asked.body.when_ready(ready.set)
    assert ready.wait(20)
    assert asked.body.is_ready
    assert asked.status == ""
    assert asked.body.fulfil() == [b""]
    assert (asked.status, asked.headers["X-Stored"]) == ("200 OK", "db")


def test_an_answer_is_not_promised_but_given(writer: Writer) -> None:
    asked = Asked("/answer", query=f"to={OURS}&from=447700900123&uuid=leg-1&conversation_uuid=CON-1")
    assert asked.status == "200 OK"
    assert json.loads(b"".join(asked.body))[0]["action"] == "talk"


def test_what_is_refused_is_so_at_once(writer: Writer) -> None:
    asked = Asked("/event", {"not": "an event" * 40_000})
    assert asked.status == "413 Request Entity Too Large"


def test_where_a_call_began_elsewhere_the_database_is_asked_by_who_has_the_time(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said at its place is neither in memory nor on this host's disk."""
    place = Place(version=1_000_000, step="1", number=OURS, caller="447700900123")
    path = urlsplit(url_of(place)).path
    asked: list[Place] = []
    go_on = directory.go_on

    def ask(place: Place, heard: Heard) -> Served | None:
        asked.append(place)
        return go_on(place, heard)

    monkeypatch.setattr(directory, "go_on", ask)
    request = Asked(unquote(path), make_event("", dtmf={"digits": "1", "timed_out": False}))
    assert isinstance(request.body, Promised)
    assert not request.body.when_ready(pytest.fail)
    assert not request.body.is_ready
    assert not asked
    assert request.body.fulfil()[0]
    assert (request.status, asked) == ("200 OK", [place])
    assert CallEvent.objects.get().kind == "input"
