"""The event webhook as a question: a flow goes on by the token in its address, whatever the database does."""

from typing import Any

import pytest
from django.core import signing
from pytest_django import Settings

from calls.flows import tokens
from calls.flows.tokens import Place
from calls.models import CallEvent
from calls.records import spool, store
from tests.conftest import Get
from tests.factories import CALLER, OURS
from tests.flows.drafts import publish_flow
from tests.vonage_client import Response, VonageClient

pytestmark = pytest.mark.django_db

LEG, ROOM = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "CON-f972836a-550f-45fa-956c-12a2ab5b7d22"


@pytest.fixture
def menu() -> None:
    publish_flow(
        "Menu",
        ("menu", {"prompt": "Press 1."}, {"1": "2", "end": "hang up"}),
        ("greeting", {"text": "Sales here."}, {}),
    )


def pressed(digits: str | None = "1", **fields: Any) -> dict[str, Any]:
    return {
        "from": CALLER,
        "to": OURS,
        "uuid": LEG,
        "conversation_uuid": ROOM,
        "dtmf": {"digits": digits, "timed_out": digits is None},
        "speech": {"results": []},
        "timestamp": "2026-03-02T10:00:14.400Z",
        **fields,
    }


def question(get_answer: Get) -> str:
    """The path at which Vonage asks what comes after the menu."""
    answer = get_answer({"to": OURS, "from": CALLER, "uuid": LEG, "conversation_uuid": ROOM}).json()
    url: str = next(action["eventUrl"][0] for action in answer if action["action"] == "input")
    return "/" + url.partition("://")[2].partition("/")[2]


def texts(response: Response) -> list[str]:
    assert response.status_code == 200
    return [action["text"] for action in response.json() if action["action"] == "talk"]


def test_a_key_leads_on_and_the_event_is_kept_with_our_reply(menu: None, get_answer: Get, vonage: VonageClient) -> None:
    response = vonage.post(question(get_answer), pressed())
    assert texts(response) == ["Sales here."]
    event = CallEvent.objects.get(kind="input")
    assert event.payload["reply"]["ncco"] == response.json()
    assert [visit["kind"] for visit in event.payload["reply"]["path"]] == ["menu", "greeting"]
    assert {name: value for name, value in event.payload.items() if name != "reply"} == pressed()


def test_get_and_post_below_each_prefix_are_one_door(menu: None, get_answer: Get, vonage: VonageClient) -> None:
    path = question(get_answer)
    assert texts(vonage.get(f"/webhooks{path}", pressed())) == ["Sales here."]
    assert texts(vonage.post(f"/webhooks{path}/", pressed("1", timestamp="2026-03-02T10:00:15Z"))) == ["Sales here."]


def test_a_question_that_comes_twice_is_kept_once_and_answered_twice(
    menu: None, get_answer: Get, vonage: VonageClient
) -> None:
    path = question(get_answer)
    assert texts(vonage.post(path, pressed())) == texts(vonage.post(path, pressed())) == ["Sales here."]
    assert CallEvent.objects.get(kind="input").times_received == 2


def test_what_is_no_question_is_kept_and_leaves_the_call_alone(
    menu: None, get_answer: Get, vonage: VonageClient
) -> None:
    response = vonage.post(question(get_answer), {"uuid": LEG, "status": "ringing", "conversation_uuid": ROOM})
    assert (response.status_code, response.content) == (200, b"")
    assert CallEvent.objects.filter(status="ringing").exists()


@pytest.mark.parametrize("spoil", ["cut", "changed", "another", "rubbish"])
def test_a_token_that_is_not_ours_leads_nowhere(menu: None, get_answer: Get, vonage: VonageClient, spoil: str) -> None:
    path = question(get_answer)
    bad = {
        "cut": path[:-4],
        "changed": path.replace("/event/", "/event/x"),
        "another": f"/event/{signing.dumps([1, 'x'], salt='another')}",
        "rubbish": "/event/rubbish:and-more",
    }[spoil]
    response = vonage.post(bad, pressed())
    assert (response.status_code, response.content) == (200, b"")
    assert CallEvent.objects.filter(kind="input").exists()


def test_a_token_of_an_earlier_key_is_read(
    menu: None, get_answer: Get, vonage: VonageClient, settings: Settings
) -> None:
    path = question(get_answer)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 5
    assert texts(vonage.post(path, pressed())) == ["Sales here."]


def test_a_version_that_is_gone_is_heard_as_a_sentence(vonage: VonageClient) -> None:
    url = tokens.url_of(Place(99, "1", OURS, CALLER))
    response = vonage.post(url[url.index("/event/") :], pressed())
    assert "Sorry, something is wrong here" in texts(response)[0]
    assert "cannot be run" in CallEvent.objects.get(kind="input").payload["reply"]["problem"]


def test_callers_go_on_while_the_event_is_spooled(
    menu: None, get_answer: Get, vonage: VonageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = question(get_answer)

    def away(events: object) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(store, "write_batch", away)
    response = vonage.post(path, pressed())
    assert texts(response) == ["Sales here."]
    assert response["X-Stored"] == "spool"
    assert spool.depth().files == 1
