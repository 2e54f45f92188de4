"""The fields of a greeting: what callers hear and in which voice. Read into a `Greeting`, or refused with reasons."""

import difflib
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from calls.flows.steps import NOTHING_KNOWN, Greeting
from calls.flows.steps.spoken import silences, voiceless
from calls.vonage import ncco, voices
from calls.vonage.ncco import Ncco, Problem
from calls.vonage.ncco.spoken import MAX_TEXT
from calls.vonage.voices import Voice

FIELDS = ["text", "voice", "old_name", "premium"]


@dataclass(frozen=True)
class OldName:
    """A voice name of before 2020, as the list behind its field offers it."""

    name: str
    voice: Voice


def old_names() -> list[OldName]:
    """Every old name with the voice it means, by name."""
    names = {name for voice in voices.VOICES for name in (voice.name, *voice.redirected_names) if name}
    return [OldName(name, voice) for name in sorted(names) if (voice := voices.by_name(name))]


class VoiceSelect(forms.Select):
    """Every voice, grouped by language. An option says whether its voice has a premium variant: "no", "yes", "only"."""

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        voice = voices.by_code(str(value))
        if voice:
            option["attrs"]["data-premium"] = "only" if voice.premium_only else "yes" if voice.premium else "no"
        return option


class GreetingForm(forms.Form):
    """Once valid, `greeting` is what was filled in."""

    text = forms.CharField(
        label="Greeting",
        widget=forms.Textarea(attrs={"rows": 4, "aria-describedby": "id_text_count id_text_helptext"}),
        error_messages={"required": "The text is empty, so there is nothing to say. Write what callers hear."},
        help_text=f"Up to {MAX_TEXT:,} characters: plain text, or SSML in <code>&lt;speak&gt;…&lt;/speak&gt;</code>.",
    )
    voice = forms.ChoiceField(choices=voices.choices, widget=VoiceSelect, required=False)
    old_name = forms.CharField(
        label="Or an old voice name",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"list": "old-names", "autocomplete": "off", "placeholder": "Russell"}),
        help_text="From before voices had numbers. Filled in, it decides.",
    )
    premium = forms.BooleanField(
        label="Premium voice", required=False, help_text="Sounds more natural and costs more. Not every voice has it."
    )

    greeting: Greeting

    def clean_text(self) -> str:
        # Browsers send each line's end as two characters, of which Vonage would count both.
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean_old_name(self) -> Voice | None:
        name = self.cleaned_data["old_name"]
        if not name:
            return None
        found = voices.by_name(name)
        if found:
            return found
        near = difflib.get_close_matches(name.title(), [old.name for old in old_names()], n=1)
        meant = f"Did you mean {near[0]}?" if near else "Choose a voice from the list above, and leave this empty."
        raise ValidationError(f"No voice was ever called “{name}”. {meant}")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"text", "voice", "old_name"} <= cleaned.keys():
            return cleaned
        voice = cleaned["old_name"] or voices.by_code(cleaned["voice"])
        if voice is None:
            self.add_error("voice", "No voice is chosen. Choose one, or fill in an old name.")
            return cleaned
        self.greeting = Greeting(cleaned["text"], voice.language, voice.style, cleaned.get("premium", False))
        for problem in ncco.errors(self.greeting.actions()):
            self.add_error("text", reason(problem))
        for message in silences(self.greeting.text):
            self.add_error("text", message)
        for message in voiceless(**self.greeting.voice(NOTHING_KNOWN)):
            self.add_error("premium", message)
        return cleaned


def values_of(greeting: Greeting) -> dict[str, Any]:
    """Give the fields' values for a greeting."""
    return {"text": greeting.text, "voice": f"{greeting.language}:{greeting.style}", "premium": greeting.premium}


@dataclass(frozen=True)
class Preview:
    """What a greeting becomes, to be looked at before it is saved."""

    ncco: Ncco
    voice: str
    characters: int
    problems: list[str]
    warnings: list[str]

    most = MAX_TEXT


def preview(greeting: Greeting) -> Preview:
    """Compile a greeting and say all that is wrong or odd about it."""
    actions = greeting.actions()
    found = ncco.check(actions)
    wrong = [problem for problem in found if problem.severity == "error"]
    others = [text for text in greeting.problems() if text not in {problem.message for problem in wrong}]
    odd = [
        problem for problem in found if problem.severity == "warning" and not (others and "text" not in problem.path)
    ]
    return Preview(
        ncco=actions,
        voice=in_words(greeting),
        characters=ncco.spoken_length(greeting.text),
        problems=[*map(reason, wrong), *others],
        warnings=[reason(problem) for problem in odd],
    )


def in_words(greeting: Greeting) -> str:
    """Name the voice: "English (Australia), style 3, male, was Russell"."""
    voice = voices.find(greeting.language, greeting.style)
    if voice is None:
        return f"{greeting.language}, style {greeting.style}"
    premium = ", premium" if greeting.premium and not voice.premium_only else ""
    return f"{voice.language_name}, {voice.label[0].lower()}{voice.label[1:]}{premium}"


def reason(problem: Problem) -> str:
    """Put a problem of the one talk action as it reads beside its field: without "Action 1 (talk):"."""
    words = problem.message.partition(": ")[2] or problem.message
    return f"The {words}" if words.startswith("text ") else words[:1].upper() + words[1:]
