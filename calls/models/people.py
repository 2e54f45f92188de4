"""Who may log in, and with which tokens programs come."""

import hashlib
import secrets
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person who logs in. Ours from the first migration, so that it can grow."""


class Scope(models.TextChoices):
    """What a token can be held to."""

    READ_CALLS = "calls:read", "read the call log, recordings and messages"
    WRITE_CALLS = "calls:write", "say that calls are handled, and note something on them"
    PLACE_CALLS = "calls:place", "place calls, and act on calls that go on"
    WRITE_VOICEMAIL = "voicemail:write", "archive messages, and write notes on them"
    READ_NUMBERS = "numbers:read", "read our numbers"
    WRITE_NUMBERS = "numbers:write", "add, change and delete our numbers"
    READ_FLOWS = "flows:read", "read call flows, their versions and sound files"
    WRITE_FLOWS = "flows:write", "change drafts of call flows, and sound files"
    PUBLISH_FLOWS = "flows:publish", "publish call flows, and bring earlier versions back"
    READ_CONTACTS = "contacts:read", "read contacts, rules for callers and the block list"
    WRITE_CONTACTS = "contacts:write", "change contacts, rules for callers and the block list"
    READ_HOURS = "hours:read", "read opening hours"
    WRITE_HOURS = "hours:write", "change opening hours; open or close for a while"


class ApiTokenManager(models.Manager["ApiToken"]):
    def issue(self, user: User, **fields: Any) -> tuple["ApiToken", str]:
        """Make a token and give it with its plain text, which is not kept and cannot be shown again."""
        plain = secrets.token_urlsafe(32)
        return self.create(user=user, digest=digest_of(plain), **fields), plain

    def of_plain(self, plain: str) -> "ApiToken | None":
        """Find the token of an active user, or None."""
        found = self.select_related("user").filter(digest=digest_of(plain), user__is_active=True)
        return found.first()


class ApiToken(models.Model):
    """Lets a program in as its user. A user may have several."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, editable=False)  # SHA-256: the text is random, so no salt is needed
    scopes = models.JSONField(default=list, blank=True)  # Scope values; without any, what its user may do
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenManager()

    class Meta:
        verbose_name = "API token"
        constraints = [models.UniqueConstraint(fields=["digest"], name="token_by_digest")]

    def __str__(self) -> str:
        return self.label or f"token {self.pk}"

    def may(self, scope: Scope) -> bool:
        """Whether a program that comes with this token may do that, as far as the token goes."""
        return not self.scopes or scope in self.scopes


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
