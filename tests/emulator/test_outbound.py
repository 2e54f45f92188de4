"""Calls that an application places: how they go, how they end, and whom it hears from."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from calls.emulator.application import Target
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint, Leg
from calls.emulator.lives import Order
from calls.emulator.people import Callees, Person, Press
from calls.emulator.platform import Platform
from calls.vonage.ncco import Ncco
from tests.emulator.test_connect import FIRST, OURS, SECOND, connect
from tests.emulator.test_player import seconds_between
from tests.emulator.voice_application import NCCO, VoiceApplication, always, nothing

pytestmark = pytest.mark.once
FOR_EVER: Ncco = [{"action": "talk", "text": "Please hold.", "loop": 0}]
ENDS: dict[str, Any] = {"to": Endpoint("phone", FIRST), "from_": Endpoint("phone", OURS)}

Then = Callable[[Platform, Leg, VoiceApplication], Awaitable[None]]


async def until_over(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
    await leg.ended


def placed(
    voice: VoiceApplication,
    person: Person | None = None,
    then: Then = until_over,
    *,
    answer: bool = True,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> list[str]:
    """Let the application place a call, by its answer URL unless told otherwise, and give the findings."""

    async def play() -> list[str]:
        async with voice.serving():
            ours = voice.application(**settings or {})
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(person)) as platform:
                platform.trace.watchers.append(lambda one: voice.trace.append(one.words))
                url = {"answer": Target(ours.answer_url)} if answer else {}
                leg = platform.place(ours, Order(**ENDS | url | options))
                await then(platform, leg, voice)
            return platform.findings

    return asyncio.run(play())


def test_answer_url_is_asked_once_somebody_answers() -> None:
    voice = VoiceApplication()
    assert placed(voice, answer=False, settings={"answer_method": "POST"}) == []  # that of the application
    (asked,) = voice.at("/answer")
    assert (asked.json["to"], asked.json["from"]) == (FIRST, OURS)
    assert voice.statuses() == ["started", "ringing", "answered", "completed"]
    assert all(event["direction"] == "outbound" for event in voice.events())
    assert voice.completed()["disconnected_by"] == "platform"


def test_inline_ncco_needs_no_answer_url() -> None:
    voice = VoiceApplication()
    assert placed(voice, answer=False, ncco=NCCO) == []
    assert voice.at("/answer") == []
    assert int(voice.completed()["duration"]) >= 4


def test_events_of_a_call_go_to_its_own_url() -> None:
    voice = VoiceApplication({"/answer": always([{"action": "conversation", "name": "room"}])})

    async def then(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
        await platform.clock.sleep(30)
        leg.hang_up("user")

    async def play() -> None:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True)) as platform:
                events = Target(f"{voice.base}/own")
                leg = platform.place(ours, Order(**ENDS, answer=Target(ours.answer_url, "GET"), events=events))
                await then(platform, leg, voice)

    asyncio.run(play())
    assert voice.events() == []
    kinds = [one.json.get("status") or one.json["type"] for one in voice.at("/own")]
    assert kinds == ["started", "ringing", "answered", "transfer", "completed"]


def test_actions_without_a_url_tell_it_to_that_of_the_call() -> None:
    ncco: Ncco = [{"action": "input", "type": ["dtmf"]}, connect()]
    voice = VoiceApplication()

    async def play() -> None:
        async with voice.serving():
            ours = voice.application()
            callees = Callees(Person([Press("1")], talks=1))
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=callees) as platform:
                order = Order(**ENDS, ncco=ncco, events=Target(f"{voice.base}/own"))
                await platform.place(ours, order).ended

    asyncio.run(play())
    assert voice.events() == []
    assert [one.json["dtmf"]["digits"] for one in voice.at("/own") if "dtmf" in one.json] == ["1"]
    assert len({one.json["uuid"] for one in voice.at("/own")}) == 2


def test_callee_of_a_call_with_its_own_url_tells_its_keys_there() -> None:
    async def whisper(request: web.Request) -> web.StreamResponse:
        return await always([{"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}}])(request)

    voice = VoiceApplication({"/whisper": whisper})

    async def play() -> None:
        async with voice.serving():
            ours = voice.application()
            callees = Callees(None, {SECOND: Person([Press("7")], talks=1)})
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=callees) as platform:
                endpoint = {"type": "phone", "number": SECOND, "onAnswer": {"url": f"{voice.base}/whisper"}}
                ncco: Ncco = [connect(endpoint, eventUrl=[f"{voice.base}/agent"])]
                order = Order(**ENDS, ncco=ncco, events=Target(f"{voice.base}/own"))
                await platform.place(ours, order).ended

    asyncio.run(play())
    assert voice.events() == []
    assert [one.json["dtmf"]["digits"] for one in voice.at("/own") if "dtmf" in one.json] == ["7"]
    assert {one.json["status"] for one in voice.at("/agent")} == {"started", "ringing", "answered", "completed"}


def test_number_that_is_not_ours_is_rejected() -> None:
    voice = VoiceApplication()
    from_ = Endpoint("phone", "442079460099")
    assert placed(voice, settings={"numbers": (OURS,)}, from_=from_) == []
    assert voice.statuses() == ["started", "rejected"]
    assert voice.told(status="rejected")[0]["detail"] == "invalid_number"


@pytest.mark.parametrize("seconds", [1, 20, 120])
def test_ringing_timer(seconds: float) -> None:
    voice = VoiceApplication()
    assert placed(voice, Person(answer="no-answer"), ringing_seconds=seconds) == []
    (ringing,), (timed_out,) = voice.told(status="ringing"), voice.told(status="timeout")
    assert seconds - 0.1 < seconds_between(ringing, timed_out) < seconds + 1
    assert voice.at("/answer") == []


def test_length_timer_ends_the_call() -> None:
    voice = VoiceApplication({"/answer": always(FOR_EVER)})
    assert placed(voice, length_seconds=30) == []
    assert voice.completed()["duration"] in {"30", "31", "32"}
    assert voice.completed()["disconnected_by"] == "platform"


def test_call_without_any_end_lasts_two_hours() -> None:
    voice = VoiceApplication({"/answer": always(FOR_EVER)})
    assert placed(voice) == []
    assert voice.completed()["duration"] in {"7200", "7201", "7202"}


def test_call_whose_answer_url_fails_ends_soon() -> None:
    voice = VoiceApplication({"/answer": nothing(500)})
    assert "status 500" in placed(voice)[0]
    assert voice.statuses() == ["started", "ringing", "answered", "completed"]
    assert int(voice.completed()["duration"]) <= 3  # one, and what the rounding of both ends adds


def test_who_is_called_may_be_connected_to_another() -> None:
    voice = VoiceApplication()
    number = {"type": "phone", "number": SECOND}
    assert placed(voice, Person(talks=5), answer=False, ncco=[connect(number, randomFromNumber=False)]) == []
    answered = voice.told(status="answered")
    assert [one["to"] for one in answered] == [FIRST, SECOND]
    assert answered[0]["conversation_uuid"] == answered[1]["conversation_uuid"]


def test_random_number_of_an_outbound_call_is_ours_not_the_callee_s() -> None:
    voice = VoiceApplication()
    number = {"type": "phone", "number": SECOND}
    ncco: Ncco = [{"action": "connect", "endpoint": [number], "randomFromNumber": True}]
    assert placed(voice, Person(talks=5), answer=False, ncco=ncco) == []
    assert voice.told(status="answered", to=SECOND)[0]["from"] == OURS


def test_moved_to_another_ncco() -> None:
    voice = VoiceApplication({"/answer": always(FOR_EVER)})

    async def then(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
        await platform.clock.sleep(20)
        platform.transfer(leg, [{"action": "talk", "text": "Here you are."}])
        await leg.ended

    assert placed(voice, then=then) == []
    (moved,) = voice.told(type="transfer")
    assert list(moved) == ["conversation_uuid_from", "conversation_uuid_to", "uuid", "type", "timestamp"]
    assert voice.completed()["conversation_uuid"] == moved["conversation_uuid_to"]
    assert voice.told(status="answered")[0]["conversation_uuid"] == moved["conversation_uuid_from"]
    assert any("Here you are." in line for line in voice.trace)


def test_moved_to_a_url_that_has_an_ncco() -> None:
    voice = VoiceApplication({"/answer": always(FOR_EVER), "/other": always(NCCO)})

    async def then(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
        await platform.clock.sleep(20)
        platform.transfer(leg, Target(f"{voice.base}/other", "GET"))
        await leg.ended

    assert placed(voice, then=then) == []
    (asked,) = voice.at("/other")
    (moved,) = voice.told(type="transfer")
    assert asked.method == "GET"
    assert asked.query["conversation_uuid"] == moved["conversation_uuid_to"]
    assert asked.query["to"] == FIRST


def test_moved_to_a_url_that_fails_ends_soon() -> None:
    voice = VoiceApplication({"/answer": always(FOR_EVER), "/other": always("no JSON")})

    async def then(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
        await platform.clock.sleep(20)
        platform.transfer(leg, Target(f"{voice.base}/other", "GET"))
        await leg.ended

    assert "/other: the reply is not JSON" in placed(voice, then=then)[0]
    assert [one["reason"] for one in voice.events() if "reason" in one] != []
    assert seconds_between(voice.told(type="transfer")[0], voice.completed()) < 3


def test_call_that_moves_itself_for_ever_ends_with_its_timer_and_takes_nobody_with_it() -> None:
    voice = VoiceApplication({"/answer": always(FOR_EVER)})

    async def then(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
        other = platform.place(leg.application, Order(**ENDS, ncco=NCCO))
        while not leg.is_over:
            await platform.clock.sleep(5)
            if leg.answered_at and not leg.is_over:
                platform.transfer(leg, Target(f"{voice.base}/answer", "GET"))
        assert (await other.ended, other.status) == ("platform", "completed")

    assert placed(voice, then=then, length_seconds=300) == []
    assert 55 <= len(voice.told(type="transfer")) <= 61


def test_keys_are_sent_once_somebody_answers() -> None:
    voice = VoiceApplication()
    to = Endpoint("phone", FIRST, {"type": "phone", "number": FIRST, "dtmfAnswer": "p42#"})
    assert placed(voice, answer=False, ncco=NCCO, to=to) == []
    assert f"{FIRST} hears the keys p42#" in voice.trace
    assert voice.trace.index(f"{FIRST} hears the keys p42#") < voice.trace.index("Call status: completed")


def test_legs_are_forgotten_two_days_after_their_end() -> None:
    async def then(platform: Platform, leg: Leg, voice: VoiceApplication) -> None:
        await leg.ended
        platform.clock.set(platform.clock.now() + timedelta(days=2, minutes=-1))
        platform.place(leg.application, Order(**ENDS, ncco=NCCO))
        assert leg.uuid in platform.legs
        platform.clock.set(platform.clock.now() + timedelta(minutes=2))
        platform.place(leg.application, Order(**ENDS, ncco=NCCO))
        assert leg.uuid not in platform.legs
        assert leg.conversation.uuid not in platform.conversations
        assert len(platform.legs) == 2  # those that go on

    placed(VoiceApplication(), then=then)
