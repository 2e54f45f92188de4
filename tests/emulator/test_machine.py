"""Machine detection: what is told, when the NCCO runs, and what ends the call."""

import asyncio
from typing import Any

import pytest

from calls.emulator.application import Target
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint
from calls.emulator.lives import Order
from calls.emulator.people import Callees, Person
from calls.emulator.platform import Platform
from calls.vonage.ncco import Ncco
from tests.emulator.test_connect import FIRST, OURS, connect, to_status
from tests.emulator.test_player import seconds_between
from tests.emulator.voice_application import VoiceApplication, always

pytestmark = pytest.mark.once
MESSAGE: Ncco = [{"action": "talk", "text": "This is a message for you."}]
LONG: Ncco = [{"action": "wait", "timeout": 90}, *MESSAGE]
INSTEAD: Ncco = [{"action": "talk", "text": "Something else."}]


def machine(beeps: float = 6.39) -> Person:
    return Person(answer="machine", beeps=beeps)


def placed(voice: VoiceApplication, person: Person, **options: Any) -> VoiceApplication:
    """Let the application place a call."""

    async def play() -> None:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(person)) as platform:
                platform.trace.watchers.append(lambda one: voice.trace.append(one.words))
                answer = Target(ours.answer_url, "GET")
                order = Order(to=Endpoint("phone", FIRST), from_=Endpoint("phone", OURS), answer=answer, **options)
                await platform.place(ours, order).ended

    asyncio.run(play())
    return voice


def told(voice: VoiceApplication) -> list[str]:
    """Statuses with their sub-states, and where the NCCO was asked for, in order of arrival."""
    order = []
    for one in voice.received:
        if one.path == "/answer":
            order.append("NCCO")
        elif status := one.json.get("status"):
            order.append(" ".join([status, one.json.get("sub_state", "")]).strip())
    return order


BEFORE = ["started", "ringing", "answered"]


@pytest.mark.parametrize("mode", ["continue", "hangup"])
def test_person_is_told_of_while_the_ncco_runs(mode: str) -> None:
    voice = placed(VoiceApplication({"/answer": always(LONG)}), Person(), machine_detection=mode)
    assert sorted(told(voice)[:4]) == sorted([*BEFORE, "NCCO"])
    assert told(voice)[4:] == ["human", "completed"]
    (human,) = voice.told(status="human")
    assert list(human) == ["call_uuid", "from", "to", "status", "conversation_uuid", "timestamp"]
    assert 4 <= seconds_between(voice.told(status="answered")[0], human) < 6
    assert int(voice.completed()["duration"]) > 90


def test_machine_is_told_of_and_the_call_goes_on() -> None:
    voice = placed(VoiceApplication({"/answer": always(LONG)}), machine(), machine_detection="continue")
    assert told(voice)[4:] == ["machine", "completed"]
    assert "sub_state" not in voice.told(status="machine")[0]
    assert int(voice.completed()["duration"]) > 90


@pytest.mark.parametrize(
    "options",
    [
        {"machine_detection": "hangup"},
        {"advanced_machine_detection": {"behavior": "hangup", "mode": "detect"}},
        {"advanced_machine_detection": {"behavior": "hangup", "mode": "detect_beep"}},
        {"advanced_machine_detection": {"behavior": "hangup", "mode": "default"}},
        {"advanced_machine_detection": {"behavior": "hangup"}, "machine_detection": "continue"},  # the first counts
    ],
)
def test_machine_is_hung_up_on(options: dict[str, Any]) -> None:
    voice = placed(VoiceApplication({"/answer": always(LONG)}), machine(), **options)
    assert [one for one in told(voice) if one != "NCCO"] == [*BEFORE, "machine", "completed"]
    completed = voice.completed()
    assert completed["disconnected_by"] == "platform"
    assert int(completed["duration"]) <= 7


@pytest.mark.parametrize(
    ("mode", "person", "finds"),
    [
        ("detect", Person(), ["human"]),
        ("detect", machine(), ["machine"]),
        ("detect_beep", Person(), ["human"]),
        ("detect_beep", machine(), ["machine", "machine beep_start"]),
        ("detect_beep", machine(beeps=120), ["machine", "machine beep_timeout"]),
    ],
)
def test_ncco_waits_until_it_is_known_who_answers(mode: str, person: Person, finds: list[str]) -> None:
    advanced = {"behavior": "continue", "mode": mode, "beep_timeout": 60}
    voice = placed(VoiceApplication({"/answer": always(MESSAGE)}), person, advanced_machine_detection=advanced)
    assert told(voice) == [*BEFORE, *finds, "NCCO", "completed"]


def test_beep_is_waited_for_as_long_as_is_said() -> None:
    advanced = {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 75}
    voice = placed(VoiceApplication({"/answer": always(MESSAGE)}), machine(200), advanced_machine_detection=advanced)
    plain, beep = voice.told(status="machine")
    assert 74.9 < seconds_between(plain, beep) < 76


def test_default_mode_tells_all_while_the_ncco_runs() -> None:
    advanced = {"behavior": "continue", "mode": "default"}
    voice = placed(VoiceApplication({"/answer": always(LONG)}), machine(), advanced_machine_detection=advanced)
    assert "NCCO" in told(voice)[:4]
    assert told(voice)[4:] == ["machine", "machine beep_start", "completed"]
    assert int(voice.completed()["duration"]) > 90


@pytest.mark.parametrize(("person", "word"), [(Person(), "human"), (machine(), "machine")])
def test_reply_in_default_mode_replaces_the_flow(person: Person, word: str) -> None:
    advanced = {"behavior": "continue"}
    voice = VoiceApplication({"/answer": always(LONG), "/event": to_status(word, INSTEAD)})
    placed(voice, person, advanced_machine_detection=advanced)
    assert any("Something else." in line for line in voice.trace)
    assert not any("This is a message" in line for line in voice.trace)
    assert int(voice.completed()["duration"]) < 20


@pytest.mark.parametrize(
    "options",
    [
        {"machine_detection": "continue"},
        {"advanced_machine_detection": {"behavior": "continue", "mode": "detect"}},
        {"advanced_machine_detection": {"behavior": "continue", "mode": "detect_beep"}},
    ],
)
def test_reply_in_other_modes_is_ignored(options: dict[str, Any]) -> None:
    voice = VoiceApplication({"/answer": always(LONG), "/event": to_status("machine", INSTEAD)})
    placed(voice, machine(), **options)
    assert not any("Something else." in line for line in voice.trace)
    assert any("This is a message" in line for line in voice.trace)


def test_connected_leg_is_listened_to() -> None:
    voice = VoiceApplication({"/answer": always([connect(machineDetection="continue")])})
    assert voice.play({"callees": {FIRST: "machine"}}).is_good
    (found,) = voice.told(status="machine")
    assert found["to"] == FIRST
    assert found["call_uuid"] == voice.told(status="answered", direction="outbound")[0]["uuid"]


def test_machine_at_a_connected_leg_is_hung_up_on_and_the_flow_goes_on() -> None:
    voice = VoiceApplication({"/answer": always([connect(machineDetection="hangup"), *INSTEAD])})
    assert voice.play({"callees": {FIRST: "machine"}, "expect": ["Something else."]}).is_good
    (completed,) = voice.told(status="completed", direction="outbound")
    assert completed["disconnected_by"] == "platform"
    assert int(completed["duration"]) <= 6


def test_parties_are_joined_only_when_detection_is_done() -> None:
    advanced = {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 45}
    voice = VoiceApplication({"/answer": always([connect(advancedMachineDetection=advanced)])})
    assert voice.play({"callees": {FIRST: "machine"}}).is_good
    joined = voice.trace.index(f"connected to {FIRST}")
    assert voice.trace.index("Call status: machine (beep_start)") < joined


def test_reply_about_a_connected_leg_replaces_the_flow_of_the_call() -> None:
    answer = always([connect(advancedMachineDetection={"behavior": "continue"}), *MESSAGE])
    voice = VoiceApplication({"/answer": answer, "/event": to_status("machine", INSTEAD)})
    expect = ["Something else.", {"not said": "a message for you"}]
    outcome = voice.play({"callees": {FIRST: {"answer": "machine", "talks": 600}}, "expect": expect})
    assert outcome.failures == []
    (completed,) = voice.told(status="completed", direction="outbound")
    assert completed["disconnected_by"] == "platform"


def test_rest_api_calls_it_machine() -> None:
    voice = VoiceApplication({"/answer": always(LONG)})

    async def play() -> str:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True), callees=Callees(machine())) as platform:
                ends: dict[str, Any] = {"to": Endpoint("phone", FIRST), "from_": Endpoint("phone", OURS)}
                leg = platform.place(ours, Order(**ends, ncco=LONG, machine_detection="continue"))
                await platform.clock.sleep(20)
                return leg.status

    assert asyncio.run(play()) == "machine"
