"""Versions of call flows: published, brought back, and which was live when."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.flow_data import ProgramSerializer, PublicationSerializer, PublishSerializer, VersionSerializer
from calls.api.flows import IF_MATCH, READ, reasons, stamp_given
from calls.api.idempotency import idempotent, user_of
from calls.api.permissions import Needed
from calls.api.problems import CannotBeDone
from calls.flows.compile import compile_draft
from calls.flows.draft import EditedMeanwhile, stamp_of
from calls.flows.publish import PlaysNothing, go_live, publish
from calls.models import CallFlow, FlowVersion, Publication
from calls.models.people import Scope

PUBLISH = {"POST": Needed(Scope.PUBLISH_FLOWS, "calls.publish_callflow")}
OF_FLOW = OpenApiParameter("id", int, OpenApiParameter.PATH, description="The id of the flow.")


class OfFlow:
    """What belongs to the flow that the address names."""

    kwargs: dict[str, Any]

    def flow(self) -> CallFlow:
        return get_object_or_404(CallFlow, pk=self.kwargs["pk"])


class Versions(OfFlow, GenericAPIView[FlowVersion]):
    """The versions of a flow, for the views below."""

    queryset = FlowVersion.objects.none()  # for the schema
    lookup_field = "number"
    needs = READ

    def get_queryset(self) -> QuerySet[FlowVersion]:
        return FlowVersion.objects.filter(flow=self.flow()).select_related("author")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "live": live_in(self.kwargs["pk"]) if self.kwargs else None}


@extend_schema_view(get=extend_schema(summary="List the versions of a flow", tags=["flows"], parameters=[OF_FLOW]))
class VersionList(Versions, ListAPIView[FlowVersion]):
    """The versions of a flow, newest first."""

    serializer_class = VersionSerializer

    def get_queryset(self) -> QuerySet[FlowVersion]:
        return super().get_queryset().defer("program")


@extend_schema_view(get=extend_schema(summary="Read a version with its program", tags=["flows"], parameters=[OF_FLOW]))
class VersionDetail(Versions, RetrieveAPIView[FlowVersion]):
    """One version, with the program that runs."""

    serializer_class = ProgramSerializer


@extend_schema_view(
    get=extend_schema(summary="List which version was, is and will be live", tags=["flows"], parameters=[OF_FLOW])
)
class PublicationList(OfFlow, ListAPIView[Publication]):
    """What went live, and when; the newest first."""

    queryset = Publication.objects.none()
    serializer_class = PublicationSerializer
    needs = READ

    def get_queryset(self) -> QuerySet[Publication]:
        return Publication.objects.filter(flow=self.flow()).select_related("version", "by").defer("version__program")


class Publish(APIView):
    """Lets callers hear the draft."""

    needs = PUBLISH
    problems = {"POST": (412, 422)}

    @extend_schema(
        request=PublishSerializer,
        responses={201: VersionSerializer},
        parameters=[IF_MATCH],
        summary="Publish the draft of a flow",
        description="Callers hear it from now on, or at the times that are given. A draft that says the same as the "
        "newest version makes no new one. 422: the draft is wrong, and `errors` says why.",
        tags=["flows"],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        flow = get_object_or_404(CallFlow.objects.select_for_update(), pk=pk)
        if request.headers.get("If-Match", "").strip():
            stamp = stamp_given(request, flow)
            with reasons():
                if stamp not in (None, stamp_of(flow)):
                    raise EditedMeanwhile("The draft was changed after you read it. Read it again before publishing.")
        if wrong := compile_draft(flow).errors:
            raise CannotBeDone("The draft cannot be published.", {"draft": [str(one) for one in wrong]})
        return published(request, lambda **times: publish(flow, author=user_of(request), **times))


class BringBack(APIView):
    """Lets callers hear an earlier version again."""

    needs = PUBLISH
    problems = {"POST": (422,)}

    @extend_schema(
        request=PublishSerializer,
        responses={201: VersionSerializer},
        summary="Bring a version back",
        description="The draft stays as it is. 422: it plays a sound file that was deleted since.",
        tags=["flows"],
    )
    @idempotent
    def post(self, request: Request, pk: int, number: int) -> Response:
        version = get_object_or_404(FlowVersion.objects.select_related("flow", "author"), flow=pk, number=number)

        def again(**times: Any) -> FlowVersion:
            go_live(version, by=user_of(request), **times)
            return version

        return published(request, again)


def published(request: Request, act: Callable[..., FlowVersion]) -> Response:
    """Publish as the body says. Raises ValidationError for times that cannot be."""
    order = PublishSerializer(data=request.data)
    order.is_valid(raise_exception=True)
    try:
        version = act(**order.validated_data)
    except PlaysNothing as error:
        raise CannotBeDone("The version cannot be brought back.", {"version": error.messages}) from error
    except Invalid as error:
        raise ValidationError({"from_at": error.messages}) from error
    told = VersionSerializer(version, context={"live": live_in(version.flow_id)}).data
    return Response(told, HTTPStatus.CREATED)


def live_in(flow: int) -> int | None:
    """Give the version that callers of a flow hear now."""
    live = Publication.objects.live_at(timezone.now()).filter(flow=flow)
    return live.values_list("version", flat=True).first()
