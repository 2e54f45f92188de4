"""Call flows: what callers hear, put together from steps, published when it is ready, and taken back with one click."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone

from calls.admin.columns import isolated
from calls.admin.flow_form import MOST_SHOWN, FlowForm
from calls.admin.flow_page import FlowPage, page_of
from calls.admin.flow_publish import PublishForm
from calls.admin.flow_seen import seen_context
from calls.admin.flow_steps import StepViews, page_url, user_of
from calls.admin.flow_versions import VersionViews
from calls.admin.voices import VoicePicker
from calls.flows import draft
from calls.flows.naming import title, voice_words
from calls.flows.numbers import delete_flows
from calls.flows.steps import STEPS
from calls.models import CallFlow, PhoneNumber, Publication, Step, StepKind
from calls.vonage import numbers

SHOWN_STEPS = 6  # in the list
SHOWN_NUMBERS = 3
SUGGESTED_NUMBERS = 200


@admin.register(CallFlow)
class CallFlowAdmin(StepViews, VersionViews):
    """Save keeps the draft, which nobody hears; Publish lets callers hear it."""

    form = FlowForm
    change_form_template = "admin/calls/callflow/change_form.html"
    list_display = ["name", "numbers_", "live", "draft_", "callers_hear"]
    search_fields = ["name", "phone_numbers__msisdn", "phone_numbers__label"]
    search_help_text = "A part of its name, or of a number or label that points at it."
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ["name"]

    def get_urls(self) -> list[URLPattern]:
        return [*self.step_urls(), *self.version_urls(), *super().get_urls()]

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallFlow]:
        """Add what the list says of each: in a handful of queries, however many flows there are."""
        drafts = Publication.objects.filter(flow=OuterRef("pk")).order_by("-version__number", "-made_at")
        steps = Prefetch("steps", Step.objects.in_order())
        newest = Coalesce(Max("versions__number"), 0)
        flows = CallFlow.objects.with_live().annotate(newest=newest, drafted_at=Subquery(drafts.values("made_at")[:1]))
        counted = PhoneNumber.objects.filter(flow=OuterRef("pk")).order_by().values("flow").annotate(n=Count("pk"))
        first = PhoneNumber.objects.filter(flow=OuterRef("pk")).order_by("msisdn")
        return flows.annotate(
            number_count=Coalesce(Subquery(counted.values("n")), 0), first_number=Subquery(first.values("msisdn")[:1])
        ).prefetch_related(steps, "changed_by")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CallFlow], search_term: str
    ) -> tuple[QuerySet[CallFlow], bool]:
        """Find "+44 20 7946" too: numbers are kept as digits alone."""
        digits = numbers.typed(search_term)
        return super().get_search_results(request, queryset, digits if digits.isdecimal() else search_term)

    @admin.display(description="Numbers")
    def numbers_(self, flow: CallFlow) -> str:
        count, first = getattr(flow, "number_count", 0), getattr(flow, "first_number", None)
        if not first:
            return "none"
        return numbers.shown(first) + (f" and {count - 1:,} more" if count > 1 else "")

    @admin.display(description="Live")
    def live(self, flow: CallFlow) -> str:
        live = getattr(flow, "live_number", None)
        return f"v{live}" if live else "nothing yet"

    @admin.display(description="Draft")
    def draft_(self, flow: CallFlow) -> str:
        """Whether it is edited beyond what is live."""
        live, drafted = getattr(flow, "live_number", None), getattr(flow, "drafted_at", None)
        if live is None:
            return "not published"
        if drafted is None or flow.changed_at > drafted:
            by = f" by {flow.changed_by}" if flow.changed_by else ""
            return f"changed {timezone.localtime(flow.changed_at):%-d %b}{by}"
        return "as live" if live == getattr(flow, "newest", live) else f"as v{getattr(flow, 'newest', live)}"

    @admin.display(description="Callers hear")
    def callers_hear(self, flow: CallFlow) -> Any:
        steps = list(flow.steps.all())
        said = [step.name or _in_words(step) for step in steps[:SHOWN_STEPS]]
        more = [f"{len(steps) - SHOWN_STEPS} more"] if len(steps) > SHOWN_STEPS else []
        return isolated(" → ".join([*said, *more])) if said else "no step yet"

    # The page

    def get_fieldsets(self, request: HttpRequest, obj: CallFlow | None = None) -> Any:
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            return [(None, {"fields": ["name", "voice_"]})]
        return [("Flow", {"fields": ["name", "voice", *(["add_numbers", "take_numbers", "stamp"] if obj else [])]})]

    def get_readonly_fields(self, request: HttpRequest, obj: CallFlow | None = None) -> list[str]:
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [] if may else ["voice_"]

    @admin.display(description="Voice")
    def voice_(self, flow: CallFlow) -> str:
        return voice_words({"language": flow.language, "style": flow.style, "premium": flow.premium})

    def get_form(self, request: HttpRequest, obj: CallFlow | None = None, change: bool = False, **options: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **options)
        form.by = user_of(request)
        form.may_change_numbers = request.user.has_perm("calls.change_phonenumber")
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        flow: CallFlow | None = context.get("original")
        if flow:
            context |= self.page_context(request, flow)
            page: FlowPage = context["page"]
            context |= seen_context(request, flow, page.program, page.changes if page.live else [])
            context["publish_form"] = context.get("publish_form") or PublishForm(context["page"])
            context["media"] = context["media"] + PublishForm(context["page"]).media + VoicePicker().media
        return super().render_change_form(request, context, *args, **more)

    def page_context(self, request: HttpRequest, flow: CallFlow) -> dict[str, Any]:
        pointing = PhoneNumber.objects.filter(flow=flow)
        others = PhoneNumber.objects.exclude(flow=flow).order_by("msisdn")[:SUGGESTED_NUMBERS]
        may_change = self.has_change_permission(request, flow)
        may_change_numbers = may_change and request.user.has_perm("calls.change_phonenumber")
        return {
            "page": page_of(flow),
            "stamp": draft.stamp_of(flow),
            "kinds": [choice for choice in StepKind.choices if choice[0] in STEPS],
            "may_change": may_change,
            "may_publish": self.may_publish(request),
            "may_change_numbers": may_change_numbers,
            "pointing": pointing[:MOST_SHOWN],
            "pointing_more": max(pointing.count() - MOST_SHOWN, 0),
            "other_numbers": others if may_change_numbers else [],
            "voice_in_words": self.voice_(flow),
            "led_from": CallFlow.objects.filter(steps__branches__to_flow=flow)
            .exclude(pk=flow.pk)
            .distinct()[:MOST_SHOWN],
            "led_by": flow.rules.select_related("tag")[:MOST_SHOWN],
            "changelist_url": reverse("admin:calls_callflow_changelist"),
        }

    def response_add(self, request: HttpRequest, obj: CallFlow, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, "The flow is made. Add what callers hear.")
        return HttpResponseRedirect(page_url(obj))

    def response_change(self, request: HttpRequest, obj: CallFlow) -> HttpResponse:
        messages.success(request, "The draft is saved. Nobody hears it until it is published.")
        return HttpResponseRedirect(page_url(obj))

    # What saving and deleting do

    def save_model(self, request: HttpRequest, obj: CallFlow, form: Any, change: bool) -> None:
        form.write()
        if form.added and not obj.publications.exists():
            messages.warning(
                request,
                "Nothing of this flow is live yet: who rings its numbers hears that they are not "
                "in service, until you publish.",
            )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the versions that lead callers to a flow, too: what is published does not follow its draft."""
        deleted, counts, permissions, protected = super().get_deleted_objects(objs, request)
        gone = {flow.pk for flow in objs}
        leading = [(flow, one) for flow in objs for one in flow.led_to_from() if one.flow_id not in gone]
        protected += [f"{flow}, led to by {version}, which callers hear" for flow, version in leading]
        return deleted, counts, permissions, protected

    def delete_model(self, request: HttpRequest, obj: CallFlow) -> None:
        delete_flows([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CallFlow]) -> None:
        delete_flows(list(queryset))


def _in_words(step: Step) -> str:
    return f"{step.get_kind_display()}: {title({'kind': step.kind, 'settings': step.settings})}"
