"""Voicemail: what is recorded until when, what is said around it, and that callers are told."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from calls.flows.compile import compile_draft
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.run import Heard
from calls.models import Block, BlockAction, BlockKind
from tests.factories import CALLER
from tests.flows.drafts import make_flow, publish_flow
from tests.flows.walking import action_of, place_of, ring, said, way

pytestmark = pytest.mark.django_db
DEFAULTS = ["This call is recorded.", "Please leave a message after the tone.", "Thank you. Goodbye."]


def mailbox(**settings: Any) -> None:
    publish_flow("Mailbox", ("voicemail", settings, {}), ("greeting", {"text": "Never heard."}, {}))


def test_a_message_is_asked_for_recorded_and_thanked_for_and_the_call_ends() -> None:
    mailbox()
    served = ring()
    assert [one["action"] for one in served.ncco] == ["talk", "talk", "record", "talk"]
    assert said(served) == DEFAULTS
    action = action_of(served, "record")
    assert {name: value for name, value in action.items() if name != "eventUrl"} == {
        "action": "record",
        "format": "mp3",
        "timeOut": 120,
        "endOnSilence": 5,
        "endOnKey": "#",
        "beepStart": True,
    }


def test_its_branch_leads_on_after_the_thanks() -> None:
    publish_flow("Mailbox", ("voicemail", {}, {"next": "next"}), ("greeting", {"text": "One more thing."}, {}))
    assert said(ring()) == [*DEFAULTS, "One more thing."]


@pytest.mark.parametrize(
    ("given", "without"),
    [
        ({"beep": False}, {"beepStart"}),
        ({"silence": 0}, {"endOnSilence"}),
        ({"key": ""}, {"endOnKey"}),
        ({"beep": False, "silence": 0, "key": ""}, {"beepStart", "endOnSilence", "endOnKey"}),
    ],
)
def test_what_is_switched_off_is_left_out_and_something_always_ends_it(
    given: dict[str, Any], without: set[str]
) -> None:
    mailbox(**given)
    action = action_of(ring(), "record")
    assert not without & set(action)
    assert action["timeOut"] == 120


def test_the_notice_is_the_steps_own_and_in_its_voice() -> None:
    mailbox(notice="Wir zeichnen auf.", language="de-DE", style=0)
    first = ring().ncco[0]
    assert first == {"action": "talk", "text": "Wir zeichnen auf.", "language": "de-DE", "style": 0}


def test_the_notice_is_switched_off_with_a_reason_alone() -> None:
    mailbox(notice_off_reason="The greeting says so.")
    assert said(ring()) == DEFAULTS[1:]
    warnings = compile_draft(make_flow("Other", ("voicemail", {"notice_off_reason": "Greeting."}, {}))).warnings
    assert ["The reason given: Greeting." in str(one) for one in warnings] == [True]
    assert compile_draft(make_flow("Spaces", ("voicemail", {"notice_off_reason": "  "}, {}))).warnings == []
    flow = make_flow("Silent", ("voicemail", {"notice": "", "notice_off_reason": " "}, {}))
    with pytest.raises(ValidationError, match="notice is empty"):
        publish(flow)


def test_its_recording_is_told_as_the_steps_and_leaves_the_call_as_it_was() -> None:
    mailbox()
    place = place_of(action_of(ring(), "record")["eventUrl"][0])
    told = directory.go_on(place, Heard("record"))
    assert told
    assert (told.ncco, way(told), told.version) == ([], [{"kind": "voicemail"}], place.version)


def test_blocked_callers_may_leave_a_message_too() -> None:
    publish_flow("Line", ("greeting", {"text": "Hello."}, {}))
    Block.objects.create(kind=BlockKind.EXACT, pattern=CALLER, action=BlockAction.VOICEMAIL)
    directory.look()
    place = place_of(action_of(ring(), "record")["eventUrl"][0])
    told = directory.go_on(place, Heard("record"))
    assert told
    assert (told.ncco, told.problem, way(told)) == ([], "", [{"kind": "voicemail"}])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"seconds": 2}, "2 s"),
        ({"seconds": 7_201}, "7201 s"),
        ({"seconds": None}, "seconds is null"),
        ({"silence": 2}, "2 s of silence"),
        ({"silence": 11}, "11 s of silence"),
        ({"key": "A"}, "no key"),
        ({"key": "##"}, "no key"),
        ({"prompt": "", "beep": False}, "neither"),
        ({"prompt": "x" * 1_501}, "1,500"),
        ({"thanks": "{caller.nam}"}, "did you mean"),
    ],
)
def test_mailboxes_that_cannot_be(given: dict[str, Any], reason: str) -> None:
    flow = make_flow("Mailbox", ("voicemail", given, {}))
    with pytest.raises(ValidationError, match=reason):
        publish(flow)
