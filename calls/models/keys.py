"""Answers that programs may ask for again: what a request with an Idempotency-Key came to."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

KEPT_FOR = timedelta(hours=24)
MOST_LETTERS = 64  # of a key


def _in_a_day() -> datetime:
    return timezone.now() + KEPT_FOR


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())


class IdempotencyKey(models.Model):
    """A key that a program gave along with a write, and the answer it got. `status` is null until there is one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=MOST_LETTERS)
    digest = models.CharField(max_length=64)  # SHA-256 of what was asked: method, address, body, If-Match
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)  # those of ours: ETag, Location
    body = models.TextField(blank=True)  # JSON, "" for none
    expires_at = models.DateTimeField(default=_in_a_day)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["expires_at"], name="idempotency_key_by_end")]

    def __str__(self) -> str:
        return self.key

    def keep(self, status: int, headers: dict[str, Any], body: str) -> None:
        """Note the answer, to be given again."""
        self.status, self.headers, self.body = status, headers, body
        self.save(update_fields=["status", "headers", "body"])
