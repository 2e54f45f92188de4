"""Recordings: made while somebody speaks, told when they end, fetched by whoever has the application's token."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from calls.emulator import audio, events
from calls.emulator.application import Application, Target

if TYPE_CHECKING:
    from calls.emulator.conversations import Conversation
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform

KEPT = timedelta(days=30)
TRANSCRIBED_AFTER = 2.0  # seconds; inferred
# The host stands in the path: the official SDK sends its token only to a URL that names it.
FILES = "/api.nexmo.com/v1/files/"


class StoredFile:
    """What `GET /v1/files/…` gives: a sound, or a transcription."""

    def __init__(self, application: Application, data: bytes, content_type: str, until: datetime) -> None:
        self.application_id = application.application_id
        self.data = data
        self.content_type = content_type
        self.until = until


class Recording:
    """One recording, which has begun. `options` are those of the `record` action, or of a room's recording."""

    def __init__(self, leg: "Leg", options: dict[str, Any], target: Target) -> None:
        self.platform: Platform = leg.platform
        self.application = leg.application
        self.conversation: Conversation = leg.conversation
        self.options = options
        self.target = target
        self.uuid = str(uuid4())
        self.began = self.platform.clock.now()
        self.began_at = self.platform.clock.elapsed()
        self.spoken: list[tuple[float, float, str]] = []  # from, to, what: seconds since it began
        self.is_over = False
        self.conversation.recordings.append(self)
        self._note(leg, "recording begins", ended=False)

    @property
    def kind(self) -> str:
        """The format: MP3, or WAV where there are more than two channels."""
        many = self.options.get("channels", 1) > 2
        return str(self.options.get("format", "wav" if many else "mp3"))

    def hear(self, text: str, seconds: float) -> None:
        """Somebody begins to speak."""
        now = self.platform.clock.elapsed() - self.began_at
        self.spoken.append((now, now + seconds, text))

    def stop(self, leg: "Leg") -> None:
        """End it, keep the file, and tell it."""
        if self.is_over:
            return
        self.is_over = True
        self.conversation.recordings.remove(self)
        ended = self.platform.clock.now()
        seconds = (ended - self.began).total_seconds()
        spoken = [(start, min(end, seconds)) for start, end, _ in self.spoken]
        data = audio.make(self.kind, seconds, channels=self.options.get("channels", 1), spoken=spoken)
        url = self._keep(data, audio.CONTENT_TYPES[self.kind])
        self._note(leg, f"recording ends ({seconds:.1f} s, {len(data):,} bytes)", ended=True, url=url, size=len(data))
        fields = events.recorded(
            self.conversation.uuid,
            ended,
            began=self.began,
            ended=ended,
            url=url,
            size=len(data),
            recording_uuid=self.uuid,
        )
        self.platform.tell(self.application, self.target, fields)
        if self.options.get("transcription") is not None:
            self.platform.clock.later(TRANSCRIBED_AFTER, lambda: self._transcribe(seconds))

    def _keep(self, data: bytes, content_type: str) -> str:
        name = str(uuid4())
        until = self.platform.clock.now() + KEPT
        self.platform.files[name] = StoredFile(self.application, data, content_type, until)
        return f"{self.platform.base_url}{FILES}{name}"

    def _transcribe(self, seconds: float) -> None:
        """Tell that it was written down. What the document looks like is inferred."""
        options = self.options["transcription"]
        sentences = [
            {"sentence": text, "raw_sentence": text.lower(), "timestamp": int(start * 1000), "confidence": 0.94}
            for start, _, text in self.spoken
        ]
        document = {"ver": "1.0.0", "channels": [{"transcript": sentences, "duration": int(seconds * 1000)}]}
        url = self._keep(events.as_bytes(document), "application/json")
        own = next(iter(options.get("eventUrl", [])), "")
        target = Target(own, options.get("eventMethod", "POST")) if own else self.target
        fields = events.transcribed(self.conversation.uuid, recording_uuid=self.uuid, url=url)
        self.platform.tell(self.application, target, fields)

    def _note(self, leg: "Leg", words: str, **data: Any) -> None:
        leg.note("records", words, recording=self.uuid, **data)
