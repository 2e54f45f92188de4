"""Sound files that callers are played: what is known of each, and the file itself in the storage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from calls.models.flows import FlowVersion, Step, heard_with
from calls.models.recordings import delete_files
from calls.models.used import listed
from calls.vonage import audio
from calls.vonage.audio import Audio, NotAudio

FOLDER = "sounds"
MOST_BYTES = 10 * 1024 * 1024


def storage_name(digest: str, extension: str) -> str:
    """Say where the storage has a sound. The door finds it by this, without a query."""
    return f"{FOLDER}/{digest[:2]}/{digest}.{extension}"


@dataclass(frozen=True)
class Upload:
    """A file that somebody brought, read and found to be playable."""

    data: bytes
    audio: Audio
    digest: str

    @classmethod
    def of(cls, file: File[bytes]) -> Upload:
        """Read a file. Raises ValidationError with a sentence for what is too large or cannot be played to callers."""
        if file.size > MOST_BYTES:
            raise ValidationError(
                f"The file has {file.size / 2**20:.1f} MB, and a sound may have 10. "
                "Cut it, or save it as an MP3 of 32 kbit/s: a minute has a quarter of a megabyte then.",
                code="too_large",
            )
        data = file.read()
        try:
            return cls(data, audio.read(data), hashlib.sha256(data).hexdigest())
        except NotAudio as error:
            raise ValidationError(str(error), code="not_audio") from error


class SoundQuerySet(models.QuerySet["Sound"]):
    def keep(self, upload: Upload, *, name: str, by: Any = None) -> tuple[Sound, bool]:
        """Keep a file, and say whether it is new: the same bytes are kept once, under the name that they had first."""
        there = self.filter(digest=upload.digest).first()
        if there:
            return there, False
        facts = {slot: getattr(upload.audio, slot) for slot in ("content_type", "seconds", "rate", "channels", "bits")}
        row = Sound(name=name[:100], digest=upload.digest, size=len(upload.data), made_by=by, **facts)
        row.file.name = _store(storage_name(upload.digest, upload.audio.extension), upload.data)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:  # somebody was faster with the same file
            return self.get(digest=upload.digest), False
        return row, True

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete sounds and, once that is committed, their files. Raises ProtectedError for one that is played."""
        rows = list(self)
        for row in rows:
            row.refuse_while_used()
        done = super().delete()
        transaction.on_commit(partial(delete_files, [row.file.name for row in rows if row.file.name]), robust=True)
        return done

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


def _store(name: str, data: bytes) -> str:
    """Put a file where its digest says, once."""
    if default_storage.exists(name):
        return name
    kept = default_storage.save(name, ContentFile(data))
    if kept != name:  # somebody stored the same meanwhile
        default_storage.delete(kept)
    return name


class Sound(models.Model):
    """A sound file. Never changed: another recording is another sound."""

    name = models.CharField(max_length=100)
    file = models.FileField(max_length=120, editable=False)
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of the file, in hex: nobody guesses its address
    content_type = models.CharField(max_length=32, editable=False)  # "audio/mpeg", "audio/wav"
    seconds = models.FloatField("length", editable=False)
    size = models.PositiveIntegerField(editable=False)  # bytes
    rate = models.PositiveIntegerField(editable=False)  # samples a second
    channels = models.PositiveSmallIntegerField(editable=False)
    bits = models.PositiveSmallIntegerField(editable=False)  # of a sample
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SoundQuerySet.as_manager()

    class Meta:
        verbose_name = "sound file"
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="sound_once")]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        return type(self).objects.filter(pk=self.pk).delete()

    @property
    def audio(self) -> Audio:
        return Audio(self.content_type, self.seconds, self.rate, self.channels, self.bits)

    @property
    def path(self) -> str:
        """Where the server gives it to Vonage, and to whoever knows the digest."""
        return f"/{FOLDER}/{self.digest}.{self.audio.extension}"

    @property
    def kind(self) -> str:
        """MP3 or WAV."""
        return self.audio.extension.upper()

    def warnings(self) -> list[str]:
        """Say what about it does not suit a telephone, and the cure."""
        return self.audio.warnings()

    def steps(self) -> models.QuerySet[Step]:
        """The steps that play it."""
        return Step.objects.filter(settings__sound=self.pk).select_related("flow").order_by("flow__name", "position")

    def versions(self) -> list[FlowVersion]:
        """The versions that play it to callers now, or will."""
        return heard_with(self.digest)

    def players(self) -> dict[str, models.Model]:
        """Who plays it: their names, and what they are."""
        steps = {f"{step.flow}: {step}": step for step in self.steps()}
        return steps | {f"{version}, which callers hear": version for version in self.versions()}

    def refuse_while_used(self) -> None:
        """Raise ProtectedError with the names of the steps and of the versions that play it."""
        if players := self.players():
            reason = f"“{self}” is played by {listed(players)}. Choose another sound there first, and publish."
            raise models.ProtectedError(reason, set(players.values()))
