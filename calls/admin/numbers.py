"""Our numbers, and what their callers hear."""

from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from calls.admin import greeting as greetings
from calls.admin.greeting import GreetingForm, Preview, preview, values_of
from calls.admin.voices import Chosen
from calls.flows.compile import voice_of
from calls.flows.naming import title
from calls.flows.numbers import delete_numbers, give_flow, greeting_of, has_larger_flow, save_number
from calls.flows.steps import Greeting
from calls.models import CallFlow, PhoneNumber, Step, User
from calls.models.hours import zones
from calls.models.numbers import PhoneNumberQuerySet
from calls.templatetags.calls_format import NOTHING, pretty_json
from calls.vonage import numbers

ZONE = forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "placeholder": settings.TIME_ZONE})
HELP_TEXTS = {
    "msisdn": "With its country code, as you bought it at Vonage: +44 20 7946 0000.",
    "label": "What people here call it: Main line.",
    "time_zone": "Where the number is at home: Europe/London. Left empty, it is the server’s.",
}


def larger_flows() -> QuerySet[CallFlow]:
    """Those that are more than one greeting: a greeting belongs to its numbers."""
    steps = Step.objects.filter(flow=OuterRef("pk"))
    second = steps.order_by("position", "pk").values("pk")[1:2]
    return CallFlow.objects.filter(Exists(steps.exclude(kind="greeting")) | Exists(second) | ~Exists(steps))


class NumberForm(GreetingForm, forms.ModelForm):  # type: ignore[type-arg]
    """A number with its greeting: the one step that its flow has. Or with another flow instead."""

    field_order = ["msisdn", "label", "time_zone", "chosen_flow", *greetings.FIELDS]

    chosen_flow = forms.ModelChoiceField(
        label="Flow",
        queryset=CallFlow.objects.none(),
        required=False,
        empty_label="The greeting below",
        help_text="Another flow takes the place of the greeting.",
    )

    class Meta:
        model = PhoneNumber
        fields = ["msisdn", "label", "time_zone"]
        help_texts = HELP_TEXTS
        widgets = {"time_zone": ZONE}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.live = greeting_of(self.instance) if self.instance.pk else None
        for name, value in values_of(self.live or Greeting()).items():
            self.initial.setdefault(name, value)
        self.fields["chosen_flow"].queryset = larger_flows()  # type: ignore[attr-defined]
        if "msisdn" in self.fields:
            self.fields["msisdn"] = TypedNumberField(**_options_of(self.fields["msisdn"]))

    @property
    def new_greeting(self) -> Greeting | None:
        """What callers are to hear, None where that is what they hear now. How often and how loud stays."""
        if self.live:
            self.greeting = replace(self.greeting, level=self.live.level, loop=self.live.loop)
        return self.greeting if self.greeting != self.live else None


class LargerForm(forms.ModelForm):  # type: ignore[type-arg]
    """A number whose flow is more than a greeting: the flow is edited on its own page, and may be another one."""

    chosen_flow = forms.ModelChoiceField(
        label="Or another flow",
        queryset=CallFlow.objects.none(),
        help_text="Who rings the number hears what is published of it.",
    )

    class Meta:
        model = PhoneNumber
        fields = ["label", "time_zone"]
        help_texts = HELP_TEXTS
        widgets = {"time_zone": ZONE}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["chosen_flow"] = self.instance.flow_id
        self.fields["chosen_flow"].queryset = larger_flows()  # type: ignore[attr-defined]


class TypedNumberField(forms.CharField):
    """A number as people write it, with "+" and spaces."""

    def to_python(self, value: Any) -> str:
        return numbers.typed(super().to_python(value) or "")


def _options_of(field: forms.Field) -> dict[str, Any]:
    return {"label": field.label, "help_text": field.help_text, "validators": field.validators}


@admin.register(PhoneNumber)
class PhoneNumberAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Save publishes: what is saved here is heard from the next call on."""

    form = NumberForm
    list_display = ["shown", "label", "callers_hear", "voice_in_words", "live"]
    list_display_links = ["shown", "label"]
    list_select_related = ["flow"]
    search_fields = ["msisdn", "label", "flow__name"]
    search_help_text = "A part of a number or of a label."
    show_full_result_count = False
    sortable_by = ["shown", "label"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhoneNumber]:
        return PhoneNumber.objects.with_live().order_by("msisdn").prefetch_related("flow__steps")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PhoneNumber], search_term: str
    ) -> tuple[QuerySet[PhoneNumber], bool]:
        """Find "+44 20 7946" too: numbers are kept as digits alone."""
        digits = numbers.typed(search_term)
        return super().get_search_results(request, queryset, digits if digits.isdecimal() else search_term)

    # What the lists and pages show

    @admin.display(description="Number", ordering="msisdn")
    def shown(self, number: PhoneNumber) -> str:
        return numbers.shown(number.msisdn)

    @admin.display(description="Callers hear")
    def callers_hear(self, number: PhoneNumber) -> str:
        """The steps in order: "“Good afternoon. …” → …"."""
        steps = number.flow.steps.all() if number.flow else []
        return " → ".join(step.name or _title(step) for step in steps) or "nothing yet"

    @admin.display(description="Voice")
    def voice_in_words(self, number: PhoneNumber) -> str:
        """That of the first step that has its own, or of the flow."""
        if not number.flow:
            return NOTHING
        own = [step.settings for step in number.flow.steps.all() if step.settings.get("language")]
        voice = own[0] if own else voice_of(number.flow)
        return str(Chosen(voice["language"], voice.get("style", 0), voice.get("premium", False)))

    @admin.display(description="Flow")
    def flow_(self, number: PhoneNumber) -> Any:
        """Where its steps are."""
        if not number.flow:
            return NOTHING
        page = reverse("admin:calls_callflow_change", args=[number.flow_id])
        return format_html('<a href="{}">{}</a>', page, number.flow)

    @admin.display(description="Live")
    def live(self, number: PhoneNumber) -> str:
        live = getattr(number, "live_number", None)
        return f"v{live}" if live else "–"

    def get_form(
        self, request: HttpRequest, obj: PhoneNumber | None = None, change: bool = False, **options: Any
    ) -> Any:
        form = LargerForm if obj and has_larger_flow(obj) else NumberForm
        return super().get_form(request, obj, change, form=form, **options)

    def get_fieldsets(self, request: HttpRequest, obj: PhoneNumber | None = None) -> Any:
        shown = ["shown" if obj else "msisdn", "label", "time_zone"]
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            return [(None, {"fields": [*shown, "flow_", "callers_hear", "voice_in_words", "live"]})]
        if obj and has_larger_flow(obj):
            heard = ["flow_", "callers_hear", "live", "chosen_flow"]
            return [("Number", {"fields": shown}), ("What callers hear", {"fields": heard})]
        return [
            ("Number", {"fields": shown}),
            ("What callers hear", {"fields": ["chosen_flow", *greetings.FIELDS]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: PhoneNumber | None = None) -> list[str]:
        return ["shown", "flow_", "callers_hear", "voice_in_words", "live"] if obj else []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        number: PhoneNumber | None = context.get("original")
        form = context["adminform"].form
        shown = getattr(form, "greeting", None) or getattr(form, "live", None) or Greeting()
        may_save = self.has_change_permission(request, number) if number else self.has_add_permission(request)
        context |= {"live_version": number.live_version if number else None, "may_save": may_save}
        larger = number is not None and has_larger_flow(number)
        context["preview"] = None if larger else as_json(preview(shown))
        context["zones"] = sorted(name for name in zones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
        return super().render_change_form(request, context, *args, **more)

    # What saving and deleting do

    def save_model(self, request: HttpRequest, obj: PhoneNumber, form: Any, change: bool) -> None:
        """Save and publish, within the admin's transaction. What callers hear is new only where it was changed."""
        chosen = form.cleaned_data.get("chosen_flow")
        if chosen:
            self._give_flow(request, obj, chosen)
            return
        before = obj.live_version if obj.pk else None
        author = request.user if isinstance(request.user, User) else None
        zone = obj.time_zone
        saved = save_number(obj.msisdn, label=obj.label, greeting=form.new_greeting, author=author)
        if saved.time_zone != zone:
            saved.time_zone = zone
            saved.save(update_fields=["time_zone"])
        obj.__dict__.update(saved.__dict__)
        live = saved.live_version
        if live and live != before:
            messages.success(request, f"Published as v{live.number}: heard from the next call on.")
            for warning in preview(form.greeting).warnings:
                messages.warning(request, f"Listen to it once: {warning[:1].lower()}{warning[1:]}")

    def _give_flow(self, request: HttpRequest, number: PhoneNumber, flow: CallFlow) -> None:
        new = number.flow_id != flow.pk
        give_flow(number, flow)
        live = flow.live_version()
        if live is None:
            messages.warning(request, f"Nothing of {flow} is live: its callers hear that the number is not in service.")
        elif new:
            messages.success(request, f"Its callers hear {flow} v{live.number} from the next call on.")

    def delete_model(self, request: HttpRequest, obj: PhoneNumber) -> None:
        delete_numbers(PhoneNumber.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PhoneNumber]) -> None:
        delete_numbers(PhoneNumberQuerySet(PhoneNumber).filter(pk__in=list(queryset.values_list("pk", flat=True))))

    # The preview, asked for while somebody types

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.preview_view))
        return [path("preview/", view, name="calls_phonenumber_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> JsonResponse:
        """Compile what is in the form. Nothing is kept."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        form = GreetingForm(request.POST)
        form.is_valid()
        if hasattr(form, "greeting"):
            return JsonResponse(as_json(preview(form.greeting)))
        reasons = [reason for reasons in form.errors.values() for reason in reasons]
        return JsonResponse({"ncco": "", "voice": "", "count": "", "over": False, "problems": reasons, "warnings": []})


def _title(step: Step) -> str:
    return title({"kind": step.kind, "settings": step.settings})


def as_json(shown: Preview) -> dict[str, Any]:
    """Give a preview as the page and its script show it: the template and the script read the same names."""
    return {
        "ncco": pretty_json(shown.ncco),
        "voice": shown.voice,
        "count": f"{shown.characters:,} of {shown.most:,} characters",
        "over": shown.characters > shown.most,
        "problems": shown.problems,
        "warnings": shown.warnings,
    }
