"""By what lists can be narrowed. Everything else in a query is passed over."""

from typing import Any

import django_filters
from django import forms

from calls.models import CallEvent, Kind
from calls.models.calls import CallQuerySet

MAX_ID = 2**63 - 1  # more than the column holds is an error in both databases


class CallFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter comes without types
    """`?conversation_uuid=` and `?uuid=` each find one call at most."""

    conversation_uuid = django_filters.CharFilter(
        method="of_conversation", label="Any conversation that a leg of the call was ever in."
    )
    uuid = django_filters.CharFilter(method="of_leg", label="A leg of the call.")

    def of_conversation(self, calls: CallQuerySet, name: str, value: str) -> CallQuerySet:
        return calls.of_conversation(value)

    def of_leg(self, calls: CallQuerySet, name: str, value: str) -> CallQuerySet:
        return calls.of_leg(value)


class IdFilter(django_filters.Filter):  # type: ignore[misc]
    """A whole number. django-filter's own NumberFilter would take 1.5 for 1."""

    field_class = forms.IntegerField


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Events of a call or a leg, of a kind, with one of Vonage's status words."""

    call = IdFilter(field_name="call_id", label="The id of a call.", min_value=1, max_value=MAX_ID)
    leg = django_filters.CharFilter(field_name="leg__uuid", label="The uuid of a leg.")
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    status = django_filters.CharFilter(label="Vonage's word, such as “answered”.")

    class Meta:
        model = CallEvent
        fields: list[Any] = []
