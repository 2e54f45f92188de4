"""Follow the call log: look at each event once it is there, some time after it was written, and at none for ever.

Keys commit out of order, so what was written in the last seconds is looked at again.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from calls.models import Bookmark, CallEvent

PAGE = 5_000  # events that are looked through at a time
OVERLAP = timedelta(seconds=15)  # after it an event that was written earlier has been committed


def follow(name: str, seconds: float, see: Callable[[int, int], None]) -> bool:
    """Let `see(after, upto)` see the events between these keys that came since the last time. True: there is more.

    It may see an event several times. `name` is that of the bookmark; nothing new is begun after `seconds`.
    """
    until = time.monotonic() + seconds
    head = CallEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    mark, _ = Bookmark.objects.get_or_create(name=name, defaults={"newest": head})
    now = timezone.now()
    due = now - mark.noted_at >= OVERLAP
    settled = mark.newest if due else mark.seen
    if due and settled <= mark.seen:
        # All that was noted is seen. Where more came than one pass covers, the next ones go on behind it.
        mark.move(newest=head, noted_at=now)
    at = mark.seen
    while at < head:
        keys = CallEvent.objects.filter(pk__gt=at).order_by("pk").values_list("pk", flat=True)
        upto = min(next(iter(keys[PAGE - 1 : PAGE]), head), head)
        see(at, upto)
        at = upto
        if mark.seen < settled:
            mark.move(seen=min(at, settled))
        if at < head and time.monotonic() > until:
            return True
    if due:
        mark.move(seen=max(mark.seen, settled), newest=head, noted_at=now)
    return False
