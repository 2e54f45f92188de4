"""Heads of webhooks, each kept once however many requests bore it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Self

from django.db import models

from calls.vonage.heads import MOST_OF_A_LINE, Head

MOST_KEPT = 1_000  # a stranger may send any; on a day that brings more, an event with one beyond these has none


class RequestHeadQuerySet(models.QuerySet["RequestHead"]):
    def keep(self, heads: Sequence[Head], on: date) -> Mapping[int, Head]:
        """Write down that these were seen, as long as there is room. Gives by their keys those that are there now.

        Rows are locked in the order of their keys, so that processes which do it at once never wait in a ring.
        """
        wanted = {head.key: head for head in sorted(heads, key=lambda head: head.key)}
        before = self.filter(pk__in=list(wanted), seen_on__lt=on).select_for_update().order_by("pk")
        if known := list(before.values_list("pk", flat=True)):
            self.filter(pk__in=known).update(seen_on=on)
        there = self._of(wanted)
        missing = [RequestHead.of(head, on) for key, head in wanted.items() if key not in there]
        if missing and (room := self._make_room(len(missing), on)):
            self.bulk_create(missing[:room], ignore_conflicts=True)  # another process may write the same just now
            there = self._of(wanted)
        return there

    def _make_room(self, wanted: int, on: date) -> int:
        """Drop the longest unseen, but none of today: no process believes one kept that it did not see today."""
        room = MOST_KEPT - self.count()
        if room < wanted:
            old = self.filter(seen_on__lt=on).order_by("seen_on", "pk").select_for_update(skip_locked=True)
            gone = list(old.values_list("pk", flat=True)[: wanted - room])
            self.filter(pk__in=gone).delete()
            room += len(gone)
        return max(room, 0)

    def _of(self, keys: Iterable[int]) -> dict[int, Head]:
        return {row.pk: row.head for row in self.filter(pk__in=list(keys))}

    def not_seen_since(self, day: date) -> Self:
        return self.filter(seen_on__lt=day)


class RequestHead(models.Model):
    """A request line and the headers that tell something, secrets masked: see `vonage/heads.py`."""

    # Made of the content: whoever remembers it is right even where this table was emptied meanwhile.
    id = models.IntegerField(primary_key=True)
    line = models.CharField(max_length=MOST_OF_A_LINE)
    headers = models.JSONField()  # [["Host", "calls.example.com"], …]: an object would lose their order
    seen_on = models.DateField()  # the latest day, in UTC

    objects = RequestHeadQuerySet.as_manager()

    def __str__(self) -> str:
        return self.line

    @classmethod
    def of(cls, head: Head, on: date) -> RequestHead:
        return cls(head.key, head.line, head.headers, on)

    @property
    def head(self) -> Head:
        return Head(self.line, tuple((name, value) for name, value in self.headers))
