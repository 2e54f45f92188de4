"""`conversation` and `transfer`: who meets whom, who hears whom, and what ends a room."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from calls.emulator.actions import rooms
from calls.emulator.application import Application
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint, Leg
from calls.emulator.people import Callees, HangUp, Person, Say, Step, Wait
from calls.emulator.platform import Platform
from calls.emulator.trace import Happening
from calls.vonage.ncco import Ncco
from tests.emulator.test_connect import OURS, connect, wav
from tests.emulator.test_player import asks_at, seconds_between
from tests.emulator.voice_application import NCCO, Handler, VoiceApplication, always, nothing

pytestmark = pytest.mark.once
FIRST, SECOND, THIRD = "447700900001", "447700900002", "447700900003"


def room(name: str = "board", **options: Any) -> dict[str, Any]:
    return {"action": "conversation", "name": name} | options


def by_caller(nccos: dict[str, Ncco], *, default: Ncco | None = None) -> Handler:
    """Answer each caller with an NCCO of its own."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await always(nccos.get(request.query["from"], default or [room()]))(request)

    return handler


class Phones:
    """A platform on which some people ring."""

    def __init__(self, platform: Platform, ours: Application) -> None:
        self.platform = platform
        self.ours = ours
        self.happened: list[Happening] = []
        platform.trace.watchers.append(self.happened.append)

    async def ring(self, caller: str, *steps: Step, wait: float = 5.0, hangup_after: float | None = None) -> Leg:
        """Let somebody ring, and give them time to be answered."""
        person = Person(steps, hangup_after=hangup_after)
        leg = self.platform.ring(self.ours, to=OURS, caller=Endpoint("phone", caller), person=person)
        await self.platform.clock.sleep(wait)
        return leg

    def heard_by(self, leg: Leg) -> list[str]:
        return [str(one.data.get("text", one.words)) for one in self.happened if self._is_heard(one, leg)]

    def _is_heard(self, one: Happening, leg: Leg) -> bool:
        return one.leg == leg.uuid and one.kind in {"hears", "plays", "cut"}


Play = Callable[[Phones], Awaitable[None]]


def played(voice: VoiceApplication, play: Play, **settings: Any) -> list[str]:
    """Let people ring, and give the findings."""

    async def run() -> list[str]:
        async with voice.serving():
            ours = voice.application(**settings)
            async with Platform(
                [ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(Person(talks=600))
            ) as platform:
                await play(Phones(platform, ours))
            return platform.findings

    return asyncio.run(run())


def say(text: str) -> Say:
    return Say(text, now=True)


def test_those_who_name_the_same_room_meet_there() -> None:
    voice = VoiceApplication({"/answer": by_caller({THIRD: [room("another")]})})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        third = await phones.ring(THIRD)
        second = await phones.ring(SECOND, say("Good morning"))
        assert first.conversation is second.conversation is not third.conversation
        assert phones.heard_by(first) == ["Good morning"]
        assert phones.heard_by(second) == phones.heard_by(third) == []
        second.press("5")
        assert phones.heard_by(first)[1:] == [f"{FIRST} hears the key 5"]

    assert played(voice, play) == []
    first, third, second = voice.told(type="transfer")
    assert first["conversation_uuid_to"] == second["conversation_uuid_to"] != third["conversation_uuid_to"]
    born = [one["conversation_uuid"] for one in voice.told(status="answered")]
    assert [one["conversation_uuid_from"] for one in (first, third, second)] == born


def test_rooms_of_two_applications_are_two() -> None:
    voice = VoiceApplication({"/answer": always([room()])})

    async def run() -> bool:
        async with voice.serving():
            numbers = (("442079460001",), ("442079460002",))
            both = [voice.application(numbers=one) for one in numbers]
            async with Platform(both, clock=Clock(AT_ONCE, waits=True)) as platform:
                legs = [
                    platform.ring(one, to=to, caller=Endpoint("phone", FIRST), person=Person())
                    for one, (to,) in zip(both, numbers, strict=True)
                ]
                await platform.clock.sleep(10)
                return legs[0].conversation is legs[1].conversation

    assert asyncio.run(run()) is False


def test_room_never_ends_by_itself_and_what_follows_is_never_run() -> None:
    voice = VoiceApplication({"/answer": always([room(), *NCCO])})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        second = await phones.ring(SECOND, Wait(10), HangUp())
        await second.ended
        await phones.platform.clock.sleep(3600)
        assert not first.is_over
        await first.ended

    assert played(voice, play) == []
    first = voice.told(status="completed", **{"from": FIRST})[0]
    assert first["disconnected_by"] == "platform"
    assert first["duration"] in {"7200", "7201", "7202"}


def test_room_that_was_left_by_all_is_a_new_one() -> None:
    voice = VoiceApplication({"/answer": always([room(startOnEnter=False)])})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST, hangup_after=20)
        await first.ended
        second = await phones.ring(SECOND)
        assert first.conversation is not second.conversation

    assert played(voice, play) == []


def test_room_waits_for_its_moderator_to_music() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        music: dict[str, Any] = {"musicOnHoldUrl": [f"http://{request.host}/music.wav"]}
        moderates = request.query["from"] == THIRD
        return await always([room() if moderates else room(startOnEnter=False, **music)])(request)

    voice = VoiceApplication({"/answer": answer, "/music.wav": always(wav(3.0), content_type="audio/wav")})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        second = await phones.ring(SECOND, say("Hello?"))
        assert phones.heard_by(first) == phones.heard_by(second) == [f"music on hold: {voice.base}/music.wav"]
        third = await phones.ring(THIRD, say("Welcome"))
        assert phones.heard_by(first)[1:] == phones.heard_by(second)[1:] == ["music on hold ends", "Welcome"]
        assert phones.heard_by(third) == []
        fourth = await phones.ring("447700900004")
        assert phones.heard_by(fourth) == []  # it has started

    assert played(voice, play) == []


def test_moderator_who_leaves_ends_it_for_all() -> None:
    voice = VoiceApplication({"/answer": by_caller({FIRST: [room(endOnExit=True)]})})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        others = [await phones.ring(SECOND), await phones.ring(THIRD)]
        await phones.platform.clock.sleep(60)
        first.hang_up("user")
        assert [other.ended.result() for other in others] == ["platform", "platform"]

    assert played(voice, play) == []
    assert [one["disconnected_by"] for one in voice.told(status="completed")].count("platform") == 2


def test_mute_lets_a_party_hear_and_not_be_heard() -> None:
    voice = VoiceApplication({"/answer": by_caller({SECOND: [room(mute=True)]})})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST, Wait(8), say("To all"))
        second = await phones.ring(SECOND, say("Nobody hears me"), wait=15)
        assert (phones.heard_by(first), phones.heard_by(second)) == ([], ["To all"])
        second.muted = False  # as the REST API does
        await second.speak("Now you do")
        assert phones.heard_by(first) == ["Now you do"]
        first.earmuffed = True
        await second.speak("And now?")
        assert phones.heard_by(first) == ["Now you do"]

    assert played(voice, play) == []


@pytest.mark.parametrize(("option", "hears_coach"), [("canSpeak", False), ("canHear", True)])
def test_whispering_needs_the_ids_of_those_who_may_hear(option: str, hears_coach: bool) -> None:
    ids: dict[str, str] = {}

    async def answer(request: web.Request) -> web.StreamResponse:
        ids[request.query["from"]] = request.query["uuid"]
        options: dict[str, Any] = {option: [ids[FIRST]]} if request.query["from"] == THIRD else {}
        return await always([room(**options)])(request)

    async def play(phones: Phones) -> None:
        agent, customer = await phones.ring(FIRST), await phones.ring(SECOND)
        coach = await phones.ring(THIRD)
        await coach.speak("Offer a discount")
        await customer.speak("It is too expensive")
        assert "Offer a discount" in phones.heard_by(agent)
        assert ("Offer a discount" in phones.heard_by(customer)) is hears_coach
        assert ("It is too expensive" in phones.heard_by(coach)) is not hears_coach

    assert played(VoiceApplication({"/answer": answer}), play) == []


@pytest.mark.parametrize("option", ["canSpeak", "canHear"])
def test_empty_list_is_nobody(option: str) -> None:
    nobody: dict[str, Any] = {option: []}
    voice = VoiceApplication({"/answer": by_caller({SECOND: [room(**nobody)]})})

    async def play(phones: Phones) -> None:
        first, second = await phones.ring(FIRST), await phones.ring(SECOND)
        await first.speak("One")
        await second.speak("Two")
        assert phones.heard_by(first) == ([] if option == "canSpeak" else ["Two"])
        assert phones.heard_by(second) == (["One"] if option == "canSpeak" else [])

    assert played(voice, play) == []


def test_room_is_recorded_once_from_its_start_to_its_end() -> None:
    answer = asks_at("/recorded", [room(record=True, startOnEnter=False)])
    moderator = asks_at("/recorded", [room(record=True)])

    async def handler(request: web.Request) -> web.StreamResponse:
        return await (moderator if request.query["from"] == SECOND else answer)(request)

    voice = VoiceApplication({"/answer": handler})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST, wait=60)
        second = await phones.ring(SECOND, say("We begin"), wait=30)
        first.hang_up("user")
        await phones.platform.clock.sleep(30)
        second.hang_up("user")
        await phones.platform.clock.sleep(5)
        (recording,) = phones.platform.recordings.as_json()
        assert 55 < float(recording["seconds"]) < 60

    assert played(voice, play) == []
    (told,) = voice.at("/recorded")
    assert told.json["conversation_uuid"] == voice.told(type="transfer")[0]["conversation_uuid_to"]
    assert "uuid" not in told.json
    assert not any("recording_url" in one for one in voice.events())


def test_room_that_is_full_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MOST_IN_A_ROOM", 2)
    voice = VoiceApplication({"/answer": always([room()])})

    async def play(phones: Phones) -> None:
        legs = [await phones.ring(caller) for caller in (FIRST, SECOND, THIRD)]
        assert [leg.is_over for leg in legs] == [False, False, True]

    assert played(voice, play) == []
    assert [one["reason"] for one in voice.events() if "reason" in one] == ["Conversation is full."]


def test_person_who_was_connected_leaves_with_who_connected_it_not_with_the_room() -> None:
    """A party that an NCCO of its own brings into a room stays when the other goes on."""

    async def answer(request: web.Request) -> web.StreamResponse:
        endpoint = {"type": "phone", "number": THIRD, "onAnswer": {"url": f"http://{request.host}/agent"}}
        return await always([connect(endpoint), *NCCO])(request)

    voice = VoiceApplication({"/answer": answer, "/agent": always([room("agents")])})

    async def play(phones: Phones) -> None:
        caller = await phones.ring(FIRST)
        await caller.ended
        (agent,) = (leg for leg in phones.platform.legs.values() if leg is not caller)
        assert agent.conversation.name == "agents"
        assert not agent.is_over

    assert played(voice, play) == []


def test_transfer_brings_a_leg_into_a_room() -> None:
    rooms_there: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["from"] == FIRST:
            return await always([room()])(request)
        return await always([{"action": "transfer", "conversationId": rooms_there[0]}, *NCCO])(request)

    voice = VoiceApplication({"/answer": answer})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        rooms_there.append(first.conversation.uuid)
        second = await phones.ring(SECOND, say("Here I am"))
        assert second.conversation is first.conversation
        assert phones.heard_by(first) == ["Here I am"]
        await phones.platform.clock.sleep(600)
        first.hang_up("user")
        assert not second.is_over  # a room goes on

    assert played(voice, play) == []
    assert voice.told(type="transfer")[1]["conversation_uuid_to"] == rooms_there[0]


def test_transfer_ends_with_the_ncco_that_is_in_charge_there() -> None:
    there: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["from"] == FIRST:
            return await always([{"action": "wait", "timeout": 60}])(request)
        return await always([{"action": "transfer", "conversationId": there[0], "canSpeak": []}, *NCCO])(request)

    voice = VoiceApplication({"/answer": answer})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        there.append(first.conversation.uuid)
        second = await phones.ring(SECOND, say("Nobody hears me"))
        await first.speak("I am in charge")
        assert (phones.heard_by(first), phones.heard_by(second)) == ([], ["I am in charge"])
        await second.ended

    assert played(voice, play) == []
    first, second = (voice.told(status="completed", **{"from": caller})[0] for caller in (FIRST, SECOND))
    assert abs(seconds_between(first, second)) < 1
    assert second["disconnected_by"] == "platform"


@pytest.mark.parametrize("wanted", ["CON-00000000-0000-0000-0000-000000000000", "its own", "over"])
def test_transfer_to_where_nobody_is_ends_the_call_with_an_error(wanted: str) -> None:
    over: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        to = {"its own": request.query["conversation_uuid"], "over": next(iter(over), "")}.get(wanted, wanted)
        if request.query["from"] == FIRST:
            return await always(NCCO)(request)
        return await always([{"action": "transfer", "conversationId": to}, *NCCO])(request)

    voice = VoiceApplication({"/answer": answer, "/event": nothing()})

    async def play(phones: Phones) -> None:
        first = await phones.ring(FIRST)
        await first.ended
        over.append(first.conversation.uuid)
        second = await phones.ring(SECOND)
        assert second.is_over

    assert played(voice, play) == []
    assert [one["reason"] for one in voice.events() if "reason" in one] == ["Conversation not found."]


def test_conversation_of_another_application_cannot_be_joined() -> None:
    there: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        goes = request.query["to"] == "442079460002"
        return await always([{"action": "transfer", "conversationId": there[0]}] if goes else [room()])(request)

    voice = VoiceApplication({"/answer": answer})

    async def run() -> bool:
        async with voice.serving():
            numbers = (("442079460001",), ("442079460002",))
            both = [voice.application(numbers=one) for one in numbers]
            async with Platform(both, clock=Clock(AT_ONCE, waits=True)) as platform:
                legs = []
                for one, (to,) in zip(both, numbers, strict=True):
                    legs.append(platform.ring(one, to=to, caller=Endpoint("phone", FIRST)))
                    await platform.clock.sleep(5)
                    there.append(legs[0].conversation.uuid)
                return legs[1].is_over

    assert asyncio.run(run()) is True


def test_who_is_muted_is_not_recorded_and_the_words_of_the_others_are_told() -> None:
    room_ = room(record=True, transcription={"language": "en-GB"})
    voice = VoiceApplication({"/answer": by_caller({SECOND: [room_ | {"mute": True}]}, default=[room_])})

    async def play(phones: Phones) -> None:
        first, second = await phones.ring(FIRST), await phones.ring(SECOND)
        (recording,) = first.conversation.recordings
        await first.speak("On the record")
        await second.speak("Off the record")
        first.hang_up("user")
        second.hang_up("user")
        assert "On the record" in recording.transcription().decode()
        assert "Off the record" not in recording.transcription().decode()

    assert played(voice, play) == []
    assert [one["status"] for one in voice.told(type="record")] == ["transcribed"]
