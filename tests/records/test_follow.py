"""Following the call log: each event is seen, and a flood of them is got through, however little a pass covers."""

from datetime import timedelta

import pytest

from calls.models import Bookmark, CallEvent
from calls.records import follow as following
from calls.records.follow import OVERLAP, follow
from calls.records.store import store
from tests.factories import told

pytestmark = pytest.mark.django_db


def arrive(count: int) -> None:
    for at in range(count):
        store(told("started", uuid=f"{CallEvent.objects.count()}-{at}", conversation_uuid=""))


def later() -> None:
    """Let the time pass after which what was written is committed."""
    mark = Bookmark.objects.get()
    mark.move(noted_at=mark.noted_at - OVERLAP - timedelta(seconds=1))


def test_passes_that_cover_a_page_each_get_through_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAGE", 2)
    seen: list[int] = []

    def see(after: int, upto: int) -> None:
        seen.extend(CallEvent.objects.filter(pk__gt=after, pk__lte=upto).values_list("pk", flat=True))

    follow("test", 0, see)
    arrive(9)
    passes = 0
    more = True
    while more and passes < 20:
        more = follow("test", 0, see)
        later()
        passes += 1
    assert set(seen) == set(CallEvent.objects.values_list("pk", flat=True))
    assert not more
    assert Bookmark.objects.get().seen == max(seen)


def test_what_was_written_lately_is_seen_again_and_what_is_settled_is_not() -> None:
    seen: list[tuple[int, int]] = []
    arrive(2)
    for _ in range(2):
        assert not follow("test", 1, lambda after, upto: seen.append((after, upto)))
    assert len(seen) == 2
    later()
    follow("test", 1, lambda after, upto: seen.append((after, upto)))
    assert len(seen) == 3
    follow("test", 1, lambda after, upto: seen.append((after, upto)))
    assert len(seen) == 3
