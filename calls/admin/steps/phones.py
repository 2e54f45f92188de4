"""Whom a forward rings, one after the other: a line for each."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from calls.admin.steps.keys import EMPTY_LINES
from calls.vonage import numbers

TYPES = {
    "phone": "Phone",
    "sip": "SIP address",
    "app": "User of an app",
    "typed": "Digits keyed in as",
}
LONGEST = 200

Target = dict[str, str]


class PhonesWidget(forms.Widget):
    """Lines of a kind and a number, address or name. A line without that is none."""

    use_fieldset = True

    def id_for_label(self, id_: str) -> str:
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Target]:
        if not hasattr(data, "getlist"):
            return list(data.get(name, []))
        lines = zip(data.getlist(f"{name}_type"), data.getlist(f"{name}_to"), strict=False)
        return [{"type": kind, "to": to.strip()} for kind, to in lines if to.strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_to" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        lines = [{**one, "to": _shown(one)} for one in value or []]
        empty = [{"type": "phone", "to": ""} for _ in range(EMPTY_LINES)]
        context = {"name": name, "lines": [*lines, *empty], "filled": len(lines), "types": TYPES.items()}
        return render_to_string("admin/calls/callflow/phones.html", context)


class PhonesField(forms.Field):
    """Cleans to targets as the kind keeps them: numbers as digits."""

    widget = PhonesWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> list[Target]:
        targets = []
        for line in value or []:
            kind, to = line["type"], line["to"]
            if kind not in TYPES:
                raise ValidationError("A line has no kind. Choose one of the list.")
            if len(to) > LONGEST:
                raise ValidationError(f"“{to[:40]}…” is too long for a number or an address.")
            targets.append({"type": kind, "to": numbers.typed(to) if kind == "phone" else to})
        return targets


def _shown(target: Target) -> str:
    to = target.get("to", "")
    return numbers.shown(to) if target.get("type") == "phone" else to
