"""Who would answer? The form beside a flow's picture: who calls, when, and what they press. It changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from calls.flows.reading import party_of
from calls.flows.whatif import keys_of
from calls.models import PhoneNumber
from calls.vonage import numbers

PREFIX = "if"
LOCAL = "%Y-%m-%dT%H:%M"


class AskForm(forms.Form):
    """`now`, in the zone of all times here, is the moment where none is given: validate it within that zone. Without
    `has_live` there is but the draft to ask, and without `may_name` contacts are not found by their name.
    """

    caller = forms.CharField(label="Caller", required=False, max_length=255)
    at = forms.DateTimeField(label="When", required=False)
    keys = forms.CharField(label="Keys pressed", required=False, max_length=200)

    def __init__(
        self, rows: Sequence[PhoneNumber], now: datetime, data: Any, *, has_live: bool, may_name: bool
    ) -> None:
        by = [("draft", "this draft"), *([("live", "what is live then")] if has_live else [])]
        super().__init__(data, prefix=PREFIX, auto_id="id_%s", initial={"at": now.strftime(LOCAL)})
        self.rows, self.now, self.may_name = {row.msisdn: row for row in rows}, now, may_name
        self.fields["number"] = _choice("Number", [(row.msisdn, _shown(row)) for row in rows])
        self.fields["phones"] = _choice("Phones that are rung", PHONES)
        self.fields["by"] = _choice("By", by)
        self.fields["at"].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
        listed = {"list": "if-callers", "placeholder": "somebody unknown", "autocomplete": "off"}
        self.fields["caller"].widget.attrs |= listed
        self.fields["keys"].widget.attrs |= {"placeholder": "2 or 2,1", "autocomplete": "off"}

    def clean_caller(self) -> str:
        """The party as Vonage would send it."""
        try:
            return party_of(str(self.cleaned_data["caller"]), by_name=self.may_name)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def clean_keys(self) -> list[str | None]:
        """What is pressed at each question, None for nothing."""
        try:
            return keys_of(str(self.cleaned_data["keys"]))
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def clean_at(self) -> datetime:
        at: datetime | None = self.cleaned_data["at"]
        return at or self.now

    @property
    def row(self) -> PhoneNumber | None:
        """The number that is called: the first where none is chosen."""
        chosen = self.rows.get(self.cleaned_data.get("number", "")) if self.is_bound else None
        return chosen or next(iter(self.rows.values()), None)


PHONES = [("unanswered", "are not answered"), ("busy", "are busy"), ("answered", "are picked up")]


def _choice(label: str, choices: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False)


def _shown(row: PhoneNumber) -> str:
    return f"{numbers.shown(row.msisdn)}, {row.label}" if row.label else numbers.shown(row.msisdn)
