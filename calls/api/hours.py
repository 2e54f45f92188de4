"""Opening hours: the week and the closures, whether a line is open, and open or closed for a while."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.filters import HoursFilter
from calls.api.hours_orders import HoursOrderSerializer, NewHoursSerializer, OverrideOrderSerializer
from calls.api.idempotency import idempotent, user_of
from calls.api.permissions import Needed, rows_of
from calls.api.rows import RowDetail, RowList
from calls.api.serializers import Moment, Person
from calls.control import hours as control
from calls.flows.hours import Schedule, state
from calls.flows.hours_data import load_all
from calls.models import Closure, OpeningHours, OpenSpan, Override
from calls.models.hours import DAYS, clock_of
from calls.models.people import Scope

HOURS = OpeningHours.objects.prefetch_related("spans", "closures", "overrides__by")
OVERRIDE = Needed(Scope.WRITE_HOURS, "calls.change_openinghours", "calls.add_override")


class SpanSerializer(serializers.ModelSerializer[OpenSpan]):
    """Open from when to when on a weekday."""

    weekday = serializers.SerializerMethodField()
    opens = serializers.SerializerMethodField(help_text="Such as 09:00.")
    closes = serializers.SerializerMethodField(help_text="Such as 17:30; midnight is 24:00.")

    class Meta:
        model = OpenSpan
        fields = ["weekday", "opens", "closes"]

    def get_weekday(self, span: OpenSpan) -> str:
        return DAYS[span.weekday]

    def get_opens(self, span: OpenSpan) -> str:
        return clock_of(span.opens)

    def get_closes(self, span: OpenSpan) -> str:
        return clock_of(span.closes)


class ClosureSerializer(serializers.ModelSerializer[Closure]):
    """Whole days on which it is closed."""

    class Meta:
        model = Closure
        fields = ["name", "first_day", "last_day", "yearly", "message"]
        read_only_fields = fields


class OverrideSerializer(serializers.ModelSerializer[Override]):
    """Open or closed for a while, whatever the hours say."""

    since = Moment(source="from_at")
    until = Moment(source="until_at")
    by = Person()

    class Meta:
        model = Override
        fields = ["state", "since", "until", "message", "by"]
        read_only_fields = fields


class StateSerializer(serializers.Serializer[Any]):
    """How it stands now."""

    open = serializers.BooleanField(read_only=True)
    why = serializers.ChoiceField(["week", "closure", "override", "unreadable"], read_only=True)
    until = Moment(allow_null=True, help_text="When this, or its reason, changes; null: not within 400 days.")
    next_open = Moment(allow_null=True, help_text="When it opens next.")
    message = serializers.CharField(read_only=True, help_text="What callers hear first while it is closed.")


class HoursSerializer(serializers.ModelSerializer[OpeningHours]):
    """Opening hours in a zone of their own, and how they stand now."""

    now = serializers.SerializerMethodField()
    week = SpanSerializer(source="spans", many=True, read_only=True)
    closures = ClosureSerializer(many=True, read_only=True)
    overrides = serializers.SerializerMethodField(help_text="Those that hold now or later, the newest first.")
    changed_at = Moment()

    class Meta:
        model = OpeningHours
        fields = ["id", "name", "time_zone", "now", "week", "closures", "overrides", "changed_at"]
        read_only_fields = fields

    @extend_schema_field(StateSerializer)
    def get_now(self, hours: OpeningHours) -> Any:
        schedules, moment = self.context["schedules"], self.context["moment"]
        return StateSerializer(state(Schedule.read(schedules.get(hours.pk)), moment)).data

    @extend_schema_field(OverrideSerializer(many=True))
    def get_overrides(self, hours: OpeningHours) -> Any:
        moment = self.context["moment"]
        return OverrideSerializer([one for one in hours.overrides.all() if one.until_at > moment], many=True).data


class Hours(GenericAPIView[OpeningHours]):
    """What lists and single ones share."""

    queryset = HOURS
    serializer_class = HoursSerializer
    needs = rows_of("openinghours", Scope.READ_HOURS, Scope.WRITE_HOURS)

    def get_serializer_context(self) -> dict[str, Any]:
        """Read all schedules once, however many are listed."""
        return {**super().get_serializer_context(), **reading()}


class HoursList(Hours, RowList[OpeningHours]):
    """All opening hours, and to add some."""

    order_class = NewHoursSerializer
    filterset_class = HoursFilter
    summaries = {"GET": "List opening hours, newest first", "POST": "Add opening hours"}


class HoursDetail(Hours, RowDetail[OpeningHours]):
    """One schedule. While a step or a version that callers hear asks it, it is not removed."""

    order_class = HoursOrderSerializer
    summaries = {
        "GET": "Read opening hours",
        "PATCH": "Change opening hours",
        "DELETE": "Remove opening hours with their closures",
    }

    def remove(self, row: OpeningHours) -> None:
        row.refuse_while_used()
        row.delete()


class HoursOverride(APIView):
    """Opens or closes for a while; takes that back."""

    needs = {"POST": OVERRIDE, "DELETE": OVERRIDE}

    @extend_schema(
        request=OverrideOrderSerializer,
        responses={201: HoursSerializer},
        summary="Open or close for a while",
        tags=["hours"],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        hours = get_object_or_404(OpeningHours, pk=pk)
        with timezone.override(hours.zone):
            order = OverrideOrderSerializer(data=request.data)
            order.is_valid(raise_exception=True)
            given = order.validated_data
        message, since = given.get("message", ""), given.get("since")
        control.override(hours, given["state"], given["until"], user_of(request), message, since=since)
        return Response(told(pk), HTTPStatus.CREATED)

    @extend_schema(responses={200: HoursSerializer}, summary="Let the hours hold again now", tags=["hours"])
    @idempotent
    def delete(self, request: Request, pk: int) -> Response:
        control.end_override(get_object_or_404(OpeningHours, pk=pk))
        return Response(told(pk))


def told(pk: int) -> Any:
    return HoursSerializer(HOURS.get(pk=pk), context=reading()).data


def reading() -> dict[str, Any]:
    moment: datetime = timezone.now()
    return {"schedules": load_all(), "moment": moment}
