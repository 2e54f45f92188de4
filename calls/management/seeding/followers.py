"""Those who follow the call log, and what is made here: it has all that they make of events, so they pass it over.

Each remembers up to which key it saw all events. Who stands right before a row of keys that are ours alone is put
behind it. Others may write events meanwhile: those are for the followers, and none is passed over.
"""

import time
from collections.abc import Sequence

from django.db import connection
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Greatest

from calls.management.seeding.writing import patiently
from calls.models import Bookmark, CallEvent
from calls.records import counting
from calls.records.follow import OVERLAP

FOLLOWERS = ("recordings", "search", counting.NAME)
EVENTS = CallEvent._meta.db_table
# Who has written events holds this lock until they are committed, and who is about to write some takes it first. So
# do those who write ours: while they are at it OVERLAP alone tells, and once they have ended, this does.
NOBODY_WRITES = """
    SELECT NOT EXISTS (SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND mode = 'RowExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid())
"""


class Followers:
    """What they may pass over: events of keys in a row, each of them ours and committed."""

    def __init__(self) -> None:
        self.own = range(0)
        self.since = time.monotonic()  # the first of these keys was taken before
        Bookmark.objects.bulk_create([Bookmark(name=name) for name in FOLLOWERS], ignore_conflicts=True)

    def add(self, keys: Sequence[int]) -> None:
        """Note that events of these keys, in order, were committed."""
        if keys[0] != self.own.stop:
            self.own, self.since = range(keys[0], keys[0]), time.monotonic()
        if keys[-1] - keys[0] == len(keys) - 1:
            self.own = range(self.own.start, keys[-1] + 1)
        else:  # somebody took one in between
            self.own, self.since = range(keys[-1] + 1, keys[-1] + 1), time.monotonic()

    def move(self) -> None:
        """Put those behind our keys that have seen all before them."""
        if not self.own or not self._is_settled():
            return
        others = CallEvent.objects.filter(pk__gt=OuterRef("seen"), pk__lt=self.own.start)
        marks = Bookmark.objects.filter(name__in=FOLLOWERS, seen__lt=self.own[-1]).exclude(Exists(others))
        with patiently():  # who writes a portion holds one of them
            marks.update(seen=self.own[-1], newest=Greatest(F("newest"), Value(self.own[-1])))

    def _is_settled(self) -> bool:
        """Whether no event with a key before ours can come any more."""
        if connection.vendor != "postgresql" or time.monotonic() - self.since > OVERLAP.total_seconds():
            return True
        with connection.cursor() as cursor:
            cursor.execute(NOBODY_WRITES, [EVENTS])
            return bool(cursor.fetchone()[0])
