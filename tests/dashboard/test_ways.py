"""The way of a call through a flow, as the list tells it."""

import re
from typing import Any

import pytest
from django.test import Client

from calls.dashboard.ways import Step, doing_at, steps_of, way_of
from tests.factories import PERSON, keep, make_call, make_contact, make_event
from tests.voicemails import make_message

HOURS, MENU, FORWARD = {"step": "1", "kind": "hours"}, {"step": "2", "kind": "menu"}, {"step": "3", "kind": "forward"}
VOICEMAIL = {"step": "4", "kind": "voicemail", "name": "Message for Tom"}


def test_list_tells_the_way_a_call_took(login: Client) -> None:
    make_contact("Tom", PERSON)
    call = make_call(seconds=60)
    names: dict[str, Any] = {"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid}
    keep({**names, "reply": {"path": [HOURS, MENU]}}, door="answer")
    keep({**names, "dtmf": {"digits": "2"}, "reply": {"path": [{**MENU, "key": "2"}, FORWARD]}})
    rung: dict[str, Any] = {
        "uuid": "second",
        "conversation_uuid": call.conversation_uuid,
        "to": PERSON,
        "direction": "outbound",
    }
    keep(make_event("timeout", **rung))
    keep({"conversation_uuid": call.conversation_uuid, "recording_url": "x", "reply": {"path": [VOICEMAIL]}})
    html = login.get("/").content.decode()
    told = re.findall(r'class="calls-words">([^<]*)<', html)
    assert [words.replace(" \u203a ", ", ") for words in told] == ["Hours, Menu 2, Tom, Message for Tom"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ([HOURS, MENU], ["Hours", "Menu"]),
        ([MENU, {**MENU, "key": "*"}], ["Menu", "Menu *"]),
        ([MENU, MENU, MENU], ["Menu", "Menu", "Menu"]),
        ([{"kind": "a new one"}, {"kind": "menu", "name": "Main\u202e"}], ["A new one", "Main\\u202e"]),
        ("text", []),
        ([None, 1, {}, {"kind": ["x"]}], ["", ""]),
    ],
)
def test_path_is_read_whatever_it_holds(path: Any, words: list[str]) -> None:
    assert [str(step) for step in steps_of(path)] == words


def test_long_way_is_cut_and_what_is_heard_again_told_once() -> None:
    menu = Step("menu", "Menu")
    assert way_of([menu, menu, Step("forward", "Forward")], ["Tom"]) == ["Menu", "Tom"]
    assert way_of([menu, Step("menu", "Menu", "2"), Step("menu", "Menu", "3")], []) == ["Menu 2", "Menu 3"]
    assert way_of([menu, Step("forward", "Forward")], []) == ["Menu", "Forward"]
    assert way_of([Step("menu", str(n)) for n in range(20)], [])[-2:] == ["5", "14 more"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("path", "doing"),
    [
        ([HOURS, MENU], ("In the menu", "Hears the menu")),
        ([MENU, MENU], ("In the menu", "Hears the menu, second try")),
        ([{**MENU, "name": "Sales"}], ("In the menu", "Hears the menu “Sales”")),
        ([MENU, {**MENU, "key": "2"}, VOICEMAIL], ("Leaving a message", "Is at the voicemail “Message for Tom”")),
        ([MENU, {**MENU, "key": "2"}], ("", "")),
        ([FORWARD], ("", "")),
        ([{"kind": "a new one"}], ("", "")),
        ([], ("", "")),
    ],
)
def test_a_caller_is_told_to_be_where_the_way_ends(path: Any, doing: tuple[str, str]) -> None:
    assert doing_at(steps_of(path)) == doing


def test_list_tells_the_step_in_which_a_call_is(login: Client) -> None:
    call = make_call("started", "answered")
    names: dict[str, Any] = {"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid}
    keep({**names, "reply": {"path": [HOURS, MENU]}}, door="answer")
    html = login.get("/").content.decode()
    assert html.count("In the menu") == 2  # in the strip and in the list
    assert "Hears the menu" in html


def test_list_tells_which_messages_nobody_heard(login: Client) -> None:
    row = make_message()
    html = login.get("/").content.decode()
    assert "not heard yet" in html
    assert f'href="/voicemail/{row.pk}/"' in html
    row.hear(None)
    assert "not heard yet" not in login.get("/").content.decode()
