"""How it is told that somebody who was called was not reached, with the words and codes of the platform."""

import asyncio
from typing import Any

import pytest

from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint
from calls.emulator.people import Callees, Person
from calls.emulator.platform import Platform
from tests.emulator.voice_application import VoiceApplication, always

pytestmark = pytest.mark.once
OURS, CALLEE = "442079460010", "447700900456"


def events_of_callee(callee: Person, **options: Any) -> list[dict[str, Any]]:
    """What is told of a party that a caller is put through to."""
    connect = {"action": "connect", "from": OURS, "endpoint": [{"type": "phone", "number": CALLEE}]} | options
    voice = VoiceApplication({"/answer": always([connect])})

    async def play() -> None:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(callee)) as platform:
                leg = platform.ring(ours, to=OURS, caller=Endpoint("phone", "447700900123"))
                await leg.ended

    asyncio.run(play())
    return [event for event in voice.events() if event.get("direction") == "outbound"]


@pytest.mark.parametrize(
    ("callee", "status", "detail", "sip_code"),
    [
        (Person(answer="reject"), "rejected", "declined", 603),
        (Person(answer="reject", detail="restricted"), "rejected", "restricted", 403),
        (Person(answer="fail"), "failed", "cannot_route", 404),
        (Person(answer="fail", detail="number_out_of_service"), "failed", "number_out_of_service", 404),
        (Person(answer="fail", detail="internal_error"), "failed", "internal_error", 500),
        (Person(answer="unavailable"), "unanswered", "unavailable", 480),
        (Person(answer="unavailable", detail="timeout"), "unanswered", "timeout", 408),
        (Person(answer="unavailable", detail="carrier_timeout"), "unanswered", "carrier_timeout", 408),
        (Person(answer="busy"), "busy", None, 486),
    ],
)
def test_reason_is_told_with_its_detail_and_code(
    callee: Person, status: str, detail: str | None, sip_code: int
) -> None:
    events = events_of_callee(callee)
    (reason,) = (event for event in events if event["status"] == status)
    assert reason.get("detail") == detail
    assert reason["sip_code"] == sip_code
    completed = [event for event in events if event["status"] == "completed"]
    if status == "rejected":
        assert completed == []
    else:
        assert completed[0]["sip_code"] == sip_code
        assert completed[0]["duration"] == "0"
        assert "disconnected_by" not in completed[0]


def test_telephone_rings_as_long_as_connect_says() -> None:
    events = events_of_callee(Person(answer="no-answer"), timeout=20)
    assert [event["status"] for event in events] == ["started", "ringing", "timeout", "completed"]
    started, timeout = events[0]["timestamp"], events[2]["timestamp"]
    assert 19.9 < seconds(timeout) - seconds(started) < 20.5


def test_carrier_that_gives_up_first_says_so() -> None:
    events = events_of_callee(Person(answer="unavailable", after=5), timeout=20)
    assert [event["status"] for event in events] == ["started", "ringing", "unanswered", "completed"]


def seconds(stamp: str) -> float:
    hours, minutes, rest = stamp.removesuffix("Z").partition("T")[2].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
