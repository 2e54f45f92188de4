"""The fallback webhook: it stands in for the door that failed, and greets nobody twice."""

from typing import Any

import pytest
from django.db import OperationalError

from calls.models import Call, CallEvent
from calls.records import spool, store
from tests.conftest import Post
from tests.factories import CALLER, OURS, make_event, make_number
from tests.vonage_client import VonageClient, in_query

pytestmark = pytest.mark.django_db

ASKED = {"to": OURS, "from": CALLER, "uuid": "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "conversation_uuid": "CON-1"}
ENDED = make_event("completed", uuid=ASKED["uuid"], conversation_uuid="CON-1", sip_code=200, duration="7")


def failed(kind: str) -> dict[str, Any]:
    return {"reason": "Connection closed.", "original_request": {"url": f"https://x.example/{kind}", "type": kind}}


def test_a_new_call_hears_its_greeting(post_fallback: Post) -> None:
    make_number(OURS, greeting="Good morning.")
    assert post_fallback(ASKED | failed("answer")).json()[0]["text"] == "Good morning."
    event = CallEvent.objects.get()
    assert (event.kind, event.payload["reason"]) == ("fallback", "Connection closed.")
    assert event.payload["reply"]["ncco"][0]["text"] == "Good morning."


def test_a_call_in_progress_is_not_greeted_anew(post_fallback: Post) -> None:
    make_number(OURS)
    response = post_fallback(ENDED | failed("event"))
    assert (response.status_code, response.content) == (200, b"")


def test_an_event_that_was_lost_is_kept_after_all(post_fallback: Post) -> None:
    post_fallback(ENDED | failed("event"))
    assert set(CallEvent.objects.values_list("kind", flat=True)) == {"fallback", "status"}
    assert CallEvent.objects.get(kind="status").payload == ENDED
    assert Call.objects.get().duration_seconds == 7


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_event_that_was_not_lost_is_not_kept_again(vonage: VonageClient, post_event: Post, method: str) -> None:
    post_event(ENDED)
    told = ENDED | failed("event")
    if method == "GET":
        vonage.get("/fallback", in_query(told))
    else:
        vonage.post("/fallback", told)
    assert CallEvent.objects.get(kind="status").times_received == 2
    assert CallEvent.objects.filter(kind="fallback").count() == 1


def test_key_presses_are_an_event_too(post_fallback: Post) -> None:
    make_number(OURS)
    pressed = ASKED | {"dtmf": {"digits": "1", "timed_out": False}, "timestamp": "2026-03-02T10:00:04.244Z"}
    assert post_fallback(pressed | failed("event")).content == b""
    assert CallEvent.objects.get(kind="input").payload == pressed


@pytest.mark.parametrize("original", [None, "", "{", [], {"type": None}, {"type": "something new"}, {}])
def test_where_vonage_does_not_say_which_the_content_tells(post_fallback: Post, original: object) -> None:
    make_number(OURS, greeting="Good morning.")
    assert post_fallback(ASKED | {"original_request": original}).json()[0]["text"] == "Good morning."
    assert post_fallback(ENDED | {"original_request": original}).content == b""


def test_an_event_that_neither_database_nor_spool_keeps_is_asked_for_again(
    post_fallback: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(store, "write_batch", away)
    monkeypatch.setattr(spool, "MOST_FILES", 0)
    assert post_fallback(ENDED | failed("event")).status_code == 503
