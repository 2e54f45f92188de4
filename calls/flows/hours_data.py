"""Opening hours out of the database, as the plain data that flows/hours.py reads and each host keeps."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone

from calls.flows.hours import Data, Schedule
from calls.models import Closure, OpeningHours, OpenSpan, Override, User


def load_all() -> dict[int, Data]:
    """Give the data of all opening hours by id, in four queries."""
    return _data_of(list(OpeningHours.objects.all()))


def as_data(hours: OpeningHours, since: datetime | None = None) -> Data:
    """Give the data of one, without the overrides that had ended by then (now)."""
    return _data_of([hours], since)[hours.pk]


def schedule_of(hours: OpeningHours) -> Schedule:
    """Read one from the database."""
    return Schedule.read(as_data(hours))


def name_of(person: User | None) -> str:
    """What pages call somebody: the first name, or the login."""
    return (person.first_name or person.get_username()) if person else ""


def _data_of(every: Collection[OpeningHours], since: datetime | None = None) -> dict[int, Data]:
    some = {"hours__in": every} if len(every) == 1 else {}
    week, closures, overrides = defaultdict(list), defaultdict(list), defaultdict(list)
    for span in OpenSpan.objects.filter(**some):
        week[span.hours_id].append([span.weekday * 1440 + span.opens, span.weekday * 1440 + span.closes])
    for closure in Closure.objects.filter(**some):
        closures[closure.hours_id].append(_closure_data(closure))
    held = Override.objects.unfinished(since or timezone.now()).filter(**some).newest_first()
    for override in held.select_related("by"):
        overrides[override.hours_id].append(_override_data(override))
    return {
        hours.pk: {
            "id": hours.pk,
            "name": hours.name,
            "zone": hours.time_zone,
            "week": week[hours.pk],
            "closures": closures[hours.pk],
            "overrides": overrides[hours.pk],
        }
        for hours in every
    }


def _closure_data(closure: Closure) -> dict[str, Any]:
    return {
        "name": closure.name,
        "first": closure.first_day.isoformat(),
        "last": closure.last_day.isoformat(),
        "yearly": closure.yearly,
        "message": closure.message,
    }


def _override_data(override: Override) -> dict[str, Any]:
    return {
        "state": override.state,
        "from": override.from_at.isoformat(),
        "until": override.until_at.isoformat(),
        "message": override.message,
        "by": name_of(override.by),
    }
