"""Requests that were not taken: a sample for staff who have to find out why nothing arrives."""

from django.db import models
from django.utils import timezone

KEPT = 1_000


class RefusalManager(models.Manager["Refusal"]):
    def keep(self, refusal: "Refusal") -> None:
        """Save it and drop the oldest beyond KEPT."""
        refusal.save(force_insert=True)
        self.filter(pk__lte=refusal.pk - KEPT).delete()


class Refusal(models.Model):
    """One refused request. Nothing of it is among the calls; the body is cut, never its Authorization header."""

    at = models.DateTimeField(default=timezone.now)
    door = models.CharField(max_length=16)
    http_status = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=255)
    remote_address = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)  # its first 2,000 bytes, as readable as they are
    others = models.PositiveIntegerField(default=0)  # refused since the row before, and not kept

    objects = RefusalManager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "refused request"

    def __str__(self) -> str:
        return f"{self.http_status} at /{self.door}: {self.reason}"
