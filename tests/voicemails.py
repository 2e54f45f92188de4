"""Messages for tests, made as in real life: a voicemail step's record event is stored, and the recording found."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile

from calls.control.recordings import look
from calls.emulator import audio
from calls.models import Recording, Voicemail
from tests.factories import CALLER, OURS, keep, make_call

NAME = "Leave a message"


def record_event(*, seconds: int = 35, at: datetime | None = None, **reply: Any) -> dict[str, Any]:
    """The payload of the record event of a voicemail step, with what we note of the step it came back to."""
    ends = at or datetime.now(UTC)
    step = {"step": "7", "kind": "voicemail", "name": NAME}
    return {
        "recording_url": "https://api.nexmo.com/v1/files/x",
        "start_time": (ends - timedelta(seconds=seconds)).isoformat(),
        "end_time": ends.isoformat(),
        "timestamp": ends.isoformat(),
        "reply": {"version": None, "path": [step]} | reply,
    }


def make_message(
    caller: str = CALLER,
    *,
    to: str = OURS,
    at: datetime | None = None,
    seconds: int = 35,
    sound: bool = False,
    **reply: Any,
) -> Voicemail:
    """Let somebody leave a message; `sound`: it was fetched, and can be played. `reply` is what we noted."""
    ends = at or datetime.now(UTC)
    fields: dict[str, Any] = {"from": caller, "to": to}
    call = make_call(at=ends - timedelta(seconds=seconds + 20), seconds=seconds + 20, **fields)
    keep(record_event(seconds=seconds, at=ends, **reply) | {"conversation_uuid": call.conversation_uuid})
    look(5)
    message = Voicemail.objects.newest_first()[0]
    if sound:
        add_sound(message.recording, seconds)
    return Voicemail.objects.told().get(pk=message.pk)


def add_sound(row: Recording, seconds: int) -> None:
    """Keep a sound, as if it had been fetched."""
    content = b"".join(audio.chunks("mp3", 1, seconds, [[(0.0, float(seconds), "caller")]]))
    row.file.save("sound.mp3", ContentFile(content), save=False)
    Recording.objects.filter(pk=row.pk).update(
        state="kept", content_type="audio/mpeg", size=len(content), file=row.file.name
    )
