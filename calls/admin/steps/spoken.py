"""Forms of steps that speak: greetings, questions, the last words."""

from typing import Any

from django import forms

from calls.admin.steps.form import SpokenText, StepForm, VolumeField
from calls.admin.steps.keys import KeysField
from calls.admin.steps.targets import code_of
from calls.flows.draft import Way
from calls.flows.naming import KEYS
from calls.vonage.ncco.spoken import MAX_TEXT

FILLED = (
    "May name {caller.name}, {caller.number}, {number.label} and {hours.next_open}. "
    f"Up to {MAX_TEXT:,} characters, plain or SSML in <speak>…</speak>."
)
BEFORE_AGAIN = "Said before it asks again. May be empty."


class GreetingStepForm(StepForm):
    main = "text"
    where = (("loop|for ever|times", "loop"), ("level", "level"))
    order = ("name", "text", "voice", "loop", "level")

    text = SpokenText(rows=3, help_text=FILLED)
    loop = forms.IntegerField(label="Said", min_value=1, max_value=20, help_text="times.")
    level = VolumeField(label="Volume")

    def prepare(self) -> None:
        self.initial["level"] = self.fields["level"].keep(self.initial["level"])  # type: ignore[attr-defined]

    def field_of(self, message: str) -> str | None:
        return super().field_of(message.partition(": ")[2] or message) or "text"


class MenuForm(StepForm):
    main = "prompt"
    where = (
        ("no prompt", "prompt"),
        (r"no key|two keys|at two", "keys"),
        (r"waits .* for a key", "seconds"),
        ("asks .* times", "tries"),
    )
    end_labels = {"end": "Then goes to"}
    order = ("name", "prompt", "keys", "speech", "seconds", "nothing", "wrong", "tries", "on_end", "voice")

    prompt = SpokenText(rows=3, help_text=f"The caller may press before it ends. {FILLED}")
    keys = KeysField(label="Keys")
    speech = forms.BooleanField(label="Words", required=False, help_text="Callers may say the words instead of a key.")
    seconds = forms.IntegerField(label="Waits", min_value=1, max_value=10, help_text="seconds for a key.")
    nothing = SpokenText(rows=1, label="No answer", help_text=f"After silence. {BEFORE_AGAIN}")
    wrong = SpokenText(rows=1, label="Not a choice", help_text=f"After a key or word of no line. {BEFORE_AGAIN}")
    tries = forms.IntegerField(label="Asks", min_value=1, max_value=9, help_text="times in all.")

    def prepare(self) -> None:
        keys = self.fields["keys"]
        assert isinstance(keys, KeysField)  # noqa: S101 - declared above
        keys.offer(self.reach)
        ways = [self.led[key] for key in KEYS if key in self.led]
        self.initial["keys"] = [{"key": way.on, "goes": code_of(way), "words": way.words} for way in ways]

    def ways(self) -> list[Way]:
        return [*(self.cleaned_data.get("keys") or []), *super().ways()]

    def _shown(self, name: str, value: Any) -> str:
        if name == "keys":
            lines = [f"{line['key']}: {self.reach.words(line['goes'])}" for line in value]
            return "; ".join(lines) or "none"
        return super()._shown(name, value)


class DigitsForm(StepForm):
    main = "prompt"
    where = (
        ("no prompt", "prompt"),
        ("Name what is keyed in", "keep"),
        (r"takes .* digits", "most"),
        (r"waits .* for a digit", "seconds"),
        ("asks .* times", "tries"),
    )
    end_labels = {"nothing": "Nothing keyed in"}
    order = ("name", "prompt", "keep", "most", "hash", "seconds", "nothing", "tries", "on_nothing", "voice")

    prompt = SpokenText(rows=3, help_text=FILLED)
    keep = forms.CharField(label="Kept as", max_length=40, help_text="As the call’s page will show it: Order number.")
    most = forms.IntegerField(label="Up to", min_value=1, max_value=20, help_text="digits.")
    hash = forms.BooleanField(label="Ends with #", required=False, help_text="Callers press # when they are done.")
    seconds = forms.IntegerField(label="Waits", min_value=1, max_value=10, help_text="seconds for each digit.")
    nothing = SpokenText(rows=1, label="Said after nothing", help_text=BEFORE_AGAIN)
    tries = forms.IntegerField(label="Asks", min_value=1, max_value=9, help_text="times in all.")


class HangUpForm(StepForm):
    main = "text"
    text = SpokenText(label="Says", help_text=f"Before the call ends. May be empty. {FILLED}")
