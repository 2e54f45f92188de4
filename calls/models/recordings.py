"""What was recorded: what is known of each recording, the sound itself in the storage, and how far we have looked."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Self

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from calls.models.calls import NAME_LENGTH, CallEvent

FOLDER = "recordings"
MOST_CHARACTERS = 2_048  # of an address
NO_SOUND = "There is no sound: the call was made by seed_calls."  # that nobody can fetch


class RecordingState(models.TextChoices):
    """What became of it. `waiting`: it will be fetched, at `next_at`."""

    WAITING = "waiting"
    KEPT = "kept"
    FAILED = "failed"


class RecordingQuerySet(models.QuerySet["Recording"]):
    def due(self) -> Self:
        """Those that are to be fetched now, the longest due first."""
        return self.filter(state=RecordingState.WAITING, next_at__lte=timezone.now()).order_by("next_at", "pk")

    def of_call(self, call: int) -> Self:
        return self.filter(event__call=call).order_by("event__occurred_at", "pk")

    def claim(self, pk: int, lease: timedelta) -> Recording | None:
        """Take one that is due, so that nobody else fetches it meanwhile; None where somebody was faster."""
        if not self.due().filter(pk=pk).update(next_at=timezone.now() + lease, tries=models.F("tries") + 1):
            return None
        return self.select_related("event").get(pk=pk)

    def discard_of(self, events: Collection[int]) -> int:
        """Delete the recordings of these events with the messages they are, and once that is committed their files.

        Gives how many.
        """
        found = dict(self.filter(event__in=events).values_list("pk", "file"))
        if found:
            rows = self.filter(pk__in=list(found))
            messages = apps.get_model("calls", "Voicemail")._default_manager.filter(recording__in=list(found))
            messages._raw_delete(rows.db)
            rows._raw_delete(rows.db)
            transaction.on_commit(partial(delete_files, [name for name in found.values() if name]))
        return len(found)


def delete_files(names: Collection[str]) -> None:
    """Take files out of the storage. What it refuses is found again by the worker, as a file that nobody names."""
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            continue


def file_name(recording: Recording, given: str) -> str:
    """Name a file so that nobody guesses it: "recordings/3f/3f9c….mp3"."""
    name = secrets.token_hex(16)
    return f"{FOLDER}/{name[:2]}/{name}.{given.rpartition('.')[2]}"


class Recording(models.Model):
    """The sound of a call that an event told of. Whose it is, the event knows: it may move to another call."""

    event = models.OneToOneField(CallEvent, on_delete=models.CASCADE, related_name="recording")
    url = models.CharField(max_length=MOST_CHARACTERS)  # where the platform has it, as the webhook said
    recording_uuid = models.CharField(max_length=NAME_LENGTH, blank=True)
    started_at = models.DateTimeField(null=True)  # Vonage's clock, in whole seconds
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=RecordingState, default=RecordingState.WAITING)
    file = models.FileField(upload_to=file_name, max_length=200, blank=True)
    content_type = models.CharField(max_length=32, blank=True)
    size = models.PositiveIntegerField(null=True)  # bytes
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(
        default=timezone.now
    )  # of the next try; while somebody is at it, when that is given up
    fetched_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)  # a sentence: why the last try failed

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["next_at"], name="recording_due", condition=models.Q(state="waiting")),
            models.Index(fields=["file"], name="recording_by_file"),
        ]

    def __str__(self) -> str:
        return f"Recording {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("recording", args=[self.pk])

    @property
    def is_kept(self) -> bool:
        return self.state == RecordingState.KEPT

    @property
    def lasts(self) -> timedelta | None:
        """How long it is, to the second; None where that was not told."""
        if self.started_at and self.ended_at and self.ended_at >= self.started_at:
            return self.ended_at - self.started_at
        return None


class Bookmark(models.Model):
    """How far the events were looked through.

    Keys commit out of order: those up to `seen` are done with, those behind it are looked at again. `newest` is the
    newest one there was at `noted_at`; some time later nothing older than it will come any more.
    """

    name = models.CharField(max_length=32)
    seen = models.BigIntegerField(default=0)
    newest = models.BigIntegerField(default=0)
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="bookmark_by_name")]

    def __str__(self) -> str:
        return f"{self.name} up to {self.seen}"

    def move(self, **to: object) -> None:
        for name, value in to.items():
            setattr(self, name, value)
        self.save(update_fields=list(to))


class Inquiry(models.Model):
    """A leg whose end was not told: when the platform is asked about it again, and what it said the last time."""

    leg_uuid = models.CharField(max_length=NAME_LENGTH)
    times = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "inquiries"
        constraints = [models.UniqueConstraint(fields=["leg_uuid"], name="inquiry_by_leg")]
        indexes = [models.Index(fields=["next_at"], name="inquiry_by_time")]

    def __str__(self) -> str:
        return f"Inquiry about {self.leg_uuid}"
