"""A flow in sentences: every kind, and where each way leads."""

from typing import Any

import pytest
from hypothesis import given, settings

from calls.flows.naming import Known
from calls.flows.program import AGAIN, END, Program, to_flow, to_step
from calls.flows.sentences import detail, does, leads, sentences
from calls.flows.steps import STEPS
from tests.flows.programs import program, programs, step

pytestmark = pytest.mark.once

KNOWN = Known({7: "Workshop"}, {1: "Shop"}, {3: "Jingle"})
PHONE, TYPED = {"type": "phone", "to": "447700900512"}, {"type": "typed", "to": "Order"}
SAM = "+44 7700 900512"
ASK_DIGITS = "Ask for up to 20 digits, twice"


def harbour() -> Program:
    return program(
        step("hours", 1, to_step(2), {"closed": to_step(6)}, hours=1),
        step("greeting", 2, to_step(3), text="Good day."),
        step(
            "menu",
            3,
            to_step(4),
            {"1": to_flow(7), "2": to_step(4), "*": AGAIN, "end": to_step(5)},
            prompt="For the workshop press 1",
        ),
        step("forward", 4, to_step(5), targets=[PHONE], ring_seconds=20),
        step("voicemail", 5, END, prompt="Leave a message.", notice_off_reason="We say so on the website.", thanks=""),
        step("greeting", 6, END, {"next": to_step(5)}, text="We are closed."),
        step("hangup", 7, END),
    )


def test_each_step_says_what_it_does_and_where_it_leads() -> None:
    assert [one.text for one in sentences(harbour(), KNOWN)] == [
        "While Shop says open, go to step 2; while closed, go to step 6.",
        "Say “Good day.”",
        "Ask for a key, twice: “For the workshop press 1”. 1 goes to the flow Workshop, 2 to step 4, * says it again, "
        "nothing right to step 5.",
        "Ring +44 7700 900512 for 20 s. Who is not reached goes to step 5.",
        "Say “Leave a message.”, then record a message of up to 2 min, ended by 5 s of silence or the key #. The end.",
        "Say “We are closed.” Then go to step 5.",
        "No caller comes here. The end of the call.",
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("audio", {"sound": 3, "loop": 2}, "Play the sound file Jingle, twice."),
        ("audio", {"url": "https://example.com/a.mp3"}, "Play https://example.com/a.mp3."),
        ("digits", {"prompt": "Number?", "keep": "Order"}, f"{ASK_DIGITS}, and keep them as “Order”: “Number?”"),
        ("forward", {"targets": [PHONE, TYPED]}, f"Ring {SAM}, then what was keyed in as Order for 20 s each."),
        ("hangup", {"text": "<speak>Good<break time='1s'/>bye!</speak>"}, "Say “Goodbye!” The end."),
        ("notify", {"url": "https://example.com/x"}, "Tell https://example.com/x that a caller came here."),
        ("room", {"room": "Staff", "pin": "1234"}, "Let callers who know its PIN into the room “Staff”."),
        ("room", {"room": "Staff", "record": True}, "Let callers into the room “Staff”. It is recorded."),
        ("room", {"room": "Staff", "moderator": True}, "Let callers into the room “Staff”, as moderator."),
        ("wait", {"seconds": 2.5}, "Wait 2.5 s in silence."),
        ("ncco", {"actions": [{"action": "talk"}, {"action": "input"}]}, "Do what the NCCO says: talk, input."),
        ("menu", {"prompt": "x " * 200, "tries": 1}, f"Ask for a key, once: “{'x ' * 79}x…”"),
    ],
)  # fmt: skip
def test_every_kind_has_its_words(kind: str, fields: dict[str, Any], said: str) -> None:
    assert does(step(kind, 1, END, **fields), KNOWN) == said


def test_no_kind_is_without_words() -> None:
    for kind in STEPS:
        alone = step(kind, 1, END)
        assert does(alone) or leads(program(alone), "1", alone), kind
        assert detail(alone), kind


def test_ways_to_one_place_are_told_together() -> None:
    busy = step("forward", 1, END, {"busy": to_flow(7)}, targets=[PHONE])
    assert (
        leads(program(busy), "1", busy, KNOWN)
        == "Busy goes to the flow Workshop, no answer or not reached ends the call."
    )
    goto = step("goto", 1, END, {"next": to_flow(7)})
    assert leads(program(goto), "1", goto, KNOWN) == "Go to the flow Workshop."
    digits = step("digits", 1, to_step(2), {"nothing": to_step(3)})
    whole = program(digits, step("wait", 2, END), step("wait", 3, END))
    assert leads(whole, "1", digits) == "Nothing keyed in goes to step 3."


@settings(max_examples=30, deadline=None)
@given(programs())
def test_whatever_a_program_holds_it_is_told(given_program: Program) -> None:
    told = sentences(given_program)
    assert [one.step for one in told] == list(given_program["steps"])
    assert all(one.text for one in told)
