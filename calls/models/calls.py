"""The call log: Call, Leg, CallEvent, and the conversations that tie them.

What Vonage said is kept as it came in `CallEvent.payload`; every other column here is our reading of it,
made by `records.fold` and made anew by each event. Reports may read these tables: a column bears the name
that the API gives it, and an empty text is an unknown fact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils import timezone

from calls.models.heads import RequestHead
from calls.models.payloads import PayloadField
from calls.vonage import numbers

NO_CONVERSATION = "leg:"  # so begins what stands for the conversation of a call as long as none was named
NAME_LENGTH = 255  # of identities and parties: free text, since Vonage's own have several shapes


class Kind(models.TextChoices):
    """What a CallEvent is. Only `status` events have one of Vonage's status words."""

    STATUS = "status"
    ANSWER = "answer"
    FALLBACK = "fallback"
    INPUT = "input"
    RECORD = "record"
    TRANSCRIPTION = "transcription"
    TRANSFER = "transfer"
    NOTIFY = "notify"
    ERROR = "error"
    ACTION = "action"
    UNKNOWN = "unknown"


TELLING = (Kind.RECORD.value, Kind.ACTION.value)  # events that tell in the sum of a call, beside its legs


class Outcome(models.TextChoices):
    """What came of a call."""

    IN_PROGRESS = "in progress"
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    MISSED = "missed"
    BUSY = "busy"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    END_UNKNOWN = "end unknown"


# What lists are narrowed to. Whether somebody declined a call or could not be reached, its last leg tells.
NOT_REACHED = [Outcome.MISSED, Outcome.BUSY, Outcome.CANCELLED, Outcome.REJECTED]
FAILED = [Outcome.FAILED, Outcome.REJECTED]
LONG_SECONDS = 300
TO_HANDLE = [*NOT_REACHED, Outcome.VOICEMAIL]  # callers who wait for a word from us, until somebody says it is done


class CallQuerySet(models.QuerySet["Call"]):
    def open(self) -> Self:
        """Calls whose payloads are all kept, so that they can be read again."""
        return self.filter(sealed=False)

    def newest_first(self) -> Self:
        """In the order of their keys: the one that was told of last comes first."""
        return self.order_by("-pk")

    def latest_first(self) -> Self:
        """In the order of their start, as people read them."""
        return self.order_by("-started_at", "-pk")

    def telling(self, asked: models.Q) -> Self:
        """Let each tell whether it `fits` what is asked."""
        yes, no = models.Value(True), models.Value(False)
        return self.annotate(fits=models.Case(models.When(asked, then=yes), default=no))

    def of_conversation(self, uuid: str) -> Self:
        """Calls that ever were in the conversation: there is one at most."""
        visited = Conversation.objects.filter(uuid=uuid).values("call")
        return self.filter(pk__in=visited.union(Call.objects.filter(origin_uuid=uuid).values("pk")))

    def of_leg(self, uuid: str) -> Self:
        return self.filter(legs__uuid=uuid)

    def unsigned(self, most: int) -> Self:
        """The newest calls of which something was told without a valid signature, so many at most."""
        told = CallEvent.objects.filter(signed=False, call__isnull=False).order_by("-call")
        return self.filter(pk__in=told.values("call").distinct()[:most])


class Call(models.Model):
    """What one caller lived through: the legs born in one conversation, with its events."""

    # The conversation its legs were born in, by which a call is told from others; "leg:<uuid>" until Vonage names one.
    origin_uuid = models.CharField(max_length=NAME_LENGTH + 4, editable=False)
    moved_to = models.CharField(max_length=NAME_LENGTH, blank=True)  # the latest one of its first leg, if another
    direction = models.CharField(max_length=16, blank=True)
    from_number = models.CharField(max_length=NAME_LENGTH, blank=True)  # also a name, a SIP URI, "Unknown"
    to_number = models.CharField(max_length=NAME_LENGTH, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.IN_PROGRESS)
    started_at = models.DateTimeField(null=True)  # Vonage's clock, as all times of calls and legs
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    duration_seconds = models.PositiveIntegerField(null=True)  # its first leg's, as billed
    price_eur = models.DecimalField(max_digits=16, decimal_places=8, null=True)  # the sum of its legs'
    # Payloads of it were emptied: late events are added to it, but its columns stay as they are for ever.
    sealed = models.BooleanField(default=False, editable=False)
    has_payloads = models.BooleanField(default=True, editable=False)  # a sealed call has where late events were added
    # Not told by Vonage but by us, and no reading anew changes it: when somebody saw to it, and under which name.
    handled_at = models.DateTimeField(null=True, editable=False)
    handled_by = models.CharField(max_length=150, blank=True, default="", db_default="", editable=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin_uuid"], name="call_by_origin")]
        indexes = [
            # Those on the line are few; the dashboard asks for them every other second.
            models.Index(fields=["id"], name="call_in_progress", condition=models.Q(outcome="in progress")),
            # Lists in order of start. A start is told once, so that no later event touches these; the partial ones
            # gain an entry when a call ends so, which writes to the index above in any case.
            models.Index(fields=["started_at"], name="call_by_start"),
            models.Index(fields=["started_at"], name="call_not_reached", condition=models.Q(outcome__in=NOT_REACHED)),
            models.Index(fields=["started_at"], name="call_failed", condition=models.Q(outcome__in=FAILED)),
            models.Index(fields=["started_at"], name="call_voicemail", condition=models.Q(outcome=Outcome.VOICEMAIL)),
            models.Index(
                fields=["started_at"], name="call_long", condition=models.Q(duration_seconds__gt=LONG_SECONDS)
            ),
            # Hardly any: else both of the indexes would be gone through to find that they have nothing in common.
            models.Index(
                fields=["started_at"],
                name="call_long_unanswered",
                condition=models.Q(duration_seconds__gt=LONG_SECONDS, outcome__in=[*TO_HANDLE, Outcome.FAILED]),
            ),
            models.Index(
                fields=["started_at"],
                name="call_to_handle",
                condition=models.Q(outcome__in=TO_HANDLE, handled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{numbers.shown(self.from_number)} → {numbers.shown_called(self.to_number)}"

    def get_absolute_url(self) -> str:
        return reverse("call", args=[self.pk])

    @property
    def born_in(self) -> str:
        return "" if self.origin_uuid.startswith(NO_CONVERSATION) else self.origin_uuid

    @property
    def conversation_uuid(self) -> str:
        """The latest conversation of its first leg."""
        return self.moved_to or self.born_in

    @property
    def other_party(self) -> str:
        """Whoever called us, or was called by us."""
        return self.to_number if self.direction == "outbound" else self.from_number

    @property
    def our_number(self) -> str:
        """The number of ours that was called, or that we called from."""
        return self.from_number if self.direction == "outbound" else self.to_number

    @property
    def wants_handling(self) -> bool:
        """Whether the caller reached nobody, so that somebody should see to it. See also `records.filters`."""
        return self.direction != "outbound" and self.outcome in TO_HANDLE

    def set_handled(self, by: str) -> bool:
        """Say that somebody of that name saw to it, or with "" that nobody did. False where it was so already."""
        there = Call.objects.filter(pk=self.pk, handled_at__isnull=bool(by))
        changed = there.update(handled_at=timezone.now() if by else None, handled_by=by[:150])
        self.refresh_from_db(fields=["handled_at", "handled_by"])
        return bool(changed)


class LegQuerySet(models.QuerySet["Leg"]):
    def oldest_first(self) -> Self:
        return self.order_by("started_at", "uuid")


class Leg(models.Model):
    """One party's connection. Vonage calls it a call; its `uuid` comes dashed, as 32 hex, or as 17 characters."""

    # Null within a batch only. The index below finds by it.
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="legs", db_index=False)
    uuid = models.CharField(max_length=NAME_LENGTH)
    moved_to = models.CharField(max_length=NAME_LENGTH, blank=True)  # its latest conversation, if another
    direction = models.CharField(max_length=16, blank=True)
    from_number = models.CharField(max_length=NAME_LENGTH, blank=True)
    to_number = models.CharField(max_length=NAME_LENGTH, blank=True)
    status = models.CharField(max_length=64, blank=True)  # the most telling one, in Vonage's word
    detail = models.CharField(max_length=64, blank=True)  # why it failed: "unavailable", "restricted", …
    sip_code = models.PositiveSmallIntegerField(null=True)
    disconnected_by = models.CharField(max_length=16, blank=True)  # "platform" or "user"
    machine = models.CharField(max_length=16, blank=True)  # what machine detection said: "human", "machine"
    started_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    duration_seconds = models.PositiveIntegerField(null=True)
    rate_eur = models.DecimalField(max_digits=16, decimal_places=8, null=True)  # a minute
    price_eur = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    network = models.CharField(max_length=64, blank=True)  # "GB-FIXED", or MCC and MNC as in "23410"
    # What came of it, in the words of a call's outcome; "" while it lasts.
    result = models.CharField(max_length=16, blank=True, editable=False)

    objects = LegQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["uuid"], name="leg_by_uuid")]
        indexes = [models.Index(fields=["call"], name="leg_by_call")]

    def __str__(self) -> str:
        return self.uuid

    @property
    def born_in(self) -> str:
        """Its first conversation: by it the call is told from others."""
        return self.call.born_in if self.call else ""

    @property
    def conversation_uuid(self) -> str:
        """Its latest conversation."""
        return self.moved_to or self.born_in


class Conversation(models.Model):
    """Finds a call by a conversation that a leg of it was in later. The one it was born in names the call itself."""

    uuid = models.CharField(max_length=NAME_LENGTH)
    call = models.ForeignKey(Call, null=True, on_delete=models.SET_NULL, related_name="conversations")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["uuid"], name="conversation_by_uuid")]

    def __str__(self) -> str:
        return self.uuid


class Visit(models.Model):
    """A leg in a conversation that it was not born in: who came first tells whose such a conversation is."""

    leg = models.ForeignKey(Leg, on_delete=models.CASCADE, related_name="visits", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="visits", db_index=False)
    # Its order among others: see `fold.Entry`.
    clock = models.SmallIntegerField()
    at = models.DateTimeField()
    rank = models.SmallIntegerField()
    digest = models.UUIDField()

    class Meta:
        ordering = ["clock", "at", "rank", "digest"]
        constraints = [models.UniqueConstraint(fields=["leg", "conversation"], name="visit_once")]
        indexes = [models.Index(fields=["conversation", "clock", "at", "rank", "digest"], name="visit_by_order")]

    def __str__(self) -> str:
        return f"{self.leg_id} in {self.conversation_id}"


class CallEventQuerySet(models.QuerySet["CallEvent"]):
    def oldest_first(self) -> Self:
        return self.order_by("occurred_at", "rank", "pk")

    def without_call(self) -> Self:
        """Events that name neither a leg nor a conversation we know a call of."""
        return self.filter(call__isnull=True)

    def received_before(self, moment: datetime) -> Self:
        return self.filter(received_at__lt=moment)

    def told(self) -> Self:
        """What came to us, in contrast to what we did."""
        return self.exclude(door="us")


class CallEvent(models.Model):
    """One thing that happened to a call. What Vonage said is kept as it came."""

    # The index below finds by it.
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="events", db_index=False)
    leg = models.ForeignKey(Leg, null=True, on_delete=models.CASCADE, related_name="events")
    # As this event names it, where it has no leg: it belongs to the call of that conversation.
    conversation_uuid = models.CharField(max_length=NAME_LENGTH, blank=True)
    door = models.CharField(max_length=16)  # where it came in: "event", "answer", "fallback"; "us" for our own acts
    kind = models.CharField(max_length=16, choices=Kind)
    status = models.CharField(max_length=64, blank=True)
    rank = models.SmallIntegerField()  # orders equal times: started, ringing, answered, …, completed
    occurred_at = models.DateTimeField()  # Vonage's clock, or ours where the payload tells no time
    received_at = models.DateTimeField(default=timezone.now)  # our clock
    payload = PayloadField()  # whole, as it came; {} once it was emptied, see records/retention.py
    raw = models.BinaryField(default=bytes)  # the very bytes, only where the database refused something in them
    signed = models.BooleanField(default=True)
    # The millisecond told, in 6 bytes, and 80 bits of door and canonical payload; a retry has the same.
    digest = models.UUIDField()
    times_received = models.PositiveIntegerField(default=1)
    error = models.TextField(blank=True)  # why our reading of it failed; the event itself is kept
    # Of the request; null where it was none or is not known. Never looked for by it, so there is no index. It may be
    # deleted while events name it: read with select_related it is None then, by itself it raises DoesNotExist.
    head = models.ForeignKey(
        RequestHead, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )

    objects = CallEventQuerySet.as_manager()

    class Meta:
        verbose_name = "event"
        constraints = [models.UniqueConstraint(fields=["digest"], name="event_kept_once")]
        indexes = [
            models.Index(fields=["call"], name="event_by_call"),
            # Few; whether a call has one is asked whenever something is told of it, see `records.sums`.
            models.Index(fields=["call"], name="event_telling", condition=models.Q(kind__in=list(TELLING))),
            models.Index(fields=["call"], name="event_unsigned", condition=models.Q(signed=False)),  # none, as a rule
            # Events without a leg wait here for the call of their conversation.
            models.Index(
                fields=["conversation_uuid"], name="event_of_conversation", condition=models.Q(leg__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.status or self.kind
