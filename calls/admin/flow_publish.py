"""The form that lets callers hear a draft: with a note, now or at set times, each warning accepted by itself."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from calls.admin.flow_page import FlowPage
from calls.flows import draft


class PublishForm(forms.Form):
    """How a draft goes live. Each of `page`'s warnings must be accepted."""

    note = forms.CharField(
        label="What changed, for the list of versions",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    when = forms.ChoiceField(
        choices=[("now", "Now"), ("later", "At a set time, and back again")],
        widget=forms.RadioSelect,
        initial="now",
        error_messages={"required": "It does not say when. Choose now, or a set time."},
    )
    from_at = forms.DateTimeField(label="Goes live", required=False)
    until_at = forms.DateTimeField(label="Goes back", required=False)
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, page: FlowPage, data: Any = None) -> None:
        super().__init__(data, auto_id="id_publish_%s", initial={"stamp": draft.stamp_of(page.flow)})
        self.page = page
        self.accepted = set(data.getlist("accept")) if data is not None else set()
        for name in ("from_at", "until_at"):
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.page.compiled.errors:
            raise ValidationError(["It cannot be published as it is:", *map(str, self.page.compiled.errors)])
        left = [one.finding for one in self.page.warned if one.key not in self.accepted]
        if left:
            raise ValidationError([f"Not published: accept this warning, or mend it. {one}" for one in left])
        times = [name for name in ("from_at", "until_at") if cleaned.get(name)]
        if cleaned.get("when") == "now" and times:
            self.add_error(times[0], "“Now” is chosen, and a time is filled in. Choose the set time, or empty this.")
        if cleaned.get("when") == "later" and not times and not {"from_at", "until_at"} & set(self.errors):
            self.add_error("from_at", "No time is set. Write when it goes live, when it goes back, or both.")
        return cleaned
