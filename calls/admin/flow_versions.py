"""Publishing a flow, and its versions: listed, shown, compared, brought back; what is planned, taken off the plan."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from calls.admin.flow_page import ICONS, page_of, with_served
from calls.admin.flow_publish import PublishForm
from calls.admin.flow_seen import heard_first, picture_context, without_tokens
from calls.admin.flow_steps import page_url, user_of
from calls.flows import draft, text
from calls.flows.diff import differences, in_order
from calls.flows.naming import kind_words, step_name, summary, voice_words
from calls.flows.publish import go_live, publish
from calls.flows.reading import known_of
from calls.flows.routing import directory
from calls.models import CallFlow, FlowVersion, Publication
from calls.templatetags.calls_format import pretty_json, zone_letters

PERMISSION = "calls.publish_callflow"


class VersionViews(admin.ModelAdmin):  # type: ignore[type-arg]
    """The pages below a flow's own that are about what callers hear."""

    def version_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str, *, post: bool = True) -> URLPattern:
            wrapped = self.admin_site.admin_view(require_POST(view) if post else view)
            found: URLPattern = path(f"<int:flow>/{route}", wrapped, name=f"calls_callflow_{name}")
            return found

        return [
            at("publish/", self.publish_view, "publish"),
            at("text/", self.text_view, "text", post=False),
            at("versions/", self.versions_view, "versions", post=False),
            at("versions/compare/", self.compare_view, "compare", post=False),
            at("versions/<int:number>/", self.version_view, "version", post=False),
            at("versions/<int:number>/back/", self.bring_back_view, "bring_back"),
            at("planned/<int:publication>/off/", self.unplan_view, "unplan"),
        ]

    def may_publish(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    # What callers hear is changed

    def publish_view(self, request: HttpRequest, flow: int) -> HttpResponse:
        """Publish the draft that the form showed, or show the page again with the reasons why not."""
        whole = self._for_publisher(request, flow)
        with transaction.atomic():
            now = CallFlow.objects.select_for_update().get(pk=whole.pk)
            form = PublishForm(page_of(now), request.POST)
            try:
                if form.data.get("stamp", "") != draft.stamp_of(now):
                    draft.refuse(now, user_of(request))
                if form.is_valid():
                    return self._publish(request, now, form)
            except ValidationError as error:
                form.is_valid()
                form.add_error(None, error)
        return self.changeform_view(_as_get(request), str(flow), extra_context={"publish_form": form})

    def _publish(self, request: HttpRequest, flow: CallFlow, form: PublishForm) -> HttpResponse:
        given = form.cleaned_data
        later = given["when"] == "later"
        from_at, until_at = (given["from_at"], given["until_at"]) if later else (None, None)
        version = publish(flow, author=user_of(request), note=given["note"], from_at=from_at, until_at=until_at)
        self.log_change(request, flow, f"Published v{version.number}. {given['note']}".strip())
        messages.success(request, f"Version {version.number} {_when(from_at, until_at)}")
        return HttpResponseRedirect(page_url(flow))

    def bring_back_view(self, request: HttpRequest, flow: int, number: int) -> HttpResponse:
        """Let an earlier version be heard again. The draft stays as it is."""
        whole = self._for_publisher(request, flow)
        version = get_object_or_404(FlowVersion, flow=whole, number=number)
        try:
            made = go_live(version, by=user_of(request), note=f"v{number} brought back")
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(page_url(whole))
        if made is None:
            messages.info(request, f"Version {number} is live already.")
        else:
            self.log_change(request, whole, f"Brought v{number} back.")
            messages.success(
                request, f"Version {number} is heard again, from the next call on. The draft stayed as it was."
            )
        return HttpResponseRedirect(page_url(whole))

    def unplan_view(self, request: HttpRequest, flow: int, publication: int) -> HttpResponse:
        """Take a publication off the plan; one that is heard until a set time ends now."""
        whole = self._for_publisher(request, flow)
        found = Publication.objects.filter(flow=whole, pk=publication).select_related("version").first()
        now = timezone.now()
        if found is None or not (found.from_at > now or (found.until_at and found.until_at > now)):
            messages.warning(request, "That is not on the plan any more.")
            return HttpResponseRedirect(page_url(whole))
        with transaction.atomic():
            if found.from_at > now:
                found.delete()
                said = f"Version {found.version.number} was taken off the plan."
            else:
                found.until_at = now
                found.save(update_fields=["until_at"])
                said = f"Version {found.version.number} ended before its time."
            transaction.on_commit(directory.look, robust=True)
        self.log_change(request, whole, said)
        messages.success(request, said)
        return HttpResponseRedirect(page_url(whole))

    # Looking at versions

    def text_view(self, request: HttpRequest, flow: int) -> HttpResponse:
        """The draft as YAML, which flow_import takes in again."""
        whole = self._for_reader(request, flow)
        name = f"{slugify(whole.name) or f'flow-{flow}'}.yaml"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(
            text.as_yaml(text.export(whole)), content_type="application/yaml; charset=utf-8", headers=headers
        )

    def versions_view(self, request: HttpRequest, flow: int) -> HttpResponse:
        """List all versions, the newest first."""
        whole = self._for_reader(request, flow)
        versions = with_served(whole.versions.select_related("author").defer("program").order_by("-number"))
        context = {"versions": versions, "title": "Versions"}
        return render(request, "admin/calls/callflow/versions_page.html", self._context(request, whole, context))

    def version_view(self, request: HttpRequest, flow: int, number: int) -> HttpResponse:
        """Show one version: its steps, what it changed, its program."""
        whole = self._for_reader(request, flow)
        version = get_object_or_404(FlowVersion.objects.select_related("author"), flow=whole, number=number)
        before = whole.versions.filter(number__lt=number).order_by("-number").first()
        earlier = before.program if before else None
        known = known_of(version.program, earlier)
        context = {
            "title": f"Version {number}",
            "version": version,
            "before": before,
            "rows": [
                {
                    "place": step["place"],
                    "kind": kind_words(step["kind"]),
                    "icon": ICONS.get(step["kind"], "flow"),
                    "name": step_name(step),
                    "summary": summary(version.program, step, known),
                }
                for _, step in in_order(version.program)
            ],
            "voice": voice_words(version.program.get("voice", {})),
            "changes": differences(earlier, version.program, known),
            "ncco": pretty_json(without_tokens(heard_first(whole, version.program))),
            "program": pretty_json(version.program),
            **picture_context(version.program, known),
        }
        return render(request, "admin/calls/callflow/version_page.html", self._context(request, whole, context))

    def compare_view(self, request: HttpRequest, flow: int) -> HttpResponse:
        """Say what callers notice between any two versions; "draft" is what staff edit."""
        whole = self._for_reader(request, flow)
        old, new = (self._program(whole, request.GET.get(name, "")) for name in ("old", "new"))
        context = {
            "title": f"{old[0]} and {new[0]} compared",
            "old": old[0],
            "new": new[0],
            "old_code": request.GET["old"],
            "new_code": request.GET["new"],
            "changes": differences(old[1], new[1], known_of(old[1], new[1])),
            "versions": whole.versions.order_by("-number"),
        }
        return render(request, "admin/calls/callflow/compare_page.html", self._context(request, whole, context))

    def _program(self, flow: CallFlow, code: str) -> tuple[str, Any]:
        if code == "draft":
            return "The draft", page_of(flow).program
        version = flow.versions.filter(number=int(code)).first() if code.isascii() and code.isdigit() else None
        if version is None:
            raise Http404(f"There is no version {code!r} of this flow.")
        return f"v{version.number}", version.program

    def _context(self, request: HttpRequest, flow: CallFlow, more: dict[str, Any]) -> dict[str, Any]:
        live = flow.live_version()
        shared = {"opts": self.opts, "flow": flow, "live_version": live, "may_publish": self.may_publish(request)}
        return {**self.admin_site.each_context(request), **shared, **more}

    def _for_reader(self, request: HttpRequest, pk: int) -> CallFlow:
        flow = get_object_or_404(CallFlow, pk=pk)
        if not self.has_view_or_change_permission(request, flow):
            raise PermissionDenied
        return flow

    def _for_publisher(self, request: HttpRequest, pk: int) -> CallFlow:
        flow = self._for_reader(request, pk)
        if not self.may_publish(request):
            raise PermissionDenied
        return flow


def _as_get(request: HttpRequest) -> HttpRequest:
    """The same person asking for the page itself: what they sent was for the form in it."""
    request.method = "GET"
    return request


def _when(from_at: Any, until_at: Any) -> str:
    """Is live: heard from the next call on."""
    if from_at is None and until_at is None:
        return "is live: heard from the next call on. Calls on the line finish as they began."
    starts = f"goes live on {_time(from_at)}" if from_at else "is live now"
    return f"{starts}{f', until {_time(until_at)}' if until_at else ''}."


def _time(moment: Any) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y, %H:%M} {zone_letters(moment)}"
