"""`record` and recorded rooms: when a recording ends, what is told of it, and the file that the REST API gives."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.conversations import Conversation
from calls.emulator.faults import Faults
from calls.emulator.legs import Endpoint
from calls.emulator.people import Callees, HangUp, Person, Press, Say, Wait
from calls.emulator.platform import Platform
from calls.emulator.rest.server import serving
from calls.emulator.sounds import length
from tests.emulator.keys import APPLICATION_ID, key_pair, token
from tests.emulator.voice_application import VoiceApplication, always

pytestmark = pytest.mark.once
THANKS = {"action": "talk", "text": "Thank you."}
MESSAGE = "Please call me back about the order that I made last week."
SECONDS = 5.3  # that it takes to say


@dataclass
class Call:
    """One call, and how its program fetches files while the platform is there."""

    voice: VoiceApplication
    platform: Platform
    session: aiohttp.ClientSession
    files: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)

    @property
    def recorded(self) -> list[dict[str, Any]]:
        return [event for event in self.voice.events() if "recording_url" in event]

    @property
    def transcribed(self) -> list[dict[str, Any]]:
        return [event for event in self.voice.events() if event.get("status") == "transcribed"]

    async def fetch(self, url: str, authorization: str | None = None) -> tuple[int, str, bytes]:
        given = f"Bearer {token()}" if authorization is None else authorization
        async with self.session.get(url, headers={"Authorization": given} if given else {}) as response:
            return response.status, response.content_type, await response.read()


Then = Callable[[Call], Coroutine[Any, Any, None]]


async def nothing_more(call: Call) -> None:
    """All that is of interest is in the events."""


def ring(
    *ncco: dict[str, Any],
    callers: Sequence[Person] = (Person(),),
    callee: Person | None = None,
    then: Then = nothing_more,
) -> Call:
    """Let callers ring an application with this NCCO, one a second, and when all are gone `then` be done."""

    async def play() -> Call:
        voice = VoiceApplication({"/answer": always(list(ncco))})
        async with voice.serving(), aiohttp.ClientSession() as session:
            ours = voice.application(application_id=APPLICATION_ID, public_key=key_pair("first")[1])
            other = voice.application(application_id="other", public_key=key_pair("second")[1])
            platform = Platform([ours, other], clock=Clock(AT_ONCE, waits=True), callees=Callees(callee))
            async with platform, serving(platform):
                legs = []
                for index, person in enumerate(callers):
                    caller = Endpoint("phone", f"44770090012{index}")
                    legs.append(platform.ring(ours, to="442079460010", caller=caller, person=person))
                    await platform.clock.sleep(1)
                for leg in legs:
                    await leg.ended
                await platform.clock.settle()
                call = Call(voice, platform, session)
                await platform.clock.run(then(call))
            return call

    return asyncio.run(play())


def seconds_of(event: dict[str, Any]) -> float:
    """The length of a recording by its size: an MP3 has 144 bytes for 36 ms."""
    return float(event["size"]) / 144 * 0.036


def record(**options: Any) -> dict[str, Any]:
    return {"action": "record"} | options


def test_key_ends_it_and_the_flow_goes_on() -> None:
    call = ring(record(endOnKey="#"), THANKS, callers=[Person([Say(MESSAGE), Wait(1), Press("1#")])])
    (event,) = call.recorded
    assert list(event) == [
        "start_time",
        "recording_url",
        "size",
        "recording_uuid",
        "end_time",
        "conversation_uuid",
        "timestamp",
    ]
    # Half a second to think, what is said, a second, half a second, and a quarter between the keys.
    assert seconds_of(event) == pytest.approx(0.5 + SECONDS + 1 + 0.5 + 0.25, abs=0.1)
    assert event["recording_uuid"] not in event["recording_url"]
    assert call.voice.completed()["disconnected_by"] == "platform"


def test_silence_ends_it_and_counts_from_the_last_word() -> None:
    (event,) = ring(record(endOnSilence=4), callers=[Person([Say(MESSAGE)])]).recorded
    assert seconds_of(event) == pytest.approx(0.5 + SECONDS + 4, abs=0.1)


def test_silence_ends_it_where_nobody_says_a_word() -> None:
    (event,) = ring(record(endOnSilence=3)).recorded
    assert seconds_of(event) == pytest.approx(3, abs=0.1)


def test_it_is_no_longer_than_it_may_be() -> None:
    (event,) = ring(record(timeOut=4, endOnSilence=10), callers=[Person([Say(MESSAGE)])]).recorded
    assert seconds_of(event) == pytest.approx(4, abs=0.1)


def test_beep_comes_before_it() -> None:
    heard: list[tuple[str, float]] = []

    async def look(call: Call) -> None:
        heard.extend((one.kind, one.at) for one in call.platform.trace.kept if one.kind in {"beep", "records"})

    ring(record(timeOut=3, beepStart=True), then=look)
    assert [kind for kind, _ in heard] == ["beep", "records", "records"]
    assert heard[1][1] - heard[0][1] == pytest.approx(0.5, abs=0.05)


def test_without_an_end_it_goes_on_beside_what_follows() -> None:
    call = ring(record(), THANKS, {"action": "wait", "timeout": 7})
    (event,) = call.recorded
    assert seconds_of(event) == pytest.approx(1.3 + 7, abs=0.1)


def test_caller_who_hangs_up_ends_it() -> None:
    call = ring(record(endOnKey="#"), callers=[Person([Say(MESSAGE), HangUp()])])
    (event,) = call.recorded
    assert seconds_of(event) == pytest.approx(0.5 + SECONDS, abs=0.1)
    assert call.voice.completed()["disconnected_by"] == "user"


def test_reply_to_its_event_is_ignored() -> None:
    voice = VoiceApplication({"/answer": always([record(timeOut=3), THANKS]), "/event": always([{"action": "wait"}])})
    findings = voice.ring(detailed=True)
    assert any("ordinary event" in finding for finding in findings), findings
    assert "talk (1.3 s): Thank you." in voice.trace


@pytest.mark.parametrize(
    ("options", "content_type", "begins"),
    [
        ({}, "audio/mpeg", b"\xff\xf3"),
        ({"format": "mp3"}, "audio/mpeg", b"\xff\xf3"),
        ({"format": "wav"}, "audio/wav", b"RIFF"),
        ({"format": "ogg"}, "audio/ogg", b"OggS"),
        ({"split": "conversation", "channels": 2}, "audio/mpeg", b"\xff\xf3\x48\x04"),
        ({"split": "conversation", "channels": 5}, "audio/wav", b"RIFF"),
    ],
)
def test_file_has_its_format_and_the_size_that_was_told(
    options: dict[str, Any], content_type: str, begins: bytes
) -> None:
    got: list[tuple[int, str, bytes]] = []

    async def fetch(call: Call) -> None:
        got.append(await call.fetch(call.recorded[0]["recording_url"]))

    call = ring(record(timeOut=3, **options), callers=[Person([Say(MESSAGE)])], then=fetch)
    ((status, kind, data),) = got
    assert (status, kind) == (200, content_type)
    assert data.startswith(begins)
    assert len(data) == call.recorded[0]["size"]
    if not data.startswith(b"OggS"):
        assert length(data) == pytest.approx(3, abs=0.05)


def test_split_has_what_the_caller_says_left_and_what_it_hears_right() -> None:
    got: list[bytes] = []

    async def fetch(call: Call) -> None:
        got.append((await call.fetch(call.recorded[0]["recording_url"]))[2])

    connect = {"action": "connect", "from": "442079460010", "endpoint": [{"type": "phone", "number": "447700900456"}]}
    callee = Person([Wait(1), Say(MESSAGE, now=True), HangUp()], after=1.0)
    ring(record(format="wav", split="conversation"), connect, callee=callee, then=fetch)
    frames = got[0][44:]
    left = b"".join(frames[at : at + 2] for at in range(0, len(frames), 4))
    right = b"".join(frames[at + 2 : at + 4] for at in range(0, len(frames), 4))
    assert not any(left)
    assert any(right)


def test_file_is_given_to_its_own_application_alone_and_for_thirty_days() -> None:
    got: list[int] = []

    async def fetch(call: Call) -> None:
        url = call.recorded[0]["recording_url"]
        got.append((await call.fetch(url, ""))[0])
        got.append((await call.fetch(url, f"Bearer {token(name='second', application_id='other')}"))[0])
        got.append((await call.fetch(url[:-1] + "g"))[0])
        call.platform.clock.set(call.platform.clock.now() + timedelta(days=30, seconds=1))
        got.append((await call.fetch(url))[0])
        assert len(call.platform.recordings.as_json()) == 1
        (application, *_) = call.platform.applications
        call.platform.recordings.start(Conversation(call.platform), application).stop()
        assert len(call.platform.recordings.as_json()) == 1  # the old one is forgotten

    ring(record(timeOut=3), then=fetch)
    assert got == [401, 401, 404, 404]


def test_file_is_missing_when_that_is_asked_for() -> None:
    got: list[int] = []

    async def fetch(call: Call) -> None:
        call.platform.faults = Faults(missing_recordings=True)
        got.append((await call.fetch(call.recorded[0]["recording_url"]))[0])

    ring(record(timeOut=3), then=fetch)
    assert got == [404]


def test_what_was_said_is_told_in_words_later() -> None:
    got: list[tuple[int, str, bytes]] = []

    async def fetch(call: Call) -> None:
        call.platform.recordings.finish()
        await asyncio.sleep(0.1)
        got.append(await call.fetch(call.transcribed[0]["transcription_url"]))

    call = ring(record(endOnSilence=3, transcription={}), callers=[Person([Say(MESSAGE)])], then=fetch)
    (told,) = call.transcribed
    assert told == {
        "conversation_uuid": call.recorded[0]["conversation_uuid"],
        "type": "record",
        "recording_uuid": call.recorded[0]["recording_uuid"],
        "status": "transcribed",
        "transcription_url": told["transcription_url"],
    }
    ((status, kind, data),) = got
    assert (status, kind) == (200, "application/json")
    (channel,) = json.loads(data)["channels"]
    (sentence,) = channel["transcript"]
    assert sentence["sentence"] == MESSAGE
    assert sentence["timestamp"] == pytest.approx(500, abs=50)
    assert len(sentence["words"]) == len(MESSAGE.split())


def test_transcription_goes_to_its_own_url() -> None:
    voice = VoiceApplication()

    async def play() -> None:
        async with voice.serving():
            options = {"eventUrl": [f"{voice.base}/words"], "eventMethod": "GET"}
            voice.routes["/answer"] = always([record(timeOut=3, transcription=options)])
            platform = Platform([voice.application()], clock=Clock(AT_ONCE, waits=True))
            async with platform:
                leg = platform.ring(
                    platform.applications[0], to="442079460010", caller=Endpoint("phone", "447700900123")
                )
                await leg.ended

    asyncio.run(play())
    (told,) = voice.at("/words")
    assert told.method == "GET"
    assert told.query["status"] == "transcribed"


def test_room_is_recorded_once_until_the_last_one_leaves() -> None:
    room = {"action": "conversation", "name": "team", "record": True}
    callers = [Person([Wait(20), HangUp()]), Person([Wait(5), Say(MESSAGE, now=True), Wait(30), HangUp()])]
    call = ring(room, callers=callers)
    (event,) = call.recorded
    moved = [one for one in call.voice.events() if one.get("type") == "transfer"]
    assert {one["conversation_uuid_to"] for one in moved} == {event["conversation_uuid"]}
    # The second came a second later, and stayed for 35 seconds and what it said.
    assert seconds_of(event) == pytest.approx(1 + 35 + SECONDS, abs=0.5)


def test_times_of_a_recording_are_whole_seconds() -> None:
    (event,) = ring(record(timeOut=3)).recorded
    begin, end = (datetime.strptime(event[name], "%Y-%m-%dT%H:%M:%SZ") for name in ("start_time", "end_time"))  # noqa: DTZ007
    assert timedelta(seconds=2) <= end - begin <= timedelta(seconds=4)


def test_long_recording_takes_no_room_until_it_is_fetched() -> None:
    (event,) = ring(record(format="wav", timeOut=7000)).recorded
    assert event["size"] == pytest.approx(44 + 7000 * 32_000, rel=0.001)
