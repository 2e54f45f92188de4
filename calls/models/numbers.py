"""Our telephone numbers."""

from datetime import datetime
from typing import Any, Self
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from calls.models.flows import CallFlow, FlowVersion, Publication

MSISDN = RegexValidator(
    r"\A[1-9][0-9]{6,14}\Z",
    "A number is 7 to 15 digits with its country code and without “+” or spaces, such as 442079460000.",
)


def check_zone(name: str) -> None:
    """Raise ValidationError unless it is a zone that the time zone database has."""
    if name not in available_timezones():
        raise ValidationError(f"There is no time zone “{name}”. Write a name such as Europe/London.")


class PhoneNumberQuerySet(models.QuerySet["PhoneNumber"]):
    def changed_since(self, moment: datetime) -> Self:
        return self.filter(changed_at__gte=moment)

    def silent(self) -> Self:
        """Those whose callers hear nothing of a flow: they have none, or nothing of it is live."""
        live = Publication.objects.live_at(timezone.now()).filter(flow=OuterRef("flow"))
        return self.filter(~Exists(live))

    def with_live(self, moment: datetime | None = None) -> Self:
        """Add `live_id` and `live_number`: the version that callers hear, None before the first."""
        live = Publication.objects.live_at(moment or timezone.now()).filter(flow=OuterRef("flow"))
        return self.annotate(
            live_id=Subquery(live.values("version")[:1]), live_number=Subquery(live.values("version__number")[:1])
        )


class PhoneNumber(models.Model):
    """A number of ours: E.164 digits without "+", as Vonage writes them.

    Its callers hear what is live of its flow. `changed_at` tells web processes that it got another one.
    """

    msisdn = models.CharField("number", max_length=15, validators=[MSISDN])
    label = models.CharField(max_length=60, blank=True)
    flow = models.ForeignKey(CallFlow, null=True, on_delete=models.PROTECT, related_name="phone_numbers")
    time_zone = models.CharField(max_length=64, blank=True, validators=[check_zone])  # its own; blank: the server's
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

    @property
    def live_version(self) -> FlowVersion | None:
        """What its callers hear now, None where nothing is published."""
        return self.flow.live_version() if self.flow else None
