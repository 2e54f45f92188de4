"""Opening hours as people write them: a week of times, dated closures, read and kept wherever they were written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from calls.flows.hours_words import Spans
from calls.models import Closure, OpeningHours, OpenSpan, User
from calls.models.hours import DAY_MINUTES, DAYS, clock_of

MOST_SPANS = 4  # of a day
TIME = re.compile(r"(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm)?", re.ASCII | re.IGNORECASE)
EMPTY = "The week has no hours, so callers would always hear that it is closed. Fill in at least one day."


def minutes_of(text: str) -> int:
    """Read "9", "09:00", "17.30", "5:30 pm" or "24:00" as minutes after midnight. Raises ValidationError."""
    found = TIME.fullmatch(text.strip())
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if found and found[3]:
        hour = hour % 12 + (12 if found[3].lower() == "pm" else 0) if 1 <= hour <= 12 else 99
    if minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise ValidationError(f"“{text[:20]}” is no time of day. Write it as 09:00, 17:30 or 24:00.")
    return hour * 60 + minute


def day_of(pairs: Iterable[tuple[str, str]]) -> Spans:
    """Read when it opens and closes on a day: spans in minutes after midnight, in order. Raises ValidationError."""
    spans = sorted(_span(opens, closes) for opens, closes in pairs)
    if len(spans) > MOST_SPANS:
        raise ValidationError(f"It opens {len(spans)} times, and a day has room for {MOST_SPANS}.")
    for (opens, closes), (opens_again, closes_again) in pairwise(spans):
        if opens_again < closes:
            first, second = _said(opens, closes), _said(opens_again, closes_again)
            raise ValidationError(f"{first} and {second} overlap. Let one end before the other begins.")
    return spans


def _span(opening: str, closing: str) -> tuple[int, int]:
    if not (opening and closing):
        raise ValidationError("Say both when it opens and when it closes, or leave both empty for a closed day.")
    opens, closes = minutes_of(opening), minutes_of(closing)
    if opens == closes:
        raise ValidationError(
            f"It opens and closes at {clock_of(opens)}. "
            "Leave both empty for a closed day; a whole day is 00:00 to 24:00."
        )
    if closes < opens:
        raise ValidationError(
            f"It closes at {clock_of(closes)}, before it opens at {clock_of(opens)}. "
            "For hours over midnight, close this day at 24:00 and open the next at 00:00."
        )
    return opens, closes


def _said(opens: int, closes: int) -> str:
    return f"{clock_of(opens)}–{clock_of(closes)}"


def rows_of_week(hours: OpeningHours, week: Mapping[str, Spans]) -> list[OpenSpan]:
    """Give {"monday": [(540, 1020)], …} as rows that are not saved."""
    return [
        OpenSpan(hours=hours, weekday=day, opens=opens, closes=closes)
        for day, name in enumerate(DAYS)
        for opens, closes in week.get(name, ())
    ]


def save_hours(
    hours: OpeningHours,
    by: User | None,
    *,
    week: Mapping[str, Spans] | None = None,
    closures: Sequence[Closure] | None = None,
) -> None:
    """Keep opening hours, new or changed, with this week and these closures; None leaves them.

    Raises ValidationError, by field. A page that somebody has open learns of it before it saves.
    """
    if week is not None and not any(week.values()):
        raise ValidationError({"week": EMPTY})
    hours.changed_at, hours.changed_by = timezone.now(), by
    with transaction.atomic():
        OpeningHours.objects.select_for_update().filter(pk=hours.pk).first()  # two who save at once take turns
        hours.full_clean(exclude=["changed_by"])
        hours.save()
        if week is not None:
            hours.spans.all().delete()
            OpenSpan.objects.bulk_create(rows_of_week(hours, week))
        if closures is not None:
            hours.closures.all().delete()
            for closure in closures:
                closure.hours = hours
            Closure.objects.bulk_create(closures)
