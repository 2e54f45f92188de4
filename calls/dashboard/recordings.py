"""Recordings: what the call's page tells of them, and the sound itself."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from calls.control.recordings import in_kb
from calls.control.sounds import sound_response
from calls.models import Call, Kind, Outcome, Recording, RecordingState
from calls.vonage.recordings import SOUNDS

MOST_SHOWN = 50
WIDTH, STEPS = 300, (1, 5, 10, 30, 60, 300, 600, 1_800, 3_600)  # of the player's line; seconds between two ticks
MOST_TICKS = 30


@dataclass(frozen=True)
class Sound:
    """A recording as the call's page tells it."""

    row: Recording
    title: str
    note: str  # why it is not there, or what is known of it
    problem: bool = False
    events: tuple[float, ...] = ()  # where on the player's line something happened

    @property
    def kept(self) -> bool:
        return self.row.state == RecordingState.KEPT

    @property
    def waiting(self) -> bool:
        return self.row.state == RecordingState.WAITING

    @property
    def seconds(self) -> int:
        lasts = self.row.lasts
        return int(lasts.total_seconds()) if lasts else 0

    @property
    def file(self) -> str:
        """MP3, 140 kB."""
        return f"{SOUNDS[self.row.content_type].upper()}, {in_kb(self.row.size or 0)}"

    @property
    def ticks(self) -> list[float]:
        """Where the seconds stand on the player's line."""
        if self.seconds < 2:
            return []
        step = next((step for step in STEPS if self.seconds / step <= MOST_TICKS), STEPS[-1])
        return [round(at / self.seconds * WIDTH, 1) for at in range(step, self.seconds, step)]


def sounds_of(call: Call, moments: Collection[datetime] = ()) -> list[Sound]:
    """Read the recordings of a call, the oldest first. `moments` are those of its events. One query."""
    rows = list(Recording.objects.of_call(call.pk).select_related("event")[:MOST_SHOWN])
    sounds = [_sound(row, number, call, alone=len(rows) == 1) for number, row in enumerate(rows, start=1)]
    return [replace(sound, events=_within(sound, moments)) for sound in sounds]


def _within(sound: Sound, moments: Collection[datetime]) -> tuple[float, ...]:
    """Place what happened while it was recorded on the player's line."""
    begun = sound.row.started_at
    if not (begun and sound.seconds):
        return ()
    offsets = ((moment - begun).total_seconds() for moment in sorted(moments))
    within = [round(offset / sound.seconds * WIDTH, 1) for offset in offsets if 0 < offset < sound.seconds]
    return tuple(dict.fromkeys(within))[:MOST_TICKS]


def _sound(row: Recording, number: int, call: Call, *, alone: bool) -> Sound:
    if row.event.kind == Kind.INPUT:
        word = "What was said"
    else:
        word = "Message" if call.outcome == Outcome.VOICEMAIL else "Recording"
    return sound_of(row, word if alone else f"{word} {number}")


def sound_of(row: Recording, title: str) -> Sound:
    """Tell a recording under a title."""
    if row.state == RecordingState.KEPT:
        return Sound(row, title, "")
    if row.state == RecordingState.FAILED:
        return Sound(row, title, f"It could not be fetched. {row.problem}", problem=True)
    if row.problem:
        return Sound(row, title, f"It is not here yet. {row.problem} The worker tries again.")
    return Sound(row, title, "The worker fetches it from Vonage in a moment.")


@require_safe
@login_required
def recording(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The sound."""
    return sound_response(get_object_or_404(Recording, pk=pk, state=RecordingState.KEPT), request)
