"""The form of a step, made of its kind's settings, so that a new kind is never without. Forms of kinds say more."""

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from django import forms
from django.core.exceptions import ValidationError

from calls.admin.steps.targets import Targets, code_of, way_to
from calls.admin.voices import Chosen, VoiceField
from calls.flows.compile import words_in
from calls.flows.draft import Way, set_ways, way_of
from calls.flows.naming import end_words
from calls.flows.steps import STEPS, Facts, Kind
from calls.flows.steps.spoken import Spoken, text_problems, voiceless
from calls.models import Step, Then
from calls.templatetags.calls_format import NOTHING

VOICE = ("language", "style", "premium")
LONG = re.compile(r"text|prompt|message|nothing|wrong|notice|announce|whisper")


class SpokenText(forms.CharField):
    """What is read to callers. The voice picker beside it speaks it."""

    def __init__(self, *, rows: int = 2, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows, "data-spoken": ""}), **options)

    def to_python(self, value: Any) -> str:
        # Browsers send each line's end as two characters, of which Vonage would count both.
        return str(super().to_python(value) or "").replace("\r\n", "\n")


VOLUMES = {-1.0: "much quieter", -0.5: "quieter", 0.0: "normal", 0.5: "louder", 1.0: "much louder"}


class VolumeField(forms.TypedChoiceField):
    """-1 to 1, in words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=float, choices=list(VOLUMES.items()), **options)

    def keep(self, level: float) -> float:
        """Offer a value, too, that somebody set elsewhere."""
        if level not in VOLUMES:
            self.choices = [*VOLUMES.items(), (float(level), f"{level:g}")]
        return float(level)


class StepForm(forms.Form):
    """One step's name, settings and where it leads. Once valid, `made` is the kind with what was filled in.

    `main` is the field at which problems stand that name no other; `where` finds the field by words of the problem.
    """

    main: ClassVar[str] = ""
    where: ClassVar[Sequence[tuple[str, str]]] = ()
    end_labels: ClassVar[Mapping[str, str]] = {}
    order: ClassVar[Sequence[str]] = ()

    name = forms.CharField(
        max_length=60, required=False, help_text="What people here call it. Left empty, it is called by its kind."
    )
    made: Kind

    def __init__(self, step: Step, *, facts: Facts, targets: Targets, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{step.pk}_%s")
        self.step, self.facts, self.reach = step, facts, targets
        self.kind = STEPS[step.kind]
        self.now = self.kind.from_settings(step.settings)
        self.led = {branch.on: way_of(branch) for branch in step.branches.all()}
        self.initial = {"name": step.name}
        self._take_settings()
        self._take_ends()
        self.prepare()
        self.order_fields(self.order or list(self.fields))

    def prepare(self) -> None:
        """What a kind's own form adds once all fields are there."""

    # Making the fields

    def _take_settings(self) -> None:
        hints = get_type_hints(self.kind)
        for one in fields(self.kind):
            if issubclass(self.kind, Spoken) and one.name in VOICE:
                continue
            if one.name not in self.fields:
                self.fields[one.name] = field_for(one.name, hints[one.name], self.facts)
            self.initial[one.name] = getattr(self.now, one.name)
        if issubclass(self.kind, Spoken):
            voice = Chosen(**self.facts.voice) if self.facts.voice else None
            self.fields["voice"] = VoiceField(label="Voice", default=voice)
            self.initial["voice"] = Chosen(*(getattr(self.now, name) for name in VOICE))

    def _take_ends(self) -> None:
        for end in self.kind.ends:
            label = self.end_labels.get(end, end_words(end))
            self.fields[f"on_{end}"] = forms.ChoiceField(
                label=label, choices=self.reach.choices(), widget=forms.Select(attrs={"data-targets": ""})
            )
            self.initial[f"on_{end}"] = code_of(self.led[end]) if end in self.led else self.without(end)

    def without(self, end: str) -> str:
        """Where callers go on whom no branch leads."""
        ends_call = end == "next" and self.kind.is_last
        return str(Then.HANG_UP if ends_call else Then.NEXT)

    # Reading them

    def values(self) -> dict[str, Any]:
        """The kind's settings as they were filled in."""
        given = {one.name: self.cleaned_data[one.name] for one in fields(self.kind) if one.name in self.cleaned_data}
        if isinstance(self.cleaned_data.get("voice"), Chosen):
            given |= {name: getattr(self.cleaned_data["voice"], name) for name in VOICE}
        return given

    def ways(self) -> list[Way]:
        """Where it is to lead. What happens anyhow needs no branch."""
        chosen = [(end, self.cleaned_data.get(f"on_{end}", "")) for end in self.kind.ends]
        return [way_to(code, end) for end, code in chosen if code and code != self.without(end)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        self.made = self.kind(**self.values())
        branches = {way.on: words_in(way.words) for way in self.ways()}
        for message in self.made.problems(replace(self.facts, branches=branches)):
            self.add_error(self.field_of(message), ValidationError(message))
        return cleaned

    def field_of(self, message: str) -> str | None:
        """The field at which a problem stands."""
        if isinstance(self.made, Spoken):
            voice = self.made.voice(self.facts)
            if message in voiceless(**voice):
                return "voice"
            for name, text in self.made.texts().items():
                if text and name in self.fields and message in text_problems(text, voice):
                    return name
        for words, name in self.where:
            if re.search(words, message):
                return name
        return self.main or None

    def save(self) -> None:
        """Write it into the draft: within draft.editing()."""
        made = self.made
        if isinstance(made, Spoken) and "voice" in self.changed_data:
            made = made.in_language(made.voice(self.facts)["language"])
        self.step.name = self.cleaned_data["name"]
        self.step.settings = made.settings()
        self.step.save()
        set_ways(self.step, self.ways())

    # Showing them

    def warnings(self) -> list[str]:
        """What may not be as it is meant, of what is saved."""
        words = {on: words_in(way.words) for on, way in self.led.items()}
        return self.now.warnings(replace(self.facts, branches=words))

    @property
    def voice_words(self) -> str:
        """The voice in which it is read now."""
        return self._shown("voice", self.initial.get("voice"))

    def read_only(self) -> list[tuple[str, str]]:
        """The same for those who may not change it: label and what is there."""
        return [(str(field.label), self._shown(name, self.initial.get(name))) for name, field in self._labelled()]

    def _labelled(self) -> list[tuple[str, forms.BoundField]]:
        return [(name, self[name]) for name in self.fields]

    def _shown(self, name: str, value: Any) -> str:
        if name.startswith("on_"):
            return self.reach.words(str(value))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Chosen):
            return str(value) if value.language else f"The flow’s voice: {Chosen(**self.facts.voice)}"
        if value in ("", None, []):
            return NOTHING
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value))


def field_for(name: str, hint: Any, facts: Facts) -> forms.Field:
    """Make the input for a setting of this type."""
    label = name.replace("_", " ").capitalize()
    options: dict[str, Any] = {"label": label, "required": False}
    optional = get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)
    plain = next((one for one in get_args(hint) if one is not type(None)), hint) if optional else hint
    if name == "hours" or name == "sound" or name.endswith("_sound"):
        return things_field(label, facts, sounds="sound" in name)
    if plain is bool:
        return forms.BooleanField(**options)
    if plain in (int, float):
        field = forms.IntegerField if plain is int else forms.FloatField
        return field(**options | {"required": not optional})
    if plain is str:
        return SpokenText(**options) if LONG.search(name) else forms.CharField(**options)
    return PlainJSONField(empty=dict if get_origin(plain) is dict else list, **options)


def things_field(label: str, facts: Facts, *, sounds: bool) -> forms.TypedChoiceField:
    """One of the sounds or opening hours there are."""
    there = {pk: sound.name for pk, sound in facts.sounds.items()} if sounds else dict(facts.hours)
    choices: list[Any] = [("", "None"), *sorted(there.items(), key=lambda item: item[1])]
    return forms.TypedChoiceField(label=label, choices=choices, coerce=int, empty_value=None, required=False)


class PlainJSONField(forms.JSONField):
    """JSON that people write. Nothing written is an empty list, or what `empty` makes."""

    def __init__(self, *, empty: Callable[[], Any] = list, **options: Any) -> None:
        self.empty = empty
        options.setdefault("required", False)
        widget = forms.Textarea(attrs={"rows": 8, "class": "code", "spellcheck": "false"})
        super().__init__(widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return self.empty() if found is None else found

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
