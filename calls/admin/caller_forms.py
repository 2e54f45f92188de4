"""The forms about callers: contacts, who is blocked, who is led elsewhere. Numbers and tags as people type them."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from calls.control.callers import (
    countryless,
    identities,
    next_position,
    rule_number,
    rule_tag,
    rule_taken,
    too_wide,
    unspeakable,
)
from calls.models import Block, BlockAction, CallerRule, CallFlow, Contact, PhoneNumber, Tag
from calls.models.callers import tag_name
from calls.vonage import numbers

OFFERED = 200
Read = TypeVar("Read")


class Offering(forms.TextInput):
    """A line to type in, with a list of what there is to choose from."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs={"autocomplete": "off", **attrs})
        self.offered: Iterable[tuple[str, str]] = ()  # what is filled in, and what it is called

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = {**(attrs or {}), "list": f"{name}-offered"}
        options = format_html_join("", '<option value="{}">{}</option>', self.offered)
        line = super().render(name, value, given, renderer)
        return format_html("{}<datalist{}>{}</datalist>", line, flatatt({"id": given["list"]}), options)


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """Once valid, `cleaned_data` has "parties", identities, and "tag_words", names of tags."""

    parties = forms.CharField(
        label="Numbers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "+44 7700 900123"}),
        help_text="One a line, with the country code. A SIP address will do, too: sip:anna@example.com.",
    )
    tag_words = forms.CharField(
        label="Tags", required=False, max_length=400, widget=forms.TextInput(attrs={"class": "vTextField"})
    )
    field_order = ["name", "parties", "tag_words", "note"]

    class Meta:
        model = Contact
        fields = ["name", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"note": "For people here. Callers never hear it."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            lines = [numbers.shown(party) for party in self.instance.numbers.values_list("party", flat=True)]
            self.initial.setdefault("parties", "\n".join(lines))
            self.initial.setdefault("tag_words", ", ".join(tag.name for tag in self.instance.tags.all()))
        used = list(Tag.objects.in_use().values_list("name", flat=True)[:30])
        here = f" In use: {', '.join(used)}." if used else ""
        if "tag_words" in self.fields:
            self.fields["tag_words"].help_text = f"Words with commas between them: vip, supplier.{here}"

    def clean_name(self) -> str:
        return " ".join(numbers.visible(str(self.cleaned_data["name"]), but=numbers.JOINERS).split())

    def clean_parties(self) -> list[str]:
        lines = list(filter(str.strip, str(self.cleaned_data["parties"]).splitlines()))
        try:
            return identities(self.instance, lines)
        except ValidationError as error:
            raise ValidationError(error.messages) from error

    def clean_tag_words(self) -> list[str]:
        tags = [name for name in map(tag_name, str(self.cleaned_data["tag_words"]).split(",")) if name]
        if long := [name for name in tags if len(name) > 40]:
            raise ValidationError(f"“{long[0][:60]}” is longer than 40 letters. A tag is a word or two.")
        return tags


class BlockForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom to stop. `sure` is asked for only where a beginning may be that of a whole country."""

    sure = forms.BooleanField(label="Yes, block all of them", required=False, widget=forms.HiddenInput)
    field_order = ["kind", "pattern", "sure", "action", "text", "note"]

    class Meta:
        model = Block
        fields = ["kind", "pattern", "action", "text", "note"]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "pattern": forms.TextInput(attrs={"class": "vTextField", "placeholder": "+44 7700 900123"}),
        }
        help_texts = {
            "pattern": "With its country code, or how numbers begin: +44 7700. Empty for callers who hide theirs.",
            "text": "For “Say a sentence”. Spoken in the voice of the number that was called.",
            "note": "Why, for people here.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and self.instance.pattern:
            self.initial["pattern"] = str(self.instance).rstrip("…")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = str(cleaned.get("pattern") or "")
        if question := too_wide(str(cleaned.get("kind")), typed):
            self.fields["sure"].widget = forms.CheckboxInput()
            if not cleaned.get("sure"):
                self.add_error("sure", question)
        if reason := countryless(str(cleaned.get("kind")), typed):
            self.add_error("pattern", reason)
            cleaned["pattern"] = typed  # else the model asks for one as well
        if cleaned.get("action") == BlockAction.MESSAGE and str(cleaned.get("text") or "").strip():
            text = cleaned["text"] = str(cleaned["text"]).replace("\r\n", "\n")
            for reason in unspeakable(text):
                self.add_error("text", reason)
        return cleaned


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which callers go where. Tag and number are typed, with what there is on offer."""

    tag_word = forms.CharField(
        label="Callers with the tag",
        max_length=40,
        widget=Offering(placeholder="vip"),
        help_text="As contacts have it.",
    )
    called = forms.CharField(
        label="When they call",
        required=False,
        widget=Offering(placeholder="any number of ours"),
        help_text="One of our numbers. Empty: any of them.",
    )
    flow = forms.ModelChoiceField(label="Go to the flow", queryset=CallFlow.objects.all())
    field_order = ["tag_word", "called", "flow", "position"]

    class Meta:
        model = CallerRule
        fields = ["flow", "position"]
        help_texts = {"position": "Rules are tried from 1 on. The first that fits decides."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial.setdefault("tag_word", self.instance.tag.name)
            self.initial.setdefault(
                "called", numbers.shown(self.instance.number.msisdn) if self.instance.number else ""
            )
        else:
            self.initial.setdefault("position", next_position())
        if isinstance(tags := getattr(self.fields.get("tag_word"), "widget", None), Offering):
            tags.offered = [(tag.name, "") for tag in Tag.objects.in_use()[:OFFERED]]
        if isinstance(called := getattr(self.fields.get("called"), "widget", None), Offering):
            ours = PhoneNumber.objects.values_list("msisdn", "label")[:OFFERED]
            called.offered = [(numbers.shown(msisdn), label) for msisdn, label in ours]

    def clean_tag_word(self) -> str:
        return of_field(rule_tag, str(self.cleaned_data["tag_word"]))

    def clean_called(self) -> PhoneNumber | None:
        return of_field(rule_number, str(self.cleaned_data["called"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"tag_word", "called"} <= cleaned.keys() and (
            reason := rule_taken(cleaned["tag_word"], cleaned["called"], but=self.instance)
        ):
            self.add_error("tag_word", reason)
        return cleaned


def of_field(read: Callable[[str], Read], typed: str) -> Read:
    """Read what was typed into a field, which may have another name here. Raises ValidationError."""
    try:
        return read(typed)
    except ValidationError as error:
        raise ValidationError(error.messages) from error


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The position of a rule, in the list of them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and "position" in self.fields:
            self.fields["position"].widget.attrs["aria-label"] = f"Position of the rule for {self.instance.tag}"
