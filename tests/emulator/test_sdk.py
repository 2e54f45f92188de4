"""The official SDK takes the local Vonage for the real one, over TLS: all that it is told is the host."""

import asyncio
import wave
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from vonage import Auth, HttpClientOptions, Vonage
from vonage_application import ApplicationConfig, Capabilities, Voice, VoiceUrl, VoiceWebhooks
from vonage_http_client.errors import AuthenticationError, HttpRequestError, NotFoundError
from vonage_numbers import UpdateNumberParams
from vonage_voice.models import (
    AudioStreamOptions,
    CreateCallRequest,
    ListCallsFilter,
    Phone,
    Talk,
    ToPhone,
    TtsStreamOptions,
)

from calls.emulator.applications import public_key_of
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

    def __init__(
        self,
        auth: Auth,
        options: HttpClientOptions,
        platform: Platform,
        voice: VoiceApplication,
        tmp_path: Path,
    ) -> None:
        self.options = options
        self.clients: list[Vonage] = []
        self.client = self.of(auth)
        self.platform = platform
        self.voice = voice
        self.tmp_path = tmp_path

    def of(self, auth: Auth) -> Vonage:
        """Give a client. Its connections are closed when the meeting is over, for the platform waits for their end."""
        self.clients.append(Vonage(auth, self.options))
        return self.clients[-1]

    def close(self) -> None:
        for client in self.clients:
            client.http_client._session.close()

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


def meet(
    program: Program, tmp_path: Path, *, key: str = "first", person: Person | None = None, **more: Any
) -> VoiceApplication:
    voice = VoiceApplication({"/answer": always(VOICEMAIL)})

    async def run() -> None:
        async with voice.serving():
            account = {"api_key": "abcd1234", "api_secret": "its-secret"}
            ours = voice.application(application_id=APPLICATION_ID, public_key=key_pair("first")[1], **account, **more)
            callees = Callees(person or Person(after=0))
            context, certificate = tls.context(tmp_path / "tls")
            platform = Platform([ours], clock=Clock(50), callees=callees)
            async with platform, serving(platform, tls=context) as base:
                auth = Auth(application_id=APPLICATION_ID, private_key=key_pair(key)[0], **account)
                host = base.removeprefix("https://")
                options = HttpClientOptions(api_host=host, rest_host=host, timeout=5, pool_maxsize=1, max_retries=0)
                with pytest.MonkeyPatch.context() as environment:  # as the command tells its user
                    environment.setenv("REQUESTS_CA_BUNDLE", str(certificate))
                    meeting = Meeting(auth, options, platform, voice, tmp_path)
                    with closing(meeting):
                        await program(meeting)
                await asyncio.sleep(0.05)  # both ends of a TLS connection say goodbye

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


def test_call_is_earmuffed_played_into_and_moved_by_url(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        voice, made = meeting.client.voice, await meeting.place()
        leg = meeting.platform.legs[made.uuid]
        await meeting.sdk(voice.earmuff, made.uuid)
        states = [leg.earmuffed]
        await meeting.sdk(voice.unearmuff, made.uuid)
        assert [*states, leg.earmuffed] == [True, False]
        sound = AudioStreamOptions(stream_url=[f"{meeting.voice.base}/tone.wav"], loop=0, level=0.5)
        told = [
            await meeting.sdk(voice.play_audio_into_call, made.uuid, sound),
            await meeting.sdk(voice.stop_audio_stream, made.uuid),
            await meeting.sdk(voice.play_tts_into_call, made.uuid, TtsStreamOptions(text="Hello.", loop=0)),
            await meeting.sdk(voice.stop_tts, made.uuid),
        ]
        assert [one.message for one in told] == ["Stream started", "Stream stopped", "Talk started", "Talk stopped"]
        await meeting.sdk(voice.transfer_call_answer_url, made.uuid, f"{meeting.voice.base}/moved")
        await leg.ended

    voice = meet(program, tmp_path)
    (asked,) = voice.at("/moved")
    assert asked.method == "GET"
    assert {"uuid", "conversation_uuid", "from", "to"} <= asked.query.keys()


def test_calls_are_read_page_by_page(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        uuids = [(await meeting.place()).uuid for _ in range(3)]
        await meeting.sdk(meeting.client.voice.hangup, uuids[1])
        pages = []
        for at in range(2):
            wanted = ListCallsFilter(page_size=1, record_index=at, status="answered", order="desc")
            calls, following = await meeting.sdk(meeting.client.voice.list_calls, wanted)
            pages.append(([one.uuid for one in calls], following))
        assert pages == [([uuids[2]], 1), ([uuids[0]], None)]

    meet(program, tmp_path)


def test_owner_reads_changes_makes_and_removes_applications(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        account = meeting.client.application
        ours = await meeting.sdk(account.get_application, APPLICATION_ID)
        assert ours.capabilities.voice.webhooks.answer_url.address == f"{meeting.voice.base}/answer"
        assert ours.capabilities.voice.webhooks.event_url.socket_timeout == 10_000
        hooks = VoiceWebhooks(
            answer_url=VoiceUrl(address=f"{meeting.voice.base}/new", http_method="POST", socket_timeout=3000),
            event_url=VoiceUrl(address=f"{meeting.voice.base}/event", http_method="POST"),
        )
        config = ApplicationConfig(
            name="Another name", capabilities=Capabilities(voice=Voice(webhooks=hooks, signed_callbacks=False))
        )
        changed = await meeting.sdk(account.update_application, APPLICATION_ID, config)
        assert (changed.name, changed.capabilities.voice.signed_callbacks) == ("Another name", False)
        assert changed.capabilities.voice.webhooks.answer_url.socket_timeout == 3000
        made = await meeting.sdk(account.create_application, config)
        assert made.keys.private_key.startswith("-----BEGIN PRIVATE KEY-----")
        assert public_key_of(made.keys.private_key) == made.keys.public_key
        listed, _ = await meeting.sdk(account.list_applications)
        assert [one.id for one in listed] == [APPLICATION_ID, made.id]
        other = meeting.of(Auth(application_id=made.id, private_key=made.keys.private_key))
        assert (await meeting.sdk(other.voice.list_calls))[0] == []
        await meeting.sdk(account.delete_application, made.id)
        with pytest.raises(AuthenticationError):
            await meeting.sdk(other.voice.list_calls)
        await meeting.place()

    voice = meet(program, tmp_path)
    assert {"Authorization" in one.headers for one in voice.at("/event")} == {False}


def test_owner_lists_and_links_numbers(tmp_path: Path) -> None:
    async def program(meeting: Meeting) -> None:
        numbers = meeting.client.numbers
        (listed, *others), count, _ = await meeting.sdk(numbers.list_owned_numbers)
        assert (count, others) == (1, [])
        assert (listed.msisdn, listed.app_id, listed.country) == (OURS, APPLICATION_ID, "GB")
        elsewhere = UpdateNumberParams(country="GB", msisdn=THEIRS, app_id=APPLICATION_ID)
        with pytest.raises(HttpRequestError, match="420"):
            await meeting.sdk(numbers.update_number, elsewhere)
        unlinked = await meeting.sdk(numbers.update_number, UpdateNumberParams(country="GB", msisdn=OURS))
        assert unlinked.error_code == "200"
        assert meeting.platform.application_of(OURS) is None

    meet(program, tmp_path, numbers=(OURS,))


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
