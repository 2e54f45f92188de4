"""Each kind of step as a caller meets it: the local Vonage rings, presses, speaks, hangs up; the call log tells it."""

import json
from typing import Any

import pytest
import requests
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from calls.models import Call, CallEvent, OpeningHours
from calls.records.store import Keeping, StoreUnavailable
from calls.webhooks import views
from tests.control.conftest import local_vonage, point_to
from tests.factories import CALLER, OURS, PERSON
from tests.flows.conftest import SECRET, Ring
from tests.flows.drafts import Leads, publish_flow

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = "447700900789"
HANGS_UP: Leads = {"next": "hang up"}


def told(call: Call) -> list[str]:
    """What the replies say of the way, in order, without repetition."""
    paths = [event.payload["reply"].get("path", []) for event in replies(call)]
    return [f"{visit['kind']} {visit.get('key', visit.get('came', ''))}".strip() for path in paths for visit in path]


def replies(call: Call) -> list[CallEvent]:
    return [event for event in call.events.oldest_first() if "reply" in event.payload]


def test_greeting(ring: Ring) -> None:
    publish_flow("Line", ("greeting", {"text": "Good morning."}, {}))
    call = ring(expect=["Good morning.", {"ends": {"by": "platform"}}])
    assert (call.outcome, told(call)) == ("answered", ["greeting"])


def test_menu_by_key_after_a_wrong_one(ring: Ring) -> None:
    publish_flow(
        "Line",
        ("menu", {"prompt": "Sales 1, workshop 2.", "wrong": "Not that one."}, {"1": "2", "2": "3"}),
        ("greeting", {"text": "Sales here."}, HANGS_UP),
        ("greeting", {"text": "Workshop here."}, HANGS_UP),
    )
    call = ring(
        steps=[{"press": "7"}, {"press": "2"}],
        expect=["Not that one.", "Workshop here.", {"not said": "Sales here."}, {"not said": "Sorry, something"}],
    )
    assert told(call) == ["menu", "menu", "menu 2", "greeting"]
    assert [event.payload["reply"]["milliseconds"] >= 0 for event in replies(call)] == [True] * 3


def test_menu_by_word(ring: Ring) -> None:
    publish_flow(
        "Line",
        ("menu", {"prompt": "Sales or workshop?", "speech": True}, {"1 sales": "2"}),
        ("greeting", {"text": "Sales here."}, HANGS_UP),
    )
    call = ring(steps=[{"say": "sales please"}], expect=["Sales here."])
    assert told(call) == ["menu", "menu 1", "greeting"]


def test_voicemail(ring: Ring) -> None:
    publish_flow("Line", ("voicemail", {"prompt": "Leave a message."}, {}))
    call = ring(
        steps=[{"say": "Please call me back."}, {"press": "#"}],
        expect=["This call is recorded.", "Leave a message.", "Thank you. Goodbye.", {"recorded": True}],
    )
    assert call.outcome == "voicemail"
    record = call.events.get(kind="record")
    assert [visit["kind"] for visit in record.payload["reply"]["path"]] == ["voicemail"]
    assert "ncco" not in record.payload["reply"]


def test_voicemail_of_a_caller_who_hangs_up_while_speaking(ring: Ring) -> None:
    publish_flow("Line", ("voicemail", {}, {}))
    call = ring(steps=[{"say": "Please call"}, "hang up"], expect=[{"ends": {"by": "caller"}}])
    assert call.outcome == "voicemail"


def forward(*targets: str, **settings: Any) -> None:
    publish_flow(
        "Line",
        ("forward", {"targets": [{"type": "phone", "to": to} for to in targets], **settings}, {"busy": "2"}),
        ("greeting", {"text": "Nobody is free."}, HANGS_UP),
    )


def test_forward_answered_by_the_second_telephone(ring: Ring) -> None:
    forward(PERSON, SECOND)
    call = ring(
        callees={PERSON: "busy", SECOND: {"answer": "answer", "talks": 20}},
        expect=[{"in order": [{"rings": PERSON}, {"rings": SECOND}, {"connected": SECOND}]}, {"not said": "Nobody"}],
    )
    assert call.outcome == "answered"
    assert told(call) == ["forward", "forward busy", "forward"]
    assert [leg.to_number for leg in call.legs.oldest_first()] == [OURS, PERSON, SECOND]


def test_forward_that_reaches_nobody(ring: Ring) -> None:
    forward(PERSON, SECOND)
    call = ring(
        callees={PERSON: "no-answer", SECOND: {"answer": "reject", "detail": "declined"}}, expect=["Nobody is free."]
    )
    assert told(call) == ["forward", "forward unanswered", "forward", "forward busy", "greeting"]


def test_forward_with_a_whisper_that_the_caller_does_not_hear(ring: Ring) -> None:
    forward(PERSON, whisper="A call for the workshop.")
    call = ring(callees={PERSON: "answer"}, expect=[{"connected": PERSON}, {"not said": "A call for"}])
    whispered = call.events.get(kind="answer", leg__to_number=PERSON)
    assert whispered.payload["reply"]["ncco"][0]["text"] == "A call for the workshop."


def test_forward_that_is_accepted(ring: Ring) -> None:
    forward(PERSON, accept=True)
    call = ring(callees={PERSON: {"answer": "answer", "steps": [{"press": "1"}]}}, expect=[{"connected": PERSON}])
    assert told(call)[-1] == "forward accepted"


def test_room_with_a_pin(ring: Ring) -> None:
    publish_flow("Line", ("room", {"room": "Board", "pin": "4711", "record": True}, {}))
    call = ring(
        steps=[{"press": "1#"}, {"press": "4711#"}, {"wait": 20}, "hang up"],
        expect=["Sorry, that PIN is wrong.", "This call is recorded.", {"connected": "Board"}],
    )
    assert told(call) == ["room", "room", "room", "room", "room"]
    assert call.outcome == "answered"  # what is recorded of a room is no message


def test_opening_hours(ring: Ring) -> None:
    hours = OpeningHours.objects.create(name="Shop", time_zone="Europe/London")  # never open
    publish_flow(
        "Line",
        ("hours", {"hours": hours.pk}, {"closed": "3"}),
        ("greeting", {"text": "We are open."}, HANGS_UP),
        ("greeting", {"text": "We are closed."}, HANGS_UP),
    )
    call = ring(expect=["We are closed.", {"not said": "We are open."}])
    assert told(call) == ["hours", "greeting"]


def test_go_to_flow(ring: Ring) -> None:
    publish_flow("Workshop", ("greeting", {"text": "Workshop here."}, {}), number="")
    publish_flow("Line", ("goto", {}, {"next": "Workshop"}))
    assert told(ring(expect=["Workshop here."])) == ["goto", "greeting"]


def test_digits(ring: Ring) -> None:
    publish_flow(
        "Line",
        ("digits", {"prompt": "Your order number, please.", "keep": "Order number"}, {}),
        ("greeting", {"text": "Thank you."}, {}),
    )
    call = ring(steps=[{"press": "1234#"}], expect=["Thank you."])
    path = replies(call)[-1].payload["reply"]["path"]
    assert (path[0]["label"], path[0]["digits"]) == ("Order number", "1234")


def test_notify(ring: Ring, live_server: LiveServer) -> None:
    """The program that is told is our own event URL: what it was told is kept with the call."""
    payload = {"url": f"{live_server.url}/event", "payload": {"order": "{caller.number}"}}
    publish_flow("Line", ("notify", payload, {}), ("greeting", {"text": "Hello."}, {}))
    call = ring(expect=["Hello."])
    assert call.events.get(kind="notify").payload["payload"] == {"order": CALLER}


def test_wait(ring: Ring) -> None:
    publish_flow("Line", ("wait", {"seconds": 12}, {}), ("greeting", {"text": "Hello."}, {}))
    call = ring(expect=["Hello."])
    assert call.duration_seconds is not None
    assert call.duration_seconds >= 12


def test_hang_up(ring: Ring) -> None:
    publish_flow("Line", ("hangup", {"text": "Goodbye."}, {}), ("greeting", {"text": "Never."}, {}))
    assert told(ring(expect=["Goodbye.", {"not said": "Never."}, {"ends": {"by": "platform"}}])) == ["hangup"]


def test_raw_ncco(ring: Ring) -> None:
    actions = [{"action": "talk", "text": "Raw.", "voiceName": "Russell"}, {"action": "record", "timeOut": 3}]
    publish_flow("Line", ("ncco", {"actions": actions}, {}))
    call = ring(steps=[{"say": "Hello"}], expect=["Raw.", {"recorded": True}])
    assert replies(call)[0].payload["reply"]["ncco"] == actions


def test_a_reply_that_never_comes_is_no_silence(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform asks twice, then the fallback URL, and then goes on with what it has."""

    class Refused(Keeping):
        def end(self) -> str:
            if self.event.kind == "input":
                raise StoreUnavailable("both refuse")
            return super().end()

    monkeypatch.setattr(views, "Keeping", Refused)
    publish_flow("Line", ("menu", {"prompt": "Press 1."}, {"1": "next"}), ("greeting", {"text": "Hello."}, {}))
    call = ring(
        suffers="503", steps=[{"press": "1"}], expect=["Sorry, something is wrong here.", {"not said": "Hello."}]
    )
    assert not call.events.filter(kind="input").exists()


def test_forward_that_is_not_accepted_moves_the_caller_on(live_server: LiveServer, settings: Settings) -> None:
    settings.BASE_URL = live_server.url
    answer, event = f"{live_server.url}/answer", f"{live_server.url}/event"
    with local_vonage(speed=5, secret=SECRET, answer_url=answer, event_url=event) as vonage:
        point_to(settings, vonage.base)
        forward(PERSON, accept=True)
        scenario = {
            "to": OURS,
            "from": CALLER,
            "callees": {PERSON: {"answer": "answer", "steps": [{"press": "2"}], "talks": 600}},
            "expect": ["Nobody is free.", {"ends": {"by": "platform"}}],
        }
        reply = requests.post(f"{vonage.base}/lab/calls?watch=1", json=scenario, timeout=30)
        assert json.loads(reply.text.splitlines()[-1])["failures"] == []
    call = Call.objects.get()
    assert "forward unanswered" in told(call)
    assert call.events.filter(kind="action", payload__by="The flow").exists()


@pytest.mark.parametrize("token", ["nonsense", "W10:1abcde:xyz"])
def test_a_wrong_token_keeps_the_event_and_leaves_the_flow(token: str, ring: Ring, live_server: LiveServer) -> None:
    actions = [
        {"action": "talk", "text": "Press 1.", "bargeIn": True},
        {"action": "input", "type": ["dtmf"], "eventUrl": [f"{live_server.url}/event/{token}"]},
        {"action": "talk", "text": "As it was."},
    ]
    publish_flow("Line", ("ncco", {"actions": actions}, {}))
    call = ring(steps=[{"press": "1"}], expect=["As it was."])
    assert "reply" not in call.events.get(kind="input").payload
