"""The fields of opening hours: a row for each day, with the times as people write them."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from calls.control.hours import MOST_CHARACTERS, message_problems, refusals
from calls.control.week import EMPTY, MOST_SPANS, day_of, rows_of_week
from calls.flows.hours import in_words
from calls.flows.hours_data import name_of
from calls.flows.hours_words import Spans
from calls.models import Closure, OpeningHours, OpenSpan, OverrideState, Weekday
from calls.models.hours import DAYS, clock_of

OFFICE = [(540, 1020)]  # what a new week begins with, Monday to Friday


class DayWidget(forms.Widget):
    """Pairs of times, with room for one more. Gives what was typed: [("09:00", "17:30"), …]."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        pairs = [(data.get(f"{name}-{n}-opens", ""), data.get(f"{name}-{n}-closes", "")) for n in range(MOST_SPANS)]
        return [(opens.strip(), closes.strip()) for opens, closes in pairs if opens.strip() or closes.strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-opens"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = [tuple(one if isinstance(one, str) else clock_of(one) for one in pair) for pair in value or []]
        room = min(max(2, len(given) + (len(given) > 1)), MOST_SPANS)
        pairs = [*given, *[("", "")] * (room - len(given))]
        described = {key: text for key, text in (attrs or {}).items() if key.startswith("aria-")}
        context = {
            "name": name,
            "day": name.capitalize(),
            "pairs": pairs,
            "spare": room > 2,
            "attributes": flatatt(described),
        }
        return render_to_string("admin/calls/openinghours/day.html", context)


class DayField(forms.Field):
    """When it is open on a day: spans in minutes after midnight, in order."""

    widget = DayWidget

    def clean(self, value: Any) -> Spans:
        return day_of(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.clean(data) != [tuple(pair) for pair in initial or []]
        except ValidationError:
            return True


class HoursForm(forms.ModelForm):  # type: ignore[type-arg]
    """A schedule with its week. `edited` is when the schedule was changed last, as the page knew it."""

    monday, tuesday, wednesday, thursday = (DayField(required=False) for _ in range(4))
    friday, saturday, sunday = (DayField(required=False) for _ in range(3))
    edited = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = OpeningHours
        fields = ["name", "time_zone"]
        widgets = {"time_zone": forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"})}
        help_texts = {
            "name": "What people here call it: Shop, Workshop, Support.",
            "time_zone": "All times below are meant there, in summer and in winter.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        week = spans_of(self.instance) if self.instance.pk else dict.fromkeys(DAYS[:5], OFFICE)
        for day, name in enumerate(DAYS):
            self.initial[name] = week.get(name, [])
            if name in self.fields:
                self.fields[name].label = str(Weekday(day).label)
        if self.instance.pk:
            self.initial["edited"] = self.instance.changed_at.isoformat()

    @property
    def week(self) -> list[OpenSpan]:
        """What was filled in, as rows that are not saved."""
        return rows_of_week(self.instance, {name: self.cleaned_data[name] for name in DAYS})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and cleaned.get("edited") != self.instance.changed_at.isoformat():
            raise ValidationError(self._meanwhile(), code="edited")
        if all(name in cleaned for name in DAYS) and not any(cleaned[name] for name in DAYS):
            self.add_error("monday", EMPTY)
        return cleaned

    def _meanwhile(self) -> str:
        who = name_of(self.instance.changed_by) or "Somebody else"
        at = in_words(self.instance.changed_at, timezone.now(), timezone.get_current_timezone())
        return (
            f"{who} changed these hours {at}, after you had opened this page, so yours were not saved over them. "
            "Open the page again, in a second tab if you want to compare, and make your change there."
        )


def spans_of(hours: OpeningHours) -> dict[str, Spans]:
    """Give the week as the form has it: {"monday": [(540, 1020)], …}, without closed days."""
    week: dict[str, Spans] = {}
    for span in hours.spans.all():
        week.setdefault(DAYS[span.weekday], []).append((span.opens, span.closes))
    return week


def _named(widget: type[forms.Widget], name: str, **attrs: Any) -> forms.Widget:
    return widget(attrs={"aria-label": name, **attrs})


class Date(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class ClosureForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row of the closures. Without a last day it is one day long."""

    last_day = forms.DateField(required=False, widget=_named(Date, "Last day"))

    class Meta:
        model = Closure
        fields = ["name", "first_day", "last_day", "yearly", "message"]
        widgets = {
            "name": _named(forms.TextInput, "Name of the closure", placeholder="Christmas"),
            "first_day": _named(Date, "First day"),
            "yearly": _named(forms.CheckboxInput, "Every year"),
            "message": _named(forms.Textarea, "What callers hear", rows=2, placeholder="We open {hours.next_open}."),
        }

    def clean_last_day(self) -> Any:
        last, first = self.cleaned_data["last_day"], self.cleaned_data.get("first_day")
        if first and last and last < first:
            raise ValidationError("It ends before it begins: the last day must not be before the first.")
        return last or first

    def clean_message(self) -> str:
        message = str(self.cleaned_data["message"]).replace("\r\n", "\n")
        problems = message_problems(message)
        if problems:
            raise ValidationError(problems)
        return message


class Moment(forms.DateTimeInput):
    """The browser's own clock and calendar."""

    input_type = "datetime-local"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class ClosureFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """The rows of the closures; each box says what it would delete."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = f"Delete {form.instance.name or 'this closure'}"


class OverrideForm(forms.Form):
    """Open or closed for a while. Its fields name the form "override-form", which stands beside the admin's."""

    state = forms.ChoiceField(choices=OverrideState.choices)
    until = forms.DateTimeField(
        widget=Moment(form="override-form"),
        error_messages={
            "required": "It would never end. Say until when.",
            "invalid": "This is no time. Write it as 2026-12-24 15:00.",
        },
    )
    since = forms.DateTimeField(
        label="From", required=False, widget=Moment(form="override-form"), help_text="Empty: from now."
    )
    message = forms.CharField(
        label="Callers hear",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2, "form": "override-form"}),
        help_text="Before what they hear when it is closed. It may name {hours.next_open}.",
    )

    def clean_message(self) -> str:
        return str(self.cleaned_data["message"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        until: datetime | None = cleaned.get("until")
        if until and "state" in cleaned:
            for name, reason in refusals(
                cleaned["state"], until, cleaned.get("message", ""), cleaned.get("since")
            ).items():
                self.add_error(name, reason)
        return cleaned
