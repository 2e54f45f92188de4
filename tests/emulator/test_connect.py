"""`connect`: who is rung, as whom, for how long; what the parties hear; and which replies replace the flow."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from calls.emulator import audio
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint
from calls.emulator.people import Callees, Person, Say
from calls.emulator.platform import Platform
from calls.emulator.trace import Happening
from calls.vonage.ncco import Ncco
from tests.emulator.test_player import asks_at, seconds_between
from tests.emulator.voice_application import Handler, VoiceApplication, always, nothing

pytestmark = pytest.mark.once
OURS, CALLER, FIRST, SECOND = "442079460000", "447700900123", "447700900456", "447700900789"
NOBODY: Ncco = [{"action": "talk", "text": "Nobody is free."}]


def phone(number: str = FIRST, **options: Any) -> dict[str, Any]:
    return {"type": "phone", "number": number} | options


def connect(endpoint: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return {"action": "connect", "from": OURS, "endpoint": [endpoint or phone()]} | options


def without_from(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in connect(**options).items() if name != "from"}


def to_status(words: str, ncco: Ncco) -> Handler:
    """Reply with an NCCO to events of this status, and with nothing to others."""

    async def reply(request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read()).get("status") in words.split()
        return await (always(ncco) if told else nothing())(request)

    return reply


def of_second_leg(voice: VoiceApplication) -> list[str]:
    return [event["status"] for event in voice.told(direction="outbound")]


def test_either_side_may_hang_up() -> None:
    voice = VoiceApplication({"/answer": always([connect(), *NOBODY])})
    assert voice.play({"callees": {FIRST: {"talks": 10}}}).is_good
    (called,) = voice.told(status="completed", direction="outbound")
    (caller,) = voice.told(status="completed", direction="inbound")
    assert (called["disconnected_by"], caller["disconnected_by"]) == ("user", "platform")
    assert 9.9 < seconds_between(voice.told(status="answered", direction="outbound")[0], called) < 11
    assert "talk (1.7 s): Nobody is free." in voice.trace  # what follows is run when the other party has gone

    voice = VoiceApplication({"/answer": always([connect(), *NOBODY])})
    assert voice.play({"callees": {FIRST: {"talks": 600}}, "hangup_after": 30}).is_good
    (called,) = voice.told(status="completed", direction="outbound")
    (caller,) = voice.told(status="completed", direction="inbound")
    assert (called["disconnected_by"], caller["disconnected_by"]) == ("platform", "user")
    assert called["conversation_uuid"] == caller["conversation_uuid"]


def test_connected_leg_lasts_as_long_as_its_limit() -> None:
    voice = VoiceApplication({"/answer": always([connect(limit=7)])})
    assert voice.play({"callees": {FIRST: {"talks": 600}}}).is_good
    (completed,) = voice.told(status="completed", direction="outbound")
    assert 6.9 < seconds_between(voice.told(status="answered", direction="outbound")[0], completed) < 8
    assert completed["disconnected_by"] == "platform"


def test_events_of_the_other_leg_go_to_their_own_url() -> None:
    voice = VoiceApplication({"/answer": asks_at("/agent", [connect(eventMethod="GET")])})
    assert voice.play().is_good
    assert [one.query["status"] for one in voice.at("/agent")] == ["started", "ringing", "answered", "completed"]
    assert of_second_leg(voice) == []


@pytest.mark.parametrize("timeout", [5, 120])
def test_it_rings_as_long_as_the_timeout(timeout: int) -> None:
    voice = VoiceApplication({"/answer": always([connect(timeout=timeout), *NOBODY])})
    assert voice.play({"callees": {FIRST: "no-answer"}, "expect": ["Nobody is free."]}).is_good
    started, timed_out = voice.told(status="started", direction="outbound") + voice.told(status="timeout")
    assert timeout - 0.1 < seconds_between(started, timed_out) < timeout + 1
    assert of_second_leg(voice) == ["started", "ringing", "timeout", "completed"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("busy", ["started", "busy", "completed"]),
        ("reject", ["started", "rejected"]),
        ("fail", ["started", "failed", "completed"]),
        ("unavailable", ["started", "ringing", "unanswered", "completed"]),
        ("no-answer", ["started", "ringing", "timeout", "completed"]),
    ],
)
def test_reply_to_a_failure_replaces_the_flow_only_when_it_is_asked_for(answer: str, told: list[str]) -> None:
    reply = to_status("busy rejected failed unanswered timeout", NOBODY)
    rest: Ncco = [{"action": "talk", "text": "This is the rest."}]
    scenario = {"callees": {FIRST: answer}}

    voice = VoiceApplication({"/answer": always([connect(eventType="synchronous"), *rest]), "/event": reply})
    outcome = voice.play(scenario | {"expect": ["Nobody is free.", {"not said": "the rest"}]})
    assert outcome.failures == []
    assert of_second_leg(voice) == told

    voice = VoiceApplication({"/answer": always([connect(), *rest]), "/event": reply})
    outcome = voice.play(scenario | {"expect": ["This is the rest.", {"not said": "Nobody"}]})
    assert outcome.failures == []
    assert sorted(of_second_leg(voice)) == sorted(told)


def test_synchronous_failure_without_reply_lets_the_flow_go_on() -> None:
    voice = VoiceApplication({"/answer": always([connect(eventType="synchronous"), *NOBODY])})
    assert voice.play({"callees": {FIRST: "busy"}, "expect": ["Nobody is free."]}).is_good


def test_failure_of_a_synchronous_connect_is_asked_about_at_the_fallback_url() -> None:
    answer = asks_at("/agent", [connect(eventType="synchronous")])
    voice = VoiceApplication({"/answer": answer, "/agent": nothing(500), "/fallback": always(NOBODY)})
    outcome = voice.play({"callees": {FIRST: "busy"}, "expect": ["Nobody is free."]}, fallback_url="/fallback")
    assert outcome.failures == []
    original = json.loads(voice.at("/fallback")[0].query["original_request"])
    assert original == {"url": f"{voice.base}/agent", "type": "event"}


def test_caller_who_leaves_while_it_rings_cancels_it() -> None:
    voice = VoiceApplication({"/answer": always([connect(eventType="synchronous")])})
    assert voice.play({"callees": {FIRST: "no-answer"}, "hangup_after": 8}).is_good
    assert of_second_leg(voice) == ["started", "ringing", "cancelled", "completed"]
    assert voice.told(status="completed", direction="inbound")[0]["disconnected_by"] == "user"


def test_number_that_is_not_ours_is_rejected_as_caller() -> None:
    voice = VoiceApplication({"/answer": always([connect() | {"from": "442079460099"}, *NOBODY])})
    assert voice.play({"to": OURS, "expect": ["Nobody is free."]}, numbers=(OURS,)).is_good
    (rejected,) = voice.told(status="rejected")
    assert rejected["detail"] == "invalid_number"
    assert of_second_leg(voice) == ["started", "rejected"]


def test_number_of_the_caller_may_be_shown() -> None:
    voice = VoiceApplication({"/answer": always([connect() | {"from": CALLER}])})
    assert voice.play({"to": OURS, "from": CALLER}, numbers=(OURS,)).is_good
    assert voice.told(status="answered", direction="outbound")[0]["from"] == CALLER


def test_random_number_is_one_of_the_application() -> None:
    numbers = (OURS, "442079460001", "442079460002")
    voice = VoiceApplication({"/answer": always([without_from(randomFromNumber=True)])})
    assert voice.play(numbers=numbers).is_good
    assert voice.told(status="answered", direction="outbound")[0]["from"] in numbers


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ({"type": "app", "user": "Alice"}, "Alice"),
        ({"type": "sip", "uri": "sip:alice@example.com;transport=tls"}, "sip:alice@example.com;transport=tls"),
        ({"type": "sip", "user": "alice", "domain": "example.com"}, "sip:alice@example.com"),
        ({"type": "vbc", "extension": "4567"}, "4567"),
    ],
)
def test_other_kinds_of_endpoints_are_rung(endpoint: dict[str, Any], shown: str) -> None:
    voice = VoiceApplication({"/answer": always([without_from(endpoint=endpoint)])})
    assert voice.play({"expect": [{"connected": shown}]}).is_good
    completed = voice.told(status="completed", direction="outbound")[0]
    assert completed["to"] == shown
    assert completed["network"] is None
    assert completed["price"] == "0"
    assert ("headers" in completed) == (endpoint["type"] != "app")


def test_headers_of_a_sip_leg_are_in_its_events() -> None:
    headers = {"location": "Leeds"}
    endpoint = {"type": "sip", "uri": "sip:alice@example.com", "headers": headers, "standardHeaders": {}}
    endpoint["standardHeaders"] = {"User-to-User": "342342ef34;encoding=hex"}
    voice = VoiceApplication({"/answer": always([connect(endpoint)])})
    assert voice.play().is_good
    told = voice.told(direction="outbound")
    assert all(one["headers"] == headers | {"User-to-User": "342342ef34;encoding=hex"} for one in told)


def test_second_connect_is_used_when_the_first_was_not_answered() -> None:
    voice = VoiceApplication({"/answer": always([connect(), connect(phone(SECOND)), *NOBODY])})
    scenario = {"callees": {FIRST: "busy", SECOND: {"talks": 5}}, "expect": [{"connected": SECOND}, "Nobody is free."]}
    assert voice.play(scenario).is_good
    assert [one["to"] for one in voice.told(status="answered", direction="outbound")] == [SECOND]


def test_second_connect_adds_a_party_when_the_first_was_answered() -> None:
    voice = VoiceApplication({"/answer": always([connect(), connect(phone(SECOND)), *NOBODY])})
    speaks = {"steps": [{"wait": 10}, {"say": "Hello to both of you", "now": True}], "talks": 30}
    scenario = {"callees": {FIRST: {"talks": 20}, SECOND: speaks}, "expect": ["Hello to both of you"]}
    assert voice.play(scenario).is_good
    first, second = voice.told(status="completed", direction="outbound")
    assert (first["to"], second["to"]) == (FIRST, SECOND)
    answered = {one["to"]: one for one in voice.told(status="answered", direction="outbound")}
    assert seconds_between(answered[SECOND], first) > 5  # they were there together
    assert f"{FIRST} hears: Hello to both of you" in voice.trace
    caller = voice.told(status="completed", direction="inbound")[0]
    assert seconds_between(second, caller) > 1  # what follows is run when both have gone


def test_four_calls_in_a_second_are_one_too_many() -> None:
    refused = VoiceApplication({"/answer": always([connect(timeout=60), *NOBODY])})

    async def play() -> None:
        async with refused.serving():
            ours = refused.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True)) as platform:
                for _ in range(4):
                    platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER))
                await asyncio.gather(*(leg.ended for leg in platform.legs.values()))

    asyncio.run(play())
    reasons = [event["reason"] for event in refused.events() if "reason" in event]
    assert reasons == ["Rate limit hit: too many calls are being made."]
    assert len(refused.told(status="started", direction="outbound")) == 3


def test_callee_hears_an_ncco_of_its_own_before_both_are_joined() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        endpoint = phone(onAnswer={"url": f"http://{request.host}/whisper"})
        return await always([connect(endpoint)])(request)

    whisper = [
        {"action": "talk", "text": "A call from the shop. Press 1.", "bargeIn": True},
        {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
    ]
    voice = VoiceApplication({"/answer": answer, "/whisper": always(whisper)})
    steps = [{"say": "Who is it?", "now": True}, {"press": "1"}, {"wait": 1}, {"say": "Good morning", "now": True}]
    scenario = {
        "callees": {FIRST: {"steps": steps, "talks": 5}},
        "expect": ["Good morning", {"not said": "Who is it"}, {"not said": "A call from the shop"}],
    }
    assert voice.play(scenario).is_good
    asked = voice.at("/whisper")[0].query
    assert (asked["to"], asked["from"]) == (FIRST, OURS)
    assert [one["dtmf"]["digits"] for one in voice.events() if "dtmf" in one] == ["1"]
    assert voice.trace.index("key: 1") < voice.trace.index(f"connected to {FIRST}")


def test_parties_are_joined_where_the_ncco_for_the_callee_fails() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await always([connect(phone(onAnswer={"url": f"http://{request.host}/whisper"}))])(request)

    voice = VoiceApplication({"/answer": answer, "/whisper": nothing(500)})
    outcome = voice.play({"expect": [{"connected": FIRST}]})
    assert outcome.failures == []


def test_keys_are_sent_before_both_are_joined() -> None:
    voice = VoiceApplication({"/answer": always([connect(phone(dtmfAnswer="1p2p#"))])})
    happened: list[Happening] = []

    async def play() -> None:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True)) as platform:
                platform.trace.watchers.append(happened.append)
                await platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER)).ended

    asyncio.run(play())
    (keys,) = (one for one in happened if one.kind == "hears")
    joined = next(one for one in happened if one.kind == "joins")
    assert keys.data["keys"] == "1p2p#"
    assert 1.2 < joined.at - keys.at < 2  # two pauses of half a second, and three keys


def test_caller_hears_the_ringback_tone_until_both_are_joined() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await always([connect(ringbackTone=f"http://{request.host}/tone.wav")])(request)

    voice = VoiceApplication({"/answer": answer, "/tone.wav": always(wav(2.0), content_type="audio/wav")})
    assert voice.play().is_good
    plays, joined = (
        voice.trace.index(f"ringback tone: {voice.base}/tone.wav"),
        voice.trace.index(f"connected to {FIRST}"),
    )
    assert plays < joined < voice.trace.index("ringback tone ends") <= joined + 2


def test_ringback_tone_that_cannot_be_fetched_plays_nothing() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await always([connect(ringbackTone=f"http://{request.host}/tone.wav")])(request)

    voice = VoiceApplication({"/answer": answer, "/tone.wav": nothing(404)})
    outcome = voice.play({"expect": [{"connected": FIRST}]})
    assert outcome.failures == []
    assert any("/tone.wav: status 404" in one for one in outcome.findings)
    assert "ringback tone ends" not in voice.trace


def wav(seconds: float) -> bytes:
    return b"".join(audio.chunks("wav", 1, seconds, [[]]))


def test_nobody_hears_a_party_whose_telephone_still_rings() -> None:
    voice = VoiceApplication({"/answer": always([connect()])})
    steps = [{"wait": 2}, {"say": "Is anybody there?", "now": True}, {"wait": 20}, {"say": "Ah", "now": True}]
    assert voice.play({"steps": steps, "callees": {FIRST: {"after": 10, "talks": 30}}}).is_good
    assert f"{FIRST} hears: Is anybody there?" not in voice.trace
    assert f"{FIRST} hears: Ah" in voice.trace


def test_person_who_is_left_behind_goes_on_talking() -> None:
    """One leg is moved by REST, then the other: both live on."""
    voice = VoiceApplication({"/answer": always([connect()])})
    held: Ncco = [{"action": "conversation", "name": "held"}]

    async def play() -> list[str]:
        async with voice.serving():
            ours = voice.application()
            callees = Callees(Person(talks=600))
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=callees) as platform:
                caller = platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER))
                await platform.clock.sleep(20)
                (callee,) = (leg for leg in platform.legs.values() if leg is not caller)
                platform.transfer(caller, held)
                await platform.clock.sleep(5)
                over = [caller.is_over, callee.is_over]
                platform.transfer(callee, held)
                await platform.clock.sleep(5)
                assert caller.conversation is callee.conversation
                return [str(is_over) for is_over in (*over, caller.is_over, callee.is_over)]

    assert asyncio.run(play()) == ["False"] * 4
    assert [one["type"] for one in voice.events() if "type" in one] == ["transfer"] * 4


def test_who_picks_up_by_hand_does_not_hang_up_by_itself() -> None:
    voice = VoiceApplication({"/answer": always([connect()])})

    async def play() -> bool:
        async with voice.serving():
            ours = voice.application()
            async with Platform(
                [ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(Person(answer="no-answer"))
            ) as platform:
                caller = platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER))
                await platform.clock.sleep(10)
                (callee,) = (leg for leg in platform.legs.values() if leg is not caller)
                callee.pick_up()
                await platform.clock.sleep(300)
                return callee.is_over

    assert asyncio.run(play()) is False


def test_flow_goes_on_when_the_other_party_is_moved_elsewhere() -> None:
    voice = VoiceApplication({"/answer": always([connect(), *NOBODY])})

    async def play() -> tuple[bool, bool]:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True)) as platform:
                caller = platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER))
                await platform.clock.sleep(15)
                (callee,) = (leg for leg in platform.legs.values() if leg is not caller)
                platform.transfer(callee, [{"action": "conversation", "name": "elsewhere"}])
                await caller.ended
                return caller.is_over, callee.is_over

    assert asyncio.run(play()) == (True, False)


def test_party_whose_telephone_still_rings_is_left_when_the_caller_is_moved() -> None:
    voice = VoiceApplication({"/answer": always([connect()])})

    async def play() -> tuple[bool, bool]:
        async with voice.serving():
            ours = voice.application()
            async with Platform(
                [ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(Person(answer="no-answer"))
            ) as platform:
                caller = platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER))
                await platform.clock.sleep(10)
                (callee,) = (leg for leg in platform.legs.values() if leg is not caller)
                platform.transfer(caller, [{"action": "wait", "timeout": 60}])
                await platform.clock.sleep(5)
                return caller.is_over, callee.is_over

    assert asyncio.run(play()) == (False, True)
    assert of_second_leg(voice) == ["started", "ringing", "cancelled", "completed"]


def test_what_the_callee_hears_before_both_are_joined_is_not_recorded() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        endpoint = phone(onAnswer={"url": f"http://{request.host}/whisper"})
        record = {"action": "record", "transcription": {}}
        return await always([record, connect(endpoint)])(request)

    whisper = [{"action": "talk", "text": "A call from the shop."}]
    voice = VoiceApplication({"/answer": answer, "/whisper": always(whisper)})

    async def play() -> bytes:
        async with voice.serving():
            ours = voice.application()
            callees = Callees(Person([Say("Good morning", now=True)], talks=5))
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=callees) as platform:
                caller = platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER))
                await platform.clock.sleep(8.5)  # the whisper is being heard
                (recording,) = caller.conversation.recordings
                await caller.ended
                return recording.transcription()

    said = asyncio.run(play()).decode()
    assert "A call from the shop" not in said


@pytest.mark.parametrize(
    ("caller", "query"),
    [
        ("sip:alice@example.com", {"from": "sip:alice@example.com"}),
        ("app:Alice", {"from_user": "Alice", "endpoint_type": "app"}),
    ],
)
def test_callers_of_other_kinds_are_put_through(caller: str, query: dict[str, str]) -> None:
    voice = VoiceApplication({"/answer": always([connect()])})
    brought = {"SipHeader_X-UserId": "1938ND9", "custom_data": {"ticket": 17}}
    assert voice.play({"from": caller, "answer_fields": brought, "expect": [{"connected": FIRST}]}).is_good
    asked = voice.at("/answer")[0].query
    assert (asked["SipHeader_X-UserId"], asked["custom_data"]) == ("1938ND9", '{"ticket":17}')
    assert query.items() <= asked.items()
    assert ("from" in asked) == (not caller.startswith("app"))
    mine = voice.told(status="completed", direction="inbound")[0]
    assert mine["price"] == "0"
    assert mine["from"] == (None if caller.startswith("app") else caller)
