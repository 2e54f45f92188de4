"""A menu's keys: a line for each, with where it leads and what may be said instead."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from calls.admin.steps.targets import Targets, way_to
from calls.flows.draft import Way
from calls.flows.naming import KEYS

EMPTY_LINES = 3  # where no script adds one
LONGEST_WORDS = 200

Line = dict[str, str]


class KeysWidget(forms.Widget):
    """Lines of three inputs, named alike. A line without a key and a place is none."""

    use_fieldset = True
    choices: Sequence[Any] = ()

    def id_for_label(self, id_: str) -> str:
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Line]:
        if not hasattr(data, "getlist"):
            return list(data.get(name, []))
        columns = [data.getlist(f"{name}_{part}") for part in ("key", "goes", "words")]
        lines = [dict(zip(("key", "goes", "words"), line, strict=True)) for line in zip(*columns, strict=False)]
        return [line for line in lines if line["key"] or line["goes"] or line["words"].strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_key" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        lines = [*(value or []), *({"key": "", "goes": "", "words": ""} for _ in range(EMPTY_LINES))]
        context = {"name": name, "lines": lines, "keys": KEYS, "choices": self.choices, "filled": len(value or [])}
        return render_to_string("admin/calls/callflow/keys.html", context)


class KeysField(forms.Field):
    """Cleans to a list of Way."""

    widget = KeysWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.targets = Targets([], [])

    def offer(self, targets: Targets) -> None:
        """Let the lines lead to these."""
        self.targets = targets
        self.widget.choices = targets.choices(again="Say the menu again", blank="Choose…")

    def clean(self, value: Any) -> list[Way]:
        wrong, ways = [], []
        codes = {code for code, _ in (*self.targets.steps, *self.targets.flows)} | {"next", "again", "hang up"}
        for line in value or []:
            key, goes, words = line["key"], line["goes"], " ".join(line["words"].split())
            if not key:
                wrong.append("A line has no key. Choose one, or empty the line.")
            elif key not in KEYS or len(key) != 1:
                wrong.append(f"“{key[:20]}” is no key of a telephone. Choose one of 0 to 9, * and #.")
            elif not goes:
                wrong.append(f"Key {key} leads nowhere. Choose where it goes, or empty the line.")
            elif goes not in codes:
                wrong.append(f"What key {key} led to is not there any more. Choose another place.")
            elif len(words) > LONGEST_WORDS:
                wrong.append(f"The words of key {key} have {len(words)} characters, and {LONGEST_WORDS} are kept.")
            else:
                ways.append(way_to(goes, key, words))
        doubled = sorted({way.on for way in ways if [one.on for one in ways].count(way.on) > 1})
        wrong += [f"Key {key} has two lines. Keep one of them." for key in doubled]
        if wrong:
            raise ValidationError([*dict.fromkeys(wrong)])
        return ways
