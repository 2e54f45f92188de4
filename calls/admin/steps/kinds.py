"""The forms of the kinds, where they say more than their settings do."""

import json
from typing import Any

from django import forms

from calls.admin.steps.form import PlainJSONField, SpokenText, StepForm
from calls.admin.steps.keys import KeysField
from calls.admin.steps.targets import code_of
from calls.flows.draft import Way
from calls.flows.naming import KEYS
from calls.vonage.ncco.spoken import MAX_TEXT

FILLED = (
    "May name {caller.name}, {caller.number}, {number.label} and {hours.next_open}. "
    f"Up to {MAX_TEXT:,} characters, plain or SSML in <speak>…</speak>."
)
VOLUMES = {-1.0: "much quieter", -0.5: "quieter", 0.0: "normal", 0.5: "louder", 1.0: "much louder"}


class VolumeField(forms.TypedChoiceField):
    """-1 to 1, in words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=float, choices=list(VOLUMES.items()), **options)

    def keep(self, level: float) -> None:
        """Offer a value, too, that somebody set elsewhere."""
        if level not in VOLUMES:
            self.choices = [*VOLUMES.items(), (level, f"{level:g}")]


class GreetingStepForm(StepForm):
    main = "text"
    where = (("loop|for ever|times", "loop"), ("level", "level"))
    order = ("name", "text", "voice", "loop", "level")

    text = SpokenText(rows=3, help_text=FILLED)
    loop = forms.IntegerField(label="Said", min_value=1, max_value=20, help_text="times.")
    level = VolumeField(label="Volume")

    def prepare(self) -> None:
        level = float(self.initial["level"])
        self.initial["level"] = level
        self.fields["level"].keep(level)  # type: ignore[attr-defined]

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
    nothing = SpokenText(rows=1, label="Nothing pressed", help_text="Said before it asks again. May be empty.")
    wrong = SpokenText(rows=1, label="Wrong key", help_text="Said before it asks again. May be empty.")
    tries = forms.IntegerField(label="Asks", min_value=1, max_value=9, help_text="times in all.")

    def prepare(self) -> None:
        keys = self.fields["keys"]
        assert isinstance(keys, KeysField)  # noqa: S101 - declared above
        keys.offer(self.targets)
        ways = [self.led[key] for key in KEYS if key in self.led]
        self.initial["keys"] = [{"key": way.on, "goes": code_of(way), "words": way.words} for way in ways]

    def ways(self) -> list[Way]:
        return [*(self.cleaned_data.get("keys") or []), *super().ways()]

    def _shown(self, name: str, value: Any) -> str:
        if name == "keys":
            lines = [f"{line['key']}: {self.targets.words(line['goes'])}" for line in value]
            return "; ".join(lines) or "none"
        return super()._shown(name, value)


class GoToForm(StepForm):
    main = "on_next"
    end_labels = {"next": "Goes on to"}

    def prepare(self) -> None:
        choice = self.fields["on_next"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - made of the kind's ends
        choice.choices = self.targets.choices(blank="Choose…", plain=False)
        choice.required = False  # the kind says it better
        if "next" not in self.led:
            self.initial["on_next"] = ""


class HangUpForm(StepForm):
    main = "text"
    text = SpokenText(label="Says", help_text=f"Before the call ends. May be empty. {FILLED}")


class HoursForm(StepForm):
    main = "hours"
    end_labels = {"open": "When open", "closed": "When closed"}


class NccoForm(StepForm):
    """Any NCCO. What the platform's rules forbid is refused with the number of its action."""

    main = "actions"
    actions = PlainJSONField(
        label="NCCO",
        help_text="Served action for action as it is given: a list of actions, as Vonage documents them.",
        error_messages={"invalid": "This is no JSON. Write a list of actions: [{“action”: “talk”, “text”: “Hello”}]."},
    )

    def clean_actions(self) -> Any:
        actions = self.cleaned_data["actions"]
        if not isinstance(actions, list) or not all(isinstance(one, dict) for one in actions):
            raise forms.ValidationError("An NCCO is a list of actions, each an object. Put it into square brackets.")
        return actions

    def _shown(self, name: str, value: Any) -> str:
        return json.dumps(value, indent=2, ensure_ascii=False) if name == "actions" else super()._shown(name, value)


FORMS: dict[str, type[StepForm]] = {
    "goto": GoToForm,
    "greeting": GreetingStepForm,
    "hangup": HangUpForm,
    "hours": HoursForm,
    "menu": MenuForm,
    "ncco": NccoForm,
}
