"""Call flows as JSON: the list, the draft in its text form, findings, versions and when which is live."""

from typing import Any

from rest_framework import serializers

from calls.api.serializers import Moment, Person
from calls.flows.compile import Finding
from calls.models import CallFlow, FlowVersion, Publication


class FlowSerializer(serializers.ModelSerializer[CallFlow]):
    """A call flow, as lists show it."""

    steps = serializers.IntegerField(source="step_count", read_only=True, help_text="Of the draft.")
    numbers = serializers.IntegerField(source="number_count", read_only=True, help_text="How many numbers have it.")
    live_version = serializers.IntegerField(
        source="live_number", read_only=True, allow_null=True, help_text="What callers hear; null: nothing of it."
    )
    newest_version = serializers.IntegerField(source="newest_number", read_only=True, allow_null=True)
    changed_at = Moment(help_text="The draft.")
    changed_by = Person()

    class Meta:
        model = CallFlow
        fields = [
            *["id", "name", "language", "style", "premium", "steps", "numbers", "live_version", "newest_version"],
            *["changed_at", "changed_by"],
        ]
        read_only_fields = fields


class VoiceSerializer(serializers.Serializer[Any]):
    language = serializers.CharField(required=False)
    style = serializers.IntegerField(required=False)  # type: ignore[assignment]  # DRF takes it off the class
    premium = serializers.BooleanField(required=False)


class StepTextSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="greeting, menu, hours, goto, hangup, ncco …")
    name = serializers.CharField(required=False)
    settings = serializers.DictField(required=False, help_text="Those of its kind; what is left out is usual.")
    leads = serializers.DictField(required=False, help_text="Where it leads, by key or case: {“1”: {to: {step: 3}}}.")


class FlowTextSerializer(serializers.Serializer[Any]):
    """A draft in its text form, as manage.py flow_export writes it: JSON here, YAML with that media type."""

    callflow = serializers.IntegerField(help_text="1, the form.", min_value=1, max_value=1)
    name = serializers.CharField(max_length=100)
    voice = VoiceSerializer(required=False)
    steps = StepTextSerializer(many=True)


class FindingSerializer(serializers.Serializer[Finding]):
    """What is wrong or odd with a draft: which step, why, and the cure."""

    step = serializers.SerializerMethodField(help_text="Its place; null: the flow.")
    message = serializers.CharField(read_only=True)

    def get_step(self, finding: Finding) -> int | None:
        return finding.step.position if finding.step else None


class LintSerializer(serializers.Serializer[Any]):
    """Whether the draft may be published."""

    publishable = serializers.BooleanField()
    findings_errors = FindingSerializer(many=True, help_text="These forbid it.")
    warnings = FindingSerializer(many=True, help_text="These are odd.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`errors` is a name of DRF's own, so it is given here."""
        return {name.removeprefix("findings_"): field for name, field in super().get_fields().items()}


class VersionSerializer(serializers.ModelSerializer[FlowVersion]):
    """A version, which never changes."""

    live = serializers.SerializerMethodField(help_text="Callers hear it now.")
    author = Person()
    published_at = Moment(help_text="When it was made.")

    class Meta:
        model = FlowVersion
        fields = ["id", "number", "live", "note", "author", "published_at"]
        read_only_fields = fields

    def get_live(self, version: FlowVersion) -> bool:
        return bool(version.pk == self.context["live"])


class ProgramSerializer(VersionSerializer):
    """A version with the program that runs."""

    program = serializers.DictField(read_only=True)

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "program"]
        read_only_fields = fields


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """A version goes live at a time. Of several that cover a moment the one that begins last counts."""

    version = serializers.IntegerField(source="version.number", read_only=True)
    from_at = Moment()
    until_at = Moment(allow_null=True)
    by = Person()
    made_at = Moment()

    class Meta:
        model = Publication
        fields = ["id", "version", "from_at", "until_at", "note", "by", "made_at"]
        read_only_fields = fields


class PublishSerializer(serializers.Serializer[Any]):
    """When it goes live, and back. Times without an offset are the server's."""

    note = serializers.CharField(max_length=200, allow_blank=True, required=False, help_text="What changed, and why.")
    from_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Without it: now.")
    until_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Without it: for good.")
