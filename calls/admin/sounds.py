"""Sound files: what callers can be played, heard here, brought here, and which flows play them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from calls.admin.columns import isolated, moment
from calls.control.recordings import in_kb
from calls.models import Sound, Step, User
from calls.models.sounds import Upload
from calls.templatetags.calls_format import NOTHING, duration

CHANNELS = {1: "mono", 2: "stereo"}


class SoundForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name of a sound; the file cannot be changed once it is here."""

    class Meta:
        model = Sound
        fields = ["name"]
        help_texts = {"name": "What it is called in the steps: Welcome, Hold music."}


class NewSoundForm(SoundForm):
    """Once valid, `brought` is what the file holds."""

    upload = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".mp3,.wav,audio/mpeg,audio/wav"}),
        help_text="MP3, or WAV of 16 bits; at most 10 MB. Best as the telephone has it: 8 or 16 kHz, mono.",
        error_messages={
            "required": "No file is chosen. Choose an MP3 or WAV file.",
            "empty": "The file is empty. Choose an MP3 or WAV file.",
        },
    )

    field_order = ["upload", "name"]
    brought: Upload

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].required = False
        self.fields["name"].help_text += " Left empty, it is called as the file."

    def clean_upload(self) -> File[bytes]:
        file: File[bytes] = self.cleaned_data["upload"]
        self.brought = Upload.of(file)
        there = Sound.objects.filter(digest=self.brought.digest).first()
        if there:
            raise ValidationError(f"This very sound is here already, as “{there}”. Use that one, or choose another.")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("name") and cleaned.get("upload"):
            cleaned["name"] = PurePath(cleaned["upload"].name or "Sound").stem[:100] or "Sound"
        return cleaned


def flows_by_sound() -> dict[int, set[int]]:
    """Give the ids of the flows whose steps play each sound that is played. One query."""
    found = defaultdict(set)
    for sound, flow in Step.objects.filter(settings__has_key="sound").values_list("settings__sound", "flow"):
        found[sound].add(flow)
    return found


def in_words(sound: Sound) -> str:
    """Say what it is made of: "16 kHz mono"."""
    bits = f", {sound.bits} bits" if sound.bits != 16 else ""
    return f"{sound.rate / 1000:g} kHz {CHANNELS.get(sound.channels, f'{sound.channels} channels')}{bits}"


@admin.register(Sound)
class SoundAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The list asks once which steps play sounds, however many there are."""

    list_display = ["name", "player", "length", "file_", "made_of", "used", "made"]
    list_per_page = 50
    search_fields = ["name"]
    show_full_result_count = False
    made = moment("made_at", "Brought")
    used_by: dict[int, set[int]]

    def get_form(self, request: HttpRequest, obj: Sound | None = None, change: bool = False, **options: Any) -> Any:
        return super().get_form(request, obj, change, form=SoundForm if obj else NewSoundForm, **options)

    def get_fields(self, request: HttpRequest, obj: Sound | None = None) -> Any:
        shown = ["player", "length", "file_", "made_of_at_length", "played_by", "made", "made_by_"]
        return ["name", *shown] if obj else ["upload", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Sound | None = None) -> list[str]:
        return ["player", "length", "file_", "made_of_at_length", "played_by", "made", "made_by_"] if obj else []

    # What the list and the page show

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.used_by = flows_by_sound()
        return super().changelist_view(request, extra_context)

    @admin.display(description="Hear it")
    def player(self, sound: Sound) -> SafeString:
        return format_html(
            '<audio controls preload="none" src="{}" aria-label="{}"></audio>', sound.path, f"Play {sound}"
        )

    @admin.display(description="Length", ordering="seconds")
    def length(self, sound: Sound) -> str:
        return duration(sound.seconds) if sound.seconds >= 1 else "under 1 s"

    @admin.display(description="File")
    def file_(self, sound: Sound) -> str:
        return f"{sound.kind}, {in_kb(sound.size)}"

    @admin.display(description="Sound")
    def made_of(self, sound: Sound) -> str | SafeString:
        wrong = "Does not suit a telephone." if sound.warnings() else ""
        return format_html('{}<span class="a-warn">{}</span>', in_words(sound), wrong) if wrong else in_words(sound)

    @admin.display(description="Sound")
    def made_of_at_length(self, sound: Sound) -> str | SafeString:
        """Say what to do, too, where it does not suit a telephone."""
        wrong = " ".join(sound.warnings())
        return format_html('{}<span class="a-warn">{}</span>', in_words(sound), wrong) if wrong else in_words(sound)

    @admin.display(description="Used")
    def used(self, sound: Sound) -> str:
        count = len(self.used_by.get(sound.pk, ()))
        return f"in {count} flow{'s' if count != 1 else ''}" if count else NOTHING

    @admin.display(description="Played by")
    def played_by(self, sound: Sound) -> str | SafeString:
        players = [(isolated(name),) for name in sound.players()]
        return format_html_join("", "<div>{}</div>", players) or "nothing: it may be deleted"

    @admin.display(description="Brought by")
    def made_by_(self, sound: Sound) -> str:
        return str(sound.made_by or NOTHING)

    # What saving and deleting do

    def save_model(self, request: HttpRequest, obj: Sound, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        by = request.user if isinstance(request.user, User) else None
        kept, _ = Sound.objects.keep(form.brought, name=obj.name, by=by)
        obj.__dict__.update(kept.__dict__)
        for warning in kept.warnings():
            messages.warning(request, warning)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the steps and versions that play a sound: they keep it from being deleted."""
        deleted, counts, permissions, protected = super().get_deleted_objects(objs, request)
        playing = [f"{sound}, played by {name}" for sound in objs for name in sound.players()]
        return deleted, counts, permissions, [*protected, *playing]
