"""The answer webhook: what callers hear, what is recorded of it, and that nothing behind it is heard."""

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from calls.flows import engine
from calls.flows.routing import directory
from calls.models import Call, CallEvent, Leg
from calls.records import store
from calls.vonage import ncco
from tests.conftest import Get, Post
from tests.factories import CALLER, OURS, PERSON, make_event, make_number
from tests.vonage_client import VonageClient

pytestmark = pytest.mark.django_db

ASKED = {"to": OURS, "from": CALLER, "uuid": "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "conversation_uuid": "CON-1"}
SORRY = [engine.NUMBER_NOT_IN_SERVICE, engine.OUT_OF_ORDER]


def test_the_caller_hears_the_greeting_of_the_number_called(get_answer: Get) -> None:
    make_number(OURS, greeting="Good morning.", language="en-GB", style=0)
    make_number("442079460001", greeting="Good evening.")
    response = get_answer(ASKED)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json() == [{"action": "talk", "text": "Good morning.", "language": "en-GB", "style": 0}]


def test_asked_by_post_it_says_the_same(vonage: VonageClient, get_answer: Get) -> None:
    make_number(OURS, greeting="Good morning.")
    assert vonage.post("/answer", ASKED).json() == get_answer(ASKED).json()


def test_when_we_placed_the_call_our_number_is_in_from(get_answer: Get) -> None:
    make_number(OURS, greeting="Good morning.")
    assert get_answer({"to": PERSON, "from": OURS, "uuid": "x"}).json()[0]["text"] == "Good morning."


@pytest.mark.parametrize(
    "asked", [{}, {"to": "442079460099"}, {"to": ""}, {"to": "sip:me@example.com"}, {"from": "Alice"}]
)
def test_a_call_for_nobody_hears_a_sentence(get_answer: Get, asked: dict[str, str]) -> None:
    response = get_answer(asked)
    assert response.status_code == 200
    assert response.json() == engine.NUMBER_NOT_IN_SERVICE


def test_what_we_say_of_ourselves_vonage_would_take() -> None:
    assert [ncco.check(said) for said in SORRY] == [[], []]


def test_the_request_and_the_reply_are_an_event_of_the_call(get_answer: Get, post_event: Post) -> None:
    number = make_number(OURS, greeting="Good morning.")
    post_event(make_event("started", uuid=ASKED["uuid"], conversation_uuid="CON-1"))
    said = get_answer(ASKED).json()
    event = CallEvent.objects.get(kind="answer")
    assert event.call == Call.objects.get()
    assert event.leg == Leg.objects.get()
    assert {name: event.payload[name] for name in ASKED} == ASKED
    reply = event.payload["reply"]
    assert number.live_version
    assert (reply["ncco"], reply["version"]) == (said, number.live_version.pk)
    assert 0 <= reply["milliseconds"] < 60_000


def test_asked_twice_for_one_call_we_answer_and_record_twice(get_answer: Get) -> None:
    make_number(OURS)
    assert get_answer(ASKED).json() == get_answer(ASKED).json()
    assert CallEvent.objects.filter(kind="answer").count() == 2
    assert Call.objects.count() == 1


def test_the_answer_comes_before_the_first_event(get_answer: Get, post_event: Post) -> None:
    make_number(OURS)
    get_answer(ASKED)
    leg = Leg.objects.get()
    assert (leg.status, leg.from_number, leg.to_number) == ("", CALLER, OURS)
    post_event(make_event("started", uuid=ASKED["uuid"], conversation_uuid="CON-1"))
    assert Call.objects.get().direction == "inbound"


def test_with_the_database_away_the_caller_hears_the_same(
    get_answer: Get, vonage: VonageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_number(OURS, greeting="Good morning.")
    directory.look()

    def away(*_: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(store, "write_batch", away)
    with CaptureQueriesContext(connection) as queries:
        response = vonage.get("/answer", ASKED)
    assert not queries.captured_queries
    assert response.status_code == 200
    assert response.json()[0]["text"] == "Good morning."


def test_with_nothing_in_memory_the_caller_hears_a_sentence(vonage: VonageClient) -> None:
    directory.clear()
    assert vonage.get("/answer", ASKED).json() == engine.NUMBER_NOT_IN_SERVICE


def test_the_log_masks_the_caller_and_not_our_number(get_answer: Get, caplog: pytest.LogCaptureFixture) -> None:
    make_number(OURS)
    get_answer(ASKED)
    assert f"to: {OURS} from: 4477•••123" in caplog.text
    assert CALLER not in caplog.text


def test_a_caller_who_sends_line_breaks_writes_no_lines_of_ours(
    get_answer: Get, caplog: pytest.LogCaptureFixture
) -> None:
    get_answer({"to": "x\nCall status: completed\x1b[2J", "from": "a\r\nb"})
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("calls.webhooks")]
    assert lines
    assert not any(character in line for line in lines for character in "\r\n\x1b")


def test_nobody_who_is_not_vonage_is_answered(vonage: VonageClient, settings: Settings) -> None:
    make_number(OURS)
    response = vonage.get("/answer", ASKED, authorization=None)
    assert response.status_code == 401
    assert "talk" not in response.content.decode()
    settings.WEBHOOK_SIGNATURES = "optional"
    assert vonage.get("/answer", ASKED, authorization=None).status_code == 200


def test_nested_fields_of_a_query_are_read(get_answer: Get) -> None:
    get_answer({**ASKED, "custom_data": {"ticket": "A-17"}, "SipHeader_X-UserId": "1938ND9"})
    payload = CallEvent.objects.get().payload
    assert payload["custom_data"] == {"ticket": "A-17"}
    assert payload["SipHeader_X-UserId"] == "1938ND9"
    assert json.dumps(payload)


def test_a_webhook_is_never_redirected(vonage: VonageClient, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert vonage.http.get("/").status_code == 301
    for path in ("/answer", "/webhooks/answer", "/answer/"):
        assert vonage.get(path, ASKED).status_code == 200
