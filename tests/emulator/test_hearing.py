"""What an `input` hears and how it is told, and prompts that are cut off, or fetched from the application."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from calls.emulator.audio import chunks
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint
from calls.emulator.people import HangUp, Person, Press, Say, Step, Wait
from calls.emulator.platform import Platform
from tests.emulator.voice_application import VoiceApplication, always, nothing

pytestmark = pytest.mark.once
BOTH = {"action": "input", "type": ["dtmf", "speech"], "speech": {}, "dtmf": {"maxDigits": 4, "timeOut": 3}}
KEYS = {"action": "input", "type": ["dtmf"]}
WORDS = {"action": "input", "type": ["speech"], "speech": {}}
NOT_ASKED = {"error": "Speech was not enabled"}
OVERRIDDEN = {"error": "Speech overridden by DTMF"}
EACH_KEY = KEYS | {"mode": "asynchronous"}
PAUSE = {"action": "wait", "timeout": 2}


async def heard(ncco: Any, *steps: Step, voice: VoiceApplication | None = None) -> VoiceApplication:
    voice = voice or VoiceApplication()
    voice.routes["/answer"] = always(ncco)
    async with voice.serving():
        ours = voice.application()
        async with Platform([ours], clock=Clock(AT_ONCE, waits=True)) as platform:
            caller = Endpoint("phone", "447700900123")
            leg = platform.ring(ours, to="442079460010", caller=caller, person=Person(steps))
            await leg.ended
        voice.trace = [one.words for one in platform.trace.kept]
    return voice


def inputs(*ncco: dict[str, Any], steps: tuple[Step, ...] = ()) -> list[dict[str, Any]]:
    """What was told of inputs."""
    voice = asyncio.run(heard(list(ncco), *steps))
    return [event for event in voice.events() if "dtmf" in event]


def told(*ncco: dict[str, Any], steps: tuple[Step, ...]) -> tuple[Any, Any]:
    """What was told of the only one: keys and speech."""
    (event,) = inputs(*ncco, steps=steps)
    return event["dtmf"], event["speech"]


def test_keys_are_gathered_until_there_are_enough() -> None:
    assert told(KEYS, steps=(Press("12345"),)) == ({"digits": "1234", "timed_out": False}, NOT_ASKED)


def test_hash_submits_and_is_not_told() -> None:
    submitting = KEYS | {"dtmf": {"submitOnHash": True}}
    assert told(submitting, steps=(Press("42#"),))[0] == {"digits": "42", "timed_out": False}


def test_hash_alone_is_no_digits_in_time() -> None:
    submitting = KEYS | {"dtmf": {"submitOnHash": True}}
    assert told(submitting, steps=(Press("#"),))[0] == {"digits": "", "timed_out": False}


def test_hash_is_a_key_like_others_where_it_does_not_submit() -> None:
    assert told(KEYS, steps=(Press("4#*1"),))[0] == {"digits": "4#*1", "timed_out": False}


def test_time_counts_from_the_last_key() -> None:
    slow = (Press("1"), Wait(1.5), Press("2"), Wait(1.5))
    assert told(KEYS, steps=slow)[0] == {"digits": "12", "timed_out": True}


def test_options_of_2018_are_read() -> None:
    old = {"action": "input", "type": ["dtmf"], "maxDigits": 2}
    assert told(old, steps=(Press("123"),))[0]["digits"] == "12"


def test_what_was_said_is_told_best_first() -> None:
    digits, speech = told(BOTH, steps=(Say("sales", or_heard_as=("sails",)),))
    assert digits == {"digits": None, "timed_out": False}
    assert speech == {
        "timeout_reason": "end_on_silence_timeout",
        "results": [{"confidence": "0.9405097", "text": "sales"}, {"confidence": "0.70543784", "text": "sails"}],
    }


def test_key_wins_over_speech() -> None:
    assert told(BOTH, steps=(Press("7"),)) == ({"digits": "7", "timed_out": True}, OVERRIDDEN)


def test_key_in_the_silence_after_speech_overrides_it() -> None:
    steps = (Say("sales"), Wait(0.5), Press("7", now=True))
    assert told(BOTH, steps=steps) == ({"digits": "7", "timed_out": True}, OVERRIDDEN)


def test_speech_goes_on_after_a_short_silence() -> None:
    steps = (Say("sales"), Wait(1), Say("please", now=True))
    assert told(WORDS, steps=steps)[1]["results"] == [{"confidence": "0.9405097", "text": "sales please"}]


def test_long_speech_is_cut_off() -> None:
    short = WORDS | {"speech": {"maxDuration": 2}}
    speech = told(short, steps=(Say("I would like to know when you are open next week"),))[1]
    assert speech["timeout_reason"] == "max_duration"


def test_noise_is_not_understood() -> None:
    speech = told(WORDS, steps=(Say("…"),))[1]
    assert speech["error"] == "ERR1: Failed to analyze audio"
    assert "results" not in speech


def test_silence_is_told() -> None:
    assert told(WORDS, steps=())[1] == {"timeout_reason": "start_timeout", "results": []}


def test_audio_is_kept_when_asked_for() -> None:
    speech = told(WORDS | {"speech": {"saveAudio": True}}, steps=(Say("sales"),))[1]
    assert speech["recording_url"].startswith("https://api.nexmo.com/v1/files/")
    assert speech["results"][0]["text"] == "sales"


def test_audio_is_not_kept_else() -> None:
    assert "recording_url" not in told(WORDS, steps=(Say("sales"),))[1]


def test_asynchronous_input_tells_each_key_to_the_end_of_the_call() -> None:
    events = inputs(EACH_KEY, PAUSE, PAUSE, steps=(Press("1"), Wait(2.5), Press("23"), HangUp()))
    assert [event["dtmf"] for event in events] == [{"digits": key, "timed_out": False} for key in "123"]


def test_reply_to_one_key_replaces_the_flow() -> None:
    async def keys(request: web.Request) -> web.StreamResponse:
        key = (await request.json()).get("dtmf", {}).get("digits")
        return await (always([{"action": "talk", "text": "Nine."}]) if key == "9" else always("OK"))(request)

    voice = VoiceApplication({"/event": keys})
    asyncio.run(heard([EACH_KEY, *barging(loop=0)[:1], KEYS], Press("19"), voice=voice))
    assert [event["dtmf"]["digits"] for event in voice.events() if "dtmf" in event] == ["1", "9"]
    assert "talk (0.9 s): Nine." in voice.trace
    assert voice.completed()["disconnected_by"] == "platform"
    assert not any("words" in line for line in voice.trace)


def test_key_that_cuts_a_prompt_off_is_told_once_by_the_asynchronous_input_after_it() -> None:
    events = inputs(*barging(loop=0)[:1], EACH_KEY, EACH_KEY, KEYS, steps=(Wait(5), Press("7"), Wait(1), HangUp()))
    assert [event["dtmf"]["digits"] for event in events] == ["7"]


def test_leg_that_speech_names_but_that_is_not_in_the_call_is_passed_over() -> None:
    unknown = WORDS | {"speech": {"uuid": ["8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e"]}}
    assert told(unknown, steps=(Say("sales"),))[1]["results"][0]["text"] == "sales"


def barging(**options: Any) -> list[dict[str, Any]]:
    return [{"action": "talk", "text": "Press 1 for sales or 2 for support.", "bargeIn": True} | options, KEYS]


def test_key_cuts_a_talk_off() -> None:
    voice = asyncio.run(heard(barging(), Press("1234")))
    assert "cut off" in voice.trace


def test_endless_talk_ends_with_a_key() -> None:
    (event,) = inputs(*barging(loop=0), steps=(Wait(60), Press("1234")))
    assert event["dtmf"]["digits"] == "1234"


# What is streamed is fetched from where it is.


def streaming(sound: bytes | None, *, loop: int = 1) -> VoiceApplication:
    """Let a call hear what the application has at /sound."""
    voice = VoiceApplication()
    voice.routes["/sound"] = nothing(404) if sound is None else always(sound, content_type="audio/mpeg")

    async def play() -> VoiceApplication:
        async with voice.serving():
            action = {"action": "stream", "streamUrl": [f"{voice.base}/sound?token=secret"], "loop": loop}
            voice.routes["/answer"] = always([action])
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE, waits=True)) as platform:
                leg = platform.ring(ours, to="442079460010", caller=Endpoint("phone", "447700900123"))
                await leg.ended
                assert leg.answered_at
                assert leg.ended_at
                voice.trace = [*platform.findings, f"{(leg.ended_at - leg.answered_at).total_seconds():.0f} s"]
        return voice

    return asyncio.run(play())


@pytest.mark.parametrize(("form", "loop", "lasts"), [("mp3", 1, "9 s"), ("wav", 1, "9 s"), ("wav", 3, "27 s")])
def test_stream_lasts_as_long_as_its_sound(form: Any, loop: int, lasts: str) -> None:
    voice = streaming(b"".join(chunks(form, 1, 9.0, [[]])), loop=loop)
    assert voice.trace == [lasts]
    (fetched,) = voice.at("/sound")
    assert fetched.method == "GET"


@pytest.mark.parametrize(
    ("sound", "why"), [(None, "status 404"), (b"<html>", "neither an MP3 nor a WAV"), (b"", "neither an MP3 nor a WAV")]
)
def test_stream_that_is_no_sound_plays_nothing_and_is_a_finding(sound: bytes | None, why: str) -> None:
    finding, lasted = streaming(sound).trace
    assert why in finding
    assert "secret" not in finding
    assert lasted == "0 s"
