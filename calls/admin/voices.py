"""The voice picker: a form field for whatever is read to callers, for every form that has one.

Without scripts it is one list of all voices, a box for an old name and one for premium. With voices.js the language
comes first, and its voices are cards to choose from and to listen to: they say the nearest input that has the
attribute data-spoken. The form's media bring the script.
"""

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from calls.models import CallFlow, Step
from calls.vonage import voices
from calls.vonage.voices import Voice

DOCUMENTATION = "https://developer.vonage.com/en/voice/voice-api/concepts/text-to-speech#supported-languages"


@dataclass(frozen=True)
class Chosen:
    """A voice as steps keep it: settings of these three names. Without a language it is the flow's voice."""

    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def code(self) -> str:
        return f"{self.language}:{self.style}" if self.language else ""

    def __str__(self) -> str:
        """Name it: "English (Australia), style 3, male, was Russell"."""
        voice = voices.find(self.language, self.style)
        if voice is None:
            return f"{self.language}, style {self.style}"
        premium = ", premium" if self.premium and not voice.premium_only else ""
        return f"{voice.language_name}, {voice.label[0].lower()}{voice.label[1:]}{premium}"


FLOWS_VOICE = Chosen()


def old_names() -> list[str]:
    """Every voice name of before 2020, in order."""
    return sorted({name for voice in voices.VOICES for name in names_of(voice)})


def names_of(voice: Voice) -> list[str]:
    return [name for name in (voice.name, *voice.redirected_names) if name]


def as_typed(chosen: Chosen) -> dict[str, Any]:
    """Give what the form's inputs hold for a voice."""
    return {"code": chosen.code, "old_name": "", "premium": chosen.premium}


class VoicePicker(forms.Widget):
    """`default` is the voice that applies where none is chosen: then that is the first choice."""

    template_name = "admin/calls/voices/picker.html"
    use_fieldset = True
    default: Chosen | None = None

    class Media:
        js = [Script("calls/voices.js", defer=True)]

    def id_for_label(self, id_: str) -> str:
        return ""  # there are several inputs: the fieldset's legend names them

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, Any]:
        return {
            "code": data.get(name) or "",
            "old_name": (data.get(f"{name}_old_name") or "").strip(),
            "premium": forms.CheckboxInput().value_from_datadict(data, files, f"{name}_premium"),
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_old_name" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given: dict[str, Any] = value if isinstance(value, dict) else as_typed(value or FLOWS_VOICE)
        context = {"name": name, "id": (attrs or {}).get("id") or f"id_{name}", "given": given}
        context |= {"default": self.default, "documentation": DOCUMENTATION}
        context |= {"options": options(given["code"], flows_by_voice())}
        return mark_safe(render_to_string(self.template_name, context))  # noqa: S308 - a template's own text


class VoiceField(forms.Field):
    """Cleans to a Chosen. `default` is the flow's voice, where leaving the choice to the flow is allowed."""

    widget = VoicePicker

    def __init__(self, *, default: Chosen | None = None, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.default = default

    @property
    def default(self) -> Chosen | None:
        return self._default

    @default.setter
    def default(self, default: Chosen | None) -> None:
        self._default = self.widget.default = default

    def clean(self, value: Any) -> Chosen:
        if value["old_name"]:
            voice = self.by_old_name(value["old_name"])
        elif value["code"]:
            found = voices.by_code(value["code"])
            if found is None:
                raise ValidationError(f"There is no voice “{value['code'][:40]}”. Choose one of the list.")
            voice = found
        elif self.default:
            return FLOWS_VOICE
        else:
            raise ValidationError("No voice is chosen. Choose one, or fill in an old name.")
        return Chosen(voice.language, voice.style, _premium(voice, value["premium"]))

    def by_old_name(self, name: str) -> Voice:
        found = voices.by_name(name[:40])
        if found:
            return found
        near = difflib.get_close_matches(name[:40].title(), old_names(), n=1)
        meant = f"Did you mean {near[0]}?" if near else "Choose a voice from the list, and leave the old name empty."
        raise ValidationError(f"No voice was ever called “{name[:40]}”. {meant}")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True


def _premium(voice: Voice, wanted: bool) -> bool:
    """Refuse what the voice cannot do, and what would cost more than somebody chose."""
    if wanted and not voice.premium:
        raise ValidationError(f"The voice {voice} has no premium variant. Switch premium off.")
    if voice.premium_only and not wanted:
        raise ValidationError(f"The voice {voice} is premium only, which costs more. Switch premium on.")
    return wanted


def flows_by_voice() -> Counter[str]:
    """Count the flows that speak with each voice, by its code: in a step of its own voice, or in one that has none."""
    flows = CallFlow.objects.order_by().values_list("pk", "language", "style")
    default = {flow: f"{language}:{style}" for flow, language, style in flows}
    steps = Step.objects.filter(settings__language__isnull=False).order_by()
    spoken = {
        (flow, f"{language}:{style}" if language else default.get(flow, ""))
        for flow, language, style in steps.values_list("flow_id", "settings__language", "settings__style").distinct()
    }
    return Counter(code for _, code in spoken)


def options(code: str, used: Mapping[str, int]) -> SafeString:
    """Every voice as an option, grouped by language, this one selected. One that we don't know stands first.

    `used` says how many flows speak with a voice.
    """
    html: str = _options()
    for one, count in used.items():
        flows = "one flow" if count == 1 else f"{count:,} flows"
        html = html.replace(f'value="{one}"', f'value="{one}" data-used="{flows}"', 1) if voices.by_code(one) else html
    if code and not voices.by_code(code):
        language, _, style = code[:40].partition(":")
        unknown = '<optgroup label="{0}" data-language="{0}"><option value="{1}" selected>{2}</option></optgroup>'
        first = format_html(unknown, language, code[:40], f"Style {style}, which is not in the list")
        return mark_safe(first + html)  # noqa: S308 - both are made here
    return mark_safe(html.replace(f'value="{code}"', f'value="{code}" selected', 1))  # noqa: S308 - a known code


@cache
def _options() -> SafeString:
    groups = [
        format_html(
            '<optgroup label="{}" data-language="{}">{}</optgroup>',
            name,
            language,
            mark_safe("".join(map(_option, voices.styles(language)))),  # noqa: S308 - made below
        )
        for language, name in voices.languages()
    ]
    return mark_safe("".join(groups))  # noqa: S308 - made above


def _option(voice: Voice) -> SafeString:
    """What voices.js makes a card of. What most voices have is not said."""
    facts = {"gender": voice.gender, "names": "|".join(names_of(voice))}
    facts["premium"] = "only" if voice.premium_only else "yes" if voice.premium else ""
    facts["ssml"] = "" if voice.ssml else "no"
    said = [format_html(' data-{}="{}"', name, fact) for name, fact in facts.items() if fact]
    return format_html('<option value="{}"{}>{}</option>', voice.code, mark_safe("".join(said)), voice.label)  # noqa: S308
