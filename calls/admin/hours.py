"""Opening hours: the week, closures, and what is set for a while, with the days ahead drawn beside it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from calls.admin.columns import moment
from calls.admin.hours_form import ClosureForm, ClosureFormSet, HoursForm, OverrideForm, spans_of
from calls.control import hours as control
from calls.flows.hours import Schedule, state
from calls.flows.hours_data import name_of, schedule_of
from calls.flows.hours_line import day_lines
from calls.flows.hours_words import days_ahead, standing, week_in_words, when
from calls.models import Closure, OpeningHours, OpenSpan, Override, User
from calls.models.hours import DAYS, zones

PREFIX = "override"
DAYS_AHEAD = 14


class ClosureInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Closure
    form = ClosureForm
    formset = ClosureFormSet
    template = "admin/calls/openinghours/closures.html"
    extra = 1
    verbose_name_plural = "Closed on these days"


@admin.register(OpeningHours)
class HoursAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = HoursForm
    inlines = [ClosureInline]
    list_display = ["name", "now", "week", "time_zone"]
    search_fields = ["name"]
    show_full_result_count = False
    changed = moment("changed_at", "Last changed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpeningHours]:
        return super().get_queryset(request).prefetch_related("spans")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> OpeningHours | None:
        """Let two who save at once take turns, so that the second is told of the first."""
        found = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST":
            return found
        return OpeningHours.objects.select_for_update().filter(pk=found.pk).first()

    # What the lists and pages show

    @admin.display(description="Now")
    def now(self, hours: OpeningHours) -> str:
        return standing(state(schedule_of(hours), timezone.now()))

    @admin.display(description="Week")
    def week(self, hours: OpeningHours) -> SafeString:
        return format_html_join("\n", "<div>{}</div>", ((line,) for line in week_in_words(spans_of(hours))))

    def get_fieldsets(self, request: HttpRequest, obj: OpeningHours | None = None) -> Any:
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            return [(None, {"fields": ["name", "time_zone", "week", "changed"]})]
        hint = "Leave a day empty where it is closed. Over midnight: close at 24:00, and open the next day at 00:00."
        return [
            ("Opening hours", {"fields": ["name", "time_zone", "edited"]}),
            ("The week", {"fields": DAYS, "description": hint}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: OpeningHours | None = None) -> list[str]:
        return ["week", "changed"]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        hours: OpeningHours | None = context.get("original")
        context["zones"] = sorted(name for name in zones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
        if hours:
            context |= self._ahead(request, hours)
        return super().render_change_form(request, context, *args, **more)

    def _ahead(self, request: HttpRequest, hours: OpeningHours) -> dict[str, Any]:
        """What stands beside the form: how it is now, what is set, the days ahead."""
        now, schedule = timezone.now(), schedule_of(hours)
        current = state(schedule, now)
        set_rows = Override.objects.filter(hours=hours).unfinished(now).newest_first().select_related("by")
        return {
            "current": current,
            "standing": standing(current),
            "there": now.astimezone(schedule.zone),
            "lines": day_lines(schedule, now),
            "ahead": days_ahead(schedule, now, DAYS_AHEAD),
            "days_ahead": DAYS_AHEAD,
            "overrides": [self._told(row, now, schedule) for row in set_rows],
            "may_override": self._may_override(request),
            "override_form": self._override_form(request, schedule, now),
        }

    @staticmethod
    def _told(row: Override, now: datetime, schedule: Schedule) -> dict[str, Any]:
        since = "" if row.from_at <= now else f" from {when(row.from_at, now, schedule.zone)}"
        text = f"{row.get_state_display()}{since} until {when(row.until_at, now, schedule.zone)}"
        return {"row": row, "text": text, "by": name_of(row.by) or "somebody", "begun": row.from_at <= now}

    def _override_form(self, request: HttpRequest, schedule: Schedule, now: datetime) -> OverrideForm:
        """Empty, or with what was typed and refused, which comes back in the address."""
        with timezone.override(schedule.zone):
            if f"{PREFIX}-until" in request.GET:
                form = OverrideForm(request.GET, prefix=PREFIX)
                form.is_valid()
                return form
            ahead = state(schedule, now).until
            until = ahead if ahead and ahead - now < timedelta(days=1) else now + timedelta(hours=1)
            local = until.astimezone(schedule.zone).replace(second=0, microsecond=0)
            return OverrideForm(prefix=PREFIX, initial={"until": local.replace(tzinfo=None)})

    # What saving and deleting do

    def save_model(self, request: HttpRequest, obj: OpeningHours, form: Any, change: bool) -> None:
        obj.changed_at = timezone.now()
        obj.changed_by = request.user if isinstance(request.user, User) else None
        super().save_model(request, obj, form, change)
        if not change or set(DAYS) & set(form.changed_data):
            obj.spans.all().delete()
            OpenSpan.objects.bulk_create(form.week)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse to delete what a flow asks: its callers would be answered as if it were always open."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        protected += [f"{hours.name} is asked by {name}" for hours in objs for name in hours.askers()]
        return found, counts, lacking, protected

    # Open or closed for a while

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.override_view))
        return [path("<int:pk>/override/", view, name="calls_openinghours_override"), *super().get_urls()]

    def _may_override(self, request: HttpRequest) -> bool:
        """Who may change the hours may; others with the permission to add an override alone."""
        return self.has_change_permission(request) or request.user.has_perm("calls.add_override")

    def override_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Set or end an override, and lead back to the page. What is refused is shown there as it was typed."""
        hours = get_object_or_404(OpeningHours, pk=pk)
        if not self._may_override(request):
            raise PermissionDenied
        page = reverse("admin:calls_openinghours_change", args=[pk])
        if "end" in request.POST:
            only = request.POST["end"]
            ended = control.end_override(hours, only=int(only) if only.isdecimal() else None)
            self._say(request, hours, "By the hours again." if ended else "It had ended already.")
            return HttpResponseRedirect(f"{page}#now")
        with timezone.override(hours.zone):
            form = OverrideForm(request.POST, prefix=PREFIX)
            valid = form.is_valid()
        if not valid:
            messages.error(request, "Nothing was changed: see what is said under “Open or closed for a while”.")
            back = reverse("admin:calls_openinghours_change", args=[pk], query=_typed(request.POST))
            return HttpResponseRedirect(f"{back}#override")
        asked = form.cleaned_data
        by = request.user if isinstance(request.user, User) else None
        control.override(hours, asked["state"], asked["until"], by, asked["message"], since=asked["since"])
        told = self._told(hours.overrides.newest_first()[0], timezone.now(), schedule_of(hours))
        self._say(request, hours, f"{told['text']}; then by the hours again.")
        return HttpResponseRedirect(f"{page}#now")

    def _say(self, request: HttpRequest, hours: OpeningHours, text: str) -> None:
        self.log_change(request, hours, text)
        messages.success(request, text)


def _typed(fields: Mapping[str, str]) -> dict[str, str]:
    names = [f"{PREFIX}-{name}" for name in OverrideForm.base_fields]
    return {name: fields.get(name, "")[:600] for name in names}
