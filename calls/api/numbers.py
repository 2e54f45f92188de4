"""Our numbers: which flow their callers get."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from calls.api.filters import MAX_ID, NumberFilter
from calls.api.idempotency import idempotent
from calls.api.permissions import Needed
from calls.api.serializers import Moment
from calls.flows.routing import directory
from calls.models import CallFlow, PhoneNumber
from calls.models.people import Scope
from calls.vonage import numbers

READ = Needed(Scope.READ_NUMBERS, "calls.view_phonenumber")
ADD = Needed(Scope.WRITE_NUMBERS, "calls.add_phonenumber")
CHANGE = Needed(Scope.WRITE_NUMBERS, "calls.change_phonenumber")
DELETE = Needed(Scope.WRITE_NUMBERS, "calls.delete_phonenumber")


class NumberSerializer(serializers.ModelSerializer[PhoneNumber]):
    """A number of ours, and what its callers hear."""

    msisdn = serializers.CharField(read_only=True, help_text="With its country code, without “+”.")
    flow = serializers.IntegerField(source="flow_id", read_only=True, allow_null=True)
    flow_name = serializers.CharField(source="flow.name", read_only=True, allow_null=True)
    live_version = serializers.IntegerField(
        source="live_number",
        read_only=True,
        allow_null=True,
        help_text="The number of the version that callers hear. Null: they hear that the number is not in service.",
    )
    time_zone = serializers.CharField(read_only=True, help_text="Empty: the server's.")
    changed_at = Moment()

    class Meta:
        model = PhoneNumber
        fields = ["msisdn", "label", "flow", "flow_name", "live_version", "time_zone", "changed_at"]
        read_only_fields = fields

    def to_representation(self, instance: PhoneNumber) -> dict[str, Any]:
        told = super().to_representation(instance)
        return told | {"flow_name": instance.flow.name if instance.flow else None}


class NumberChangeSerializer(serializers.Serializer[Any]):
    """What may be changed of a number."""

    label = serializers.CharField(  # type: ignore[assignment]  # DRF takes it off the class
        max_length=60, allow_blank=True, required=False, help_text="Its name for people."
    )
    flow = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, allow_null=True, required=False, help_text="The id of a flow."
    )
    time_zone = serializers.CharField(
        max_length=64, allow_blank=True, required=False, help_text="Such as Europe/London. Empty: the server's."
    )

    def validate_flow(self, pk: int | None) -> CallFlow | None:
        found = CallFlow.objects.filter(pk=pk or 0).first()
        if pk and not found:
            raise serializers.ValidationError(f"There is no flow {pk}. /api/flows/ lists them.")
        return found


class NumberOrderSerializer(NumberChangeSerializer):
    """A number to be added."""

    msisdn = serializers.CharField(max_length=40, help_text="With its country code, however it is written.")

    def validate_msisdn(self, typed: str) -> str:
        return numbers.typed(typed)


class Numbers(GenericAPIView[PhoneNumber]):
    """Which numbers there are, for the views below."""

    def get_queryset(self) -> QuerySet[PhoneNumber]:
        return PhoneNumber.objects.with_live().select_related("flow")


@extend_schema_view(get=extend_schema(summary="List our numbers, newest first", tags=["numbers"]))
class NumberList(Numbers, ListAPIView[PhoneNumber]):
    """Our numbers, and to add one."""

    queryset = PhoneNumber.objects.none()  # for the schema
    serializer_class = NumberSerializer
    filterset_class = NumberFilter
    needs = {"GET": READ, "POST": ADD}

    @extend_schema(
        request=NumberOrderSerializer, responses={201: NumberSerializer}, summary="Add a number", tags=["numbers"]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        order = NumberOrderSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        number = save(PhoneNumber(), order.validated_data)
        told = NumberSerializer(self.get_queryset().get(pk=number.pk)).data
        return Response(told, HTTPStatus.CREATED, headers={"Location": f"{request.path}{number.msisdn}/"})


@extend_schema_view(get=extend_schema(summary="Read a number", tags=["numbers"]))
class NumberDetail(Numbers, RetrieveAPIView[PhoneNumber]):
    """One of our numbers."""

    queryset = PhoneNumber.objects.none()
    serializer_class = NumberSerializer
    lookup_field = "msisdn"
    needs = {"GET": READ, "PATCH": CHANGE, "DELETE": DELETE}

    @extend_schema(
        request=NumberChangeSerializer, responses=NumberSerializer, summary="Change a number", tags=["numbers"]
    )
    @idempotent
    def patch(self, request: Request, msisdn: int) -> Response:
        number = self.get_object()
        change = NumberChangeSerializer(data=request.data)
        change.is_valid(raise_exception=True)
        save(number, change.validated_data)
        return Response(NumberSerializer(self.get_object()).data)

    @extend_schema(responses={204: None}, summary="Remove a number; its flow stays", tags=["numbers"])
    @idempotent
    def delete(self, request: Request, msisdn: int) -> Response:
        self.get_object().delete()
        transaction.on_commit(directory.look, robust=True)
        return Response(status=HTTPStatus.NO_CONTENT)


def save(number: PhoneNumber, values: Mapping[str, Any]) -> PhoneNumber:
    """Change a number, or add it. What its callers hear changes with the commit. Raises ValidationError."""
    for name, value in values.items():
        setattr(number, name, value)
    number.full_clean(exclude=["flow"])  # it may have none yet
    number.save()
    transaction.on_commit(directory.look, robust=True)
    return number
