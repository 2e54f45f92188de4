"""The call log: calls, legs, events and recordings, to be read."""

from http import HTTPStatus
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.acting import Placing
from calls.api.filters import CallFilter, EventFilter, LegFilter, RecordingFilter
from calls.api.idempotency import idempotent_outside
from calls.api.pagination import BoundedPages
from calls.api.permissions import PLACE_CALLS, READ_CALLS, WRITE_CALLS
from calls.api.rows import Order, save
from calls.api.serializers import CallSerializer, EventSerializer, LegSerializer, RecordingSerializer
from calls.control import remarks
from calls.control.sounds import sound_response
from calls.models import Call, CallEvent, Leg, Recording, RecordingState, User

EVENT_COLUMNS = ("call_id", "kind", "status", "rank", "occurred_at", "received_at", "payload", "leg__uuid", "head")

# Each list costs one query for its rows and one for each kind of row inside them.
EVENTS = CallEvent.objects.select_related("leg", "head").only(*EVENT_COLUMNS, "head__line", "head__headers")
CALLS = Call.objects.prefetch_related(
    Prefetch("legs", Leg.objects.oldest_first()), Prefetch("events", EVENTS.oldest_first()), "events__recording"
)


@extend_schema_view(get=extend_schema(summary="List calls, newest first", tags=["calls"]))
class CallList(Placing, ListAPIView[Call]):
    """The calls, newest first, each with its legs and events; POST places one."""

    queryset = CALLS
    serializer_class = CallSerializer
    filterset_class = CallFilter
    needs = {**READ_CALLS, **PLACE_CALLS}


class RemarkSerializer(Order):
    """What people remark on a call. Each is an event of it, of kind “action”."""

    handled = serializers.BooleanField(required=False, help_text="Somebody saw to it; who was first stays.")
    note = serializers.CharField(required=False, max_length=remarks.MOST_CHARACTERS, help_text="One more for it.")

    def save_to(self, row: Call, by: User) -> None:
        given = self.validated_data
        if "note" in given:  # first, as it may be refused
            remarks.note(row, given["note"], by=by)
        if "handled" in given:
            (remarks.handle if given["handled"] else remarks.reopen)(row, by=by)


class CallDetail(RetrieveAPIView[Call]):
    """One call with its legs and events."""

    queryset = CALLS
    serializer_class = CallSerializer
    order_class = RemarkSerializer
    summaries = {
        "GET": "Read a call with its legs and events",
        "PATCH": "Say that a call is handled, or note something",
    }
    needs = {**READ_CALLS, **WRITE_CALLS}

    @idempotent_outside  # what is remarked is written as events are, by another connection
    def patch(self, request: Request, pk: int) -> Response:
        save(self, self.get_object(), request)
        return Response(self.get_serializer(self.get_object()).data)


@extend_schema_view(get=extend_schema(summary="List legs, newest first", tags=["legs"]))
class LegList(ListAPIView[Leg]):
    """The legs of all calls, newest first."""

    queryset = Leg.objects.all()
    serializer_class = LegSerializer
    filterset_class = LegFilter
    pagination_class = BoundedPages
    unindexed, indexed = {"status"}, {"call"}
    needs = READ_CALLS


@extend_schema_view(get=extend_schema(summary="Read a leg", tags=["legs"]))
class LegDetail(RetrieveAPIView[Leg]):
    """One leg, by Vonage's id of it."""

    queryset = Leg.objects.all()
    serializer_class = LegSerializer
    lookup_field = "uuid"
    needs = READ_CALLS


@extend_schema_view(get=extend_schema(summary="List events, newest first", tags=["events"]))
class EventList(ListAPIView[CallEvent]):
    """The events of all calls, and those without a call, newest first."""

    queryset = EVENTS
    serializer_class = EventSerializer
    filterset_class = EventFilter
    pagination_class = BoundedPages
    unindexed, indexed = {"kind", "status"}, {"call", "leg"}
    needs = READ_CALLS


@extend_schema_view(get=extend_schema(summary="Read an event", tags=["events"]))
class EventDetail(RetrieveAPIView[CallEvent]):
    """One event with its payload, whole as it came."""

    queryset = EVENTS
    serializer_class = EventSerializer
    needs = READ_CALLS


@extend_schema_view(get=extend_schema(summary="List recordings, newest first", tags=["recordings"]))
class RecordingList(ListAPIView[Recording]):
    """What was recorded of all calls, newest first."""

    queryset = Recording.objects.select_related("event").defer("event__payload")
    serializer_class = RecordingSerializer
    filterset_class = RecordingFilter
    needs = READ_CALLS


class AnySound(DefaultContentNegotiation):
    """There is one form of each sound: whatever the client would like, it gets that. Problems are told as JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


SOUNDS = {(status, "audio/*"): OpenApiTypes.BINARY for status in (200, 206)}


class NotThatLong(APIException):
    status_code = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    default_detail = "The sound is not that long: Content-Range says how many bytes it has."


class SoundDetail(APIView):
    """The sound of a recording that is kept, whole or the range that is asked for."""

    needs = READ_CALLS
    problems = {"GET": (HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,)}
    content_negotiation_class = AnySound

    @extend_schema(responses=SOUNDS, summary="Fetch the sound of a recording", tags=["recordings"])
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        row = get_object_or_404(Recording, pk=pk, state=RecordingState.KEPT)
        response = sound_response(row, request._request)
        if response.status_code == NotThatLong.status_code:
            self.headers["Content-Range"] = response.headers["Content-Range"]  # DRF puts it on the problem
            raise NotThatLong
        return response
