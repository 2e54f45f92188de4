"""What the worker does again and again, and which workers there are."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.utils import timezone

WORKER_NAME = 128
ERROR_SHOWN = 500


class ChoreQuerySet(models.QuerySet["Chore"]):
    def make(self, names: list[str]) -> None:
        """Make the rows that are missing; they are due at once."""
        self.bulk_create([Chore(name=name) for name in names], ignore_conflicts=True)

    def take(self, names: list[str], *, worker: str, lease: timedelta) -> "Chore | None":
        """Take the one of these that is due for longest, so that no other worker does it; None when none is due.

        It is this worker's until `lease` is over. A row that another worker is taking now is passed over.
        """
        now = timezone.now()
        with transaction.atomic():
            due = self.filter(name__in=names, due_at__lte=now).order_by("due_at", "pk")
            chore = due.select_for_update(skip_locked=True).first()
            if chore:
                chore.taken_by, chore.started_at, chore.due_at = worker, now, now + lease
                chore.save(update_fields=["taken_by", "started_at", "due_at"])
        return chore

    def held_by(self, worker: str) -> Self:
        return self.filter(taken_by=worker)

    def hand_back(self) -> None:
        """Let any worker begin these anew, at once."""
        self.update(taken_by="", due_at=timezone.now())


class Chore(models.Model):
    """One chore of the worker: when it is due, who is at it, how it went. However many workers, one does it."""

    name = models.CharField(max_length=64)
    due_at = models.DateTimeField(default=timezone.now)  # while somebody is at it: when the lease is over
    taken_by = models.CharField(max_length=WORKER_NAME, blank=True)  # "" when nobody is at it
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    error = models.CharField(max_length=ERROR_SHOWN, blank=True)  # of the last run

    objects = ChoreQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="chore_once")]

    def __str__(self) -> str:
        return self.name

    def finish(self, *, due_at: datetime, error: str = "") -> None:
        """Write down how it went, and when it is due again; nothing where another worker has taken it since."""
        self.failures = self.failures + 1 if error else 0
        Chore.objects.filter(pk=self.pk, started_at=self.started_at).held_by(self.taken_by).update(
            taken_by="", due_at=due_at, finished_at=timezone.now(), failures=self.failures, error=readable(error)
        )


def readable(text: str) -> str:
    """Cut a text to its column, and replace what Postgres refuses."""
    return text[:ERROR_SHOWN].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def beat(self, worker: str) -> None:
        """Write down that this worker lives."""
        self.update_or_create(worker=worker, defaults={"beat_at": timezone.now()})

    def younger_than(self, age: timedelta) -> Self:
        return self.filter(beat_at__gt=timezone.now() - age)

    def older_than(self, age: timedelta) -> Self:
        return self.exclude(beat_at__gt=timezone.now() - age)


class Heartbeat(models.Model):
    """A worker, and when it was last seen at its loop. One that ends in good order takes its row along."""

    worker = models.CharField(max_length=WORKER_NAME)  # host name and process id
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        ordering = ["-beat_at"]
        constraints = [models.UniqueConstraint(fields=["worker"], name="worker_once")]

    def __str__(self) -> str:
        return self.worker
