"""What is recorded: sounds of a conversation, as they come, made into a file only when somebody asks for it."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from calls.emulator import audio, events
from calls.emulator.application import Application, Target
from calls.emulator.events import Fields
from calls.emulator.transcripts import Sentence, transcript

if TYPE_CHECKING:
    from calls.emulator.conversations import Conversation
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform

KEPT = timedelta(days=30)
TRANSCRIBED_AFTER = 3.0  # seconds from the end of the recording; inferred
KEY_SECONDS = 0.12  # that a pressed key sounds
BEEP_SECONDS = 0.5  # inferred
MOST_MP3_CHANNELS = 2
# Where the base URL is not one of the platform's own hosts, the host stands in the path: the official SDK sends its
# token only to a URL that names it.
FILES, SDK_FILES = "/v1/files/", "/api.nexmo.com/v1/files/"


def url_of(base_url: str, file_id: str) -> str:
    """Name a file as webhooks do."""
    return base_url + (FILES if re.search(r"(nexmo|vonage)\.com", base_url) else SDK_FILES) + file_id


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How something is to be recorded. Without `events` nobody is told; `transcribed` says who wants it in words."""

    format: audio.Format = "mp3"
    channels: int = 1
    events: Target | None = None
    transcribed: Target | None = None

    @classmethod
    def of(cls, action: dict[str, Any], target: Target) -> "Wish":
        """Read the options of `record`, whose events go to `target`.

        `split` alone gives two channels: what the first caller says, and what it hears. An MP3 has no more than two,
        so with more of them it is a WAV, whatever was asked for (inferred for who asks).
        """
        channels = int(action.get("channels", 2)) if action.get("split") else 1
        form = action.get("format", "mp3")
        options = action.get("transcription")
        transcribed = None
        if options is not None:
            url = next(iter(options.get("eventUrl", [])), "")
            transcribed = Target(url, options.get("eventMethod", "POST")) if url else target
        return cls(
            format="wav" if form == "mp3" and channels > MOST_MP3_CHANNELS else form,
            channels=channels,
            events=target,
            transcribed=transcribed,
        )


@dataclass
class Sound:
    """Something heard, in seconds from the beginning of the recording. `by` is a leg, or "" for the platform."""

    by: str
    tone: audio.Tone
    start: float
    end: float
    text: str = ""


class Recording:
    """The sound of a conversation from now until it is stopped, or the conversation is over."""

    def __init__(self, conversation: "Conversation", application: Application, wish: Wish) -> None:
        self.platform = conversation.platform
        self.application = application
        self.conversation = conversation
        self.conversation_uuid = conversation.uuid
        self.wish = wish
        self.uuid = str(uuid4())
        self.file_id = str(uuid4())  # another one than its own id
        self.transcription_id = str(uuid4())
        self.began = self.platform.clock.now()
        self._began_at = self.platform.clock.elapsed()  # the time of day may be set meanwhile
        self._lasted: float | None = None
        self.ended: datetime | None = None
        self.sounds: list[Sound] = []
        self.parties = [leg.uuid for leg in conversation.legs]  # in the order of their coming

    # What it is

    @property
    def url(self) -> str:
        return url_of(self.platform.base_url, self.file_id)

    @property
    def transcription_url(self) -> str:
        return url_of(self.platform.base_url, self.transcription_id)

    @property
    def content_type(self) -> str:
        return audio.CONTENT_TYPES[self.wish.format]

    @property
    def expires_at(self) -> datetime:
        return (self.ended or self.began) + KEPT

    @property
    def seconds(self) -> float:
        """How long it is, so far or in the end."""
        return self.platform.clock.elapsed() - self._began_at if self._lasted is None else self._lasted

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return audio.size(self.wish.format, self.wish.channels, self.seconds)

    def chunks(self) -> Iterator[bytes]:
        """Give the file piece by piece: two hours of it are not held in memory."""
        return audio.chunks(self.wish.format, self.wish.channels, self.seconds, self._tracks())

    def read(self) -> bytes:
        """Give the whole file."""
        return b"".join(self.chunks())

    def transcription(self) -> bytes:
        """Give what was said, as JSON."""
        channels: list[list[Sentence]] = [[] for _ in range(self.wish.channels)]
        for sound in self.sounds:
            if sound.text:
                end = min(sound.end, self.seconds)
                channels[self._channel(sound.by)].append(Sentence(sound.text, sound.start, end))
        return json.dumps(transcript(self.uuid, channels, self.seconds)).encode()

    # What it hears

    def take(self, leg: "Leg", kind: str, data: dict[str, Any]) -> None:
        """Hear what happens on a leg of the conversation, once the others hear it."""
        if leg.is_apart:
            return
        if leg.uuid not in self.parties:
            self.parties.append(leg.uuid)
        start = self.seconds
        if kind in {"says", "plays"}:
            loop = data.get("loop", 1)
            whole = data.get("seconds", 0.0) * loop if loop else float("inf")
            self.sounds.append(Sound("", "platform", start, start + whole, data.get("text", "")))
        elif kind == "speaks" and not leg.muted:
            tone: audio.Tone = "caller" if self.parties.index(leg.uuid) == 0 else "callee"
            self.sounds.append(Sound(leg.uuid, tone, start, start + data["seconds"], data["text"]))
        elif kind == "presses":
            self.sounds.append(Sound(leg.uuid, "key", start, start + KEY_SECONDS))
        elif kind == "beep":
            self.sounds.append(Sound("", "beep", start, start + BEEP_SECONDS))
        elif kind == "cut":
            for sound in self.sounds:
                if not sound.by:
                    sound.end = min(sound.end, start)

    def _channel(self, by: str) -> int:
        """What a party says is in its own channel; the last one has all who come after, and the platform (inferred)."""
        last = self.wish.channels - 1
        return min(self.parties.index(by), last) if by else last

    def _tracks(self) -> audio.Tracks:
        tracks: audio.Tracks = [[] for _ in range(self.wish.channels)]
        for sound in self.sounds:
            tracks[self._channel(sound.by)].append((sound.start, sound.end, sound.tone))
        return tracks

    # Its end

    def stop(self) -> None:
        """End it, and tell whoever wants to know. A second time nothing happens."""
        if self.ended:
            return
        now = self.ended = self.platform.clock.now()
        self._lasted = self.seconds
        if self in self.conversation.recordings:
            self.conversation.recordings.remove(self)
        self._note("the recording ends", ended=True)
        if self.wish.events:
            fields = events.recorded(
                self.conversation_uuid,
                now,
                began=self.began,
                ended=now,
                url=self.url,
                size=self.size,
                recording_uuid=self.uuid,
            )
            self.platform.tell(self.application, self.wish.events, fields)
        if self.wish.transcribed:
            self.platform.recordings.transcribe(self)

    def tell_transcribed(self) -> None:
        """Tell that what was said is there in words."""
        fields = events.transcribed(self.conversation_uuid, recording_uuid=self.uuid, url=self.transcription_url)
        if self.wish.transcribed:
            self.platform.tell(self.application, self.wish.transcribed, fields)

    def _note(self, words: str, **data: Any) -> None:
        self.platform.trace.add(
            "records", words, conversation=self.conversation_uuid, recording=self.uuid, url=self.url, **data
        )


@dataclass(frozen=True)
class StoredFile:
    """A file that the REST API gives to the application it belongs to."""

    application: Application
    content_type: str
    size: int
    recording: Recording
    kind: Literal["recording", "transcription"]

    def chunks(self) -> Iterator[bytes]:
        return self.recording.chunks() if self.kind == "recording" else iter([self.recording.transcription()])


class Recordings:
    """All that was recorded."""

    def __init__(self, platform: "Platform") -> None:
        self.platform = platform
        self._by_file: dict[str, Recording] = {}
        self._to_transcribe: list[Recording] = []

    def start(self, conversation: "Conversation", application: Application, wish: Wish | None = None) -> Recording:
        """Record a conversation from now on."""
        self._forget_old()
        recording = Recording(conversation, application, wish or Wish())
        conversation.recordings.append(recording)
        self._by_file |= {recording.file_id: recording, recording.transcription_id: recording}
        recording._note("the recording begins", ended=False)
        return recording

    def _forget_old(self) -> None:
        """Forget those that nobody can fetch any more. The oldest are the first."""
        now = self.platform.clock.now()
        for file_id in list(itertools.takewhile(lambda one: self._by_file[one].expires_at <= now, self._by_file)):
            del self._by_file[file_id]

    def file(self, file_id: str) -> StoredFile | None:
        """Give a file by the id at the end of its URL. None: there is none, not yet or not any more."""
        recording = self._by_file.get(file_id)
        if recording is None or self.platform.faults.missing_recordings or recording.ended is None:
            return None
        if recording.expires_at <= self.platform.clock.now():
            return None
        if file_id == recording.file_id:
            return StoredFile(recording.application, recording.content_type, recording.size, recording, "recording")
        if recording.wish.transcribed is None or recording in self._to_transcribe:
            return None
        size = len(recording.transcription())
        return StoredFile(recording.application, "application/json", size, recording, "transcription")

    def transcribe(self, recording: Recording) -> None:
        """Put it in words, which takes a while."""
        self._to_transcribe.append(recording)
        self.platform.clock.later(TRANSCRIBED_AFTER, lambda: self._transcribed(recording))

    def finish(self) -> None:
        """Tell of all that is still being put in words: the platform ends."""
        for recording in list(self._to_transcribe):
            self._transcribed(recording)

    def _transcribed(self, recording: Recording) -> None:
        if recording in self._to_transcribe:
            self._to_transcribe.remove(recording)
            recording.tell_transcribed()

    def as_json(self) -> list[Fields]:
        """Those that have ended, for programs that watch."""
        return [
            {"recording_uuid": one.uuid, "url": one.url, "size": one.size, "seconds": round(one.seconds, 3)}
            for one in dict.fromkeys(self._by_file.values())
            if one.ended
        ]
