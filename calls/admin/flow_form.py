"""The form of a flow itself: its name, its voice, the numbers that point at it, and the places of its steps."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from calls.admin.voices import Chosen, VoiceField
from calls.flows import draft
from calls.flows.routing import directory
from calls.models import CallFlow, PhoneNumber, User
from calls.vonage import numbers

MOST_SHOWN = 20  # numbers that the page names
VOICE = ("language", "style", "premium")


class FlowForm(forms.ModelForm):  # type: ignore[type-arg]
    """`places` are those of steps that were given another one; numbers change hands as soon as it is saved."""

    voice = VoiceField(label="Voice", help_text="For every step that has no voice of its own.")
    add_numbers = forms.CharField(
        label="Add",
        required=False,
        widget=forms.TextInput(
            attrs={"list": "other-numbers", "autocomplete": "off", "placeholder": "+44 20 7946 0000"}
        ),
    )
    take_numbers = forms.ModelMultipleChoiceField(queryset=PhoneNumber.objects.none(), required=False)
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    by: User | None = None  # set by the admin, with what they may do
    may_change_numbers = False

    class Meta:
        model = CallFlow
        fields = ["name"]
        help_texts = {"name": "What people here call it: Orders line."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["voice"] = Chosen(*(getattr(self.instance, name) for name in VOICE))
        self.places: dict[int, int] = {}
        self.added: list[PhoneNumber] = []
        if self.instance.pk:
            self.initial["stamp"] = draft.stamp_of(self.instance)
            pointing = PhoneNumber.objects.filter(flow=self.instance)
            self.fields["take_numbers"].queryset = pointing  # type: ignore[attr-defined]

    def clean_add_numbers(self) -> str:
        """Find the numbers that were typed, with commas between them."""
        typed = [part for part in self.cleaned_data["add_numbers"].split(",") if part.strip()]
        for part in typed:
            msisdn = numbers.typed(part.strip())
            found = PhoneNumber.objects.filter(msisdn=msisdn).select_related("flow").first()
            if found is None:
                raise ValidationError(f"“{part.strip()[:40]}” is no number of ours. Add it under Numbers first.")
            self.added.append(found)
        return ", ".join(typed)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("add_numbers") or cleaned.get("take_numbers")) and not self.may_change_numbers:
            raise ValidationError("You may not give numbers another flow. Ask somebody who may change numbers.")
        if self.instance.pk:
            now = CallFlow.objects.select_for_update().get(pk=self.instance.pk)
            if cleaned.get("stamp", "") != draft.stamp_of(now):
                draft.refuse(now, self.by)
            self._read_places()
        return cleaned

    def _read_places(self) -> None:
        for pk, position in self.instance.steps.in_order().values_list("pk", "position"):
            typed = self.data.get(f"place-{pk}", "").strip()
            if not typed:
                continue
            if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
                raise ValidationError(f"“{typed[:20]}” is no place. Write a number: 1 is heard first.")
            if int(typed) != position:
                self.places[pk] = int(typed)

    def write(self) -> None:
        """Save it all: within a transaction."""
        flow = self.instance
        chosen = self.cleaned_data["voice"]
        changed = {"name", "voice"} & set(self.changed_data) or self.places or not flow.pk
        for name in VOICE:
            setattr(flow, name, getattr(chosen, name))
        if not flow.pk:
            flow.changed_by = self.by
        flow.save()
        if "voice" in self.changed_data:
            draft.speak(flow)
        draft.reorder(flow, self.places)
        if changed:
            flow.touch(self.by)
        self._hand_over()

    def _hand_over(self) -> None:
        taken = list(self.cleaned_data.get("take_numbers") or ())
        for number in taken:
            number.flow = None
            number.save(update_fields=["flow"])
        for number in self.added:
            number.flow = self.instance
            number.save(update_fields=["flow"])
        if taken or self.added:
            transaction.on_commit(directory.look, robust=True)
