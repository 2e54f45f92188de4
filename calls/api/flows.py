"""Call flows: their drafts, read and written as text, and what is wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import yaml
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.bodies import FlowBody, YamlFlowBody
from calls.api.filters import FlowFilter
from calls.api.flow_data import FlowSerializer, FlowTextSerializer, LintSerializer
from calls.api.idempotency import idempotent, user_of
from calls.api.permissions import Needed
from calls.api.problems import Conflict
from calls.flows import text
from calls.flows.compile import compile_draft
from calls.flows.draft import EditedMeanwhile, editing, stamp_of
from calls.flows.importing import take_in
from calls.flows.numbers import delete_flows
from calls.flows.parsing import BadText
from calls.models import CallFlow, FlowVersion, PhoneNumber, Step
from calls.models.people import Scope

READ = {"GET": Needed(Scope.READ_FLOWS, "calls.view_callflow")}
ADD = {"POST": Needed(Scope.WRITE_FLOWS, "calls.add_callflow")}
DELETE = {"DELETE": Needed(Scope.WRITE_FLOWS, "calls.delete_callflow")}
CHANGE = {"PUT": Needed(Scope.WRITE_FLOWS, "calls.change_callflow")}
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=True, description="Send it as If-Match when you write the draft."
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the draft that you read, so that no change is lost; * writes whatever is there.",
)


class Stale(APIException):
    """Somebody else changed the draft after it was read."""

    status_code = HTTPStatus.PRECONDITION_FAILED


class NotConditional(APIException):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = (
        "Send If-Match with the ETag of the draft that you read, so that nobody else's change is lost. "
        "“If-Match: *” writes over whatever is there."
    )


class YamlRenderer(BaseRenderer):
    """A flow's text as YAML, for those who ask for it."""

    media_type = "application/yaml"
    format = "yaml"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> str:
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)


def flows() -> QuerySet[CallFlow]:
    """Give all flows with what lists show, in one query."""

    def count(rows: QuerySet[Any]) -> Coalesce:
        mine = rows.filter(flow=OuterRef("pk")).order_by().values("flow")
        return Coalesce(Subquery(mine.annotate(n=Count("pk")).values("n")), 0)

    newest = FlowVersion.objects.filter(flow=OuterRef("pk")).order_by("-number")
    return (
        CallFlow.objects.with_live()
        .annotate(
            step_count=count(Step.objects.all()),
            number_count=count(PhoneNumber.objects.all()),
            newest_number=Subquery(newest.values("number")[:1]),
        )
        .select_related("changed_by")
    )


@extend_schema_view(get=extend_schema(summary="List call flows, newest first", tags=["flows"]))
class FlowList(ListAPIView[CallFlow]):
    """The call flows, and to make one out of its text."""

    queryset = CallFlow.objects.none()  # for the schema
    serializer_class = FlowSerializer
    filterset_class = FlowFilter
    parser_classes = [FlowBody, YamlFlowBody]
    needs = {**READ, **ADD}

    def get_queryset(self) -> QuerySet[CallFlow]:
        return flows()

    @extend_schema(
        request=FlowTextSerializer,
        responses={201: OpenApiResponse(FlowTextSerializer)},
        parameters=[ETAG],
        summary="Make a flow out of its text, as a draft",
        tags=["flows"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = read(request)
        refuse_taken(given.name)
        with reasons():
            flow = take_in(given, by=user_of(request))
        return draft(flow, HTTPStatus.CREATED, {"Location": f"{request.path}{flow.pk}/draft/"})


@extend_schema_view(get=extend_schema(summary="Read a call flow", tags=["flows"]))
class FlowDetail(RetrieveAPIView[CallFlow]):
    """One call flow."""

    queryset = CallFlow.objects.none()
    serializer_class = FlowSerializer
    needs = {**READ, **DELETE}

    def get_queryset(self) -> QuerySet[CallFlow]:
        return flows()

    @extend_schema(
        responses={204: None},
        summary="Remove a call flow with its versions",
        description="409: a number, a rule, another flow or what callers hear of it leads here, and the sentence says "
        "which.",
        tags=["flows"],
    )
    @idempotent
    def delete(self, request: Request, pk: int) -> Response:
        flow = self.get_object()
        flow.refuse_while_used()
        delete_flows([flow])
        return Response(status=HTTPStatus.NO_CONTENT)


class Draft(APIView):
    """What staff edit: nobody hears it before it is published."""

    parser_classes = [FlowBody, YamlFlowBody]
    renderer_classes = [JSONRenderer, YamlRenderer]
    needs = {**READ, **CHANGE}
    problems = {"PUT": (412, 428)}

    @extend_schema(responses=FlowTextSerializer, parameters=[ETAG], summary="Read the draft of a flow", tags=["flows"])
    def get(self, request: Request, pk: int) -> Response:
        return draft(get_object_or_404(CallFlow, pk=pk))

    @extend_schema(
        request=FlowTextSerializer,
        responses=FlowTextSerializer,
        parameters=[IF_MATCH, ETAG],
        summary="Replace the draft of a flow",
        tags=["flows"],
    )
    @idempotent
    def put(self, request: Request, pk: int) -> Response:
        flow, by = get_object_or_404(CallFlow, pk=pk), user_of(request)
        stamp = stamp_given(request, flow)
        given = read(request)
        if given.name != flow.name:
            refuse_taken(given.name)
        with reasons(), editing(flow, by=by, stamp=stamp):
            changed = take_in(given, into=flow, by=by)
        changed.refresh_from_db()
        return draft(changed)


class Lint(APIView):
    """What is wrong or odd with a draft."""

    needs = READ

    @extend_schema(responses=LintSerializer, summary="Check the draft of a flow", tags=["flows"])
    def get(self, request: Request, pk: int) -> Response:
        checked = compile_draft(get_object_or_404(CallFlow, pk=pk))
        found = {"errors": checked.errors, "warnings": checked.warnings}
        return Response(LintSerializer({"publishable": not checked.errors, **found}).data)


def draft(flow: CallFlow, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    return Response(text.export(flow), status, headers={"ETag": f'"{stamp_of(flow)}"', **(headers or {})})


def read(request: Request) -> text.FlowText:
    """Read the text of a flow. Raises ValidationError with all that is wrong with it."""
    with reasons():
        return text.read(dict(request.data).get("text", b""))  # without it nothing was sent


@contextmanager
def reasons() -> Iterator[None]:
    """Tell what flows/ refuses as the API does."""
    try:
        yield
    except BadText as error:
        raise ValidationError({"draft": list(error.reasons)}) from error
    except EditedMeanwhile as error:
        raise Stale(" ".join(error.messages)) from error


def refuse_taken(name: str) -> None:
    """Flows find each other by name in their text. Raises Conflict where there is one of that name."""
    if other := CallFlow.objects.filter(name=name).first():
        raise Conflict(f"There is a flow “{name}” already, {other.pk}. Choose another name, or write into its draft.")


def stamp_given(request: Request, flow: CallFlow) -> str | None:
    """Give the stamp that the draft has to have, None for any. Raises NotConditional where nothing is said of it."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise NotConditional
    tags = parse_etags(header) or [header]  # what is no ETag fits no draft
    if "*" in tags:
        return None
    stamps = [tag.strip('"') for tag in tags]
    return stamp_of(flow) if stamp_of(flow) in stamps else stamps[0]
