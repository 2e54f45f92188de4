"""Recordings that stay: found in the events, fetched from the platform, kept in Django's default storage.

Nothing is done about them while events come in. Who looks, finds by the events' keys what has come since.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from calls.control import voicemail
from calls.control.account import account, is_local
from calls.models import CallEvent, Kind, Recording, RecordingState, Voicemail
from calls.models.recordings import delete_files
from calls.records.batch import write_batch
from calls.records.follow import follow
from calls.vonage.events import Event, parse_time, text_of
from calls.vonage.files import File, NotYet
from calls.vonage.files import fetch as fetch_file
from calls.vonage.recordings import MOST_CHARACTERS, SOUNDS, NotAllowed, recording_url_of

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # a fetch takes 30 s at most
KEPT_FOR = timedelta(days=30)  # by the platform
# Before the second try, the third, and so on; then once a day.
PAUSES = [timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 3_600, 14_400, 43_200)]
A_DAY = timedelta(days=1)
MOST_TRIES = {401: 5, 403: 5, 404: 8, 410: 1}  # it is there a moment after the event, or never; 401 mends itself seldom


def look(seconds: float) -> bool:
    """Make a row of each recording that events have told of since the last look. Gives True when there is more."""
    return follow("recordings", seconds, _make)


def _make(after: int, upto: int) -> None:
    events = CallEvent.objects.filter(pk__gt=after, pk__lte=upto, kind__in=[Kind.RECORD, Kind.INPUT])
    new = [
        _recording(event, url)
        for event in events.filter(recording=None).only("payload", "occurred_at")
        if (url := recording_url_of(event.payload))
    ]
    Recording.objects.bulk_create(new, ignore_conflicts=True)
    voicemail.make(after, upto)


def _recording(event: CallEvent, url: str) -> Recording:
    """Read what an event says of its recording. One that the platform has no longer is not asked for."""
    payload = event.payload
    recording = Recording(
        event=event,
        url=url[:MOST_CHARACTERS],
        recording_uuid=text_of(payload.get("recording_uuid")),
        started_at=parse_time(payload.get("start_time")),
        ended_at=parse_time(payload.get("end_time")),
    )
    if len(url) > MOST_CHARACTERS:
        recording.state, recording.problem = RecordingState.FAILED, "The address of the recording is none."
    elif event.occurred_at < timezone.now() - KEPT_FOR:
        recording.state, recording.problem = RecordingState.FAILED, "Vonage keeps recordings for 30 days."
    return recording


def fetch_one(pk: int) -> Recording | None:
    """Fetch a recording that is due, and keep it. None: it is not due, or somebody else is at it."""
    recording = Recording.objects.claim(pk, LEASE)
    if recording is None:
        return None
    try:
        file = fetch_file(recording.url, _token, local=str(settings.VONAGE_API_URL) if is_local() else "")
    except NotAllowed as refusal:
        _fail(recording, str(refusal))
    except NotYet as reason:
        _put_off(recording, str(reason), reason.status)
    else:
        try:
            _keep(recording, file)
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:  # whatever a storage raises
            logger.exception("%s is not kept", recording)
            _put_off(recording, f"It could not be put into the storage: {getattr(error, 'strerror', None) or error}", 0)
    return recording


def _token() -> str:
    """Make the application's token. Raises NotYet."""
    from calls.vonage.client import VonageError, token  # late: it brings the SDK

    try:
        return token(account())
    except VonageError as error:
        raise NotYet(str(error).replace("calls are placed", "recordings are fetched")) from error


def _keep(recording: Recording, file: File) -> None:
    """Put the sound into the storage, and say so. It goes again where the call was deleted meanwhile."""
    recording.file.save(f"sound.{SOUNDS[file.content_type]}", ContentFile(file.content), save=False)
    recording.content_type, recording.size = file.content_type, len(file.content)
    recording.state, recording.fetched_at, recording.problem = RecordingState.KEPT, timezone.now(), ""
    names = ["file", "content_type", "size", "state", "fetched_at", "problem"]
    try:
        there = Recording.objects.filter(pk=recording.pk, state=RecordingState.WAITING).update(
            **{name: getattr(recording, name) for name in names}
        )
    except BaseException:
        delete_files([str(recording.file.name)])
        raise
    if there:
        _tell(recording, f"fetched the recording, {in_kb(len(file.content))}")
    else:
        delete_files([str(recording.file.name)])


def _put_off(recording: Recording, reason: str, status: int) -> None:
    """Try again later, or give up: after so many tries of one kind, or when the platform has it no longer."""
    too_often = recording.tries >= MOST_TRIES.get(status, 1_000)
    pause = PAUSES[recording.tries - 1] if recording.tries <= len(PAUSES) else A_DAY
    if too_often or timezone.now() + pause > recording.event.occurred_at + KEPT_FOR:
        _fail(recording, reason)
        return
    recording.problem, recording.next_at = _shown(reason), timezone.now() + pause
    logger.info("%s is not fetched yet: %s", recording, reason)
    Recording.objects.filter(pk=recording.pk, state=RecordingState.WAITING).update(
        problem=recording.problem, next_at=recording.next_at
    )


def _shown(reason: str) -> str:
    """Make a reason fit for its column: it may quote what another server said."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in reason[:300])


def _fail(recording: Recording, reason: str) -> None:
    """Give up."""
    recording.state, recording.problem = RecordingState.FAILED, _shown(reason)
    logger.warning("%s is not fetched: %s", recording, reason)
    if Recording.objects.filter(pk=recording.pk, state=RecordingState.WAITING).update(
        state=recording.state, problem=recording.problem
    ):
        _tell(recording, f"could not fetch the recording: {recording.problem}")


def _tell(recording: Recording, words: str) -> None:
    """Record what was done as an event of the call: its page shows it, and sees by it that there is something new."""
    Voicemail.objects.filter(recording=recording.pk).update(changed_at=timezone.now())
    event = recording.event
    whose = {"uuid": event.leg.uuid} if event.leg else {"conversation_uuid": event.conversation_uuid}
    if event.call_id is None or not all(whose.values()):
        return
    payload = {"action": words, "by": "The worker", **whose}
    write_batch([Event(payload=payload, door="us", received_at=timezone.now())])


def in_kb(size: int) -> str:
    return f"{size / 1000:,.0f} kB" if size < 10**6 else f"{size / 10**6:.1f} MB"


def fetch_anew(pk: int) -> Recording | None:
    """Fetch a recording now, whatever was tried before; None where it is kept already."""
    again = {"state": RecordingState.WAITING, "next_at": timezone.now(), "tries": 0}
    Recording.objects.filter(pk=pk).exclude(state=RecordingState.KEPT).update(**again)
    return fetch_one(pk)
