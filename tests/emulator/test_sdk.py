"""The official SDK takes the local Vonage for the real one, over TLS: all that it is told is the host."""

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from vonage import Auth, HttpClientOptions, Vonage
from vonage_http_client.errors import AuthenticationError, NotFoundError
from vonage_voice.models import CreateCallRequest, ListCallsFilter, Phone, Talk, ToPhone, TtsStreamOptions

from calls.emulator.clock import Clock
from calls.emulator.people import Callees, Person, Say
from calls.emulator.platform import Platform
from calls.emulator.rest import tls
from calls.emulator.rest.server import serving
from tests.emulator.keys import APPLICATION_ID, key_pair
from tests.emulator.voice_application import VoiceApplication, always

pytestmark = pytest.mark.once
OURS, THEIRS = "442079460000", "447700900456"
FOR_EVER: list[dict[str, Any]] = [{"action": "talk", "text": "Please hold.", "loop": 0}]
VOICEMAIL = [{"action": "record", "format": "wav", "endOnSilence": 3}]

Program = Callable[["Meeting"], Awaitable[None]]


class Meeting:
    """The SDK, the platform and the application, at one table. `sdk` runs a method of the SDK in a thread."""

    def __init__(self, client: Vonage, platform: Platform, voice: VoiceApplication, tmp_path: Path) -> None:
        self.client = client
        self.platform = platform
        self.voice = voice
        self.tmp_path = tmp_path

    async def sdk(self, method: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.to_thread(method, *arguments)

    async def place(self, ncco: list[Any] | None = None) -> Any:
        """Place a call that somebody answers at once."""
        order = CreateCallRequest(
            to=[ToPhone(number=THEIRS)], from_=Phone(number=OURS), ncco=ncco or [Talk(text="Please hold.", loop=0)]
        )
        made = await self.sdk(self.client.voice.create_call, order)
        while self.platform.legs[made.uuid].answered_at is None:
            await asyncio.sleep(0.01)
        return made


def meet(program: Program, tmp_path: Path, *, key: str = "first", person: Person | None = None) -> VoiceApplication:
    voice = VoiceApplication({"/answer": always(VOICEMAIL)})

    async def run() -> None:
        async with voice.serving():
            ours = voice.application(application_id=APPLICATION_ID, public_key=key_pair("first")[1])
            callees = Callees(person or Person(after=0))
            context, certificate = tls.context(tmp_path / "tls")
            platform = Platform([ours], clock=Clock(50), callees=callees)
            async with platform, serving(platform, tls=context) as base:
                auth = Auth(application_id=APPLICATION_ID, private_key=key_pair(key)[0])
                options = HttpClientOptions(
                    api_host=base.removeprefix("https://"), timeout=5, pool_maxsize=1, max_retries=0
                )
                client = Vonage(auth, options)
                with pytest.MonkeyPatch.context() as environment:  # as the command tells its user
                    environment.setenv("REQUESTS_CA_BUNDLE", str(certificate))
                    await program(Meeting(client, platform, voice, tmp_path))

    asyncio.run(run())
    return voice


def test_call_is_placed_read_listed_and_ended(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        voice = meeting.client.voice
        made = await meeting.place()
        assert (made.status, made.direction) == ("started", "outbound")
        call = await meeting.sdk(voice.get_call, made.uuid)
        assert (call.status, call.to.number, call.from_.number) == ("answered", THEIRS, OURS)
        calls, following = await meeting.sdk(
            voice.list_calls, ListCallsFilter(conversation_uuid=made.conversation_uuid)
        )
        assert [one.uuid for one in calls] == [made.uuid]
        assert following is None
        await meeting.sdk(voice.hangup, made.uuid)
        ended = await meeting.sdk(voice.get_call, made.uuid)
        assert ended.status == "completed"
        assert int(ended.duration) >= 1

    voice = meet(program, tmp_path)
    assert voice.completed()["disconnected_by"] == "platform"


def test_call_is_muted_moved_and_spoken_into(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        voice = meeting.client.voice
        made = await meeting.place()
        leg = meeting.platform.legs[made.uuid]
        await meeting.sdk(voice.mute, made.uuid)
        states = [leg.muted]
        await meeting.sdk(voice.unmute, made.uuid)
        assert [*states, leg.muted] == [True, False]
        said = await meeting.sdk(voice.play_tts_into_call, made.uuid, TtsStreamOptions(text="Your taxi is here."))
        assert (said.message, said.uuid) == ("Talk started", made.uuid)
        sent = await meeting.sdk(voice.play_dtmf_into_call, made.uuid, "12#")
        assert sent.message == "DTMF sent"
        await meeting.sdk(voice.transfer_call_ncco, made.uuid, [Talk(text="You were moved.")])
        await leg.ended
        words = [one.words for one in meeting.platform.trace.kept]
        assert any("Your taxi is here." in word for word in words)
        assert any("You were moved." in word for word in words)

    voice = meet(program, tmp_path)
    (moved,) = (event for event in voice.events() if event.get("type") == "transfer")
    assert moved["conversation_uuid_to"] == voice.completed()["conversation_uuid"]


def test_recording_is_fetched(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        made = await meeting.sdk(
            meeting.client.voice.create_call,
            CreateCallRequest(
                to=[ToPhone(number=THEIRS)], from_=Phone(number=OURS), answer_url=[f"{meeting.voice.base}/answer"]
            ),
        )
        await meeting.platform.legs[made.uuid].ended
        await meeting.platform.clock.settle()
        (recorded,) = (event for event in meeting.voice.events() if "recording_url" in event)
        file = meeting.tmp_path / "message.wav"
        await meeting.sdk(meeting.client.voice.download_recording, recorded["recording_url"], str(file))
        assert file.stat().st_size == recorded["size"]
        with wave.open(str(file)) as sound:
            assert sound.getnframes() / sound.getframerate() > 3

    meet(program, tmp_path, person=Person([Say("Call me back")], after=0))


def test_strangers_key_opens_nothing(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        with pytest.raises(AuthenticationError):
            await meeting.sdk(meeting.client.voice.get_call, "63f61863-4a51-4f6b-86e1-46edebcf9356")

    meet(program, tmp_path, key="second")


def test_call_of_nobody_is_not_found(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        with pytest.raises(NotFoundError):
            await meeting.sdk(meeting.client.voice.hangup, "63f61863-4a51-4f6b-86e1-46edebcf9356")

    meet(program, tmp_path)
