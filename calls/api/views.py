"""GET /api/calls/, /api/calls/<id>/, /api/recordings/<id>/ and /api/events/."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from calls.api.acting import Placing
from calls.api.filters import CallFilter, EventFilter
from calls.api.permissions import MayPlaceCalls, MayReadCalls
from calls.api.problems import PROBLEM_JSON, Problem
from calls.api.serializers import CallSerializer, EventSerializer
from calls.control.sounds import sound_response
from calls.models import Call, CallEvent, Leg, Recording, RecordingState

EVENT_COLUMNS = ("call_id", "kind", "status", "rank", "occurred_at", "received_at", "payload", "leg__uuid")

# Each list costs one query for its rows and one for each kind of row inside them.
EVENTS = CallEvent.objects.select_related("leg").only(*EVENT_COLUMNS)
CALLS = Call.objects.prefetch_related(
    Prefetch("legs", Leg.objects.oldest_first()), Prefetch("events", EVENTS.oldest_first()), "events__recording"
)


PROBLEMS = {(status, PROBLEM_JSON): Problem for status in (400, 401, 403, 404, 406)}


@extend_schema_view(get=extend_schema(responses={200: CallSerializer(many=True), **PROBLEMS}))
class CallList(Placing, ListAPIView[Call]):
    """The calls, newest first, each with its legs and events; POST places one."""

    queryset = CALLS
    serializer_class = CallSerializer
    filterset_class = CallFilter

    def get_permissions(self) -> list[BasePermission]:
        return [MayPlaceCalls() if self.request.method == "POST" else MayReadCalls()]


@extend_schema_view(get=extend_schema(responses={200: CallSerializer, **PROBLEMS}))
class CallDetail(RetrieveAPIView[Call]):
    """One call with its legs and events."""

    queryset = CALLS
    serializer_class = CallSerializer
    permission_classes = [MayReadCalls]


@extend_schema_view(get=extend_schema(responses={200: EventSerializer(many=True), **PROBLEMS}))
class EventList(ListAPIView[CallEvent]):
    """The events of all calls, and those without a call, newest first."""

    queryset = EVENTS
    serializer_class = EventSerializer
    filterset_class = EventFilter
    permission_classes = [MayReadCalls]


class AnySound(DefaultContentNegotiation):
    """There is one form of each sound: whatever the client would like, it gets that. Problems are told as JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class SoundDetail(APIView):
    """The sound of a recording that is kept, whole or the range that is asked for."""

    permission_classes = [MayReadCalls]
    content_negotiation_class = AnySound

    @extend_schema(responses={(status, "audio/*"): OpenApiTypes.BINARY for status in (200, 206)} | PROBLEMS)
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        row = get_object_or_404(Recording, pk=pk, state=RecordingState.KEPT)
        return sound_response(row, request._request)
