"""The figures of the reports, for programs."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.filters import MAX_ID
from calls.api.permissions import READ_CALLS
from calls.models.hours import zones
from calls.records.filters import YEARS
from calls.records.stats import Period, Which, figures
from calls.vonage import numbers

USUAL = timedelta(days=29)  # with today 30 days


class StatsQuerySerializer(serializers.Serializer[Any]):
    """Which figures are asked for."""

    first = serializers.DateField(required=False, help_text="The first day. Without it: 29 days before the last.")
    last = serializers.DateField(required=False, help_text="The last day. Without it: today.")
    zone = serializers.CharField(
        required=False, max_length=64, help_text="Whose days: Europe/London. Without it: the server's zone."
    )
    number = serializers.CharField(required=False, max_length=40, help_text="A number of ours.")
    flow = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID, help_text="The id of a flow.")
    version = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID, help_text="The id of a version.")
    outbound = serializers.BooleanField(default=False, help_text="True: the calls that we placed.")

    def validate_first(self, day: date) -> date:
        return self._near(day)

    def validate_last(self, day: date) -> date:
        return self._near(day)

    @staticmethod
    def _near(day: date) -> date:
        if day.year not in YEARS:
            raise ValidationError(f"Days are those of the years {YEARS[0]} to {YEARS[-1]}.")
        return day

    def validate_zone(self, name: str) -> ZoneInfo:
        if name not in zones():
            raise ValidationError("There is no such time zone. Write a name such as Europe/London.")
        return ZoneInfo(name)

    def period(self) -> Period:
        """Give the period. Raises ValidationError."""
        given = self.validated_data
        zone = given.get("zone") or ZoneInfo(settings.TIME_ZONE)
        last = given.get("last") or timezone.now().astimezone(zone).date()
        try:
            return Period(given.get("first") or last - USUAL, last, zone)
        except ValueError as error:
            raise ValidationError({"first": [str(error)]}) from error

    def which(self) -> Which:
        given = self.validated_data
        number = numbers.typed(given.get("number", ""))
        return Which(number, given.get("flow"), given.get("version"), given["outbound"])


class SpreadSerializer(serializers.Serializer[Any]):
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)


class AnswerSerializer(SpreadSerializer):
    slowest = serializers.FloatField(allow_null=True)


class SumsSerializer(serializers.Serializer[Any]):
    """The figures of some calls. docs/api.md says what each means."""

    calls = serializers.IntegerField()
    endings = serializers.DictField(child=serializers.IntegerField(), help_text="How many ended how.")
    missed = serializers.IntegerField()
    asked_for_a_person = serializers.IntegerField()
    answer_rate = serializers.FloatField(allow_null=True, help_text="0 to 1; null where nobody asked for a person.")
    wait_seconds = SpreadSerializer()
    talk_seconds = serializers.IntegerField()
    answers = serializers.IntegerField(help_text="How often Vonage asked us what to do.")
    answer_ms = AnswerSerializer()
    slow_answers = serializers.IntegerField()
    cost_eur = serializers.CharField()


class StepSerializer(SumsSerializer):
    begins = serializers.DateTimeField()


class BeforeSerializer(serializers.Serializer[Any]):
    calls = serializers.IntegerField()
    cost_eur = serializers.CharField()


class HourSerializer(serializers.Serializer[Any]):
    weekday = serializers.IntegerField(help_text="0 is Monday.")
    hour = serializers.IntegerField()
    calls = serializers.IntegerField()


class CostSerializer(serializers.Serializer[Any]):
    number = serializers.CharField(help_text="Empty: what belongs to no number.")
    month = serializers.CharField()
    calls_to_us = serializers.IntegerField()
    calls_placed = serializers.IntegerField()
    cost_eur = serializers.CharField()


class StatsSerializer(serializers.Serializer[Any]):
    """The figures of a period."""

    first = serializers.DateField()
    last = serializers.DateField()
    zone = serializers.CharField()
    total = SumsSerializer()
    before = BeforeSerializer(help_text="Of as many days before.")
    steps = StepSerializer(many=True, help_text="Days; hours where the period is one day.")
    hours = HourSerializer(many=True)
    costs = CostSerializer(many=True)


class Stats(APIView):
    """The figures of a period, of all calls or of those of a number, a flow or a version."""

    needs = READ_CALLS

    @extend_schema(
        parameters=[StatsQuerySerializer],
        responses=StatsSerializer,
        summary="Read the figures of a period",
        tags=["stats"],
    )
    def get(self, request: Request) -> Response:
        query = StatsQuerySerializer(data=request.query_params)
        known = query.fields
        if unknown := [name for name in request.query_params if name not in known]:
            told = f"There is no such parameter here. There are: {', '.join(known)}."
            raise ValidationError({name: [told] for name in unknown})
        query.is_valid(raise_exception=True)
        return Response(figures(query.period(), query.which()).as_json())
