"""Calls that we were asked to place: who asked, for what, and what became of it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone

from calls.models.calls import NAME_LENGTH
from calls.models.people import User


class PlacementState(models.TextChoices):
    """What is known of it. `unknown`: the platform was told, and did not answer; a call may have come of it."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class PlacementQuerySet(models.QuerySet["Placement"]):
    def since(self, moment: datetime) -> Self:
        return self.filter(asked_at__gt=moment)


class Placement(models.Model):
    """One request to place a call. The row is there before the platform is told: limits count rows."""

    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="placements")
    key = models.CharField(max_length=64, blank=True)  # the asker's own: with the same one nothing is placed again
    asked = models.JSONField()  # what was asked for, by which a key that comes again is compared
    to_number = models.CharField(max_length=15)
    from_number = models.CharField(max_length=15)
    state = models.CharField(max_length=16, choices=PlacementState, default=PlacementState.ASKED)
    problem = models.CharField(max_length=300, blank=True)  # a sentence: why it was refused, or is not known
    asked_at = models.DateTimeField(default=timezone.now)
    leg_uuid = models.CharField(max_length=NAME_LENGTH, blank=True)  # from the reply, or from the first event
    conversation_uuid = models.CharField(max_length=NAME_LENGTH, blank=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="placement_by_key", condition=~models.Q(key=""))
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="placement_by_age"),
            models.Index(fields=["leg_uuid"], name="placement_by_leg"),
        ]

    def __str__(self) -> str:
        return f"{self.from_number} → {self.to_number}"


class Gate(models.Model):
    """A row to stand in line at: who holds it counts and decides, in all processes one at a time."""

    name = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="gate_by_name")]

    def __str__(self) -> str:
        return self.name
