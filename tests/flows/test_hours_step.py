"""What callers of a flow that asks opening hours hear: before and after each minute at which it changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.control.hours import end_override, override
from calls.flows.routing import directory
from calls.models import Closure, OpeningHours
from tests.factories import CALLER, OURS
from tests.flows.drafts import publish_flow
from tests.flows.test_hours_data import make_hours

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hours() -> OpeningHours:
    hours = make_hours()
    publish_flow(
        "Shop",
        ("hours", {"hours": hours.pk}, {"open": "2", "closed": "3"}),
        ("greeting", {"text": "Good day."}, {"next": "hang up"}),
        ("greeting", {"text": "We open {hours.next_open}."}, {}),
    )
    return hours


def said(moment: datetime) -> list[str]:
    directory.look()
    served = directory.answer(OURS, CALLER, moment=moment)
    return [action["text"] for action in served.ncco if action["action"] == "talk"]


def test_callers_hear_the_branch_of_the_minute(hours: OpeningHours) -> None:
    opens, closes = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    assert said(opens - MINUTE) == ["We open today at 09:00."]
    assert said(opens) == said(closes - MINUTE) == ["Good day."]
    assert said(closes) == ["We open tomorrow at 09:00."]


def test_a_closure_says_its_message_first(hours: OpeningHours) -> None:
    day = date(2026, 12, 25)
    Closure.objects.create(hours=hours, name="Christmas", first_day=day, last_day=day, message="Merry Christmas.")
    assert said(datetime(2026, 12, 25, 12, tzinfo=UTC)) == ["Merry Christmas.", "We open on Monday at 09:00."]


def test_an_override_is_heard_and_ends_by_itself(hours: OpeningHours) -> None:
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    until = now + timedelta(hours=2)
    with time_machine.travel(now, tick=False):
        override(hours, "closed", until, None, "We are at a funeral until {hours.next_open}.")
        assert said(now) == ["We are at a funeral until today at 12:00.", "We open today at 12:00."]
        assert said(until - MINUTE)[1] == "We open today at 12:00."
        assert said(until) == ["Good day."]
    with time_machine.travel(now + MINUTE, tick=False):
        end_override(hours)
        assert said(now + MINUTE) == ["Good day."]


def test_no_caller_waits_for_the_database(hours: OpeningHours) -> None:
    directory.look()
    with CaptureQueriesContext(connection) as queries:
        directory.answer(OURS, CALLER)
    assert not queries.captured_queries


def test_a_process_that_starts_without_the_database_knows_the_hours(hours: OpeningHours) -> None:
    directory.look()
    directory.clear()
    directory.load_files()
    served = directory.answer(OURS, CALLER, moment=datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert served.ncco[0]["text"] == "We open tomorrow at 09:00."
