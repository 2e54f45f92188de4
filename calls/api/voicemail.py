"""The voicemail inbox: messages that callers left, new, heard or archived, each with its recording."""

from typing import Any

from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView

from calls.api.filters import VoicemailFilter
from calls.api.permissions import READ_CALLS, Needed
from calls.api.rows import Order, RowChange
from calls.api.serializers import FromTo, Moment, Person, RecordingSerializer, Told
from calls.models import User, Voicemail, VoicemailState
from calls.models.people import Scope
from calls.models.voicemail import MOST_CHARACTERS

CHANGE = {"PATCH": Needed(Scope.WRITE_VOICEMAIL)}


class VoicemailSerializer(FromTo):
    """A message that a caller left."""

    call = serializers.IntegerField(source="recording.event.call_id", read_only=True, allow_null=True)
    from_number = Told(source="recording.event.call.from_number", help_text="Digits, or a name or SIP URI.")
    to_number = Told(source="recording.event.call.to_number")
    left_at = Moment(source="recording.event.occurred_at", help_text="By Vonage's clock.")
    seconds = serializers.SerializerMethodField(help_text="How long it is; null where that was not told.")
    flow = serializers.IntegerField(source="version.flow_id", read_only=True, allow_null=True)
    version = serializers.IntegerField(
        source="version.number", read_only=True, allow_null=True, help_text="Of the flow: what the caller heard."
    )
    step = Told(help_text="The name of the step that took it.")
    blocked = serializers.BooleanField(read_only=True, help_text="The caller is on the block list.")
    heard_at = Moment(allow_null=True)
    heard_by = Person()
    archived_at = Moment(allow_null=True)
    archived_by = Person()
    changed_at = Moment()
    mailed_at = Moment(allow_null=True)
    mail_problem = Told(help_text="Why the last mail that should tell of it was not sent.")
    recording = RecordingSerializer(read_only=True)

    class Meta:
        model = Voicemail
        fields = [
            *["id", "call", "from_number", "to_number", "left_at", "seconds", "flow", "version", "step", "blocked"],
            *["state", "note", "heard_at", "heard_by", "archived_at", "archived_by", "changed_at", "mailed_at"],
            *["mail_problem", "recording"],
        ]
        read_only_fields = fields

    def get_seconds(self, message: Voicemail) -> int | None:
        lasts = message.recording.lasts
        return int(lasts.total_seconds()) if lasts else None


class VoicemailOrderSerializer(Order):
    """What may be changed of a message: where it is, and its note."""

    state = serializers.ChoiceField(VoicemailState.choices, required=False)
    note = serializers.CharField(max_length=MOST_CHARACTERS, allow_blank=True, required=False)

    def save_to(self, row: Voicemail, by: User) -> None:
        given: dict[str, Any] = self.validated_data
        if "state" in given:
            row.put(given["state"], by)
        if "note" in given:
            row.write_note(given["note"])


class Messages(GenericAPIView[Voicemail]):
    """What lists and single ones share."""

    queryset = Voicemail.objects.told().defer("recording__event__payload", "version__program")
    serializer_class = VoicemailSerializer


class VoicemailList(Messages, ListAPIView[Voicemail]):
    """The messages, newest first."""

    filterset_class = VoicemailFilter
    summaries = {"GET": "List the messages that callers left, newest first"}
    needs = READ_CALLS


class VoicemailDetail(Messages, RowChange[Voicemail]):
    """One message. Whoever lets it be heard, or archives it, stands in it from then on."""

    order_class = VoicemailOrderSerializer
    summaries = {"GET": "Read a message", "PATCH": "Hear or archive a message, or write its note"}
    needs = {**READ_CALLS, **CHANGE}
