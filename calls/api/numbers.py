"""Our numbers: which flow their callers get."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import GenericAPIView

from calls.api.filters import MAX_ID, NumberFilter
from calls.api.permissions import rows_of
from calls.api.rows import Order, RowDetail, RowList
from calls.api.serializers import Moment, flow_of
from calls.flows.numbers import delete_numbers
from calls.flows.routing import directory
from calls.models import CallFlow, PhoneNumber, User
from calls.models.people import Scope
from calls.vonage import numbers


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


class NumberChangeSerializer(Order):
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
        return flow_of(pk) if pk else None

    def save_to(self, row: PhoneNumber, by: User) -> None:
        """Keep it. What its callers hear changes with the commit."""
        for name, value in self.validated_data.items():
            setattr(row, name, value)
        row.full_clean(exclude=["flow"])  # it may have none yet
        row.save()
        transaction.on_commit(directory.look, robust=True)


class NumberOrderSerializer(NumberChangeSerializer):
    """A number to be added."""

    msisdn = serializers.CharField(max_length=40, help_text="With its country code, however it is written.")

    def validate_msisdn(self, typed: str) -> str:
        return numbers.typed(typed)


class Numbers(GenericAPIView[PhoneNumber]):
    """What lists and single ones share."""

    queryset = PhoneNumber.objects.none()  # for the schema
    serializer_class = NumberSerializer
    lookup_field = "msisdn"
    needs = rows_of("phonenumber", Scope.READ_NUMBERS, Scope.WRITE_NUMBERS)

    def get_queryset(self) -> QuerySet[PhoneNumber]:
        return PhoneNumber.objects.with_live().select_related("flow")


class NumberList(Numbers, RowList[PhoneNumber]):
    """Our numbers, and to add one."""

    order_class = NumberOrderSerializer
    filterset_class = NumberFilter
    summaries = {"GET": "List our numbers, newest first", "POST": "Add a number"}


class NumberDetail(Numbers, RowDetail[PhoneNumber]):
    """One of our numbers. A flow of one greeting goes with the last number whose callers hear it."""

    order_class = NumberChangeSerializer
    summaries = {"GET": "Read a number", "PATCH": "Change a number", "DELETE": "Remove a number"}

    def remove(self, row: PhoneNumber) -> None:
        delete_numbers(PhoneNumber.objects.filter(pk=row.pk))
