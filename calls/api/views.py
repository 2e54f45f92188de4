"""GET /api/calls/, /api/calls/<id>/ and /api/events/."""

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import BasePermission

from calls.api.acting import Placing
from calls.api.filters import CallFilter, EventFilter
from calls.api.permissions import MayPlaceCalls, MayReadCalls
from calls.api.problems import PROBLEM_JSON, Problem
from calls.api.serializers import CallSerializer, EventSerializer
from calls.models import Call, CallEvent, Leg

EVENT_COLUMNS = ("call_id", "kind", "status", "rank", "occurred_at", "received_at", "payload", "leg__uuid")

# Each list costs one query for its rows and one for each kind of row inside them.
EVENTS = CallEvent.objects.select_related("leg").only(*EVENT_COLUMNS)
CALLS = Call.objects.prefetch_related(
    Prefetch("legs", Leg.objects.oldest_first()), Prefetch("events", EVENTS.oldest_first())
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
