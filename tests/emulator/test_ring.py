"""An inbound call, as a voice application meets it: order, fields, times, signature, hanging up."""

import hashlib
import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.emulator.voice_application import NCCO, VoiceApplication, always, claims_of, in_turn, nothing
from tests.sequences.reading import steps

pytestmark = pytest.mark.once
OF_THE_CALL = {"uuid", "conversation_uuid", "timestamp", "start_time", "end_time", "duration", "price", "url"}


def shape(fields: dict[str, Any]) -> list[tuple[str, Any]]:
    """The fields in their order; of those that differ from call to call only whether they are there, and empty."""
    return [(name, value is not None if name in OF_THE_CALL else value) for name, value in fields.items()]


def in_sequence(name: str) -> list[Any]:
    """What the platform sends in a sequence of the reference; what comes at one moment is sorted."""
    sent = [(step.door, step.method, shape(step.payload)) for step in steps(name)]
    return sorted(sent[:2], key=str) + sent[2:]


def as_received(voice: VoiceApplication) -> list[Any]:
    sent = [
        (one.path.strip("/"), one.method, shape(one.json if one.method == "POST" else unnested(one.query)))
        for one in voice.received
    ]
    return sorted(sent[:2], key=str) + sent[2:]


def unnested(query: dict[str, str]) -> dict[str, Any]:
    return {name: json.loads(value) if value.startswith("{") else value for name, value in query.items()}


def moment(text: str) -> datetime:
    assert text.endswith("Z")
    assert len(text) == len("2026-03-02T10:00:00.000Z")
    return datetime.fromisoformat(text)


def test_call_that_hears_a_greeting_sends_what_the_platform_sends() -> None:
    voice = VoiceApplication()
    assert voice.ring() == []
    assert as_received(voice) == in_sequence("01_inbound_talk")


def test_trace_is_that_of_the_tutorial() -> None:
    voice = VoiceApplication()
    voice.ring()
    assert voice.trace == [
        "Call status: started",
        "Call status: ringing",
        "to: 442079460010 from: 447700900123",
        "Call status: answered",
        "Call status: completed",
    ]


def test_detailed_trace_says_what_the_caller_hears() -> None:
    voice = VoiceApplication()
    voice.ring(detailed=True)
    assert voice.trace[5] == f"talk (4.9 s): {NCCO[0]['text']}"


def test_started_and_ringing_bear_the_same_time() -> None:
    voice = VoiceApplication()
    voice.ring()
    started, ringing = voice.events()[:2]
    assert started["timestamp"] == ringing["timestamp"]
    assert abs(moment(started["timestamp"]).timestamp() - time.time()) < 5


def test_identities_are_those_of_a_leg_from_the_telephone_network() -> None:
    voice = VoiceApplication()
    voice.ring()
    voice.ring()
    legs = {event["uuid"] for event in voice.events()}
    conversations = {event["conversation_uuid"] for event in voice.events()}
    assert len(legs) == len(conversations) == 2
    assert all(len(leg) == 32 and int(leg, 16) for leg in legs)
    assert all(name.startswith("CON-") and len(name) == 40 for name in conversations)


def test_summary_is_rounded_and_billed_as_by_the_platform() -> None:
    voice = VoiceApplication()
    voice.ring()
    answered, completed = voice.events()[2], voice.completed()
    start, end = moment(completed["start_time"]), moment(completed["end_time"])
    assert start == moment(answered["timestamp"]).replace(microsecond=0)
    assert timedelta(0) <= end - moment(completed["timestamp"]) < timedelta(seconds=1)
    assert end.microsecond == 0
    assert completed["duration"] == str(int((end - start).total_seconds()))
    assert completed["price"] == f"{0.0045 * int(completed['duration']) / 60:.8f}"


@pytest.mark.parametrize("speed", [20, 1000])
def test_talk_takes_its_time_by_the_clock_of_the_call(speed: int) -> None:
    voice = VoiceApplication()
    began = time.monotonic()
    voice.ring(speed=speed)
    real = time.monotonic() - began
    answered, completed = voice.events()[2], voice.completed()
    talked = moment(completed["timestamp"]) - moment(answered["timestamp"])
    assert timedelta(seconds=4.89) < talked < timedelta(seconds=6)
    assert 5.4 / speed < real < 2


def test_caller_hangs_up_in_the_middle_of_a_talk() -> None:
    voice = VoiceApplication()
    assert voice.ring(hangup_after=3) == []
    completed = voice.completed()
    assert completed["disconnected_by"] == "user"
    assert completed["sip_code"] == 200
    lasted = moment(completed["timestamp"]) - moment(voice.events()[0]["timestamp"])
    assert timedelta(seconds=2.999) <= lasted < timedelta(seconds=4)


def test_caller_who_hangs_up_after_the_end_changes_nothing() -> None:
    voice = VoiceApplication()
    voice.ring(hangup_after=60)
    assert voice.completed()["disconnected_by"] == "platform"


def test_caller_hangs_up_before_the_call_is_answered() -> None:
    voice = VoiceApplication()
    assert voice.ring(hangup_after=0.32) == []
    assert as_received(voice) == in_sequence("10_inbound_cancelled")
    completed = voice.completed()
    assert (completed["duration"], completed["price"], completed["rate"]) == ("0", "0", "0.00")
    assert completed["start_time"] is completed["network"] is None


def test_caller_hangs_up_while_the_answer_is_being_made() -> None:
    voice = VoiceApplication({"/answer": always(NCCO, after=0.9)})
    assert voice.ring(hangup_after=0.2) == []
    assert voice.statuses()[2:] == ["cancelled", "completed"]
    lasted = moment(voice.completed()["timestamp"]) - moment(voice.events()[0]["timestamp"])
    assert lasted < timedelta(seconds=0.9)


def test_caller_hangs_up_at_once() -> None:
    voice = VoiceApplication()
    assert voice.ring(hangup_after=0) == []
    assert sorted(voice.statuses()) == ["cancelled", "completed", "started"]
    assert voice.at("/answer") == []


def test_platform_ends_a_call_after_two_hours() -> None:
    for_ever = [{"action": "talk", "text": "Please hold.", "loop": 0}]
    voice = VoiceApplication({"/answer": always(for_ever)})
    assert voice.ring(speed=100_000) == []
    assert 7190 <= int(voice.completed()["duration"]) <= 7201
    assert voice.completed()["disconnected_by"] == "platform"


def test_empty_array_ends_the_call_at_once() -> None:
    voice = VoiceApplication({"/answer": always([])})
    assert voice.ring() == []
    assert voice.statuses()[2:] == ["answered", "completed"]


def test_events_are_signed_over_their_body() -> None:
    voice = VoiceApplication()
    voice.ring(api_key="abcd1234", application_id="11111111-2222-3333-4444-555555555555")
    seen = set()
    for event in voice.at("/event"):
        claims = claims_of(event.headers["Authorization"])
        assert claims["payload_hash"] == hashlib.sha256(event.body).hexdigest()
        assert abs(claims["iat"] - time.time()) < 10  # the real time, whatever the call's clock says
        assert claims["api_key"] == "abcd1234"
        assert claims["application_id"] == "11111111-2222-3333-4444-555555555555"
        assert claims["iss"] == "Vonage"
        seen.add(claims["jti"])
    assert len(seen) == 4


def test_answer_request_is_signed_over_its_query_as_json() -> None:
    voice = VoiceApplication()
    voice.ring(answer_url="/answer?tenant=a%20b")
    (answer,) = voice.at("/answer")
    assert answer.body == b""
    assert list(answer.query) == ["tenant", "to", "from", "conversation_uuid", "uuid"]
    hashed = hashlib.sha256(json.dumps(answer.query, separators=(",", ":")).encode()).hexdigest()
    assert claims_of(answer.headers["Authorization"])["payload_hash"] == hashed


def test_application_without_a_secret_gets_unsigned_webhooks() -> None:
    voice = VoiceApplication()
    assert voice.ring(secret="") == []
    assert len(voice.received) == 5
    assert not any("Authorization" in one.headers for one in voice.received)


def test_answer_may_be_posted_and_events_gotten() -> None:
    voice = VoiceApplication()
    assert voice.ring(answer_method="POST", event_method="GET", answer_url="/answer?tenant=a%20b") == []
    (answer,) = voice.at("/answer")
    assert list(answer.json) == ["to", "from", "conversation_uuid", "uuid"]
    assert answer.query == {"tenant": "a b"}
    answered = voice.at("/event")[2]
    assert answered.method == "GET"
    assert answered.query["headers"] == "{}"
    assert answered.query["network"] == ""
    assert answered.query["status"] == "answered"


def test_fallback_url_is_asked_after_the_answer_url_failed_twice() -> None:
    voice = VoiceApplication({"/answer": nothing(503), "/fallback": always(NCCO)})
    findings = voice.ring(fallback_url="/fallback")
    # What `reason` says is free text: the reference has another for another fault.
    theirs, ours = in_sequence("21_fallback"), as_received(voice)
    assert [(door, method) for door, method, _ in ours] == [(door, method) for door, method, _ in theirs]
    (fallback,) = voice.at("/fallback")
    assert list(fallback.query) == ["to", "from", "conversation_uuid", "uuid", "reason", "original_request"]
    assert json.loads(fallback.query["original_request"]) == {"url": f"{voice.base}/answer", "type": "answer"}
    assert fallback.query["reason"] == "Connection closed."
    assert len(findings) == 1
    assert "status 503" in findings[0]
    assert int(voice.completed()["duration"]) >= 5


def test_answer_that_works_when_repeated_is_played_and_still_found() -> None:
    voice = VoiceApplication({"/answer": in_turn(nothing(429), always(NCCO))})
    findings = voice.ring()
    assert len(voice.at("/answer")) == 2
    assert int(voice.completed()["duration"]) >= 5
    assert len(findings) == 1
    assert "status 429" in findings[0]


def test_answer_that_is_no_ncco_ends_the_call() -> None:
    voice = VoiceApplication({"/answer": always({"action": "talk", "text": "not in an array"})})
    findings = voice.ring()
    assert as_received(voice) == in_sequence("22_bad_ncco")
    assert len(findings) == 1
    assert "the NCCO is refused" in findings[0]
    assert "Error: Syntax error in NCCO. Invalid value type or action." in voice.trace
    answered, completed = (moment(voice.events()[n]["timestamp"]) for n in (3, 4))
    assert timedelta(seconds=0.99) < completed - answered < timedelta(seconds=2)
