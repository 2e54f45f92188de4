"""Our telephone numbers."""

from datetime import datetime
from typing import Any, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from calls.models.flows import CallFlow, FlowVersion

MSISDN = RegexValidator(
    r"\A[1-9][0-9]{6,14}\Z",
    "A number is 7 to 15 digits with its country code and without “+” or spaces, such as 442079460000.",
)


class PhoneNumberQuerySet(models.QuerySet["PhoneNumber"]):
    def changed_since(self, moment: datetime) -> Self:
        return self.filter(changed_at__gte=moment)


class PhoneNumber(models.Model):
    """A number of ours: E.164 digits without "+", as Vonage writes them.

    `live_version` is what its callers hear; `changed_at` tells web processes that it became another one.
    """

    msisdn = models.CharField("number", max_length=15, validators=[MSISDN])
    label = models.CharField(max_length=60, blank=True)
    flow = models.ForeignKey(CallFlow, null=True, on_delete=models.PROTECT, related_name="phone_numbers")
    live_version = models.ForeignKey(
        FlowVersion, null=True, on_delete=models.PROTECT, related_name="phone_numbers", editable=False
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PhoneNumberQuerySet.as_manager()

    class Meta:
        verbose_name = "number"
        ordering = ["msisdn"]
        constraints = [
            models.UniqueConstraint(
                fields=["msisdn"],
                name="number_once",
                violation_error_message="This number is here already.",
                violation_error_code="unique",  # stands at the field then, not above the form
            )
        ]
        indexes = [models.Index(fields=["changed_at"], name="number_by_change")]

    def __str__(self) -> str:
        return self.label or self.msisdn

    def save(self, **options: Any) -> None:
        self.changed_at = timezone.now()
        if options.get("update_fields") is not None:
            options["update_fields"] = {*options["update_fields"], "changed_at"}
        super().save(**options)
