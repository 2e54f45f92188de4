"""Forms of steps that neither speak nor put through: where to go on, sounds, silence, notices, raw NCCO."""

import json
from typing import Any

from django import forms

from calls.admin.steps.form import PlainJSONField, StepForm, VolumeField


class GoToForm(StepForm):
    main = "on_next"
    end_labels = {"next": "Goes on to"}

    def prepare(self) -> None:
        choice = self.fields["on_next"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - made of the kind's ends
        choice.choices = self.reach.choices(blank="Choose…", plain=False)
        choice.required = False  # the kind says it better
        if "next" not in self.led:
            self.initial["on_next"] = ""


class HoursForm(StepForm):
    main = "hours"
    end_labels = {"open": "When open", "closed": "When closed"}


class AudioForm(StepForm):
    main = "sound"
    where = (("Empty the other|streamUrl|URL", "url"), ("for ever|loop", "loop"), ("level", "level"))
    order = ("name", "sound", "url", "loop", "level")

    url = forms.CharField(label="Or from", required=False, help_text="The address of a sound elsewhere: https://…")
    loop = forms.IntegerField(label="Played", min_value=1, max_value=20, help_text="times.")
    level = VolumeField(label="Volume")

    def prepare(self) -> None:
        self.fields["sound"].label = "Sound file"
        self.initial["level"] = self.fields["level"].keep(self.initial["level"])  # type: ignore[attr-defined]


class NotifyForm(StepForm):
    main = "url"
    where = (("payload|placeholder|{", "payload"),)
    order = ("name", "url", "payload", "method")

    url = forms.CharField(label="Tells", required=False, help_text="The address that Vonage asks: https://…")
    payload = PlainJSONField(
        label="Sends", empty=dict, help_text="An object, as JSON. Its texts may name {caller.number} and the like."
    )
    method = forms.ChoiceField(label="By", choices=[("POST", "POST"), ("GET", "GET")])

    def clean_payload(self) -> Any:
        if not isinstance(self.cleaned_data["payload"], dict):
            raise forms.ValidationError("What is sent is an object. Put it into braces: {“topic”: “orders”}.")
        return self.cleaned_data["payload"]


class WaitForm(StepForm):
    main = "seconds"
    seconds = forms.FloatField(label="Silence", help_text="seconds.")


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
