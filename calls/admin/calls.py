"""The call log: calls, legs and events, to look at. Only Vonage and the server itself write here."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from calls.admin.columns import isolated, moment, preformatted
from calls.models import Call, CallEvent, Leg, RequestHead
from calls.templatetags.calls_format import NOTHING, duration, money, pretty_json
from calls.vonage import numbers
from calls.vonage.events import text_of


class NewestRows(Paginator):  # type: ignore[type-arg]
    """Pages through the newest rows alone: to count millions takes longer than anybody reads."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list[: self.most]  # type: ignore[assignment]  # a queryset, as all of the admin's
        return rows.count()


class NewestList(ChangeList):
    """In one order, whatever an address asks for: few columns have an index. Nor have what filters ask about, so what
    they leave out is passed over among the newest rows alone, unless an index makes them few.
    """

    model_admin: "ReadOnlyAdmin"
    most_filtered = 100_000
    sought_among = ""  # the newest so many, where that leaves rows out

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return ["-pk"]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        if not self.has_active_filters or self._by_index():
            return found
        newest = self.model._default_manager.order_by("-pk").values_list("pk", flat=True)
        edge = newest[self.most_filtered : self.most_filtered + 1].first()
        if edge is None:
            return found
        self.sought_among = f"{self.most_filtered:,}"
        return found.filter(pk__gt=edge)

    def _by_index(self) -> bool:
        """Whether an index leads to what is asked for: of one call, a uuid, or what is odd, and nothing else."""
        if "call__id__exact" in self.params or self.model_admin.finds_few(self.query):
            return True
        return self.get_filters_params().keys() == {"odd"} and self.params["odd"] in OddFilter.indexed


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that nobody adds, changes or deletes by hand: newest first, cheap however many there are."""

    paginator = NewestRows
    ordering = ["-pk"]
    sortable_by = ()
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    actions = None

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return NewestList

    def finds_few(self, term: str) -> bool:
        """Whether a search for it goes by an index, and so by itself looks at few rows."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LogAdmin(ReadOnlyAdmin):
    """A list of the call log. Its search knows whole uuids, by their indexes, and how numbers begin."""

    search_fields = ["pk"]  # makes the admin show its search box; what it finds is said below

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return queryset.filter(self.found(term)) if term else queryset, False

    def finds_few(self, term: str) -> bool:
        return bool(term.strip())

    def found(self, term: str) -> Q:
        """Say which rows belong to a leg or a conversation of that uuid."""
        raise NotImplementedError


def calls_of(uuid: str) -> QuerySet[Call, Any]:
    """Keys of calls, by the uuid of a leg or of any conversation they ever had: each way by its index."""
    by_leg = Call.objects.of_leg(uuid).values("pk")
    return by_leg.union(Call.objects.of_conversation(uuid).values("pk"))


def with_number(term: str) -> Q | None:
    """Rows from or to a number that begins like this; None where the term is no beginning of a number."""
    digits = numbers.typed(term)
    if not (digits.isdecimal() and len(digits) <= 15):
        return None
    return Q(from_number__startswith=digits) | Q(to_number__startswith=digits)


class DirectionFilter(SimpleListFilter):
    """Vonage's two words: to ask the table for its words would read all of it."""

    title = parameter_name = "direction"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("inbound", "Inbound"), ("outbound", "Outbound")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _ in self.lookup_choices}
        return queryset.filter(direction=self.value()) if self.value() in known else queryset


class PartiesAdmin(LogAdmin):
    """What calls and legs have in common."""

    search_help_text = "A number from its first digit, or the whole uuid of a leg or conversation."
    started = moment("started_at", "Started")
    answered = moment("answered_at", "Picked up")
    ended = moment("ended_at", "Ended")

    def finds_few(self, term: str) -> bool:
        """Of a uuid. A number may begin as most do."""
        return super().finds_few(term) and with_number(term) is None

    @admin.display(description="From")
    def caller(self, row: Call | Leg) -> SafeString:
        return isolated(numbers.shown(row.from_number))

    @admin.display(description="To")
    def called(self, row: Call | Leg) -> SafeString:
        return isolated(numbers.shown_called(row.to_number))

    @admin.display(description="Duration")
    def lasted(self, row: Call | Leg) -> str:
        return duration(row.duration_seconds)

    @admin.display(description="Price")
    def price(self, row: Call | Leg) -> str:
        return money(row.price_eur)


def dashboard_link(call: Call | None) -> str | SafeString:
    """Lead to the call's page, where its events are told in words."""
    return format_html('<a href="{}">Call {}</a>', reverse("call", args=[call.pk]), call.pk) if call else NOTHING


def counted(address: str, count: int, word: str) -> SafeString:
    """Lead to a list of so many rows."""
    return format_html('<a href="{}">{} {}{}</a>', address, count, word, "" if count == 1 else "s")


@admin.register(Call)
class CallAdmin(PartiesAdmin):
    list_display = ["started", "caller", "called", "direction", "outcome", "lasted", "price", "page"]
    list_filter = ["outcome", DirectionFilter]
    view_on_site = False  # its first line leads there
    fields = [
        *["page", "events_", "legs_", "outcome", "direction", "caller", "called", "started", "answered"],
        *["ended", "lasted", "price", "conversation_uuid", "origin_uuid"],
    ]

    def found(self, term: str) -> Q:
        return with_number(term) or Q(pk__in=calls_of(term))

    @admin.display(description="On the dashboard")
    def page(self, call: Call) -> str | SafeString:
        return dashboard_link(call)

    @admin.display(description="Events")
    def events_(self, call: Call) -> SafeString:
        address = reverse("admin:calls_callevent_changelist", query={"call__id__exact": call.pk})
        return counted(address, call.events.count(), "event")

    @admin.display(description="Legs")
    def legs_(self, call: Call) -> SafeString:
        address = reverse("admin:calls_leg_changelist", query={"call__id__exact": call.pk})
        return counted(address, call.legs.count(), "leg")


@admin.register(Leg)
class LegAdmin(PartiesAdmin):
    list_display = ["started", "caller", "called", "direction", "status", "lasted", "price", "page", "uuid"]
    list_filter = [DirectionFilter]
    list_select_related = ["call"]
    fields = [
        *["page", "uuid", "status", "detail", "sip_code", "disconnected_by", "machine", "direction", "caller"],
        *["called", "started", "answered", "ended", "lasted", "rate", "price", "network"],
        *["conversation_uuid", "born_in"],
    ]

    def found(self, term: str) -> Q:
        if number := with_number(term):
            return number
        here = Leg.objects.filter(uuid=term).values("pk")
        return Q(pk__in=here.union(Leg.objects.filter(call__in=calls_of(term)).values("pk")))

    @admin.display(description="Call")
    def page(self, leg: Leg) -> str | SafeString:
        return dashboard_link(leg.call)

    @admin.display(description="Rate a minute")
    def rate(self, leg: Leg) -> str:
        return money(leg.rate_eur)


class OddFilter(SimpleListFilter):
    """Events that somebody may have to look into."""

    title, parameter_name = "what is odd", "odd"
    odd = {
        "loose": ("Without a call", Q(call__isnull=True)),
        "failed": ("Not read, with an error", ~Q(error="")),
        "repeated": ("Received more than once", Q(times_received__gt=1)),
        "unsigned": ("Not signed", Q(signed=False)),
        "cleaned": ("Had what a database refuses", ~Q(raw=b"")),
    }
    indexed = ("loose", "unsigned")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, _) in self.odd.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.odd.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(CallEvent)
class CallEventAdmin(LogAdmin):
    list_display = ["received", "kind", "status_", "page", "leg_", "occurred"]
    list_filter = ["kind", OddFilter]
    list_select_related = ["call", "leg"]
    search_help_text = "The whole uuid of a leg or conversation."
    received = moment("received_at", "Received", exact=True)
    occurred = moment("occurred_at", "Happened", exact=True)
    fields = [
        *["page", "leg_", "kind", "status_", "occurred", "received", "door", "signed", "times_received"],
        *["conversation_", "error", "request_", "payload_", "raw_"],
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallEvent]:
        return super().get_queryset(request).defer("raw")

    def found(self, term: str) -> Q:
        here = CallEvent.objects.filter(conversation_uuid=term, leg__isnull=True).values("pk")
        of_leg = CallEvent.objects.filter(leg__in=Leg.objects.filter(uuid=term)).values("pk")
        of_call = CallEvent.objects.filter(call__in=calls_of(term)).values("pk")
        return Q(pk__in=here.union(of_leg, of_call))

    @admin.display(description="Status")
    def status_(self, event: CallEvent) -> str:
        return event.status or NOTHING

    @admin.display(description="Call")
    def page(self, event: CallEvent) -> str | SafeString:
        return dashboard_link(event.call)

    @admin.display(description="Leg")
    def leg_(self, event: CallEvent) -> str:
        return event.leg.uuid if event.leg else NOTHING

    @admin.display(description="Conversation")
    def conversation_(self, event: CallEvent) -> str:
        return event.conversation_uuid or text_of(event.payload.get("conversation_uuid")) or NOTHING

    @admin.display(description="Request")
    def request_(self, event: CallEvent) -> str | SafeString:
        """Its line and headers; one that is gone may still be named."""
        row = RequestHead.objects.filter(pk=event.head_id).first() if event.head_id is not None else None
        return preformatted(str(row.head)) if row else NOTHING

    @admin.display(description="Payload")
    def payload_(self, event: CallEvent) -> SafeString:
        return preformatted(pretty_json(event.payload))

    @admin.display(description="As it came")
    def raw_(self, event: CallEvent) -> str | SafeString:
        """The very bytes, where the payload had to be cleaned."""
        if not event.raw:
            return "As in the payload"
        return preformatted(bytes(event.raw).decode("ascii", "backslashreplace"))
