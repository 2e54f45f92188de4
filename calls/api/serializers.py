"""Calls, legs and events as JSON. The names of the fields are promised: programs rely on them.

A fact that nobody told us is null, never an empty text. Times are UTC and end in "Z", always with six digits of a
second, so that as texts they sort by time. Money is a decimal in a text, as a JSON number would lose its places.
"""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls.models import Call, CallEvent, CallFlow, Leg, Recording, RequestHead


class Told(serializers.CharField):
    """A text that Vonage told us: "" in the database means that it did not, and is null here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]
        return super().to_representation(value) or None


class Moment(serializers.DateTimeField):
    """A time such as "2026-11-23T14:02:11.310000Z", whatever the server's own zone is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Euros(serializers.DecimalField):
    """An amount such as "0.00060000"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=16, decimal_places=8, read_only=True, allow_null=True, **options)


class Person(serializers.CharField):
    """The login of who did it; null for the shell and for those who are gone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def get_attribute(self, instance: Any) -> Any:
        return instance  # DRF would leave null fields out of our hands

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]
        person = getattr(value, self.source or "")
        return person.get_username() if person else None


class FromTo(serializers.ModelSerializer[Any]):
    """In Python `from` is a keyword, so the API's names are given here."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        names = {"from_number": "from", "to_number": "to"}
        return {names.get(name, name): field for name, field in super().get_fields().items()}


class Party(FromTo):
    """What calls and legs share."""

    direction = Told()
    from_number = Told(source="from_number", help_text="Digits, or a name or SIP URI.")
    to_number = Told(source="to_number")
    started_at = Moment(allow_null=True)
    answered_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True, help_text="Null while it lasts.")
    price_eur = Euros()


def flow_of(pk: int) -> CallFlow:
    """Give the flow of this id. Raises ValidationError."""
    found = CallFlow.objects.filter(pk=pk).first()
    if found is None:
        raise serializers.ValidationError(f"There is no flow {pk}. /api/flows/ lists them.")
    return found


class LegSerializer(Party):
    """One party's connection."""

    call = serializers.IntegerField(source="call_id", read_only=True)

    status = Told(help_text="The most telling of Vonage's words.")
    rate_eur = Euros(help_text="A minute.")
    network = Told()

    class Meta:
        model = Leg
        fields = [
            "uuid",
            "call",
            "direction",
            "from_number",
            "to_number",
            "status",
            "started_at",
            "answered_at",
            "ended_at",
            "duration_seconds",
            "rate_eur",
            "price_eur",
            "network",
        ]
        read_only_fields = fields


class HeadSerializer(serializers.ModelSerializer[RequestHead]):
    """The head of a webhook: its line, and those of its headers that are kept, secrets masked."""

    line = serializers.CharField(read_only=True, help_text="Without query and token.")
    headers = serializers.SerializerMethodField(help_text="By name, in the order in which they are told.")

    class Meta:
        model = RequestHead
        fields = ["line", "headers"]
        read_only_fields = fields

    def get_headers(self, row: RequestHead) -> dict[str, str]:
        return dict(row.head.headers)


class EventSerializer(serializers.ModelSerializer[CallEvent]):
    """One thing that happened to a call."""

    call = serializers.IntegerField(source="call_id", read_only=True, allow_null=True)
    leg = serializers.CharField(
        source="leg.uuid", read_only=True, allow_null=True, help_text="The leg's uuid, null where Vonage names none."
    )
    status = Told(help_text="Vonage's word; only events of kind “status” have one.")
    occurred_at = Moment(help_text="By Vonage's clock.")
    received_at = Moment(help_text="By ours.")
    request = HeadSerializer(
        source="head", read_only=True, allow_null=True, help_text="What brought it, null where that is not kept."
    )
    payload = serializers.DictField(read_only=True, help_text="Whole, as it came.")

    class Meta:
        model = CallEvent
        fields = ["id", "call", "leg", "kind", "status", "occurred_at", "received_at", "request", "payload"]
        read_only_fields = fields


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    """What was recorded of a call, and where its sound is."""

    call = serializers.IntegerField(source="event.call_id", read_only=True, allow_null=True)
    sound = serializers.SerializerMethodField(help_text="Path of the sound; null while it is not kept here.")
    recording_uuid = Told()
    started_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    fetched_at = Moment(allow_null=True)
    content_type = Told()
    problem = Told(help_text="Why it is not kept, in a sentence.")

    class Meta:
        model = Recording
        fields = [
            "id",
            "call",
            "recording_uuid",
            "state",
            "started_at",
            "ended_at",
            "fetched_at",
            "content_type",
            "size",
            "sound",
            "problem",
        ]
        read_only_fields = fields

    def get_sound(self, recording: Recording) -> str | None:
        return reverse("api-recording", args=[recording.pk]) if recording.is_kept else None


class CallSerializer(Party):
    """What one caller lived through, with its legs and events."""

    conversation_uuid = Told(help_text="The latest conversation of its first leg.")
    handled_at = Moment(allow_null=True, help_text="When somebody here saw to it.")
    handled_by = Told()
    legs = LegSerializer(many=True, read_only=True)
    events = EventSerializer(many=True, read_only=True, help_text="Oldest first.")
    recordings = serializers.SerializerMethodField()

    class Meta:
        model = Call
        fields = [
            "id",
            "conversation_uuid",
            "direction",
            "from_number",
            "to_number",
            "outcome",
            "started_at",
            "answered_at",
            "ended_at",
            "duration_seconds",
            "price_eur",
            "handled_at",
            "handled_by",
            "legs",
            "events",
            "recordings",
        ]
        read_only_fields = fields

    @extend_schema_field(RecordingSerializer(many=True))
    def get_recordings(self, call: Call) -> Any:
        """Those of its events, which are at hand."""
        found = [event.recording for event in call.events.all() if hasattr(event, "recording")]
        return RecordingSerializer(found, many=True).data
