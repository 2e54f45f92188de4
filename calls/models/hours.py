"""When a line is open: weekly hours in a zone of their own, dated closures, and what staff set for a while."""

from datetime import datetime
from functools import cache
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from calls.models.flows import Step, StepKind, heard_with
from calls.models.revisions import Revision
from calls.models.used import listed, mentions

TOPIC = "hours"
DAY_MINUTES = 1440


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


DAYS = [str(label).lower() for label in Weekday.labels]


class OverrideState(models.TextChoices):
    OPEN = "open"
    CLOSED = "closed"


@cache
def zones() -> frozenset[str]:
    """Every name of the IANA database that this machine knows. To look takes longer than a page should."""
    return frozenset(available_timezones())


def validate_zone(name: str) -> None:
    """Take the names of the IANA database alone, as "Europe/London"."""
    if name not in zones():
        raise ValidationError(
            f"There is no time zone “{name}”. Choose one of the list, such as Europe/London.", code="zone"
        )


def clock_of(minutes: int) -> str:
    """Say minutes after midnight as a clock does: 1050 is "17:30", 1440 is "24:00"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class CountedQuerySet(models.QuerySet[Any]):
    """Rows that answers depend on: whatever changes many of them counts as a change, too."""

    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db):
            changed = super().update(**values)
            Revision.bump(TOPIC)
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            deleted = super().delete()
            Revision.bump(TOPIC)
        return deleted

    def bulk_create(self, *args: Any, **options: Any) -> list[Any]:
        with transaction.atomic(using=self.db):
            made = super().bulk_create(*args, **options)
            Revision.bump(TOPIC)
        return made


class Counted(models.Model):
    """A row that answers depend on: saving and deleting it is counted, in the same transaction."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            super().save(*args, **options)
            Revision.bump(TOPIC)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **options)
            Revision.bump(TOPIC)
        return deleted


class OpeningHours(Counted):
    """A schedule that steps of call flows ask. `changed_at` tells two people apart who edit it at once."""

    name = models.CharField(max_length=60)
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[validate_zone])
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects = CountedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "opening hours"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="hours_by_name",
                violation_error_message="There are opening hours of this name already. Choose another name.",
                violation_error_code="unique",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def askers(self) -> dict[str, models.Model]:
        """Who asks whether it is open: the names of steps and of versions that callers hear, and what they are."""
        asking = Step.objects.filter(kind=StepKind.HOURS, settings__hours=self.pk)
        steps = {f"{step.flow}: {step}": step for step in asking.select_related("flow").order_by("flow__name")}
        heard = [one for one in heard_with(f'"hours": {self.pk}') if mentions(one.program, "hours", self.pk)]
        return steps | {f"{version}, which callers hear": version for version in heard}

    def refuse_while_used(self) -> None:
        """Raise ProtectedError with the names of those who ask: they would be answered as if it were always open."""
        if askers := self.askers():
            reason = f"“{self}” are asked by {listed(askers)}. Take them out there first, and publish."
            raise models.ProtectedError(reason, set(askers.values()))


class OpenSpan(Counted):
    """From when to when it is open on a weekday, in minutes after midnight of the schedule's zone.

    A day ends at 1440 ("24:00"): hours that go on after midnight are two spans, of two days, that touch.
    """

    hours = models.ForeignKey(OpeningHours, on_delete=models.CASCADE, related_name="spans")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.PositiveSmallIntegerField()  # 0 to 1439
    closes = models.PositiveSmallIntegerField()  # 1 to 1440

    objects = CountedQuerySet.as_manager()

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6, opens__lt=models.F("closes"), closes__lte=DAY_MINUTES),
                name="span_within_a_day",
                violation_error_message="It closes before it opens.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {clock_of(self.opens)}–{clock_of(self.closes)}"


class Closure(Counted):
    """Whole days on which it is closed, whatever the week says. `yearly`: on these days of each later year, too."""

    hours = models.ForeignKey(OpeningHours, on_delete=models.CASCADE, related_name="closures")
    name = models.CharField(max_length=60)  # "Christmas": for staff
    first_day = models.DateField()
    last_day = models.DateField()
    yearly = models.BooleanField("every year", default=False)
    message = models.CharField(max_length=500, blank=True)  # what callers hear before the step for "closed"

    objects = CountedQuerySet.as_manager()

    class Meta:
        ordering = ["first_day", "last_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")),
                name="closure_in_order",
                violation_error_message="It ends before it begins: the last day must not be before the first.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.yearly and self.first_day and self.last_day and (self.last_day - self.first_day).days > 364:
            raise ValidationError({"last_day": "It is longer than a year, so it cannot come back every year."})


class OverrideQuerySet(CountedQuerySet):
    def newest_first(self) -> Self:
        return self.order_by("-made_at", "-pk")

    def unfinished(self, moment: datetime) -> Self:
        """Those that hold now or later."""
        return self.filter(until_at__gt=moment)


class Override(Counted):
    """Open or closed for a while, whatever week and closures say; it ends by itself. Of several, the newest counts."""

    hours = models.ForeignKey(OpeningHours, on_delete=models.CASCADE, related_name="overrides")
    state = models.CharField(max_length=8, choices=OverrideState)
    from_at = models.DateTimeField(default=timezone.now)
    until_at = models.DateTimeField()
    message = models.CharField(max_length=500, blank=True)  # what callers hear first, where it is closed
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["until_at"], name="override_by_end")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_at__lt=models.F("until_at")),
                name="override_in_order",
                violation_error_message="It ends before it begins.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} until {self.until_at:%d %b %Y %H:%M} UTC"
