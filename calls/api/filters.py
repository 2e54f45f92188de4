"""By what lists can be narrowed. A parameter that nobody knows is refused: passed over, it would widen the answer."""

from collections.abc import Collection
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.views import APIView

from calls.api.pagination import BoundedPages, NewestFirst
from calls.control.callers import blocks_like, contacts_like, digits_of
from calls.models import Block, BlockAction, BlockKind, CallEvent, Contact, Kind, RecordingState, VoicemailState
from calls.models.calls import CallQuerySet
from calls.records.filters import DAYS, SHOWN, read_filters

LONGEST = 200  # letters of a search
MAX_ID = 2**63 - 1  # more than the column holds is an error in both databases


def bounded_without(indexed: str) -> str:
    """Say what comes of a filter without an index, unless another one is there too."""
    most = f"{BoundedPages.most_looked_at:,}"
    return f"Without {indexed} a page looks at {most} rows at most: it may be short, or empty, while `next` leads on."


class KnownFilters(DjangoFilterBackend):  # type: ignore[misc]
    """Filters lists by what their filter set knows, by nothing else. An empty value (`?status=`) filters nothing."""

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: APIView) -> dict[str, Any]:
        given: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        data = request.query_params.copy()
        for name, values in request.query_params.lists():
            data.setlist(name, [value for value in values if value.strip()])
        return given | {"data": data}

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        if isinstance(view, ListModelMixin):  # a single row is looked up by this, too
            filters = self.get_filterset_class(view, queryset)
            pages = [NewestFirst.page_size_query_param, NewestFirst.cursor_query_param]
            refuse_unknown(request, [*(filters.base_filters if filters else ()), *pages])
        narrowed: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return narrowed


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """Raise ValidationError for parameters of an address that nobody knows."""
    told = f"There is no such parameter here. There are: {', '.join(known)}."
    if unknown := {name: [told] for name in request.query_params if name not in known}:
        raise ValidationError(unknown)


class CallFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter comes without types
    """`?conversation_uuid=` and `?uuid=` each find one call at most; all others are those of the dashboard's list."""

    conversation_uuid = django_filters.CharFilter(
        method="of_conversation", label="Any conversation that a leg of the call was ever in."
    )
    uuid = django_filters.CharFilter(method="of_leg", label="A leg of the call.")
    q = django_filters.CharFilter(
        method="later", label="A number or a part of one, a name, digits pressed, words said, the id of a leg."
    )
    show = django_filters.MultipleChoiceFilter(
        method="later", choices=list(SHOWN.items()), label="What the calls have in common; of several: all."
    )
    days = django_filters.ChoiceFilter(method="later", choices=list(DAYS.items()), label="In place of since and until.")
    since = django_filters.DateFilter(method="later", label="The first day, in the server's zone.")
    until = django_filters.DateFilter(method="later", label="The last day.")
    flow = django_filters.CharFilter(
        method="later", label="The flow that answered first, by its id (3), or a version of it (3v13)."
    )
    hours_from = django_filters.TimeFilter(method="later", label="Begun at this time of the day or later: 09:00.")
    hours_to = django_filters.TimeFilter(method="later", label="Begun at this time of the day or before.")

    def of_conversation(self, calls: CallQuerySet, name: str, value: str) -> CallQuerySet:
        return calls.of_conversation(value)

    def filter_queryset(self, queryset: CallQuerySet) -> CallQuerySet:
        """Narrow the calls by the same code as the list of the dashboard. Raises ValidationError."""
        filters, problems = read_filters({name: self.data.getlist(name) for name in self.data})
        if problems:
            raise ValidationError({name: [problem] for name, problem in problems.items()})
        narrowed: CallQuerySet = super().filter_queryset(queryset)
        return filters.narrow(narrowed) if filters else narrowed

    def later(self, calls: CallQuerySet, name: str, value: object) -> CallQuerySet:
        return calls  # filter_queryset does it, for all of them together

    def of_leg(self, calls: CallQuerySet, name: str, value: str) -> CallQuerySet:
        return calls.of_leg(value)


class IdFilter(django_filters.Filter):  # type: ignore[misc]
    """A whole number. django-filter's own NumberFilter would take 1.5 for 1."""

    field_class = forms.IntegerField


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Events of a call or a leg, of a kind, with one of Vonage's status words."""

    call = IdFilter(field_name="call_id", label="The id of a call.", min_value=1, max_value=MAX_ID)
    leg = django_filters.CharFilter(field_name="leg__uuid", label="The uuid of a leg.")
    kind = django_filters.ChoiceFilter(choices=Kind.choices, label=bounded_without("`call` or `leg`"))
    status = django_filters.CharFilter(
        label=f"Vonage's word, such as “answered”. {bounded_without('`call` or `leg`')}",
    )

    class Meta:
        model = CallEvent
        fields: list[Any] = []


class LegFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Legs of a call, with one of Vonage's status words."""

    call = IdFilter(field_name="call_id", label="The id of a call.", min_value=1, max_value=MAX_ID)
    status = django_filters.CharFilter(label=f"Vonage's word, such as “completed”. {bounded_without('`call`')}")


class RecordingFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Recordings of a call, kept or not."""

    call = IdFilter(field_name="event__call_id", label="The id of a call.", min_value=1, max_value=MAX_ID)
    state = django_filters.ChoiceFilter(choices=RecordingState.choices)


class VoicemailFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Messages by where they are in the inbox, and by their call."""

    state = django_filters.MultipleChoiceFilter(
        choices=VoicemailState.choices, label="Of several: any. The inbox is new and heard."
    )
    call = IdFilter(field_name="recording__event__call_id", label="The id of a call.", min_value=1, max_value=MAX_ID)


class NumberFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Numbers of ours by what people type, and by their flow."""

    q = django_filters.CharFilter(method="like", max_length=LONGEST, label="A part of the number, or of its label.")
    flow = IdFilter(field_name="flow_id", label="The id of a flow.", min_value=1, max_value=MAX_ID)

    def like(self, found: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        of_number = Q(msisdn__contains=digits) if (digits := digits_of(value)) else Q()
        return found.filter(Q(label__icontains=value) | of_number)


class FlowFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Flows by their name, and by a number that has them."""

    q = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=LONGEST, label="A part of the name."
    )
    number = django_filters.CharFilter(
        field_name="phone_numbers__msisdn", max_length=LONGEST, label="A number of ours, as digits."
    )


class ContactFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Contacts, as in the admin."""

    q = django_filters.CharFilter(
        method="like", max_length=LONGEST, label="A name, a part of a number, a tag, or words of a note."
    )
    tag = django_filters.CharFilter(field_name="tags__name", max_length=LONGEST, label="A tag that they have.")

    def like(self, found: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts_like(found, value)


class BlockFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The block list, as in the admin."""

    q = django_filters.CharFilter(
        method="like", max_length=LONGEST, label="A number that is stopped, or words of a note."
    )
    kind = django_filters.ChoiceFilter(choices=BlockKind.choices)
    action = django_filters.ChoiceFilter(choices=BlockAction.choices)

    def like(self, found: QuerySet[Block], name: str, value: str) -> QuerySet[Block]:
        return blocks_like(found, value)


class RuleFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Rules by whom they are about, and by where they lead."""

    tag = django_filters.CharFilter(field_name="tag__name", max_length=LONGEST, label="A tag.")
    number = django_filters.CharFilter(
        field_name="number__msisdn", max_length=LONGEST, label="A number of ours, as digits."
    )
    flow = IdFilter(field_name="flow_id", label="The id of a flow.", min_value=1, max_value=MAX_ID)


class SoundFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Sound files by their name."""

    q = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=LONGEST, label="A part of the name."
    )


class HoursFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Opening hours by their name."""

    q = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=LONGEST, label="A part of the name."
    )
