"""Two tables."""

from typing import ClassVar

from django.db import models


class Call(models.Model):
    uuid = models.CharField(max_length=64, unique=True)
    conversation_uuid = models.CharField(max_length=64)
    direction = models.CharField(max_length=16)
    from_number = models.CharField(max_length=64)
    to_number = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    duration = models.IntegerField(null=True)
    price = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["Call"]] = models.Manager()

    class Meta:
        app_label = "afternoon"

    def __str__(self) -> str:
        return self.uuid


class CallEvent(models.Model):
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    status = models.CharField(max_length=32)
    timestamp = models.DateTimeField()
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects: ClassVar[models.Manager["CallEvent"]] = models.Manager()

    class Meta:
        app_label = "afternoon"
        constraints = [models.UniqueConstraint(fields=["call", "status", "timestamp"], name="event_once")]

    def __str__(self) -> str:
        return self.status
