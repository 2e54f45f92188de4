"""The fields of a greeting: what callers hear and in which voice. Read into a `Greeting`, or refused with reasons."""

from dataclasses import dataclass
from typing import Any

from django import forms

from calls.admin.voices import Chosen, VoiceField
from calls.flows.steps import NOTHING_KNOWN, Greeting
from calls.flows.steps.spoken import silences
from calls.vonage import ncco
from calls.vonage.ncco import Ncco, Problem
from calls.vonage.ncco.spoken import MAX_TEXT

FIELDS = ["text", "voice"]


class GreetingForm(forms.Form):
    """Once valid, `greeting` is what was filled in."""

    text = forms.CharField(
        label="Greeting",
        widget=forms.Textarea(
            attrs={"rows": 4, "aria-describedby": "id_text_count id_text_helptext", "data-spoken": True}
        ),
        error_messages={"required": "The text is empty, so there is nothing to say. Write what callers hear."},
        help_text=f"Up to {MAX_TEXT:,} characters: plain text, or SSML in <code>&lt;speak&gt;…&lt;/speak&gt;</code>.",
    )
    voice = VoiceField()

    greeting: Greeting

    def clean_text(self) -> str:
        # Browsers send each line's end as two characters, of which Vonage would count both.
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"text", "voice"} <= cleaned.keys():
            return cleaned
        voice: Chosen = cleaned["voice"]
        self.greeting = Greeting(cleaned["text"], voice.language, voice.style, voice.premium)
        for problem in ncco.errors(self.greeting.actions()):
            self.add_error("text", reason(problem))
        for message in silences(self.greeting.text):
            self.add_error("text", message)
        return cleaned


def values_of(greeting: Greeting) -> dict[str, Any]:
    """Give the fields' values for a greeting."""
    return {"text": greeting.text, "voice": Chosen(**greeting.voice(NOTHING_KNOWN))}


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
    return str(Chosen(**greeting.voice(NOTHING_KNOWN)))


def reason(problem: Problem) -> str:
    """Put a problem of the one talk action as it reads beside its field: without "Action 1 (talk):"."""
    words = problem.message.partition(": ")[2] or problem.message
    return f"The {words}" if words.startswith("text ") else words[:1].upper() + words[1:]
