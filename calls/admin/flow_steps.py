"""The steps of a flow's draft: a page for each, and what is done to them. All of it works without scripts; with
them the same pages unfold in the flow's page (flow.js).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from calls.admin.flow_page import ICONS
from calls.admin.steps import StepForm, Targets, form_of
from calls.flows import draft
from calls.flows.compile import facts_of
from calls.flows.steps.kind import SoundFile
from calls.models import CallFlow, Sound, Step, StepKind, User

Act = Callable[[CallFlow], Any]


def user_of(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def page_url(flow: CallFlow, step: Step | None = None) -> str:
    """The flow's page; at this step."""
    return reverse("admin:calls_callflow_change", args=[flow.pk]) + (f"#step-{step.pk}" if step else "")


class StepViews(admin.ModelAdmin):  # type: ignore[type-arg]
    """The pages below a flow's own that edit its steps."""

    def step_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str, *, post: bool = True) -> URLPattern:
            wrapped = self.admin_site.admin_view(require_POST(view) if post else view)
            found: URLPattern = path(f"<int:flow>/steps/{route}", wrapped, name=f"calls_callflow_{name}")
            return found

        return [
            at("add/", self.add_step_view, "add_step"),
            at("<int:step>/", self.step_view, "step", post=False),
            at("<int:step>/move/", self.move_view, "move_step"),
            at("<int:step>/duplicate/", self.duplicate_view, "duplicate_step"),
            at("<int:step>/remove/", self.remove_view, "remove_step"),
        ]

    # One step

    def step_view(self, request: HttpRequest, flow: int, step: int) -> HttpResponse:
        """Show the step's form, or what it is to those who may not change it; save it."""
        whole = self.flow_for(request, flow, change=request.method == "POST")
        mine = get_object_or_404(Step.objects.filter(flow=whole), pk=step)
        form = self.form_for(mine, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                with draft.editing(whole, by=user_of(request), stamp=request.POST.get("stamp", "")):
                    form.save()
            except ValidationError as error:
                form.add_error(None, error)
            else:
                self.log_change(request, whole, f"Changed step {mine}.")
                return HttpResponseRedirect(page_url(whole, mine))
        return render(request, "admin/calls/callflow/step_page.html", self.step_context(request, whole, mine, form))

    def form_for(self, step: Step, data: Any = None) -> StepForm:
        """Make the form of its kind."""
        flow = step.flow
        steps = list(flow.steps.in_order().prefetch_related("branches"))
        facts = facts_of(flow, steps)
        mine = next(one for one in steps if one.pk == step.pk)
        sounds = {one.pk: SoundFile(one.name, one.path, tuple(one.warnings())) for one in Sound.objects.all()}
        return form_of(step.kind)(mine, facts=replace(facts, sounds=sounds), targets=Targets.of(flow, steps), data=data)

    def step_context(self, request: HttpRequest, flow: CallFlow, step: Step, form: StepForm) -> dict[str, Any]:
        stamp = request.POST.get("stamp") if request.method == "POST" else None
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{step.get_kind_display()}{f', {step.name}' if step.name else ''}",
            "flow": flow,
            "step": step,
            "icon_name": ICONS.get(step.kind, "flow"),
            "form": form,
            "stamp": stamp or draft.stamp_of(flow),
            "may_change": self.has_change_permission(request, flow),
            "media": form.media,
        }

    # What is done to them

    def add_step_view(self, request: HttpRequest, flow: int) -> HttpResponse:
        kind = request.POST.get("kind", "")
        words = dict(StepKind.choices).get(kind, kind)
        made = self.edit(request, flow, lambda now: draft.add_step(now, kind), f"Added a step: {words}.")
        whole = get_object_or_404(CallFlow, pk=flow)
        if made is None:
            return HttpResponseRedirect(page_url(whole))
        if request.POST.get("then") == "open":  # without scripts the new step's own page comes next
            return HttpResponseRedirect(reverse("admin:calls_callflow_step", args=[flow, made.pk]))
        return HttpResponseRedirect(page_url(whole, made))

    def move_view(self, request: HttpRequest, flow: int, step: int) -> HttpResponse:
        whole = self.flow_for(request, flow, change=True)
        mine, typed = get_object_or_404(Step, pk=step, flow=whole), request.POST.get("place", "")
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
            messages.error(request, "That is no place. Write a number: 1 is heard first.")
            return HttpResponseRedirect(page_url(whole))
        place = int(typed)
        self.edit(
            request, flow, lambda now: draft.reorder(now, {mine.pk: place}), f"Moved step {mine} to place {place}."
        )
        return HttpResponseRedirect(page_url(mine.flow, mine))

    def duplicate_view(self, request: HttpRequest, flow: int, step: int) -> HttpResponse:
        mine = get_object_or_404(Step.objects.select_related("flow"), pk=step, flow=flow)
        copy = self.edit(request, flow, lambda now: draft.duplicate_step(mine), f"Duplicated step {mine}.")
        return HttpResponseRedirect(page_url(mine.flow, copy or mine))

    def remove_view(self, request: HttpRequest, flow: int, step: int) -> HttpResponse:
        whole = get_object_or_404(CallFlow, pk=flow)
        mine = Step.objects.filter(pk=step, flow=flow).first()
        if mine is None:
            messages.warning(request, "That step is not there any more.")
        else:
            self.edit(request, flow, lambda now: draft.remove_step(mine), f"Removed step {mine}.")
        return HttpResponseRedirect(page_url(whole))

    def edit(self, request: HttpRequest, flow: int, act: Act, said: str) -> Any:
        """Do it to the draft, or tell why not. Gives what it gave, None where it was refused."""
        whole = self.flow_for(request, flow, change=True)
        try:
            with draft.editing(whole, by=user_of(request), stamp=request.POST.get("stamp", "")) as now:
                done = act(now)
        except ValidationError as error:
            for message in error.messages:
                messages.error(request, message)
            return None
        self.log_change(request, whole, said)
        return done

    def flow_for(self, request: HttpRequest, pk: int, *, change: bool = False) -> CallFlow:
        """Find the flow for somebody who may see, or change, it. Raises Http404 and PermissionDenied."""
        flow = get_object_or_404(CallFlow.objects.select_related("changed_by"), pk=pk)
        may = self.has_change_permission if change else self.has_view_or_change_permission
        if not may(request, flow):
            raise PermissionDenied
        return flow
