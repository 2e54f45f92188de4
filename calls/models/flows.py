"""Call flows: the steps that staff edit, the immutable versions made of them, and which version is live when."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Cast
from django.utils import timezone

from calls.models.people import User
from calls.models.revisions import Revision
from calls.models.used import listed, mentions

MOST_ASKED = 100  # of those that use a flow
EDITOR: dict[str, Any] = {"null": True, "blank": True, "on_delete": models.SET_NULL, "related_name": "+"}


class CallFlowQuerySet(models.QuerySet["CallFlow"]):
    def with_live(self, moment: datetime | None = None) -> Self:
        """Add `live_id` and `live_number`: the version that callers hear, None before the first."""
        live = Publication.objects.live_at(moment or timezone.now()).filter(flow=OuterRef("pk"))
        return self.annotate(
            live_id=Subquery(live.values("version")[:1]), live_number=Subquery(live.values("version__number")[:1])
        )


class CallFlow(models.Model):
    """What callers hear, as steps in order. Numbers point at it. The voice is that of steps that have none."""

    name = models.CharField(max_length=100)
    language = models.CharField(max_length=16, default="en-AU")  # the old Russell, who spoke in the tutorial
    style = models.PositiveSmallIntegerField(default=3)
    premium = models.BooleanField("premium voice", default=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)  # the draft, by whom
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **EDITOR, editable=False)

    objects = CallFlowQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("publish_callflow", "Can publish call flows, and bring earlier versions back")]

    def __str__(self) -> str:
        return self.name

    def newest_version(self) -> "FlowVersion | None":
        """The version that was made last, or None before the first."""
        return self.versions.order_by("-number").first()

    def live_version(self, moment: datetime | None = None) -> "FlowVersion | None":
        """What callers hear at that moment (now), or None before the first publication."""
        found = (
            Publication.objects.live_at(moment or timezone.now()).filter(flow=self).select_related("version__author")
        )
        publication = found.first()
        return publication.version if publication else None

    def users(self) -> dict[str, models.Model]:
        """Who leads callers here: their names, and what they are."""
        numbers = {str(number): number for number in self.phone_numbers.all()[:MOST_ASKED]}
        rules = {f"the rule {rule}": rule for rule in self.rules.select_related("tag", "flow")[:MOST_ASKED]}
        branches = Branch.objects.filter(to_flow=self).exclude(step__flow=self).select_related("step__flow")
        steps = {f"{branch.step.flow}: {branch.step}": branch.step for branch in branches[:MOST_ASKED]}
        versions = {f"{version}, which callers hear": version for version in self.led_to_from()}
        return numbers | rules | steps | versions

    def led_to_from(self) -> "list[FlowVersion]":
        """The versions of other flows that lead callers here now, or will."""
        heard = [version for version in heard_with(f'"flow": {self.pk}') if version.flow_id != self.pk]
        return [version for version in heard if mentions(version.program, "flow", self.pk)]

    def refuse_while_used(self) -> None:
        """Raise ProtectedError with the names of those who lead callers here."""
        if users := self.users():
            reason = f"Callers come to “{self}” from {listed(users)}. Lead them elsewhere first, and publish."
            raise models.ProtectedError(reason, set(users.values()))

    def touch(self, user: User | None) -> None:
        """Note that the draft was changed, and by whom: two who edit at once are told."""
        CallFlow.objects.filter(pk=self.pk).update(changed_at=timezone.now(), changed_by=user)
        self.refresh_from_db(fields=["changed_at", "changed_by"])


class StepKind(models.TextChoices):
    GREETING = "greeting", "Greeting"
    AUDIO = "audio", "Audio"
    MENU = "menu", "Menu"
    VOICEMAIL = "voicemail", "Voicemail"
    FORWARD = "forward", "Forward"
    ROOM = "room", "Room"
    HOURS = "hours", "Opening hours"
    GO_TO = "goto", "Go to flow"
    DIGITS = "digits", "Collect digits"
    NOTIFY = "notify", "Notify"
    WAIT = "wait", "Wait"
    HANG_UP = "hangup", "Hang up"
    NCCO = "ncco", "NCCO"


class StepQuerySet(models.QuerySet["Step"]):
    def in_order(self) -> Self:
        return self.order_by("position", "pk")


class Step(models.Model):
    """One thing in a flow's draft. `settings` belong to its kind: see flows/steps/."""

    flow = models.ForeignKey(CallFlow, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16, choices=StepKind)
    name = models.CharField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=1)
    settings = models.JSONField(default=dict)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position} {self.name or self.get_kind_display()}"


class Then(models.TextChoices):
    """Where a caller goes on."""

    NEXT = "next", "the next step"
    STEP = "step", "a step of this flow"
    FLOW = "flow", "another flow"
    AGAIN = "again", "this step again"
    HANG_UP = "hang up", "the end of the call"


class Branch(models.Model):
    """Where a step leads when something happens: a key is pressed, nobody answers, the shop is closed.

    `on` is a key of a menu ("0" to "9", "*", "#") or a word that the step's kind knows (its `ends`: "closed", "busy").
    Without a branch the caller goes on to the next step.
    """

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="branches")
    on = models.CharField(max_length=16)
    words = models.CharField(max_length=200, blank=True)  # of a menu's key: what may be said instead, with commas
    then = models.CharField(max_length=8, choices=Then, default=Then.NEXT)
    to_step = models.ForeignKey(Step, null=True, blank=True, on_delete=models.RESTRICT, related_name="led_to_by")
    to_flow = models.ForeignKey(CallFlow, null=True, blank=True, on_delete=models.RESTRICT, related_name="led_to_by")

    class Meta:
        verbose_name_plural = "branches"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "on"], name="branch_once", violation_error_message="This key has a line already."
            ),
            models.CheckConstraint(
                condition=Q(then=Then.STEP, to_step__isnull=False, to_flow__isnull=True)
                | Q(then=Then.FLOW, to_step__isnull=True, to_flow__isnull=False)
                | (~Q(then__in=[Then.STEP, Then.FLOW]) & Q(to_step__isnull=True, to_flow__isnull=True)),
                name="branch_leads_to_one",
                violation_error_message="Choose where this leads.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} → {self.to_step or self.to_flow or self.get_then_display()}"


class FlowVersion(models.Model):
    """A compiled program. Never changed: a call finishes on the version it began with."""

    flow = models.ForeignKey(CallFlow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()  # v1, v2, … within the flow
    program = models.JSONField()  # what flows/engine.py runs
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.flow} v{self.number}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    def live_at(self, moment: datetime) -> Self:
        """Those that may be heard at that moment, the one that is first: a later one goes before an earlier."""
        covers = Q(until_at=None) | Q(until_at__gt=moment)
        return self.filter(covers, from_at__lte=moment).order_by("-from_at", "-pk")

    def ahead_of(self, moment: datetime) -> Self:
        """Those that may be heard at that moment or after it, in the order in which they begin."""
        return self.filter(Q(until_at=None) | Q(until_at__gt=moment)).order_by("from_at", "pk")

    def heard_from(self, moment: datetime) -> set[int]:
        """Give the versions that are live then, or will be: planned ones, and those that follow when these end."""
        versions, settled = set(), set()
        for one in self.ahead_of(moment).order_by("-from_at", "-pk"):
            if one.flow_id not in settled:
                versions.add(one.version_id)
                if one.until_at is None and one.from_at <= moment:
                    settled.add(one.flow_id)  # the earlier ones are never heard again
        return versions


class Publication(models.Model):
    """A version goes live at a time, for good or until another time. Of several that cover a moment the latest counts.

    Publishing, bringing an earlier version back and planning all add a row: what was live when stays known.
    """

    flow = models.ForeignKey(CallFlow, on_delete=models.CASCADE, related_name="publications")
    version = models.ForeignKey(FlowVersion, on_delete=models.CASCADE, related_name="publications")
    from_at = models.DateTimeField(default=timezone.now)
    until_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **EDITOR, editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gt=models.F("from_at")),
                name="publication_ends_after_it_begins",
                violation_error_message="It must end after it begins.",
            )
        ]
        indexes = [models.Index(fields=["flow", "-from_at"], name="publication_by_flow")]

    def __str__(self) -> str:
        return f"{self.version} from {self.from_at:%Y-%m-%d %H:%M}"

    def save(self, **options: Any) -> None:
        super().save(**options)
        Revision.bump("flows")

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        Revision.bump("flows")
        return super().delete(*args, **options)


def heard_with(text: str) -> list[FlowVersion]:
    """Give the versions that callers hear now, or will, in whose program this text stands.

    What is published does not follow its draft, so it counts beside that.
    """
    found = FlowVersion.objects.annotate(text=Cast("program", models.TextField())).filter(text__contains=text)
    flows = list(found.values_list("flow", flat=True).distinct())
    heard = Publication.objects.filter(flow__in=flows).heard_from(timezone.now())
    return list(found.filter(pk__in=heard).select_related("flow").order_by("flow__name", "number"))
