"""An event in plain words, with Vonage's own beside them; and any payload whatever has some."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.records.cast import Cast
from calls.records.heard import heard
from calls.records.moments import served_actions, shape_of
from calls.records.words import UNKNOWN, in_words
from tests.records.rows import OURS, Leg, Row, answered_with, happened, leg
from tests.records.test_timeline import JSON

pytestmark = pytest.mark.once

ANNA, TOM, MAIN = "+44 7700 900123", "+44 7700 900456", "Main line"
INBOUND = leg(1, 0, 0.6, 77)
FORWARDED = leg(2, 13, None, 35, direction="outbound", status="timeout")
CAST = Cast([INBOUND, FORWARDED], {OURS: MAIN})


def told(at_leg: int | None = 1, cast: Cast = CAST, door: str = "event", **payload: Any) -> tuple[str, str, str]:
    """Who, what, and Vonage's word."""
    words = in_words(happened(1, at_leg, door=door, **payload), cast)
    return words.who, str(words), words.term


CALLERS = {
    "started": ("Vonage", "The call was set up"),
    "ringing": (ANNA, "Rang Main line"),
    "answered": ("Us", "Our flow picked up"),
    "cancelled": (ANNA, "Hung up before we picked up"),
    "timeout": ("Us", "Nobody picked up in time"),
    "failed": ("Vonage", "The call could not be connected"),
}
CALLED = {
    "started": ("Us", f"Dialled {TOM}"),
    "ringing": (TOM, "The phone rang"),
    "answered": (TOM, "Picked up"),
    "busy": (TOM, "Was engaged"),
    "cancelled": ("Us", "Stopped ringing before anybody picked up"),
    "timeout": (TOM, "Did not pick up in time"),
    "unanswered": (TOM, "Did not pick up"),
    "rejected": (TOM, "Was not put through"),
    "failed": ("Vonage", "The call could not be connected"),
    "human": (TOM, "A person picked up"),
    "machine": (TOM, "A machine picked up"),
    "disconnected": (TOM, "The connection was closed"),
}


@pytest.mark.parametrize("status", CALLERS)
def test_status_of_a_caller(status: str) -> None:
    assert told(1, status=status) == (*CALLERS[status], status)


@pytest.mark.parametrize("status", CALLED)
def test_status_of_somebody_whom_we_ring(status: str) -> None:
    assert told(2, status=status) == (*CALLED[status], status)


def test_status_is_known_in_any_case_and_shown_as_it_came() -> None:
    assert told(2, status="Busy") == (TOM, "Was engaged", "Busy")


@pytest.mark.parametrize(
    ("payload", "words", "term"),
    [
        (
            {"status": "unanswered", "detail": "unavailable"},
            "Did not pick up: cannot be reached",
            "unanswered, unavailable",
        ),
        (
            {"status": "rejected", "detail": "restricted", "sip_code": 403},
            "Was not put through: refused by the carrier",
            "rejected, restricted, sip 403",
        ),
        ({"status": "failed", "detail": "new_word"}, "The call could not be connected: new word", "failed, new_word"),
        ({"status": "machine", "sub_state": "beep_start"}, "The machine’s beep was heard", "machine, beep_start"),
        ({"status": "machine", "sub_state": "beep_timeout"}, "No beep was heard in time", "machine, beep_timeout"),
    ],
)
def test_reason_is_told(payload: dict[str, Any], words: str, term: str) -> None:
    assert told(2, **payload)[1:] == (words, term)


def ended(by: str, price: str | None = "0.0058", answered: float | None = 0.6) -> Leg:
    cost = {"duration_seconds": 77, "rate_eur": Decimal("0.0045"), "price_eur": Decimal(price) if price else None}
    return leg(1, 0, answered, 77, disconnected_by=by, **cost)


@pytest.mark.parametrize(
    ("by", "who", "words"),
    [
        ("user", ANNA, "Hung up. 77 s × €0.0045 a minute = €0.0058"),
        ("platform", "Vonage", "The call was over, and the line closed. 77 s × €0.0045 a minute = €0.0058"),
        ("", "Vonage", "The line was closed. 77 s × €0.0045 a minute = €0.0058"),
    ],
)
def test_end_says_who_hung_up_and_what_it_cost(by: str, who: str, words: str) -> None:
    assert told(1, Cast([ended(by)], {}), status="completed")[:2] == (who, words)


def test_end_of_a_leg_that_nobody_picked_up() -> None:
    cast = Cast([ended("", price=None, answered=None)], {})
    assert told(1, cast, status="completed")[1] == "The line was closed, never picked up"


@pytest.mark.parametrize(
    ("payload", "words", "term"),
    [
        ({"dtmf": {"digits": "2", "timed_out": False}}, "Pressed 2", "dtmf"),
        ({"dtmf": {"digits": "42#", "timed_out": False}}, "Pressed 42#", "dtmf"),
        ({"dtmf": "7", "timed_out": False}, "Pressed 7", "dtmf"),
        ({"dtmf": {"digits": "", "timed_out": True}}, "Pressed no key in time", "dtmf, timed_out"),
        ({"dtmf": {"digits": None, "timed_out": True}}, "Pressed no key in time", "dtmf, timed_out"),
        ({"dtmf": "", "timed_out": True}, "Pressed no key in time", "dtmf, timed_out"),
        ({"dtmf": {"digits": "1"}, "speech": {"error": "Speech was not enabled"}}, "Pressed 1", "dtmf"),
        (
            {"dtmf": {"digits": ""}, "speech": {"error": "Speech was not enabled"}},
            "Pressed no key in time",
            "dtmf, timed_out",
        ),
        ({"speech": {"results": [{"text": "sales", "confidence": "0.9405097"}]}}, "Said “sales”", "speech, 94% sure"),
        ({"speech": {"results": [{"text": "sales", "confidence": ".91"}]}}, "Said “sales”", "speech, 91% sure"),
        ({"speech": {"results": [{"text": "sales", "confidence": "much"}]}}, "Said “sales”", "speech"),
        (
            {"speech": {"results": [], "timeout_reason": "start_timeout"}},
            "Said nothing in time",
            "speech, start_timeout",
        ),
        (
            {"speech": {"error": "ERR1: Failed to analyze audio"}},
            "Was not understood: ERR1: Failed to analyze audio",
            "speech",
        ),
    ],
)
def test_input(payload: dict[str, Any], words: str, term: str) -> None:
    assert told(1, **payload) == (ANNA, words, term)


def test_keys_stand_apart_from_the_words() -> None:
    words = in_words(happened(1, dtmf={"digits": "42"}), CAST)
    assert [(part.text, part.style) for part in words.parts] == [("Pressed ", ""), ("4", "key"), ("2", "key")]


RECORD: dict[str, Any] = {
    "recording_url": "https://api.nexmo.com/v1/files/1",
    "size": 36_288,
    "start_time": "2026-03-02T10:00:05Z",
    "end_time": "2026-03-02T10:00:14Z",
}


def test_message_and_recording() -> None:
    message = Cast([INBOUND], {}, message=True)
    assert told(None, message, **RECORD) == (ANNA, "Left a message, 9 s", "record, 36 kB")
    assert told(None, **RECORD) == ("Vonage", "A recording was saved, 9 s", "record, 36 kB")
    assert told(None, **(RECORD | {"size": "big", "end_time": 5}))[1:] == ("A recording was saved", "record")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            {"status": "transcribed", "transcription_url": "https://…"},
            ("Vonage", "The transcript is ready", "transcribed"),
        ),
        (
            {"type": "transfer", "conversation_uuid_to": "CON-2"},
            (ANNA, "Was moved to another conversation", "transfer"),
        ),
        ({"payload": {"a": 1}}, ("Vonage", "The flow came to a point that it tells us of", "notify")),
        ({"reason": "Syntax error in NCCO."}, ("Vonage", "Could not go on: Syntax error in NCCO.", "error")),
        ({"type": "rtc:leg:quality"}, ("Vonage", UNKNOWN, "rtc:leg:quality")),
        ({"status": "teleported"}, ("Vonage", UNKNOWN, "teleported")),
        ({}, ("Vonage", UNKNOWN, "")),
    ],
)
def test_other_kinds(payload: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert told(1, **payload) == expected


def test_unknown_is_marked_as_such() -> None:
    payloads: list[dict[str, Any]] = [{"status": "teleported"}, {}, {"status": "Ringing"}]
    shapes = [shape_of(happened(1, **payload)) for payload in payloads]
    assert shapes == ["unknown", "unknown", "told"]


# What we answered


def test_answer_tells_what_was_served() -> None:
    served = answered_with(
        {"action": "talk", "text": "<speak>Good <break time='1s'/> afternoon.</speak>"},
        {"action": "input", "type": ["dtmf"]},
    )
    words = in_words(served, CAST)
    assert (words.who, words.term) == ("Us", "answer")
    assert str(words) == "Asked what to do, we answered with “Good afternoon.”, then a wait for a key"


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([], "nothing: the call ends"),
        ([{"action": "stream"}, {"action": "record"}], "a sound, then a recording"),
        ([{"action": "input", "type": ["speech"]}], "a wait for speech"),
        ([{"action": "connect", "endpoint": [{"type": "phone", "number": "447700900456"}]}], f"a call to {TOM}"),
        (
            [{"action": "connect", "endpoint": [{"type": "sip", "uri": "sip:a@example.com"}]}],
            "a call to sip:a@example.com",
        ),
        ([{"action": "connect", "endpoint": "odd"}], "a call to somebody"),
        ([{"action": "dance"}, {}], "“dance”, then “”"),
        (
            [{"action": "conversation"}] * 6,
            "a conference, then a conference, then a conference, then a conference, and 2 more",
        ),
    ],
)
def test_ncco_in_words(actions: list[dict[str, Any]], words: str) -> None:
    assert heard(actions) == words


def test_long_text_is_cut_at_a_word() -> None:
    words = heard([{"action": "talk", "text": "word " * 100}])
    assert words.endswith("word…”")
    assert len(words) < 95


@pytest.mark.parametrize(
    ("payload", "who", "words"),
    [
        (
            {
                "reason": "Connection closed.",
                "original_request": {"type": "answer"},
                "reply": {"ncco": [{"action": "stream"}]},
            },
            "Us",
            "Our answer URL failed (Connection closed); we answered with a sound",
        ),
        (
            {"reason": "Timeout", "original_request": {"type": "event"}},
            "Vonage",
            "Our event URL failed (Timeout); the fallback URL took the event",
        ),
    ],
)
def test_fallback(payload: dict[str, Any], who: str, words: str) -> None:
    assert told(1, door="fallback", **payload)[:2] == (who, words)


# Any payload will do

FIELDS = st.sampled_from(
    [
        "status",
        "dtmf",
        "speech",
        "reason",
        "payload",
        "recording_url",
        "size",
        "start_time",
        "end_time",
        "reply",
        "original_request",
        "type",
        "detail",
        "sub_state",
        "sip_code",
        "disconnected_by",
        "conversation_uuid_from",
        "transcription_url",
        "action",
    ]
)
DOORS = st.sampled_from(["event", "answer", "fallback", "us"])


@given(DOORS, st.dictionaries(FIELDS, JSON), st.sampled_from([1, 2, 9, None]))
def test_any_payload_has_words(door: str, payload: dict[str, Any], at_leg: int | None) -> None:
    for cast in (CAST, Cast([], {})):
        who, words, term = told(at_leg, cast, door, **payload)
        assert who
        assert words
        assert len(words) < 1_000
        assert len(term) < 300


@given(JSON)
def test_payload_that_is_no_object_has_words(payload: Any) -> None:
    row = happened(1)
    row.payload = payload
    assert str(in_words(row, CAST)) == UNKNOWN


PATH = [{"step": "1", "kind": "digits", "name": "", "label": "Order number", "digits": "1234"}]
REPLY = {"ncco": [{"action": "talk", "text": "Thank you."}], "milliseconds": 0.4, "version": 1, "path": PATH}
ASKED = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}, "eventUrl": ["https://x.example/event/abc:d"]}


def replied(**payload: Any) -> Row:
    return happened(1, 1, dtmf={"digits": "1234", "timed_out": False}, **payload)


def test_a_reply_in_the_middle_of_a_call_stands_beside_what_was_keyed_in() -> None:
    row = replied(reply=REPLY)
    assert str(in_words(row, CAST)) == "Pressed 1234 (Order number), and we answered with “Thank you.”"
    assert shape_of(row) == "asked"
    assert shape_of(replied()) == "told"


def test_an_event_that_only_tells_of_its_step_was_not_answered() -> None:
    row = replied(reply={"version": 1, "path": PATH})
    assert (str(in_words(row, CAST)), shape_of(row), served_actions(row)) == ("Pressed 1234", "told", [])


def test_what_is_there_for_the_worst_case_alone_is_not_told() -> None:
    sorry = {"action": "talk", "text": "Sorry."}
    assert heard([{"action": "talk", "text": "Press 1."}, ASKED, sorry]) == "“Press 1.”, then a wait for a key"
    assert heard([ASKED | {"eventUrl": ["https://x.example/menu"]}, sorry]) == "a wait for a key, then “Sorry.”"
    assert heard([{"action": "wait", "timeout": 0.1}]) == "nothing: the call ends"


@pytest.mark.parametrize("path", ["x", [1], [{"kind": 5}], [{"label": ["x"]}], {}, None])
def test_odd_paths_are_told_without_them(path: Any) -> None:
    assert "Pressed" in str(in_words(replied(reply=REPLY | {"path": path}), CAST))
