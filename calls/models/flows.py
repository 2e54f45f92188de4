"""Call flows: the steps that staff edit, and the immutable versions that callers hear."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class CallFlow(models.Model):
    """What callers hear, as steps in order. Numbers point at it."""

    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def newest_version(self) -> "FlowVersion | None":
        """The version that was published last: what callers hear now, or None before the first."""
        return self.versions.order_by("-number").first()


class StepKind(models.TextChoices):
    GREETING = "greeting"


class StepQuerySet(models.QuerySet["Step"]):
    def in_order(self) -> Self:
        return self.order_by("position", "pk")


class Step(models.Model):
    """One thing in a flow's draft. `settings` belong to its kind: see flows/steps.py."""

    flow = models.ForeignKey(CallFlow, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16, choices=StepKind)
    position = models.PositiveSmallIntegerField(default=1)
    settings = models.JSONField(default=dict)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position} {self.get_kind_display()}"


class FlowVersion(models.Model):
    """A published program. Never changed: a call finishes on the version it began with."""

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
