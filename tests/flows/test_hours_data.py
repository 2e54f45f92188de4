"""Opening hours out of the database: what each host is told, and that every change is counted."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from calls.control.hours import end_override, override
from calls.flows.hours import Schedule, state
from calls.flows.hours_data import as_data, load_all, schedule_of
from calls.models import Closure, OpeningHours, OpenSpan, Override, Revision, User

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


def make_hours(name: str = "Shop", zone: str = "Europe/London") -> OpeningHours:
    hours = OpeningHours.objects.create(name=name, time_zone=zone)
    for weekday in range(5):
        OpenSpan.objects.create(hours=hours, weekday=weekday, opens=540, closes=1050)
    return hours


def counted() -> int:
    return sum(Revision.objects.filter(topic="hours").values_list("number", flat=True))


def test_what_is_kept_reads_as_it_was_set(staff: User) -> None:
    hours = make_hours()
    day = date(2026, 12, 25)
    Closure.objects.create(hours=hours, name="Christmas", first_day=day, last_day=day, yearly=True, message="Merry.")
    made = override(hours, "closed", timezone.now() + HOUR, staff, "At a funeral.")
    data = as_data(hours)
    assert data == {
        "id": hours.pk,
        "name": "Shop",
        "zone": "Europe/London",
        "week": [[n * 1440 + 540, n * 1440 + 1050] for n in range(5)],
        "closures": [
            {"name": "Christmas", "first": "2026-12-25", "last": "2026-12-25", "yearly": True, "message": "Merry."}
        ],
        "overrides": [
            {
                "state": "closed",
                "from": made.from_at.isoformat(),
                "until": made.until_at.isoformat(),
                "message": "At a funeral.",
                "by": "sam",
            }
        ],
    }
    plan = Schedule.read(data)
    assert state(plan, timezone.now()).by == "sam"
    assert state(plan, datetime(2030, 12, 25, 12, tzinfo=UTC)).message == "Merry."


@pytest.mark.parametrize("count", [1, 12])
def test_all_are_loaded_in_four_queries(count: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made = [make_hours(f"Shop {n}") for n in range(count)]
    for hours in made:
        override(hours, "open", timezone.now() + HOUR, None)
    with django_assert_num_queries(4):
        loaded = load_all()
    assert loaded == {hours.pk: as_data(hours) for hours in made}


def test_an_override_that_ended_is_not_loaded() -> None:
    hours, now = make_hours(), timezone.now()
    Override.objects.create(hours=hours, state="open", from_at=now - 2 * HOUR, until_at=now - HOUR)
    assert as_data(hours)["overrides"] == []


CHANGES: dict[str, Callable[[OpeningHours], object]] = {
    "renamed": lambda hours: hours.save(),
    "a day more": lambda hours: OpenSpan.objects.create(hours=hours, weekday=6, opens=0, closes=1440),
    "a day less": lambda hours: hours.spans.all()[0].delete(),
    "a week less": lambda hours: hours.spans.all().delete(),
    "days at once": lambda hours: OpenSpan.objects.bulk_create(
        [OpenSpan(hours=hours, weekday=6, opens=0, closes=60), OpenSpan(hours=hours, weekday=6, opens=90, closes=99)]
    ),
    "later every day": lambda hours: hours.spans.update(closes=1100),
    "closed now": lambda hours: override(hours, "closed", timezone.now() + HOUR, None),
    "deleted": lambda hours: hours.delete(),
    "all deleted": lambda hours: OpeningHours.objects.filter(pk=hours.pk).delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_counted(change: str) -> None:
    hours = make_hours()
    before = counted()
    CHANGES[change](hours)
    assert counted() > before


@pytest.mark.parametrize(("opens", "closes"), [(1020, 540), (540, 540), (0, 1441)])
def test_the_database_keeps_no_inverted_span(opens: int, closes: int) -> None:
    hours = make_hours()
    with pytest.raises(IntegrityError), transaction.atomic():
        OpenSpan.objects.create(hours=hours, weekday=0, opens=opens, closes=closes)


def test_a_zone_must_be_one() -> None:
    with pytest.raises(ValidationError, match="There is no time zone “Mars/Olympus”"):
        OpeningHours(name="Shop", time_zone="Mars/Olympus").full_clean()


def test_the_newest_override_wins_until_it_ends() -> None:
    hours, now = make_hours(), timezone.now()
    override(hours, "closed", now + 3 * HOUR, None)
    override(hours, "open", now + HOUR, None)
    plan = schedule_of(hours)
    assert state(plan, timezone.now()).open
    after = state(plan, now + 2 * HOUR)
    assert (after.open, after.why) == (False, "override")


def test_hours_hold_again_when_overrides_are_ended() -> None:
    hours, now = make_hours(), timezone.now()
    override(hours, "closed", now + 3 * HOUR, None)
    override(hours, "open", now + HOUR, None)
    later = override(hours, "closed", now + 9 * HOUR, None, since=now + 8 * HOUR)
    assert end_override(hours) == 2
    assert state(schedule_of(hours), timezone.now()).why == "week"
    assert [row.pk for row in Override.objects.unfinished(timezone.now())] == [later.pk]
    assert Override.objects.count() == 3, "what was set is kept as history"
    assert end_override(hours, only=later.pk) == 1
    assert Override.objects.count() == 2, "what never began is gone"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"until": timezone.now() - HOUR}, "until"),
        ({"until": datetime.max.replace(tzinfo=UTC)}, "until"),
        ({"state": "ajar"}, "state"),
        ({"since": timezone.now() - HOUR}, "since"),
        ({"since": timezone.now() + 5 * HOUR}, "until"),
        ({"message": "x" * 501}, "message"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(fields: dict[str, object], where: str) -> None:
    asked = {"state": "closed", "until": timezone.now() + HOUR, "by": None} | fields
    with pytest.raises(ValidationError) as refused:
        override(make_hours(), **asked)  # type: ignore[arg-type]
    assert list(refused.value.message_dict) == [where]
    assert not Override.objects.exists()
