"""Digits and rooms: what is asked for, kept and told."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from calls.flows.compile import compile_draft
from calls.flows.engine import Served
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.run import Heard
from tests.factories import OURS
from tests.flows.drafts import make_flow, publish_flow
from tests.flows.walking import action_of, place_of, press, ring, said, way

pytestmark = pytest.mark.django_db
ASK = "Key in your order number."


def ask_for_digits(**settings: Any) -> None:
    publish_flow(
        "Orders",
        ("digits", {"prompt": ASK, "keep": "Order number", **settings}, {"nothing": "3"}),
        ("greeting", {"text": "Thank you."}, {"next": "hang up"}),
        ("greeting", {"text": "Nothing came."}, {}),
    )


def test_digits_are_told_by_their_name() -> None:
    ask_for_digits()
    served = press(ring(), "1234")
    assert said(served) == ["Thank you."]
    assert way(served)[0] == {"kind": "digits", "digits": "1234", "label": "Order number"}


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_nothing_keyed_in_is_asked_again_and_then_leads_elsewhere(tries: int) -> None:
    ask_for_digits(tries=tries, nothing="I heard nothing.")
    served: Served | None = ring()
    for _ in range(tries - 1):
        served = press(served)
        assert said(served)[:2] == ["I heard nothing.", ASK]
    assert said(press(served)) == ["Nothing came."]


def test_digits_after_silence_are_taken() -> None:
    ask_for_digits(tries=2)
    assert said(press(press(ring()), "77")) == ["Thank you."]


def test_what_vonage_is_asked_for() -> None:
    ask_for_digits(most=6, seconds=8)
    assert action_of(ring(), "input")["dtmf"] == {"maxDigits": 6, "timeOut": 8, "submitOnHash": True}
    assert action_of(ring(), "input")["type"] == ["dtmf"]


def test_keys_are_kept_as_they_were_pressed_without_hash() -> None:
    ask_for_digits(hash=False, most=4)
    assert way(press(ring(), "12*#"))[0]["digits"] == "12*#"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"prompt": " "}, "no prompt"),
        ({"keep": ""}, "Name what"),
        ({"keep": "x" * 41}, "Name what"),
        ({"most": 0}, "0 digits"),
        ({"most": 21}, "21 digits"),
        ({"seconds": 11}, "11 s"),
        ({"seconds": True}, "seconds is true"),
        ({"tries": 0}, "0 times"),
        ({"tries": "2"}, "tries is the text"),
    ],
)
def test_digits_that_cannot_be_asked_for(given: dict[str, Any], reason: str) -> None:
    flow = make_flow("Orders", ("digits", {"prompt": ASK, "keep": "Order number", **given}, {}))
    with pytest.raises(ValidationError, match=reason):
        publish(flow)


def open_room(**settings: Any) -> None:
    publish_flow(
        "Meeting",
        ("room", {"room": "Board", **settings}, {"refused": "2"}),
        ("greeting", {"text": "Not without the PIN."}, {}),
    )


def test_a_room_is_entered_at_once_and_by_its_name() -> None:
    open_room()
    action = action_of(ring(), "conversation")
    assert {name: value for name, value in action.items() if name != "eventUrl"} == {
        "action": "conversation",
        "name": "Board",
    }


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({"moderator": True}, {"endOnExit": True}),
        ({"moderator": True, "waits": True}, {"endOnExit": True}),
        ({"waits": True}, {"startOnEnter": False}),
        ({"muted": True}, {"mute": True}),
        ({"music": "https://example.com/hold.mp3"}, {"musicOnHoldUrl": ["https://example.com/hold.mp3"]}),
        ({"record": True}, {"record": True}),
    ],
)
def test_what_a_room_is_like(given: dict[str, Any], options: dict[str, Any]) -> None:
    open_room(**given)
    action = action_of(ring(), "conversation")
    assert {name: value for name, value in action.items() if name not in {"action", "name", "eventUrl"}} == options


def test_a_recorded_room_says_so_after_the_pin() -> None:
    open_room(record=True, pin="4711", ask="PIN?", notice="We record this meeting.")
    asked = ring()
    assert said(asked)[0] == "PIN?"
    entered = press(asked, "4711")
    assert said(entered) == ["We record this meeting."]
    assert action_of(entered, "conversation")["record"] is True


@pytest.mark.parametrize("digits", ["4712", "47110", "471", "", None, "*"])
def test_a_wrong_pin_is_asked_for_again_and_then_refused(digits: str | None) -> None:
    open_room(pin="4711", ask="PIN?", wrong="Wrong.", tries=2)
    again = press(ring(), digits)
    assert said(again)[:2] == ["Wrong.", "PIN?"]
    refused = press(again, digits)
    assert said(refused) == ["Not without the PIN."]
    assert way(refused)[0] == {"kind": "room", "pin": "wrong"}


def test_the_right_pin_at_the_second_try_lets_in() -> None:
    open_room(pin="4711", tries=2)
    assert action_of(press(press(ring(), "1"), "4711"), "conversation")["name"] == "Board"


def test_the_recording_of_a_room_is_told_as_the_rooms() -> None:
    open_room(record=True)
    place = place_of(action_of(ring(), "conversation")["eventUrl"][0])
    told = directory.go_on(place, Heard("record"))
    assert told
    assert (told.ncco, way(told)) == ([], [{"kind": "room"}])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"room": " "}, "no name"),
        ({"pin": "abc"}, "of digits"),
        ({"pin": "1" * 21}, "up to 20"),
        ({"pin": "4711", "ask": ""}, "without a word"),
        ({"pin": "4711", "tries": 0}, "0 times"),
        ({"music": "hold.mp3"}, "absolute web address"),
        ({"sound": 99}, "is gone"),
        ({"record": True, "notice": ""}, "notice is empty"),
    ],
)
def test_rooms_that_cannot_be(given: dict[str, Any], reason: str) -> None:
    flow = make_flow("Meeting", ("room", {"room": "Board", **given}, {}))
    with pytest.raises(ValidationError, match=reason):
        publish(flow)


def test_a_short_pin_and_a_secret_recording_are_warned_of() -> None:
    settings = {"room": "Board", "pin": "12", "record": True, "notice_off_reason": "All of staff agreed."}
    warnings = [str(one) for one in compile_draft(make_flow("Meeting", ("room", settings, {}), number=OURS)).warnings]
    assert any("short" in one for one in warnings)
    assert any("All of staff agreed." in one for one in warnings)
    assert compile_draft(make_flow("Other", ("room", {"room": "Board"}, {}))).warnings == []


def test_who_is_let_into_no_room_hears_so_before_the_call_ends() -> None:
    publish_flow(
        "Meeting", ("room", {"room": "Board", "pin": "4711", "ask": "PIN?", "wrong": "Wrong.", "tries": 1}, {})
    )
    assert said(press(ring(), "1")) == ["Wrong.", "Goodbye."]
