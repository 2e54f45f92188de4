"""The figures of the reports, for programs."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.filters import refuse_unknown
from calls.api.permissions import READ_CALLS
from calls.models.hours import zones
from calls.records.choice import PERIODS, USUAL, Choice
from calls.records.filters import YEARS
from calls.records.stats import Period, figures

DATES = "dates"


class StatsQuerySerializer(serializers.Serializer[Any]):
    """Which figures are asked for: by the parameters of the page of reports, and the zone."""

    period = serializers.ChoiceField(
        list(PERIODS.items()), required=False, help_text=f"Without it: {USUAL}; “{DATES}” where days are given."
    )
    to = serializers.DateField(required=False, help_text="The last day. Without it: today.")
    number = serializers.CharField(required=False, max_length=40, help_text="A number of ours.")
    flow = serializers.RegexField(
        r"\A[0-9]{1,9}(v[0-9]{1,9})?\Z", required=False, help_text="The id of a flow: 3; or a version of it: 3v13."
    )
    way = serializers.ChoiceField(["out"], required=False, help_text="The calls that we placed; else those to us.")
    zone = serializers.CharField(
        required=False, max_length=64, help_text="Whose days: Europe/London. Without it: the server's zone."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """In Python `from` is a keyword, so it is added here."""
        fields = super().get_fields()
        first = serializers.DateField(required=False, help_text="The first day. Without it: the last.")
        return {"period": fields.pop("period"), "from": first, **fields}

    def validate_zone(self, name: str) -> ZoneInfo:
        if name not in zones():
            raise ValidationError("There is no such time zone. Write a name such as Europe/London.")
        return ZoneInfo(name)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        days = {name: attrs[name] for name in ("from", "to") if name in attrs}
        if days and attrs.get("period", DATES) != DATES:
            raise ValidationError({"period": f"Days are given, too: leave out one of both, or say “{DATES}”."})
        for name, day in days.items():
            if day.year not in YEARS:
                raise ValidationError({name: f"Days are those of the years {YEARS[0]} to {YEARS[-1]}."})
        if len(days) == 2 and days["from"] > days["to"]:
            raise ValidationError({"to": "The last day lies before the first one."})
        return attrs

    def asked(self) -> tuple[Period, Choice]:
        """Give the days and the calls that are meant. Raises ValidationError."""
        given = self.validated_data
        zone = given.get("zone") or timezone.get_current_timezone()
        told = {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}
        choice = Choice.read(told)
        try:
            return choice.period(timezone.now().astimezone(zone).date(), zone), choice
        except ValueError as error:
            raise ValidationError({"from": [str(error)]}) from error


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
        query = StatsQuerySerializer(data={name: told for name, told in request.query_params.items() if told})
        refuse_unknown(request, list(query.fields))
        query.is_valid(raise_exception=True)
        period, choice = query.asked()
        return Response(figures(period, choice.which()).as_json())
